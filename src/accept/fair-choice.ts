/** An input that waits for a run. */
export interface WaitingInput {
  readonly weight: number;
  readonly sender: string;
  /** What it changes. Two runs never hold the same key, and inputs with a common key keep their order. */
  readonly keys: readonly string[];
}

/** Inputs of this weight or more have runs of their own. */
const LARGE_WEIGHT = 200;
const MAX_RUNS = { small: 2, large: 3 } as const;
/** Runs of large inputs that one sender may have under way: one more is always free for another sender. */
const MAX_LARGE_OF_ONE = MAX_RUNS.large - 1;
/** After a run with more work, its senders' inputs count as large, until a run of theirs is cheap again. */
const CHEAP_WORK = 5_000;

/** Runs of small inputs, and runs of large ones of one sender. */
export type RunKind = keyof typeof MAX_RUNS;

/** Chooses which waiting inputs the next run takes, so that no sender waits for another one. */
export class FairChoice<Waiting extends WaitingInput> {
  readonly #size: number;
  #waiting: Waiting[] = [];
  readonly #busyKeys = new Set<string>();
  readonly #costlySenders = new Set<string>();
  readonly #underWay = { small: 0, large: 0 };
  /** Runs of large inputs under way, by sender. */
  readonly #largeOf = new Map<string, number>();

  /** @param size the weight that one run takes at most; at least one input */
  constructor(size: number) {
    this.#size = size;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get underWay(): number {
    return this.#underWay.small + this.#underWay.large;
  }

  add(one: Waiting): void {
    this.#waiting.push(one);
  }

  /** Whether a run of this kind may begin. */
  hasRoom(kind: RunKind): boolean {
    return this.#underWay[kind] < MAX_RUNS[kind];
  }

  /** Removes what the next run of a kind takes, the oldest first; empty when no input may run now. */
  take(kind: RunKind): readonly Waiting[] {
    const only = kind === 'large' ? this.#nextLargeSender() : undefined;
    if (kind === 'large' && only === undefined) return [];
    const mostOfOne = kind === 'small' ? this.#shareOfOne() : this.#size;
    const weights = new Map<string, number>();
    let weight = 0;
    const [taken, rest] = this.#split((one) => {
      const own = weights.get(one.sender) ?? 0;
      const isWanted = this.#kindOf(one) === kind && (only === undefined || one.sender === only);
      const fits = (weight === 0 || weight + one.weight <= this.#size) && (own === 0 || own + one.weight <= mostOfOne);
      if (!isWanted || !fits) return false;
      weight += one.weight;
      weights.set(one.sender, own + one.weight);
      return true;
    });
    this.#waiting = rest;
    return taken;
  }

  /** Notes that a run began, and holds the keys of its inputs. */
  runBegan(kind: RunKind, batch: readonly Waiting[]): void {
    for (const { keys } of batch) for (const key of keys) this.#busyKeys.add(key);
    this.#countRun(kind, batch, 1);
  }

  /** Notes that a run ended, and frees its keys. @param work what the run reported in all */
  runEnded(kind: RunKind, batch: readonly Waiting[], work: number): void {
    for (const { keys } of batch) for (const key of keys) this.#busyKeys.delete(key);
    this.#countRun(kind, batch, -1);
    // Which of several senders caused the work is unknown: each shows it in a run of its own.
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

  /** Splits the waiting inputs by a choice. An input that shares a key with a run, or with an earlier input that stays, stays. */
  #split(isTaken: (one: Waiting) => boolean): [Waiting[], Waiting[]] {
    const held = new Set(this.#busyKeys);
    const taken: Waiting[] = [];
    const rest: Waiting[] = [];
    for (const one of this.#waiting)
      if (!one.keys.some((key) => held.has(key)) && isTaken(one)) taken.push(one);
      else {
        rest.push(one);
        for (const key of one.keys) held.add(key);
      }
    return [taken, rest];
  }

  /** The sender of the next run of large inputs: of those that may begin one, the sender with the fewest under way. */
  #nextLargeSender(): string | undefined {
    let next: string | undefined;
    this.#split((one) => {
      const count = this.#largeOf.get(one.sender) ?? 0;
      if (this.#kindOf(one) !== 'large' || count >= MAX_LARGE_OF_ONE) return false;
      if (next === undefined || count < (this.#largeOf.get(next) ?? 0)) next = one.sender;
      return true;
    });
    return next;
  }

  /** The weight that one sender gets of a run of small inputs: an equal share when not all of them fit. */
  #shareOfOne(): number {
    const senders = new Set<string>();
    let weight = 0;
    for (const one of this.#waiting) {
      if (this.#kindOf(one) !== 'small') continue;
      senders.add(one.sender);
      weight += one.weight;
    }
    return weight <= this.#size ? this.#size : Math.max(1, Math.floor(this.#size / senders.size));
  }
}
