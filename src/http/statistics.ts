import Type from 'typebox';
import { AGENCY_LEVELS, COLUMNS, GROUPS, KEYLESS } from '#core/statistics/columns';
import { RULES } from '#core/statistics/rules';
import { closed, oneOf } from '#schemas/parts';
import type { Scope } from '../config/config.ts';
import type { AppContext } from './app-context.ts';
import { requireKey } from './auth.ts';
import { ServedDossier } from './dossier-replies.ts';
import { Cursor, Limit, pageOf, text } from './lists.ts';
import { type AddRoute, conditional, conditionalList, pageInJson, queryReader } from './route.ts';
import { monthOf, questionOf } from './statistics-question.ts';

export type StatisticsContext = Pick<AppContext, 'reads' | 'pages' | 'keys' | 'cursors' | 'nowMs' | 'reportingDay'>;

const Query = closed({
  from: text('first day or time of the period; without `from`, `to` and `period`: the current year'),
  to: text('last day or time of the period; the default is today'),
  period: text(
    'instead of both, a reporting period: a year (2026), a quarter (2026-Q1) or a month (2026-03), which begins on the configured day of the month',
  ),
  by: Type.Optional(oneOf(GROUPS)),
  rule: Type.Optional(oneOf(RULES)),
  agency: text('an agency code, including the agencies below it'),
  field: text('a field code'),
  service: text('a procedure code, short or long'),
  limit: Limit,
  cursor: Cursor,
});

const ReportQuery = closed({
  ...Query.properties,
  level: Type.Optional(
    Type.Enum([...AGENCY_LEVELS], {
      description: 'by agency: only agencies of this level of the catalogue, and their total',
    }),
  ),
});

export const DossiersQuery = closed({
  ...Query.properties,
  column: oneOf(COLUMNS),
  key: text(`the key of the line, ${KEYLESS} for the line without a key; the default is all lines`),
});

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
  /** Changes of dossiers that are not counted yet. Null during a full recount. */
  behind: OrNull(Count),
  total: closed(LINE),
  items: Type.Array(closed({ key: OrNull(Type.String()), name: OrNull(Type.String()), ...LINE })),
  next: OrNull(Type.String()),
});

const READ: readonly Scope[] = ['index:read'];

const RULES_MEAN =
  'Each report names its rule, because the rules in use differ. `766` (QĐ 766/QĐ-TTg, the default): ' +
  'refused dossiers count, times are compared in full, the end is status 9, else 10, else 8 or 3, the wait for one supplement is deducted, and a second supplement counts as late. ' +
  'The longest term of the service replaces a missing due date. `opencps`: refused dossiers do not count, and a dossier is late when it was ' +
  'resolved after its date. `td`: days are compared, and dossiers that wait for a supplement, or were withdrawn or stopped, count as on time. ' +
  'The numbers follow form II.06a/VPCP/KSTT: received = online + direct + carried over = resolved + pending. ' +
  'onTimePercent covers the resolved dossiers, with two decimals; 100 means all. Without any it is null, and 100 by `opencps`. ' +
  'A dossier that is part of another stored dossier (`parentCode`) does not count, unless that one is only submitted. ' +
  'The numbers use the current state of the dossiers and their own times, so late reports change past numbers.';

/** The number of dossiers that arrived, were resolved or are pending, by timeliness. */
export function addStatistics(add: AddRoute, hub: StatisticsContext): void {
  addReport(add, hub);
  addCountedDossiers(add, hub);
}

function addReport(add: AddRoute, { reads, keys, cursors, nowMs, reportingDay }: StatisticsContext): void {
  const read = queryReader(ReportQuery);
  add(
    {
      method: 'get',
      path: '/api/v1/statistics',
      tag: 'Dossiers',
      summary: 'Counts of dossiers, by one of the rules in use',
      description: RULES_MEAN,
      scopes: READ,
      conditional: true,
      freshness: 'many',
      query: ReportQuery,
      replies: { 200: { description: 'The lines, in the order of their keys, and their total', schema: Reply } },
    },
    async (c) => {
      requireKey(c, keys, ...READ);
      const { limit = '200', cursor, ...query } = read(c);
      const after = cursors.read('statistics', cursor)?.[0] as string | undefined;
      const { items: all, ...report } = await reads.of(c).statistics.report(questionOf(query, nowMs(), reportingDay));
      const rest = after === undefined ? all : all.filter(({ key }) => isAfter(key, after));
      const items = rest.slice(0, Number(limit));
      const next = items.length < rest.length ? cursors.write('statistics', [items.at(-1)?.key ?? '']) : null;
      return conditional(c, JSON.stringify({ ...report, items, next }));
    },
  );
}

function addCountedDossiers(add: AddRoute, hub: StatisticsContext): void {
  const { reads, keys, pages } = hub;
  const read = queryReader(DossiersQuery);
  add(
    {
      method: 'get',
      path: '/api/v1/statistics/dossiers',
      tag: 'Dossiers',
      summary: 'The dossiers that one number of the statistics counts, in the order of their codes',
      description:
        'Use the parameters of the number, its `column` and, for one line, its `key`. The numbers lag a moment ' +
        'behind. The dossiers are shown in their current state, with personal data masked.',
      scopes: READ,
      conditional: true,
      freshness: 'many',
      query: DossiersQuery,
      replies: { 200: { description: 'A page', schema: pageOf(ServedDossier) } },
    },
    async (c) => {
      const { id } = requireKey(c, keys, ...READ);
      const query = read(c);
      return pages.hold(id, async (hold) => {
        const { items, next } = await countedPage({ ...hub, ...reads.of(c) }, 'statistics/dossiers', query);
        const json = items.map((one) => one.json);
        return conditionalList(c, pageInJson(json, next), {}, hold);
      });
    },
  );
}

/**
 * A page of the dossiers behind one number, and the cursor of the next page or null.
 *
 * @throws Refusal 400 that names the wrong parameter
 */
export async function countedPage(
  hub: Pick<AppContext, 'statistics' | 'index' | 'cursors' | 'nowMs' | 'reportingDay'>,
  list: string,
  { limit = '50', cursor, column, key, ...query }: Type.Static<typeof DossiersQuery>,
) {
  const { statistics, index, cursors, nowMs, reportingDay } = hub;
  const after = (cursors.read(list, cursor)?.[0] ?? '') as string;
  const all = questionOf(query, nowMs(), reportingDay);
  const question = all.by === 'month' && key !== undefined ? monthOf(all, key) : all;
  const of = { ...question, column, key: key === KEYLESS ? null : key };
  const found = await statistics.dossiers({ ...of, after, limit: Number(limit) + 1 });
  const codes = found.slice(0, Number(limit));
  const items = await index.these(codes);
  const last = items.isCut ? items.at(-1)?.code : codes.at(-1);
  const isAll = !items.isCut && codes.length === found.length;
  return { items, next: isAll || last === undefined ? null : cursors.write(list, [last]) };
}

/** The line without a key is the last one. */
function isAfter(key: string | null, other: string): boolean {
  return key === null || key > other;
}
