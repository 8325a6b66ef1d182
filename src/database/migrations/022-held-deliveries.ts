import { type Kysely, sql } from 'kysely';

/**
 * A held delivery has a state of its own. Before, it was a due delivery that was never due (`next_at = 'infinity'`). A
 * quarantine row of a delivery has no item. Before, it had item -1.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `UPDATE deliveries d SET state = 'held', next_at = coalesce(
     (SELECT max(q.opened_at) FROM quarantine q WHERE q.delivery_id = d.id AND q.settled_at IS NULL), d.created_at)
   WHERE state = 'due' AND next_at = 'infinity'`,
  `CREATE INDEX deliveries_held ON deliveries (party, subject) WHERE state = 'held'`,
  `ALTER TABLE quarantine ALTER COLUMN item DROP NOT NULL`,
  `UPDATE quarantine SET item = NULL WHERE item = -1`,
];
