import { type CatalogueEntry, loadEntries } from '../catalogue/catalogue.ts';
import type { Database } from '../database/pool.ts';
import type { Outgoing } from '../kit/sender.ts';
import type { Claimed } from '../ledger/claim.ts';

/** The content of deliveries of catalogue entries: always the newest version. */
export async function entryOutgoing(
  database: Database,
  claimed: readonly Claimed[],
): Promise<readonly (readonly [number, Outgoing])[]> {
  const outgoing: (readonly [number, Outgoing])[] = [];
  for (const one of claimed) {
    const [kind, key] = one.subject.split(' ') as [CatalogueEntry['kind'], string];
    const entry = (await loadEntries(database.pool, kind, [key])).get(key);
    // After a change a retry has other content, and the partner would refuse it under the same key.
    if (entry)
      outgoing.push([
        one.id,
        {
          ...outgoingBase(one),
          id: `${outgoingBase(one).id}-${entry.version}`,
          code: entry.record.code,
          record: entry.record,
          known: false,
        } as Outgoing,
      ]);
  }
  return outgoing;
}

/** The members that every outgoing item has. */
export function outgoingBase(one: Claimed): Pick<Outgoing, 'id' | 'operation' | 'doubt'> {
  return { id: `lienthong-${one.id}`, operation: one.operation, doubt: one.doubt };
}
