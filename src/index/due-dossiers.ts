import { sql } from 'kysely';
import { atOrBelow } from '../database/at-or-below.ts';
import { countUpTo, type Total } from '../database/count-up-to.ts';
import type { Database } from '../database/pool.ts';
import { IS_OPEN } from './dossier-filter.ts';

/** An unfinished dossier with its deadline, without personal data. */
export interface DueDossier {
  readonly code: string;
  readonly status: string;
  readonly statusAt: string;
  readonly dueAt: string;
  readonly agencyCode: string;
  readonly agencyName: string | null;
  readonly serviceCode: string;
  readonly serviceName: string | null;
}

export interface DueFilter {
  /** The deadline lies between these instants. */
  readonly from?: string | undefined;
  readonly to: string;
  /** With the agencies below it. */
  readonly agency?: string | undefined;
}

/** Unfinished dossiers, the earliest deadline first. Walks the index dossiers_open_due from the beginning of the period. */
export async function listDue(
  database: Database,
  filter: DueFilter,
  limit: number,
  after: Pick<DueDossier, 'dueAt' | 'code'> | undefined,
): Promise<readonly DueDossier[]> {
  let query = dueBy(database, filter)
    .select(['code', 'status', 'status_at as statusAt', 'agency_code as agencyCode', 'service_code as serviceCode'])
    .select([
      sql<string>`due_at`.as('dueAt'),
      sql<string | null>`(SELECT name FROM catalogue WHERE kind = 'agency' AND key = agency_code)`.as('agencyName'),
      sql<string | null>`(SELECT name FROM catalogue WHERE kind = 'service' AND key = service_key)`.as('serviceName'),
    ]);
  if (after) query = query.where(sql<boolean>`(due_at, code) > (${after.dueAt}::timestamptz, ${after.code})`);
  return query.orderBy('due_at').orderBy('code').limit(limit).execute();
}

export const countDue = (database: Database, filter: DueFilter): Promise<Total> =>
  countUpTo(database, dueBy(database, filter));

function dueBy(database: Database, { from, to, agency }: DueFilter) {
  let query = database.query.selectFrom('dossiers').where(IS_OPEN).where('due_at', '<=', to);
  if (from !== undefined) query = query.where('due_at', '>=', from);
  if (agency !== undefined) query = query.where(atOrBelow(agency));
  return query;
}
