import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { atOrBelow } from '../database/at-or-below.ts';
import type { Total } from '../database/count-up-to.ts';
import { countMatching, firstMatching } from '../database/newest-matching.ts';
import { isDueBetween, isPastDue } from '../database/past-due.ts';
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
  readonly now: string;
  /** The deadline lies between now and this instant. Absent: it is over. */
  readonly until?: string | undefined;
  /** With the agencies below it. */
  readonly agency?: string | undefined;
}

/** The place of a dossier in the list. */
export type DuePlace = readonly [dueAt: string, code: string];

const COLUMNS = sql<DueDossier>`code, status, status_at AS "statusAt", due_at AS "dueAt", agency_code AS "agencyCode",
  service_code AS "serviceCode",
  (SELECT name FROM catalogue WHERE kind = 'agency' AND key = agency_code) AS "agencyName",
  (SELECT name FROM catalogue WHERE kind = 'service' AND key = service_key) AS "serviceName"`;

/**
 * Unfinished dossiers, the earliest deadline first. Walks the index dossiers_open_due from the beginning of the period.
 * `endedAt`: see newestMatching.
 */
export async function listDue(
  database: Database,
  filter: DueFilter,
  limit: number,
  after: DuePlace | undefined,
): Promise<readonly DueDossier[] & { readonly endedAt?: DuePlace | undefined }> {
  const { table, indexed, others } = matching(filter);
  if (after) indexed.push(sql`(due_at, code) > (${after[0]}::timestamptz, ${after[1]})`);
  const order = sql`due_at, code`;
  const { found, last } = await firstMatching(database, { table, indexed, others, order }, COLUMNS, limit);
  return Object.assign(found, { endedAt: last && ([last.dueAt, last.code] as const) });
}

export const countDue = (database: Database, filter: DueFilter): Promise<Total> =>
  countMatching(database, matching(filter));

function matching({ now, until, agency }: DueFilter) {
  const indexed: RawBuilder<SqlBool>[] = [IS_OPEN, until === undefined ? isPastDue(now) : isDueBetween(now, until)];
  return { table: 'dossiers' as const, indexed, others: agency === undefined ? [] : [atOrBelow(agency)] };
}
