import type { Held } from '#core/dossier/apply';
import { createByteLru } from '../concurrency/byte-lru.ts';
import { bytesOf } from './sealed-records.ts';

/** A dossier as a message that this process has just committed left it. */
export interface RecentCommit {
  readonly held: Held;
  /** When it was first recorded. */
  readonly createdAt: string;
  /** The door that the message came by, and when: its deliveries were made then. */
  readonly door: string;
  readonly receivedAt: string;
}

/**
 * What has just been committed and is to be told, handed to the lanes of the same process: they need not load and open
 * again what is still at hand. It may lose anything at any time, and then the ledger is asked.
 */
export interface RecentCommits {
  /** Only after the commit, and only for a delivery that the same commit made: nobody was told this version before. */
  put(party: string, commit: RecentCommit): void;
  /** Hand out the dossier for the delivery that its commit made, once: what is told again, by whomever, is loaded. */
  take(delivery: RecentDelivery): RecentCommit | undefined;
}

/** The delivery that a commit made: which version of which dossier, for whom, since when. */
interface RecentDelivery {
  readonly party: string;
  readonly subject: string;
  readonly seq: number;
  readonly createdAt: string;
}

/** Lanes claim a tenth of a second behind; where they are further behind, loading is no loss. */
const MOST_BYTES = 2 * 1024 * 1024;
const FRESH_MS = 5_000;

interface Entry {
  readonly kept: RecentCommit;
  readonly sinceMs: number;
}

export function createRecentCommits(): RecentCommits {
  const lately = createByteLru<Entry>(MOST_BYTES);
  return {
    put(party, kept) {
      // The JSON is there: it was just written.
      const bytes = bytesOf(kept.held.view.record).length;
      lately.put(`${party} ${kept.held.code}`, { kept, sinceMs: performance.now() }, bytes);
    },
    take({ party, subject, seq, createdAt }) {
      const entry = lately.take(`${party} ${subject}`);
      if (entry?.kept.held.version !== seq || entry.kept.receivedAt !== createdAt) return undefined;
      return performance.now() - entry.sinceMs <= FRESH_MS ? entry.kept : undefined;
    },
  };
}
