import { type MaintenanceWindow, windowEndMs } from '#core/dates/windows';
import { asksToPause, type Outcome, waitsForFile } from '#core/dossier/settle';

export interface BreakerDeps {
  readonly windows: readonly MaintenanceWindow[];
  readonly nowMs: () => number;
  /** How long one delivery waits after each failure. The breaker stays open as long, at most a minute. */
  readonly retryDelaysMs: readonly number[];
  /** Called when the breaker opens, with the last outcome, and when it closes. */
  readonly onBreak: (last: Outcome) => void;
  readonly onClose: () => void;
}

/** A call of which the breaker needs only the outcome. */
export interface Made {
  readonly outcome: Outcome;
}

/** The circuit breaker and maintenance windows of one partner. */
export interface Breaker {
  /** How many calls may begin now. */
  room(): number;
  /**
   * Runs one call through the breaker.
   *
   * @returns undefined if the breaker is open and no call was made
   */
  run<M extends Made>(call: () => Promise<readonly M[]>): Promise<readonly M[] | undefined>;
  state(): 'closed' | 'open' | 'half-open';
  /** Until when the partner asked for a pause, epoch milliseconds. It may have passed. */
  pausedUntilMs(): number;
}

/** The longest time without a call, even if the partner asks for a longer pause. */
const LONGEST_MS = 60_000;

export function createBreaker({ windows, nowMs, retryDelaysMs, onBreak, onClose }: BreakerDeps): Breaker {
  let askedUntilMs = 0;
  let last: Outcome = { kind: 'unavailable', reason: 'unknown', message: '' };
  const circuit = new Circuit({
    nowMs,
    openForMs: (opening) => Math.min(retryDelaysMs[opening - 1] ?? LONGEST_MS, LONGEST_MS),
    onOpen: () => onBreak(last),
    onClose,
  });

  /** A moment beyond the longest pause means that the clock was set back. */
  function pausedUntilMs(): number {
    return askedUntilMs - nowMs() > LONGEST_MS ? nowMs() : askedUntilMs;
  }

  return {
    room() {
      if (windowEndMs(windows, nowMs()) !== undefined || nowMs() < pausedUntilMs()) return 0;
      return circuit.room();
    },
    run: (call) =>
      circuit.run(async () => {
        const made = await call();
        const forMs = Math.min(askedMs(made), LONGEST_MS);
        if (forMs > 0) askedUntilMs = Math.max(pausedUntilMs(), nowMs() + forMs);
        if (isDown(made)) last = (made[0] as Made).outcome;
        return made;
      }, isDown),
    state: () => circuit.state,
    pausedUntilMs,
  };
}

/** The longest pause that the outcomes ask for by `Retry-After`. It applies to every call to the partner. */
function askedMs(made: readonly Made[]): number {
  const asked = made.map(({ outcome }) => (outcome.kind === 'unavailable' ? (outcome.retryAfterMs ?? 0) : 0));
  return Math.max(0, ...asked);
}

/**
 * A refusal or a request for a pause proves that the partner is up. No usable answer counts as down. A delivery that waits for
 * a file of the hub asked nobody.
 */
function isDown(made: readonly Made[]): boolean {
  return made.every(
    ({ outcome }) =>
      (outcome.kind === 'unavailable' && !asksToPause(outcome) && !waitsForFile(outcome)) || outcome.kind === 'unknown',
  );
}

interface CircuitDeps {
  readonly nowMs: () => number;
  /** How long the circuit stays open the first, second, … time in a row. */
  readonly openForMs: (opening: number) => number;
  readonly onOpen: () => void;
  readonly onClose: () => void;
}

/** After this many failures in a row it opens. */
const FAILURES = 5;

/** A circuit that opens after failures in a row. After a time one trial call closes it, or opens it again. */
export class Circuit {
  readonly #deps: CircuitDeps;
  #state: 'closed' | 'open' | 'half-open' = 'closed';
  #failures = 0;
  /** How often the circuit opened without closing between. */
  #openings = 0;
  #openedMs = 0;
  #trial: Promise<unknown> = Promise.resolve();

  constructor(deps: CircuitDeps) {
    this.#deps = deps;
  }

  get state(): 'closed' | 'open' | 'half-open' {
    return this.#state;
  }

  /** How many calls may begin now: any number, one trial, or none. */
  room(): number {
    if (this.#state === 'closed') return Number.POSITIVE_INFINITY;
    // Half open: the trial is under way.
    return this.#state === 'open' && !this.#isShut() ? 1 : 0;
  }

  /** Runs a call. @returns undefined when the circuit is open and the call was not made */
  async run<T>(call: () => Promise<T>, isFailure: (result: T) => boolean): Promise<T | undefined> {
    while (this.#state === 'half-open') await this.#trial;
    if (this.#isShut()) return undefined;
    if (this.#state === 'closed') return this.#attempt(call, isFailure, false);
    this.#state = 'half-open';
    const done = this.#attempt(call, isFailure, true);
    this.#trial = done.catch(() => undefined);
    return done;
  }

  /** A clock that was set back does not tell how long the circuit is open: then one call tries. */
  #isShut(): boolean {
    const openMs = this.#deps.nowMs() - this.#openedMs;
    return this.#state === 'open' && openMs >= 0 && openMs < this.#deps.openForMs(this.#openings);
  }

  async #attempt<T>(call: () => Promise<T>, isFailure: (result: T) => boolean, isTrial: boolean): Promise<T> {
    try {
      const result = await call();
      this.#note(isFailure(result), isTrial);
      return result;
    } catch (error) {
      // A bug of the hub says nothing about the partner.
      if (isTrial) this.#close();
      throw error;
    }
  }

  #note(isFailure: boolean, isTrial: boolean): void {
    this.#failures = isFailure ? this.#failures + 1 : 0;
    if (!isFailure && isTrial) this.#close();
    if (!isFailure || this.#state === 'open' || !(isTrial || this.#failures >= FAILURES)) return;
    this.#state = 'open';
    this.#openings++;
    this.#openedMs = this.#deps.nowMs();
    this.#deps.onOpen();
  }

  #close(): void {
    if (this.#state !== 'half-open') return;
    this.#state = 'closed';
    this.#openings = 0;
    this.#deps.onClose();
  }
}
