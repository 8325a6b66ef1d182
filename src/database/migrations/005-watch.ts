import { type Kysely, sql } from 'kysely';

/** What the hub learns by watching: the shapes of what partners send; and the ways to ask what held a dossier up. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  /* Which fields a partner's payloads of one kind have, of what types; no values. See core/shape.ts. */
  `CREATE TABLE payload_shapes (
     party text COLLATE "C" NOT NULL,
     operation text COLLATE "C" NOT NULL,
     shape json NOT NULL,
     updated_at timestamptz NOT NULL,
     PRIMARY KEY (party, operation)
   )`,
  /* The other indexes of quarantine are of what waits; a dossier's history asks for what has waited. */
  `CREATE INDEX quarantine_history ON quarantine (code, opened_at) WHERE settled_at IS NOT NULL`,
  `CREATE INDEX quarantine_delivery_history ON quarantine (delivery_id) WHERE settled_at IS NOT NULL`,
  `CREATE INDEX incidents_party ON incidents (party, opened_at)`,
];
