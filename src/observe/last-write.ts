/** What the database said when it was last given something to keep. */
export interface LastWrite {
  kept(): void;
  failed(error: unknown): void;
  /** Why nothing can be kept, where that was said just now. */
  refusal(): string | undefined;
}

/** For so long it holds. Whoever is asked nothing more learns nothing more: then somebody has to be let in to try. */
const HOLDS_MS = 30_000;

/**
 * A server whose disk is full answers every question, and so do others that can keep nothing: that is known by the last
 * write alone, whoever made it.
 */
export function createLastWrite(nowMs: () => number): LastWrite {
  let last: { readonly why: string; readonly atMs: number } | undefined;
  return {
    kept() {
      last = undefined;
    },
    failed(error) {
      const why = reasonOf(error);
      if (why !== undefined) last = { why, atMs: nowMs() };
    },
    refusal() {
      if (!last) return undefined;
      const sinceMs = nowMs() - last.atMs;
      return sinceMs >= 0 && sinceMs < HOLDS_MS ? last.why : undefined;
    },
  };
}

/** The classes 53 (it lacks something) and 58 (its system fails it); all else is of what was written, or shows by asking. */
function reasonOf(error: unknown): string | undefined {
  const { code = '' } = error as { code?: string };
  if (code === '53100') return 'the disk of the database is full: it takes no writes';
  return /^5[38]/.test(code) ? `the database could not keep what it was given last (${code})` : undefined;
}
