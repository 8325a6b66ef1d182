import { type Item, isRecord, isUpsert } from '#core/dossier/item';
import type { Submission } from '../ledger/submission.ts';

/**
 * Optimistic writes: a batch of dossiers that look new is written without a look-up, in one round trip instead of two.
 * If a dossier was known after all, the statement fails (40001) and stores nothing. Then the batch is loaded and
 * applied again. So is a batch with an item of a dossier that another party owns.
 */
export interface Optimism {
  /** Whether to write a batch without a look-up. */
  isLikelyNew(submissions: readonly Submission[]): boolean;
  /** The last optimistic write failed. The next batches are looked up, because more of the same kind are likely. */
  failed(): void;
}

/** The count of look-ups after a failure is this many times the last one. Each optimistic write halves it. */
const AFTER_FAILURE = 4;
const LEAST_LOOK_UPS = 16;
const MOST_LOOK_UPS = 1_024;

export function createOptimism(): Optimism {
  let lookUpsLeft = 0;
  let lookUps = LEAST_LOOK_UPS;
  return {
    isLikelyNew(submissions) {
      if (!submissions.every(looksNew)) return false;
      if (lookUpsLeft > 0) {
        lookUpsLeft--;
        return false;
      }
      lookUps = Math.max(LEAST_LOOK_UPS, lookUps / 2);
      return true;
    },
    failed() {
      lookUps = Math.min(MOST_LOOK_UPS, lookUps * AFTER_FAILURE);
      lookUpsLeft = lookUps;
    },
  };
}

function looksNew({ items, released }: Submission): boolean {
  return !released && items.length > 0 && items.every(isBeginning);
}

/** A dossier in its first status without other codes. With others it may be stored under one of them. */
function isBeginning(item: Item): boolean {
  if (!isRecord(item) || !isUpsert(item)) return false;
  const { status, aliases } = item.record;
  return aliases === undefined && (status === 'submitted' || status === 'received');
}
