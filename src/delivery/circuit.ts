export interface CircuitDeps {
  readonly nowMs: () => number;
  /** How long the circuit stays open the first, second, … time in a row. */
  readonly openForMs: (opening: number) => number;
  readonly onOpen: () => void;
  readonly onClose: () => void;
}

/** A circuit that opens after failures in a row. After a time one trial call closes it, or opens it again. */
export interface Circuit {
  /** How many calls may begin now: any number, one trial, or none. */
  room(): number;
  /** Runs a call. @returns undefined when the circuit is open and the call was not made */
  run<T>(call: () => Promise<T>, isFailure: (result: T) => boolean): Promise<T | undefined>;
  state(): 'closed' | 'open' | 'half-open';
}

const FAILURES = 5;

export function createCircuit({ nowMs, openForMs, onOpen, onClose }: CircuitDeps): Circuit {
  let state: 'closed' | 'open' | 'half-open' = 'closed';
  let failures = 0;
  /** How often the circuit opened without closing between. */
  let openings = 0;
  let openedMs = 0;
  let trial: Promise<unknown> = Promise.resolve();

  /** A clock that was set back does not tell how long the circuit is open: then one call tries. */
  function isShut(): boolean {
    const openMs = nowMs() - openedMs;
    return state === 'open' && openMs >= 0 && openMs < openForMs(openings);
  }

  function close(): void {
    if (state !== 'half-open') return;
    [state, openings] = ['closed', 0];
    onClose();
  }

  function note(isFailure: boolean, isTrial: boolean): void {
    failures = isFailure ? failures + 1 : 0;
    if (!isFailure && isTrial) close();
    if (!isFailure || state === 'open' || !(isTrial || failures >= FAILURES)) return;
    state = 'open';
    openings++;
    openedMs = nowMs();
    onOpen();
  }

  async function attempt<T>(call: () => Promise<T>, isFailure: (result: T) => boolean, isTrial: boolean): Promise<T> {
    try {
      const result = await call();
      note(isFailure(result), isTrial);
      return result;
    } catch (error) {
      // A bug of the hub says nothing about the partner.
      if (isTrial) close();
      throw error;
    }
  }

  return {
    room() {
      if (state === 'closed') return Number.POSITIVE_INFINITY;
      // Half open: the trial is under way.
      return state === 'open' && !isShut() ? 1 : 0;
    },
    async run(call, isFailure) {
      while (state === 'half-open') await trial;
      if (isShut()) return undefined;
      if (state === 'closed') return attempt(call, isFailure, false);
      state = 'half-open';
      const done = attempt(call, isFailure, true);
      trial = done.catch(() => undefined);
      return done;
    },
    state: () => state,
  };
}
