import { type Sentence, say } from '#messages/message';
import { sentenceOf } from '#messages/render';
import type { Exchange } from '../http/exchange.ts';
import { nodesAt, readXml, textAt, textIn, type XmlElement, type XmlNode } from '../xml/read-xml.ts';
import { type RecordOptions, xmlRecords } from '../xml/records.ts';
import { charsetOf, decoded, XmlProblem } from '../xml/text.ts';

/** Whose fault it is, by its code: ours (Client, Sender), theirs (Server, Receiver), our credentials, or unclear. */
export type FaultSide = 'client' | 'server' | 'security' | 'other';

export interface SoapFault {
  readonly side: FaultSide;
  /** Unchanged, such as `soap:Client.Validation`, followed by the subcode of SOAP 1.2. */
  readonly code: string;
  readonly reason: string;
  /** The texts of the detail, joined. */
  readonly detail: string;
}

/** A parsed reply of a SOAP server. */
export type SoapReply =
  | {
      readonly kind: 'answer';
      /** The content of the Body without the extracted records. */
      readonly body: XmlElement;
      readonly picked: readonly string[];
    }
  | { readonly kind: 'fault'; readonly fault: SoapFault }
  /** No envelope, half of one, or an unreadable one. */
  | ({ readonly kind: 'none'; readonly reason: XmlProblem['reason'] } & Sentence);

/** What to extract from the Body: elements as written, or the text of one element. */
export interface Picking extends Omit<RecordOptions, 'path'> {
  /** Such as `ListResponse.ListResult.Item`; `*` matches any one name. */
  readonly path: string;
}

const NOTHING: Picking = { path: '-' };

/** Reads a reply of any status, because faults come with 500, 400 and 200. Yields the event loop in between. */
export async function readSoapReply(
  { headers, body }: Extract<Exchange, { kind: 'reply' }>,
  { path, ...options }: Picking = NOTHING,
): Promise<SoapReply> {
  const type = headers['content-type'];
  if (type !== undefined && /^\s*multipart\//i.test(type))
    return { kind: 'none', reason: 'not-xml', ...sentenceOf(say('xml-in-parts')) };
  try {
    const charset = charsetOf(body, type);
    const reader = xmlRecords(decoded(body, charset), { ...options, path: ['Envelope', 'Body', ...path.split('.')] });
    const picked: string[] = [];
    for (;;) {
      const { done, value } = await reader.next();
      if (done) return envelope(readXml(value), picked);
      picked.push(value);
    }
  } catch (error) {
    if (error instanceof XmlProblem) return { kind: 'none', reason: error.reason, ...sentenceOf(error.words) };
    throw error;
  }
}

function envelope(root: XmlElement, picked: readonly string[]): SoapReply {
  const [body] = nodesAt(root, 'Envelope.Body');
  if (body === undefined) return { kind: 'none', reason: 'not-xml', ...sentenceOf(say('xml-without-envelope')) };
  const [fault] = nodesAt(body, 'Fault');
  if (fault !== undefined) return { kind: 'fault', fault: faultOf(fault) };
  return { kind: 'answer', body: typeof body === 'string' ? {} : (body as XmlElement), picked };
}

/** Reads the fault forms of both SOAP versions in either envelope, because servers mix them. */
function faultOf(fault: unknown): SoapFault {
  const subcodes = [textAt(fault, 'Code.Subcode.Value'), textAt(fault, 'Code.Subcode.Subcode.Value')];
  const codes = [textAt(fault, 'faultcode') ?? textAt(fault, 'Code.Value'), ...subcodes].filter(
    (one) => one !== undefined,
  );
  const reasons = nodesAt(fault, 'Reason.Text');
  const local = reasons.find((one) => textAt(one, '@lang')?.startsWith('vi'));
  return {
    side: sideOf(codes),
    code: codes.join(' '),
    reason: textAt(fault, 'faultstring') ?? textIn(local ?? reasons[0]) ?? '',
    detail: [...nodesAt(fault, 'detail'), ...nodesAt(fault, 'Detail')]
      .flatMap((one) => textsOf(one as XmlNode))
      .join('; '),
  };
}

/** Codes of WS-Security 1.1, section 12. All mean that our credentials were rejected. */
const SECURITY =
  /^(?:FailedAuthentication|FailedCheck|InvalidSecurity|InvalidSecurityToken|SecurityTokenUnavailable|UnsupportedSecurityToken|UnsupportedAlgorithm|MessageExpired)$/;
/**
 * Client codes, with refinements as in SOAP 1.1 (`Client.Authentication`), and others that the specifications blame on
 * the sender.
 */
const CLIENT = /^(?:Client|Sender|VersionMismatch|MustUnderstand|DataEncodingUnknown)(?:\.|$)/;
const SERVER = /^(?:Server|Receiver)(?:\.|$)/;

function sideOf(codes: readonly string[]): FaultSide {
  const names = codes.map((code) => code.slice(code.lastIndexOf(':') + 1));
  if (names.some((name) => SECURITY.test(name) || /^(?:Client|Sender)\.Authenticat/.test(name))) return 'security';
  if (CLIENT.test(names[0] ?? '')) return 'client';
  return SERVER.test(names[0] ?? '') ? 'server' : 'other';
}

function textsOf(node: XmlNode): readonly string[] {
  const own = textIn(node);
  if (typeof node === 'string' || node === null) return own ? [own] : [];
  const children = Object.entries(node).flatMap(([name, child]) =>
    /^[@#]/.test(name)
      ? []
      : [child].flat().flatMap((one) => {
          const texts = textsOf(one as XmlNode);
          return typeof one === 'string' && texts.length > 0 ? [`${name}: ${texts[0]}`] : texts;
        }),
  );
  return own ? [own, ...children] : children;
}
