import type { JWK } from 'jose';
import type { CatalogueKind } from '../catalogue/catalogue.ts';

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

/** The hub has answered, and not what was asked for. */
export class HubRefused extends Error {
  readonly status: number;
  readonly retryAfterS: number | undefined;
  constructor(status: number, detail: string, retryAfterS: number | undefined) {
    super(`the hub answers ${status}: ${detail}`);
    this.status = status;
    this.retryAfterS = retryAfterS;
  }
}

/** No answer came, or not all of one. */
export class HubAway extends Error {}

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
    throw new HubRefused(response.status, await detailOf(response), secondsIn(response.headers.get('retry-after')));
  }

  async function text(path: string, signal: AbortSignal, waitMs = 0): Promise<{ body: string; headers: Headers }> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS + waitMs)]);
    const response = await get(path, limited);
    const body = await response.text().catch((error) => {
      throw away(error);
    });
    return { body, headers: response.headers };
  }

  const textIfThere = (path: string, signal: AbortSignal): Promise<string | undefined> =>
    text(path, signal).then(
      ({ body }) => body,
      (error) => {
        if (error instanceof HubRefused && error.status === 404) return undefined;
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
      return JSON.parse((await text(`/api/v1/changes?${query}`, signal, waitS * 1000)).body);
    },
    dossier: (code, signal) => textIfThere(`/api/v1/dossiers/${encodeURIComponent(code)}`, signal),
    entry: (kind, code, signal) => textIfThere(`/api/v1/${LISTS[kind]}/${encodeURIComponent(code)}`, signal),
    async catalogueChanges(from, signal) {
      const items: CatalogueChanges['items'][number][] = [];
      let hubMs: number | undefined;
      for (let cursor: string | null = ''; cursor !== null; ) {
        const query = new URLSearchParams({ from, limit: '200', ...(cursor !== '' && { cursor }) });
        const { body, headers } = await text(`/api/v1/catalogue-changes?${query}`, signal);
        // What is told while the pages are read is told again: the first page is the newest.
        hubMs ??= Date.parse(headers.get('date') ?? '') || undefined;
        const page = JSON.parse(body) as { items: CatalogueChanges['items']; next: string | null };
        items.push(...page.items);
        cursor = page.next;
      }
      return { items, hubMs };
    },
    publicKeys: async (signal) => JSON.parse((await text('/.well-known/jwks.json', signal)).body).keys,
  };
}

async function* arriving(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw away(error);
  }
}

function away(error: unknown): HubAway {
  const { message, cause } = error as Error;
  const { code, message: inner } = (cause ?? {}) as { code?: string; message?: string };
  return new HubAway(`the hub does not answer: ${code ?? inner ?? message}`, { cause: error });
}

async function detailOf(response: Response): Promise<string> {
  const body = await response.text().catch(() => '');
  try {
    return String(JSON.parse(body).detail ?? response.statusText);
  } catch {
    return response.statusText || 'no problem document, as a hub would give';
  }
}

function secondsIn(header: string | null): number | undefined {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) : undefined;
}
