import Type from 'typebox';
import { COLUMNS, GROUPS, RULES, type Rule } from '#core/counts';
import { msToInstant, parseInstant } from '#core/dates/dates';
import { monthsBetween, reportingPeriod } from '#core/dates/reporting-period';
import { quote } from '#core/explain';
import { cleanCode, serviceKey } from '#core/identifiers/identifiers';
import { closed, oneOf } from '#schemas/parts';
import type { Scope } from '../config/config.ts';
import type { IndexReader } from '../index/read.ts';
import type {
  CountedDossiersReader,
  CountedFilter,
  CountedLine,
  CountedNumbers,
  StatisticsReader,
} from '../statistics/reader.ts';
import { type Keys, requireKey } from './auth.ts';
import type { Cursors } from './cursor.ts';
import { ServedDossier } from './dossier-replies.ts';
import { Cursor, Limit, pageOf, periodOf, text } from './lists.ts';
import type { PageBudget } from './page-budget.ts';
import { Refusal, wrongParameter } from './problem.ts';
import { type AddRoute, conditional, conditionalList, queryReader } from './route.ts';

export interface StatisticsMeans {
  readonly statistics: Statistics;
  readonly countedDossiers: CountedDossiers;
  readonly index: IndexReader;
  readonly pages: PageBudget;
  readonly keys: Keys;
  readonly cursors: Cursors;
}

/**
 * The numbers that are asked for, all of their lines.
 *
 * @throws Refusal 400 that names the parameter
 */
export type Statistics = (query: StatisticsQuery) => Promise<StatisticsReport>;
/**
 * The codes of the dossiers that a number counts, in their order, after one.
 *
 * @throws Refusal 400 that names the parameter
 */
export type CountedDossiers = (
  query: StatisticsQuery & Pick<DossiersQuery, 'column' | 'key'>,
  after: string,
  limit: number,
) => Promise<readonly string[]>;
export type StatisticsQuery = Omit<Query, 'limit' | 'cursor'>;
export type StatisticsReport = Omit<Reply, 'next'>;

/** No code is this. */
const KEYLESS = '-';

const Query = closed({
  from: text(
    'first day or moment of the period; with neither `from`, `to` nor `period`: this year, from its first day',
  ),
  to: text('last day or moment of the period; without it, today'),
  period: text(
    'instead of both, a period of reports: a year (2026) or a quarter (2026-Q1), by the day of the month on which they begin',
  ),
  by: Type.Optional(oneOf(GROUPS)),
  rule: Type.Optional(oneOf(RULES)),
  agency: text('an agency code; those below it are included'),
  field: text('a field code'),
  service: text('a procedure code, short or long'),
  limit: Limit,
  cursor: Cursor,
});
type Query = Type.Static<typeof Query>;

const DossiersQuery = closed({
  ...Query.properties,
  column: oneOf(COLUMNS),
  key: text(`the line: its key, ${KEYLESS} for the one that has none; all lines where it is not given`),
});
type DossiersQuery = Type.Static<typeof DossiersQuery>;

const Count = Type.Integer({ minimum: 0 });
const LINE = {
  received: closed({ total: Count, online: Count, direct: Count, carriedOver: Count }),
  resolved: closed({ total: Count, early: Count, onTime: Count, late: Count }),
  pending: closed({ total: Count, withinTerm: Count, late: Count }),
  onTimePercent: Type.Union([Type.Number(), Type.Null()]),
};
const OrNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

const Reply = closed({
  rule: oneOf(RULES),
  by: oneOf(GROUPS),
  from: Type.String({ format: 'date-time' }),
  to: Type.String({ format: 'date-time' }),
  /** Changes of dossiers that are not among the numbers yet; null while all of them are counted anew. */
  behind: OrNull(Count),
  total: closed(LINE),
  items: Type.Array(closed({ key: OrNull(Type.String()), name: OrNull(Type.String()), ...LINE })),
  next: OrNull(Type.String()),
});
type Reply = Type.Static<typeof Reply>;

const READ: readonly Scope[] = ['index:read'];

const RULES_MEAN =
  'Each number says by which rule it was counted, because the rules in use differ. `766` (QĐ 766/QĐ-TTg; the one without `rule`): ' +
  'refused dossiers count, times are compared in full, the wait for one supplement is taken off and a second one is late, ' +
  'the longest term of the service stands for a date that is not given. `opencps`: refused ones are left out, late is what was ' +
  'resolved after its date. `td`: days are compared, what waits for a supplement, was withdrawn or stopped is among those on time. ' +
  'The numbers are those of form II.06a/VPCP/KSTT: received = online + direct + carried over = resolved + pending. ' +
  'onTimePercent is of those resolved, with two decimals; of none it is null, and 100 by `opencps`. ' +
  'A part of another dossier that the hub has (`parentCode`) is not counted beside it. ' +
  'They are of dossiers as they are known now, by their own times: what was told late changes the numbers of the past.';

/** How many dossiers came, were resolved and are pending, early, on time and late. */
export function addStatistics(
  add: AddRoute,
  { statistics, countedDossiers, index, keys, cursors, pages }: StatisticsMeans,
): void {
  const read = queryReader(Query);
  const readDossiers = queryReader(DossiersQuery);
  add(
    {
      method: 'get',
      path: '/api/v1/statistics',
      tag: 'Dossiers',
      summary: 'Counts of dossiers by one of the rules in use',
      description: RULES_MEAN,
      scopes: READ,
      conditional: true,
      query: Query,
      replies: { 200: { description: 'The lines, in the order of their keys, and their total', schema: Reply } },
    },
    async (c) => {
      requireKey(c, keys, ...READ);
      const { limit = '200', cursor, ...query } = read(c);
      const after = cursors.read('statistics', cursor)?.[0] as string | undefined;
      const { items: all, ...report } = await statistics(query);
      const rest = after === undefined ? all : all.filter(({ key }) => isAfter(key, after));
      const items = rest.slice(0, Number(limit));
      const next = items.length < rest.length ? cursors.write('statistics', [items.at(-1)?.key ?? '']) : null;
      return conditional(c, JSON.stringify({ ...report, items, next }));
    },
  );
  add(
    {
      method: 'get',
      path: '/api/v1/statistics/dossiers',
      tag: 'Dossiers',
      summary: 'The dossiers that one number of the statistics counts, in the order of their codes',
      description:
        'Asked with the parameters of the number, its `column` and, of one line, its `key`. The numbers are counted a moment ' +
        'behind; the dossiers are shown as they are now, what is personal masked.',
      scopes: READ,
      conditional: true,
      query: DossiersQuery,
      replies: { 200: { description: 'A page', schema: pageOf(ServedDossier) } },
    },
    async (c) => {
      const key = requireKey(c, keys, ...READ);
      const { limit = '50', cursor, ...query } = readDossiers(c);
      const after = (cursors.read('statistics/dossiers', cursor)?.[0] ?? '') as string;
      return pages.hold(key.id, async (hold) => {
        const found = await countedDossiers(query, after, Number(limit) + 1);
        const codes = found.slice(0, Number(limit));
        const items = await index.these(codes);
        const last = items.isCut ? items.at(-1)?.code : codes.at(-1);
        const isAll = !items.isCut && codes.length === found.length;
        const next = isAll || last === undefined ? null : cursors.write('statistics/dossiers', [last]);
        const list = { head: '{"items":[', items, write: jsonOf, tail: `],"next":${JSON.stringify(next)}}` };
        return conditionalList(c, list, {}, hold);
      });
    },
  );
}

function jsonOf({ json }: { readonly json: string }): string {
  return json;
}

/** The line without a key is the last one. */
function isAfter(key: string | null, other: string): boolean {
  return key === null || key > other;
}

export interface CountingMeans {
  readonly reader: StatisticsReader;
  /** Count what changed of late, so that it is among the numbers. */
  readonly countChanges: () => Promise<void>;
  readonly nowMs: () => number;
  /** The day of the month on which periods of reports begin. */
  readonly reportingDay: number | undefined;
}

export function createStatistics({ reader, countChanges, nowMs, reportingDay }: CountingMeans): Statistics {
  return async (query) => {
    const { by = 'agency', rule = '766' } = query;
    const now = msToInstant(nowMs());
    const period = wholePeriod(query, now, reportingDay);
    await countChanges();
    const { total, lines, behind } = await reader({ rule, by, ...period, filter: filterOf(query), now });
    // A month that has not begun has nothing to say.
    const months = by === 'month' ? monthsBetween(period.from, period.to < now ? period.to : now) : [];
    const items = by === 'month' ? withEmptyMonths(months, lines) : lines;
    return {
      ...{ rule, by, ...period, behind: behind ?? null },
      total: shown(total, rule),
      items: items.map((line) => ({ key: line.key, name: line.name, ...shown(line, rule) })),
    };
  };
}

/** The same questions, for the dossiers behind a number. */
export function createCountedDossiers({
  reader,
  countChanges,
  nowMs,
  reportingDay,
}: Omit<CountingMeans, 'reader'> & { readonly reader: CountedDossiersReader }): CountedDossiers {
  return async ({ column, key, ...query }, after, limit) => {
    const { by = 'agency', rule = '766' } = query;
    const now = msToInstant(nowMs());
    const whole = wholePeriod(query, now, reportingDay);
    const period = by === 'month' && key !== undefined ? monthOf(whole, key, now) : whole;
    await countChanges();
    const line = key === undefined || by === 'month' ? {} : { key: key === KEYLESS ? null : key };
    return reader({ rule, by, ...period, filter: filterOf(query), now, column, ...line, after, limit });
  };
}

/** @throws Refusal 400 where the statistics have no such line */
function monthOf({ from, to }: { readonly from: string; readonly to: string }, key: string, now: string) {
  const months = monthsBetween(from, to < now ? to : now);
  const month = months.find((one) => one.key === key);
  if (month) return { from: month.from, to: month.to === now ? to : month.to };
  const [first, last] = [months[0]?.key, months.at(-1)?.key];
  throw wrongParameter('key', `got ${quote(key)}, expected a month from ${first ?? 'none'} to ${last ?? 'none'}`);
}

const REMEMBERED_MS = 5 * 60_000;
/** Reports that are waited for at once; one is made after the other. */
const MOST_WAITING = 8;

/**
 * Statistics for whoever comes without a key: what was asked within five minutes is answered from memory, and of what was
 * not a few at a time are counted, so that nobody can keep the database at it.
 *
 * @param statistics asked for what a page offers alone: each of it is remembered
 */
export function rememberStatistics(statistics: Statistics, nowMs: () => number): Statistics {
  const kept = new Map<string, { readonly atMs: number; readonly report: Promise<StatisticsReport> }>();
  let waiting = 0;
  return async (query) => {
    const key = JSON.stringify(query);
    const known = kept.get(key);
    if (known && nowMs() - known.atMs < REMEMBERED_MS) return known.report;
    if (waiting >= MOST_WAITING)
      throw new Refusal('unavailable', 'other statistics are being counted', { headers: { 'Retry-After': '5' } });
    waiting++;
    const report = statistics(query).finally(() => {
      waiting--;
    });
    kept.set(key, { atMs: nowMs(), report });
    report.catch(() => kept.delete(key));
    return report;
  };
}

/** @throws Refusal 400 that names the parameter */
function wholePeriod(query: StatisticsQuery, now: string, reportingDay: number | undefined) {
  if (query.period !== undefined) {
    for (const name of ['from', 'to'] as const)
      if (query[name] !== undefined) throw wrongParameter(name, 'is given beside period, expected one or the other');
    const found = reportingPeriod(query.period, reportingDay);
    if (!found)
      throw wrongParameter(
        'period',
        `got ${quote(query.period)}, expected a year such as 2026 or a quarter such as 2026-Q1`,
      );
    return periodOf(found) as { from: string; to: string };
  }
  const given = periodOf(query);
  // Not this moment: what nothing came to since is answered as not changed.
  const today = `${now.slice(0, 10)}T23:59:59.999+07:00`;
  const to = given.to ?? (given.from && given.from > today ? given.from : today);
  const from = given.from ?? (parseInstant(`${to.slice(0, 4)}-01-01T00:00:00+07:00`) as string);
  return { from, to };
}

function filterOf({ agency, field, service }: StatisticsQuery): CountedFilter {
  return {
    ...(agency && { agency: cleanCode(agency) }),
    ...(field && { field: cleanCode(field) }),
    ...(service && { service: serviceKey(cleanCode(service)) }),
  };
}

/** A month in which nothing came and nothing was pending is a line too. */
function withEmptyMonths(months: readonly { readonly key: string }[], lines: readonly CountedLine[]) {
  const known = new Map(lines.map((line) => [line.key, line]));
  return months.map(({ key }) => known.get(key) ?? { key, name: null, ...NO_NUMBERS });
}

const NO_NUMBERS: CountedNumbers = {
  received: { total: 0, online: 0, direct: 0, carriedOver: 0 },
  resolved: { total: 0, early: 0, onTime: 0, late: 0 },
  pending: { total: 0, withinTerm: 0, late: 0 },
};

function shown({ received, resolved, pending }: CountedNumbers, rule: Rule) {
  return { received, resolved, pending, onTimePercent: onTimePercent(resolved, rule) };
}

/** OpenCPS says 100 where nothing was resolved; for the index that is not applicable. */
function onTimePercent({ total, early, onTime }: CountedNumbers['resolved'], rule: Rule): number | null {
  if (total === 0) return rule === 'opencps' ? 100 : null;
  return Math.round(((early + onTime) * 10_000) / total) / 100;
}
