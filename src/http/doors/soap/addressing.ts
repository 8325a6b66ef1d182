import type { XmlElement } from 'libxml2-wasm';
import { say, type Words } from '#messages/message';
import { received } from '#messages/received';
import { Refusal } from '../../problem.ts';
import type { OperationName } from './wsdl.ts';
import { HUB_NAMESPACE } from './wsdl.ts';
import { writeElement } from './xml.ts';

/**
 * WS-Addressing 1.0 (`wsHttpBinding` of WCF, AddressingFeature of JAX-WS). Drafts have other
 * namespaces.
 */
const WSA = 'http://www.w3.org/2005/08/addressing';

/** The WS-Addressing headers of a message. The hub answers only over the connection of the message. */
export interface Addressing {
  /** Each header by its name. For an endpoint, its Address. */
  readonly headers: ReadonlyMap<string, string>;
  /** The first header name that appears twice. */
  readonly twice: string | undefined;
  /** Whether one of the headers has mustUnderstand. */
  readonly isMust: boolean;
}

const ENDPOINTS: readonly string[] = ['ReplyTo', 'FaultTo', 'From'];
const READ: readonly string[] = ['Action', 'MessageID', 'To', ...ENDPOINTS];
const ANONYMOUS = `${WSA}/anonymous`;
/** The limit of a MessageID, which the answer repeats. */
const MAX_ID = 2_000;

/** Whether a header belongs to WS-Addressing 1.0. Not every name in its namespace does. */
export function isOfAddressing({ namespaceUri, name }: XmlElement): boolean {
  return namespaceUri === WSA && (READ.includes(name) || name === 'RelatesTo');
}

/**
 * Reads the headers of WS-Addressing.
 *
 * @returns undefined when there is no Action: such a message does not use WS-Addressing
 */
export function readAddressing(
  blocks: readonly XmlElement[],
  isMust: (block: XmlElement) => boolean,
): Addressing | undefined {
  const ours = blocks.filter((block) => isOfAddressing(block) && block.name !== 'RelatesTo');
  const headers = new Map(ours.map((block) => [block.name, textOf(block)]));
  if (!headers.has('Action')) return undefined;
  const names = ours.map(({ name }) => name);
  return { headers, twice: names.find((name, at) => names.indexOf(name) !== at), isMust: ours.some(isMust) };
}

function textOf(block: XmlElement): string {
  const address = ENDPOINTS.includes(block.name) ? block.get('./a:Address', { a: WSA }) : undefined;
  return (address ?? block).content.trim();
}

/**
 * Whether the hub answers a message with WS-Addressing headers.
 *
 * Some headers ask for another operation or another receiver, or appear twice. The hub ignores them unless they
 * have mustUnderstand (SOAP).
 *
 * @throws Refusal 400 when such a header has mustUnderstand
 */
export function isAnsweredByAddressing(addressing: Addressing, operation: OperationName): boolean {
  const why = problemOf(addressing, operation);
  if (why !== undefined && addressing.isMust) throw new Refusal('bad-request', why);
  return why === undefined;
}

function problemOf({ headers, twice }: Addressing, operation: OperationName): Words | undefined {
  if (twice !== undefined) return say('more-than-one', { thing: 'Header', name: `wsa:${twice}` });
  const action = headers.get('Action') ?? '';
  // Clients that ignore the SOAPAction derive the Action from the WSDL (WS-Addressing Metadata 4.4.4).
  if (action !== actionOf(operation) && action !== defaultAction(`${operation}Request`))
    return say('wsa-action', { got: received(action), operation, expected: actionOf(operation) });
  for (const name of ['ReplyTo', 'FaultTo']) {
    const address = headers.get(name) ?? ANONYMOUS;
    if (address !== ANONYMOUS)
      return say('wsa-address', { name: `wsa:${name}`, got: received(address), expected: ANONYMOUS });
  }
  if (!hasShortId(headers)) return say('wsa-id-too-long', { most: MAX_ID });
  return undefined;
}

function hasShortId(headers: Addressing['headers']): boolean {
  return (headers.get('MessageID') ?? '').length <= MAX_ID;
}

/** The SOAPAction of an operation, which is also its wsa:Action. */
export function actionOf(operation: OperationName): string {
  return `${HUB_NAMESPACE}/${operation}`;
}

function defaultAction(message: string): string {
  return `${HUB_NAMESPACE}:HubPort:${message}`;
}

/**
 * The headers of an answer: its Action and the related message id. `message`: `PingResponse`,
 * `Ping:Fault:HubFault`.
 */
export function writeAddressing({ headers }: Addressing, message: string): string {
  const ours = ` xmlns="${WSA}"`;
  const action = writeElement('Action', defaultAction(message), ours);
  return action + writeElement('RelatesTo', hasShortId(headers) ? headers.get('MessageID') : undefined, ours);
}
