import type pg from 'pg';
import { type Difference, shown } from './difference.ts';
import { SCHEMA } from './schema.ts';

interface Missing {
  readonly code: string;
  readonly status: string;
  readonly at: string;
}

/** Changes in the messages that the live feed never reported. Its other entries stay, since readers have them. */
const MISSING = `
  SELECT code, status, status_at, changed_at FROM ${SCHEMA}.changes
  EXCEPT ALL
  SELECT code, status, status_at, changed_at FROM changes`;

/** Finds changes that the feed never reported. */
export async function missingChanges(db: pg.Pool | pg.PoolClient): Promise<readonly Difference[]> {
  const { rows } = await db.query<Missing>(
    `SELECT code, status, status_at::text AS at FROM (${MISSING}) m WHERE ${KNOWN} ORDER BY code, status_at`,
  );
  return rows.map(({ code, status, at }) => ({
    table: 'changes',
    code,
    column: '(row)',
    live: null,
    rebuilt: shown('status', `${status} at ${at}`),
  }));
}

/** Leaves out dossiers that the messages cannot restore fully. */
const KNOWN = `EXISTS (SELECT 1 FROM dossiers l JOIN ${SCHEMA}.dossiers r ON r.code = l.code
                       WHERE l.code = m.code AND l.version = r.version)`;

/** Appends to the feed the missing changes, and the state of each corrected dossier. */
export async function tellChanges(db: pg.PoolClient, codes: readonly string[], at: string): Promise<void> {
  await db.query(
    `WITH told AS (
       SELECT code, status, status_at, changed_at, 1 AS turn FROM (${MISSING}) m WHERE ${KNOWN}
       UNION ALL
       SELECT code, status, status_at, $2::timestamptz, 2 FROM dossiers WHERE code = ANY($1::text[])),
     numbered AS (SELECT told.*, row_number() OVER (ORDER BY turn, changed_at, code) AS position FROM told),
     counter AS (
       UPDATE change_counter SET value = value + (SELECT count(*) FROM numbered)
       RETURNING value - (SELECT count(*) FROM numbered) AS before)
     INSERT INTO changes (cursor, code, status, status_at, changed_at)
     SELECT counter.before + position, code, status, status_at, changed_at FROM numbered, counter`,
    [codes, at],
  );
}
