import { type Kysely, sql } from 'kysely';

/** What the hub observes: the shapes of payloads, and indexes that show what delayed a dossier. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  /* The fields and types of a partner's payloads of one kind, without values. See core/shape.ts. */
  `CREATE TABLE payload_shapes (
     party text COLLATE "C" NOT NULL,
     operation text COLLATE "C" NOT NULL,
     shape json NOT NULL,
     updated_at timestamptz NOT NULL,
     PRIMARY KEY (party, operation)
   )`,
  /* The other indexes of quarantine cover open rows; a dossier's history needs the settled ones. */
  `CREATE INDEX quarantine_history ON quarantine (code, opened_at) WHERE settled_at IS NOT NULL`,
  `CREATE INDEX quarantine_delivery_history ON quarantine (delivery_id) WHERE settled_at IS NOT NULL`,
  `CREATE INDEX incidents_party ON incidents (party, opened_at)`,
];
