/** Runs one call at a time, in their order: for work that reads much. */
export function oneByOne<In, Out>(work: (input: In) => Promise<Out>): (input: In) => Promise<Out> {
  return batchCalls(async ([input]: readonly In[]) => [await work(input as In)], { size: 1, lanes: 1 });
}

/** Runs each work after the previous one has ended, also after a failure. */
export function oneAfterAnother(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
}

/**
 * Calls with the same key share one answer. A call never gets an answer whose work began before the call: a call during the
 * work shares the next one.
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
 * Batches concurrent calls: calls during a run wait for the next one. Without a run nothing waits, so a single caller pays
 * no delay, and many callers share a round trip and a commit.
 * @param run answers many inputs at once, in their order; a throw is every caller's error
 * @param limits `size`: maximum weight of a run's inputs (at least one input); `lanes`: maximum of concurrent runs;
 * `lingerMs`: how long a run that begins beside another waits for more inputs
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
  /** Size of the last run: as many callers will soon ask again. */
  let expected = 0;

  return (input) =>
    new Promise<Out>((resolve, reject) => {
      waiting.push({ input, resolve, reject });
      schedule();
    });

  /**
   * Starts one turn of the event loop later, so that all requests of this turn are included. Beside another run it waits a
   * little longer, because the callers of the last run will soon ask again.
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
