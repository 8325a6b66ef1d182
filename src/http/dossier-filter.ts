import Type from 'typebox';
import { msToInstant } from '#core/dates/dates';
import { cleanCode, serviceKey } from '#core/identifiers/identifiers';
import { CHANNELS, STATUSES } from '#schemas/dossier.upsert.v1';
import { closed, oneOf } from '#schemas/parts';
import type { DossierFilter } from '../index/dossier-filter.ts';
import { Cursor, filterText, Limit, Purpose, periodOf, text, valuesOf } from './lists.ts';

/** The filter parameters for dossiers, here and in a backfill. */
export const DOSSIER_FILTER = {
  status: filterText(`statuses, joined by commas: ${STATUSES.join(', ')}`),
  agency: filterText('an agency code, including the agencies below it'),
  service: filterText('a procedure code, short or long'),
  field: filterText('a field code'),
  channel: Type.Optional(oneOf(CHANNELS)),
  receivedFrom: filterText('date or time of reception, from'),
  receivedTo: filterText('date or time of reception, to'),
};

export const ListQuery = closed({
  ...DOSSIER_FILTER,
  party: text('the owner of the dossier'),
  q: text(
    'words of the code or the name, with or without Vietnamese marks; the last word and words with digits may be incomplete',
  ),
  due: Type.Optional(oneOf(['overdue'])),
  why: Purpose,
  limit: Limit,
  cursor: Cursor,
});

export type DossierQuery = Type.Static<typeof ListQuery>;

/** @throws Refusal 400 that names the parameter */
export function filterOf(query: DossierQuery, nowMs: number): DossierFilter {
  const received = periodOf(
    { from: query.receivedFrom, to: query.receivedTo },
    { from: 'receivedFrom', to: 'receivedTo' },
  );
  return {
    status: query.status ? valuesOf('status', query.status, STATUSES) : undefined,
    agency: query.agency ? cleanCode(query.agency) : undefined,
    service: query.service ? serviceKey(cleanCode(query.service)) : undefined,
    field: query.field ? cleanCode(query.field) : undefined,
    party: query.party || undefined,
    channel: query.channel,
    q: query.q?.trim() ? query.q : undefined,
    receivedFrom: received.from || undefined,
    receivedTo: received.to || undefined,
    overdueAt: query.due && msToInstant(nowMs),
  };
}
