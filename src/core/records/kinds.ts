import { OPERATIONS } from '#schemas/operations';
import { DAY_MS, instantToMs, msToInstant, writableInstant } from '../dates/dates.ts';
import type { WorkingTime } from '../dates/working-time.ts';
import { type Item, itemOf, readItem } from '../dossier/item.ts';
import { createRecordReader, type Read } from '../dossier/record.ts';
import { isAtOrBelow } from '../identifiers/identifiers.ts';
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
  /** Open records whose state is older than this moment do not move. Undefined for kinds that nobody watches. */
  stillBefore(kind: Kind, nowMs: number): string | undefined;
}

/** Working days of the settings in place of those of the kinds, by their names. */
export interface KindDays {
  readonly deadlines?: Readonly<Record<string, DeadlineDays | undefined>> | undefined;
  readonly stillAfterDays?: Readonly<Record<string, number | undefined>> | undefined;
}

/** Days for all records of a kind, and for those of some agencies. */
export interface DeadlineDays {
  readonly workingDays?: number | undefined;
  readonly agencies?: Readonly<Record<string, number>> | undefined;
}

export function createKinds(
  all: readonly Kind[],
  workingTime: WorkingTime,
  { deadlines = {}, stillAfterDays = {} }: KindDays = {},
): Kinds {
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
      const days = daysAt(deadlines[kind.name], record.agencyCode) ?? deadline.workingDays;
      const workingMs = days * workingTime.dayMs;
      return merge(kind, record, {
        dueAt: writableInstant(workingTime.after(instantToMs(deadline.from(record)), workingMs)),
      });
    },
    stillBefore({ name, stillAfterDays: own }, nowMs) {
      const days = stillAfterDays[name] ?? own;
      return days === undefined
        ? undefined
        : msToInstant(workingTimeBefore(workingTime, nowMs, days * workingTime.dayMs));
    },
  };
}

const LONGEST_MS = 2 * 366 * DAY_MS;

/** The moment before which this much working time passed until `nowMs`, to a second. */
function workingTimeBefore({ between }: WorkingTime, nowMs: number, workingMs: number): number {
  let [early, late] = [nowMs - LONGEST_MS, nowMs];
  while (late - early > 1_000) {
    const middle = (early + late) / 2;
    if (between(middle, nowMs) >= workingMs) early = middle;
    else late = middle;
  }
  return early;
}

/** The days for an agency: its own, otherwise those of the nearest agency above it, otherwise those for all. */
function daysAt({ workingDays, agencies = {} }: DeadlineDays = {}, agency: string | undefined): number | undefined {
  if (agency === undefined) return workingDays;
  const above = Object.keys(agencies).filter((code) => isAtOrBelow(agency, code));
  const [nearest] = above.sort((a, b) => depth(b) - depth(a));
  return nearest === undefined ? workingDays : agencies[nearest];
}

/** Codes of the 2020 era grow longer downwards. Those of 2016 name one more level that is not `00`. */
function depth(code: string): number {
  return code.split('.').filter((part) => !/^0+$/.test(part)).length;
}
