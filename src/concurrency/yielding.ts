import { setImmediate as nextLoop } from 'node:timers/promises';

/** How long items are processed before other requests run. Beside 250 large bodies, a health probe took 1.2 s with 2 ms, 3 s with 8 ms. */
const TURN_MS = 2;
/** The same while light senders send. Shorter turns would cost a lone sender more. */
const SHARED_TURN_MS = 1;
/**
 * The first items never wait for the turns of other work. Beside a flood on a busy machine, the pushes that did waited 140 ms
 * (p90) to be sealed.
 */
const FIRST_ITEMS = 20;
/** A light sender is expected to send again within this time. */
const SHARED_MS = 250;

let lastLightMs = Number.NEGATIVE_INFINITY;

/** Notes that a sender of little sent, beside heavy ones. Heavy work then rests between its turns. */
export function noteLightSender(): void {
  lastLightMs = performance.now();
}

function isShared(): boolean {
  return performance.now() - lastLightMs < SHARED_MS;
}

/**
 * The turns of one kind of heavy work: one caller a turn of the event loop. With 250 large bodies at once, each with a turn
 * of its own, a health probe had waited for seconds. While light senders send, turns are rare.
 */
class Turns {
  /** While light senders send, the work rests this many times as long as its last turn took. */
  readonly #rest: number;
  readonly #waiting: (() => void)[] = [];
  #isScheduled = false;
  #last = { beganMs: 0, endedMs: 0 };

  constructor(rest: number) {
    this.#rest = rest;
  }

  /** Resolves in a later turn of the event loop. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#waiting.length === 0 || this.#isScheduled) return;
    this.#isScheduled = true;
    const { beganMs, endedMs } = this.#last;
    const waitMs = isShared() ? endedMs + this.#rest * (endedMs - beganMs) - performance.now() : 0;
    if (waitMs > 0) setTimeout(this.#give, waitMs);
    else this.#give();
  }

  readonly #give = (): void => {
    setImmediate(this.#begin);
    // Node runs it after the microtasks of the turn.
    setImmediate(this.#end);
  };

  readonly #begin = (): void => {
    this.#last = { beganMs: performance.now(), endedMs: 0 };
    this.#waiting.shift()?.();
  };

  readonly #end = (): void => {
    this.#last.endedMs = performance.now();
    this.#isScheduled = false;
    this.#schedule();
  };
}

// A process has one thread, so all its hubs share these turns. Each kind rests for itself: none waits for the rests of another.
const reads = new Turns(3);
/** Arrays to write. A push beside a flood takes as long as alone. With 9 its p95 was twice as long, and the flood 1.5 times as fast. */
const writes = new Turns(19);
/** Calls of a backlog. */
const calls = new Turns(9);

/** A turn to read something large. */
export function nextTurn(): Promise<void> {
  return reads.next();
}

/** A turn to start one call of a backlog. A lone sender pushes as fast as if its deliveries took turns with its arrays. */
export function nextCallTurn(): Promise<void> {
  return (isShared() ? calls : writes).next();
}

/** Processes many items without delaying other requests for more than a few milliseconds. */
export function mapYielding<In, Out>(inputs: Iterable<In>, work: (input: In) => Out): Promise<Out[]> {
  return mapInTurns(inputs, work, (done) => pauseAfter(done, reads));
}

/** The same for what is written. */
export function mapToWrite<In, Out>(inputs: Iterable<In>, work: (input: In) => Out): Promise<Out[]> {
  return mapInTurns(inputs, work, (done) => pauseAfter(done, writes));
}

/** The same for what is written, but takes turns only while light senders send: turns cost a lone sender a tenth. */
export function mapGivingWay<In, Out>(inputs: Iterable<In>, work: (input: In) => Out): Promise<Out[]> {
  return mapInTurns(inputs, work, async (done) => {
    if (isShared()) await pauseAfter(done, writes);
  });
}

async function mapInTurns<In, Out>(
  inputs: Iterable<In>,
  work: (input: In) => Out,
  pause: (done: number) => Promise<void>,
): Promise<Out[]> {
  const outs: Out[] = [];
  let began = performance.now();
  for (const input of inputs) {
    outs.push(work(input));
    if (performance.now() - began > (isShared() ? SHARED_TURN_MS : TURN_MS)) {
      await pause(outs.length);
      began = performance.now();
    }
  }
  return outs;
}

function pauseAfter(done: number, turns: Turns): Promise<void> {
  return done < FIRST_ITEMS ? nextLoop() : turns.next();
}

/** Waits for a turn to write if light senders send. For heavy work that otherwise needs no turns. */
export async function giveWay(): Promise<void> {
  if (isShared()) await writes.next();
}
