import { RunTimer, rejectAll, resolveAll, type WaitingCall } from './run-timer.ts';

/** Runs a few pieces of work at a time, in their order. */
export function fewAtOnce(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  const limits = { size: 1, maxRuns: most };
  const run = batchCalls(([work]: readonly (() => Promise<unknown>)[]) => Promise.all([work?.()]), limits);
  return <T>(work: () => Promise<T>) => run(work) as Promise<T>;
}

/** Runs each piece of work after the previous one ended, also when that one failed. */
export function oneAfterAnother(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
}

/**
 * Calls with the same key share one answer. A call never gets an answer whose work began before the call: calls that come
 * during the work share the next answer.
 */
export function shareByKey<In, Out>(
  work: (input: In) => Promise<Out>,
  keyOf: (input: In) => string = String,
): (input: In) => Promise<Out> {
  const shared = new Map<string, { readonly current: Promise<Out>; next?: Promise<Out> }>();

  function start(key: string, input: In): Promise<Out> {
    const current = work(input);
    const one: { readonly current: Promise<Out>; next?: Promise<Out> } = { current };
    shared.set(key, one);
    const forget = (): void => {
      if (!one.next) shared.delete(key);
    };
    current.then(forget, forget);
    return current;
  }

  return (input) => {
    const key = keyOf(input);
    const one = shared.get(key);
    if (!one) return start(key, input);
    const startNext = (): Promise<Out> => start(key, input);
    one.next ??= one.current.then(startNext, startNext);
    return one.next;
  };
}

export interface BatchLimits<In> {
  /** The weight of inputs that one run takes at most; at least one input. */
  readonly size: number;
  /** How many runs may be under way at once. */
  readonly maxRuns: number;
  /** How long a run that begins beside another one waits for more calls. */
  readonly lingerMs?: number;
  readonly weigh?: (input: In) => number;
}

/**
 * Gathers concurrent calls into few runs: calls that come during a run wait for the next one. A single caller pays no
 * delay, and many callers share a round trip and a commit.
 *
 * @param run answers many inputs at once, in their order; a throw is the error of every caller
 */
export function batchCalls<In, Out>(
  run: (inputs: readonly In[]) => Promise<readonly Out[]>,
  { size, maxRuns, lingerMs = 0, weigh = () => 1 }: BatchLimits<In>,
): (input: In) => Promise<Out> {
  let waiting: WaitingCall<In, Out>[] = [];
  let underWay = 0;
  const timer = new RunTimer(lingerMs, begin);

  return (input) =>
    new Promise<Out>((resolve, reject) => {
      waiting.push({ input, resolve, reject });
      schedule();
    });

  function schedule(): void {
    if (underWay < maxRuns && waiting.length > 0) timer.schedule(waiting.length, underWay);
  }

  function begin(): void {
    const count = countThatFits(waiting, size, weigh);
    const batch = waiting.slice(0, count);
    waiting = waiting.slice(count);
    if (count > 0) void start(batch);
    schedule();
  }

  async function start(batch: readonly WaitingCall<In, Out>[]): Promise<void> {
    underWay++;
    try {
      resolveAll(batch, await run(batch.map(({ input }) => input)));
    } catch (error) {
      rejectAll(batch, error);
    } finally {
      underWay--;
      timer.runEnded(batch.length);
      schedule();
    }
  }
}

/** How many of the oldest calls fit into one run: at least one. */
function countThatFits<In, Out>(
  waiting: readonly WaitingCall<In, Out>[],
  size: number,
  weigh: (input: In) => number,
): number {
  let weight = 0;
  let count = 0;
  for (const { input } of waiting) {
    weight += weigh(input);
    if (count > 0 && weight > size) break;
    count++;
  }
  return count;
}
