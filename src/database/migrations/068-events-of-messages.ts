import { type Kysely, sql } from 'kysely';

/**
 * The events of a message, for a rebuild without its body: the results of a message hide codes that may be personal.
 *
 * Also marks masked copies to be made again that contain the applicant twice: once in clear, where papers with addresses came
 * before the applicant. Quotes within texts are escaped, so no other row matches.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  /* Millions of rows take longer than a statement of the hub may. */
  'SET LOCAL statement_timeout = 0',
  'CREATE INDEX record_events_message ON record_events (message_id)',
  `UPDATE dossiers SET mask_of = 0 WHERE masked LIKE '%"applicant":%"applicant":%'`,
];
