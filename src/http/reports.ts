import type { Context } from 'hono';
import Type from 'typebox';
import { problem } from '#core/problem';
import { KEYLESS } from '#core/statistics/columns';
import { operatorPath, REPORTS, type ReportName } from '#core/statistics/report-paths';
import { RULES } from '#core/statistics/rules';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { closed, oneOf } from '#schemas/parts';
import type { Scope } from '../config/config.ts';
import type { Report, ReportPlace } from '../reports/report.ts';
import type { NoPeriod, Reports } from '../reports/reports.ts';
import type { ReportFormat } from '../reports/write.ts';
import type { RecordPlace, ReportRecord, ReportWithRecords } from '../statistics/report-records.ts';
import type { AppContext } from './app-context.ts';
import { requireKey } from './auth.ts';
import { Cursor, Limit, numeral, pageBy, pageOf, TOTAL, text } from './lists.ts';
import { refusalWith, wrongParameter } from './problem.ts';
import { type AddRoute, queryReader } from './route.ts';

type ReportContext = Pick<AppContext, 'keys' | 'reports' | 'cursors' | 'clients'>;

/** Officers and their questions are for operators alone. */
const FOR_READERS = REPORTS.filter((name) => name !== 'asks');
const FORMATS = ['json', 'xlsx', 'pdf', 'csv'] as const;

const Query = closed({
  period: Type.String({ description: 'a year (2026), a quarter (2026-Q1) or a month (2026-03) of the reports' }),
  format: Type.Optional(oneOf(FORMATS)),
  by: Type.Optional(oneOf(['agency', 'field'])),
  rule: Type.Optional(oneOf(RULES)),
  agency: text('for `fields`: only the dossiers of this agency, by its code'),
  lines: numeral('^(?:[1-9][0-9]{0,4}|100000)$', 1, 100_000, 'for `fields`: the most lines, from 1 to 100000'),
  cursor: Type.Optional(Type.String({ description: 'for `fields`: the `next` of the part before' })),
});

const Cell = Type.Union([Type.String(), Type.Number(), Type.Null()]);
export const ReportShown = closed(
  {
    number: Type.Optional(Type.String()),
    title: Type.String(),
    period: closed({ name: Type.String(), from: Type.String(), to: Type.String() }),
    reportedBy: Type.String(),
    unit: Type.Optional(Type.String()),
    head: Type.Array(
      Type.Array(
        closed({
          text: Type.String(),
          columns: Type.Optional(Type.Integer()),
          rows: Type.Optional(Type.Integer()),
        }),
      ),
    ),
    widths: Type.Array(Type.Integer()),
    rows: Type.Array(
      closed({
        cells: Type.Array(Cell),
        isTotal: Type.Optional(Type.Boolean()),
        links: Type.Optional(
          Type.Record(Type.String(), Type.String(), {
            description: 'by column: where the records behind the number are',
          }),
        ),
      }),
    ),
    notes: Type.Array(Type.String()),
    signatures: Type.Array(Type.String()),
    next: Type.Optional(
      Type.Union([Type.String(), Type.Null()], {
        description: 'of a part of `fields`: the cursor of the next part, null for the last one',
      }),
    ),
    dossiers: Type.Optional(
      Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
        description: 'of a part of `fields`: how many dossiers the whole report has; null for more than 10,000',
      }),
    ),
  },
  { title: 'Report' },
);

const READ: readonly Scope[] = ['index:read'];
const TYPES = {
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  pdf: 'application/pdf',
  csv: 'text/csv; charset=utf-8',
} as const;
const BINARY = Type.String({ format: 'binary' });

const RecordsQuery = closed({
  period: Query.properties.period,
  column: Type.String({ maxLength: 100, description: 'the number, as the link of the report names it' }),
  key: text(
    `the line, as the link of the report names it: ${KEYLESS} for the line without an agency; without it all lines`,
  ),
  limit: Limit,
  cursor: Cursor,
});

export const ReportRecordShown = closed(
  {
    key: Type.String({
      description: 'the line: an agency, a party, the number of an incident, or a role of processes',
    }),
    what: Type.String({
      description: '`dossier`, `delivery`, `run` of a process, or a kind of record such as `question`',
    }),
    code: Type.String({ description: 'its code, or the number of a delivery or run' }),
    at: Type.String({ description: 'when it began, ended or was created, by which it belongs to the period' }),
  },
  { title: 'ReportRecord' },
);

/** Where a report is, for whom, and how its links are written. */
interface Place {
  readonly path: string;
  readonly tag: string;
  readonly scopes: readonly Scope[];
  readonly names: readonly ReportName[];
  readonly linkOf: (path: string) => string;
}

/** The reports that officers hand in: for programs, and for the console with its own scope. */
export function addReports(add: AddRoute, hub: ReportContext): void {
  const places: readonly Place[] = [
    { path: '/api/v1/reports/{report}', tag: 'Dossiers', scopes: READ, names: FOR_READERS, linkOf: (path) => path },
    {
      path: '/api/v1/ops/reports/{report}',
      tag: 'Operation',
      scopes: ['ops:read'],
      names: REPORTS,
      linkOf: operatorPath,
    },
  ];
  for (const place of places) {
    addReport(add, hub, place);
    addReportRecords(add, hub, place);
  }
}

function addReport(add: AddRoute, { keys, reports, clients, cursors }: ReportContext, at: Place): void {
  const read = queryReader(Query);
  add(
    {
      method: 'get',
      path: at.path,
      tag: at.tag,
      summary: 'A report of a reporting period: as data, XLSX, PDF or CSV',
      description: `\`report\` is one of ${at.names.join(', ')}. Each number has the address of its records; in files it leads to the console. The texts are Vietnamese.`,
      scopes: at.scopes,
      query: Query,
      replies: {
        200: {
          description: 'The report',
          schema: ReportShown,
          also: { [TYPES.xlsx]: BINARY, [TYPES.pdf]: BINARY, 'text/csv': BINARY },
        },
      },
    },
    async (c) => {
      requireKey(c, keys, ...at.scopes);
      const name = nameIn(c, at);
      const { period, format = 'json', by = 'agency', rule = 'td', agency, lines, cursor } = read(c);
      const most = lines === undefined ? undefined : Number(lines);
      const list = `reports/fields ${period} ${agency ?? ''}`;
      const after = placeOf(cursors.read(list, cursor));
      const made = await reports.make(name, period, { by, rule, agency, lines: most, after });
      if (made.kind !== 'made') throw wrongPeriod(period, made);
      if (format === 'json') return c.json(shown(made.report, at.linkOf, (place) => cursors.write(list, place)));
      refuseTooLong(made.report, format, reports);
      const file = await reports.write(made.report, format, clients.originOf(c));
      return c.body(file as Uint8Array<ArrayBuffer>, 200, {
        'Content-Type': TYPES[format],
        'Content-Disposition': `attachment; filename="${name}-${period}.${format}"`,
      });
    },
  );
}

function addReportRecords(add: AddRoute, { keys, reports, cursors }: ReportContext, at: Place): void {
  const read = queryReader(RecordsQuery);
  add(
    {
      method: 'get',
      path: `${at.path}/records`,
      tag: at.tag,
      summary: 'The records behind one number of a report',
      description:
        'The links of a report have the parameters. The list follows the present state of the hub, as the report does, ' +
        'and has no personal data. Form II.06a leads to /statistics/dossiers, the field report to its dossiers.',
      scopes: at.scopes,
      query: RecordsQuery,
      replies: { 200: { description: 'A page', schema: pageOf(ReportRecordShown, { total: TOTAL }) } },
    },
    async (c) => {
      requireKey(c, keys, ...at.scopes);
      const report = nameIn(c, at);
      const { period, column, key: line, limit, cursor } = read(c);
      const key = line === KEYLESS ? '' : line;
      const columns = reports.recordColumns(report);
      if (!columns.includes(column))
        throw wrongParameter('column', 'unexpected', {
          got: received(column),
          expected: say('one-of', { list: columns }),
        });
      const number = { report: report as ReportWithRecords, column, key };
      const count = () => reports.countRecords(period, number);
      const load = async (many: number, after: RecordPlace | undefined) => {
        const found = await reports.records(period, { report: number.report, column, key, after, limit: many });
        if (found.kind !== 'found') throw wrongPeriod(period, found);
        return found.records;
      };
      const list = `reports/${report} ${period} ${column} ${key ?? ''}`;
      const placeOf = (one: ReportRecord): RecordPlace => [one.key, one.what, one.code];
      return c.json(await pageBy<ReportRecord, RecordPlace>(cursors, { list, limit, cursor, load, count, placeOf }));
    },
  );
}

/** @throws Refusal 400 for an unknown name */
function nameIn(c: Context, { names }: Pick<Place, 'names'>): ReportName {
  const given = c.req.param('report');
  const name = names.find((one) => one === given);
  if (name) return name;
  const expected = say('one-of', { list: names });
  throw refusalWith([problem('{report}', 'unexpected', { got: received(given), expected })]);
}

/** @throws Refusal 400 for more lines than a file of this format may have */
function refuseTooLong({ rows }: Report, format: ReportFormat, reports: Reports): void {
  const most = reports.mostLines(format);
  if (rows.length > most) throw wrongParameter('format', 'too-many-lines', { format, count: rows.length, most });
}

function wrongPeriod(period: string, why: NoPeriod) {
  const expected =
    why.kind === 'future' ? say('period-that-has-begun', { from: why.from }) : say('year-quarter-or-month');
  return wrongParameter('period', 'unexpected', { got: received(period), expected });
}

function placeOf(held: readonly (string | number)[] | undefined): ReportPlace | undefined {
  if (held === undefined) return undefined;
  const [agency, code, lines] = held as readonly [string, string, number];
  return { dossier: [agency, code], lines };
}

function shown(
  { rest, ...report }: Report,
  linkOf: Place['linkOf'],
  write: (place: readonly (string | number)[]) => string,
) {
  const rows = report.rows.map(({ links, ...row }) =>
    links
      ? { ...row, links: Object.fromEntries(Object.entries(links).map(([column, path]) => [column, linkOf(path)])) }
      : row,
  );
  if (rest === undefined) return { ...report, rows };
  const next = rest.after === null ? null : write([...rest.after.dossier, rest.after.lines]);
  return { ...report, rows, next, dossiers: rest.dossiers };
}
