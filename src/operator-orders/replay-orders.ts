import { auditSubject } from '#core/identifiers/audit-subject';
import { inTransaction } from '../database/transaction.ts';
import { writeAudit } from '../ledger/audit.ts';
import type { DeliveryFilter } from '../ledger/delivery-list.ts';
import { addRun, prepareReplay, type ReplayOutcome, replayDeliveries, stopReplay } from '../ledger/replays.ts';
import type { HubContext } from '../process/hub-context.ts';
import type { Queue } from '../queue/port.ts';
import type { Backfill, BackfillPreview } from './backfill.ts';
import { auditEntry, type OrderedBy } from './ordered-by.ts';

type Hub = Pick<HubContext, 'database' | 'vault' | 'nowMs'>;

/**
 * Replays one delivery.
 *
 * @returns undefined if no delivery has this id
 */
export async function replayOne(
  { database, nowMs }: Hub,
  queue: Queue,
  id: number,
  by: OrderedBy,
): Promise<ReplayOutcome | undefined> {
  const replayed = await inTransaction(database, async (tx) => {
    const [one] = await replayDeliveries(tx, [id], nowMs());
    const subject = auditSubject('delivery', id, one?.outcome);
    if (one) await writeAudit(tx, auditEntry('delivery.replay', subject, by), nowMs());
    return one;
  });
  if (replayed?.outcome === 'replayed') await queue.notify([replayed.party]);
  return replayed?.outcome;
}

/**
 * Begins a replay of all deliveries that match the filter now.
 *
 * @returns its id
 */
export async function startReplay(
  { database, nowMs }: Hub,
  filter: DeliveryFilter,
  perSecond: number,
  by: OrderedBy,
): Promise<number> {
  const start = await prepareReplay(database, { ...by, filter, perSecond });
  return inTransaction(database, async (tx) => {
    const id = await start(tx, nowMs());
    const subject = auditSubject('run', id, JSON.stringify(filter));
    await writeAudit(tx, auditEntry('replay.start', subject, by), nowMs());
    return id;
  });
}

/**
 * Begins a backfill.
 *
 * @returns its id
 */
export async function startBackfill(
  { database, nowMs }: Hub,
  { never, older }: Pick<BackfillPreview, 'never' | 'older'>,
  order: Backfill,
  perSecond: number,
  by: OrderedBy,
): Promise<number> {
  return inTransaction(database, async (tx) => {
    const id = await addRun(tx, { ...by, filter: order, perSecond }, never + older, nowMs());
    const subject = auditSubject('run', id, JSON.stringify(order));
    await writeAudit(tx, auditEntry('backfill.start', subject, by), nowMs());
    return id;
  });
}

/** @returns false if the replay was not running */
export async function stopRun({ database, nowMs }: Hub, id: number, by: OrderedBy): Promise<boolean> {
  await writeAudit(database.pool, auditEntry('replay.stop', auditSubject('run', id), by), nowMs());
  return stopReplay(database, id, by.who, nowMs());
}
