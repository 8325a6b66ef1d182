/** One call at a time, in their order: for work that looks through much. */
export function oneByOne<In, Out>(work: (input: In) => Promise<Out>): (input: In) => Promise<Out> {
  return batchCalls(async ([input]: readonly In[]) => [await work(input as In)], { size: 1, lanes: 1 });
}

/** Runs each work after the one before has ended, also when that failed. */
export function oneAfterAnother(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
}

/**
 * Calls for the same thing share one answer. A call never gets an answer whose making began before it: what is asked for
 * while it is being made shares the next one.
 */
export function shareByKey<In, Out>(
  work: (input: In) => Promise<Out>,
  keyOf: (input: In) => string = String,
): (input: In) => Promise<Out> {
  const shared = new Map<string, { readonly made: Promise<Out>; next?: Promise<Out> }>();

  function make(key: string, input: In): Promise<Out> {
    const made = work(input);
    const one: { readonly made: Promise<Out>; next?: Promise<Out> } = { made };
    shared.set(key, one);
    const leave = (): void => {
      if (!one.next) shared.delete(key);
    };
    made.then(leave, leave);
    return made;
  }

  return (input) => {
    const key = keyOf(input);
    const one = shared.get(key);
    if (!one) return make(key, input);
    const again = (): Promise<Out> => make(key, input);
    one.next ??= one.made.then(again, again);
    return one.next;
  };
}

/**
 * Gather concurrent calls into few: while a run is under way, what is asked meanwhile waits for the next one. Nothing
 * waits when nothing is under way, so a single caller pays no delay, and many callers share a round trip and a commit.
 *
 * @param run answers many inputs at once, in their order; a throw is every caller's error
 * @param limits `size`: the weight of inputs a run takes at the most (at least one input); `lanes`: runs under way at
 *   once; `lingerMs`: how long a run that begins beside another waits for more company
 */
export function batchCalls<In, Out>(
  run: (inputs: readonly In[]) => Promise<readonly Out[]>,
  limits: {
    readonly size: number;
    readonly lanes: number;
    readonly lingerMs?: number;
    readonly weigh?: (input: In) => number;
  },
): (input: In) => Promise<Out> {
  const { size, lanes, lingerMs = 0, weigh = () => 1 } = limits;
  let waiting: { input: In; resolve: (out: Out) => void; reject: (error: unknown) => void }[] = [];
  let underWay = 0;
  let scheduled = false;
  let timer: NodeJS.Timeout | undefined;
  /** How many the last run answered: as many are about to ask again. */
  let expected = 0;

  return (input) =>
    new Promise<Out>((resolve, reject) => {
      waiting.push({ input, resolve, reject });
      schedule();
    });

  /**
   * One turn of the event loop later, so that the requests that arrived in the same turn come along. Beside a run that
   * is under way a little later: the clients that the last run answered are about to ask again.
   */
  function schedule(): void {
    if (underWay >= lanes || waiting.length === 0) return;
    const isDue = underWay === 0 || lingerMs === 0 || waiting.length >= expected;
    if (scheduled && !(timer && isDue)) return;
    scheduled = true;
    clearTimeout(timer);
    timer = undefined;
    if (isDue) setImmediate(begin);
    else timer = setTimeout(begin, lingerMs);
  }

  function begin(): void {
    scheduled = false;
    timer = undefined;
    void start();
    schedule();
  }

  async function start(): Promise<void> {
    const batch = take();
    if (batch.length === 0) return;
    underWay++;
    try {
      const outs = await run(batch.map((caller) => caller.input));
      for (const [at, caller] of batch.entries()) caller.resolve(outs[at] as Out);
    } catch (error) {
      for (const caller of batch) caller.reject(error);
    } finally {
      underWay--;
      expected = batch.length;
      schedule();
    }
  }

  function take(): typeof waiting {
    let weight = 0;
    let count = 0;
    while (count < waiting.length) {
      weight += weigh((waiting[count] as (typeof waiting)[number]).input);
      if (count > 0 && weight > size) break;
      count++;
    }
    const batch = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return batch;
  }
}
