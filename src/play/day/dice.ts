/** Repeatable random numbers: a demo with the same seed plays the same day. */
export interface Dice {
  /** In [0, 1). */
  next(): number;
  /** A whole number from 0 to below a limit. */
  below(limit: number): number;
  /** A whole number, both ends included. */
  whole(from: number, to: number): number;
  pick<T>(list: readonly T[]): T;
  /** One of the entries, with probability proportional to its weight. */
  weighted<T>(list: readonly (readonly [T, number])[]): T;
}

/** Mulberry32: 32 bits of state are enough for a day. */
export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  const whole = (from: number, to: number): number => from + below(to - from + 1);
  return {
    next,
    below,
    whole,
    pick: (list) => list[whole(0, list.length - 1)] as (typeof list)[number],
    weighted(list) {
      let left = next() * list.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [one, weight] of list) {
        if (left < weight) return one;
        left -= weight;
      }
      throw new RangeError('nothing to choose from');
    },
  };
}
