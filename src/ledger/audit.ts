import { msToInstant } from '#core/dates';
import type { Database } from '../database/pool.ts';

export interface AuditEntry {
  /** The key's id. */
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
}

/** Who did what that must be accounted for. Entries are only ever added. */
export interface Audit {
  /** Resolves when it is committed. */
  write(entry: AuditEntry): Promise<void>;
}

export function createAudit(database: Database, nowMs: () => number): Audit {
  return {
    async write({ actor, action, subject }) {
      await database.pool.query({
        name: 'audit',
        text: 'INSERT INTO audit (at, actor, action, subject) VALUES ($1::timestamptz, $2, $3, $4)',
        values: [msToInstant(nowMs()), actor, action, subject],
      });
    },
  };
}
