import type { GenericAbortSignal } from 'axios';

/**
 * What axios needs of a signal, for one call: a controller with its events costs 30 µs. axios' own `timeout` does not
 * bound a body that drips.
 */
export function createLimit(
  totalMs: number,
  outer: AbortSignal | undefined,
): GenericAbortSignal & { lift: () => void } {
  let onAbort: (() => void) | undefined;
  const limit = {
    aborted: outer?.aborted ?? false,
    addEventListener(_: 'abort', listener: () => void) {
      onAbort = listener;
    },
    removeEventListener() {
      onAbort = undefined;
    },
    lift() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', abort);
    },
  };
  const abort = (): void => {
    limit.aborted = true;
    onAbort?.();
  };
  const timer = setTimeout(abort, totalMs).unref();
  outer?.addEventListener('abort', abort, { once: true });
  return limit as GenericAbortSignal & { lift: () => void };
}

/**
 * `timeout` does not bound a body that drips; this does. Not `AbortSignal.any` with a timeout: in Node 20 the collector
 * may take such a timeout before it fires, and the call hangs for ever.
 */
export function deadline(totalMs: number, outer: AbortSignal | undefined): { signal: AbortSignal; lift: () => void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const timer = setTimeout(abort, totalMs).unref();
  if (outer?.aborted) abort();
  outer?.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    lift() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', abort);
    },
  };
}
