import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { type FilterQueries, filterQueries, type Reception, type WordFilter } from '#core/dossier/filter-words';
import { OPEN } from '#core/dossier/status';
import { keyedSearchQueries } from '#core/vietnamese/search-words';
import { atOrBelow } from '../database/at-or-below.ts';
import { isPastDue } from '../database/past-due.ts';
import type { Database } from '../database/pool.ts';
import type { Vault } from '../secrets/vault.ts';
import { estimateRows } from './estimate-rows.ts';

export interface DossierFilter extends WordFilter {
  readonly q?: string | undefined;
  /** Past due at this moment and not finished. */
  readonly overdueAt?: string | undefined;
}

/** The same with the words of `q` as queries of the table, whose words are keyed. */
export interface SoughtFilter extends Omit<DossierFilter, 'q'> {
  readonly q?: never;
  readonly search?: readonly string[];
}

export function soughtBy({ q, ...filter }: DossierFilter, vault: Pick<Vault, 'wordTokens'>): SoughtFilter {
  return q === undefined ? filter : { ...filter, search: keyedSearchQueries(q, vault.wordTokens) };
}

/** The condition of the indexes of open dossiers. */
export const IS_OPEN = sql.raw<SqlBool>(`status IN (${OPEN.map((status) => `'${status}'`).join(', ')})`);

/** Whether a list is filtered by nothing but open statuses. */
export function isOpenOnly({ status = [], ...others }: SoughtFilter): boolean {
  const isOpen = status.length > 0 && status.every((one) => OPEN.some((open) => open === one));
  return isOpen && Object.values(others).every((one) => one === undefined);
}

/** Whether a list is filtered by nothing but being overdue. */
export function isOverdueOnly({ overdueAt, ...others }: SoughtFilter): boolean {
  return overdueAt !== undefined && Object.values(others).every((one) => one === undefined);
}

/** Whether a row of `dossiers` passes the filter: conditions that must all hold. */
export function conditionsOf(filter: SoughtFilter): readonly RawBuilder<SqlBool>[] {
  const { status, agency, service, field, party, channel, receivedFrom, receivedTo, overdueAt, search } = filter;
  return [
    ...(search === undefined ? [] : [sql<SqlBool>`search @@ ${search.join(' & ')}::tsquery`]),
    ...(overdueAt === undefined ? [] : [isPastDue(overdueAt), IS_OPEN]),
    ...(agency === undefined ? [] : [atOrBelow(agency)]),
    ...(status === undefined ? [] : [sql<SqlBool>`status = ANY(${status}::text[])`]),
    ...(service === undefined ? [] : [sql<SqlBool>`service_key = ${service}`]),
    ...(field === undefined ? [] : [sql<SqlBool>`field_code = ${field}`]),
    ...(party === undefined ? [] : [sql<SqlBool>`owner = ${party}`]),
    ...(channel === undefined ? [] : [sql<SqlBool>`channel = ${channel}`]),
    ...(receivedFrom === undefined ? [] : [sql<SqlBool>`received_at >= ${receivedFrom}::timestamptz`]),
    ...(receivedTo === undefined ? [] : [sql<SqlBool>`received_at <= ${receivedTo}::timestamptz`]),
  ];
}

/** A filter as queries of words, which find too much at most. */
export interface WordQuery {
  /**
   * Of the search index, which intersects them. The order is that of the scan: it begins with words that are mostly rare. Each is
   * a condition of its own, because the scan tries all words of one query for each row, and passes over rows by others.
   */
  readonly words: readonly string[];
  /** Of the words in the rows, of which PostgreSQL has statistics. */
  readonly inRows: string;
}

/**
 * Undefined when no word narrows the filter. While rows of an older version have no words of filters, only the words of `q`
 * count.
 */
export async function wordQueryOf(database: Database, filter: SoughtFilter): Promise<WordQuery | undefined> {
  const isComplete = await areWordsComplete(database);
  const ofIndex = wordsOf(filter, 'days', isComplete);
  const names = await rarestFirst(database, filter.search ?? []);
  // Together with a rare word of the filter, the rarest word of a name leaves few rows. So the rows tell about its other words:
  // their lists in the index are long.
  const sought = ofIndex.rare.length > 0 ? names.slice(0, 1) : names;
  const words = [...ofIndex.rare, ...sought, ...ofIndex.common];
  return words.length === 0 ? undefined : { words, inRows: inRows(filter, isComplete) };
}

/** Only the words of the rows, empty when no word narrows the filter. */
export async function rowWordsOf(database: Database, filter: SoughtFilter): Promise<string> {
  return inRows(filter, await areWordsComplete(database));
}

function inRows(filter: SoughtFilter, isComplete: boolean): string {
  const { rare, common } = wordsOf(filter, 'months', isComplete);
  return [...(filter.search ?? []), ...rare, ...common].join(' & ');
}

function wordsOf(filter: SoughtFilter, reception: Reception, isComplete: boolean): FilterQueries {
  return isComplete ? filterQueries(withStatus(filter), reception) : NONE;
}

/**
 * The words of a name in the order of the scan. The beginning of a word stands for many, and the scan tries all of them for each
 * row that the words before it have. Beyond MOST_WORDS the rows tell about it.
 */
async function rarestFirst(database: Database, search: readonly string[]): Promise<readonly string[]> {
  if (search.length < 2) return search;
  const matches = await estimateRows(
    database,
    search.map((one) => [sql`search @@ ${one}::tsquery`]),
  );
  return search
    .map((one, at) => ({ one, alternatives: one.split(' | ').length, matches: matches[at] ?? 0 }))
    .filter(({ alternatives }) => alternatives <= MOST_WORDS)
    .map(({ one, alternatives, matches }) => ({ one, cost: matches * (1 + alternatives / TRIED_WORDS) }))
    .sort((one, other) => one.cost - other.cost)
    .map(({ one }) => one);
}

/** A name that ended in `H`, with 109 words, took 430 ms among 5,000,000 dossiers, and 25 ms by its other words. */
const MOST_WORDS = 40;
/** To try this many words for a row takes about as long as to step to it. */
const TRIED_WORDS = 5;
const NONE: FilterQueries = { rare: [], common: [] };

/** Overdue dossiers are open. */
function withStatus(filter: SoughtFilter): SoughtFilter {
  return filter.overdueAt === undefined ? filter : { ...filter, status: filter.status ?? OPEN };
}

/** See reword.ts. */
async function areWordsComplete({ pool }: Pick<Database, 'pool'>): Promise<boolean> {
  const { rows } = await pool.query<{ complete: boolean }>({
    name: 'words complete',
    text: 'SELECT NOT EXISTS (SELECT FROM rewording) AS complete',
  });
  return rows[0]?.complete === true;
}
