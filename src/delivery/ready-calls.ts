import { addTo } from '#core/group-by';
import type { PlannedCall } from './plan-calls.ts';

/** Calls that are ready to start. Their senders take turns, each with its oldest call first. */
export class ReadyCalls {
  /** The sender whose last turn is longest ago comes first. */
  readonly #bySender = new Map<string, PlannedCall[]>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(calls: readonly PlannedCall[]): void {
    for (const one of calls) {
      addTo(this.#bySender, one.items[0]?.claimed.sender ?? '', one);
    }
    this.#length += calls.length;
  }

  take(): PlannedCall | undefined {
    for (const [sender, waiting] of this.#bySender) {
      const one = waiting.shift();
      this.#bySender.delete(sender);
      if (waiting.length > 0) this.#bySender.set(sender, waiting);
      if (one) this.#length--;
      return one;
    }
    return undefined;
  }

  takeAll(): readonly PlannedCall[] {
    const all = [...this.#bySender.values()].flat();
    this.#bySender.clear();
    this.#length = 0;
    return all;
  }
}
