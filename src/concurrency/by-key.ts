/** Runs work with the same key one after another, and work with different keys side by side. */
export function createByKey(): <Out>(key: string, work: () => Promise<Out>) => Promise<Out> {
  const last = new Map<string, Promise<unknown>>();
  return (key, work) => {
    const result = (last.get(key) ?? Promise.resolve()).then(work);
    const settled = result.catch(() => undefined).finally(() => last.get(key) === settled && last.delete(key));
    last.set(key, settled);
    return result;
  };
}
