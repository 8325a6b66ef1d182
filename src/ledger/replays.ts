import { sql } from 'kysely';
import type pg from 'pg';
import { msToInstant } from '#core/dates/dates';
import { countUpTo, type Total } from '../database/count-up-to.ts';
import { isErased } from '../database/erased.ts';
import type { Database } from '../database/pool.ts';
import { type DeliveryFilter, filterDeliveries, subjectsOf } from './delivery-list.ts';

/** The effect of a replay on one delivery. Only `replayed` changes anything. */
export type ReplayOutcome =
  | 'replayed'
  /** It is due already, now or at its next attempt. */
  | 'already-due'
  /** It waits in quarantine. Settling the cause releases it. */
  | 'held'
  /** A newer version is delivered or due. The older version would undo it. */
  | 'superseded'
  /** The same order came a moment ago. */
  | 'just-replayed'
  /** Another delivery of the same dossier is being sent. This one follows after it is settled. */
  | 'waits'
  /** The personal data was erased, so there is nothing to send. */
  | 'erased';

/** An equal order within this time counts as a repeated click. */
const REPEAT_S = 5;

/** `d` is the delivery, `$now` the moment. Older and newer deliveries are probed row by row, by id. See claim. */
const outcomeSql = (now: string) => `CASE
  WHEN ${isErased('d.subject')} THEN 'erased'
  WHEN d.state = 'held' THEN 'held'
  WHEN d.state = 'due' THEN 'already-due'
  WHEN d.replayed_at > ${now} - interval '${REPEAT_S} s' THEN 'just-replayed'
  WHEN d.operation <> 'dossier.progress.v1' AND EXISTS (
    SELECT 1 FROM deliveries e WHERE e.party = d.party AND e.subject = d.subject AND e.operation = d.operation
      AND e.id > d.id AND e.state || '' IN ('delivered', 'due', 'held')) THEN 'superseded'
  WHEN EXISTS (
    SELECT 1 FROM deliveries e WHERE e.party = d.party AND e.subject = d.subject AND e.state || '' = 'due'
      AND e.leased_by IS NOT NULL AND e.next_at > ${now}) THEN 'waits'
  ELSE 'replayed' END`;

export interface Replayed {
  readonly id: number;
  readonly party: string;
  readonly outcome: ReplayOutcome;
}

/**
 * Makes settled deliveries due again, under their own ids. They may have arrived before, so the adapter looks up first.
 */
export async function replayDeliveries(
  db: pg.Pool | pg.PoolClient,
  ids: readonly number[],
  nowMs: number,
): Promise<readonly Replayed[]> {
  const { rows } = await db.query<Replayed>({
    name: 'replay',
    text: `WITH given AS (SELECT * FROM deliveries WHERE id = ANY($1::int8[]) ORDER BY id FOR UPDATE),
           judged AS (SELECT d.id, d.party, ${outcomeSql('$2::timestamptz')} AS outcome FROM given d),
           replayed AS (
             UPDATE deliveries d SET state = 'due', next_at = $2::timestamptz, replayed_at = $2::timestamptz,
               doubt = true, attempts = 0, settled_at = NULL, cause_key = NULL, leased_by = NULL,
               outcome = NULL, reason = NULL, detail = NULL, words = NULL
             FROM judged WHERE d.id = judged.id AND judged.outcome = 'replayed' RETURNING d.id)
           SELECT id, party, outcome FROM judged ORDER BY id`,
    values: [ids, msToInstant(nowMs)],
  });
  return rows;
}

/** The effect of a replay: counts, parties, and the versions of a sample. */
export interface ReplayPreview {
  readonly outcomes: Readonly<Partial<Record<ReplayOutcome, number>>>;
  readonly parties: readonly { readonly party: string; readonly deliveries: number; readonly dossiers: number }[];
  readonly sample: readonly {
    readonly id: number;
    readonly party: string;
    readonly operation: string;
    readonly code: string;
    /** The version that the partner would get, and the newest one in the index. */
    readonly version: number;
    readonly newestVersion: number | null;
    readonly state: string;
  }[];
}

const SAMPLE = 10;

export async function previewReplay(database: Database, filter: DeliveryFilter, nowMs: number): Promise<ReplayPreview> {
  const subjects = await subjectsOf(database, filter);
  const now = `'${msToInstant(nowMs)}'::timestamptz`;
  const judged = filterDeliveries(database.query.selectFrom('deliveries as d'), filter, subjects)
    .select(['d.id', 'd.party', 'd.operation', 'd.subject', 'd.seq', 'd.state'])
    .select(sql<ReplayOutcome>`${sql.raw(outcomeSql(now))}`.as('outcome'));
  const counts = await database.query
    .with('judged', () => judged)
    .selectFrom('judged')
    .select(['outcome', 'party'])
    .select(({ fn }) => [fn.countAll<number>().as('deliveries'), fn.count<number>('subject').distinct().as('dossiers')])
    .groupBy(['outcome', 'party'])
    .orderBy('party')
    .execute();
  const sample = await database.query
    .with('judged', () => judged)
    .selectFrom('judged')
    .leftJoin('dossiers', 'dossiers.code', 'judged.subject')
    .select(['judged.id', 'judged.party', 'judged.operation', 'judged.subject as code', 'judged.seq as version'])
    .select(['dossiers.version as newestVersion', 'judged.state'])
    .where('outcome', 'in', ['replayed', 'waits'])
    .orderBy('judged.id')
    .limit(SAMPLE)
    .execute();
  const outcomes: Partial<Record<ReplayOutcome, number>> = {};
  for (const { outcome, deliveries } of counts) outcomes[outcome] = (outcomes[outcome] ?? 0) + deliveries;
  const would = counts.filter(({ outcome }) => outcome === 'replayed' || outcome === 'waits');
  const parties = [...new Set(would.map(({ party }) => party))].map((party) => {
    const own = would.filter((row) => row.party === party);
    const sum = (of: 'deliveries' | 'dossiers'): number => own.reduce((total, row) => total + row[of], 0);
    return { party, deliveries: sum('deliveries'), dossiers: sum('dossiers') };
  });
  return { outcomes, parties, sample };
}

/** The filter of a run that adds deliveries. See operator-orders/backfill.ts. */
export interface BackfillFilter {
  readonly party: string;
  readonly untold: true;
}

/** A run over many deliveries, at a rate. A process works on it while it holds the lock of its row. */
export interface Replay {
  readonly id: number;
  readonly who: string;
  readonly why: string;
  readonly at: string;
  /** The deliveries to replay, or the party to backfill. */
  readonly filter: DeliveryFilter | BackfillFilter;
  readonly perSecond: number;
  readonly state: 'running' | 'stopped' | 'done';
  readonly endedAt: string | null;
  readonly stoppedBy: string | null;
  readonly total: number;
  /** The deliveries so far, by result. `added`: the run created a missing delivery. */
  readonly outcomes: Readonly<Partial<Record<ReplayOutcome | 'added', number>>>;
}

/**
 * Prepares a run with the deliveries that match now.
 *
 * @returns a function that stores the run within a transaction, and returns its id
 */
export async function prepareReplay(
  database: Database,
  run: NewRun<DeliveryFilter>,
): Promise<(tx: pg.PoolClient, nowMs: number) => Promise<number>> {
  const { filter } = run;
  const subjects = await subjectsOf(database, filter);
  const found = filterDeliveries(database.query.selectFrom('deliveries as d'), filter, subjects)
    .select('d.id')
    .compile();
  return async (tx, nowMs) => {
    const id = await addRun(tx, run, 0, nowMs);
    const { rowCount } = await tx.query(
      `INSERT INTO replay_items (replay_id, delivery_id) SELECT ${Number(id)}, found.id FROM (${found.sql}) found`,
      [...found.parameters],
    );
    await tx.query('UPDATE replays SET total = $2 WHERE id = $1', [id, rowCount]);
    return id;
  };
}

type NewRun<Filter> = Pick<Replay, 'who' | 'why' | 'perSecond'> & { readonly filter: Filter };

/**
 * Stores a run within a transaction.
 *
 * @returns its id
 */
export async function addRun(
  tx: pg.PoolClient,
  { who, why, filter, perSecond }: NewRun<Replay['filter']>,
  total: number,
  nowMs: number,
): Promise<number> {
  const { rows } = await tx.query<{ id: number }>(
    `INSERT INTO replays (who, why, at, filter, per_second, next_at, total)
     VALUES ($1, $2, $3::timestamptz, $4, $5, $3::timestamptz, $6) RETURNING id`,
    [who, why, msToInstant(nowMs), JSON.stringify(filter), perSecond, total],
  );
  return (rows[0] as { id: number }).id;
}

/**
 * Stops a run: nothing more becomes due, and its remaining deliveries are dropped.
 *
 * @returns false if it was not running
 */
export async function stopReplay(database: Database, id: number, who: string, nowMs: number): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    `WITH stopped AS (
       UPDATE replays SET state = 'stopped', stopped_by = $2, ended_at = $3::timestamptz
       WHERE id = $1 AND state = 'running' RETURNING id),
     forgotten AS (DELETE FROM replay_items WHERE replay_id IN (SELECT id FROM stopped))
     SELECT id FROM stopped`,
    [id, who, msToInstant(nowMs)],
  );
  return rowCount === 1;
}

export async function runningReplays(database: Database, nowMs: number): Promise<readonly number[]> {
  const { rows } = await database.pool.query<{ id: number }>({
    name: 'running replays',
    text: `SELECT id FROM replays WHERE state = 'running' AND next_at <= $1::timestamptz ORDER BY id`,
    values: [msToInstant(nowMs)],
  });
  return rows.map((row) => row.id);
}

/** Adds the next deliveries of a backfill. See continueBackfill. */
export type Backfiller<Filter> = (
  tx: pg.PoolClient,
  filter: Filter,
  begin: string,
  atMost: number,
) => Promise<{ readonly added: number; readonly after: string | undefined }>;

type Owned = Pick<Replay, 'perSecond' | 'outcomes' | 'filter'> & { readonly after: string };

/** The result of one second's work. */
interface Advance {
  readonly outcomes: Replay['outcomes'];
  readonly isDone: boolean;
  readonly after: string;
  readonly partiesToNotify: readonly string[];
}

/**
 * Runs one second's worth of a run, in the order of the deliveries. Finished deliveries are counted and dropped.
 *
 * @returns the parties with a delivery that is due now
 */
export async function advanceReplay<Filter extends BackfillFilter>(
  tx: pg.PoolClient,
  id: number,
  nowMs: number,
  backfill: Backfiller<Filter>,
): Promise<readonly string[]> {
  const now = msToInstant(nowMs);
  const { rows } = await tx.query<Owned>(
    `SELECT per_second AS "perSecond", outcomes, filter, after_code AS after FROM replays
     WHERE id = $1 AND state = 'running' AND next_at <= $2::timestamptz FOR UPDATE SKIP LOCKED`,
    [id, now],
  );
  const [owned] = rows;
  if (!owned) return [];
  const { outcomes, isDone, after, partiesToNotify } =
    'untold' in owned.filter
      ? await advanceBackfill(tx, owned, owned.filter as Filter, backfill)
      : await advanceItems(tx, id, owned, nowMs);
  await tx.query(
    // From the time that was due: a sweep that comes a moment early would skip a second each time.
    `UPDATE replays SET next_at = greatest(next_at + interval '1 s', $2::timestamptz + interval '0.5 s'), state = $3, ended_at = $4::timestamptz, outcomes = $5,
       after_code = $6, total = greatest(total, $7)
     WHERE id = $1`,
    [id, now, isDone ? 'done' : 'running', isDone ? now : null, JSON.stringify(outcomes), after, sumOf(outcomes)],
  );
  return partiesToNotify;
}

async function advanceItems(tx: pg.PoolClient, id: number, owned: Owned, nowMs: number): Promise<Advance> {
  const { rows: next } = await tx.query<{ id: number }>(
    `SELECT delivery_id AS id FROM replay_items WHERE replay_id = $1 ORDER BY delivery_id LIMIT $2`,
    [id, owned.perSecond],
  );
  const ids = next.map((row) => row.id);
  const replayed = await replayDeliveries(tx, ids, nowMs);
  const dealt = replayed.filter(({ outcome }) => outcome !== 'waits');
  await tx.query('DELETE FROM replay_items WHERE replay_id = $1 AND delivery_id = ANY($2::int8[])', [
    id,
    dealt.map((one) => one.id),
  ]);
  const outcomes: Record<string, number> = { ...owned.outcomes };
  for (const { outcome } of dealt) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  const isDone = ids.length < owned.perSecond && dealt.length === replayed.length;
  const again = replayed.filter(({ outcome }) => outcome === 'replayed');
  return { outcomes, isDone, after: owned.after, partiesToNotify: [...new Set(again.map(({ party }) => party))] };
}

async function advanceBackfill<Filter extends BackfillFilter>(
  tx: pg.PoolClient,
  { outcomes, after: begin, perSecond }: Owned,
  filter: Filter,
  backfill: Backfiller<Filter>,
): Promise<Advance> {
  const { added, after } = await backfill(tx, filter, begin, perSecond);
  return {
    outcomes: added > 0 ? { ...outcomes, added: (outcomes.added ?? 0) + added } : outcomes,
    isDone: after === undefined,
    after: after ?? begin,
    partiesToNotify: added > 0 ? [filter.party] : [],
  };
}

function sumOf(outcomes: Replay['outcomes']): number {
  return Object.values(outcomes).reduce((sum, count) => sum + count, 0);
}

/** How many runs there are. */
export const countReplays = (database: Database): Promise<Total> =>
  countUpTo(database, database.query.selectFrom('replays'));

/** Runs, newest first, before the id `before`. */
export async function loadReplays(
  database: Database,
  limit: number,
  where: { readonly before?: number; readonly id?: number } = {},
): Promise<readonly Replay[]> {
  let query = database.query
    .selectFrom('replays')
    .select(['id', 'who', 'why', 'at', 'per_second as perSecond', 'state', 'ended_at as endedAt'])
    .select(['stopped_by as stoppedBy', 'filter', 'total', 'outcomes']);
  if (where.before !== undefined) query = query.where('id', '<', where.before);
  if (where.id !== undefined) query = query.where('id', '=', where.id);
  const runs = await query.orderBy('id', 'desc').limit(limit).execute();
  return runs.map((run) => ({
    ...run,
    state: run.state as Replay['state'],
    filter: run.filter as Replay['filter'],
    outcomes: run.outcomes as Replay['outcomes'],
  }));
}
