import { say, type Words } from '#messages/message';

/** Remembers whether the database accepted the last write. */
export interface LastWrite {
  kept(): void;
  failed(error: unknown): void;
  /** Why the database cannot store anything, if a recent write failed for that reason. */
  refusal(): Words | undefined;
}

/** After this time the reason expires, so that the next write tests the database again. */
const HOLDS_MS = 30_000;

/**
 * Remembers the result of the last write.
 *
 * A server with a full disk still answers every query. Only a write shows that it cannot store anything.
 */
export function createLastWrite(nowMs: () => number): LastWrite {
  let last: { readonly why: Words; readonly atMs: number } | undefined;
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

/**
 * SQLSTATE class 53 (insufficient resources) or 58 (system error). Other errors concern the written
 * data.
 */
function reasonOf(error: unknown): Words | undefined {
  const { code = '' } = error as { code?: string };
  if (code === '53100') return say('disk-full');
  return /^5[38]/.test(code) ? say('last-write-failed', { code }) : undefined;
}
