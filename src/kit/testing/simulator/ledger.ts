/** One change that the simulated partner took, and how often it took exactly the same. */
export interface LedgerEntry {
  readonly kind: string;
  readonly key: string;
  readonly content: unknown;
  readonly count: number;
}

/** The partner's own record of what it took. It is independent of the hub, so it can prove the hub wrong. */
export interface SimulatorLedger {
  /** Records one change. Returns how often it has been taken. */
  record(kind: string, key: string, content: unknown): number;
  /** Records the state of a thing. Only the same state as the one before is a repeat: a thing may return to an earlier one. */
  recordState(kind: string, key: string, content: unknown): number;
  /** The changes, in the order of their first arrival. */
  entries(): readonly LedgerEntry[];
  /** How many changes were taken, repeats included, of one kind if given. */
  count(kind?: string): number;
  /** How many of them had been taken before with the same content. */
  repeats(): number;
  clear(): void;
}

export function createLedger(): SimulatorLedger {
  const book = new Map<string, { kind: string; key: string; content: unknown; count: number }>();
  // Running totals, because a fast partner reads them at every request.
  const totals = new Map<string, number>();
  const states = new Map<string, { readonly content: string; readonly number: number }>();
  let taken = 0;
  const take = (place: string, kind: string, key: string, content: unknown): number => {
    const entry = book.get(place) ?? { kind, key, content: structuredClone(content), count: 0 };
    entry.count += 1;
    book.set(place, entry);
    totals.set(kind, (totals.get(kind) ?? 0) + 1);
    taken += 1;
    return entry.count;
  };
  return {
    record: (kind, key, content) => take(JSON.stringify([kind, key, content]), kind, key, content),
    recordState(kind, key, content) {
      const thing = JSON.stringify([kind, key]);
      const text = JSON.stringify(content);
      const last = states.get(thing);
      const number = last?.content === text ? last.number : (last?.number ?? 0) + 1;
      states.set(thing, { content: text, number });
      return take(JSON.stringify([kind, key, number]), kind, key, content);
    },
    entries: () => [...book.values()].map((entry) => ({ ...entry })),
    count: (kind) => (kind === undefined ? taken : (totals.get(kind) ?? 0)),
    repeats: () => taken - book.size,
    clear() {
      book.clear();
      states.clear();
      totals.clear();
      taken = 0;
    },
  };
}
