import { counts } from '#core/dossier/event';
import { type EventPlace, inEventOrder } from '#core/dossier/event-order';
import { fold } from '#core/dossier/fold';
import { groupBy } from '#core/group-by';
import type { Person } from '#core/masking/mentions';
import type { Progress } from '#schemas/dossier.progress.v1';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { batchCalls, shareByKey } from '../concurrency/batch-calls.ts';
import type { Bounded } from '../database/bounded.ts';
import type { Total } from '../database/count-up-to.ts';
import type { Database } from '../database/pool.ts';
import type { Vault } from '../secrets/vault.ts';
import { type AsOf, readAsOf } from './as-of.ts';
import { type DossierFilter, soughtBy } from './dossier-filter.ts';
import { countDue, type DueFilter, type DuePlace, listDue } from './due-dossiers.ts';
import { type LoadedEvent, loadEvents } from './events.ts';
import { type HistoryPage, readHistoryPage } from './history.ts';
import { countDossiers, openedRecord, readInCodeOrder, readList, readThese, type ServedDossier } from './list.ts';
import { everNamed, loadIndexed } from './load-indexed.ts';
import { IS_STALE, type MaskedRow, maskedByRule } from './mask-again.ts';
import type { Place } from './newest-page.ts';
import { createMasks } from './people.ts';
import { readStatusSteps, type StatusStep } from './status-steps.ts';

export type { HistoryItem, HistoryPage } from './history.ts';

/** A dossier as a party may read it in full. See IndexReader.toldBy. */
export interface RecipientView {
  readonly record: Dossier;
  readonly steps: readonly Progress[];
}

/** A complete record and the party that owns it. */
export interface WholeDossier {
  readonly record: Dossier;
  readonly owner: string;
}

export type OneDossier =
  | { readonly kind: 'found'; readonly dossier: ServedDossier }
  | { readonly kind: 'none' }
  /** Several systems use this code for different dossiers. */
  | { readonly kind: 'ambiguous'; readonly codes: readonly string[] };

export interface Change {
  readonly cursor: number;
  readonly code: string;
  readonly status: string;
  readonly statusAt: string;
  readonly changedAt: string;
}

/** The queries of portals and readers. */
export interface IndexReader {
  /** By its own code or any alias. Concurrent reads share one statement. */
  one(code: string): Promise<OneDossier>;
  /** The complete record by its own code, with personal data. The caller must check who may see it. */
  whole(code: string): Promise<WholeDossier | undefined>;
  /** The present and former applicants of the dossiers with any of these codes, own or alias. The caller must not show them. */
  people(codes: readonly string[]): Promise<readonly Person[]>;
  /**
   * A dossier as a party may read it in full. The owner gets the index's record, with the applicant that the owner
   * named. Any other party gets its own statements. Undefined if the party has sent no record of the dossier. Of a number
   * that several parties use, each means its own.
   */
  toldBy(code: string, party: string): Promise<RecipientView | undefined>;
  /** The index's state of the dossier with this code at an instant. */
  asOf(code: string, at: string, personal: boolean): Promise<AsOf>;
  /**
   * The events of the dossier with this own code, by event time, after `after`. The applicant is masked unless
   * `personal`.
   */
  history(code: string, limit: number, after: EventPlace | undefined, personal: boolean): Promise<HistoryPage>;
  /**
   * The first steps that moved the status of the dossier with this own code, by event time, masked. Repeats and statements of
   * parties that do not own the dossier are left out.
   */
  statusSteps(code: string, limit: number): Promise<readonly StatusStep[]>;
  /** The steps of a dossier as parties sent them, by event time. */
  steps(code: string): Promise<readonly Progress[]>;
  /**
   * Newest status first, then by code; after `after`. Personal data in full if `personal`. Lists of large dossiers end
   * early.
   */
  list(
    filter: DossierFilter,
    limit: number,
    after: Place | undefined,
    personal: boolean,
  ): Promise<Bounded<ServedDossier & Place>>;
  /** In the order of codes, after `after`. Changes in between hide none. */
  inCodeOrder(filter: DossierFilter, limit: number, after: string, personal: boolean): Promise<Bounded<ServedDossier>>;
  /** The dossiers with these own codes that exist, in this order, with masked personal data. */
  these(codes: readonly string[]): Promise<Bounded<ServedDossier>>;
  count(filter: DossierFilter): Promise<number>;
  /** Unfinished dossiers by deadline, after `after`. */
  due(filter: DueFilter, limit: number, after: DuePlace | undefined): ReturnType<typeof listDue>;
  countDue(filter: DueFilter): Promise<Total>;
  /** Changes after a cursor, in the order of their commits. Callers at the same cursor share one statement. */
  changes(after: number, limit: number): Promise<readonly Change[]>;
  /** The number of the newest committed change. 0 before the first one. */
  newestChange(): Promise<number>;
}

export function createIndexReader(database: Database, vault: Vault): IndexReader {
  const large = batchCalls((codes: readonly string[]) => readLarge(database, vault, codes), { size: 4, maxRuns: 2 });
  const oneOf = batchCalls((codes: readonly string[]) => readMany(database, vault, codes, large), {
    size: 200,
    maxRuns: 3,
  });
  const one = oneOf as (code: string) => Promise<OneDossier>;
  const changes = batchCalls((places: readonly ChangePlace[]) => readChangesOnce(database, places), {
    size: 1_000,
    maxRuns: 2,
  });
  const masks = createMasks(database, vault);
  // Concurrent readers of the same page share one result.
  const historyPage = shareByKey(
    ({ personal, ...asked }: HistoryAsked) =>
      readHistoryPage(database, vault, asked, personal ? undefined : () => masks(asked.code)),
    JSON.stringify,
  );
  const statusSteps = shareByKey(
    (asked: { readonly code: string; readonly limit: number }) =>
      readStatusSteps(database, vault, asked, () => masks(asked.code)),
    JSON.stringify,
  );
  return {
    one,
    async whole(code) {
      const row = await database.query
        .selectFrom('dossiers')
        .select(['owner', 'sealed', 'sealed_key'])
        .where('code', '=', code)
        .executeTakeFirst();
      return row && { record: JSON.parse(openedRecord(vault, row)) as Dossier, owner: row.owner };
    },
    people: (codes) => readPeople(database, vault, codes),
    async toldBy(code, party) {
      const found = await one(code);
      if (found.kind === 'none') return undefined;
      const own = found.kind === 'found' ? found.dossier.code : await dossierOf(database, party, code);
      return own === undefined ? undefined : readToldBy(database, vault, own, party);
    },
    asOf: (code, at, personal) =>
      readAsOf(database, vault, { code, at, maskOf: personal ? undefined : () => masks(code) }),
    history: (code, limit, after, personal) => historyPage({ code, limit, after, personal }),
    statusSteps: (code, limit) => statusSteps({ code, limit }),
    async steps(code) {
      const events = await readEvents(database, vault, code);
      return events.filter((event) => event.kind === 'progress').map((event) => event.said as Progress);
    },
    list: (filter, limit, after, personal) =>
      readList(database, soughtBy(filter, vault), limit, after, { vault, personal }),
    inCodeOrder: (filter, limit, after, personal) =>
      readInCodeOrder(database, soughtBy(filter, vault), limit, after, { vault, personal }),
    these: (codes) => readThese(database, vault, codes),
    due: (filter, limit, after) => listDue(database, filter, limit, after),
    countDue: (filter) => countDue(database, filter),
    count: (filter) => countDossiers(database, soughtBy(filter, vault)),
    changes: (after, limit) => changes({ after, limit }),
    newestChange: () => readNewestChange(database),
  };
}

/** As many whole records in memory at once. */
const OPENED_AT_ONCE = 10;

async function readPeople({ pool }: Database, vault: Vault, codes: readonly string[]): Promise<readonly Person[]> {
  const people: Person[] = [];
  for (let from = 0; from < codes.length; from += OPENED_AT_ONCE)
    for (const found of await loadIndexed(pool, vault, codes.slice(from, from + OPENED_AT_ONCE)))
      people.push(...everNamed(found));
  return people;
}

interface HistoryAsked {
  readonly code: string;
  readonly limit: number;
  readonly after: EventPlace | undefined;
  readonly personal: boolean;
}

interface ManyRow extends MaskedRow {
  readonly asked: string;
  readonly own: boolean;
  /** Its text is large and read separately. */
  readonly is_large: boolean;
}

/** Larger dossiers are read a few at a time. Two hundred of a megabyte each would fill the memory. */
const LARGE_BYTES = 64 * 1024;
const MASKED = `CASE WHEN octet_length(d.masked) <= ${LARGE_BYTES} THEN d.masked ELSE '' END AS masked, octet_length(d.masked) > ${LARGE_BYTES} AS is_large`;

const READ_MANY = `
  SELECT d.code AS asked, true AS own, d.code, ${MASKED}, ${IS_STALE} FROM dossiers d WHERE d.code = ANY($1::text[])
  UNION ALL
  SELECT a.code, false, d.code, ${MASKED}, ${IS_STALE} FROM aliases a JOIN dossiers d ON d.code = a.dossier
  WHERE a.code = ANY($1::text[])`;

async function readLarge(
  database: Database,
  vault: Vault,
  codes: readonly string[],
): Promise<readonly (string | undefined)[]> {
  const { rows } = await database.pool.query<MaskedRow>({
    name: 'read large',
    text: `SELECT d.code, d.masked, ${IS_STALE} FROM dossiers d WHERE d.code = ANY($1::text[])`,
    values: [codes],
  });
  const found = new Map((await maskedByRule(database, vault, rows)).map(({ code, masked }) => [code, masked]));
  return codes.map((code) => found.get(code));
}

type ReadLarge = (code: string) => Promise<string | undefined>;

async function readMany(
  database: Database,
  vault: Vault,
  codes: readonly string[],
  large: ReadLarge,
): Promise<readonly (OneDossier | Promise<OneDossier>)[]> {
  const { rows } = await database.pool.query<ManyRow>({
    name: 'read many',
    text: READ_MANY,
    values: [[...new Set(codes)]],
  });
  const short = await maskedByRule(
    database,
    vault,
    rows.filter((row) => !row.is_large),
  );
  const found = groupBy([...short, ...rows.filter((one) => one.is_large)], ({ asked }) => asked);
  return codes.map((code) => {
    const all = found.get(code) ?? [];
    const own = all.filter((row) => row.own);
    // A dossier's own code counts before the aliases of others.
    const counted = own.length > 0 ? own : all;
    const distinct = [...new Map(counted.map((row) => [row.code, row])).values()];
    if (distinct.length > 1) return { kind: 'ambiguous', codes: distinct.map((row) => row.code) };
    const [row] = distinct;
    if (!row) return { kind: 'none' };
    if (row.is_large) return wholeOf(row.code, large);
    return { kind: 'found', dossier: { code: row.code, json: row.masked } };
  });
}

async function wholeOf(code: string, large: ReadLarge): Promise<OneDossier> {
  const json = await large(code);
  return json === undefined ? { kind: 'none' } : { kind: 'found', dossier: { code, json } };
}

async function readEvents(database: Database, vault: Vault, code: string): Promise<readonly LoadedEvent[]> {
  const events = (await loadEvents(database.pool, vault, [code], '1970-01-01')).get(code) ?? [];
  return [...events].sort(inEventOrder);
}

/** The dossier to which a party gave this alias. */
async function dossierOf({ query }: Database, party: string, alias: string): Promise<string | undefined> {
  const row = await query
    .selectFrom('aliases')
    .select('dossier')
    .where('party', '=', party)
    .where('code', '=', alias)
    .executeTakeFirst();
  return row?.dossier;
}

async function readToldBy(
  database: Database,
  vault: Vault,
  code: string,
  party: string,
): Promise<RecipientView | undefined> {
  const [[found], events] = await Promise.all([
    loadIndexed(database.pool, vault, [code]),
    readEvents(database, vault, code),
  ]);
  if (!found) return undefined;
  const { held } = found;
  const isOwner = held.owner === party;
  const own = fold(
    events.filter((event) => event.party === party),
    party,
  )?.record;
  // If the owner's records are deleted from the history, the index still has the result.
  const record = isOwner ? asOwned(held.view.record, own) : own;
  if (!record) return undefined;
  const steps = events.filter((event) => event.party === party || (isOwner && counts(event, party)));
  return {
    record,
    steps: steps.filter(({ kind }) => kind === 'progress').map(({ said }) => said as Progress),
  };
}

/** The dossier with the applicant that its owner named. Only the other party may read an applicant that it named. */
function asOwned(record: Dossier, own: Dossier | undefined): Dossier {
  if (!own) return record;
  const { applicant: _, ...rest } = record;
  return own.applicant ? { ...rest, applicant: own.applicant } : rest;
}

interface ChangePlace {
  readonly after: number;
  readonly limit: number;
}

/** All subscribers to new changes ask for the same ones, so they share one query. */
async function readChangesOnce(
  database: Database,
  places: readonly ChangePlace[],
): Promise<readonly (readonly Change[])[]> {
  const read = new Map<string, Promise<readonly Change[]>>();
  return Promise.all(
    places.map(({ after, limit }) => {
      const key = `${after} ${limit}`;
      const known = read.get(key) ?? readChanges(database, after, limit);
      read.set(key, known);
      return known;
    }),
  );
}

/** The changes after a position in the feed, in the order of their commits. */
export async function readChanges(database: Database, after: number, limit: number): Promise<readonly Change[]> {
  const { rows } = await database.pool.query<Change>({
    name: 'changes',
    text: `SELECT cursor, code, status, status_at AS "statusAt", changed_at AS "changedAt" FROM changes
           WHERE cursor > $1 ORDER BY cursor LIMIT $2`,
    values: [after, limit],
  });
  return rows;
}

async function readNewestChange(database: Database): Promise<number> {
  const { rows } = await database.pool.query<{ value: number }>({
    name: 'newest change',
    text: 'SELECT value FROM change_counter',
  });
  return rows[0]?.value ?? 0;
}
