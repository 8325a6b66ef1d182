/** How what is accepted is weighed, and what of it may not be worked on at the same time. */
export interface IngestLimits<In> {
  /** The weight that one run takes at most; at least one input. */
  readonly size: number;
  /** How long a run that begins beside another one waits for more company. */
  readonly lingerMs: number;
  readonly weigh: (input: In) => number;
  readonly senderOf: (input: In) => string;
  /** What it changes. Two runs never hold the same key, and inputs with a common key keep their order. */
  readonly keysOf: (input: In) => readonly string[];
}

/** Inputs of this weight or more have runs of their own. */
const LARGE_WEIGHT = 200;
const LANES = { small: 2, large: 3 } as const;
/** Runs of large inputs that one sender may have under way while there are others: one lane is always somebody else's. */
const LARGE_OF_ONE = LANES.large - 1;
/** A sender whose run had to do more is served beside the others, however small its inputs are, until a run is cheap again. */
const MOST_WORK = 5_000;

type Size = keyof typeof LANES;

interface Waiting<In, Out> {
  readonly input: In;
  readonly weight: number;
  readonly sender: string;
  readonly keys: readonly string[];
  readonly resolve: (out: Out) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers concurrent inputs into few runs, and keeps senders from waiting for each other. Small inputs share runs; large
 * ones, and all inputs of a sender whose runs cost much, have lanes of their own. Inputs that change the same dossier
 * wait for each other here, because in the database one of them would fail and begin again.
 *
 * @param run answers many inputs at once, in their order; a throw is the error of every caller. It reports its work, in
 *   recorded events that it had to read
 */
export function createIngestQueue<In, Out>(
  run: (inputs: readonly In[], report: (work: number) => void) => Promise<readonly Out[]>,
  limits: IngestLimits<In>,
): (input: In) => Promise<Out> {
  const { size, lingerMs, weigh, senderOf, keysOf } = limits;
  let waiting: Waiting<In, Out>[] = [];
  const busyKeys = new Set<string>();
  const costly = new Set<string>();
  const underWay = { small: 0, large: 0 };
  const largeOf = new Map<string, number>();
  /** How many inputs the last run answered: as many are about to come again. */
  let expected = 0;
  let scheduled = false;
  let timer: NodeJS.Timeout | undefined;

  return (input) =>
    new Promise<Out>((resolve, reject) => {
      waiting.push({ input, weight: weigh(input), sender: senderOf(input), keys: keysOf(input), resolve, reject });
      schedule();
    });

  /**
   * One turn of the event loop later, so that requests of the same turn come along. Beside a run that is under way a little
   * later: the clients that the last run answered are about to send again.
   */
  function schedule(): void {
    if (waiting.length === 0 || (underWay.small >= LANES.small && underWay.large >= LANES.large)) return;
    const isDue = underWay.small + underWay.large === 0 || lingerMs === 0 || waiting.length >= expected;
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
    for (const lane of ['small', 'large'] as const)
      while (underWay[lane] < LANES[lane]) {
        const batch = take(lane);
        if (batch.length === 0) break;
        void start(lane, batch);
      }
  }

  function sizeOf({ weight, sender }: Waiting<In, Out>): Size {
    return weight >= LARGE_WEIGHT || costly.has(sender) ? 'large' : 'small';
  }

  /** What the next run of a lane takes, the oldest first. Inputs that share a key with a run, or with an earlier input, stay. */
  function take(lane: Size): readonly Waiting<In, Out>[] {
    const only = lane === 'large' ? nextSender() : undefined;
    if (lane === 'large' && only === undefined) return [];
    const mostOfOne = lane === 'small' ? shareOfOne() : size;
    const weights = new Map<string, number>();
    let weight = 0;
    const [taken, rest] = parted((one) => {
      const own = weights.get(one.sender) ?? 0;
      const isOf = sizeOf(one) === lane && (only === undefined || one.sender === only);
      const fits = (weight === 0 || weight + one.weight <= size) && (own === 0 || own + one.weight <= mostOfOne);
      if (!isOf || !fits) return false;
      weight += one.weight;
      weights.set(one.sender, own + one.weight);
      return true;
    });
    waiting = rest;
    return taken;
  }

  /** Splits what waits by a choice. What shares a key with something that is not taken is not taken either. */
  function parted(isTaken: (one: Waiting<In, Out>) => boolean): [Waiting<In, Out>[], Waiting<In, Out>[]] {
    const held = new Set(busyKeys);
    const taken: Waiting<In, Out>[] = [];
    const rest: Waiting<In, Out>[] = [];
    for (const one of waiting)
      if (!one.keys.some((key) => held.has(key)) && isTaken(one)) taken.push(one);
      else {
        rest.push(one);
        for (const key of one.keys) held.add(key);
      }
    return [taken, rest];
  }

  /** The sender of the next run of large inputs: of those that may hold a lane more, the one with the fewest. */
  function nextSender(): string | undefined {
    let next: string | undefined;
    parted((one) => {
      const count = largeOf.get(one.sender) ?? 0;
      if (sizeOf(one) !== 'large' || count >= LARGE_OF_ONE) return false;
      if (next === undefined || count < (largeOf.get(next) ?? 0)) next = one.sender;
      return true;
    });
    return next;
  }

  /** Of a run of small inputs each sender has a part alike, where not all of them fit. */
  function shareOfOne(): number {
    const senders = new Set<string>();
    let weight = 0;
    for (const one of waiting) {
      if (sizeOf(one) !== 'small') continue;
      senders.add(one.sender);
      weight += one.weight;
    }
    return weight <= size ? size : Math.max(1, Math.floor(size / senders.size));
  }

  async function start(lane: Size, batch: readonly Waiting<In, Out>[]): Promise<void> {
    const [{ sender }] = batch as [Waiting<In, Out>];
    const keys = batch.flatMap((one) => one.keys);
    for (const key of keys) busyKeys.add(key);
    hold(lane, sender, 1);
    let work = 0;
    try {
      const inputs = batch.map(({ input }) => input);
      const outs = await run(inputs, (more) => {
        work += more;
      });
      for (const [at, one] of batch.entries()) one.resolve(outs[at] as Out);
    } catch (error) {
      for (const one of batch) one.reject(error);
    } finally {
      for (const key of keys) busyKeys.delete(key);
      hold(lane, sender, -1);
      noteWork(batch, work);
      expected = batch.length;
      schedule();
    }
  }

  function hold(lane: Size, sender: string, by: 1 | -1): void {
    underWay[lane] += by;
    if (lane === 'small') return;
    const count = (largeOf.get(sender) ?? 0) + by;
    if (count === 0) largeOf.delete(sender);
    else largeOf.set(sender, count);
  }

  /** Nobody knows whose inputs cost so much in a run of several senders: each shows it in a run of its own. */
  function noteWork(batch: readonly Waiting<In, Out>[], work: number): void {
    for (const { sender } of batch)
      if (work > MOST_WORK) costly.add(sender);
      else costly.delete(sender);
  }
}
