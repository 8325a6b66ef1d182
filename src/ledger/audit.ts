import type pg from 'pg';
import { msToInstant } from '#core/dates';
import type { Database } from '../database/pool.ts';

export interface AuditEntry {
  /** The key's id. */
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  /** The reason that was given. */
  readonly why?: string;
}

/** Who did what that must be accounted for. Entries are only ever added. */
export interface Audit {
  /** Resolves when it is committed. */
  write(entry: AuditEntry): Promise<void>;
}

export function createAudit(database: Database, nowMs: () => number): Audit {
  return { write: (entry) => writeAudit(database.pool, entry, nowMs()) };
}

/** Within a transaction: the entry is kept with what it tells of, or neither is. */
export async function writeAudit(
  db: pg.Pool | pg.PoolClient,
  { actor, action, subject, why }: AuditEntry,
  nowMs: number,
): Promise<void> {
  await db.query({
    name: 'audit',
    text: 'INSERT INTO audit (at, actor, action, subject, why) VALUES ($1::timestamptz, $2, $3, $4, $5)',
    values: [msToInstant(nowMs), actor, action, subject, why],
  });
}

export interface KeptAuditEntry extends Omit<AuditEntry, 'why'> {
  readonly id: number;
  readonly at: string;
  readonly why: string | null;
}

export interface AuditFilter {
  readonly actor?: string;
  readonly action?: string;
  readonly from?: string;
  readonly to?: string;
}

/** Entries by filter, the newest first, before the id `before`. */
export async function listAudit(
  database: Database,
  { actor, action, from, to }: AuditFilter,
  limit: number,
  before: number | undefined,
): Promise<readonly KeptAuditEntry[]> {
  let query = database.query.selectFrom('audit').select(['id', 'at', 'actor', 'action', 'subject', 'why']);
  if (actor !== undefined) query = query.where('actor', '=', actor);
  if (action !== undefined) query = query.where('action', '=', action);
  if (from !== undefined) query = query.where('at', '>=', from);
  if (to !== undefined) query = query.where('at', '<=', to);
  if (before !== undefined) query = query.where('id', '<', before);
  return query.orderBy('id', 'desc').limit(limit).execute();
}
