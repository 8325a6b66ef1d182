import type pg from 'pg';
import { msToInstant } from '#core/dates/dates';
import { countUpTo, type Total } from '../database/count-up-to.ts';
import type { Database } from '../database/pool.ts';
import type { Sealed, Vault } from '../secrets/vault.ts';

/** A legal hold: nothing of a dossier, a record or a person is erased while it is in force. */
export interface LegalHold {
  readonly id: number;
  /** The dossier's code or the record's subject; null for a person. */
  readonly subject: string | null;
  /** How many dossiers and records are known to be under it. */
  readonly subjects: number;
  readonly who: string;
  readonly why: string;
  readonly at: string;
  readonly liftedAt: string | null;
  readonly liftedBy: string | null;
  readonly liftedWhy: string | null;
}

export interface NewHold {
  readonly subject: string | undefined;
  /** The keys of a person, by which their records are recognised: a sealed list. */
  readonly person: Sealed | undefined;
  readonly who: string;
  readonly why: string;
}

/** @returns its id */
export async function addHold(
  tx: pg.PoolClient,
  { subject, person, who, why }: NewHold,
  nowMs: number,
): Promise<number> {
  const { rows } = await tx.query<{ id: number }>(
    `INSERT INTO legal_holds (subject, person, person_key, who, why, at) VALUES ($1, $2, $3, $4, $5, $6::timestamptz) RETURNING id`,
    [subject ?? null, person?.bytes ?? null, person?.keyId ?? null, who, why, msToInstant(nowMs)],
  );
  const { id } = rows[0] as { id: number };
  if (subject !== undefined) await addHeldSubjects(tx, [{ id, subject }]);
  return id;
}

/** The newest hold, in force or lifted; 0 without any. Another number later means that a hold was set meanwhile. */
export async function newestHold({ pool }: Pick<Database, 'pool'>): Promise<number> {
  const { rows } = await pool.query<{ id: number }>('SELECT coalesce(max(id), 0) AS id FROM legal_holds');
  return rows[0]?.id ?? 0;
}

export interface HeldSubject {
  readonly id: number;
  readonly subject: string;
}

/** Notes that dossiers and records are under a hold. */
export async function addHeldSubjects(db: pg.Pool | pg.PoolClient, held: readonly HeldSubject[]): Promise<void> {
  await db.query({
    name: 'add held subjects',
    text: `INSERT INTO held_subjects (subject, hold_id) SELECT subject, id FROM unnest($1::text[], $2::int8[]) AS n(subject, id)
           WHERE EXISTS (SELECT FROM legal_holds l WHERE l.id = n.id AND l.lifted_at IS NULL) ON CONFLICT DO NOTHING`,
    values: [held.map(({ subject }) => subject), held.map(({ id }) => id)],
  });
}

/** Forgets the person of the hold, too. @returns false if it is not in force */
export async function liftHold(
  tx: pg.PoolClient,
  id: number,
  { who, why }: Pick<NewHold, 'who' | 'why'>,
  nowMs: number,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE legal_holds SET lifted_at = $2::timestamptz, lifted_by = $3, lifted_why = $4, person = NULL, person_key = NULL
     WHERE id = $1 AND lifted_at IS NULL`,
    [id, msToInstant(nowMs), who, why],
  );
  await tx.query('DELETE FROM held_subjects WHERE hold_id = $1', [id]);
  return rowCount === 1;
}

/**
 * Whether the call of an attempt `a` of a delivery `d` also carried a delivery under a hold, in SQL. The deliveries of a call
 * end at one moment, and the first one stores the call.
 */
export const IS_HELD_CALL = `(d.party, d.operation, a.at, a.took_ms) IN (
  SELECT o.party, o.operation, b.at, b.took_ms FROM deliveries o JOIN attempts b ON b.delivery_id = o.id
  WHERE b.delivery_id = ANY(ARRAY(SELECT id FROM deliveries WHERE party = ANY(ARRAY(SELECT party FROM party_states))
    AND subject = ANY(ARRAY(SELECT subject FROM held_subjects)))))`;

export interface PersonHold {
  readonly id: number;
  /** See personKeys. */
  readonly keys: readonly string[];
}

/** The holds in force for people. */
export async function holdsOfPeople({ pool }: Pick<Database, 'pool'>, vault: Vault): Promise<readonly PersonHold[]> {
  const { rows } = await pool.query<{ id: number; bytes: Buffer; keyId: number }>({
    name: 'holds of people',
    text: `SELECT id, person AS bytes, person_key AS "keyId" FROM legal_holds
           WHERE lifted_at IS NULL AND person IS NOT NULL ORDER BY id`,
  });
  return rows.map(({ id, ...sealed }) => ({ id, keys: JSON.parse(vault.open(sealed).toString()) }));
}

/** Whether a hold for a person is in force, in SQL: any record may turn out to be theirs. */
export const IS_ANY_PERSON_HELD = 'EXISTS (SELECT FROM legal_holds WHERE lifted_at IS NULL AND person IS NOT NULL)';

export async function isAnyPersonHeld({ pool }: Pick<Database, 'pool'>): Promise<boolean> {
  const { rows } = await pool.query<{ any: boolean }>(`SELECT ${IS_ANY_PERSON_HELD} AS any`);
  return rows[0]?.any ?? false;
}

/** Which of these dossiers and records are under a hold, with its id. */
export async function heldAmong(
  { pool }: Pick<Database, 'pool'>,
  subjects: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<HeldSubject>({
    name: 'held among',
    text: 'SELECT subject, min(hold_id) AS id FROM held_subjects WHERE subject = ANY($1::text[]) GROUP BY subject',
    values: [subjects],
  });
  return new Map(rows.map(({ subject, id }) => [subject, id]));
}

/** Holds by their state, newest first, before the id `before`. */
export async function listHolds(
  { pool }: Pick<Database, 'pool'>,
  { isInForce }: HoldFilter,
  limit: number,
  before: number | undefined,
): Promise<readonly LegalHold[]> {
  const { rows } = await pool.query<LegalHold>({
    name: 'list holds',
    text: `${HOLDS} WHERE ($1 = false OR lifted_at IS NULL) AND ($2::int8 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
    values: [isInForce, before ?? null, limit],
  });
  return rows;
}

export function countHoldsBy(database: Database, { isInForce }: HoldFilter): Promise<Total> {
  const all = database.query.selectFrom('legal_holds');
  return countUpTo(database, isInForce ? all.where('lifted_at', 'is', null) : all);
}

export interface HoldFilter {
  /** Only those in force. */
  readonly isInForce: boolean;
}

export async function oneHold({ pool }: Pick<Database, 'pool'>, id: number): Promise<LegalHold | undefined> {
  return (await pool.query<LegalHold>({ name: 'one hold', text: `${HOLDS} WHERE id = $1`, values: [id] })).rows[0];
}

const HOLDS = `
  SELECT id, subject, (SELECT count(*)::int4 FROM held_subjects s WHERE s.hold_id = l.id) AS subjects, who, why, at,
    lifted_at AS "liftedAt", lifted_by AS "liftedBy", lifted_why AS "liftedWhy"
  FROM legal_holds l`;

export async function countHolds({ pool }: Pick<Database, 'pool'>): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    'SELECT count(*)::int4 AS n FROM legal_holds WHERE lifted_at IS NULL',
  );
  return rows[0]?.n ?? 0;
}

/**
 * The months, such as `2025_03`, with messages, events or attempts under a hold. `all` if a person is under one: more of
 * their records may be found.
 */
export async function heldMonths({ pool }: Pick<Database, 'pool'>): Promise<ReadonlySet<string> | 'all'> {
  if (await isAnyPersonHeld({ pool })) return 'all';
  const { rows } = await pool.query<{ month: string }>(`
    WITH held_events AS (
      SELECT e.recorded_at, e.message_id FROM held_subjects h JOIN events e ON e.code = h.subject
      UNION ALL
      SELECT e.recorded_at, e.message_id FROM held_subjects h JOIN record_events e ON e.subject = h.subject),
    moments AS (
      SELECT recorded_at AS at FROM held_events
      UNION ALL SELECT m.received_at FROM held_events JOIN messages m ON m.id = held_events.message_id
      UNION ALL
      SELECT a.at FROM held_subjects h JOIN deliveries d
        ON d.party = ANY(ARRAY(SELECT party FROM party_states)) AND d.subject = h.subject
        JOIN attempts a ON a.delivery_id = d.id)
    SELECT DISTINCT to_char(at AT TIME ZONE 'UTC', 'YYYY_MM') AS month FROM moments`);
  return new Set(rows.map(({ month }) => month));
}
