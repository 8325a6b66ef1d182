import { setImmediate as nextLoop } from 'node:timers/promises';

/** How long items are processed before other requests run. Beside 250 large bodies, a health probe took 1.2 s with 2 ms, 3 s with 8 ms. */
const TURN_MS = 2;
/**
 * The first items never wait for the turns of other work. Beside a flood on a busy machine, the pushes that did waited 140 ms
 * (p90) to be sealed.
 */
const FIRST_ITEMS = 20;
/** A light sender is expected to send again within this time. */
const SHARED_MS = 250;
/** While light senders send, heavy work rests this many times as long as its last turn took. */
const REST = 3;

/** Processes many items without delaying other requests for more than a few milliseconds. */
export function mapYielding<In, Out>(inputs: Iterable<In>, work: (input: In) => Out): Promise<Out[]> {
  return mapInTurns(inputs, work, pauseAfter);
}

/** The same, but takes turns only while light senders send: turns cost a lone sender a tenth. */
export function mapGivingWay<In, Out>(inputs: Iterable<In>, work: (input: In) => Out): Promise<Out[]> {
  return mapInTurns(inputs, work, async (done) => {
    if (isShared()) await pauseAfter(done);
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
    if (performance.now() - began > TURN_MS) {
      await pause(outs.length);
      began = performance.now();
    }
  }
  return outs;
}

function pauseAfter(done: number): Promise<void> {
  return done < FIRST_ITEMS ? nextLoop() : nextTurn();
}

// A process has one thread, so all its hubs share these turns.
const waiting: (() => void)[] = [];
let isScheduled = false;
let lastTurn = { beganMs: 0, endedMs: 0 };
let lastLightMs = Number.NEGATIVE_INFINITY;

/**
 * Resolves in a later turn of the event loop, for one caller a turn. With 250 large bodies at once, each with a turn of its
 * own, a health probe had waited for seconds. While light senders send, turns are rare.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    scheduleTurn();
  });
}

/** Waits for a turn if light senders send. For heavy work that otherwise needs no turns. */
export async function giveWay(): Promise<void> {
  if (isShared()) await nextTurn();
}

/** Notes that a sender of little sent, beside heavy ones. Heavy work then rests between its turns. */
export function noteLightSender(): void {
  lastLightMs = performance.now();
}

function isShared(): boolean {
  return performance.now() - lastLightMs < SHARED_MS;
}

function scheduleTurn(): void {
  if (waiting.length === 0 || isScheduled) return;
  isScheduled = true;
  const { beganMs, endedMs } = lastTurn;
  const waitMs = isShared() ? endedMs + REST * (endedMs - beganMs) - performance.now() : 0;
  if (waitMs > 0) setTimeout(giveTurn, waitMs);
  else giveTurn();
}

function giveTurn(): void {
  setImmediate(beginTurn);
  // Node runs it after the microtasks of the turn.
  setImmediate(endTurn);
}

function beginTurn(): void {
  lastTurn = { beganMs: performance.now(), endedMs: 0 };
  waiting.shift()?.();
}

function endTurn(): void {
  lastTurn.endedMs = performance.now();
  isScheduled = false;
  scheduleTurn();
}
