/** An input that waits for a run. */
export interface WaitingInput {
  /** Its number of items, at least 1. */
  readonly weight: number;
  readonly sender: string;
  /** What the input changes. Two runs never hold the same key, and inputs with a common key keep their order. */
  readonly keys: readonly string[];
}

/** Inputs of this weight or more have runs of their own, so that no single push waits for an array. */
const LARGE_WEIGHT = 20;
const MAX_RUNS = { small: 2, large: 3 } as const;
/** Concurrent runs of large inputs of one sender. One more is always free for another sender. */
const MAX_LARGE_OF_ONE = MAX_RUNS.large - 1;
/** A sender is alone if these last runs had inputs of no other one. */
const LAST_RUNS = 16;
/** While several senders send, a run is bounded to about this time. Runs below the least size gain nothing. */
const SHARED_RUN_MS = 20;
const LEAST_SHARED_SIZE = 50;
/** After a run with more work, its senders' inputs count as large, until one of their runs is cheap again. */
const CHEAP_WORK = 5_000;

/** Runs of small inputs, and runs of large inputs of one sender. */
export type RunKind = keyof typeof MAX_RUNS;

/**
 * Chooses the waiting inputs for the next run, so that no sender waits for another one. Example: single dossiers of all senders
 * share runs, two at a time. Arrays of 900 of one sender have up to two more runs, and a third is free for another sender.
 */
export class FairChoice<Waiting extends WaitingInput> {
  readonly #size: number;
  #waiting: Waiting[] = [];
  readonly #busyKeys = new Set<string>();
  readonly #costlySenders = new Set<string>();
  readonly #underWay = { small: 0, large: 0 };
  /** Running large inputs, by sender. */
  readonly #largeOf = new Map<string, number>();
  /** The sender of each of the last runs, undefined for several. */
  readonly #lastSenders: (string | undefined)[] = [];
  /** The time of a run for each unit of weight, a moving average. */
  readonly #msPerWeight = { small: 0, large: 0 };

  /** @param size the largest weight of one run; a run takes at least one input */
  constructor(size: number) {
    this.#size = size;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  underWay(kind: RunKind): number {
    return this.#underWay[kind];
  }

  /** @returns the kind of the run that takes it */
  add(one: Waiting): RunKind {
    this.#waiting.push(one);
    return this.#kindOf(one);
  }

  /** Whether a run of this kind may begin. */
  hasRoom(kind: RunKind): boolean {
    return this.#underWay[kind] < MAX_RUNS[kind];
  }

  /** Removes the inputs of the next run of a kind, oldest first. Empty if no input may run now. */
  take(kind: RunKind): readonly Waiting[] {
    const only = kind === 'large' ? this.#nextLargeSender() : undefined;
    if (kind === 'large' && only === undefined) return [];
    const size = this.#sizeFor(kind);
    const share = kind === 'small' ? this.#shareOfOne(size) : size;
    const weightOf = new Map<string, number>();
    const taken: Waiting[] = [];
    let weight = 0;
    this.#waiting = this.#offer((one) => {
      if (this.#kindOf(one) !== kind || (only !== undefined && one.sender !== only)) return false;
      const own = weightOf.get(one.sender) ?? 0;
      if ((weight > 0 && weight + one.weight > size) || (own > 0 && own + one.weight > share)) return false;
      weight += one.weight;
      weightOf.set(one.sender, own + one.weight);
      taken.push(one);
      return true;
    });
    return taken;
  }

  /** Records that a run began, and holds the keys of its inputs. */
  runBegan(kind: RunKind, batch: readonly Waiting[]): void {
    const sender = batch[0]?.sender;
    this.#lastSenders.push(batch.every((one) => one.sender === sender) ? sender : undefined);
    if (this.#lastSenders.length > LAST_RUNS) this.#lastSenders.shift();
    for (const { keys } of batch) for (const key of keys) this.#busyKeys.add(key);
    this.#countRun(kind, batch, 1);
  }

  /**
   * Records that a run ended, and frees its keys.
   *
   * @param work the total work that the run reported
   */
  runEnded(
    kind: RunKind,
    batch: readonly Waiting[],
    { work, tookMs }: { readonly work: number; readonly tookMs: number },
  ): void {
    const ms = tookMs / batch.reduce((sum, { weight }) => sum + weight, 0);
    this.#msPerWeight[kind] += (ms - this.#msPerWeight[kind]) / 8;
    for (const { keys } of batch) for (const key of keys) this.#busyKeys.delete(key);
    this.#countRun(kind, batch, -1);
    // Nobody knows which of several senders caused the work. Each shows it in a run of its own.
    for (const { sender } of batch)
      if (work > CHEAP_WORK) this.#costlySenders.add(sender);
      else this.#costlySenders.delete(sender);
  }

  #countRun(kind: RunKind, [first]: readonly Waiting[], by: 1 | -1): void {
    this.#underWay[kind] += by;
    if (kind === 'small' || !first) return;
    const count = (this.#largeOf.get(first.sender) ?? 0) + by;
    if (count === 0) this.#largeOf.delete(first.sender);
    else this.#largeOf.set(first.sender, count);
  }

  #kindOf({ weight, sender }: Waiting): RunKind {
    return weight >= LARGE_WEIGHT || this.#costlySenders.has(sender) ? 'large' : 'small';
  }

  /** Offers each input that shares no key with a run or with an earlier input that stays. Returns those that stay. */
  #offer(take: (one: Waiting) => boolean): Waiting[] {
    const held = new Set(this.#busyKeys);
    return this.#waiting.filter((one) => {
      if (!one.keys.some((key) => held.has(key)) && take(one)) return false;
      for (const key of one.keys) held.add(key);
      return true;
    });
  }

  /** The sender of the next run of large inputs: the one with the fewest running, among those that may begin one. */
  #nextLargeSender(): string | undefined {
    let next: string | undefined;
    let fewest = MAX_LARGE_OF_ONE;
    this.#offer((one) => {
      const running = this.#largeOf.get(one.sender) ?? 0;
      if (this.#kindOf(one) === 'large' && running < fewest) {
        next = one.sender;
        fewest = running;
      }
      return false;
    });
    return next;
  }

  /** Whether nobody else sent anything lately. */
  #isAlone(sender: string): boolean {
    return this.#lastSenders.every((one) => one === sender) && this.#waiting.every((one) => one.sender === sender);
  }

  /** The largest weight of the next run: less if others would wait for it. */
  #sizeFor(kind: RunKind): number {
    const sender = this.#waiting[0]?.sender;
    if (sender === undefined || this.#isAlone(sender)) return this.#size;
    const fitting = Math.floor(SHARED_RUN_MS / this.#msPerWeight[kind]);
    return Math.min(this.#size, Math.max(fitting, LEAST_SHARED_SIZE));
  }

  /** The weight that one sender gets in a run of small inputs: an equal share if they do not all fit. */
  #shareOfOne(size: number): number {
    const senders = new Set<string>();
    let weight = 0;
    for (const one of this.#waiting) {
      if (this.#kindOf(one) !== 'small') continue;
      senders.add(one.sender);
      weight += one.weight;
    }
    return weight <= size ? size : Math.max(1, Math.floor(size / senders.size));
  }
}
