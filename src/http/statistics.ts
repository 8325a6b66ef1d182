import Type from 'typebox';
import { COLUMNS, GROUPS, RULES } from '#core/statistics/counts';
import { closed, oneOf } from '#schemas/parts';
import type { Scope } from '../config/config.ts';
import type { AppContext } from './app-context.ts';
import { requireKey } from './auth.ts';
import { ServedDossier } from './dossier-replies.ts';
import { Cursor, Limit, pageOf, text } from './lists.ts';
import { type AddRoute, conditional, conditionalList, queryReader } from './route.ts';
import { monthOf, questionOf } from './statistics-question.ts';

export type StatisticsContext = Pick<
  AppContext,
  'statistics' | 'index' | 'pages' | 'keys' | 'cursors' | 'nowMs' | 'reportingDay'
>;

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

const DossiersQuery = closed({
  ...Query.properties,
  column: oneOf(COLUMNS),
  key: text(`the line: its key, ${KEYLESS} for the one that has none; all lines where it is not given`),
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
  /** Changes of dossiers that are not among the numbers yet; null while all of them are counted anew. */
  behind: OrNull(Count),
  total: closed(LINE),
  items: Type.Array(closed({ key: OrNull(Type.String()), name: OrNull(Type.String()), ...LINE })),
  next: OrNull(Type.String()),
});

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
export function addStatistics(add: AddRoute, hub: StatisticsContext): void {
  addReport(add, hub);
  addCountedDossiers(add, hub);
}

function addReport(add: AddRoute, { statistics, keys, cursors, nowMs, reportingDay }: StatisticsContext): void {
  const read = queryReader(Query);
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
      const { items: all, ...report } = await statistics.report(questionOf(query, nowMs(), reportingDay));
      const rest = after === undefined ? all : all.filter(({ key }) => isAfter(key, after));
      const items = rest.slice(0, Number(limit));
      const next = items.length < rest.length ? cursors.write('statistics', [items.at(-1)?.key ?? '']) : null;
      return conditional(c, JSON.stringify({ ...report, items, next }));
    },
  );
}

function addCountedDossiers(
  add: AddRoute,
  { statistics, index, keys, cursors, pages, nowMs, reportingDay }: StatisticsContext,
): void {
  const read = queryReader(DossiersQuery);
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
      const { limit = '50', cursor, column, key: line, ...query } = read(c);
      const after = (cursors.read('statistics/dossiers', cursor)?.[0] ?? '') as string;
      return pages.hold(key.id, async (hold) => {
        const all = questionOf(query, nowMs(), reportingDay);
        const question = all.by === 'month' && line !== undefined ? monthOf(all, line) : all;
        const found = await statistics.dossiers({
          ...question,
          column,
          key: line === KEYLESS ? null : line,
          after,
          limit: Number(limit) + 1,
        });
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
