import { isRecord, isUpsert, type Submission } from './submission.ts';

/**
 * Guesses that a batch tells of dossiers that nobody has told of before, so that it is written without looking for them:
 * one round trip instead of two. A wrong guess costs its statement, which keeps nothing (40001), and no more.
 */
export interface Guess {
  /** Whether all of a batch are dossiers at their beginning, which are as a rule told once. */
  allNew(submissions: readonly Submission[]): boolean;
  /** The last guess was wrong: look for a while, as others of the same kind are about to come. */
  wasWrong(): void;
}

/** Batches that are not guessed about after a wrong guess; twice as many after each further one, until one was right. */
const SOBER = 16;
const MOST_SOBER = 1_024;

export function createGuess(): Guess {
  let sober = 0;
  let next = SOBER;
  return {
    allNew(submissions) {
      if (!submissions.every(({ items, again }) => !again && items.length > 0 && items.every(isBeginning)))
        return false;
      if (sober > 0) {
        sober--;
        return false;
      }
      next = Math.max(SOBER, next / 2);
      return true;
    },
    wasWrong() {
      next = Math.min(MOST_SOBER, next * 4);
      sober = next;
    },
  };
}

/** A record with other codes may be held under one of these. */
function isBeginning(item: Submission['items'][number]): boolean {
  if (!isRecord(item) || !isUpsert(item)) return false;
  const { status, aliases } = item.record;
  return aliases === undefined && (status === 'submitted' || status === 'received');
}
