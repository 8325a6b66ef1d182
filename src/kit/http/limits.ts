import type { GenericAbortSignal } from 'axios';

/**
 * The part of an AbortSignal that axios needs, for one call: a real controller with its events costs 30 µs. The
 * `timeout` of axios does not bound a slowly dripping body.
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
 * A signal that aborts after `totalMs`, also while a body drips; `timeout` does not. Not `AbortSignal.any` with a
 * timeout: in Node 20 the garbage collector may take that timeout before it fires, and the call would hang forever.
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
