/** Sessions that partners hand out, kept for the party by name: one login serves all calls until it ends. */
export interface Sessions {
  /** The session, from memory or by logging in; concurrent callers share one login. */
  get<T>(name: string, login: () => Promise<{ readonly value: T; readonly ttlMs: number }>): Promise<T>;
  /** Forget the session that was refused, if it is still the current one. */
  drop(name: string, value: unknown): void;
}

export function createSessions(now: () => number): Sessions {
  const kept = new Map<string, { promise: Promise<unknown>; value?: unknown; endsAt: number }>();
  return {
    async get<T>(name: string, login: () => Promise<{ readonly value: T; readonly ttlMs: number }>): Promise<T> {
      const known = kept.get(name);
      if (known && known.endsAt > now()) return known.promise as Promise<T>;
      const entry = {
        promise: Promise.resolve() as Promise<unknown>,
        value: undefined as unknown,
        endsAt: Number.POSITIVE_INFINITY,
      };
      entry.promise = login().then(({ value, ttlMs }) => {
        entry.value = value;
        entry.endsAt = now() + ttlMs;
        return value;
      });
      kept.set(name, entry);
      // A login that failed is not remembered: the next caller tries anew.
      entry.promise.catch(() => kept.get(name) === entry && kept.delete(name));
      return entry.promise as Promise<T>;
    },
    drop(name, value) {
      if (kept.get(name)?.value === value) kept.delete(name);
    },
  };
}
