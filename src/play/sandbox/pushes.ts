import { XMLParser } from 'fast-xml-parser';
import type { SimulatorReply, SimulatorRequest } from '../../kit/testing/simulator/definition.ts';

/** What the hub said of one item. */
export interface PushedItem {
  readonly code: string | undefined;
  readonly outcome: string;
}

/** The party of a push by any door; undefined for any other request. */
export function pushOf({ path, json }: SimulatorRequest, sessions: ReadonlyMap<string, string>): string | undefined {
  const [, ofAddress] = /^\/(?:api\/v1\/parties|soap\/v1)\/([^/]+)/.exec(path) ?? [];
  if (ofAddress !== undefined) return decodeURIComponent(ofAddress);
  if (path !== '/mapi/g') return undefined;
  const { session, data } = (json() ?? {}) as { session?: string; data?: unknown };
  return data === undefined ? undefined : sessions.get(session ?? '');
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
