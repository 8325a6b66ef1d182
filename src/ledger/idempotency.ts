import { definePart, insertInto, type Part } from '../database/parts.ts';
import type { Database } from '../database/pool.ts';
import type { Vault } from '../secrets/vault.ts';

export interface IdempotencyRow {
  readonly party: string;
  readonly key: string;
  readonly bodyHash: Uint8Array;
  readonly receipt: string;
  readonly createdAt: string;
}

/** How long a key is stored. */
const KEPT = "interval '7 days'";

/** Many senders derive the key from a hash of the body. So the table stores keyed hashes. */
export function idempotencyPart(rows: readonly IdempotencyRow[], vault: Vault): Part {
  return part(
    rows.map((row) => ({
      ...row,
      key: vault.blind('idempotency', row.key)[0],
      bodyHash: vault.sealHash(row.bodyHash),
    })),
  );
}

const columns = {
  party: ['text', (r: IdempotencyRow) => r.party],
  key: ['text', (r: IdempotencyRow) => r.key],
  body_hash: ['bytea', (r: IdempotencyRow) => r.bodyHash],
  receipt: ['uuid', (r: IdempotencyRow) => r.receipt],
  created_at: ['timestamptz', (r: IdempotencyRow) => r.createdAt],
} as const;

/**
 * A second request with the same key fails the batch (23505, IDEMPOTENCY_CONFLICT). It gets the answer of the first
 * one.
 */
const part = definePart<IdempotencyRow>('idempotency', columns, insertInto('idempotency_keys', Object.keys(columns)));
export const IDEMPOTENCY_CONFLICT = 'idempotency_keys_pkey';

/** The use of a key in the last seven days. */
export async function findIdempotent(
  database: Database,
  vault: Vault,
  party: string,
  key: string,
  at: string,
): Promise<{ readonly bodyHash: Buffer; readonly receipt: string } | undefined> {
  // Keyed hashes under every secret. Rows from before migration 019 hold the plain key, for up to seven days.
  const keys = [...vault.blind('idempotency', key), key];
  await database.pool.query({
    name: 'forget key',
    text: `DELETE FROM idempotency_keys WHERE party = $1 AND key = ANY($2::text[]) AND created_at < $3::timestamptz - ${KEPT}`,
    values: [party, keys, at],
  });
  const { rows } = await database.pool.query<{ bodyHash: Buffer; receipt: string }>({
    name: 'find key',
    text: 'SELECT body_hash AS "bodyHash", receipt FROM idempotency_keys WHERE party = $1 AND key = ANY($2::text[])',
    values: [party, keys],
  });
  const [row] = rows;
  return row && { ...row, bodyHash: vault.openHash(row.bodyHash) };
}

export async function forgetOldKeys(database: Database, at: string): Promise<void> {
  await database.pool.query(`DELETE FROM idempotency_keys WHERE created_at < $1::timestamptz - ${KEPT}`, [at]);
}
