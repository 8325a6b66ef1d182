import type { JWK } from 'jose';
import { away, HubRefused, noHub, PROBLEM_TYPES, pageIn, parsed, refusedBy } from './hub-answers.ts';
import type { EntryKind } from './record-lines.ts';

/** The requests of a copy to its hub. */
export interface HubClient {
  /** The bytes of a snapshot, as they arrive. */
  snapshot(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** @param waitS the longest time for which the hub may wait for a change */
  changes(cursor: string, waitS: number, signal: AbortSignal): Promise<ChangePage>;
  /** The changes of a kind of record. */
  recordChanges(kind: string, cursor: string, signal: AbortSignal): Promise<ChangePage>;
  /** @param path the name of the kind's list in addresses */
  record(path: string, code: string, asked: Asked): Promise<string | undefined>;
  /** The dossier with this code, unchanged. Undefined when the hub has none. */
  dossier(code: string, asked: Asked): Promise<string | undefined>;
  entry(kind: EntryKind, code: string, asked: Asked): Promise<string | undefined>;
  /** Versions of catalogue entries that the hub received since a moment, and the hub's own time. */
  catalogueChanges(from: string, signal: AbortSignal): Promise<CatalogueChanges>;
  publicKeys(signal: AbortSignal): Promise<readonly JWK[]>;
}

/** One request. A record is at least as fresh as the position of the page that named it. */
export interface Asked {
  readonly signal: AbortSignal;
  readonly position?: string | undefined;
}

export interface ChangePage {
  readonly position?: string | undefined;
  readonly items: readonly { readonly code: string }[];
  readonly next: string;
  /** The hub no longer knows every change since the cursor. */
  readonly gap?: true;
}

export interface CatalogueChanges {
  readonly items: readonly { readonly kind: EntryKind; readonly code: string; readonly version: number }[];
  /** Undefined when the answer has no date. */
  readonly hubMs: number | undefined;
  readonly position: string | undefined;
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export const CHANGES_A_PAGE = 200;
const ANSWER_MS = 30_000;
const LISTS = { service: 'services', agency: 'agencies', field: 'fields' } as const;

/** @param from the hub's address @param key the secret of a key of the hub */
export function createHubClient(from: string, key: string, fetch: Fetch): HubClient {
  const requests = createRequests(from, key, fetch);
  return {
    async snapshot(signal) {
      const { body } = await requests.get('/api/v1/snapshot?kinds=all', { signal });
      return arriving(body as ReadableStream<Uint8Array>);
    },
    async changes(cursor, waitS, signal) {
      const query = new URLSearchParams({ cursor, wait: String(waitS), limit: String(CHANGES_A_PAGE) });
      return changesIn(await requests.text(`/api/v1/changes?${query}`, { signal, waitMs: waitS * 1000 }));
    },
    async recordChanges(kind, cursor, signal) {
      const query = new URLSearchParams({ kind, cursor, limit: String(CHANGES_A_PAGE) });
      return changesIn(await requests.text(`/api/v1/changes?${query}`, { signal }));
    },
    record: (path, code, asked) => readRecord(requests, path, code, asked),
    dossier: (code, asked) => readRecord(requests, 'dossiers', code, asked),
    entry: (kind, code, asked) => readRecord(requests, LISTS[kind], code, asked),
    catalogueChanges: (since, signal) => readCatalogueChanges(requests, since, signal),
    async publicKeys(signal) {
      const path = '/.well-known/jwks.json';
      const { keys } = parsed<{ keys?: readonly JWK[] }>(path, (await requests.text(path, { signal })).body);
      if (!Array.isArray(keys)) throw noHub(path, 'the answer has no keys');
      return keys;
    },
  };
}

interface Requests {
  /** @throws HubAway, HubRefused */
  get(path: string, asked: Asked): Promise<Response>;
  text(path: string, asked: Asked & { readonly waitMs?: number }): Promise<Answer>;
}

interface Answer {
  readonly body: string;
  readonly headers: Headers;
}

const POSITION = 'Lienthong-Position';

function positionIn(headers: Headers): string | undefined {
  return headers.get(POSITION) ?? undefined;
}

function changesIn({ body, headers }: Answer): ChangePage {
  return { ...pageIn<ChangePage>('/api/v1/changes', body), position: positionIn(headers) };
}

function createRequests(from: string, key: string, fetch: Fetch): Requests {
  const base = from.replace(/\/+$/, '');
  const unanswered = (error: unknown): never => {
    throw away(error);
  };

  async function get(path: string, { signal, position }: Asked): Promise<Response> {
    const headers = new Headers({ Authorization: `Bearer ${key}`, Accept: 'application/json' });
    if (position !== undefined) headers.set(POSITION, position);
    // A redirect could leak the key to another server.
    const response = await fetch(`${base}${path}`, { headers, redirect: 'error', signal }).catch(unanswered);
    if (response.ok) return response;
    throw await refusedBy(response);
  }

  return {
    get,
    async text(path, { signal, position, waitMs = 0 }) {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS + waitMs)]);
      const response = await get(path, { signal: limited, position });
      return { body: await response.text().catch(unanswered), headers: response.headers };
    },
  };
}

/**
 * A record, unchanged. Only the hub's own 404 means "no such record", because a proxy may answer
 * instead.
 */
async function readRecord({ text }: Requests, list: string, code: string, asked: Asked): Promise<string | undefined> {
  try {
    const { body } = await text(`/api/v1/${list}/${encodeURIComponent(code)}`, asked);
    const path = `/api/v1/${list}/{code}`;
    const record = parsed<{ code?: unknown }>(path, body);
    if (typeof record.code !== 'string' || body.includes('\n'))
      throw noHub(path, 'the answer is not a record on one line');
    return body;
  } catch (error) {
    if (error instanceof HubRefused && error.type === PROBLEM_TYPES.notFound) return undefined;
    throw error;
  }
}

async function readCatalogueChanges({ text }: Requests, from: string, signal: AbortSignal): Promise<CatalogueChanges> {
  const items: CatalogueChanges['items'][number][] = [];
  let hubMs: number | undefined;
  let position: string | undefined;
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query = new URLSearchParams({ from, limit: '200' });
    if (cursor !== '') query.set('cursor', cursor);
    const { body, headers } = await text(`/api/v1/catalogue-changes?${query}`, { signal, position });
    // The first page is the newest. The next request covers later changes again.
    position = positionIn(headers);
    hubMs ??= Date.parse(headers.get('date') ?? '') || undefined;
    const page = pageIn<{ items: CatalogueChanges['items']; next: string | null }>('/api/v1/catalogue-changes', body);
    items.push(...page.items);
    cursor = page.next;
  }
  return { items, hubMs, position };
}

async function* arriving(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw away(error);
  }
}
