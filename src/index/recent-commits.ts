import type { IndexedDossier } from '#core/dossier/apply';
import { createByteLru } from '../concurrency/byte-lru.ts';
import { bytesOf } from './sealed-records.ts';

/** A dossier after a message that this process has just committed. */
export interface RecentCommit {
  readonly held: IndexedDossier;
  /** When it was first recorded. */
  readonly createdAt: string;
  /** The door and arrival of the message. Its deliveries were created at that time. */
  readonly door: string;
  readonly receivedAt: string;
}

/**
 * A cache of just committed dossiers for the workers of this process, so that they need not load and decrypt them
 * again. It may lose entries at any time. Then the worker reads the database.
 */
export interface RecentCommits {
  /** Call only after the commit, and only for a delivery that the same commit created. */
  put(party: string, commit: RecentCommit): void;
  /** Returns the dossier for its first delivery, once. Later deliveries load it. */
  take(delivery: RecentDelivery): RecentCommit | undefined;
}

/** The delivery of a commit: version, dossier, party and time of creation. */
interface RecentDelivery {
  readonly party: string;
  readonly subject: string;
  readonly seq: number;
  readonly createdAt: string;
}

/** Workers claim a tenth of a second later. If they are further behind, loading costs little. */
const MOST_BYTES = 2 * 1024 * 1024;
const FRESH_MS = 5_000;

interface Entry {
  readonly kept: RecentCommit;
  readonly sinceMs: number;
}

export function createRecentCommits(): RecentCommits {
  const cache = createByteLru<Entry>(MOST_BYTES);
  return {
    put(party, kept) {
      // The bytes of most records exist already, because they were just written.
      const bytes = bytesOf(kept.held.view.record).length;
      cache.put(`${party} ${kept.held.code}`, { kept, sinceMs: performance.now() }, bytes);
    },
    take({ party, subject, seq, createdAt }) {
      const entry = cache.take(`${party} ${subject}`);
      if (entry?.kept.held.version !== seq || entry.kept.receivedAt !== createdAt) return undefined;
      return performance.now() - entry.sinceMs <= FRESH_MS ? entry.kept : undefined;
    },
  };
}
