import { type DossierItem, type RecordItem, recordIn } from '#core/dossier/item';
import { hasResult } from '#core/dossier/status';
import type { IndexedRecord, KindEvent } from '#core/records/apply';
import {
  type DossierFacts,
  type DossierStep,
  type Kind,
  type KindRecord,
  type StateOf,
  subjectOf,
} from '#core/records/kind';
import type { Kinds } from '#core/records/kinds';
import { formerIn } from '#core/records/mask-record';
import { loadDossierFacts } from '../index/dossier-facts.ts';
import { loadRecordEvents } from '../index/record-events.ts';
import {
  keyOfDossier,
  type LockedDossier,
  loadOfDossiers,
  loadRecords,
  type NamedByRecords,
  type RecordRow,
  type RecordsOfDossier,
  uniqueKeyOf,
} from '../index/records.ts';
import type { Submission } from '../ledger/submission.ts';
import type { AcceptDeps } from './accept-deps.ts';
import { codesOfDossier, type DossierCodes, loadCodes, newDossierCodes, possibleCodesOf } from './dossier-codes.ts';
import { type Dossiers, stepItem, workingNamed } from './dossiers.ts';

/** A record of a kind while a batch is applied to it. */
export interface WorkingRecord {
  readonly kind: Kind;
  readonly subject: string;
  readonly loaded: IndexedRecord | undefined;
  held: IndexedRecord | undefined;
  readonly events: KindEvent[];
  readonly createdAt: string;
  /** The newest message that was applied to it, with the data for its freshness. */
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
  /** By `uniqueKeyOf`. */
  readonly byUniqueKey: Map<string, WorkingRecord>;
  readonly codes: DossierCodes;
  /** The dossiers that records name, as the index has them, by the code that the record says. */
  readonly dossiers: ReadonlyMap<string, NamedDossier & { readonly messageId: string }>;
  /** The records of kinds that are decided together, as the index has them, by `keyOfDossier`. */
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

const NO_CODES: DossierCodes = { stored: new Map(), versions: new Map(), given: new Map() };

/** Loads the records that a batch names, with their histories. Reads nothing for a batch without any. */
export async function loadRecordBook(deps: AcceptDeps, submissions: readonly Submission[]): Promise<RecordBook> {
  const { database, kinds } = deps;
  const items = submissions.flatMap((submission) => kindItemsOf(kinds, submission));
  const records = { bySubject: new Map<string, WorkingRecord>(), byUniqueKey: new Map<string, WorkingRecord>() };
  if (items.length === 0) return { ...records, codes: NO_CODES, dossiers: new Map(), ofDossiers: new Map() };
  const together = items.filter(({ kind }) => isDecidedTogether(deps, kind));
  const codes = together.length > 0 ? newDossierCodes(submissions) : NO_CODES;
  const said = together.flatMap(({ record }) => record.dossierCode ?? []);
  await loadCodes(database, codes, [...codes.given.keys(), ...said]);
  for (const working of await loadNamed(deps, items, codes)) keepRecord(records, working);
  const dossiersOf = ({ kind, record }: KindItem) => namedDossiers(records, kind, record);
  // A report leaves the dossier of its record out.
  await loadCodes(database, codes, together.flatMap(dossiersOf));
  const subjects = together.flatMap((item) =>
    dossiersOf(item)
      .flatMap((named) => [...possibleCodesOf(codes, named)])
      .map((dossier) => ({ kind: item.kind.name, dossier })),
  );
  return {
    ...records,
    codes,
    dossiers: await loadDossierFacts(database.pool, [...new Set(items.flatMap(dossiersOf))]),
    ofDossiers: await loadOfDossiers(database.pool, subjects),
  };
}

/** The stored records with the code or with a unique key of one of these items, and those in places to which they may return. */
async function loadNamed(
  deps: AcceptDeps,
  items: readonly KindItem[],
  codes: DossierCodes,
): Promise<readonly WorkingRecord[]> {
  const keysOf = ({ kind, record }: KindItem) => uniqueKeysOf(kind, record, possibleCodesOf(codes, record.dossierCode));
  const uniqueKeys = new Set(items.flatMap(keysOf));
  const subjects = new Set(items.map(({ kind, record }) => subjectOf(kind, record.code)));
  const named = await loadWorking(deps, [...subjects], [...uniqueKeys]);
  // A late event may show that a later one was not allowed. The record then returns to where an earlier event placed it.
  const places = named.flatMap(({ kind, events }) => events.flatMap(({ record }) => uniqueKeyOf(kind, record) ?? []));
  const known = new Set([
    ...uniqueKeys,
    ...named.flatMap(({ kind, held }) => (held && uniqueKeyOf(kind, held.view)) ?? []),
  ]);
  const others = [...new Set(places)].filter((key) => !known.has(key));
  if (!deps.enforcesRules || others.length === 0) return named;
  // Another batch may have moved a record since the first reading. The commit notices that.
  const read = new Set(named.map(({ subject }) => subject));
  return [...named, ...(await loadWorking(deps, [], others)).filter(({ subject }) => !read.has(subject))];
}

async function loadWorking(
  { database: { pool }, vault, kinds }: AcceptDeps,
  subjects: readonly string[],
  uniqueKeys: readonly string[],
): Promise<readonly WorkingRecord[]> {
  const found = await loadRecords(pool, vault, { subjects, uniqueKeys });
  const events = await loadRecordEvents(
    pool,
    vault,
    found.map(({ subject }) => subject),
  );
  return found.flatMap(({ held, ...rest }) => {
    const kind = kinds.ofSubject(rest.subject);
    return kind ? [{ ...rest, kind, loaded: held, held, events: [...(events.get(rest.subject) ?? [])] }] : [];
  });
}

/**
 * Whether the records of a kind about one dossier are decided together: the step of the dossier depends on all of them, or it
 * may have only one.
 */
function isDecidedTogether({ enforcesRules }: Pick<AcceptDeps, 'enforcesRules'>, kind: Kind): boolean {
  return kind.dossierStep !== undefined || (enforcesRules && kind.uniqueBy !== undefined);
}

/**
 * The other records of its kind for its dossier, with the changes of the batch so far.
 *
 * @param codes all codes of the dossier; see codesOfDossier
 */
export function othersOf(
  { bySubject, ofDossiers }: RecordBook,
  { kind, subject }: WorkingRecord,
  codes: readonly string[],
): readonly StateOf[] {
  const others: StateOf[] = [];
  for (const code of codes)
    for (const stored of ofDossiers.get(keyOfDossier(kind.name, code))?.records ?? [])
      if (stored.subject !== subject && !bySubject.has(stored.subject)) others.push(stored);
  for (const other of bySubject.values()) {
    if (other.kind !== kind || other.subject === subject || !other.held) continue;
    const { view } = other.held;
    if (view.dossierCode !== undefined && codes.includes(view.dossierCode)) others.push(view);
  }
  return others;
}

/** The unique key of a record under the code that it says, and under each of these codes of its dossier. */
function uniqueKeysOf(kind: Kind, record: KindRecord, codes: Iterable<string>): readonly string[] {
  if (!kind.uniqueBy) return [];
  const underEach = [...codes].map((dossierCode) => ({ ...record, dossierCode }));
  return [record, ...underEach].flatMap((one) => uniqueKeyOf(kind, one) ?? []);
}

/**
 * Another record of which only one may exist for the dossier. A record keeps its place beside one that was accepted before the
 * hub knew that both name one dossier.
 *
 * @param view the record as it would be
 * @param codes all codes of its dossier; see codesOfDossier
 */
export function rivalOf(
  book: RecordBook,
  working: WorkingRecord,
  view: KindRecord,
  codes: readonly string[],
): KindRecord | undefined {
  const { kind, held } = working;
  const key = uniqueKeyOf(kind, view);
  const isInPlace = held !== undefined && uniqueKeyOf(kind, held.view) === key;
  for (const one of uniqueKeysOf(kind, view, isInPlace ? [] : codes)) {
    const other = book.byUniqueKey.get(one);
    if (!other?.held || other === working) continue;
    // The batch may have moved the other one away.
    if (uniqueKeyOf(kind, other.held.view) === one || closesCircle(book, working, one)) return other.held.view;
  }
  return undefined;
}

/**
 * Whether stored records would take each other's unique keys in a circle. A key is free for a row when the row of the record
 * that leaves it is written, so a circle has no first row.
 */
function closesCircle({ bySubject }: RecordBook, working: WorkingRecord, key: string): boolean {
  const stored = new Map(
    [...bySubject.values()].flatMap((one) => (one.loaded ? [[uniqueKeyOf(one.kind, one.loaded.view), one]] : [])),
  );
  let at = stored.get(key);
  for (let left = stored.size; at?.held && left > 0; left--) {
    if (at === working) return true;
    at = stored.get(uniqueKeyOf(at.kind, at.held.view));
  }
  return false;
}

/** Adds a record to the book, or replaces what the book has of it. */
export function keepRecord(
  { bySubject, byUniqueKey }: Pick<RecordBook, 'bySubject' | 'byUniqueKey'>,
  working: WorkingRecord,
): void {
  bySubject.set(working.subject, working);
  const key = working.held && uniqueKeyOf(working.kind, working.held.view);
  if (key !== undefined) byUniqueKey.set(key, working);
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

/** The steps of dossiers that the records of a submission may make. The loading depends on the code and the moment of each. */
export function possibleStepsOf(kinds: Kinds, submission: Submission, book: RecordBook): readonly DossierItem[] {
  return kindItemsOf(kinds, submission).flatMap(({ kind, record }) => {
    if (!kind.dossierStep) return [];
    return namedDossiers(book, kind, record).map((code) => stepItem(code, record.stateAt, POSSIBLE_STEP));
  });
}

const POSSIBLE_STEP: DossierStep = { status: 'processing', actor: '-', content: '-' };

/**
 * The dossier that an item names, and those that the known record named: a report leaves it out, and a late event may return the
 * record to an earlier one.
 */
function namedDossiers(
  { bySubject }: Pick<RecordBook, 'bySubject'>,
  kind: Kind,
  { code, dossierCode }: KindRecord,
): readonly string[] {
  const known = bySubject.get(subjectOf(kind, code));
  const before = known?.events.map(({ record }) => record.dossierCode) ?? [];
  return [...new Set([dossierCode, known?.held?.view.dossierCode, ...before])].filter((one) => one !== undefined);
}

/** The dossier that a record names, with the changes of the batch so far. An alias of several names none. */
export function dossierOf(book: RecordBook, dossiers: Dossiers, code: string | undefined): NamedDossier | undefined {
  if (code === undefined) return undefined;
  const [working, another] = workingNamed(dossiers, code);
  if (another) return undefined;
  const known = book.dossiers.get(code);
  const { held } = working ?? {};
  if (!held) return known;
  const { status, statusAt, results = [], serviceCode, fieldCode } = held.view.record;
  const isKnown = hasResult(status) || results.length > 0 || known?.hasResult === true;
  return { code: held.code, owner: held.owner, status, statusAt, hasResult: isKnown, serviceCode, fieldCode };
}

/** The newest message of all records and dossiers that a submission names. */
export function lastMessageOfRecords(kinds: Kinds, submission: Submission, book: RecordBook): string | undefined {
  const { bySubject, byUniqueKey, codes, dossiers, ofDossiers } = book;
  let last: string | undefined;
  const note = (id: string | undefined): void => {
    if (id !== undefined && (last === undefined || id > last)) last = id;
  };
  for (const { kind, record } of kindItemsOf(kinds, submission)) {
    note(bySubject.get(subjectOf(kind, record.code))?.messageId);
    const key = uniqueKeyOf(kind, record);
    if (key !== undefined) note(byUniqueKey.get(key)?.messageId);
    for (const named of namedDossiers(book, kind, record)) {
      note(dossiers.get(named)?.messageId);
      for (const code of possibleCodesOf(codes, named)) note(ofDossiers.get(keyOfDossier(kind.name, code))?.newest);
    }
  }
  return last;
}

/** The subjects of the records that the batch created. */
export function createdRecords({ bySubject }: RecordBook): readonly string[] {
  return [...bySubject.values()].flatMap(({ subject, held, loaded }) => (held && !loaded ? [subject] : []));
}

/** The most codes of dossiers that a batch locks, because the locks of all batches share one table. */
const MOST_LOCKED_CODES = 4_000;

/** The dossiers of changed records that were decided with the other records of their kind, under each code. */
export function dossiersToLock(deps: AcceptDeps, book: RecordBook, dossiers: Dossiers): readonly LockedDossier[] {
  const locked = new Map<string, LockedDossier>();
  for (const [kind, named] of namedTogether(deps, book)) {
    const own = dossierOf(book, dossiers, named)?.code ?? named;
    const room = Math.max(0, MOST_LOCKED_CODES - locked.size);
    for (const dossier of [named, own, ...codesOfDossier(book.codes, dossiers, own).slice(0, room)]) {
      const key = keyOfDossier(kind.name, dossier);
      locked.set(key, { kind: kind.name, dossier, newest: book.ofDossiers.get(key)?.newest });
    }
  }
  return [...locked.values()];
}

/** What the batch read of the codes that changed records say, and of the dossiers that have them after the batch. */
export function namedByRecords(deps: AcceptDeps, book: RecordBook, dossiers: Dossiers): readonly NamedByRecords[] {
  // A rebuild is alone with its index.
  if (!deps.enforcesRules) return [];
  const { stored, versions } = book.codes;
  const named = new Map<string, NamedByRecords>();
  for (const [, said] of namedTogether(deps, book)) {
    const code = stored.get(said)?.[0] ?? said;
    named.set(code, { code, version: versions.get(code) });
    // The batch may give the code to another dossier.
    const own = dossierOf(book, dossiers, said)?.code;
    const version = own === undefined ? undefined : versions.get(own);
    if (own !== undefined && version !== undefined) named.set(own, { code: own, version });
  }
  return [...named.values()];
}

/** The codes of dossiers that changed records say, or said before, by kind. Only of kinds that are decided together. */
function namedTogether(deps: AcceptDeps, book: RecordBook): readonly (readonly [kind: Kind, named: string])[] {
  return [...book.bySubject.values()].flatMap(({ kind, held, loaded }) => {
    if (!held || held === loaded || !isDecidedTogether(deps, kind)) return [];
    const named = new Set([held.view.dossierCode, loaded?.view.dossierCode]);
    return [...named].flatMap((code) => (code === undefined ? [] : [[kind, code] as const]));
  });
}

/** The rows of the records that the batch changed. */
export function recordRows({ bySubject }: RecordBook): readonly RecordRow[] {
  return [...bySubject.values()].flatMap(
    ({ kind, held, loaded, events, messageId, party, receivedAt, changedAt, createdAt, rewrites }) => {
      if (!held || held === loaded || messageId === undefined) return [];
      const reports = events.map(({ record }) => record);
      const former = formerIn(kind, held.view, reports);
      const storedKey = loaded && uniqueKeyOf(kind, loaded.view);
      const madeFrom = loaded?.version ?? 0;
      return [
        { kind, held, former, madeFrom, storedKey, messageId, party, receivedAt, changedAt, createdAt, rewrites },
      ];
    },
  );
}
