import { msToInstant, parseInstant } from '#core/dates/dates';
import { monthsBetween, reportingPeriod } from '#core/dates/reporting-period';
import { cleanCode, serviceKey } from '#core/identifiers/identifiers';
import type { AgencyLevel, Group } from '#core/statistics/columns';
import type { Rule } from '#core/statistics/rules';
import { say } from '#messages/message';
import { received } from '#messages/received';
import type { StatisticsQuestion } from '../statistics/question.ts';
import { periodOf } from './lists.ts';
import { wrongParameter } from './problem.ts';

/** The parameters that every query of the statistics shares. */
export interface StatisticsQuery {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly period?: string | undefined;
  readonly by?: Group | undefined;
  readonly rule?: Rule | undefined;
  readonly agency?: string | undefined;
  readonly field?: string | undefined;
  readonly service?: string | undefined;
  readonly level?: AgencyLevel | undefined;
}

/**
 * The question of a query, with all defaults filled in.
 *
 * @param reportingDay the day of the month on which reporting periods begin
 * @throws Refusal 400 that names the wrong parameter
 */
export function questionOf(
  query: StatisticsQuery,
  nowMs: number,
  reportingDay: number | undefined,
): StatisticsQuestion {
  const { by = 'agency', rule = '766', agency, field, service, level } = query;
  if (level !== undefined && by !== 'agency')
    throw wrongParameter('level', 'unexpected', { got: received(level), expected: say('only-by-agency') });
  const now = msToInstant(nowMs);
  const filter = {
    agency: agency ? cleanCode(agency) : undefined,
    field: field ? cleanCode(field) : undefined,
    service: service ? serviceKey(cleanCode(service)) : undefined,
  };
  return { rule, by, ...wholePeriod(query, now, reportingDay), filter, level, now };
}

/** The same question for one month, as the statistics count it. @throws Refusal 400 when they have no such line */
export function monthOf(question: StatisticsQuestion, key: string): StatisticsQuestion {
  const { from, to, now } = question;
  const months = monthsBetween(from, to).filter((one) => one.from <= now);
  const month = months.find((one) => one.key === key);
  if (month) return { ...question, from: month.from, to: month.to };
  const [first, last] = [months[0]?.key, months.at(-1)?.key];
  throw wrongParameter('key', 'unexpected', {
    got: received(key),
    expected: say('month-between', { first: first ?? '–', last: last ?? '–' }),
  });
}

function wholePeriod(query: StatisticsQuery, now: string, reportingDay: number | undefined) {
  if (query.period !== undefined) return namedPeriod(query, query.period, reportingDay);
  const given = periodOf(query);
  // The end of the day, so that equal queries of one day get one ETag while nothing changes.
  const today = `${now.slice(0, 10)}T23:59:59.999+07:00`;
  const to = given.to ?? (given.from && given.from > today ? given.from : today);
  const from = given.from ?? (parseInstant(`${to.slice(0, 4)}-01-01T00:00:00+07:00`) as string);
  return { from, to };
}

function namedPeriod(query: StatisticsQuery, period: string, reportingDay: number | undefined) {
  for (const name of ['from', 'to'] as const)
    if (query[name] !== undefined) throw wrongParameter(name, 'beside-period');
  const found = reportingPeriod(period, reportingDay);
  if (!found)
    throw wrongParameter('period', 'unexpected', { got: received(period), expected: say('year-quarter-or-month') });
  return periodOf(found) as { from: string; to: string };
}
