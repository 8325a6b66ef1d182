import { sql } from 'kysely';
import { OPEN } from '#core/dossier/status';
import type { Disagreement, Kind } from '#core/records/kind';
import { atOrBelow } from '../database/at-or-below.ts';
import { countUpTo, type Total } from '../database/count-up-to.ts';
import type { Database } from '../database/pool.ts';
import { IS_OPEN } from './dossier-filter.ts';
import { codesNaming, dossierOfCode } from './dossier-names.ts';

/** Why operators look at a record: its state is old, its dossier says something else, or the index has no such dossier. */
export type Trouble = 'still' | 'disagrees' | 'no-dossier';

/** A record that operators look at, without its content. */
export interface TroubledRecord {
  readonly kind: string;
  readonly code: string;
  readonly subject: string;
  readonly state: string;
  readonly stateAt: string;
  readonly agencyCode: string | null;
  /** In the catalogue. */
  readonly agencyName: string | null;
  readonly dossierCode: string | null;
  /** The status of the dossier; null if the index has none. */
  readonly dossierStatus: string | null;
  readonly owner: string;
  readonly why: Trouble;
}

export interface TroubledFilter {
  /** Each with the moment before which an open record does not move. */
  readonly kinds: readonly { readonly kind: Kind; readonly stillBefore: string | undefined }[];
  readonly why?: Trouble | undefined;
  readonly agency?: string | undefined;
}

export interface TroubledPlace {
  readonly stateAt: string;
  readonly subject: string;
}

type Sql = ReturnType<typeof sql>;

/** Records that do not move or do not agree with their dossiers, the oldest state first. A record is listed once. */
export async function listTroubled(
  { query }: Database,
  filter: TroubledFilter,
  limit: number,
  after: TroubledPlace | undefined,
): Promise<readonly TroubledRecord[]> {
  const { stateAt = null, subject = null } = after ?? {};
  const { rows } = await sql<TroubledRecord>`
    SELECT *, (SELECT name FROM catalogue c WHERE c.kind = 'agency' AND c.key = "agencyCode") AS "agencyName"
    ${troubledBy(filter)}
      AND (${subject}::text IS NULL OR ("stateAt", subject) > (${stateAt}::timestamptz, ${subject}::text))
    ORDER BY "stateAt", subject LIMIT ${limit}`.execute(query);
  return rows;
}

export const countTroubled = (database: Database, filter: TroubledFilter): Promise<Total> =>
  countUpTo(database, sql`SELECT ${troubledBy(filter)}`);

function troubledBy({ kinds, why, agency }: TroubledFilter): Sql {
  const within = agency === undefined ? sql`true` : atOrBelow(agency);
  const ofEach = kinds.map((one) => troubledOf(one, why, within));
  const cause = why === undefined ? sql`why IS NOT NULL` : sql`why = ${why}`;
  return sql`FROM (
    WITH without_dossier AS MATERIALIZED (${WITHOUT_DOSSIER}) ${sql.join(ofEach, sql` UNION ALL `)}) troubled
    WHERE ${cause}`;
}

function troubledOf(
  { kind, stillBefore }: TroubledFilter['kinds'][number],
  why: TroubledFilter['why'],
  within: Sql,
): Sql {
  const { disagreements = [] } = kind;
  const still = stillBefore === undefined ? sql`false` : sql`r.is_open AND r.state_at < ${stillBefore}::timestamptz`;
  const disagrees = disagreements.length > 0 ? sql.join(disagreements.map(whereOf), sql` OR `) : sql`false`;
  return sql`
    SELECT r.kind, r.code, r.subject, r.state, r.state_at AS "stateAt", r.agency_code AS "agencyCode",
      r.dossier_code AS "dossierCode", d.status AS "dossierStatus", r.owner,
      CASE WHEN ${disagrees} THEN 'disagrees' WHEN ${still} THEN 'still'
           WHEN r.dossier_code IS NOT NULL AND d.status IS NULL THEN 'no-dossier' END AS why
    FROM records r LEFT JOIN LATERAL (SELECT code, status FROM ${sql.raw(dossierOfCode('r.dossier_code'))} d) d ON true
    WHERE r.subject = ANY(ARRAY(${sql.join(candidatesOf(kind, why), sql` UNION `)}))
      AND r.kind = ${kind.name} AND NOT r.is_held AND ${within}`;
}

/**
 * Queries for the subjects of records that may be troubled. Most records are finished and agree with their dossiers, so these find
 * the others: open ones, those of dossiers whose status disagrees with a final state, and those whose dossier the index lacks.
 */
function candidatesOf({ name, finalStates, disagreements = [] }: Kind, why: TroubledFilter['why']): readonly Sql[] {
  const candidates = [sql`SELECT subject FROM records WHERE kind = ${name} AND is_open`];
  const ofFinal = disagreements.filter(({ states }) => states.some((one) => finalStates.includes(one)));
  if (why === undefined || why === 'disagrees') candidates.push(...ofFinal.map(ofDossiers));
  if (why === undefined || why === 'no-dossier') candidates.push(sql`SELECT subject FROM without_dossier`);
  return candidates;
}

function ofDossiers({ states, statuses }: Disagreement): Sql {
  // The words of the partial index dossiers_open.
  const isOpen = statuses.every((one) => OPEN.some((open) => open === one)) ? IS_OPEN : sql`true`;
  // OFFSET 0 keeps the planner from reading all records of the state.
  return sql`
    SELECT r.subject
    FROM (SELECT code FROM dossiers WHERE status = ANY(${statuses}::text[]) AND ${isOpen}) d
      CROSS JOIN LATERAL (SELECT d.code UNION ALL SELECT a.code FROM aliases a WHERE a.dossier = d.code) n
      CROSS JOIN LATERAL (SELECT subject, state FROM records WHERE dossier_code = n.code OFFSET 0) r
    WHERE r.state = ANY(${states}::text[])`;
}

/** Of the other records only entries of the index records_dossier are read. */
const WITHOUT_DOSSIER = sql`
  SELECT subject FROM records WHERE dossier_code = ANY(ARRAY(
    SELECT dossier_code FROM (
      SELECT dossier_code FROM records r
      WHERE dossier_code IS NOT NULL AND NOT EXISTS (SELECT FROM dossiers WHERE code = r.dossier_code) OFFSET 0) n
    WHERE NOT EXISTS (SELECT FROM ${sql.raw(dossierOfCode('n.dossier_code'))} d)))`;

function whereOf({ states, statuses, ifLast }: Disagreement): Sql {
  const others = ifLast
    ? sql`AND NOT EXISTS (
        SELECT 1 FROM records o
        WHERE o.dossier_code = ANY(ARRAY(${codesNaming(sql`d.code`)})) AND o.kind = r.kind AND o.is_open)`
    : sql``;
  return sql`(r.state = ANY(${states}::text[]) AND d.status = ANY(${statuses}::text[]) ${others})`;
}
