import { type Kysely, sql } from 'kysely';

/**
 * The sender of each delivery, so that the senders of one partner's deliveries take turns (ledger/claim.ts). Without it a
 * dossier waited behind all of another sender's flood. Earlier deliveries count as those of one sender.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  /* Millions of due rows take longer than a statement of the hub may. */
  'SET LOCAL statement_timeout = 0',
  `ALTER TABLE deliveries ADD COLUMN sender text COLLATE "C" NOT NULL DEFAULT ''`,
  'DROP INDEX deliveries_due',
  `CREATE INDEX deliveries_due ON deliveries (party, sender, next_at, id) WHERE state = 'due'`,
];
