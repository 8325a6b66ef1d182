import { type Kysely, sql } from 'kysely';

/**
 * Operators' lists by a rare outcome or a period, and records by a rare final state. Most messages are accepted, and a state
 * becomes final once, so writes stay cheap.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  /* Millions of rows take longer than a statement of the hub may. */
  'SET LOCAL statement_timeout = 0',
  `CREATE INDEX messages_outcome ON messages (outcome, id) WHERE outcome <> 'accepted'`,
  'CREATE INDEX audit_at ON audit (at)',
  'CREATE INDEX records_final ON records (kind, state, state_at DESC, code) WHERE NOT is_open',
];
