import { definePart, insertInto } from '../database/parts.ts';
import type { Database } from '../database/pool.ts';

export interface IdempotencyRow {
  readonly party: string;
  readonly key: string;
  readonly bodyHash: Uint8Array;
  readonly receipt: string;
  readonly createdAt: string;
}

/** How long a key is remembered. */
const KEPT = "interval '7 days'";

const columns = {
  party: ['text', (r: IdempotencyRow) => r.party],
  key: ['text', (r: IdempotencyRow) => r.key],
  body_hash: ['bytea', (r: IdempotencyRow) => r.bodyHash],
  receipt: ['uuid', (r: IdempotencyRow) => r.receipt],
  created_at: ['timestamptz', (r: IdempotencyRow) => r.createdAt],
} as const;

/** A second request with the same key fails the batch (23505, IDEMPOTENCY_CONFLICT): its answer is the first one's. */
export const idempotencyPart = definePart<IdempotencyRow>(
  'idempotency',
  columns,
  insertInto('idempotency_keys', Object.keys(columns)),
);
export const IDEMPOTENCY_CONFLICT = 'idempotency_keys_pkey';

/** What a key was used for in the last seven days. */
export async function findIdempotent(
  database: Database,
  party: string,
  key: string,
  at: string,
): Promise<{ readonly bodyHash: Buffer; readonly receipt: string } | undefined> {
  await database.pool.query({
    name: 'forget key',
    text: `DELETE FROM idempotency_keys WHERE party = $1 AND key = $2 AND created_at < $3::timestamptz - ${KEPT}`,
    values: [party, key, at],
  });
  const { rows } = await database.pool.query<{ bodyHash: Buffer; receipt: string }>({
    name: 'find key',
    text: 'SELECT body_hash AS "bodyHash", receipt FROM idempotency_keys WHERE party = $1 AND key = $2',
    values: [party, key],
  });
  return rows[0];
}

export async function forgetOldKeys(database: Database, at: string): Promise<void> {
  await database.pool.query(`DELETE FROM idempotency_keys WHERE created_at < $1::timestamptz - ${KEPT}`, [at]);
}
