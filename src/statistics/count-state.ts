import type pg from 'pg';
import { bitsOf } from '#core/statistics/facts';
import type { Database } from '../database/pool.ts';
import { inTransaction } from '../database/transaction.ts';

/** The progress of counting. */
export interface CountState {
  /** The last counted change. */
  readonly cursor: number;
  /** While all dossiers are counted again: the last counted code. Null when all are done. */
  readonly filledTo: string | null;
}

/** Locks the counting until the end of the transaction. Undefined while another process has the lock. */
export async function takeTurn(tx: pg.PoolClient): Promise<CountState | undefined> {
  const { rows } = await tx.query<CountState>(
    'SELECT cursor, filled_to AS "filledTo" FROM counted_state FOR UPDATE SKIP LOCKED',
  );
  return rows[0];
}

/** Who counts: the scheduler every second, or a reader who wants the newest numbers. */
export type Counter = 'scheduler' | 'reader';

export async function saveState(tx: pg.PoolClient, { cursor, filledTo }: CountState, counter: Counter): Promise<void> {
  await tx.query(
    `UPDATE counted_state SET cursor = $1, filled_to = $2,
       scheduled_at = CASE WHEN $3 THEN clock_timestamp() ELSE scheduled_at END,
       scheduled_since = CASE WHEN NOT $3 OR ${IS_SCHEDULED} THEN scheduled_since ELSE clock_timestamp() END`,
    [cursor, filledTo, counter === 'scheduler'],
  );
}

/**
 * Marks dossiers of services that have changed since the last time: those counted by the terms of their service, or by
 * whether it yields a paper. For more than `most`, it begins to count all again.
 */
export async function recountAfterServices(database: Database, most = MOST_MARKS): Promise<void> {
  await inTransaction(database, async (tx) => {
    // As texts, so that no microsecond is lost.
    const { rows } = await tx.query<{ since: string | null; at: string }>(
      `SELECT s.services_at::text AS since, newest.at::text
       FROM counted_state s CROSS JOIN (SELECT max(changed_at) AS at FROM catalogue WHERE kind = 'service') newest
       WHERE filled_to IS NULL AND newest.at IS NOT NULL AND services_at IS DISTINCT FROM newest.at
       FOR UPDATE OF s`,
    );
    const [changed] = rows;
    if (!changed) return;
    // A minute more, because a change may be committed after a later one. A dossier without facts may be one that its
    // service kept from being counted.
    const { rowCount } = await tx.query(
      `INSERT INTO recounts (code)
       SELECT c.code FROM catalogue s JOIN total_cells k ON k.service_key = s.key JOIN counted c ON c.cell = k.id
       WHERE s.kind = 'service' AND s.changed_at >= coalesce($1::timestamptz, '-infinity') - interval '1 minute'
         AND (facts = 0 OR facts & $2 <> 0 OR (k.channel = 'online' AND facts & $3 = $4))
       LIMIT $5`,
      [changed.since, WITHOUT_DUE_DATE, DONE | WITH_RESULT, DONE, most + 1],
    );
    await saveMarks(tx, (rowCount ?? 0) > most);
    await tx.query('UPDATE counted_state SET services_at = $1', [changed.at]);
  });
}

/**
 * Marks dossiers without a due date if the working calendar has changed since the last time: the terms of their services run
 * in it. For more than `most`, it begins to count all again.
 */
export async function recountAfterCalendar(database: Database, calendar: string, most = MOST_MARKS): Promise<void> {
  await inTransaction(database, async (tx) => {
    const state = await tx.query(
      'SELECT FROM counted_state WHERE filled_to IS NULL AND calendar IS DISTINCT FROM md5($1) FOR UPDATE',
      [calendar],
    );
    if (state.rowCount === 0) return;
    const { rowCount } = await tx.query(
      'INSERT INTO recounts (code) SELECT code FROM counted WHERE facts & $1 <> 0 LIMIT $2',
      [WITHOUT_DUE_DATE, most + 1],
    );
    await saveMarks(tx, (rowCount ?? 0) > most);
    await tx.query('UPDATE counted_state SET calendar = md5($1)', [calendar]);
  });
}

/** Keeps the marks, or begins to count all: then nothing needs a mark. */
async function saveMarks(tx: pg.PoolClient, countsAll: boolean): Promise<void> {
  if (!countsAll) return;
  await tx.query('DELETE FROM recounts');
  await tx.query(`UPDATE counted_state SET filled_to = ''`);
}

const WITHOUT_DUE_DATE = bitsOf(['noDueAt']);
const DONE = bitsOf(['done']);
/** Each result counts as complete, or lacks one of these. */
const WITH_RESULT = bitsOf(['digitalResult', 'noResultLink', 'noResultCode']);
/** One transaction writes this many in a few seconds. */
const MOST_MARKS = 1_000_000;

/**
 * Whether counting all dossiers takes less time than counting this many changes, as after a first load: most dossiers
 * have changed more than once.
 */
export async function isFarBehind(tx: pg.PoolClient, changes: number): Promise<boolean> {
  if (changes < FAR) return false;
  const { rows } = await tx.query<{ dossiers: number }>(
    `SELECT reltuples::float8 AS dossiers FROM pg_class WHERE oid = 'dossiers'::regclass`,
  );
  const { dossiers = -1 } = rows[0] ?? {};
  // Negative until PostgreSQL has looked at the table.
  return dossiers >= 0 && changes > dossiers;
}

/** Half a minute of counting. */
const FAR = 100_000;

/** SQL: whether the scheduler of some process, which comes every second, counted a moment ago. */
const IS_SCHEDULED = `coalesce(scheduled_at > clock_timestamp() - interval '3 s', false)`;

/** A reader counts up to this many changes itself. With 50, at 500 dossiers a second, its p99 was 50 ms instead of 27. */
const FEW_CHANGES = 5;

/**
 * Whether a counter has anything to count. A reader leaves many changes of a flood to the scheduler, which has been counting for
 * ten seconds then. Most questions find nothing, and then need no lock and no commit.
 */
export async function hasUncounted(pool: pg.Pool, counter: Counter): Promise<boolean> {
  const { rows } = await pool.query<{ left: number | null; isFlood: boolean }>({
    name: 'left to count',
    text: `SELECT CASE WHEN s.filled_to IS NULL
             THEN c.value - s.cursor + (SELECT count(*) FROM (SELECT FROM recounts LIMIT ${FEW_CHANGES} + 1) AS marks) END AS left,
             ${IS_SCHEDULED} AND scheduled_since < clock_timestamp() - interval '10 s' AS "isFlood"
           FROM counted_state s CROSS JOIN change_counter c`,
  });
  const { left = null, isFlood = false } = rows[0] ?? {};
  const isForScheduler = isFlood && (left === null || left > FEW_CHANGES);
  return left !== 0 && !(counter === 'reader' && isForScheduler);
}

/** The newest change. */
export async function newestChange(tx: pg.Pool | pg.PoolClient): Promise<number> {
  const { rows } = await tx.query<{ value: number }>('SELECT value FROM change_counter');
  return rows[0]?.value ?? 0;
}

/** The next codes, of dossiers and of counts whose dossier is no longer in the index. */
export async function codesAfter(pool: pg.Pool, after: string, limit: number): Promise<readonly string[]> {
  const { rows } = await pool.query<{ code: string }>({
    name: 'codes after',
    text: `(SELECT code FROM dossiers WHERE code > $1 ORDER BY code LIMIT $2)
           UNION (SELECT code FROM counted WHERE code > $1 ORDER BY code LIMIT $2) ORDER BY code LIMIT $2`,
    values: [after, limit],
  });
  return rows.map(({ code }) => code);
}
