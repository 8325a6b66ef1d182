/** An LRU cache bounded by total bytes. */
export interface ByteLru<Value> {
  get(key: string): Value | undefined;
  /** Replaces the key's value. A value larger than the whole cache is not stored. */
  put(key: string, value: Value, bytes: number): void;
  /** Returns the value and removes it. */
  take(key: string): Value | undefined;
}

export function createByteLru<Value>(mostBytes: number): ByteLru<Value> {
  /** Oldest first. */
  const kept = new Map<string, { readonly value: Value; readonly bytes: number }>();
  let keptBytes = 0;

  function take(key: string): Value | undefined {
    const entry = kept.get(key);
    if (entry && kept.delete(key)) keptBytes -= entry.bytes;
    return entry?.value;
  }

  return {
    get(key) {
      const entry = kept.get(key);
      if (entry && kept.delete(key)) kept.set(key, entry);
      return entry?.value;
    },
    put(key, value, bytes) {
      take(key);
      if (bytes > mostBytes) return;
      kept.set(key, { value, bytes });
      keptBytes += bytes;
      for (const oldest of kept.keys()) {
        if (keptBytes <= mostBytes) return;
        take(oldest);
      }
    },
    take,
  };
}
