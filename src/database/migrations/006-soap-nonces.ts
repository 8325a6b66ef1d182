import { type Kysely, sql } from 'kysely';

/** WS-Security values that may be used once: all processes refuse what one of them has seen. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  /* The hash of a nonce or a signature, until the message would be refused for its age anyway. */
  `CREATE TABLE soap_nonces (
     key_name text COLLATE "C" NOT NULL,
     hash bytea NOT NULL,
     expires_at timestamptz NOT NULL,
     PRIMARY KEY (key_name, hash)
   )`,
  `CREATE INDEX soap_nonces_expired ON soap_nonces (expires_at)`,
];
