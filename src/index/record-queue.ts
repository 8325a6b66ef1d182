import { sql } from 'kysely';
import { HELD_STATE } from '#core/records/kind';
import { atOrBelow } from '../database/at-or-below.ts';
import { countUpTo, type Total } from '../database/count-up-to.ts';
import { isDueBetween, isPastDue } from '../database/past-due.ts';
import type { Database } from '../database/pool.ts';

/** A record that waits for officers, without its content. */
export interface QueuedRecord {
  readonly kind: string;
  readonly code: string;
  readonly subject: string;
  readonly state: string;
  readonly stateAt: string;
  readonly agencyCode: string | null;
  /** In the catalogue. */
  readonly agencyName: string | null;
  readonly dueAt: string | null;
  /** The party that sent it first. */
  readonly owner: string;
  readonly version: number;
  /** The row of the quarantine for which a held record waits; null after a decision. */
  readonly causeId: number | null;
  /** Where it is in the order: its deadline, or the end of time. */
  readonly place: string;
}

export interface QueueFilter {
  readonly kinds: readonly string[];
  /** Any state. Absent: records that are not finished, and held ones only until their decision. */
  readonly state?: string | undefined;
  readonly agency?: string | undefined;
  /** Not finished, and past due at this moment. */
  readonly overdueAt?: string | undefined;
  /** Not finished, and due between these instants. */
  readonly due?: { readonly from: string; readonly to: string } | undefined;
}

export interface QueuePlace {
  readonly place: string;
  readonly subject: string;
}

const NEVER = '9999-12-31T00:00:00Z';

const WAITING = sql`
  (SELECT min(id) FROM quarantine WHERE cause_key = 'held:' || records.subject AND settled_at IS NULL)`;

const COLUMNS = sql`
  kind, code, subject, state, state_at AS "stateAt", agency_code AS "agencyCode",
  (SELECT name FROM catalogue c WHERE c.kind = 'agency' AND c.key = records.agency_code) AS "agencyName", due_at AS "dueAt", owner, version,
  CASE WHEN is_held THEN ${WAITING} END AS "causeId", coalesce(due_at, ${NEVER}::timestamptz) AS place`;

/** The records that wait for officers, the earliest deadline first. */
export async function listQueue(
  { query }: Database,
  filter: QueueFilter,
  limit: number,
  after: QueuePlace | undefined,
): Promise<readonly QueuedRecord[]> {
  const conditions = [...conditionsOf(filter)];
  if (after !== undefined)
    conditions.push(
      sql`(coalesce(due_at, ${NEVER}::timestamptz), subject) > (${after.place}::timestamptz, ${after.subject}::text)`,
    );
  const { rows } = await sql<QueuedRecord>`
    SELECT ${COLUMNS} FROM records WHERE ${sql.join(conditions, sql` AND `)}
    ORDER BY coalesce(due_at, ${NEVER}::timestamptz), subject LIMIT ${limit}`.execute(query);
  return rows;
}

export const countQueue = (database: Database, filter: QueueFilter): Promise<Total> =>
  countUpTo(database, sql`SELECT FROM records WHERE ${sql.join([...conditionsOf(filter)], sql` AND `)}`);

function conditionsOf({ kinds, state, agency, overdueAt, due }: QueueFilter) {
  const conditions = [sql`kind = ANY(${kinds}::text[])`];
  if (state !== undefined) conditions.push(sql`state = ${state}`);
  else conditions.push(sql`is_open`, sql`(state <> ${HELD_STATE} OR ${WAITING} IS NOT NULL)`);
  if (agency !== undefined) conditions.push(atOrBelow(agency));
  if (overdueAt !== undefined) conditions.push(sql`is_open AND ${isPastDue(overdueAt)}`);
  if (due !== undefined) conditions.push(sql`is_open AND ${isDueBetween(due.from, due.to)}`);
  return conditions;
}

/** One record of the queue, whatever its state. */
export async function queuedRecord({ query }: Database, subject: string): Promise<QueuedRecord | undefined> {
  const { rows } = await sql<QueuedRecord>`SELECT ${COLUMNS} FROM records WHERE subject = ${subject}`.execute(query);
  return rows[0];
}
