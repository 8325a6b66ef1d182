/** How long items are processed before other requests run. Beside 250 large bodies, a health probe took 1.2 s with 2 ms, 3 s with 8 ms. */
const TURN_MS = 2;
/** The same while light senders send. */
const SHORT_TURN_MS = 1;

/** Processes many items without delaying other requests for more than a few milliseconds. */
export function mapYielding<In, Out>(inputs: Iterable<In>, work: (input: In) => Out): Promise<Out[]> {
  return mapInTurns(inputs, work, nextTurn);
}

/** The same, but takes turns only while light senders send: turns cost a lone sender a tenth. */
export function mapGivingWay<In, Out>(inputs: Iterable<In>, work: (input: In) => Out): Promise<Out[]> {
  return mapInTurns(inputs, work, giveWay);
}

async function mapInTurns<In, Out>(
  inputs: Iterable<In>,
  work: (input: In) => Out,
  pause: () => Promise<void>,
): Promise<Out[]> {
  const outs: Out[] = [];
  let began = performance.now();
  for (const input of inputs) {
    outs.push(work(input));
    const nowMs = performance.now();
    if (nowMs - began > (isShared(nowMs) ? SHORT_TURN_MS : TURN_MS)) {
      await pause();
      began = performance.now();
    }
  }
  return outs;
}

/** A light sender is expected to send again within this time. */
const SHARED_MS = 250;
/** While light senders send, heavy work rests this many times as long as it worked. */
const REST = 3;
/** While urgent work runs, heavy work rests this long: it is slowed, never stopped. */
const HELD_MS = 8;
/** Urgent work that takes longer waits for something other than this thread. */
const URGENT_MS = 100;

const turns: (() => void)[] = [];
let isScheduled = false;
let turn = { beganMs: 0, endedMs: 0 };
let holding: NodeJS.Timeout | undefined;
let lastUrgentMs = Number.NEGATIVE_INFINITY;
/** Running urgent work, oldest first. */
const urgent = new Set<{ readonly sinceMs: number }>();

/**
 * Resolves in a later turn of the event loop, for one caller a turn. With 250 large bodies at once, each with a turn of its
 * own, a health probe had waited for seconds. While light senders send, turns are rare.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    turns.push(resolve);
    scheduleTurn();
  });
}

/** Runs work of a light sender. Heavy work of others waits for it at its next turn. */
export async function urgently<Out>(work: () => Promise<Out>): Promise<Out> {
  lastUrgentMs = performance.now();
  const one = { sinceMs: lastUrgentMs };
  urgent.add(one);
  try {
    return await work();
  } finally {
    urgent.delete(one);
    scheduleTurn();
  }
}

/** Waits for a turn if light senders send. For heavy work that otherwise needs no turns. */
export async function giveWay(): Promise<void> {
  if (isShared(performance.now())) await nextTurn();
}

/** Whether light senders sent lately, beside heavy ones. */
function isShared(nowMs: number): boolean {
  return nowMs - lastUrgentMs < SHARED_MS;
}

function isAnyUrgent(nowMs: number): boolean {
  for (const one of urgent) {
    if (nowMs - one.sinceMs < URGENT_MS) return true;
    urgent.delete(one);
  }
  return false;
}

/** When the next turn may begin. */
function nextTurnMs(nowMs: number): number {
  if (!isShared(nowMs)) return 0;
  const restMs = REST * (turn.endedMs - turn.beganMs);
  return turn.endedMs + (isAnyUrgent(nowMs) ? Math.max(restMs, HELD_MS) : restMs);
}

function scheduleTurn(): void {
  if (turns.length === 0 || isScheduled) return;
  const nowMs = performance.now();
  const waitMs = nextTurnMs(nowMs) - nowMs;
  clearTimeout(holding);
  holding = undefined;
  if (waitMs > 0) {
    holding = setTimeout(scheduleTurn, waitMs);
    return;
  }
  isScheduled = true;
  setImmediate(giveTurn);
  // Node runs it after the microtasks of the turn.
  setImmediate(endTurn);
}

function giveTurn(): void {
  const beganMs = performance.now();
  turn = { beganMs, endedMs: beganMs };
  turns.shift()?.();
}

function endTurn(): void {
  turn = { ...turn, endedMs: performance.now() };
  isScheduled = false;
  scheduleTurn();
}

/** A body up to this size of a sender with a small share is urgent. */
const LIGHT_BYTES = 16 * 1024;
/** Bodies up to this size are cheap, however many arrive at once. */
const SMALL_BYTES = 256 * 1024;
/** Limit of concurrent larger ones: each takes about ten times its size while it is read, sealed and written. */
const LARGE_BYTES = 4 * 1024 * 1024;

/** A sender with less than this share of the bytes of the last seconds does not wait for the others. */
const LIGHT_SHARE = 1 / 4;
const SHARE_MS = 1_000;

/** How many bytes each owner sent in this period and in the one before. */
class Shares {
  #since = 0;
  #now = new Map<string, number>();
  #before = new Map<string, number>();

  note(owner: string, bytes: number): void {
    const nowMs = performance.now();
    if (nowMs - this.#since >= SHARE_MS) {
      this.#before = nowMs - this.#since < 2 * SHARE_MS ? this.#now : new Map();
      this.#now = new Map();
      this.#since = nowMs;
    }
    this.#now.set(owner, (this.#now.get(owner) ?? 0) + bytes);
  }

  isLight(owner: string): boolean {
    let all = 0;
    for (const sent of [this.#now, this.#before]) for (const bytes of sent.values()) all += bytes;
    const own = (this.#now.get(owner) ?? 0) + (this.#before.get(owner) ?? 0);
    return own < all * LIGHT_SHARE;
  }
}

/** A waiting body: its owner, and the callback to remove it from the queue. */
export interface Waiter {
  readonly owner: string;
  readonly onWait: (giveUp: ((why: Error) => void) | undefined) => void;
}

/** @throws the error with which its waiter gave up */
export type LargeBodyQueue = <Out>(bytes: number, work: () => Promise<Out>, waiter?: Waiter) => Promise<Out>;

interface Waiting {
  readonly bytes: number;
  readonly owner: string;
  readonly go: () => void;
}

/**
 * Processes large bodies one after another, so that many at once take no more memory than one; small bodies do not wait. Next
 * is the owner whose last turn is longest ago, so a sender of many large bodies delays only itself.
 */
export function createLargeBodyQueue(most = LARGE_BYTES): LargeBodyQueue {
  let busy = 0;
  let turn = 0;
  const waiting = new Set<Waiting>();
  const lastTurns = new Map<string, number>();
  const shares = new Shares();
  const fits = (bytes: number): boolean => busy === 0 || busy + bytes <= most;

  function begin({ bytes, owner }: Pick<Waiting, 'bytes' | 'owner'>): void {
    busy += bytes;
    lastTurns.set(owner, ++turn);
  }

  function next(): Waiting | undefined {
    const turnOf = ({ owner }: Waiting): number => lastTurns.get(owner) ?? 0;
    let first: Waiting | undefined;
    for (const one of waiting) if (first === undefined || turnOf(one) < turnOf(first)) first = one;
    return first;
  }

  function wait(bytes: number, { owner, onWait }: Waiter): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const one: Waiting = {
        bytes,
        owner,
        go() {
          onWait(undefined);
          resolve();
        },
      };
      waiting.add(one);
      onWait((why) => {
        waiting.delete(one);
        reject(why);
      });
    });
  }

  return async (bytes, work, waiter = { owner: '', onWait: () => undefined }) => {
    shares.note(waiter.owner, bytes);
    if (bytes <= LIGHT_BYTES) return shares.isLight(waiter.owner) ? urgently(work) : work();
    if (isShared(performance.now())) await nextTurn();
    if (bytes <= SMALL_BYTES) return work();
    if (waiting.size > 0 || !fits(bytes)) await wait(bytes, waiter);
    else begin({ bytes, owner: waiter.owner });
    try {
      return await work();
    } finally {
      busy -= bytes;
      for (let one = next(); one && fits(one.bytes); one = next()) {
        waiting.delete(one);
        begin(one);
        one.go();
      }
      if (waiting.size === 0) lastTurns.clear();
    }
  };
}
