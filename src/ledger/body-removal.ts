import type pg from 'pg';
import { msToInstant } from '#core/dates/dates';
import { definePart } from '../database/parts.ts';
import type { Database } from '../database/pool.ts';
import { inTransaction } from '../database/transaction.ts';
import { firstUuidOf, NIL_UUID } from '../database/uuid.ts';
import { IS_HELD_CALL, isAnyPersonHeld } from './legal-holds.ts';
import { isOfCatalogueIn } from './messages.ts';

/** How many bodies one step removed, and whether nothing more is due. */
export interface RemovedBodies {
  readonly removed: number;
  readonly isDone: boolean;
}

const PAGE = 1_000;
/** Replays add attempts to old deliveries, so a pass over all of them begins again after a day. */
const PASS_EVERY = '1 day';

/**
 * Removes the bodies of a page of messages, and the calls of a page of deliveries, from before a moment. Bodies stay
 * whose items wait for an operator, or that are under a legal hold, until that has an end. Bodies of the catalogue, which
 * is public, and the hub's own releases stay for good.
 */
export async function removeOldBodies(database: Database, beforeMs: number, nowMs: number): Promise<RemovedBodies> {
  // Any body may name a person whose records must stay.
  if (await isAnyPersonHeld(database)) return { removed: 0, isDone: true };
  const now = msToInstant(nowMs);
  const messages = await inTransaction(database, (tx) => removeMessages(tx, beforeMs, now));
  const calls = await inTransaction(database, (tx) => removeCalls(tx, msToInstant(beforeMs), now));
  return { removed: messages.removed + calls.removed, isDone: messages.isDone && calls.isDone };
}

/** Messages whose bodies stay for now. */
const STAYS = `(EXISTS (SELECT FROM quarantine q WHERE q.message_id = m.id AND q.settled_at IS NULL AND q.item IS NOT NULL)
  OR m.id IN (
    SELECT e.message_id FROM held_subjects h JOIN events e ON e.code = h.subject
    UNION SELECT e.message_id FROM held_subjects h JOIN record_events e ON e.subject = h.subject))`;
const HAS_PERSONAL_BODY = `(m.body IS NOT NULL AND m.door <> 'release' AND NOT ${isOfCatalogueIn('m.operation')})`;
const EMPTY =
  'UPDATE messages m SET body = NULL, body_key = NULL, emptied_at = coalesce(m.emptied_at, $1::timestamptz)';

interface Page {
  readonly last: string | null;
  /** How many of the page are old enough. */
  readonly old: number;
  readonly removed: number;
}

async function removeMessages(tx: pg.PoolClient, beforeMs: number, now: string): Promise<RemovedBodies> {
  const { after } = await lockPosition(tx, 'messages', NIL_UUID, now);
  const { rows } = await tx.query<Page>(
    `WITH page AS (SELECT m.id, ${HAS_PERSONAL_BODY} AS is_due, ${STAYS} AS stays FROM messages m
       WHERE m.id > $2 AND m.id < $3 ORDER BY m.id LIMIT ${PAGE}),
     emptied AS (${EMPTY} WHERE m.id IN (SELECT id FROM page WHERE is_due AND NOT stays) RETURNING 1),
     kept AS (INSERT INTO kept_bodies SELECT id FROM page WHERE is_due AND stays ON CONFLICT DO NOTHING)
     SELECT max(id::text) AS last, count(*)::int4 AS old, (SELECT count(*)::int4 FROM emptied) AS removed FROM page`,
    [now, after, firstUuidOf(beforeMs)],
  );
  const { last, old, removed } = rows[0] as Page;
  if (last !== null) await savePosition(tx, 'messages', last, null);
  return { removed, isDone: old < PAGE };
}

async function removeCalls(tx: pg.PoolClient, before: string, now: string): Promise<RemovedBodies> {
  const { after, rests } = await lockPosition(tx, 'calls', '0', now);
  if (rests) return { removed: 0, isDone: true };
  // By the id alone: a search for the next old ones reads all newer deliveries when none is left.
  const { rows } = await tx.query<Page>(
    `WITH page AS (SELECT id, party, operation, created_at FROM deliveries WHERE id > $2::int8 ORDER BY id LIMIT ${PAGE}),
     emptied AS (
       UPDATE attempts a SET wire = NULL, wire_key = NULL
       FROM page d WHERE a.delivery_id = d.id AND a.at < $1::timestamptz AND a.wire IS NOT NULL
         AND NOT ${IS_HELD_CALL} RETURNING 1)
     SELECT max(id)::text AS last, count(*) FILTER (WHERE created_at < $1::timestamptz)::int4 AS old,
       (SELECT count(*)::int4 FROM emptied) AS removed FROM page`,
    [before, after],
  );
  const { last, old, removed } = rows[0] as Page;
  const isDone = old === 0;
  await savePosition(tx, 'calls', isDone ? '0' : (last as string), isDone ? now : null);
  return { removed, isDone };
}

/** Removes bodies that stayed for items which are settled now, or for a hold that was lifted. */
export async function removeFreeBodies(database: Database, nowMs: number): Promise<number> {
  if (await isAnyPersonHeld(database)) return 0;
  const { rowCount } = await database.pool.query(
    `WITH free AS (DELETE FROM kept_bodies k USING messages m WHERE m.id = k.message_id AND NOT ${STAYS} RETURNING m.id)
     ${EMPTY} WHERE m.id IN (SELECT id FROM free)`,
    [msToInstant(nowMs)],
  );
  return rowCount ?? 0;
}

/** Messages whose bodies, without erased people, stay only while their other items wait. */
export const keptBodyPart = definePart<{ readonly id: string }>(
  'kept_body',
  { id: ['uuid', ({ id }) => id] },
  (rows) => `INSERT INTO kept_bodies SELECT id FROM ${rows} ON CONFLICT DO NOTHING RETURNING 1`,
);

/** Locks the position: one process works on it at a time. */
async function lockPosition(tx: pg.PoolClient, what: string, first: string, now: string) {
  await tx.query('INSERT INTO body_removal (what, after) VALUES ($1, $2) ON CONFLICT DO NOTHING', [what, first]);
  const { rows } = await tx.query<{ after: string; rests: boolean }>(
    `SELECT after, coalesce(done_at > $2::timestamptz - interval '${PASS_EVERY}', false) AS rests
     FROM body_removal WHERE what = $1 FOR UPDATE`,
    [what, now],
  );
  return rows[0] ?? { after: first, rests: false };
}

async function savePosition(tx: pg.PoolClient, what: string, after: string, doneAt: string | null): Promise<void> {
  await tx.query('UPDATE body_removal SET after = $2, done_at = $3::timestamptz WHERE what = $1', [
    what,
    after,
    doneAt,
  ]);
}
