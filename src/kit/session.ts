/** Sessions of one party by name. One login serves all calls until the session ends. */
export interface Sessions {
  /** The cached session, or a new login. Concurrent callers share one login. */
  get<T>(name: string, login: () => Promise<{ readonly value: T; readonly ttlMs: number }>): Promise<T>;
  /**
   * The same for a login. A trial makes none: its session is a text that stands for one.
   *
   * @param standIn makes a session from that text, if a session is more than a text
   */
  login<T>(
    name: string,
    login: () => Promise<{ readonly value: T; readonly ttlMs: number }>,
    standIn?: (text: string) => T,
  ): Promise<T>;
  /** Drops a rejected session if it is still the current one. */
  drop(name: string, value: unknown): void;
}

export function createSessions(now: () => number): Sessions {
  const kept = new Map<string, { promise: Promise<unknown>; value?: unknown; endsAt: number }>();
  async function get<T>(name: string, login: () => Promise<{ readonly value: T; readonly ttlMs: number }>): Promise<T> {
    const known = kept.get(name);
    if (known && known.endsAt > now()) return known.promise as Promise<T>;
    // Lists and files of runs that another process continued.
    for (const [other, { endsAt }] of kept) if (endsAt <= now()) kept.delete(other);
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
    // A failed login is not cached, so the next caller tries again.
    entry.promise.catch(() => kept.get(name) === entry && kept.delete(name));
    return entry.promise as Promise<T>;
  }

  return {
    get,
    login: get,
    drop(name, value) {
      if (kept.get(name)?.value === value) kept.delete(name);
    },
  };
}
