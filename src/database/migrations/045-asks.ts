import { type Kysely, sql } from 'kysely';

/**
 * Who asked which register what, for which dossier or service, why, and what came of it. Neither the values of the question nor
 * the answer are stored: both are personal data that nobody needs afterwards (NĐ 13/2023/NĐ-CP: minimisation). `outcome` is null
 * while the call is under way, and after a kill.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `CREATE TABLE asks (
     id uuid NOT NULL PRIMARY KEY,
     at timestamptz NOT NULL,
     party text COLLATE "C" NOT NULL,
     question text COLLATE "C" NOT NULL,
     key_name text NOT NULL,
     officer text NOT NULL,
     agency_code text COLLATE "C" NOT NULL,
     purpose text NOT NULL,
     legal_basis text NOT NULL,
     dossier_code text COLLATE "C",
     service_code text COLLATE "C",
     outcome text,
     reason text,
     took_ms int4
   )`,
  'CREATE INDEX asks_at ON asks (at)',
  'CREATE INDEX asks_of_dossier ON asks (dossier_code, id) WHERE dossier_code IS NOT NULL',
  /* What the retention of officers still has to empty. */
  `CREATE INDEX asks_retained ON asks (at) WHERE officer <> ''`,
];
