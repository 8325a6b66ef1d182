import { SaxesParser } from 'saxes';
import { say } from '#messages/message';
import { XmlProblem } from '../xml/text.ts';
import {
  type LoadedWsdl,
  type Port,
  type SoapVersion,
  type WsdlAction,
  WsdlProblem,
  wrapperKey,
} from './loaded-wsdl.ts';

const MOST_DEPTH = 100;

export interface Document extends Pick<LoadedWsdl, 'ports' | 'wrappers' | 'actions'> {
  readonly text: string;
  readonly imports: readonly string[];
}

const WSDL_NS = 'http://schemas.xmlsoap.org/wsdl/';

const XSD_NS = 'http://www.w3.org/2001/XMLSchema';

/** Namespaces of the attribute Action: the recommendation, and the draft that WCF writes. */
const ACTIONS: readonly unknown[] = [
  'http://www.w3.org/2007/05/addressing/metadata',
  'http://www.w3.org/2006/05/addressing/wsdl',
];

const VERSIONS: Readonly<Record<string, SoapVersion>> = {
  'http://schemas.xmlsoap.org/wsdl/soap/': '1.1',
  'http://schemas.xmlsoap.org/wsdl/soap12/': '1.2',
};

/** The document's ports, and its imports as absolute addresses. */
export function outlineOf(uri: string, text: string): Omit<Document, 'text'> {
  const parser = new SaxesParser({ xmlns: true });
  const imports: string[] = [];
  const ports: Port[] = [];
  const wrappers = new Map<string, string>();
  const actions = new Map<string, WsdlAction>();
  let [service, name, binding, portType, space, operation, side, depth] = ['', '', '', '', '', '', '', 0];
  parser.on('error', () => {
    throw new XmlProblem('broken', say('ill-formed-at', { line: String(parser.line), column: String(parser.column) }));
  });
  parser.on('doctype', () => {
    throw new XmlProblem('doctype', say('doctype'));
  });
  parser.on('closetag', () => void depth--);
  parser.on('opentag', ({ uri: ns, local, attributes }) => {
    if (++depth > MOST_DEPTH) throw new XmlProblem('too-deep', say('too-deep', { count: MOST_DEPTH }));
    const attribute = (key: string): string | undefined => attributes[key]?.value;
    const target = attribute(ns === XSD_NS ? 'schemaLocation' : 'location');
    if ((ns === XSD_NS || ns === WSDL_NS) && /^(?:import|include|redefine)$/.test(local) && target)
      imports.push(imported(uri, target));
    if (ns === WSDL_NS && local === 'service') service = attribute('name') ?? '';
    if (ns === WSDL_NS && local === 'port') name = attribute('name') ?? '';
    if (ns === WSDL_NS && local === 'definitions') space = attribute('targetNamespace') ?? '';
    if (ns === WSDL_NS && local === 'binding') [binding, portType] = [attribute('name') ?? '', ''];
    if (ns === WSDL_NS && local === 'portType') portType = attribute('name') ?? '';
    if (ns === WSDL_NS && local === 'operation') operation = attribute('name') ?? '';
    if (ns === WSDL_NS && /^(?:input|output|fault)$/.test(local)) side = local;
    if (ns === WSDL_NS && local === 'input' && portType !== '')
      actions.set(wrapperKey(portType, operation), {
        named: Object.values(attributes).find((one) => one.local === 'Action' && ACTIONS.includes(one.uri))?.value,
        made: actionOf(space, portType, attribute('name') ?? `${operation}Request`),
      });
    const version = VERSIONS[ns];
    const wrapper = attribute('namespace');
    if (version && local === 'body' && side === 'input' && wrapper)
      wrappers.set(wrapperKey(binding, operation), wrapper);
    if (local !== 'address') return;
    ports.push({ service, name, address: attribute('location') ?? '', version });
  });
  parser.write(text).close();
  return { imports, ports, wrappers, actions };
}

function actionOf(space: string, portType: string, message: string): string {
  return [space.replace(/\/$/, ''), portType, message].join(space.startsWith('urn:') ? ':' : '/');
}

function imported(from: string, location: string): string {
  const target = URL.canParse(location, from) ? new URL(location, from) : undefined;
  if (target?.protocol !== 'http:' && target?.protocol !== 'https:')
    throw new WsdlProblem(`the WSDL imports ${JSON.stringify(location)}, which is no address of a document`);
  return target.toString();
}
