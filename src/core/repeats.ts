const AGAIN_MS = 60_000;
/** More different texts than one fault has. */
const MOST_KNOWN = 1_000;

/**
 * Lets an equal text pass once a minute, such as an error that returns each second while a server is away.
 * @param nowMs a clock that is never set back
 * @returns a function that returns how many equal texts it held back before this one; undefined: hold this one back
 */
export function createRepeats(nowMs: () => number): (text: string) => number | undefined {
  const known = new Map<string, { readonly atMs: number; heldBack: number }>();
  return (text) => {
    const before = known.get(text);
    const atMs = nowMs();
    if (before && atMs - before.atMs < AGAIN_MS) {
      before.heldBack++;
      return undefined;
    }
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(text, { atMs, heldBack: 0 });
    return before?.heldBack ?? 0;
  };
}
