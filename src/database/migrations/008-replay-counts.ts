import { type Kysely, sql } from 'kysely';

/** A run stores its own counts, and of its items only the open ones. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `ALTER TABLE replays ADD COLUMN total int4 NOT NULL DEFAULT 0, ADD COLUMN outcomes json NOT NULL DEFAULT '{}'`,
  `UPDATE replays SET total = kept.total, outcomes = kept.outcomes
   FROM (SELECT replay_id, sum(items)::int4 AS total,
           coalesce(json_object_agg(outcome, items) FILTER (WHERE outcome IS NOT NULL), '{}') AS outcomes
         FROM (SELECT replay_id, outcome, count(*) AS items FROM replay_items GROUP BY replay_id, outcome) counted
         GROUP BY replay_id) kept
   WHERE replays.id = kept.replay_id`,
  `DELETE FROM replay_items WHERE outcome IS NOT NULL
     OR replay_id IN (SELECT id FROM replays WHERE state <> 'running')`,
  /* Its index goes with it. A process of the previous version fails now instead of repeating work that it does not see. */
  `ALTER TABLE replay_items DROP COLUMN outcome, DROP COLUMN at`,
];
