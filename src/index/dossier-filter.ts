import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { filterWordQuery, type WordFilter } from '#core/dossier/filter-words';
import { keyedSearchQuery } from '#core/vietnamese/search-words';
import type { Database } from '../database/pool.ts';
import type { Vault } from '../secrets/vault.ts';
import { atOrBelow } from './at-or-below.ts';

export interface DossierFilter extends WordFilter {
  readonly q?: string | undefined;
  /** Past due at this moment and not finished. */
  readonly overdueAt?: string | undefined;
}

/** The same with the words of `q` as a query of the table, whose words are keyed. */
export interface SoughtFilter extends Omit<DossierFilter, 'q'> {
  readonly q?: never;
  readonly search?: string;
}

export function soughtBy({ q, ...filter }: DossierFilter, vault: Pick<Vault, 'wordTokens'>): SoughtFilter {
  return q === undefined ? filter : { ...filter, search: keyedSearchQuery(q, vault.wordTokens) };
}

/** The statuses of dossiers that nobody has finished, in the order of the index dossiers_open_due. */
const OPEN = ['submitted', 'received', 'processing', 'supplement-required', 'payment-required'] as const;
export const IS_OPEN = sql.raw<SqlBool>(`status IN (${OPEN.map((status) => `'${status}'`).join(', ')})`);

/** Whether a list is filtered by nothing but open statuses. */
export function isOpenOnly({ status = [], ...others }: SoughtFilter): boolean {
  const isOpen = status.length > 0 && status.every((one) => OPEN.some((open) => open === one));
  return isOpen && Object.values(others).every((one) => one === undefined);
}

/** Whether a row of `dossiers` passes the filter: conditions that must all hold. */
export function conditionsOf(filter: SoughtFilter): readonly RawBuilder<SqlBool>[] {
  const { status, agency, service, field, party, channel, receivedFrom, receivedTo, overdueAt, search } = filter;
  return [
    ...(search === undefined ? [] : [sql<SqlBool>`search @@ ${search}::tsquery`]),
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

/** A filter as a query of the search index, which intersects all its words. */
export interface WordQuery {
  /** It may find too much, and misses nothing. Undefined when no word narrows the filter. */
  readonly words: string | undefined;
  /** Each row has the words of filters, and of the period of its present status. */
  readonly isComplete: boolean;
}

/** While rows of an older version have no words of filters, only the words of `q` count. */
export async function wordQueryOf(database: Database, filter: SoughtFilter): Promise<WordQuery> {
  const isComplete = await areWordsComplete(database);
  const words = isComplete ? filterWordQuery(withStatus(filter)) : undefined;
  const all = [filter.search, words].filter((one) => one !== undefined);
  return { words: all.length === 0 ? undefined : all.join(' & '), isComplete };
}

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
