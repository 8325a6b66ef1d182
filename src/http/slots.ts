import type { Words } from '#messages/message';
import { tooOften } from './problem.ts';

/** Limits the parallel work of one key in this process. */
export interface Slots {
  /** Takes a slot. @returns a function that frees it, at its first call @throws Refusal 429 when the key has none left */
  take(key: string): () => void;
  /** Runs work in a slot. @throws Refusal 429 when the key has none left */
  hold<Out>(key: string, work: () => Promise<Out>): Promise<Out>;
}

export function createSlots(
  most: number,
  refuse: (key: string) => { readonly detail: Words; readonly retryAfterS: number },
): Slots {
  const taken = new Map<string, number>();

  function take(key: string): () => void {
    const count = taken.get(key) ?? 0;
    if (count >= most) {
      const { detail, retryAfterS } = refuse(key);
      throw tooOften(detail, retryAfterS);
    }
    taken.set(key, count + 1);
    let isTaken = true;
    return () => {
      if (isTaken) taken.set(key, (taken.get(key) ?? 0) - 1);
      isTaken = false;
    };
  }

  return {
    take,
    async hold(key, work) {
      const leave = take(key);
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
