import { type Kysely, sql } from 'kysely';

/** The signature of an audit entry whose reason lost the data of an erased person. See ledger/audit-chain.ts. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw('ALTER TABLE audit ADD COLUMN erased text').execute(db);
}
