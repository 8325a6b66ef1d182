import { createHash } from 'node:crypto';
import { brotliDecompressSync, unzipSync } from 'node:zlib';
import { XMLParser } from 'fast-xml-parser';
import type { SimulatorReply, SimulatorRequest } from '../../kit/testing/simulator/definition.ts';

/** What the hub said of one item. */
export interface PushedItem {
  readonly code: string | undefined;
  readonly outcome: string;
}

/** The party of a push by any door; undefined for any other request. */
export function pushOf(request: SimulatorRequest, sessions: ReadonlyMap<string, string>): string | undefined {
  const { path } = request;
  const [, ofAddress, what = ''] = /^\/(?:api\/v1\/parties|soap\/v1)\/([^/]+)(?:\/([^/]+))?/.exec(path) ?? [];
  const isPing = path.startsWith('/soap/') && PING.test(String(inflated(request)));
  if (ofAddress !== undefined) return OTHERS.includes(what) || isPing ? undefined : decodeURIComponent(ofAddress);
  if (path !== '/mapi/g') return undefined;
  const { session, data } = jsonOf(inflated(request)) as { session?: string; data?: unknown };
  return data === undefined ? undefined : sessions.get(session ?? '');
}

/** Questions to registers and files, which a party posts too. */
const OTHERS = ['ask', 'drops', 'files', 'look-ups'];
const PING = /<(?:[\w.-]+:)?Ping[\s/>]/;

/**
 * Equal for two pushes of the same content. Leaves out credentials, which are new in each attempt: the header of an envelope
 * (nonce, signature, message id) and the session of the dialect. Ignores the time in a compressed body, too.
 */
export function contentHashOf(request: SimulatorRequest): string {
  const body = inflated(request);
  const [envelope] = (request.path.startsWith('/soap/') && ENVELOPE.exec(String(body))) || [];
  const hash = createHash('sha256').update(request.path);
  if (envelope !== undefined) hash.update(JSON.stringify(soapBody(envelope)));
  else if (request.path === '/mapi/g') hash.update(JSON.stringify({ ...jsonOf(body), session: undefined }));
  else hash.update(body);
  return hash.digest('base64url');
}

/** Within a message with parts too. */
const ENVELOPE = /<(?:[\w.-]+:)?Envelope[\s\S]*<\/(?:[\w.-]+:)?Envelope\s*>/;

const MOST_INFLATED = { maxOutputLength: 64 * 1024 * 1024 };

/** A body that does not inflate, or to more than that, stays as it is: the hub refuses it. */
function inflated({ headers, body }: SimulatorRequest): Buffer {
  try {
    if (headers['content-encoding'] === 'br') return brotliDecompressSync(body, MOST_INFLATED);
    return headers['content-encoding'] === undefined ? body : unzipSync(body, MOST_INFLATED);
  } catch {
    return body;
  }
}

/** The account of a login in the national dialect. The demo's accounts have the names of their parties. */
export function partyOfLogin(
  { path, json }: SimulatorRequest,
  { body }: SimulatorReply,
): { readonly party: string; readonly session: string } | undefined {
  if (path !== '/mapi/login') return undefined;
  const { username: party } = (json() ?? {}) as { username?: string };
  const { session } = jsonOf(body) as { session?: string };
  return party && session ? { party, session } : undefined;
}

/** The results of the items in an answer of the REST door, the dialect or SOAP. */
export function resultsOf({ path }: SimulatorRequest, { body }: SimulatorReply): readonly PushedItem[] {
  const answer = path.startsWith('/soap/') ? soapBody(String(body)) : jsonOf(body);
  const { results, result } = answer as { results?: unknown; result?: unknown };
  return [results ?? result ?? []].flat().map((item) => {
    const { code, MaHoSo, outcome } = item as Readonly<Record<string, string | undefined>>;
    return { code: code ?? MaHoSo, outcome: outcome ?? '' };
  });
}

function jsonOf(body: unknown): object {
  try {
    return (JSON.parse(String(body)) as object | null) ?? {};
  } catch {
    return {};
  }
}

const xml = new XMLParser({ removeNSPrefix: true, parseTagValue: false });

function soapBody(text: string): object {
  const { Envelope } = xml.parse(text) as { Envelope?: { Body?: Readonly<Record<string, object>> } };
  return Object.values(Envelope?.Body ?? {})[0] ?? {};
}
