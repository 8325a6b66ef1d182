import { addTo } from '#core/group-by';
import { type CatalogueEntry, loadEntries } from '../catalogue/catalogue.ts';
import type { Database } from '../database/pool.ts';
import type { Outgoing } from '../kit/sender.ts';
import type { Claimed } from '../ledger/claim.ts';

/**
 * The content of deliveries of catalogue entries: always the newest version. One query for each kind of entry, because
 * a partner's first catalogue has thousands.
 */
export async function entryOutgoing(
  database: Database,
  claimed: readonly Claimed[],
): Promise<readonly (readonly [number, Outgoing])[]> {
  const ofKind = new Map<CatalogueEntry['kind'], { readonly one: Claimed; readonly key: string }[]>();
  for (const one of claimed) {
    const [kind, key] = one.subject.split(' ') as [CatalogueEntry['kind'], string];
    addTo(ofKind, kind, { one, key });
  }
  const outgoing: (readonly [number, Outgoing])[] = [];
  for (const [kind, group] of ofKind) {
    const entries = await loadEntries(database.pool, kind, [...new Set(group.map(({ key }) => key))]);
    for (const { one, key } of group) {
      const entry = entries.get(key);
      if (entry) outgoing.push([one.id, outgoingOf(one, entry)]);
    }
  }
  return outgoing;
}

function outgoingOf(one: Claimed, { version, record }: CatalogueEntry): Outgoing {
  const base = outgoingBase(one);
  // After a change a retry has other content, and the partner would refuse it under the same key.
  return { ...base, id: `${base.id}-${version}`, code: record.code, record, known: false } as Outgoing;
}

/** The members that every outgoing item has. */
export function outgoingBase(one: Claimed): Pick<Outgoing, 'id' | 'operation' | 'doubt'> {
  return { id: `lienthong-${one.id}`, operation: one.operation, doubt: one.doubt };
}
