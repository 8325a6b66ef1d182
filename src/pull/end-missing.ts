import { msToInstant } from '#core/dates/dates';
import { type Route, recipients, subjectOfEntry } from '#core/dossier/route';
import { EN } from '#messages/en';
import { say } from '#messages/message';
import {
  type CompleteList,
  findShortList,
  isPullOrdered,
  type RetiredEntry,
  retireOthers,
} from '../catalogue/retire-others.ts';
import { inTransaction } from '../database/transaction.ts';
import { addDeliveries, type DeliveryRow } from '../ledger/deliveries.ts';
import type { ClaimedPull } from '../ledger/pulls.ts';
import type { HubContext } from '../process/hub-context.ts';
import type { Queue } from '../queue/port.ts';

const TOO_FEW = { service: 'too-few-services', agency: 'too-few-agencies', field: 'too-few-fields' } as const;

export interface EndMissingDeps {
  readonly routes: readonly Route[];
  readonly queue: Pick<Queue, 'notify'>;
}

/**
 * Ends the catalogue entries that a complete list no longer has. If a large share would end at once, none does, and an
 * incident says so. An operator who orders the pull while the incident is open confirms the list. Ended entries go to the
 * recipients of their kind, like every change.
 */
export async function endMissing(
  { database, alerts, nowMs }: Pick<HubContext, 'database' | 'alerts' | 'nowMs'>,
  { routes, queue }: EndMissingDeps,
  pull: ClaimedPull,
  complete: CompleteList,
): Promise<void> {
  const { party, name } = pull;
  const code = TOO_FEW[complete.kind];
  const about = `${name}: ${EN[code].split('{')[0]}`;
  const short = await findShortList(database, party, complete);
  if (short && !(await isPullOrdered(database, pull, about))) {
    const why = say(code, { missing: short.missing, count: short.inForce });
    return alerts.open(party, 'pull-incomplete', say('of-pull', { name, why }));
  }
  const at = msToInstant(nowMs());
  const deliveries = await inTransaction(database, async (tx) => {
    const retired = await retireOthers(tx, party, complete, at);
    const rows = retired.flatMap((entry) => deliveriesOf(routes, party, complete.kind, entry, at));
    if (rows.length > 0) await addDeliveries(tx, rows);
    return rows;
  });
  if (deliveries.length > 0) await queue.notify([...new Set(deliveries.map((one) => one.party))]);
  await alerts.close(party, ['pull-incomplete'], about);
}

function deliveriesOf(
  routes: readonly Route[],
  sender: string,
  kind: CompleteList['kind'],
  { key, version, messageId, record }: RetiredEntry,
  at: string,
): readonly DeliveryRow[] {
  const operation = `${kind}.upsert.v1` as const;
  const to = recipients(routes, sender, operation, subjectOfEntry({ operation, record }));
  const row = { operation, subject: `${kind} ${key}`, seq: version, messageId, createdAt: at, sender };
  return to.map((party) => ({ ...row, party }));
}
