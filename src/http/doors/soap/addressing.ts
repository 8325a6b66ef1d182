import type { XmlElement } from 'libxml2-wasm';
import { quote } from '#core/explain';
import { Refusal } from '../../problem.ts';
import type { OperationName } from './wsdl.ts';
import { HUB_NAMESPACE } from './wsdl.ts';
import { writeElement } from './xml.ts';

/** WS-Addressing 1.0 (`wsHttpBinding` of WCF, the AddressingFeature of JAX-WS). Its drafts have other namespaces. */
export const WSA = 'http://www.w3.org/2005/08/addressing';

/** What a message says of itself by WS-Addressing. It is answered over the connection it came by, and nowhere else. */
export interface Addressing {
  /** Each header of WS-Addressing by its name; of one that is an endpoint its Address. */
  readonly headers: ReadonlyMap<string, string>;
  /** The first name that is there twice. */
  readonly twice: string | undefined;
  /** Whether one of them must be understood. */
  readonly isMust: boolean;
}

const ENDPOINTS: readonly string[] = ['ReplyTo', 'FaultTo', 'From'];
const READ: readonly string[] = ['Action', 'MessageID', 'To', ...ENDPOINTS];
const ANONYMOUS = `${WSA}/anonymous`;
/** It is said again in the answer. */
const MAX_ID = 2_000;

/** Whether a header is one of WS-Addressing 1.0: not all that is in its namespace is. */
export function isOfAddressing({ namespaceUri, name }: XmlElement): boolean {
  return namespaceUri === WSA && (READ.includes(name) || name === 'RelatesTo');
}

/**
 * Read the headers of WS-Addressing.
 *
 * @returns nothing where there is no Action: such a message does not speak WS-Addressing, whatever else it has of it
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
 * Whether a message is answered by WS-Addressing. What would have the hub do another operation, answer somebody else, or is
 * there twice, is passed over where it need not be understood, as SOAP has it.
 *
 * @throws Refusal 400 where it must be
 */
export function isAnsweredByAddressing(addressing: Addressing, operation: OperationName): boolean {
  const why = problemOf(addressing, operation);
  if (why !== undefined && addressing.isMust) throw new Refusal('bad-request', why);
  return why === undefined;
}

function problemOf({ headers, twice }: Addressing, operation: OperationName): string | undefined {
  if (twice !== undefined) return `the Header has more than one wsa:${twice}, expected one`;
  const action = headers.get('Action') ?? '';
  // Who does not use the SOAPAction makes an Action as the WSDL has it where it names none (Metadata, 4.4.4).
  if (action !== actionOf(operation) && action !== defaultAction(`${operation}Request`))
    return `the wsa:Action is ${quote(action)} and the Body asks for ${operation}, expected ${actionOf(operation)}`;
  for (const name of ['ReplyTo', 'FaultTo']) {
    const address = headers.get(name) ?? ANONYMOUS;
    if (address !== ANONYMOUS)
      return `the address of wsa:${name} is ${quote(address)}: answers go over the connection of the message, expected ${ANONYMOUS}`;
  }
  if (!hasShortId(headers)) return `the wsa:MessageID is too long, expected at most ${MAX_ID} characters`;
  return undefined;
}

function hasShortId(headers: Addressing['headers']): boolean {
  return (headers.get('MessageID') ?? '').length <= MAX_ID;
}

/** The SOAPAction of an operation, which is its Action too. */
export function actionOf(operation: OperationName): string {
  return `${HUB_NAMESPACE}/${operation}`;
}

function defaultAction(message: string): string {
  return `${HUB_NAMESPACE}:HubPort:${message}`;
}

/** The headers of an answer: to which message it is one, and its Action; `message`: `PingResponse`, `Ping:Fault:HubFault`. */
export function writeAddressing({ headers }: Addressing, message: string): string {
  const ours = ` xmlns="${WSA}"`;
  const action = writeElement('Action', defaultAction(message), ours);
  return action + writeElement('RelatesTo', hasShortId(headers) ? headers.get('MessageID') : undefined, ours);
}
