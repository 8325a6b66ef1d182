import { type DossierItem, type RecordItem, recordIn } from '#core/dossier/item';
import { codesOf, ownName } from '#core/dossier/names';
import { hasResult } from '#core/dossier/status';
import type { HeldRecord, KindEvent } from '#core/records/apply';
import { type DossierFacts, type DossierStep, type Kind, type KindRecord, subjectOf } from '#core/records/kind';
import type { Kinds } from '#core/records/kinds';
import { loadDossierFacts } from '../index/dossier-facts.ts';
import { loadDossierNames } from '../index/dossier-names.ts';
import { loadRecordEvents } from '../index/record-events.ts';
import {
  type JudgedDossier,
  keyOfDossier,
  loadOfDossiers,
  loadRecords,
  type RecordRow,
  type RecordsOfDossier,
  uniqueKeyOf,
} from '../index/records.ts';
import type { Submission } from '../ledger/submission.ts';
import type { AcceptDeps } from './accept-deps.ts';
import { type Dossiers, dossierItemsOf, stepItem, type Working } from './dossiers.ts';
import type { Rows } from './rows.ts';

/** A record of a kind while a batch is applied to it. */
export interface WorkingRecord {
  readonly kind: Kind;
  readonly subject: string;
  readonly loaded: HeldRecord | undefined;
  held: HeldRecord | undefined;
  readonly events: KindEvent[];
  readonly createdAt: string;
  /** The newest message that was applied to it, and what it says of its freshness. */
  messageId: string | undefined;
  party: string;
  receivedAt: string;
  changedAt: string;
  /** See DossierRow. */
  readonly rewrites: number;
}

/** The records that a batch names, as the index has them and as the batch changed them. */
export interface RecordBook {
  readonly bySubject: Map<string, WorkingRecord>;
  /** By unique key. */
  readonly byKey: Map<string, WorkingRecord>;
  /** By each dossier that a record names of which only one may exist: all codes of that dossier, as the index has them. */
  readonly names: ReadonlyMap<string, readonly string[]>;
  /** By each code of a dossier that records may move: all its codes, as the index has them. */
  readonly codes: ReadonlyMap<string, readonly string[]>;
  /** The dossiers that records name, as the index has them. */
  readonly dossiers: ReadonlyMap<string, NamedDossier & { readonly messageId: string }>;
  /** The records of kinds that are judged together, as the index has them, by `keyOfDossier`. */
  readonly ofDossiers: ReadonlyMap<string, RecordsOfDossier>;
}

/** A dossier that a record names: the facts for the rules of its kind, and whose it is. */
export interface NamedDossier extends DossierFacts {
  readonly code: string;
  readonly owner: string;
  readonly serviceCode?: string | undefined;
  readonly fieldCode?: string | undefined;
}

/** An item that carries a record of a kind. */
interface KindItem {
  readonly kind: Kind;
  readonly item: RecordItem;
  readonly record: KindRecord;
}

/** Loads the records that a batch names, with their histories. Reads nothing for a batch without any. */
export async function loadRecordBook(
  { database, vault, kinds, judgesEntitlement }: AcceptDeps,
  submissions: readonly Submission[],
): Promise<RecordBook> {
  const items = submissions.flatMap((submission) => kindItemsOf(kinds, submission));
  const unique = judgesEntitlement ? items.filter(({ kind }) => kind.uniqueBy) : [];
  const book: RecordBook = {
    bySubject: new Map(),
    byKey: new Map(),
    names: await loadDossierNames(database, [...new Set(unique.flatMap(({ record }) => record.dossierCode ?? []))]),
    codes: new Map(),
    dossiers: new Map(),
    ofDossiers: new Map(),
  };
  if (items.length === 0) return book;
  const found = await loadRecords(database.pool, vault, {
    subjects: [...new Set(items.map(({ kind, record }) => subjectOf(kind, record.code)))],
    uniqueKeys: [...new Set(items.flatMap(({ kind, record }) => uniqueKeysOf(book, kind, record)))],
  });
  const events = await loadRecordEvents(
    database.pool,
    vault,
    found.map(({ subject }) => subject),
  );
  for (const { subject, held, ...rest } of found) {
    const kind = kinds.ofSubject(subject);
    if (kind)
      keepRecord(book, { kind, subject, loaded: held, held, events: [...(events.get(subject) ?? [])], ...rest });
  }
  const named = items.flatMap(({ kind, record }) =>
    namedDossiers(book, kind, record).map((dossier) => ({ kind, dossier })),
  );
  const moved = named.filter(({ kind }) => kind.dossierStep);
  // A known record may name its dossier by a code that only an item of this batch gives to it.
  const given = moved.length > 0 ? submissions.flatMap(aliasedIn) : [];
  const codes = await loadCodes(database, book.names, [...moved.map(({ dossier }) => dossier), ...given]);
  const judged = named.flatMap(({ kind, dossier }) =>
    judgedNames({ ...book, codes }, kind, dossier).map((code) => ({ kind: kind.name, dossier: code })),
  );
  // Whether a record is the last open one depends on those under each code of its dossier.
  const counted = [...new Set(moved.map(({ kind }) => kind.name))].flatMap((kind) =>
    [...given, ...[...codes.values()].flat()].map((dossier) => ({ kind, dossier })),
  );
  return {
    ...book,
    codes,
    dossiers: await loadDossierFacts(database.pool, [...new Set(named.map(({ dossier }) => dossier))]),
    ofDossiers: await loadOfDossiers(database.pool, [...judged, ...counted]),
  };
}

/** By each code of the dossiers that these codes name: all codes of that dossier. */
async function loadCodes(
  database: AcceptDeps['database'],
  known: RecordBook['names'],
  wanted: readonly string[],
): Promise<RecordBook['codes']> {
  const loaded = await loadDossierNames(
    database,
    [...new Set(wanted)].filter((code) => !known.has(code)),
  );
  return new Map([...known.values(), ...loaded.values()].flatMap((all) => all.map((code) => [code, all] as const)));
}

/** The codes of the dossiers in a submission that have an alias there. */
function aliasedIn(submission: Submission): readonly string[] {
  return dossierItemsOf(submission).flatMap((item) => {
    const codes = codesOf(item);
    return codes.length > 1 ? codes : [];
  });
}

/**
 * Whether no other record of its kind is open for its dossier, with the changes of the batch so far.
 *
 * @param codes all codes of the dossier; see codesOfDossier
 */
export function isLastOpen(book: RecordBook, { kind, subject }: WorkingRecord, codes: ReadonlySet<string>): boolean {
  const isOpen = (one: WorkingRecord): boolean =>
    one.kind === kind &&
    one.subject !== subject &&
    codes.has(one.held?.view.dossierCode ?? '') &&
    !kind.finalStates.includes(one.held?.view.state ?? '');
  const stored = [...codes].flatMap((code) => book.ofDossiers.get(keyOfDossier(kind.name, code))?.open ?? []);
  return (
    !stored.some((one) => one !== subject && !book.bySubject.has(one)) && ![...book.bySubject.values()].some(isOpen)
  );
}

/** All codes of a dossier, with the changes of the batch so far. An alias of several dossiers names none of them. */
export function codesOfDossier(
  { codes }: RecordBook,
  dossiers: Dossiers,
  { aliases }: Pick<Rows, 'aliases'>,
  dossier: string,
): ReadonlySet<string> {
  const given = [...aliases.values()].flatMap((one) => (one.dossier === dossier ? one.code : []));
  const all = [dossier, ...(codes.get(dossier) ?? []), ...given];
  return new Set(all.filter((code) => namedIn(dossiers, code).every((one) => one.code === dossier)));
}

/** The codes under which a batch locks a dossier. Few, because the locks of all batches share one table. */
const MOST_JUDGED_NAMES = 4;

/** The codes of a dossier under which its records of a kind are judged together. */
function judgedNames({ names, codes }: RecordBook, kind: Kind, dossier: string): readonly string[] {
  const isJudged = kind.dossierStep || (kind.uniqueBy && names.has(dossier));
  return isJudged ? [...new Set([dossier, ...(codes.get(dossier) ?? []).slice(0, MOST_JUDGED_NAMES)])] : [];
}

/** The unique key of a record under each known code of its dossier. */
function uniqueKeysOf({ names }: RecordBook, kind: Kind, record: KindRecord): readonly string[] {
  const { dossierCode } = record;
  const codes = dossierCode === undefined ? [] : (names.get(dossierCode) ?? []);
  return [record, ...codes.map((code) => ({ ...record, dossierCode: code }))].flatMap(
    (one) => uniqueKeyOf(kind, one) ?? [],
  );
}

/**
 * Another record of which only one may exist for the dossier. A record keeps its place beside one that was accepted before the
 * hub knew that both name one dossier.
 *
 * @param view the record as it would be
 */
export function rivalOf(book: RecordBook, working: WorkingRecord, view: KindRecord): KindRecord | undefined {
  const { kind, held } = working;
  const key = uniqueKeyOf(kind, view);
  const keys = held && uniqueKeyOf(kind, held.view) === key ? [key] : uniqueKeysOf(book, kind, view);
  for (const one of keys) {
    const other = one === undefined ? undefined : book.byKey.get(one);
    if (other && other !== working) return other.held?.view;
  }
  return undefined;
}

/** Adds a record to the book, or replaces what the book has of it. */
export function keepRecord(book: RecordBook, working: WorkingRecord): void {
  book.bySubject.set(working.subject, working);
  const key = working.held && uniqueKeyOf(working.kind, working.held.view);
  if (key !== undefined) book.byKey.set(key, working);
}

/** All records of kinds in a submission, also those whose doubtful text waits. */
function kindItemsOf(kinds: Kinds, { items }: Pick<Submission, 'items'>): readonly KindItem[] {
  const found: KindItem[] = [];
  for (const one of items) {
    const item = recordIn(one);
    const kind = item && kinds.of(item.operation);
    if (kind) found.push({ kind, item, record: item.record as unknown as KindRecord });
  }
  return found;
}

/**
 * The subjects of all records that a submission names, and the dossiers that they may move: two batches that name the same one
 * may change the same record.
 */
export function subjectsNamedBy(kinds: Kinds, submission: Submission): readonly string[] {
  return kindItemsOf(kinds, submission).flatMap(({ kind, record }) => {
    const moved = kind.dossierStep && record.dossierCode;
    return moved === undefined ? [subjectOf(kind, record.code)] : [subjectOf(kind, record.code), moved];
  });
}

/**
 * The place of the first message with a record of which a dossier has only one, after a message that may give that dossier
 * another code. Such a record is judged by the codes in the index, so the message before must be committed. Undefined for
 * none.
 */
export function firstJudgedByNewCodes(kinds: Kinds, submissions: readonly Submission[]): number | undefined {
  const given = new Set<string>();
  // A report on a known record may leave its dossier out.
  const isJudged = ({ kind, record: { dossierCode } }: KindItem): boolean =>
    kind.uniqueBy !== undefined && (dossierCode === undefined || given.has(dossierCode));
  for (const [at, submission] of submissions.entries()) {
    if (given.size > 0 && kindItemsOf(kinds, submission).some(isJudged)) return at;
    for (const code of dossierItemsOf(submission).flatMap(codesJoinedBy)) given.add(code);
  }
  return undefined;
}

/** The codes that an item gives to one dossier. None if it has only one. */
function codesJoinedBy(item: DossierItem): readonly string[] {
  const codes = [...codesOf(item), item.receiptNumber].filter((code) => code !== undefined);
  return codes.length > 1 ? codes : [];
}

/** The steps of dossiers that the records of a submission may make. The loading depends on the code and the moment of each. */
export function possibleStepsOf(kinds: Kinds, submission: Submission, book: RecordBook): readonly DossierItem[] {
  return kindItemsOf(kinds, submission).flatMap(({ kind, record }) => {
    if (!kind.dossierStep) return [];
    return namedDossiers(book, kind, record).map((code) => stepItem(code, record.stateAt, POSSIBLE_STEP));
  });
}

const POSSIBLE_STEP: DossierStep = { status: 'processing', actor: '-', content: '-' };

/** The dossier that an item names, and that of the known record: a report leaves it out. */
function namedDossiers({ bySubject }: RecordBook, kind: Kind, { code, dossierCode }: KindRecord): readonly string[] {
  const known = bySubject.get(subjectOf(kind, code))?.held?.view.dossierCode;
  return [...new Set([dossierCode, known])].filter((one) => one !== undefined);
}

/** The dossier that a record names, with the changes of the batch so far. An alias of several names none. */
export function dossierOf(book: RecordBook, dossiers: Dossiers, code: string | undefined): NamedDossier | undefined {
  if (code === undefined) return undefined;
  const [working, another] = namedIn(dossiers, code);
  if (another) return undefined;
  const known = book.dossiers.get(code);
  const { held } = working ?? {};
  if (!held) return known;
  const { status, statusAt, results = [], serviceCode, fieldCode } = held.view.record;
  const isKnown = hasResult(status) || results.length > 0 || known?.hasResult === true;
  return { code: held.code, owner: held.owner, status, statusAt, hasResult: isKnown, serviceCode, fieldCode };
}

/** The dossiers of the batch that have this code. */
function namedIn({ byName }: Dossiers, code: string): readonly Working[] {
  return [...(byName.get(ownName(code)) ?? byName.get(code) ?? [])];
}

/** The newest message of all records and dossiers that a submission names. */
export function lastMessageOfRecords(kinds: Kinds, submission: Submission, book: RecordBook): string | undefined {
  let last: string | undefined;
  for (const { kind, record } of kindItemsOf(kinds, submission)) {
    const key = uniqueKeyOf(kind, record);
    const working = [
      book.bySubject.get(subjectOf(kind, record.code)),
      key === undefined ? undefined : book.byKey.get(key),
    ];
    const dossiers = namedDossiers(book, kind, record).flatMap((code) => [
      book.dossiers.get(code)?.messageId,
      ...[code, ...(book.codes.get(code) ?? [])].map(
        (one) => book.ofDossiers.get(keyOfDossier(kind.name, one))?.newest,
      ),
    ]);
    for (const id of [...working.map((one) => one?.messageId), ...dossiers])
      if (id !== undefined && (last === undefined || id > last)) last = id;
  }
  return last;
}

/** The subjects of the records that the batch created. */
export function createdRecords({ bySubject }: RecordBook): readonly string[] {
  return [...bySubject.values()].flatMap(({ subject, held, loaded }) => (held && !loaded ? [subject] : []));
}

/** The dossiers of changed records that were judged with the other records of their kind, under each code. */
export function judgedDossiers(book: RecordBook): readonly JudgedDossier[] {
  const { bySubject, ofDossiers } = book;
  const judged = new Map<string, JudgedDossier>();
  for (const { kind, held, loaded } of bySubject.values()) {
    if (!held || held === loaded) continue;
    const named = [held.view.dossierCode, loaded?.view.dossierCode].filter((code) => code !== undefined);
    for (const dossier of named.flatMap((code) => judgedNames(book, kind, code))) {
      const key = keyOfDossier(kind.name, dossier);
      judged.set(key, { kind: kind.name, dossier, newest: ofDossiers.get(key)?.newest });
    }
  }
  return [...judged.values()];
}

/** The rows of the records that the batch changed. */
export function recordRows({ bySubject }: RecordBook): readonly RecordRow[] {
  return [...bySubject.values()].flatMap(
    ({ kind, held, loaded, messageId, party, receivedAt, changedAt, createdAt, rewrites }) =>
      held && held !== loaded && messageId !== undefined
        ? [{ kind, held, madeFrom: loaded?.version ?? 0, messageId, party, receivedAt, changedAt, createdAt, rewrites }]
        : [],
  );
}
