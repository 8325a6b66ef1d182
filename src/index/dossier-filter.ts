import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { type FilterQueries, filterQueries, type WordFilter } from '#core/dossier/filter-words';
import { OPEN } from '#core/dossier/status';
import { keyedSearchQueries } from '#core/vietnamese/search-words';
import type { Database } from '../database/pool.ts';
import type { Vault } from '../secrets/vault.ts';
import { atOrBelow } from './at-or-below.ts';

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
    ...(overdueAt === undefined ? [] : [sql<SqlBool>`due_at < ${overdueAt}::timestamptz`, IS_OPEN]),
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
  const [ofIndex, ofRows] = (['days', 'months'] as const).map((reception) =>
    isComplete ? filterQueries(withStatus(filter), reception) : NONE,
  ) as [FilterQueries, FilterQueries];
  const { search = [] } = filter;
  const [last, ...others] = search.toReversed();
  // The last word of a name is mostly the rarest. Together with a rare word of the filter it leaves few rows, so the rows tell
  // about its other words: their lists in the index are long. The beginning of many words is not rare.
  const alternatives = last?.split(' | ').length ?? 0;
  const isLastEnough = ofIndex.rare.length > 0 && alternatives <= FEW_WORDS;
  // The scan steps through the lists of all alternatives for each row that the other words have.
  const isLastTooWide = others.length > 0 && alternatives > MOST_WORDS;
  const names = last === undefined || isLastTooWide ? others : isLastEnough ? [last] : [last, ...others];
  const words = [...ofIndex.rare, ...names, ...ofIndex.common];
  if (words.length === 0) return undefined;
  return { words, inRows: [...search, ...ofRows.rare, ...ofRows.common].join(' & ') };
}

/** That begin alike, with the beginning itself. */
const FEW_WORDS = 4;
/** A name that ended in `H`, with 109 words, took 430 ms among 5,000,000 dossiers, and 25 ms by its other words. */
const MOST_WORDS = 40;
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
