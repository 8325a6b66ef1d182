import type { Settled } from '../ledger/settle.ts';

/** Stores outcomes of calls in groups, during the next calls. */
export interface SettleBuffer {
  /**
   * Stores these soon.
   *
   * @param isLast whether nothing else is running, so that waiting gains nothing
   */
  add(settled: readonly Settled[], isLast: boolean): void;
  /** How many outcomes are not stored yet. */
  size(): number;
  /** Stores all waiting outcomes at once. */
  flush(): void;
}

export interface SettleBufferDeps {
  readonly settle: (settled: readonly Settled[]) => Promise<unknown>;
  readonly onStored: (settled: readonly Settled[]) => void;
  readonly onFailed: (error: unknown) => void;
  /** Called after success and after failure. */
  readonly onDone: (settled: readonly Settled[]) => void;
}

/** One commit per call would cost more than the call. After a kill, an outcome that was not stored is in doubt. */
const WITHIN_MS = 30;
const AT_ONCE = 64;

export function createSettleBuffer({ settle, onStored, onFailed, onDone }: SettleBufferDeps): SettleBuffer {
  let waiting: Settled[] = [];
  let underWay = 0;
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0) return;
    const settled = waiting;
    waiting = [];
    underWay += settled.length;
    void settle(settled)
      .then(() => onStored(settled))
      .catch(onFailed)
      .finally(() => {
        underWay -= settled.length;
        onDone(settled);
      });
  }

  return {
    add(settled, isLast) {
      waiting.push(...settled);
      if (isLast || waiting.length >= AT_ONCE) flush();
      else timer ??= setTimeout(flush, WITHIN_MS);
    },
    size: () => waiting.length + underWay,
    flush,
  };
}
