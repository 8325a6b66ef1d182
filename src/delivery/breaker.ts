import { type MaintenanceWindow, windowEndMs } from '#core/dates/windows';
import { asksToPause, BEHIND_ANOTHER, isNotYet, NOTHING_NEW, type Outcome, waitsForHub } from '#core/dossier/settle';

export interface BreakerDeps {
  readonly windows: readonly MaintenanceWindow[];
  readonly nowMs: () => number;
  /** How long one delivery waits after each failure. The breaker stays open as long, at most a minute. */
  readonly retryDelaysMs: readonly number[];
  /** Called when the breaker opens, with the last outcome, and when it closes. */
  readonly onBreak: (last: Outcome) => void;
  readonly onClose: () => void;
}

/** One item of a call. */
export interface Made {
  readonly outcome: Outcome;
  /** Whether the partner replied to any request of the call. */
  readonly isAnswered?: boolean;
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
        last = made.find(({ outcome }) => isFailure(outcome))?.outcome ?? last;
        return made;
      }, shownBy),
    state: () => circuit.state,
    pausedUntilMs,
  };
}

/** The longest pause that the outcomes ask for by `Retry-After`. It applies to every call to the partner. */
function askedMs(made: readonly Made[]): number {
  const asked = made.map(({ outcome }) => ('retryAfterMs' in outcome ? (outcome.retryAfterMs ?? 0) : 0));
  return Math.max(0, ...asked);
}

/** What a call shows of its partner. A call that asked nobody shows nothing. */
type Shown = 'up' | 'down' | 'nothing';

/**
 * A refusal, a request for a pause or "not yet" proves that the partner is up. No usable answer counts as down.
 */
function shownBy(made: readonly Made[]): Shown {
  const telling = made.filter(isTelling);
  if (telling.length > 0) return telling.every(({ outcome }) => isFailure(outcome)) ? 'down' : 'up';
  return made.some(({ isAnswered }) => isAnswered) ? 'up' : 'nothing';
}

/** The hub itself settles a refusal, or a delivery that sends nothing, if the partner replied to nothing. */
function isTelling({ outcome, isAnswered }: Made): boolean {
  if (outcome.kind === 'refused' || outcome.reason === NOTHING_NEW) return isAnswered === true;
  return !waitsForHub(outcome) && outcome.reason !== BEHIND_ANOTHER;
}

function isFailure(outcome: Outcome): boolean {
  if (isNotYet(outcome)) return false;
  return (outcome.kind === 'unavailable' && !asksToPause(outcome)) || outcome.kind === 'unknown';
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

/**
 * A circuit that opens after failures in a row. After a time one trial call closes it, or opens it again. After a trial
 * that shows nothing, the next call is a trial.
 */
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
  async run<T>(call: () => Promise<T>, shownBy: (result: T) => Shown): Promise<T | undefined> {
    while (this.#state === 'half-open') await this.#trial;
    if (this.#isShut()) return undefined;
    if (this.#state === 'closed') return this.#attempt(call, shownBy, false);
    this.#state = 'half-open';
    const done = this.#attempt(call, shownBy, true);
    this.#trial = done.catch(() => undefined);
    return done;
  }

  /** A clock that was set back does not tell how long the circuit is open: then one call tries. */
  #isShut(): boolean {
    const openMs = this.#deps.nowMs() - this.#openedMs;
    return this.#state === 'open' && openMs >= 0 && openMs < this.#deps.openForMs(this.#openings);
  }

  async #attempt<T>(call: () => Promise<T>, shownBy: (result: T) => Shown, isTrial: boolean): Promise<T> {
    try {
      const result = await call();
      this.#note(shownBy(result), isTrial);
      return result;
    } catch (error) {
      // A bug of the hub says nothing about the partner.
      if (isTrial) this.#close();
      throw error;
    }
  }

  #note(shown: Shown, isTrial: boolean): void {
    if (shown === 'nothing') {
      if (isTrial) this.#state = 'open';
      return;
    }
    this.#failures = shown === 'down' ? this.#failures + 1 : 0;
    if (isTrial && shown === 'up') this.#close();
    else if (isTrial) this.#open();
    // A late failure of an earlier call says less than the trial that is under way.
    else if (this.#state === 'closed' && this.#failures >= FAILURES) this.#open();
  }

  #open(): void {
    this.#state = 'open';
    this.#openings++;
    this.#openedMs = this.#deps.nowMs();
    this.#deps.onOpen();
  }

  #close(): void {
    this.#state = 'closed';
    this.#openings = 0;
    this.#deps.onClose();
  }
}
