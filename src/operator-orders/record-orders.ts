import { instantToMs, msToInstant } from '#core/dates/dates';
import type { Item } from '#core/dossier/item';
import { auditSubject } from '#core/identifiers/audit-subject';
import type { Problem } from '#core/problem';
import { HELD_STATE, type Kind, type KindRecord, OFFICERS, subjectOf } from '#core/records/kind';
import { merge } from '#core/records/merge';
import { oneAfterAnother } from '../concurrency/batch-calls.ts';
import { inTransaction } from '../database/transaction.ts';
import { loadRecords } from '../index/records.ts';
import { writeAudit } from '../ledger/audit.ts';
import type { Accepted, Submission } from '../ledger/submission.ts';
import type { HubContext } from '../process/hub-context.ts';
import { auditEntry, type OrderedBy } from './ordered-by.ts';

/** What an officer orders about a question or a petition. */
export type RecordOrder =
  | { readonly order: 'assign'; readonly agencyCode: string }
  | { readonly order: 'answer'; readonly text: string; readonly unit?: string | undefined }
  | { readonly order: 'publish' }
  /** Nobody receives it and nobody reads it in public, until an officer releases it. */
  | { readonly order: 'hold' }
  /** The reason is the answer that the person reads. */
  | { readonly order: 'refuse'; readonly unit?: string | undefined };

export type RecordOrderName = RecordOrder['order'];

/** The states in which each order is possible. */
const POSSIBLE: Readonly<Record<RecordOrderName, readonly string[]>> = {
  assign: ['received', 'assigned'],
  answer: ['received', 'assigned', 'answered'],
  publish: ['answered'],
  refuse: ['received', 'assigned'],
  hold: ['received', 'assigned', 'answered', 'published'],
};

/** The orders that are possible for a record now. A private question is never published. */
export function ordersFor(kind: Kind, view: KindRecord): readonly RecordOrderName[] {
  if (!kind.isAnswered || view.state === HELD_STATE) return [];
  const canPublish = kind.isPublic?.({ ...view, state: 'published' }) ?? false;
  const names = Object.keys(POSSIBLE) as RecordOrderName[];
  return names.filter((name) => POSSIBLE[name].includes(view.state) && (name !== 'publish' || canPublish));
}

export type RecordOrdered =
  | { readonly kind: 'done'; readonly messageId: string; readonly state: string }
  | { readonly kind: 'unknown' }
  /** The record is not as the officer saw it, or its state does not allow the order. */
  | { readonly kind: 'changed'; readonly state: string; readonly at: string }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

/** An order about the version of a record that the officer saw. */
export interface SeenRecord {
  readonly kind: Kind;
  readonly code: string;
  readonly version: number;
}

export interface RecordOrdersDeps {
  readonly accept: (submission: Submission) => Promise<Accepted>;
}

/** The door of messages that officers' orders make. */
const OFFICER_DOOR = 'officer';

export type OrderRecord = (seen: SeenRecord, order: RecordOrder, by: OrderedBy) => Promise<RecordOrdered>;

/** Carries out officers' orders about records. Each becomes an event of the party of officers, so a rebuild repeats it. */
export function createRecordOrders(
  hub: Pick<HubContext, 'database' | 'vault' | 'kinds' | 'nowMs'>,
  { accept }: RecordOrdersDeps,
): OrderRecord {
  // Each order holds one connection while it is accepted with another.
  const afterOthers = oneAfterAnother();
  return (seen, order, by) =>
    afterOthers(() =>
      inTransaction(hub.database, async (tx): Promise<RecordOrdered> => {
        const { kind, version } = seen;
        const subject = subjectOf(kind, seen.code);
        await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('record ' || $1, 0))`, [subject]);
        const [found] = await loadRecords(tx, hub.vault, { subjects: [subject], uniqueKeys: [] });
        if (!found) return { kind: 'unknown' };
        const { view } = found.held;
        const changed = { kind: 'changed', state: view.state, at: view.stateAt } as const;
        if (found.held.version !== version || !ordersFor(kind, view).includes(order.order)) return changed;
        const record = recordAfter(kind, view, order, by, hub.nowMs());
        const item = hub.kinds.read(kind.operation, record);
        if (item.kind !== 'record') return { kind: 'invalid', problems: item.problems };
        // Before the effect, so that no order is without its entry.
        const entry = auditEntry(`record.${order.order}`, auditSubject('record', subject), by);
        await writeAudit(hub.database.pool, entry, hub.nowMs());
        const submission = { ...submissionOf(kind, record, item, by, hub.nowMs()), seenVersion: version };
        const { messageId, receipt, results } = await accept(submission);
        const [result] = results;
        if (result?.outcome !== (order.order === 'hold' ? 'quarantined' : 'accepted'))
          return notDone(hub, subject, changed, result?.problems);
        return { kind: 'done', messageId: messageId ?? receipt, state: record.state };
      }),
    );
}

/** Why the commit did not carry out the order: the record changed since the check before it, or is not valid. */
async function notDone(
  { database, vault }: Pick<HubContext, 'database' | 'vault'>,
  subject: string,
  before: Extract<RecordOrdered, { kind: 'changed' }>,
  problems: readonly Problem[] = [],
): Promise<RecordOrdered> {
  const isChanged = problems.length === 0 || problems.some(({ code }) => code === 'record-changed');
  if (!isChanged) return { kind: 'invalid', problems };
  const [now] = await loadRecords(database.pool, vault, { subjects: [subject], uniqueKeys: [] });
  return now ? { kind: 'changed', state: now.held.view.state, at: now.held.view.stateAt } : before;
}

/** The record as the order makes it. A computed `dueAt` stays out, so that it is computed again. */
function recordAfter(kind: Kind, view: KindRecord, order: RecordOrder, { why }: OrderedBy, nowMs: number): KindRecord {
  const { answers = [] } = view as { answers?: readonly object[] };
  // Never before the present state, whose source may have a fast clock.
  const at = msToInstant(Math.max(nowMs, instantToMs(view.stateAt)));
  const { dueAt: _, ...same } = view;
  const answered = (content: string, unit: string | undefined) => ({
    answers: [...answers, unit === undefined ? { at, content } : { at, unit, content }],
  });
  const moved = (state: string, members: object = {}) => merge(kind, same, { state, stateAt: at, ...members });
  switch (order.order) {
    case 'assign':
      return moved('assigned', { agencyCode: order.agencyCode });
    case 'answer':
      return moved('answered', answered(order.text, order.unit));
    case 'publish':
      return moved('published');
    case 'refuse':
      return moved('refused', answered(why, order.unit));
    case 'hold':
      return moved(HELD_STATE);
  }
}

function submissionOf(kind: Kind, record: KindRecord, item: Item, { who }: OrderedBy, nowMs: number): Submission {
  const body = Buffer.from(JSON.stringify(record));
  return {
    party: OFFICERS,
    door: OFFICER_DOOR,
    operation: kind.operation,
    keyName: who,
    mediaType: 'application/json',
    body,
    bodyBytes: body.length,
    receivedAt: msToInstant(nowMs),
    items: [item],
  };
}
