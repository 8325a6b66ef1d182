import { hash } from 'node:crypto';
import { msToInstant } from '#core/dates/dates';
import { batchCalls } from '../concurrency/batch-calls.ts';
import type { Database } from '../database/pool.ts';

/** A value that may be used once, and how long it must be remembered. */
export interface Nonce {
  readonly keyName: string;
  readonly nonce: string;
  readonly expiresAtMs: number;
}

/** Whether this is the first use. If two processes ask at once, only one gets true. */
export type UseOnce = (nonce: Nonce) => Promise<boolean>;

const FORGET_EVERY_MS = 60_000;

export function createNonces(database: Database, nowMs: () => number): UseOnce {
  let forgottenAtMs = Number.NEGATIVE_INFINITY;
  return batchCalls(
    async (nonces: readonly Nonce[]) => {
      if (nowMs() - forgottenAtMs > FORGET_EVERY_MS) {
        forgottenAtMs = nowMs();
        await database.pool.query('DELETE FROM soap_nonces WHERE expires_at < $1', [msToInstant(nowMs())]);
      }
      return remember(database, nonces);
    },
    { size: 200, maxRuns: 2 },
  );
}

async function remember(database: Database, nonces: readonly Nonce[]): Promise<readonly boolean[]> {
  const rows = nonces.map(({ keyName, nonce, expiresAtMs }) => {
    // Not keyed: a nonce is random, and a signature cannot be guessed.
    const hashed = hash('sha256', nonce, 'buffer');
    return { keyName, hashed, expiresAt: msToInstant(expiresAtMs), name: `${keyName} ${hashed.toString('hex')}` };
  });
  // Of equal nonces in one batch only the first counts. Sorted, so that parallel batches do not deadlock.
  const first = [...new Map(rows.toReversed().map((row) => [row.name, row])).values()];
  first.sort((a, b) => (a.name < b.name ? -1 : 1));
  const { rows: fresh } = await database.pool.query<{ name: string }>({
    name: 'use once',
    text: `INSERT INTO soap_nonces (key_name, hash, expires_at)
           SELECT * FROM unnest($1::text[], $2::bytea[], $3::timestamptz[])
           ON CONFLICT DO NOTHING RETURNING key_name || ' ' || encode(hash, 'hex') AS name`,
    values: [first.map((row) => row.keyName), first.map((row) => row.hashed), first.map((row) => row.expiresAt)],
  });
  const names = new Set(fresh.map((row) => row.name));
  return rows.map((row) => names.has(row.name) && first.includes(row));
}
