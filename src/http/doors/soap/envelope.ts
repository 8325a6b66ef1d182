import { ParseOption, XmlAttribute, XmlDocument, type XmlElement, XmlLibError, XmlText } from 'libxml2-wasm';
import type { SchemaNode } from '#core/explain';
import type { Problem } from '#core/problem';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { OPERATIONS } from '#schemas/operations';
import { Refusal } from '../../problem.ts';
import { type Addressing, isOfAddressing, readAddressing } from './addressing.ts';
import { type Before, problemsIn } from './complaints.ts';
import { elementsIn } from './elements.ts';
import { EnvelopeRefusal } from './faults.ts';
import { createValidator } from './schemas.ts';
import { readSecurity, type Security, WSSE } from './security-header.ts';
import { standInForTimes } from './times.ts';
import { readValues, type Shape, shapeOf } from './values.ts';
import { ENVELOPES, type Version } from './versions.ts';
import { HUB_NAMESPACE, type OperationName } from './wsdl.ts';

export interface Envelope {
  readonly version: Version;
  /** Named by the element in the body alone. */
  readonly operation: OperationName;
  readonly security: Security | undefined;
  readonly addressing?: Addressing | undefined;
  /** The values of the elements in the operation, in order. Empty when `problems` is not. */
  readonly values: readonly unknown[];
  /** The violations of the XSD: place, line and reason. */
  readonly problems: readonly Problem[];
}

const anyText = shapeOf({});
/** How the elements of each operation are read. */
export const SHAPES: Readonly<Record<OperationName, Shape>> = {
  PushDossiers: shapeOf(OPERATIONS['dossier.upsert.v1'] as unknown as SchemaNode),
  PushProgress: shapeOf(OPERATIONS['dossier.progress.v1'] as unknown as SchemaNode),
  GetDossier: anyText,
  Ping: anyText,
};
const XSI = 'http://www.w3.org/2001/XMLSchema-instance';

/** No network access, and no entities but the five of XML. The guard lets no DOCTYPE through. */
const OPTIONS =
  ParseOption.XML_PARSE_NONET |
  ParseOption.XML_PARSE_NO_XXE |
  ParseOption.XML_PARSE_IGNORE_ENC |
  ParseOption.XML_PARSE_BIG_LINES;

const messages = createValidator();

/**
 * Reads an envelope that passed the guard. libxml2 checks it against the XSD, then the values are
 * read.
 *
 * @param xml UTF-8
 * @param options `headOnly` skips the content of the operation; `before` shifts the reported places
 * @throws Refusal 400 when it is not one envelope with one operation of the hub
 */
export function readEnvelope(xml: Buffer, { headOnly = false, before = { lines: 0, items: 0 } } = {}): Envelope {
  const document = parse(xml, before.lines);
  try {
    return readWhole(document, xml, headOnly, before);
  } finally {
    document.dispose();
  }
}

/** @throws Refusal 400 with the line when the XML is not well-formed; the text quotes no content */
export function parse(xml: Buffer, linesBefore = 0): XmlDocument {
  try {
    return XmlDocument.fromBuffer(xml, { encoding: 'UTF-8', option: OPTIONS });
  } catch (error) {
    if (!(error instanceof XmlLibError)) throw error;
    const { line = 0, message = error.message } = error.details[0] ?? {};
    const why = `line ${line + linesBefore}: ${message.trim().slice(0, 200)}`;
    throw new Refusal('not-json', say('envelope-not-xml', { why }));
  }
}

function readWhole(document: XmlDocument, xml: Buffer, headOnly: boolean, before: Before): Envelope {
  const { root } = document;
  const version = versionOf(root);
  const [header, body] = partsOf(root, version);
  const element = operationIn(body);
  const operation = element.name as OperationName;
  const head = header && readHeader(header, version, body);
  const problems = headOnly ? [] : problemsOf(element, xml.includes(XSI), before);
  const values = headOnly || problems.length > 0 ? [] : readValues(xml.toString(), SHAPES).values;
  return { version, operation, security: head?.security, addressing: head?.addressing, values, problems };
}

function versionOf(root: XmlElement): Version {
  const version = (['1.1', '1.2'] as const).find((one) => ENVELOPES[one] === root.namespaceUri);
  if (root.name === 'Envelope' && version) return version;
  throw new EnvelopeRefusal(
    'VersionMismatch',
    say('no-envelope', { got: received(root.name), near: received(root.namespaceUri) }),
  );
}

function partsOf(root: XmlElement, version: Version): [XmlElement | undefined, XmlElement] {
  const parts = [...elementsIn(root)];
  const header = parts[0]?.name === 'Header' ? parts.shift() : undefined;
  const [body] = parts;
  const isOf = (one: XmlElement | undefined): boolean => !one || one.namespaceUri === ENVELOPES[version];
  if (parts.length !== 1 || body?.name !== 'Body' || !isOf(header) || !isOf(body))
    throw new Refusal('bad-request', say('envelope-shape'));
  return [header, body];
}

function operationIn(body: XmlElement): XmlElement {
  const [operation, ...others] = elementsIn(body);
  if (
    operation &&
    others.length === 0 &&
    operation.namespaceUri === HUB_NAMESPACE &&
    Object.hasOwn(SHAPES, operation.name)
  )
    return operation;
  const found = operation
    ? say('element-of', { got: received(operation.name), near: received(operation.namespaceUri) })
    : say('nothing');
  throw new Refusal(
    'bad-request',
    say('wrong-body', {
      what: others.length > 0 ? say('elements-first', { count: others.length + 1, what: found }) : found,
      list: Object.keys(SHAPES),
      namespace: HUB_NAMESPACE,
    }),
  );
}

/**
 * The roles of header blocks for the hub: any node, or the final receiver. Other blocks are for
 * intermediaries.
 */
const FOR_US = {
  '1.1': ['actor', '', 'http://schemas.xmlsoap.org/soap/actor/next'],
  '1.2': ['role', '', `${ENVELOPES['1.2']}/role/next`, `${ENVELOPES['1.2']}/role/ultimateReceiver`],
} as const;

function isForUs(block: XmlElement, version: Version): boolean {
  const [name, ...ours]: readonly string[] = FOR_US[version];
  const target = block.attrs.find((one) => one.name === name && one.namespaceUri === ENVELOPES[version]);
  return ours.includes(target?.value.trim() ?? '');
}

/**
 * An unknown block with mustUnderstand is refused: ignoring it could change the meaning of the
 * message.
 */
function readHeader(header: XmlElement, version: Version, body: XmlElement): Pick<Envelope, 'security' | 'addressing'> {
  const blocks = elementsIn(header);
  const isMust = (block: XmlElement): boolean =>
    block.attrs.some(
      ({ name, namespaceUri, value }) =>
        name === 'mustUnderstand' && namespaceUri === ENVELOPES[version] && /^\s*(?:1|true)\s*$/.test(value),
    );
  const addressing = readAddressing(
    blocks.filter((block) => isForUs(block, version)),
    isMust,
  );
  for (const block of blocks) {
    const isUnderstood = block.namespaceUri === WSSE || (addressing !== undefined && isOfAddressing(block));
    if (!isUnderstood && isMust(block) && isForUs(block, version))
      throw new EnvelopeRefusal(
        'MustUnderstand',
        say('header-not-understood', { got: received(block.name), near: received(block.namespaceUri) }),
      );
  }
  const security = blocks.filter(({ name, namespaceUri }) => name === 'Security' && namespaceUri === WSSE);
  if (security.length > 1)
    throw new Refusal('bad-request', say('more-than-one', { thing: 'Header', name: 'Security' }));
  return { security: security[0] && readSecurity(security[0], body), addressing };
}

function problemsOf(operation: XmlElement, hasHints: boolean, before: Before): readonly Problem[] {
  // SOAP::Lite and others add a type to each value (`xsi:type="xsd:int"`). The schema's type is used instead.
  if (hasHints)
    for (const hint of operation.find('.//@xsi:type', { xsi: XSI })) if (hint instanceof XmlAttribute) hint.remove();
  if (operation.name === 'Ping') removeSpace(operation);
  try {
    messages.validate(operation);
    return [];
  } catch (error) {
    if (!(error instanceof XmlLibError)) throw error;
    if (error.details.some(({ message }) => message.includes("'xs:dateTime'")) && standInForTimes(operation))
      return problemsOf(operation, false, before);
    const shape = SHAPES[operation.name as OperationName];
    return problemsIn(operation, error.details, { validator: messages, shape, before });
  }
}

/** Removes line breaks from empty elements: indenting clients write them, and XML Schema rejects them. */
function removeSpace(operation: XmlElement): void {
  for (const text of operation.find('./text()[normalize-space() = ""]')) if (text instanceof XmlText) text.remove();
}
