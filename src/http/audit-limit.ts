import type { Audit, AuditEntry } from '../ledger/audit.ts';

/** An audit whose writing never rejects. */
export type Attempts = Pick<Audit, 'write'>;

/** Entries of one actor in an hour. */
export const AUDITED_AN_HOUR = 60;
const HOUR_MS = 3_600_000;
const MORE = 'more of this actor in the same hour are not listed';

/**
 * An audit for attempts that anybody can repeat: 60 of one actor in an hour, and the last one says that there are more. Never
 * rejects: a failure to write does not change the answer.
 */
export function createAuditLimit({ audit, nowMs }: { audit: Audit; nowMs: () => number }): Attempts {
  let hour = 0;
  const counts = new Map<string, number>();
  return {
    async write({ actor, why, ...entry }: AuditEntry) {
      const now = Math.floor(nowMs() / HOUR_MS);
      if (now !== hour) counts.clear();
      hour = now;
      const count = (counts.get(actor) ?? 0) + 1;
      counts.set(actor, count);
      if (count > AUDITED_AN_HOUR) return;
      const said = count === AUDITED_AN_HOUR ? [why, MORE].filter((one) => one !== undefined).join('; ') : why;
      await audit.write({ ...entry, actor, ...(said !== undefined && { why: said }) }).catch(() => undefined);
    },
  };
}
