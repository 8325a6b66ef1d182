import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  DelegateBackoff,
  handleWhenResult,
  isBrokenCircuitError,
} from 'cockatiel';
import { type MaintenanceWindow, windowEndMs } from '#core/dates/windows';
import { asksToPause, type Outcome } from '#core/dossier/settle';
import type { Settled } from '../ledger/settle.ts';

/** Whether a call was not made because the breaker is open. */
export const isCircuitOpen = isBrokenCircuitError;

export interface BreakerDeps {
  readonly windows: readonly MaintenanceWindow[];
  readonly nowMs: () => number;
  /** How long one delivery waits after each failure; the partner is left alone as long, at most a minute. */
  readonly retryDelaysMs: readonly number[];
  /** Called when the breaker opens, with what the partner last answered, and when it closes. */
  readonly onBreak: (last: Outcome) => void;
  readonly onClose: () => void;
}

/** The circuit breaker and maintenance windows of one partner. */
export interface Breaker {
  /** How many calls may begin now, at the most. */
  room(): number;
  /** Run one call through the breaker. */
  pass(run: () => Promise<readonly Settled[]>): Promise<readonly Settled[]>;
  state(): 'closed' | 'open' | 'half-open';
  /** Until when the partner asked to be left alone, epoch milliseconds; it may be over. */
  askedUntilMs(): number;
}

/** Calls in a row that got nothing through, until the partner is left alone. */
const FAILURES = 5;
/** The longest time that it is left alone before one call tries again, also where it asks for more. */
const LONGEST_MS = 60_000;

export function createBreaker({ windows, nowMs, retryDelaysMs, onBreak, onClose }: BreakerDeps): Breaker {
  let openedMs = 0;
  let leftAloneMs = 0;
  let askedUntilMs = 0;
  /** The one call that tries. */
  let trying: Promise<unknown> = Promise.resolve();
  let last: Outcome = { kind: 'unavailable', reason: 'unknown', message: '' };
  const breaker: CircuitBreakerPolicy = circuitBreaker(
    handleWhenResult((result) => gotNothingThrough(result as readonly Settled[])),
    {
      // The breaker knows the machine's clock alone: how long the partner is left alone is told here, by the hub's.
      halfOpenAfter: new DelegateBackoff(({ attempt }) => {
        leftAloneMs = Math.min(retryDelaysMs[attempt - 1] ?? LONGEST_MS, LONGEST_MS);
        return Number.NEGATIVE_INFINITY;
      }),
      breaker: new ConsecutiveBreaker(FAILURES),
    },
  );
  breaker.onBreak(() => {
    openedMs = nowMs();
    onBreak(last);
  });
  breaker.onReset(onClose);

  /** A clock that was set back tells nothing of how long it was: then one call tries. */
  function isLeftAlone(): boolean {
    const openMs = nowMs() - openedMs;
    return breaker.state === CircuitState.Open && openMs >= 0 && openMs < leftAloneMs;
  }

  /** Nobody is left alone for longer than the longest time: a moment beyond it is of a clock that was set back. */
  function askedUntil(): number {
    return askedUntilMs - nowMs() > LONGEST_MS ? nowMs() : askedUntilMs;
  }

  return {
    room() {
      if (windowEndMs(windows, nowMs()) !== undefined || nowMs() < askedUntil()) return 0;
      if (breaker.state === CircuitState.Closed) return Number.POSITIVE_INFINITY;
      // Half open means that the one call which tries is under way.
      return breaker.state === CircuitState.Open && !isLeftAlone() ? 1 : 0;
    },
    async pass(run) {
      while (breaker.state === CircuitState.HalfOpen) await trying;
      if (isLeftAlone()) throw new BrokenCircuitError();
      const isTry = breaker.state === CircuitState.Open;
      const done = breaker.execute(async () => {
        const settled = await run();
        const forMs = Math.min(askedMs(settled), LONGEST_MS);
        if (forMs > 0) askedUntilMs = Math.max(askedUntil(), nowMs() + forMs);
        if (gotNothingThrough(settled)) last = (settled[0] as Settled).outcome;
        return settled;
      });
      if (isTry) trying = done.catch(() => undefined);
      return done;
    },
    state: () => STATES[breaker.state],
    askedUntilMs: askedUntil,
  };
}

const STATES = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Isolated]: 'open',
} as const;

/** How long a partner that has too much to do asks to be left alone, by `Retry-After`: what it asks of one it asks of all. */
function askedMs(settled: readonly Settled[]): number {
  const asked = settled.map(({ outcome }) => (outcome.kind === 'unavailable' ? (outcome.retryAfterMs ?? 0) : 0));
  return Math.max(0, ...asked);
}

/** A partner that refuses is there, and so is one that wants no more; one that answers nothing usable is not. */
function gotNothingThrough(settled: readonly Settled[]): boolean {
  return settled.every(
    ({ outcome }) => (outcome.kind === 'unavailable' && !asksToPause(outcome)) || outcome.kind === 'unknown',
  );
}
