import type { Tables } from '../checks/evidence.ts';
import type { Acknowledgements } from '../clients/acknowledgements.ts';
import type { StageDatabase } from '../stage/database.ts';

/** Reads facts that no route of the hub shows at once: receipts, items that wait for a person, and the feed's numbers. */
export async function readTables(database: StageDatabase, { receipts }: Acknowledgements): Promise<Tables> {
  const known = await database.rows<{ receipt: string }>(
    'SELECT DISTINCT receipt::text FROM messages WHERE receipt = ANY($1::uuid[])',
    [[...receipts]],
  );
  const waiting = await database.rows<{ code: string }>(
    'SELECT DISTINCT code FROM quarantine WHERE settled_at IS NULL AND delivery_id IS NULL',
  );
  const [feed] = await database.rows<Tables['changes']>(
    'SELECT count(*)::int AS count, coalesce(max(cursor), 0)::int AS last FROM changes',
  );
  return {
    receipts: new Set(known.map(({ receipt }) => receipt)),
    waiting: new Set(waiting.map(({ code }) => code)),
    changes: feed ?? { count: 0, last: 0 },
  };
}
