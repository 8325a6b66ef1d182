import type { Operation, Records } from '#schemas/operations';
import type { Erased } from '../erasure/erased.ts';
import { type Cause, type Problem, problem, whyAll } from '../problem.ts';
import { storable, storableIn, unstorable } from '../vietnamese/text.ts';
import type { ContentId } from './content-id.ts';
import type { Anomaly } from './event.ts';
import { type Read, readRecord, readReportedRecord } from './record.ts';

/** One item of a message, as a dialect read it. */
export type Item = RecordItem | InvalidItem | WaitingItem;

export interface RecordItem<O extends Operation = Operation> {
  readonly kind: 'record';
  readonly operation: O;
  readonly record: Records[O];
  readonly warnings: readonly Problem[];
  /** The event time was derived from the record's dates. See DossierEvent. */
  readonly inferred?: boolean | undefined;
  /** A receipt number of the sender's office. People search by it. It joins no dossiers. */
  readonly receiptNumber?: string | undefined;
  /** Content without a place in the record. It tells items with equal records apart. */
  readonly extra?: string | undefined;
  /** Members that the sender left out and the dialect filled in, because the record needs them. See `withKnown`. */
  readonly standIns?: readonly string[] | undefined;
  /** Another public system took it in, in a dialect without a place for all of its people. It is not refused for that. */
  readonly isRelayed?: true;
  /** Waits until the catalogue knows its agency and its field: nobody would work on it before. */
  readonly needsCatalogue?: true;
  /** Says only what became of a record of a kind. The hub must have the record already. See readReport. */
  readonly isReport?: true;
  /** Present if the item comes from its own event, because the body of its message is no longer stored. */
  readonly recorded?: Recorded;
}

/** What the hub judged of an item when it came. Only its event is left, perhaps without personal data. */
export interface Recorded {
  readonly contentId: ContentId;
  /** Whether an operator had to decide about the record of a kind. */
  readonly isHeld: boolean;
  /** The data of its people was erased, so that nobody can judge the item again. */
  readonly erased?: Erased;
  /** An erasure changed its dossier or record, so its outcome may be another one today. */
  readonly isRewritten: boolean;
  readonly anomaly?: Anomaly | undefined;
}

export interface InvalidItem {
  readonly kind: 'invalid';
  readonly code?: string | undefined;
  readonly problems: readonly Problem[];
}

/** Understood, but an operator must settle something before it can be applied. */
export interface WaitingItem {
  readonly kind: 'waiting';
  readonly operation: Operation;
  readonly code?: string | undefined;
  readonly cause: Cause;
  readonly problems: readonly Problem[];
  /** The record that is applied if an operator accepts the item, with its doubtful text unchanged. */
  readonly ifAccepted?: RecordItem | undefined;
  /** The stored files that the body names, if no record says so yet. They stay as long as the item. */
  readonly files?: readonly FileAt[] | undefined;
}

/** A reference of a file, and its place in the body. */
export interface FileAt {
  readonly path: string;
  readonly reference: string;
}

/** Reads a value as the canonical record of an operation. */
export function readItem(
  operation: Operation,
  value: unknown,
  inferred = false,
  standIns: readonly string[] = [],
): Item {
  return itemOf(operation, readRecord(operation, value), inferred, standIns);
}

/**
 * Reads what a partner reports of a record of a kind: its code, state and moment, and any other members. Members that the
 * report leaves out stay as they are. A report of a record that the hub does not have waits for the record.
 *
 * @param against why the report contradicts what the hub sent; an operator decides then
 */
export function readReport(operation: Operation, value: unknown, against: readonly Problem[] = []): Item {
  const item = itemOf(operation, readReportedRecord(operation, value));
  const record = recordIn(item);
  if (!record) return item;
  const report: RecordItem = { ...record, isReport: true };
  if (against.length > 0) return contradicting(report, against);
  return item.kind === 'waiting' ? { ...item, ifAccepted: report } : report;
}

/** A report that waits because it contradicts its record. One decision settles all reports about one record. */
export function contradicting(report: RecordItem, problems: readonly Problem[]): WaitingItem {
  const { operation, record } = report;
  const [kind] = operation.split('.');
  const cause: Cause = { kind: 'contradiction', key: `contradiction:${kind} ${record.code}`, ...whyAll(problems) };
  return { kind: 'waiting', operation, code: record.code, cause, problems, ifAccepted: report };
}

/** The item that a read record is. */
export function itemOf(
  operation: Operation,
  read: Read<Records[Operation]>,
  inferred = false,
  standIns: readonly string[] = [],
): Item {
  if (read.kind === 'invalid') return read;
  const { record, warnings } = read;
  const item: RecordItem = {
    kind: 'record',
    record,
    warnings,
    operation,
    inferred: inferred || undefined,
    standIns: standIns.length > 0 ? standIns : undefined,
  };
  if (read.kind === 'record') return item;
  const { problems, code } = read;
  const cause: Cause = {
    kind: 'doubtful-text',
    key: `doubtful-text:${operation}:${problems[0]?.path ?? ''}`,
    ...whyAll(problems),
  };
  return { kind: 'waiting', operation, cause, problems, code, ifAccepted: item };
}

/**
 * Makes the texts of an invalid or waiting item storable, so that one bad item cannot block its message. An item with
 * an unstorable code cannot wait for it, and becomes invalid.
 */
export function withStorableTexts(item: InvalidItem | WaitingItem): InvalidItem | WaitingItem {
  const { code, problems } = item;
  const kept = {
    code: code === undefined ? undefined : storable(code),
    problems: storableIn(problems),
  };
  if (item.kind === 'invalid') return { ...item, ...kept };
  const reason = unstorable(item.cause.key) ?? (code === undefined ? undefined : unstorable(code));
  if (reason === undefined) return { ...item, ...kept, cause: storableIn(item.cause) };
  const path = kept.problems[0]?.path ?? '';
  return { kind: 'invalid', ...kept, problems: [problem(path, 'unstorable-value', { why: reason })] };
}

/** The record of an item. For doubtful text, the record with the text unchanged. */
export function recordIn(item: Item): RecordItem | undefined {
  if (item.kind === 'record') return item;
  return item.kind === 'waiting' ? item.ifAccepted : undefined;
}

/** An item about one dossier: its record, or a step of it. */
export type DossierItem = RecordItem<'dossier.upsert.v1' | 'dossier.progress.v1'>;

export function isDossierItem(item: RecordItem): item is DossierItem {
  return item.operation === 'dossier.upsert.v1' || item.operation === 'dossier.progress.v1';
}

export function isRecord(item: Item): item is RecordItem {
  return item.kind === 'record';
}

export function isUpsert(item: RecordItem): item is RecordItem<'dossier.upsert.v1'> {
  return item.operation === 'dossier.upsert.v1';
}
