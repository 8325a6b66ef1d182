import type { Settled } from '../ledger/settle.ts';

/** Keeps what came of calls, some of them together, while the next calls are made. */
export interface SettleBuffer {
  /** Keep these soon: at once when nothing else is on its way. */
  add(settled: readonly Settled[], isLast: boolean): void;
  /** How many are not kept yet. */
  size(): number;
  /** Keep at once what waits. */
  flush(): void;
}

export interface SettleBufferDeps {
  readonly settle: (settled: readonly Settled[]) => Promise<unknown>;
  /** Called with those that were kept; and in any case when they are done with. */
  readonly onKept: (settled: readonly Settled[]) => void;
  readonly onFailed: (error: unknown) => void;
  readonly onDone: (settled: readonly Settled[]) => void;
}

/** A statement and a commit for each call would cost more than the call; what is told late is told in doubt after a kill. */
const WITHIN_MS = 30;
const AT_ONCE = 64;

export function createSettleBuffer({ settle, onKept, onFailed, onDone }: SettleBufferDeps): SettleBuffer {
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
      .then(() => onKept(settled))
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
