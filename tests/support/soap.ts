import { Readable } from 'node:stream';
import { XMLParser } from 'fast-xml-parser';
import { SECRETS, type TestHub } from './hub.ts';
import type { Json } from './json.ts';

export const SOAP11 = 'http://schemas.xmlsoap.org/soap/envelope/';
export const SOAP12 = 'http://www.w3.org/2003/05/soap-envelope';
export const HUB = 'urn:lienthong:hub:v1';
const OASIS = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss';
export const WSSE = `${OASIS}-wssecurity-secext-1.0.xsd`;
export const WSU = `${OASIS}-wssecurity-utility-1.0.xsd`;
export const PASSWORD = `${OASIS}-username-token-profile-1.0#Password`;

export interface SoapReply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The element in the body, parsed without prefixes; every element a list of one or more. */
  readonly body: Json;
  readonly fault: { readonly code: string; readonly reason: string; readonly problems: readonly Problem[] } | undefined;
}

/** The headers of a client that reads Vietnamese. */
export const VIETNAMESE = { 'Accept-Language': 'vi' };

/** The English words in a fault, its quoted values left out. */
export function englishIn(fault: SoapReply['fault']): readonly string[] {
  if (!fault) throw new Error('there is no fault');
  const ours = fault.reason.replaceAll(/"[^"]*"|“[^”]*”/g, '');
  return ours.match(/\b(?:the|it|is|was|has|not|of|to|expected|missing)\b/g) ?? [];
}

interface Problem {
  readonly path: string;
  readonly message: string;
}

/** An envelope around a body's content. */
export function envelope(
  content: string,
  { header = '', version = '1.1' as '1.1' | '1.2', bodyAttributes = '' } = {},
): string {
  const namespace = version === '1.1' ? SOAP11 : SOAP12;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope xmlns:s="${namespace}" xmlns:h="${HUB}">${header && `<s:Header>${header}</s:Header>`}<s:Body${bodyAttributes}>${content}</s:Body></s:Envelope>`;
}

/** A dossier as elements, in the order of the schema. */
export function dossierXml(code: string, more = ''): string {
  return `<h:dossier><h:code>${code}</h:code><h:serviceCode>1.013225</h:serviceCode><h:agencyCode>H60.01</h:agencyCode><h:status>received</h:status><h:statusAt>2025-08-12T08:15:00+07:00</h:statusAt>${more}</h:dossier>`;
}

export function pushXml(...dossiers: readonly string[]): string {
  return `<h:PushDossiers>${dossiers.join('')}</h:PushDossiers>`;
}

/** Sends a message to a party's door, with Basic credentials of the party's own key unless `key` says otherwise. */
export async function sendSoap(
  { hub }: Pick<TestHub, 'hub'>,
  message: string | Uint8Array,
  options: {
    party?: string;
    key?: keyof typeof SECRETS | null;
    headers?: Record<string, string>;
    version?: '1.1' | '1.2';
    peer?: { remoteAddress: string; encrypted?: boolean };
  } = {},
): Promise<SoapReply> {
  const { party = 'one-stop', version = '1.1' } = options;
  const key = options.key === undefined ? (party as keyof typeof SECRETS) : options.key;
  const bytes = typeof message === 'string' ? Buffer.from(message) : message;
  const init = {
    method: 'POST',
    headers: {
      'Content-Type': version === '1.1' ? 'text/xml; charset=utf-8' : 'application/soap+xml; charset=utf-8',
      ...(key && { Authorization: `Basic ${Buffer.from(`${key}:${SECRETS[key]}`).toString('base64')}` }),
      ...options.headers,
    },
  };
  // The body is read from the connection, as in a process.
  const connection = { socket: options.peer ?? LOOPBACK, headers: Object.fromEntries(new Headers(init.headers)) };
  const incoming = Object.assign(Readable.from([bytes]), connection);
  const response = await hub.app.request(`/soap/v1/${party}`, init, { incoming });
  return readReply(response.status, response.headers, await response.text());
}

const LOOPBACK = { remoteAddress: '127.0.0.1' };

const parser = new XMLParser({
  removeNSPrefix: true,
  parseTagValue: false,
  trimValues: false,
  isArray: (name) => !['Envelope', 'Body', 'Fault', 'detail', 'Detail', 'HubFault', 'Code', 'Reason'].includes(name),
  htmlEntities: true,
});

function readReply(status: number, headers: Headers, text: string): SoapReply {
  const body = text.startsWith('<?xml') ? parser.parse(text).Envelope.Body : undefined;
  const fault = body?.Fault;
  const problems = (fault?.detail ?? fault?.Detail)?.HubFault?.problems?.map((problem: Json) => ({
    path: problem.path[0],
    message: problem.message[0],
  }));
  return {
    status,
    headers,
    text,
    body,
    fault: fault && {
      code: fault.faultcode?.[0] ?? fault.Code.Value[0],
      reason: fault.faultstring?.[0] ?? fault.Reason.Text[0],
      problems,
    },
  };
}
