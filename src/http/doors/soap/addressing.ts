import type { XmlElement } from 'libxml2-wasm';
import { quote } from '#core/explain';
import { Refusal } from '../../problem.ts';
import type { OperationName } from './envelope.ts';
import { HUB_NAMESPACE } from './wsdl.ts';
import { writeElement } from './xml.ts';

/** WS-Addressing 1.0 (`wsHttpBinding` of WCF, the AddressingFeature of JAX-WS). Its drafts have other namespaces. */
export const WSA = 'http://www.w3.org/2005/08/addressing';

/** What a message says of itself by WS-Addressing. It is answered over the connection it came by, and nowhere else. */
export interface Addressing {
  /** Each header of WS-Addressing by its name; of one that is an endpoint its Address. */
  readonly told: ReadonlyMap<string, string>;
  /** The first name that is there twice. */
  readonly twice: string | undefined;
}

/**
 * Read the headers of WS-Addressing.
 *
 * @returns nothing where there is no Action: such a message does not speak WS-Addressing, whatever else it has of it
 */
export function readAddressing(blocks: readonly XmlElement[]): Addressing | undefined {
  const ours = blocks.filter(({ namespaceUri, name }) => namespaceUri === WSA && name !== 'RelatesTo');
  const told = new Map(ours.map((block) => [block.name, textOf(block)]));
  const names = ours.map(({ name }) => name);
  return told.has('Action') ? { told, twice: names.find((name, at) => names.indexOf(name) !== at) } : undefined;
}

function textOf(block: XmlElement): string {
  const address = ENDPOINTS.includes(block.name) ? block.get('./a:Address', { a: WSA }) : undefined;
  return (address ?? block).content.trim();
}

const ENDPOINTS: readonly string[] = ['ReplyTo', 'FaultTo', 'From'];
const ANONYMOUS = `${WSA}/anonymous`;

/** @throws Refusal 400 for what would have the hub do another operation, answer somebody else, or is there twice */
export function refuseAddressing({ told, twice }: Addressing, operation: OperationName): void {
  if (twice !== undefined) throw new Refusal('bad-request', `the Header has more than one wsa:${twice}, expected one`);
  const action = told.get('Action') ?? '';
  // Who does not use the SOAPAction makes an Action as the WSDL has it where it names none (Metadata, 4.4.4).
  if (action !== actionOf(operation) && action !== defaultAction(`${operation}Request`))
    throw new Refusal(
      'bad-request',
      `the wsa:Action is ${quote(action)} and the Body asks for ${operation}, expected ${actionOf(operation)}`,
    );
  for (const name of ['ReplyTo', 'FaultTo']) {
    const address = told.get(name) ?? ANONYMOUS;
    if (address !== ANONYMOUS)
      throw new Refusal(
        'bad-request',
        `the address of wsa:${name} is ${quote(address)}: answers go over the connection of the message, expected ${ANONYMOUS}`,
      );
  }
}

/** The SOAPAction of an operation, which is its Action too. */
export function actionOf(operation: OperationName): string {
  return `${HUB_NAMESPACE}/${operation}`;
}

function defaultAction(message: string): string {
  return `${HUB_NAMESPACE}:HubPort:${message}`;
}

/** The headers of an answer: to which message it is one, and its Action; `message`: `PingResponse`, `Ping:Fault:HubFault`. */
export function writeAddressing({ told }: Addressing, message: string): string {
  const ours = ` xmlns="${WSA}"`;
  const action = writeElement('Action', defaultAction(message), ours);
  return action + writeElement('RelatesTo', told.get('MessageID'), ours);
}
