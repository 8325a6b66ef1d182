import { setTimeout as sleep } from 'node:timers/promises';

/** No valid answer: the sender must repeat the request unchanged. */
export class NotAcknowledged extends Error {}

const FIRST_MS = 100;
const LONGEST_MS = 2_000;
const GIVES_UP_MS = 120_000;

/** Retries with growing pauses until the receiver acknowledges, as partners do. */
export async function untilAcknowledged<T>(
  send: () => Promise<T>,
  signal: AbortSignal,
  onRetry?: () => void,
): Promise<T> {
  const until = performance.now() + GIVES_UP_MS;
  for (let pauseMs = FIRST_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_MS)) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof NotAcknowledged)) throw error;
      if (performance.now() > until)
        throw new Error(`not acknowledged within ${GIVES_UP_MS / 1000} s: ${error.message}`, { cause: error });
      onRetry?.();
      await sleep(pauseMs, undefined, { signal });
    }
  }
}
