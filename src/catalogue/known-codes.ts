import { addTo } from '#core/group-by';
import { catalogueKey } from '#core/identifiers/identifiers';
import { definePart } from '../database/parts.ts';
import type { Database } from '../database/pool.ts';
import type { CatalogueKind } from './catalogue.ts';
import { loadServicesOutOfForce } from './services-out-of-force.ts';

/** The codes in the catalogue, cached in memory because every dossier needs them. */
export interface KnownCodes {
  /** The codes, among these, that the catalogue lacks. Asks the database for codes that are not cached. */
  unknown(kind: CatalogueKind, codes: readonly string[]): Promise<ReadonlySet<string>>;
  /** Since when services are out of force, by key. At most half a minute old, so that no batch needs a query. */
  ended(): Promise<ReadonlyMap<string, string>>;
  /** Whether to write a party's unknown code into the operators' list: once a minute is enough. */
  shouldList(kind: CatalogueKind, code: string, party: string): boolean;
}

/** How long an unknown code counts as unknown before the next query. */
const RECHECK_MS = 2_000;
const LIST_EVERY_MS = 60_000;
const ENDED_MS = 30_000;

export function createKnownCodes(database: Database, nowMs: () => number): KnownCodes {
  const known = new Set<string>();
  const missing = new Map<string, number>();
  const listed = new Map<string, number>();
  let ended: { readonly atMs: number; readonly services: Promise<ReadonlyMap<string, string>> } | undefined;
  /** A time ahead counts as long ago: a clock that was set back must not keep an answer until it catches up. */
  const isWithin = (forMs: number, atMs: number | undefined): boolean =>
    atMs !== undefined && Math.abs(nowMs() - atMs) < forMs;
  return {
    ended() {
      if (ended && isWithin(ENDED_MS, ended.atMs)) return ended.services;
      const asked = { atMs: nowMs(), services: loadServicesOutOfForce(database) };
      ended = asked;
      asked.services.catch(() => {
        if (ended === asked) ended = undefined;
      });
      return asked.services;
    },
    async unknown(kind, codes) {
      const now = nowMs();
      const ask = new Map<string, string[]>();
      for (const code of codes) {
        const key = catalogueKey(kind, code);
        if (!known.has(`${kind} ${key}`)) addTo(ask, key, code);
      }
      const stale = [...ask.keys()].filter((key) => !isWithin(RECHECK_MS, missing.get(`${kind} ${key}`)));
      if (stale.length > 0) {
        const rows = await database.pool.query<{ key: string }>({
          name: 'known codes',
          text: 'SELECT key FROM catalogue WHERE kind = $1 AND key = ANY($2::text[])',
          values: [kind, stale],
        });
        if (missing.size > 10_000) missing.clear();
        for (const key of stale) missing.set(`${kind} ${key}`, now);
        for (const { key } of rows.rows) {
          known.add(`${kind} ${key}`);
          missing.delete(`${kind} ${key}`);
        }
      }
      return new Set([...ask].filter(([key]) => !known.has(`${kind} ${key}`)).flatMap(([, list]) => list));
    },
    shouldList(kind, code, party) {
      const name = `${kind} ${code} ${party}`;
      if (isWithin(LIST_EVERY_MS, listed.get(name))) return false;
      if (listed.size > 10_000) listed.clear();
      listed.set(name, nowMs());
      return true;
    },
  };
}

export interface UnknownCodeRow {
  readonly kind: CatalogueKind;
  readonly code: string;
  readonly party: string;
  readonly at: string;
}

/** Adds codes that the catalogue lacks to the operators' list. */
export const unknownCodePart = definePart<UnknownCodeRow>(
  'unknown_code',
  {
    kind: ['text', (r) => r.kind],
    code: ['text', (r) => r.code],
    party: ['text', (r) => r.party],
    at: ['timestamptz', (r) => r.at],
  },
  (rows) => `
    INSERT INTO unknown_codes (kind, code, party, first_at, last_at) SELECT kind, code, party, at, at FROM ${rows}
    ON CONFLICT (kind, code, party) DO UPDATE SET last_at = excluded.last_at
    WHERE unknown_codes.last_at < excluded.last_at - interval '1 minute'
    RETURNING 1`,
);
