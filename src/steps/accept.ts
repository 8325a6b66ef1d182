import { type Applied, apply, type Held, needsHistory, type RecordedEvent } from '#core/apply';
import { type Item, isDossierItem, type RecordItem, type WaitingItem } from '#core/item';
import type { Problem } from '#core/problem';
import { type Route, recipients } from '#core/route';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Operation } from '#schemas/operations';
import {
  type CatalogueKind,
  type CatalogueRow,
  catalogueKey,
  cataloguePart,
  loadEntries,
} from '../catalogue/catalogue.ts';
import { type KnownCodes, type UnknownCodeRow, unknownCodePart } from '../catalogue/known-codes.ts';
import { type Part, writeParts } from '../database/parts.ts';
import type { Database } from '../database/pool.ts';
import { type ChangeRow, changeParts } from '../index/changes.ts';
import { type AliasRow, aliasPart, type DossierRow, dossierPart, loadHeld } from '../index/dossiers.ts';
import { type EventRow, eventPart, loadEvents } from '../index/events.ts';
import { hashOf } from '../index/sealed-records.ts';
import { type DeliveryRow, deliveryPart } from '../ledger/deliveries.ts';
import { type IdempotencyRow, idempotencyPart } from '../ledger/idempotency.ts';
import { type ItemResult, type MessageRow, messagePart } from '../ledger/messages.ts';
import { type QuarantineRow, quarantinePart, settledPart } from '../ledger/quarantine.ts';
import type { Vault } from '../vault.ts';

export interface AcceptMeans {
  readonly database: Database;
  readonly vault: Vault;
  readonly routes: readonly Route[];
  readonly knownCodes: KnownCodes;
  /** Whether a party owns the truth of its dossiers; see DossierEvent. */
  readonly isAuthoritative: (party: string) => boolean;
}

/** A message with the items that its dialect read. */
export interface Submission extends Omit<MessageRow, 'results' | 'party'> {
  readonly party: string;
  readonly items: readonly Item[];
  /** Present where the sender gave an Idempotency-Key. */
  readonly idempotency?: IdempotencyRow;
  /** Present where the message is kept already and one waiting item of it is tried again: its place and its row. */
  readonly again?: { readonly item: number; readonly quarantineId: number };
}

export interface Acceptance {
  /** The results of each submission, in their order. */
  readonly results: readonly (readonly ItemResult[])[];
  /** The parties that something is due for now. */
  readonly ring: readonly string[];
  /** The dossiers that were not known before. */
  readonly created: readonly string[];
}

/**
 * Apply a batch of messages to the index and keep all of it, in one statement. When this returns, it is committed.
 *
 * @param together what has to be kept with it or not at all
 * @throws a PostgreSQL error, and then nothing is kept; 40001, 40P01 and 23505 mean that somebody else wrote the same
 *   things meanwhile and the batch can be tried again.
 */
export async function acceptBatch(
  means: AcceptMeans,
  submissions: readonly Submission[],
  together: readonly Part[] = [],
): Promise<Acceptance> {
  const { database, vault } = means;
  const dossiers = await loadDossiers(means, submissions);
  const rows = await applyAll(means, submissions, dossiers);
  const written = [...dossiers.all].filter((dossier) => dossier.held && dossier.held !== dossier.loaded);
  await writeParts(database.pool, [
    dossierPart(written.map(dossierRow), vault),
    aliasPart(rows.aliases),
    cataloguePart([...rows.entries.values()]),
    messagePart(rows.messages, vault),
    idempotencyPart(submissions.flatMap((submission) => submission.idempotency ?? [])),
    eventPart(rows.events, vault),
    deliveryPart(rows.deliveries),
    quarantinePart(rows.waiting),
    settledPart(rows.settled),
    unknownCodePart(rows.unknown),
    ...together,
    ...changeParts(rows.changes),
  ]);
  return {
    results: rows.results,
    ring: [...new Set(rows.deliveries.map((delivery) => delivery.party))],
    created: written.filter((dossier) => !dossier.loaded).map((dossier) => (dossier.held as Held).code),
  };
}

/** A dossier while a batch is applied to it. */
interface Working {
  readonly code: string;
  readonly loaded: Held | undefined;
  held: Held | undefined;
  events: RecordedEvent[];
  createdAt: string;
  party: string;
  receivedAt: string;
}

interface Dossiers {
  readonly all: Set<Working>;
  readonly byCode: Map<string, Set<Working>>;
}

type DossierItem = RecordItem<'dossier.upsert.v1' | 'dossier.progress.v1'>;

async function loadDossiers({ database, vault }: AcceptMeans, submissions: readonly Submission[]): Promise<Dossiers> {
  const items = submissions.flatMap((submission) => submission.items.filter(isRecord).filter(isDossierItem));
  const codes = [...new Set(items.flatMap((item) => codesOf(item)))];
  const dossiers: Dossiers = { all: new Set(), byCode: new Map() };
  const loaded = new Map<string, Working>();
  for (const { asked, held, createdAt } of await loadHeld(database.pool, vault, codes)) {
    const working = loaded.get(held.code) ?? begin(held.code, held, createdAt);
    loaded.set(held.code, working);
    register(dossiers, working, [asked]);
  }
  await loadHistories(database, vault, items, dossiers);
  return dossiers;
}

function begin(code: string, loaded: Held | undefined, createdAt: string): Working {
  return { code, loaded, held: loaded, events: [], createdAt, party: '', receivedAt: createdAt };
}

function register(dossiers: Dossiers, working: Working, codes: readonly string[]): void {
  dossiers.all.add(working);
  for (const code of codes) dossiers.byCode.set(code, (dossiers.byCode.get(code) ?? new Set()).add(working));
}

/** Only what is not later than all that is recorded has to be judged by the history; see core/apply. */
async function loadHistories(database: Database, vault: Vault, items: readonly DossierItem[], dossiers: Dossiers) {
  const lastAt = new Map<Working, string>();
  const wanted = new Set<Working>();
  for (const item of items) {
    for (const working of candidates(dossiers, item)) {
      const held = working.loaded && { ...working.loaded, lastAt: lastAt.get(working) ?? working.loaded.lastAt };
      if (needsHistory(held, incomingOf(item, '', false))) wanted.add(working);
      if (held && atOf(item) > held.lastAt) lastAt.set(working, atOf(item));
    }
  }
  if (wanted.size === 0) return;
  const since = [...wanted].map((working) => working.createdAt).reduce((a, b) => (a < b ? a : b));
  const histories = await loadEvents(
    database.pool,
    vault,
    [...wanted].map((working) => working.code),
    since,
  );
  for (const working of wanted) working.events = [...(histories.get(working.code) ?? [])];
}

interface Rows {
  readonly results: ItemResult[][];
  readonly messages: MessageRow[];
  readonly aliases: AliasRow[];
  readonly entries: Map<string, CatalogueRow>;
  readonly events: EventRow[];
  readonly deliveries: DeliveryRow[];
  readonly waiting: QuarantineRow[];
  readonly settled: { readonly id: number; readonly at: string; readonly settlement: string }[];
  readonly unknown: UnknownCodeRow[];
  readonly changes: ChangeRow[];
}

async function applyAll(means: AcceptMeans, submissions: readonly Submission[], dossiers: Dossiers): Promise<Rows> {
  const rows: Rows = {
    results: [],
    messages: [],
    aliases: [],
    entries: new Map(),
    events: [],
    deliveries: [],
    waiting: [],
    settled: [],
    unknown: [],
    changes: [],
  };
  const unknown = await unknownCodes(means, submissions);
  const entries = await loadCatalogue(means, submissions);
  for (const submission of submissions) {
    const results = submission.items.map((item, at) => {
      const place: Place = { means, submission, index: submission.again?.item ?? at, rows };
      if (item.kind === 'invalid')
        return { index: place.index, ...codeMember(item.code), outcome: 'invalid', problems: item.problems } as const;
      if (item.kind === 'waiting') return quarantine(place, item);
      if (!isDossierItem(item)) return applyEntry(place, item, entries);
      return withWarnings(applyDossier(place, item, dossiers), [
        ...item.warnings,
        ...catalogueWarnings(place, item, unknown),
      ]);
    });
    rows.results.push(results);
    if (!submission.again) rows.messages.push({ ...submission, results });
  }
  return rows;
}

interface Place {
  readonly means: AcceptMeans;
  readonly submission: Submission;
  readonly index: number;
  readonly rows: Rows;
}

function applyDossier(place: Place, item: DossierItem, dossiers: Dossiers): ItemResult {
  const { submission, rows, index, means } = place;
  const { code } = item.record;
  const found = [...candidates(dossiers, item)];
  if (found.length > 1) return quarantine(place, conflict(item, found));
  let [working] = found;
  if (!working) {
    if (item.operation === 'dossier.progress.v1') return quarantine(place, unknownDossier(item));
    working = begin(code, undefined, submission.receivedAt);
    register(dossiers, working, codesOf(item));
  }
  const record = underOwnCode(item, working.code, submission.party);
  const incoming = incomingOf(item, submission.party, means.isAuthoritative(submission.party));
  const event = incoming.record ? { ...incoming, record: record as Dossier } : incoming;
  const applied = apply(working.held, working.events, working.code, event);
  settleWaiting(place, applied.outcome);
  if (!applied.event) return { index, code, outcome: applied.outcome };
  keepAliases(place, working, item, dossiers);
  working.held = applied.held;
  working.events.push(applied.event);
  working.party = submission.party;
  working.receivedAt = submission.receivedAt;
  const { view } = applied.held;
  rows.events.push({
    code: working.code,
    event: applied.event,
    said: record,
    movedStatus: applied.movedStatus,
    anomaly: applied.anomaly,
    recordedAt: submission.receivedAt,
    messageId: submission.id,
    item: index,
  });
  if (applied.changed)
    rows.changes.push({
      code: working.code,
      status: view.status,
      statusAt: view.statusAt,
      changedAt: submission.receivedAt,
    });
  for (const [operation, told] of tells(item, applied))
    if (told) route(place, operation, working.code, applied.event.seq, view.record);
  return { index, code, outcome: applied.outcome };
}

/** A dossier's new state goes out when readers see it; a step goes out whenever it is new, its dossier first. */
function tells(item: DossierItem, applied: Applied): readonly (readonly [Operation, boolean])[] {
  if (item.operation === 'dossier.upsert.v1') return [['dossier.upsert.v1', applied.changed]];
  return [
    ['dossier.upsert.v1', applied.movedStatus],
    ['dossier.progress.v1', true],
  ];
}

function route(
  { means, submission, rows }: Place,
  operation: Operation,
  subject: string,
  seq: number,
  of: Partial<Dossier>,
): void {
  for (const party of recipients(means.routes, submission.party, operation, of))
    rows.deliveries.push({
      party,
      operation,
      subject,
      seq,
      messageId: submission.id,
      createdAt: submission.receivedAt,
    });
}

/** A record under the dossier's own code; the code that it came under is kept as the sender's alias. */
function underOwnCode(item: DossierItem, code: string, party: string): DossierItem['record'] {
  if (item.record.code === code || item.operation === 'dossier.progress.v1') return item.record;
  const record = item.record as Dossier;
  return { ...record, code, aliases: [...(record.aliases ?? []), { party, code: record.code }] };
}

function keepAliases({ submission, rows }: Place, working: Working, item: DossierItem, dossiers: Dossiers): void {
  const given = 'aliases' in item.record ? (item.record.aliases ?? []) : [];
  const own = item.record.code === working.code ? [] : [{ party: submission.party, code: item.record.code }];
  const known = new Set((working.held?.view.record.aliases ?? []).map((alias) => `${alias.party} ${alias.code}`));
  for (const { party, code } of [...given, ...own]) {
    if (known.has(`${party} ${code}`) || rows.aliases.some((row) => row.party === party && row.code === code)) continue;
    rows.aliases.push({ party, code, dossier: working.code });
    register(dossiers, working, [code]);
  }
}

function quarantine({ submission, rows, index }: Place, item: WaitingItem): ItemResult {
  if (!submission.again)
    rows.waiting.push({
      cause: item.cause,
      party: submission.party,
      operation: item.operation,
      code: item.code,
      messageId: submission.id,
      item: index,
      openedAt: submission.receivedAt,
    });
  return { index, ...codeMember(item.code), outcome: 'quarantined', problems: item.problems };
}

function settleWaiting({ submission, rows }: Place, outcome: string): void {
  if (submission.again)
    rows.settled.push({ id: submission.again.quarantineId, at: submission.receivedAt, settlement: outcome });
}

function conflict(item: DossierItem, found: readonly Working[]): WaitingItem {
  const codes = found.map((working) => working.code).sort();
  const message = `${item.record.code} and its aliases name ${codes.length} dossiers that are held apart: ${codes.join(', ')}`;
  return {
    kind: 'waiting',
    operation: item.operation,
    code: item.record.code,
    cause: { kind: 'code-conflict', key: `code-conflict:${codes.join('+')}`, message },
    problems: [{ path: '/aliases', message }],
  };
}

function unknownDossier(item: DossierItem): WaitingItem {
  const { code } = item.record;
  const message = `no dossier ${code} has come yet; the step is kept and applied when it comes`;
  return {
    kind: 'waiting',
    operation: item.operation,
    code,
    cause: { kind: 'dossier-unknown', key: `dossier-unknown:${code}`, message },
    problems: [{ path: '/code', message }],
  };
}

/** The dossiers that an item's codes name: its own code under any party, its aliases under their own. */
function candidates(dossiers: Dossiers, item: DossierItem): ReadonlySet<Working> {
  const found = new Set<Working>();
  for (const code of codesOf(item)) for (const working of dossiers.byCode.get(code) ?? []) found.add(working);
  return found;
}

function codesOf(item: DossierItem): readonly string[] {
  const aliases = 'aliases' in item.record ? item.record.aliases : undefined;
  return aliases ? [item.record.code, ...aliases.map((alias) => alias.code)] : [item.record.code];
}

function incomingOf(item: DossierItem, party: string, authoritative: boolean): Omit<RecordedEvent, 'seq'> {
  const isDossier = item.operation === 'dossier.upsert.v1';
  return {
    kind: isDossier ? 'dossier' : 'progress',
    at: atOf(item),
    status: item.record.status,
    party,
    authoritative,
    inferred: item.inferred ?? false,
    hash: hashOf(item.record),
    ...(isDossier && { record: item.record as Dossier }),
  };
}

function atOf(item: DossierItem): string {
  return 'at' in item.record ? item.record.at : item.record.statusAt;
}

function dossierRow(working: Working): DossierRow {
  return {
    held: working.held as Held,
    madeFrom: working.loaded?.version ?? 0,
    receivedAt: working.receivedAt,
    createdAt: working.createdAt,
    party: working.party,
  };
}

const KIND_OF: Partial<Record<Operation, CatalogueKind>> = {
  'service.upsert.v1': 'service',
  'agency.upsert.v1': 'agency',
  'field.upsert.v1': 'field',
};

type Entries = Map<string, { hash: string; version: number }>;

async function loadCatalogue({ database }: AcceptMeans, submissions: readonly Submission[]): Promise<Entries> {
  const entries: Entries = new Map();
  const items = submissions.flatMap((submission) =>
    submission.items.filter(isRecord).filter((item) => !isDossierItem(item)),
  );
  for (const [operation, kind] of Object.entries(KIND_OF)) {
    const keys = items
      .filter((item) => item.operation === operation)
      .map((item) => catalogueKey(kind, item.record.code));
    for (const [key, entry] of await loadEntries(database.pool, kind, [...new Set(keys)]))
      entries.set(`${kind} ${key}`, entry);
  }
  return entries;
}

/** Catalogue entries carry no time of their own: the newest arrival is the truth. */
function applyEntry(place: Place, item: RecordItem, entries: Entries): ItemResult {
  const { submission, rows, index } = place;
  const kind = KIND_OF[item.operation] as CatalogueKind;
  const record = item.record as CatalogueRow['record'];
  const key = catalogueKey(kind, record.code);
  const place_ = `${kind} ${key}`;
  const known = entries.get(place_);
  const hash = hashOf(record);
  settleWaiting(place, known?.hash === hash ? 'duplicate' : 'accepted');
  if (known?.hash === hash) return { index, code: record.code, outcome: 'duplicate' };
  const follows = rows.entries.get(place_)?.follows ?? known?.version ?? 0;
  entries.set(place_, { hash, version: follows + 1 });
  rows.entries.set(place_, {
    kind,
    record,
    hash,
    party: submission.party,
    messageId: submission.id,
    changedAt: submission.receivedAt,
    follows,
  });
  const subject = 'fieldCode' in record ? { serviceCode: record.code, fieldCode: record.fieldCode } : {};
  route(place, item.operation, place_, follows + 1, subject as Partial<Dossier>);
  return withWarnings({ index, code: record.code, outcome: 'accepted' }, item.warnings);
}

interface Unknown {
  readonly service: ReadonlySet<string>;
  readonly agency: ReadonlySet<string>;
}

async function unknownCodes({ knownCodes }: AcceptMeans, submissions: readonly Submission[]): Promise<Unknown> {
  const records = submissions
    .flatMap((submission) => submission.items)
    .filter(isRecord)
    .filter(isUpsert);
  return {
    service: await knownCodes.unknown(
      'service',
      records.map((item) => item.record.serviceCode),
    ),
    agency: await knownCodes.unknown(
      'agency',
      records.map((item) => item.record.agencyCode),
    ),
  };
}

/** An unknown service or agency does not hide a citizen's dossier: it is told to the sender and to the operators. */
function catalogueWarnings(
  { means, submission, rows }: Place,
  item: DossierItem,
  unknown: Unknown,
): readonly Problem[] {
  if (!isUpsert(item)) return [];
  const warnings: Problem[] = [];
  const warn = (kind: 'service' | 'agency', path: string, code: string): void => {
    warnings.push({ path, message: `the catalogue has no ${kind} ${code}; the dossier is kept and shown` });
    if (means.knownCodes.isNews(kind, code, submission.party))
      rows.unknown.push({ kind, code, party: submission.party, at: submission.receivedAt });
  };
  if (unknown.service.has(item.record.serviceCode)) warn('service', '/serviceCode', item.record.serviceCode);
  if (unknown.agency.has(item.record.agencyCode)) warn('agency', '/agencyCode', item.record.agencyCode);
  return warnings;
}

function withWarnings(result: ItemResult, warnings: readonly Problem[]): ItemResult {
  return warnings.length > 0 ? { ...result, warnings } : result;
}

function isRecord(item: Item): item is RecordItem {
  return item.kind === 'record';
}

function isUpsert(item: RecordItem): item is RecordItem<'dossier.upsert.v1'> {
  return item.operation === 'dossier.upsert.v1';
}

function codeMember(code: string | undefined): { readonly code?: string } {
  return code === undefined ? {} : { code };
}
