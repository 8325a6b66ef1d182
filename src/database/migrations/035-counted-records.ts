import { type Kysely, sql } from 'kysely';

/** The facts that reports count of questions, petitions and ratings (core/records/kind.ts: CountedRecord). */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `ALTER TABLE records ADD COLUMN began_at timestamptz, ADD COLUMN ended_at timestamptz, ADD COLUMN mark text COLLATE "C"`,
  `UPDATE records SET began_at = (masked::json->>'ratedAt')::timestamptz, ended_at = (masked::json->>'ratedAt')::timestamptz,
     mark = masked::json->>'level'
   WHERE kind = 'rating'`,
  `UPDATE records SET began_at = coalesce(masked::json->>'askedAt', masked::json->>'sentAt')::timestamptz,
     ended_at = CASE WHEN state IN ('refused', 'withdrawn') THEN state_at
       WHEN state IN ('answered', 'published') THEN coalesce(
         (SELECT min((answer->>'at')::timestamptz) FROM json_array_elements(masked::json->'answers') answer), state_at) END
   WHERE kind IN ('question', 'petition')`,
  `CREATE INDEX records_began ON records (kind, began_at) INCLUDE (agency_code, state, ended_at, due_at, mark)
     WHERE began_at IS NOT NULL`,
];
