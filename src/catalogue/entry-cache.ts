import type { Database } from '../database/pool.ts';
import { type CatalogueEntry, type CatalogueKind, loadEntries } from './catalogue.ts';

/** The entries of one kind under these keys, at most one second old. A missing key is read again each time. */
export type EntryCache = (kind: CatalogueKind, keys: readonly string[]) => Promise<ReadonlyMap<string, CatalogueEntry>>;

const FRESH_MS = 1_000;

/** Thousands of dossiers share services and agencies, so an entry is read once a second instead of once per dossier. */
export function createEntryCache(database: Database, nowMs: () => number): EntryCache {
  const kept = new Map<string, CatalogueEntry>();
  let emptiedMs = nowMs();
  return async (kind, keys) => {
    if (Math.abs(nowMs() - emptiedMs) >= FRESH_MS) {
      kept.clear();
      emptiedMs = nowMs();
    }
    const found = new Map<string, CatalogueEntry>();
    const lacking = new Set<string>();
    for (const key of keys) {
      const entry = kept.get(`${kind} ${key}`);
      if (entry) found.set(key, entry);
      else lacking.add(key);
    }
    for (const [key, entry] of await loadEntries(database.pool, kind, [...lacking])) {
      kept.set(`${kind} ${key}`, entry);
      found.set(key, entry);
    }
    return found;
  };
}
