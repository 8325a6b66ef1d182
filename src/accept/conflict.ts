import { isConflict } from '../database/failures.ts';
import { IDEMPOTENCY_CONFLICT } from '../ledger/idempotency.ts';

/** A conflict that loading and applying again can solve; a used Idempotency-Key is answered with its receipt instead. */
export function isRetryable(error: unknown): boolean {
  return isConflict(error) && (error as { constraint?: string }).constraint !== IDEMPOTENCY_CONFLICT;
}

/**
 * Another process may change the same dossiers meanwhile. A batch that lost starts again at once at first, then after
 * pauses, because many small batches in a row would win against a large one each time.
 */
const TRIES = 8;
const PAUSED_FROM = 3;
const CONFLICTS_MS = 3_000;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 500;

export function mayTryAgain(tried: number, sinceMs: number): boolean {
  return tried + 1 < TRIES || performance.now() - sinceMs < CONFLICTS_MS;
}

export async function pauseAfter(tried: number, random: () => number): Promise<void> {
  if (tried < PAUSED_FROM) return;
  const ms = Math.min(FIRST_PAUSE_MS * 2 ** (tried - PAUSED_FROM), LONGEST_PAUSE_MS);
  await new Promise((resolve) => setTimeout(resolve, ms * (0.5 + random() / 2)));
}
