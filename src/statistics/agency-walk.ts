import { IS_LACKING } from '#core/statistics/fact-totals';
import { MOST_COUNTED } from '../database/count-up-to.ts';
import type { Run } from '../database/transaction.ts';
import { agenciesWith, countLacking, type Facts } from './agency-facts.ts';
import { bothInPeriod, rangesInPeriod } from './code-ranges.ts';
import { BEGAN, ENDED, hasFacts } from './report-conditions.ts';
import type { ReportPeriod } from './report-records.ts';
import { newValues, type Values } from './sources.ts';

/** A dossier of a period, with its agency. */
export interface FactDossier {
  readonly code: string;
  readonly key: string;
  readonly name: string | null;
  /** Bits of core/statistics/facts.ts. */
  readonly facts: number;
  /** When it began, or ended where the fact is one of its end. */
  readonly at: string;
}

export interface WantedDossiers {
  readonly facts: Facts;
  /** Only those of this agency. */
  readonly agency: string | undefined;
  /** The place after which they begin. */
  readonly after: readonly [agency: string, code: string] | undefined;
  readonly limit: number;
}

/**
 * The dossiers of a period with some facts, by rule 766, in the order of agencies and codes. The totals name the agencies,
 * and the ranges of codes say where the dossiers of each are. So a page reads little else than what it shows.
 */
export async function dossiersWith(
  run: Run,
  period: ReportPeriod,
  { facts, agency, after, limit }: WantedDossiers,
): Promise<readonly FactDossier[]> {
  const found: FactDossier[] = [];
  for (const key of await agenciesWith(run, period, facts, { only: agency, from: after?.[0] })) {
    let place = key === after?.[0] ? after[1] : '';
    for (const range of await rangesInPeriod(run, key, period, { times: decidingTimesOf(facts), after: place })) {
      const values = newValues();
      const conditions = [
        `c.code > ${values.add(place, 'text')}`,
        `c.code BETWEEN ${values.add(range.first, 'text')} AND ${values.add(range.last, 'text')}`,
        conditionOf(facts, period, values),
        `k.agency_code = ${values.add(key, 'text')}`,
      ];
      const rows = await run<FactDossier>(
        `SELECT c.code, k.agency_code AS key, (SELECT a.name FROM catalogue a WHERE a.kind = 'agency' AND a.key = ${values.add(key, 'text')}) AS name,
           c.facts, c.${decidingTimesOf(facts)[0]}_766 AS at
         FROM counted c CROSS JOIN LATERAL (SELECT * FROM total_cells k WHERE k.id = c.cell OFFSET 0) k
         WHERE ${conditions.join(' AND ')} ORDER BY c.code LIMIT ${values.add(limit - found.length, 'int4')}`,
        values.list,
      );
      found.push(...rows);
      if (found.length >= limit) return found;
      place = range.last;
    }
  }
  return found;
}

type Time = 'began' | 'ended';

/** Which times of a dossier decide whether it belongs to a period. */
function decidingTimesOf(facts: Facts): readonly [Time, ...Time[]] {
  if (facts === 'lacking') return ['began', 'ended'];
  return [facts in BEGAN ? 'began' : 'ended'];
}

/** SQL: whether a dossier, `c`, has the facts, and one of the times in the period. */
function conditionOf(facts: Facts, period: ReportPeriod, values: Values): string {
  const condition = facts === 'lacking' ? hasFacts(IS_LACKING) : { ...BEGAN, ...ENDED }[facts];
  return `${condition} AND (${decidingTimesOf(facts)
    .map((time) => isWithin(time, period, values))
    .join(' OR ')})`;
}

function isWithin(time: Time, { from, to }: ReportPeriod, values: Values): string {
  return `c.${time}_766 BETWEEN ${values.add(from, 'timestamptz')} AND ${values.add(to, 'timestamptz')}`;
}

/** How many dossiers of a period lack a field: null for more than MOST_COUNTED. */
export async function countLackingDossiers(
  run: Run,
  period: ReportPeriod,
  agency: string | undefined,
): Promise<number | null> {
  const { began, ended } = await countLacking(run, period, agency);
  if (Math.max(began, ended) > MOST_COUNTED) return null;
  const both = Math.min(began, ended) === 0 ? 0 : await countBoth(run, period, agency);
  const all = began + ended - both;
  return all > MOST_COUNTED ? null : all;
}

/** Those that began and ended in the period. */
async function countBoth(run: Run, period: ReportPeriod, agency: string | undefined): Promise<number> {
  const agencies = await agenciesWith(run, period, 'lacking', { only: agency });
  const values = newValues();
  // The ranges of all agencies have all dossiers. That of one may have dossiers of others.
  const isOfAgency =
    agency === undefined
      ? 'true'
      : `EXISTS (SELECT FROM total_cells k WHERE k.id = c.cell AND k.agency_code = a.agency_code)`;
  const [found] = await run<{ n: number }>(
    `SELECT count(DISTINCT c.code) AS n
     FROM unnest(${values.add(agencies, 'text[]')}) AS a(agency_code) CROSS JOIN LATERAL (${bothInPeriod(period, values)}) r
       CROSS JOIN LATERAL (
         SELECT c.code, c.cell FROM counted c WHERE c.code BETWEEN r.first AND r.last AND ${hasFacts(IS_LACKING)}
           AND ${isWithin('began', period, values)} AND ${isWithin('ended', period, values)} OFFSET 0) c
     WHERE ${isOfAgency}`,
    values.list,
  );
  return found?.n ?? 0;
}
