import { msToInstant } from '#core/dates/dates';
import { EMPTY_SHAPE, type PayloadShape } from '#core/dossier/payload-shape';
import type { Database } from '../database/pool.ts';
import { inTransaction } from '../database/transaction.ts';

/**
 * Changes the known shape of a party's payloads of one kind. Processes do this one after the other, so that each
 * novelty is reported once.
 *
 * @param change gets the known shape, returns the new one and a result
 */
export async function updatePayloadShape<T>(
  database: Database,
  party: string,
  operation: string,
  nowMs: number,
  change: (known: PayloadShape) => { readonly shape: PayloadShape; readonly result: T },
): Promise<T> {
  return inTransaction(database, async (tx) => {
    await tx.query(
      `INSERT INTO payload_shapes (party, operation, shape, updated_at) VALUES ($1, $2, $3::json, $4::timestamptz)
       ON CONFLICT DO NOTHING`,
      [party, operation, JSON.stringify(EMPTY_SHAPE), msToInstant(nowMs)],
    );
    const { rows } = await tx.query<{ shape: PayloadShape }>(
      'SELECT shape FROM payload_shapes WHERE party = $1 AND operation = $2 FOR UPDATE',
      [party, operation],
    );
    const { shape, result } = change(rows[0]?.shape ?? EMPTY_SHAPE);
    await tx.query(
      'UPDATE payload_shapes SET shape = $3::json, updated_at = $4::timestamptz WHERE party = $1 AND operation = $2',
      [party, operation, JSON.stringify(shape), msToInstant(nowMs)],
    );
    return result;
  });
}
