import { isConflict } from '../database/failures.ts';
import { IDEMPOTENCY_CONFLICT } from '../ledger/idempotency.ts';

/**
 * Whether a batch can succeed if it is loaded and applied again. A used Idempotency-Key cannot: its answer is the
 * stored receipt.
 */
export function isRetryable(error: unknown): boolean {
  return isConflict(error) && (error as { constraint?: string }).constraint !== IDEMPOTENCY_CONFLICT;
}

/**
 * Another process may change the same dossiers at the same time. A failed batch first starts again at once, then after
 * pauses, because many small batches in a row would always win against a large one.
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
