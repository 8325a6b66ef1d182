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
  const { rows } = await database.pool.query<{ bodyHash: Buffer; receipt: string; isOld: boolean }>({
    name: 'find key',
    text: `SELECT body_hash AS "bodyHash", receipt, created_at < $3::timestamptz - ${KEPT} AS "isOld"
           FROM idempotency_keys WHERE party = $1 AND key = ANY($2::text[])`,
    values: [party, keys, at],
  });
  // Otherwise it would refuse the new use of the key.
  if (rows.some(({ isOld }) => isOld))
    await database.pool.query({
      name: 'forget key',
      text: `DELETE FROM idempotency_keys WHERE party = $1 AND key = ANY($2::text[]) AND created_at < $3::timestamptz - ${KEPT}`,
      values: [party, keys, at],
    });
  const found = rows.find(({ isOld }) => !isOld);
  return found && { bodyHash: vault.openHash(found.bodyHash), receipt: found.receipt };
}

/** 16 MB of the table, about 100,000 keys. No statement then takes longer than statements may. */
const BLOCKS_AT_ONCE = 2_000;

/** Deletes the keys that are stored for long enough: part by part of the table, in the order in which they lie there. */
export async function forgetOldKeys(database: Database, at: string): Promise<void> {
  const { rows } = await database.pool.query<{ blocks: number }>(
    `SELECT (pg_relation_size('idempotency_keys') / current_setting('block_size')::int)::float8 AS blocks`,
  );
  for (let from = 0; from < (rows[0]?.blocks ?? 0); from += BLOCKS_AT_ONCE)
    await database.pool.query(
      `DELETE FROM idempotency_keys
       WHERE ctid >= $2::tid AND ctid < $3::tid AND created_at < $1::timestamptz - ${KEPT}`,
      [at, `(${from},0)`, `(${from + BLOCKS_AT_ONCE},0)`],
    );
}
