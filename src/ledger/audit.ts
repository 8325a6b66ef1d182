import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type pg from 'pg';
import { msToInstant } from '#core/dates/dates';
import type { AuditSubject } from '#core/identifiers/audit-subject';
import { batchCalls } from '../concurrency/batch-calls.ts';
import type { Total } from '../database/count-up-to.ts';
import { countMatching, type Looked, type Matching, newestMatching } from '../database/newest-matching.ts';
import type { Database } from '../database/pool.ts';
import { isAbout } from './audit-subjects.ts';

export interface AuditEntry {
  /** The key's id. */
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  /** The reason that the actor gave. */
  readonly why?: string | undefined;
}

/** The audit of all actions and their actors. Entries are only added. */
export interface Audit {
  /** Resolves after the commit. */
  write(entry: AuditEntry): Promise<void>;
}

export function createAudit(database: Database, nowMs: () => number): Audit {
  // Entries form a chain (see audit-chain.ts), so writes happen one after the other. Batches keep them few.
  const write = batchCalls(
    async (entries: readonly AuditEntry[]) => {
      await writeAll(database.pool, entries, nowMs());
      return entries.map(() => undefined);
    },
    { size: 200, maxRuns: 1 },
  );
  return { write };
}

/**
 * Writes an entry within a transaction, so that it commits together with its action. Write it last, because other
 * entries wait for the end of the transaction.
 */
export async function writeAudit(db: pg.Pool | pg.PoolClient, entry: AuditEntry, nowMs: number): Promise<void> {
  await writeAll(db, [entry], nowMs);
}

async function writeAll(db: pg.Pool | pg.PoolClient, entries: readonly AuditEntry[], nowMs: number): Promise<void> {
  await db.query({
    name: 'audit',
    text: `INSERT INTO audit (at, actor, action, subject, why)
           SELECT $1::timestamptz, actor, action, subject, why
           FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY AS given(actor, action, subject, why, n)
           ORDER BY n`,
    values: [
      msToInstant(nowMs),
      entries.map(({ actor }) => actor),
      entries.map(({ action }) => action),
      entries.map(({ subject }) => subject),
      entries.map(({ why }) => why ?? null),
    ],
  });
}

export interface StoredAuditEntry extends Omit<AuditEntry, 'why'> {
  readonly id: number;
  readonly at: string;
  readonly why: string | null;
  /** Position and link in the chain of all entries (hexadecimal). See audit-chain.ts. */
  readonly position: number;
  readonly link: string;
  /** Whether an erasure hid a person in `why`. Then `link` is that of the reason before. */
  readonly erased: boolean;
}

export interface AuditFilter {
  readonly actor?: string;
  readonly action?: string;
  readonly subject?: AuditSubject | undefined;
  readonly from?: string;
  readonly to?: string;
}

const COLUMNS = sql<StoredAuditEntry>`id, at, actor, action, subject, why, position, encode(link, 'hex') AS link,
  erased IS NOT NULL AS erased`;

/** Entries by filter, newest first, before the id `before`. */
export const listAudit = (
  database: Database,
  filter: AuditFilter,
  limit: number,
  before: number | undefined,
): Promise<Looked<StoredAuditEntry>> => newestMatching(database, matching(filter), COLUMNS, limit, before);

export const countAudit = (database: Database, filter: AuditFilter): Promise<Total> =>
  countMatching(database, matching(filter));

function matching({ actor, action, subject, from, to }: AuditFilter): Matching {
  const indexed: RawBuilder<SqlBool>[] = [];
  const others: RawBuilder<SqlBool>[] = [];
  if (from !== undefined) indexed.push(sql`at >= ${from}::timestamptz`);
  if (to !== undefined) indexed.push(sql`at <= ${to}::timestamptz`);
  if (actor !== undefined) others.push(sql`actor = ${actor}`);
  if (action !== undefined) others.push(sql`action = ${action}`);
  if (subject !== undefined) others.push(isAbout(subject));
  return { table: 'audit', indexed, others, by: indexed.length > 0 ? 'at' : undefined };
}
