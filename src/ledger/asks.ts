import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type pg from 'pg';
import { msToInstant } from '#core/dates/dates';
import { atOrBelow } from '../database/at-or-below.ts';
import type { Total } from '../database/count-up-to.ts';
import { countMatching, type Looked, type Matching, newestMatching } from '../database/newest-matching.ts';
import type { Database } from '../database/pool.ts';

/** The outcomes of a question. */
export type AskOutcome = 'found' | 'not-found' | 'several' | 'refused' | 'unavailable' | 'unknown';

/** A question to a register as the hub records it: without its values and its answer. */
export interface RecordedAsk {
  readonly id: string;
  readonly at: string;
  readonly party: string;
  readonly question: string;
  readonly keyName: string;
  /** Empty after the retention of asks. */
  readonly officer: string;
  readonly agencyCode: string;
  readonly purpose: string;
  readonly legalBasis: string;
  readonly dossierCode: string | null;
  readonly serviceCode: string | null;
  /** Null while the call is under way, and if the process ended meanwhile. */
  readonly outcome: AskOutcome | null;
  readonly reason: string | null;
  readonly tookMs: number | null;
}

type NewAsk = Omit<RecordedAsk, 'outcome' | 'reason' | 'tookMs'>;

/** Records a question before its call, so that no call is without a record. */
export async function beginAsk(tx: pg.PoolClient, ask: NewAsk): Promise<void> {
  const { id, at, party, question, keyName, officer, agencyCode, purpose, legalBasis, dossierCode, serviceCode } = ask;
  await tx.query({
    name: 'begin ask',
    text: `INSERT INTO asks (id, at, party, question, key_name, officer, agency_code, purpose, legal_basis, dossier_code, service_code)
           VALUES ($1, $2::timestamptz, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    values: [
      ...[id, at, party, question, keyName, officer, agencyCode, purpose, legalBasis],
      ...[dossierCode, serviceCode],
    ],
  });
}

export async function endAsk(
  { pool }: Pick<Database, 'pool'>,
  id: string,
  {
    outcome,
    reason,
    tookMs,
  }: { readonly outcome: AskOutcome; readonly reason?: string | undefined; readonly tookMs: number },
): Promise<void> {
  await pool.query({
    name: 'end ask',
    text: 'UPDATE asks SET outcome = $2, reason = $3, took_ms = $4 WHERE id = $1',
    values: [id, outcome, reason ?? null, tookMs],
  });
}

export interface AskFilter {
  readonly party?: string | undefined;
  readonly question?: string | undefined;
  readonly officer?: string | undefined;
  /** With the agencies below it, unless it is to be alone. */
  readonly agency?: string | undefined;
  readonly isAgencyAlone?: boolean;
  readonly code?: string | undefined;
  readonly purpose?: string | undefined;
  /** `open`: no outcome is recorded. `failed`: no record was found, and none is missing. */
  readonly outcome?: AskOutcome | 'open' | 'failed' | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

const COLUMNS = sql<RecordedAsk>`id, at, party, question, key_name AS "keyName", officer, agency_code AS "agencyCode", purpose,
  legal_basis AS "legalBasis", dossier_code AS "dossierCode", service_code AS "serviceCode", outcome, reason, took_ms AS "tookMs"`;

/** Asks by filter, newest first, before the id `before`. */
export const listAsks = (
  database: Database,
  filter: AskFilter,
  limit: number,
  before: string | undefined,
): Promise<Looked<RecordedAsk>> => newestMatching(database, matching(filter), COLUMNS, limit, before);

export const countAsks = (database: Database, filter: AskFilter): Promise<Total> =>
  countMatching(database, matching(filter));

function matching(filter: AskFilter): Matching {
  const { party, question, officer, agency, isAgencyAlone, code, purpose, outcome, from, to } = filter;
  const indexed: RawBuilder<SqlBool>[] = [];
  const others: RawBuilder<SqlBool>[] = [];
  if (code !== undefined) indexed.push(sql`dossier_code = ${code}`);
  if (from !== undefined) indexed.push(sql`at >= ${from}::timestamptz`);
  if (to !== undefined) indexed.push(sql`at <= ${to}::timestamptz`);
  if (party !== undefined) others.push(sql`party = ${party}`);
  if (question !== undefined) others.push(sql`question = ${question}`);
  if (officer !== undefined) others.push(sql`officer = ${officer}`);
  if (agency !== undefined) others.push(isAgencyAlone ? sql`agency_code = ${agency}` : atOrBelow(agency));
  if (purpose !== undefined) others.push(sql`purpose = ${purpose}`);
  if (outcome === 'failed') others.push(sql`(outcome IS NULL OR outcome NOT IN ('found', 'not-found'))`);
  else if (outcome === 'open') others.push(sql`outcome IS NULL`);
  else if (outcome !== undefined) others.push(sql`outcome = ${outcome}`);
  const isPeriod = from !== undefined || to !== undefined;
  return { table: 'asks', indexed, others, by: isPeriod && code === undefined ? 'at' : undefined };
}

/**
 * Forgets who asked about which dossier, for asks before a moment. Their counts by agency, register and purpose stay. Asks about a
 * dossier under a legal hold stay whole, whichever of its codes they name.
 *
 * @returns how many, at most `limit`
 */
export async function forgetAskers({ pool }: Pick<Database, 'pool'>, beforeMs: number, limit: number): Promise<number> {
  const { rowCount } = await pool.query({
    name: 'forget askers',
    text: `UPDATE asks SET officer = '', dossier_code = NULL WHERE id IN (
             SELECT id FROM asks a WHERE officer <> '' AND at < $1::timestamptz
               AND NOT EXISTS (SELECT FROM held_subjects h WHERE h.subject = a.dossier_code
                 OR h.subject IN (SELECT dossier FROM aliases WHERE code = a.dossier_code))
             ORDER BY at LIMIT $2)`,
    values: [msToInstant(beforeMs), limit],
  });
  return rowCount ?? 0;
}
