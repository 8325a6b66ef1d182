/**
 * Begins runs that answer many calls at once. A run begins one turn of the event loop after its first call, so that
 * other calls of the same turn join it. While another run is under way, it begins up to `lingerMs` later: the clients that
 * the last run answered are about to call again.
 */
export class RunTimer {
  readonly #lingerMs: number;
  readonly #begin: () => void;
  /** How many calls the last run answered: about as many come again. */
  #expected = 0;
  #isScheduled = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param begin begins what may begin; called once for each schedule */
  constructor(lingerMs: number, begin: () => void) {
    this.#lingerMs = lingerMs;
    this.#begin = begin;
  }

  /** Schedules a run for waiting calls. Does nothing when one is scheduled and need not begin earlier. */
  schedule(waiting: number, underWay: number): void {
    const isDue = underWay === 0 || this.#lingerMs === 0 || waiting >= this.#expected;
    if (this.#isScheduled && !(this.#timer && isDue)) return;
    this.#isScheduled = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (isDue) setImmediate(this.#fire);
    else this.#timer = setTimeout(this.#fire, this.#lingerMs);
  }

  /** Notes how many calls a run answered. */
  runEnded(answered: number): void {
    this.#expected = answered;
  }

  readonly #fire = (): void => {
    this.#isScheduled = false;
    this.#timer = undefined;
    this.#begin();
  };
}

/** A call that waits for the run that answers it. */
export interface WaitingCall<In, Out> {
  readonly input: In;
  readonly resolve: (out: Out) => void;
  readonly reject: (error: unknown) => void;
}

export function resolveAll<In, Out>(calls: readonly WaitingCall<In, Out>[], outs: readonly Out[]): void {
  for (const [at, call] of calls.entries()) call.resolve(outs[at] as Out);
}

export function rejectAll<In, Out>(calls: readonly WaitingCall<In, Out>[], error: unknown): void {
  for (const call of calls) call.reject(error);
}
