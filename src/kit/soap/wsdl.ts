import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { SaxesParser } from 'saxes';
import type { IHttpClient, WSDL } from 'soap';
import { ForeignAddress, type Http } from '../http/http.ts';
import { charsetOf, decoded, guardBeginning, XmlProblem } from '../xml/text.ts';
import { loadNodeSoap } from './node-soap.ts';

export type SoapVersion = '1.1' | '1.2';

export interface Port {
  readonly service: string;
  readonly name: string;
  /** By the binding of its address; undefined for the HTTP bindings that .NET adds. */
  readonly version?: SoapVersion;
  readonly address: string;
}

/** A WSDL with all that it imports, read once. */
export interface LoadedWsdl {
  readonly wsdl: WSDL;
  readonly ports: readonly Port[];
  /** By binding and operation of the style rpc, see `wrapperKey`: the namespace of the element around its parts. */
  readonly wrappers: ReadonlyMap<string, string>;
  /** By port type and operation, see `wrapperKey`: its Action by WS-Addressing. */
  readonly actions: ReadonlyMap<string, WsdlAction>;
}

/** WS-Addressing 1.0 - Metadata, 4.4: what the WSDL names, else the SOAPAction, else what is made of its names. */
export interface WsdlAction {
  readonly named: string | undefined;
  readonly made: string;
}

/** Services of one WSDL may have operations of the same name, each in the namespace of its own binding. */
export function wrapperKey(bindingOrPortType: string, operation: string): string {
  return `${bindingOrPortType} ${operation}`;
}

/** Why a WSDL cannot be used; told to whoever configures the party. */
export class WsdlProblem extends Error {}

const MOST_DOCUMENTS = 50;
const MOST_BYTES = 4 * 1024 * 1024;
const MOST_DEPTH = 100;
/** Under this host node-soap sees files, so that it asks us for them and not the disk. */
const FILES = 'http://wsdl-files.invalid/';

/**
 * Read a WSDL from an address or a file, and what it imports: from the party's own hosts, and from the file's own
 * folder and those below; redirects are not followed. Throws WsdlProblem.
 */
export async function loadWsdl(http: Http, location: string): Promise<LoadedWsdl> {
  const isFile = !/^https?:\/\//.test(location);
  const folder = resolve(dirname(location));
  const root = isFile ? FILES + relative(folder, resolve(location)) : location;
  // As whoever configures the party wrote it; what it imports beside it.
  const shown = (uri: string): string => {
    if (uri === root) return location;
    return isFile && uri.startsWith(FILES) ? join(dirname(location), decodeURIComponent(uri.slice(FILES.length))) : uri;
  };
  const documents = new Map<string, string>();
  const ports: Port[] = [];
  const wrappers = new Map<string, string>();
  const actions = new Map<string, WsdlAction>();
  const waiting = [root];
  for (let uri = waiting.pop(); uri !== undefined; uri = waiting.pop()) {
    if (documents.has(uri)) continue;
    if (documents.size === MOST_DOCUMENTS) throw new WsdlProblem(`the WSDL imports over ${MOST_DOCUMENTS} documents`);
    const bytes = uri.startsWith(FILES) && isFile ? await fromFile(folder, uri, shown(uri)) : await fromHost(http, uri);
    const document = read(uri, shown(uri), bytes);
    documents.set(uri, document.text);
    ports.push(...document.ports);
    for (const [key, namespace] of document.wrappers) wrappers.set(key, namespace);
    for (const [key, action] of document.actions) actions.set(key, action);
    waiting.push(...document.imports);
  }
  return { wsdl: await compile(root, documents), ports, wrappers, actions };
}

async function fromFile(folder: string, uri: string, shown: string): Promise<Uint8Array> {
  const name = decodeURIComponent(uri.slice(FILES.length));
  try {
    // An address has no way out of its root, so neither has a name that was resolved as one.
    return await readFile(resolve(folder, name));
  } catch (error) {
    throw new WsdlProblem(`the WSDL ${shown} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

async function fromHost(http: Http, url: string): Promise<Uint8Array> {
  const exchange = await http.exchange({ method: 'GET', url, idempotent: true }).catch((error: Error) => {
    if (error instanceof ForeignAddress)
      throw new WsdlProblem(`the WSDL imports from ${new URL(url).origin}, which is none of the party's own addresses`);
    throw error;
  });
  if (exchange.kind !== 'reply') throw new WsdlProblem(`the WSDL ${url}: ${exchange.message}`);
  const { status, headers, body } = exchange;
  if (status >= 300 && status < 400)
    throw new WsdlProblem(`the WSDL ${url} is said to be at ${headers.location}: redirects are not followed`);
  if (status !== 200) throw new WsdlProblem(`the WSDL ${url}: status ${status}`);
  if (body.length > MOST_BYTES) throw new WsdlProblem(`the WSDL ${url} has over ${MOST_BYTES} bytes`);
  return body;
}

interface Document extends Pick<LoadedWsdl, 'ports' | 'wrappers' | 'actions'> {
  readonly text: string;
  readonly imports: readonly string[];
}

const WSDL_NS = 'http://schemas.xmlsoap.org/wsdl/';
const XSD_NS = 'http://www.w3.org/2001/XMLSchema';
/** Where the attribute Action is from: the recommendation, and the draft that WCF writes. */
const ACTIONS: readonly unknown[] = [
  'http://www.w3.org/2007/05/addressing/metadata',
  'http://www.w3.org/2006/05/addressing/wsdl',
];
const VERSIONS: Readonly<Record<string, SoapVersion>> = {
  'http://schemas.xmlsoap.org/wsdl/soap/': '1.1',
  'http://schemas.xmlsoap.org/wsdl/soap12/': '1.2',
};

function read(uri: string, shown: string, bytes: Uint8Array): Document {
  try {
    const text = [...decoded(bytes, charsetOf(bytes))].join('');
    guardBeginning(text);
    return { text, ...outlineOf(uri, text) };
  } catch (error) {
    if (error instanceof XmlProblem) throw new WsdlProblem(`the WSDL ${shown}: ${error.message}`);
    throw error;
  }
}

/** The document's ports and what it imports, as whole addresses. */
function outlineOf(uri: string, text: string): Omit<Document, 'text'> {
  const parser = new SaxesParser({ xmlns: true });
  const imports: string[] = [];
  const ports: Port[] = [];
  const wrappers = new Map<string, string>();
  const actions = new Map<string, WsdlAction>();
  let [service, name, binding, portType, space, operation, side, depth] = ['', '', '', '', '', '', '', 0];
  parser.on('error', () => {
    throw new XmlProblem('broken', `it is not well-formed, line ${parser.line}, column ${parser.column}`);
  });
  parser.on('doctype', () => {
    throw new XmlProblem('doctype', 'it has a DOCTYPE, which is refused');
  });
  parser.on('closetag', () => void depth--);
  parser.on('opentag', ({ uri: ns, local, attributes }) => {
    if (++depth > MOST_DEPTH) throw new XmlProblem('too-deep', `its elements are nested over ${MOST_DEPTH} deep`);
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
    ports.push({ service, name, address: attribute('location') ?? '', ...(version && { version }) });
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

/** node-soap is given what was read, and reads nothing by itself. */
async function compile(root: string, documents: ReadonlyMap<string, string>): Promise<WSDL> {
  const httpClient: IHttpClient = {
    request(url, _data, callback) {
      const text = documents.get(url);
      if (text === undefined) callback(new WsdlProblem(`the WSDL imports ${url}, which was not read`));
      else callback(null, { status: 200 }, text);
      return undefined as never;
    },
  };
  const compiled = new Map<string, WSDL>();
  const wsdlCache = {
    has: () => false,
    get: () => undefined as never,
    set: (key: string, wsdl: WSDL) => void compiled.set(key, wsdl),
  };
  const { createClientAsync } = await loadNodeSoap();
  try {
    await createClientAsync(root, { httpClient, wsdlCache });
  } catch (error) {
    throw new WsdlProblem(`the WSDL cannot be used: ${(error as Error).message}`);
  }
  return compiled.get(root) as WSDL;
}

export interface DescribedPort extends Port {
  readonly operations: object;
}

/** The operations of each port with the shapes of their messages, as node-soap describes them: `name[]` repeats. */
export async function describeWsdl({ wsdl, ports }: LoadedWsdl): Promise<readonly DescribedPort[]> {
  return ports.map((port) => {
    const names = Object.keys(wsdl.definitions.services[port.service]?.ports[port.name]?.binding?.methods ?? {});
    const shapes = names.map((name) => [name, shapesOf(wsdl, port, name)] as const);
    return { ...port, operations: plain(Object.fromEntries(shapes)) };
  });
}

/** What an operation asks and answers, as node-soap describes it; of the style rpc also the types of its parts. */
export function shapesOf(
  { definitions }: WSDL,
  { service, name }: Port,
  operation: string,
): { readonly input?: object; readonly output?: object } {
  const shapes = definitions.services[service]?.ports[name]?.binding?.methods[operation]?.description(definitions);
  const { input, output } = (shapes ?? {}) as { readonly input?: unknown; readonly output?: unknown };
  const typed = (shape: unknown): object | undefined => {
    if (typeof shape !== 'object' || shape === null) return undefined;
    return Object.fromEntries(Object.entries(shape).map(([part, type]) => [part, partOf(type, definitions)]));
  };
  const [asks, answers] = [typed(input), typed(output)];
  return { ...(asks && { input: asks }), ...(answers && { output: answers }) };
}

/** A part of the style rpc is given as node-soap's own node of its type. */
function partOf(type: unknown, definitions: WSDL['definitions']): unknown {
  const node = type as { readonly xmlns: string; readonly description?: unknown } | null;
  if (typeof node !== 'object' || typeof node?.description !== 'function') return type;
  return node.description(definitions, definitions.schemas[node.xmlns]?.xmlns);
}

/** What stands for a type within itself. */
const ITSELF = '(as around it)';

/** A shape as it is shown: a type that holds itself ends there. */
function plain(shape: object, around: readonly object[] = []): object {
  const within = [...around, shape];
  return Object.fromEntries(
    elementsOf(shape).map(([name, inner]) => [
      name,
      typeof inner !== 'object' || inner === null ? inner : within.includes(inner) ? ITSELF : plain(inner, within),
    ]),
  );
}

/**
 * The elements of a shape of node-soap's by name, without what it keeps beside them: a schema where any elements may
 * stand (the DataSet of .NET) has the name undefined, an array of SOAP's encoding a function.
 */
export function elementsOf(shape: object): readonly (readonly [name: string, type: unknown])[] {
  return Object.entries(shape).filter(([name, type]) => !BESIDE.has(name) && typeof type !== 'function');
}

const BESIDE = new Set(['targetNSAlias', 'targetNamespace', 'undefined']);
