import type { Audit, AuditEntry } from '../ledger/audit.ts';

/** An audit that never rejects. */
export type Attempts = Pick<Audit, 'write'>;

/** The number of entries of one actor in an hour. */
export const AUDITED_AN_HOUR = 60;
const HOUR_MS = 3_600_000;
const MORE = 'more of this actor in the same hour are not listed';

/**
 * An audit for attempts that anybody can repeat.
 *
 * It lists 60 attempts of one actor in an hour. The last entry says that more attempts followed. Never rejects: a
 * failure to write does not change the answer.
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
      await audit.write({ ...entry, actor, why: said }).catch(() => undefined);
    },
  };
}
