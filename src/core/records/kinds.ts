import { OPERATIONS } from '#schemas/operations';
import { instantToMs, msToInstant } from '../dates/dates.ts';
import type { WorkingTime } from '../dates/working-time.ts';
import { type Item, itemOf, readItem } from '../dossier/item.ts';
import { createRecordReader, type Read } from '../dossier/record.ts';
import type { Kind, KindRecord } from './kind.ts';
import { merge } from './merge.ts';

/** The kinds of record of a hub, beside dossiers. */
export interface Kinds {
  readonly all: readonly Kind[];
  byName(name: string): Kind | undefined;
  /** The kind of an operation; undefined for dossiers, the catalogue and unknown operations. */
  of(operation: string): Kind | undefined;
  /** The kind of a subject of deliveries; see subjectOf. */
  ofSubject(subject: string): Kind | undefined;
  /** Reads one value as the record of any operation. */
  read(operation: string, value: unknown): Item;
  /** The record with the day by which it is due, where its kind has a deadline and its source gives none. */
  withDeadline(kind: Kind, record: KindRecord): KindRecord;
}

export function createKinds(all: readonly Kind[], workingTime: WorkingTime): Kinds {
  const byOperation = new Map<string, Kind>(all.map((kind) => [kind.operation, kind]));
  const byName = new Map(all.map((kind) => [kind.name, kind]));
  const readers = new Map<string, (value: unknown) => Read<object>>();
  for (const { operation, schema } of all)
    if (!(operation in OPERATIONS)) readers.set(operation, createRecordReader(schema));
  return {
    all,
    byName: (name) => byName.get(name),
    of: (operation) => byOperation.get(operation),
    ofSubject: (subject) => (subject.includes(' ') ? byName.get(subject.slice(0, subject.indexOf(' '))) : undefined),
    read(operation, value) {
      const own = readers.get(operation);
      return own
        ? itemOf(operation as Kind['operation'], own(value) as Read<never>)
        : readItem(operation as Kind['operation'], value);
    },
    withDeadline(kind, record) {
      const { deadline } = kind;
      if (!deadline || record.dueAt !== undefined) return record;
      const workingMs = deadline.workingDays * workingTime.dayMs;
      return merge(kind, record, {
        dueAt: msToInstant(workingTime.after(instantToMs(deadline.from(record)), workingMs)),
      });
    },
  };
}
