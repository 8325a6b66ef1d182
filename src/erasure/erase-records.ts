import { createEraser, createHider } from '#core/erasure/erase-record';
import { foldRecord, type KindEvent } from '#core/records/apply';
import { type Kind, subjectOf } from '#core/records/kind';
import { formerIn, peopleIn } from '#core/records/mask-record';
import { loadRecordEvents } from '../index/record-events.ts';
import { type FoundRecord, loadRecords, type RecordRow } from '../index/records.ts';
import type { ErasedRows, ErasingHub, Order } from './erasing.ts';

type RecordRows = Pick<ErasedRows, 'records' | 'recordEvents' | 'recordChanges' | 'messages' | 'subjects' | 'names'>;

/** The rows of records of kinds without personal data. Leaves out records that have none any more. */
export async function erasedRecords(hub: ErasingHub, subjects: readonly string[], order: Order): Promise<RecordRows> {
  const { database, vault, kinds } = hub;
  const found = (await loadRecords(database.pool, vault, { subjects, uniqueKeys: [] })).filter(
    ({ held }) => !held.erased,
  );
  const own = found.map(({ subject }) => subject);
  const events = await loadRecordEvents(database.pool, vault, own);
  const messages = await messagesOf(hub, own);
  const parts = found.flatMap((one) => {
    const kind = kinds.ofSubject(one.subject);
    return kind
      ? [erasedRecord(hub, kind, one, events.get(one.subject) ?? [], messages.get(one.subject) ?? [], order)]
      : [];
  });
  return {
    records: parts.map(({ row }) => row),
    recordEvents: parts.flatMap((part) => part.events),
    recordChanges: parts.map(({ row: { kind, held } }) => {
      const { code, state, stateAt } = held.view;
      return { kind: kind.name, code, state, stateAt, changedAt: order.at };
    }),
    messages: parts.flatMap((part) => part.messages),
    subjects: order.hidden
      ? []
      : parts.map(({ row, people }) => ({ subject: subjectOf(row.kind, row.held.code), at: order.at, people })),
    names: (order.hidden ? [] : parts).map(({ row: { kind, held } }) => ({
      code: held.code,
      party: undefined,
      operations: `${kind.name}.`,
      at: order.at,
    })),
  };
}

function erasedRecord(
  { kinds }: ErasingHub,
  kind: Kind,
  { subject, held, ...found }: FoundRecord,
  events: readonly KindEvent[],
  messageIds: readonly string[],
  { erasure, at, hidden }: Order,
) {
  const named = [held.view, ...events.map(({ record }) => record)].flatMap((record) => peopleIn(kind, record));
  const people = hidden?.people ?? named;
  const eraser = hidden ? createHider(people, hidden.isOne) : createEraser(people);
  const past = events.map((event) => ({ ...event, record: eraser.record(kind, event.record) }));
  const { view } =
    past.length > 0 ? foldRecord(kind, kinds.withDeadline, past) : { view: eraser.record(kind, held.view) };
  const row: RecordRow = {
    ...found,
    kind,
    former: formerIn(
      kind,
      view,
      past.map(({ record }) => record),
    ),
    held: { ...held, view, erased: hidden ? held.erased : { erasure, at, upTo: found.messageId } },
    madeFrom: held.version,
  };
  return {
    row,
    people,
    events: past.map(({ seq, record }) => ({ subject, seq, record })),
    messages: messageIds.map((id) => ({ id, people })),
  };
}

async function messagesOf(
  { database }: ErasingHub,
  subjects: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await database.pool.query<{ subject: string; ids: readonly string[] }>({
    name: 'messages of records',
    text: `SELECT subject, array_agg(DISTINCT message_id::text) AS ids FROM record_events
           WHERE subject = ANY($1::text[]) GROUP BY subject`,
    values: [subjects],
  });
  return new Map(rows.map(({ subject, ids }) => [subject, ids]));
}
