import type { JWK } from 'jose';
import type { CatalogueKind } from '../catalogue/catalogue.ts';
import { typeOf } from '../http/problem.ts';
import { away, HubRefused, noHub, pageIn, parsed, refusedBy } from './hub-answers.ts';

/** What a copy asks its hub for. */
export interface HubClient {
  /** The bytes of a snapshot, as they come. */
  snapshot(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** @param waitS so long the hub may wait for a change */
  changes(cursor: string, waitS: number, signal: AbortSignal): Promise<ChangePage>;
  /** The dossier with this code, as the hub shows it; undefined where it has none any more. */
  dossier(code: string, signal: AbortSignal): Promise<string | undefined>;
  entry(kind: CatalogueKind, code: string, signal: AbortSignal): Promise<string | undefined>;
  /** Versions of entries that the hub was told of since a moment, and what it takes for the time. */
  catalogueChanges(from: string, signal: AbortSignal): Promise<CatalogueChanges>;
  publicKeys(signal: AbortSignal): Promise<readonly JWK[]>;
}

export interface ChangePage {
  readonly items: readonly { readonly code: string }[];
  readonly next: string;
  /** The hub cannot say all that happened since. */
  readonly gap?: true;
}

export interface CatalogueChanges {
  readonly items: readonly { readonly kind: CatalogueKind; readonly code: string; readonly version: number }[];
  /** Undefined where it does not say. */
  readonly hubMs: number | undefined;
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export const CHANGES_A_PAGE = 200;
const ANSWER_MS = 30_000;
const LISTS = { service: 'services', agency: 'agencies', field: 'fields' } as const;

/** @param from the hub's address @param key the secret of a key of the hub's */
export function createHubClient(from: string, key: string, fetch: Fetch): HubClient {
  const base = from.replace(/\/+$/, '');

  async function get(path: string, signal: AbortSignal): Promise<Response> {
    const response = await fetch(`${base}${path}`, {
      headers: { Authorization: `Bearer ${key}`, Accept: 'application/json' },
      // The key is for this hub alone.
      redirect: 'error',
      signal,
    }).catch((error) => {
      throw away(error);
    });
    if (response.ok) return response;
    throw await refusedBy(response);
  }

  async function text(path: string, signal: AbortSignal, waitMs = 0): Promise<{ body: string; headers: Headers }> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS + waitMs)]);
    const response = await get(path, limited);
    const body = await response.text().catch((error) => {
      throw away(error);
    });
    return { body, headers: response.headers };
  }

  /** A record as it came. What a proxy answers while the hub is away is no record, and its 404 no end of one. */
  const recordIfThere = (list: string, code: string, signal: AbortSignal): Promise<string | undefined> =>
    text(`/api/v1/${list}/${encodeURIComponent(code)}`, signal).then(
      ({ body }) => {
        const path = `/api/v1/${list}/{code}`;
        const record = parsed<{ code?: unknown }>(path, body);
        if (typeof record.code !== 'string' || body.includes('\n')) throw noHub(path, 'it is no record on one line');
        return body;
      },
      (error) => {
        if (error instanceof HubRefused && error.type === typeOf('not-found')) return undefined;
        throw error;
      },
    );

  return {
    async snapshot(signal) {
      const { body } = await get('/api/v1/snapshot', signal);
      return arriving(body as ReadableStream<Uint8Array>);
    },
    async changes(cursor, waitS, signal) {
      const query = new URLSearchParams({ cursor, wait: String(waitS), limit: String(CHANGES_A_PAGE) });
      return pageIn<ChangePage>('/api/v1/changes', (await text(`/api/v1/changes?${query}`, signal, waitS * 1000)).body);
    },
    dossier: (code, signal) => recordIfThere('dossiers', code, signal),
    entry: (kind, code, signal) => recordIfThere(LISTS[kind], code, signal),
    async catalogueChanges(from, signal) {
      const items: CatalogueChanges['items'][number][] = [];
      let hubMs: number | undefined;
      for (let cursor: string | null = ''; cursor !== null; ) {
        const query = new URLSearchParams({ from, limit: '200', ...(cursor !== '' && { cursor }) });
        const { body, headers } = await text(`/api/v1/catalogue-changes?${query}`, signal);
        // What is told while the pages are read is told again: the first page is the newest.
        hubMs ??= Date.parse(headers.get('date') ?? '') || undefined;
        const page = pageIn<{ items: CatalogueChanges['items']; next: string | null }>(
          '/api/v1/catalogue-changes',
          body,
        );
        items.push(...page.items);
        cursor = page.next;
      }
      return { items, hubMs };
    },
    async publicKeys(signal) {
      const path = '/.well-known/jwks.json';
      const { keys } = parsed<{ keys?: readonly JWK[] }>(path, (await text(path, signal)).body);
      if (!Array.isArray(keys)) throw noHub(path, 'it has no keys');
      return keys;
    },
  };
}

async function* arriving(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw away(error);
  }
}
