import {
  cleanCode,
  formatLocal,
  jsonObject,
  parseInstant,
  type Reply,
  say,
  textOf,
  textOrWordsOf,
  unavailable,
} from '#kit';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { call, described, type Failure, type IGate } from './client.ts';
import type { Settings } from './settings.ts';
import { isRow, type Row, rowsIn } from './shapes.ts';

const SEARCH = 'pa/dossier/search';
const PAGE_SIZE = 50;

export interface FoundPage {
  readonly rows: readonly Row[];
  readonly isLast: boolean;
  /** With `spec=page` only: a slice counts nothing. */
  readonly total: number | undefined;
}

export const pageSizeOf = ({ pageSize = PAGE_SIZE }: Settings): number => pageSize;

/** One page of the changed dossiers, the latest change first. Pages begin with 0. */
export async function searchPage(igate: IGate, page: number): Promise<FoundPage | Failure> {
  const { settings } = igate;
  const size = pageSizeOf(settings);
  const spec = settings.spec ?? 'page';
  const query = { page: String(page), size: String(size), spec, sort: 'updatedDate,desc', ...filtersOf(settings) };
  const found = contentOf(igate, await call(igate, { path: SEARCH, query }));
  if ('kind' in found) return found;
  const { rows, answer } = found;
  const isLast = typeof answer.last === 'boolean' ? answer.last : rows.length < size;
  return { rows, isLast: isLast || rows.length === 0, total: countIn(answer.totalElements) };
}

/** The rows with this code: first by iGate's own code, then by the national one. */
export async function searchCode(igate: IGate, code: string, about?: Dossier): Promise<readonly Row[] | Failure> {
  for (const by of ['code-match', 'nation-code-match']) {
    const query = { page: '0', size: '10', spec: 'slice', [by]: code, ...agencyOf(igate.settings) };
    const found = contentOf(igate, await call(igate, { path: SEARCH, query, about }), about);
    if ('kind' in found) return found;
    const rows = found.rows.filter((row) => [row.code, row.nationCode].some((one) => isCode(one, code)));
    if (rows.length > 0) return rows;
  }
  return [];
}

const isCode = (value: unknown, code: string): boolean => cleanCode(textOf(value) ?? '') === code;

/** The filters of the settings. iGate takes days of filing as dd/MM/yyyy and moments of acceptance as UTC instants. */
function filtersOf(settings: Settings): Readonly<Record<string, string>> {
  const { removeStatuses, taskStatusId, appliedFrom, acceptedFrom } = settings;
  const filters: Record<string, string> = { ...agencyOf(settings) };
  if (removeStatuses !== undefined) filters['remove-status'] = removeStatuses.join(',');
  if (taskStatusId !== undefined) filters['task-status-id'] = taskStatusId;
  if (appliedFrom !== undefined) filters['applied-from'] = formatLocal('dd/MM/yyyy', midnight(appliedFrom));
  if (acceptedFrom !== undefined) filters['accepted-from'] = new Date(midnight(acceptedFrom)).toISOString();
  return filters;
}

const midnight = (day: string): string => `${day}T00:00:00+07:00`;

function agencyOf({ agencyId }: Settings): Readonly<Record<string, string>> {
  return agencyId === undefined
    ? { isAgencySearch: 'true' }
    : { 'ancestor-agency-id': agencyId, isAgencySearch: 'true' };
}

/** The rows of an answer. An answer without a list is no empty list. */
function contentOf(
  igate: IGate,
  reply: Reply | Failure,
  about?: Dossier,
): { readonly rows: readonly Row[]; readonly answer: Row } | Failure {
  const failed = (reason: string, why: Parameters<typeof say<'at-list'>>[1]['why'], afterMs?: number): Failure =>
    unavailable(reason, say('at-list', { why }), afterMs);
  if (reply.kind !== 'reply') return failed(reply.reason, textOrWordsOf(reply), reply.retryAfterMs);
  const answer = jsonObject(reply.body);
  if (reply.status >= 300 || answer === undefined) return failed('no-list', described(igate, reply, about));
  const { content } = answer;
  if (!Array.isArray(content) || !content.every(isRow))
    return failed('no-list', say('answer-lacks', { name: 'content' }));
  return { rows: rowsIn(content), answer };
}

function countIn(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** The moment of a row's last change in epoch milliseconds, NaN if it names none. */
export function changedMs(row: Row): number {
  const instant = parseInstant(textOf(row.updatedDate) ?? '');
  return instant === undefined ? Number.NaN : Date.parse(instant);
}
