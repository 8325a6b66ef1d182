import type pg from 'pg';
import { type Difference, shown } from './difference.ts';
import { SCHEMA } from './schema.ts';

interface Missing {
  readonly code: string;
  readonly status: string;
  readonly at: string;
}

/**
 * Changes in the messages that the live feed never reported: all, or of the dossiers $1. Its other entries stay, since readers
 * have them.
 */
const MISSING = `
  SELECT code, status, status_at, changed_at FROM ${SCHEMA}.changes WHERE $1::text[] IS NULL OR code = ANY($1)
  EXCEPT ALL
  SELECT code, status, status_at, changed_at FROM changes WHERE $1::text[] IS NULL OR code = ANY($1)`;

/**
 * Finds changes that the feed never reported.
 *
 * @param codes of dossiers, and subjects of records; without them it compares the whole feeds, which takes a while
 */
export async function missingChanges(
  db: pg.Pool | pg.PoolClient,
  codes?: readonly string[],
): Promise<readonly Difference[]> {
  const values = [codes ?? null];
  const { rows } = await db.query<Missing>(
    `SELECT code, status, status_at::text AS at FROM (${MISSING}) m WHERE ${KNOWN} ORDER BY code, status_at`,
    values,
  );
  const ofRecords = await db.query<Missing>(
    `SELECT kind || ' ' || code AS code, state AS status, state_at::text AS at FROM (${MISSING_OF_RECORDS}) m
     WHERE ${KNOWN_RECORD} ORDER BY kind, code, state_at`,
    values,
  );
  return [...rows, ...ofRecords.rows].map(({ code, status, at }) => ({
    table: 'changes',
    code,
    column: '(row)',
    live: null,
    rebuilt: shown('status', `${status} at ${at}`),
  }));
}

/** The same of the feeds of records, by their subjects. */
const MISSING_OF_RECORDS = `
  SELECT kind, code, state, state_at, changed_at FROM ${SCHEMA}.record_changes
  WHERE $1::text[] IS NULL OR kind || ' ' || code = ANY($1)
  EXCEPT ALL
  SELECT kind, code, state, state_at, changed_at FROM record_changes
  WHERE $1::text[] IS NULL OR kind || ' ' || code = ANY($1)`;

const KNOWN_RECORD = `EXISTS (SELECT 1 FROM records l JOIN ${SCHEMA}.records r ON r.subject = l.subject
                              WHERE l.subject = m.kind || ' ' || m.code AND l.version = r.version AND l.rewrites = 0)`;

/**
 * Leaves out dossiers that the messages cannot restore fully, and those of which an erasure changed data: nobody knows which
 * of their events were a change for readers.
 */
const KNOWN = `EXISTS (SELECT 1 FROM dossiers l JOIN ${SCHEMA}.dossiers r ON r.code = l.code
                       WHERE l.code = m.code AND l.version = r.version AND l.rewrites = 0)`;

/**
 * Appends to the feeds the missing changes, and the state of each corrected dossier and record.
 *
 * @param missing whose changes are missing, by code or subject
 */
export async function appendChanges(
  db: pg.PoolClient,
  codes: readonly string[],
  missing: readonly string[],
  at: string,
): Promise<void> {
  await db.query(
    `WITH reported AS (
       SELECT code, status, status_at, changed_at, 1 AS turn FROM (${MISSING}) m WHERE ${KNOWN}
       UNION ALL
       SELECT code, status, status_at, $2::timestamptz, 2 FROM dossiers WHERE code = ANY($3::text[])),
     numbered AS (SELECT reported.*, row_number() OVER (ORDER BY turn, changed_at, code) AS position FROM reported),
     counter AS (
       UPDATE change_counter SET value = value + (SELECT count(*) FROM numbered)
       RETURNING value - (SELECT count(*) FROM numbered) AS before)
     INSERT INTO changes (cursor, code, status, status_at, changed_at)
     SELECT counter.before + position, code, status, status_at, changed_at FROM numbered, counter`,
    [missing, at, codes],
  );
  await db.query(
    `WITH reported AS (
       SELECT kind, code, state, state_at, changed_at, 1 AS turn FROM (${MISSING_OF_RECORDS}) m WHERE ${KNOWN_RECORD}
       UNION ALL
       SELECT kind, code, state, state_at, $2::timestamptz, 2 FROM records WHERE subject = ANY($3::text[])),
     numbered AS (
       SELECT reported.*, row_number() OVER (PARTITION BY kind ORDER BY turn, changed_at, code) AS position FROM reported),
     counter AS (
       INSERT INTO record_change_counters AS c (kind, value)
       SELECT kind, count(*) FROM numbered GROUP BY kind ORDER BY kind
       ON CONFLICT (kind) DO UPDATE SET value = c.value + excluded.value RETURNING kind, value)
     INSERT INTO record_changes (kind, cursor, code, state, state_at, changed_at)
     SELECT kind, counter.value - (SELECT count(*) FROM numbered n WHERE n.kind = counter.kind) + position,
       code, state, state_at, changed_at
     FROM numbered JOIN counter USING (kind)`,
    [missing, at, codes],
  );
}
