import Type from 'typebox';
import { RULES } from '#core/statistics/rules';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { closed, oneOf } from '#schemas/parts';
import type { Scope } from '../config/config.ts';
import type { ReportName } from '../reports/reports.ts';
import type { AppContext } from './app-context.ts';
import { requireKey } from './auth.ts';
import { wrongParameter } from './problem.ts';
import { type AddRoute, queryReader } from './route.ts';

type ReportContext = Pick<AppContext, 'keys' | 'reports'>;

const NAMES = [
  ...(['ii06a', 'online-services', 'questions', 'connections', 'incidents', 'availability', 'fields', 'asks'] as const),
] satisfies readonly ReportName[];
/** Officers and their questions are for operators alone. */
const FOR_READERS = NAMES.filter((name) => name !== 'asks');
const FORMATS = ['json', 'xlsx', 'pdf', 'csv'] as const;

const Query = closed({
  period: Type.String({ description: 'a year (2026), a quarter (2026-Q1) or a month (2026-03) of the reports' }),
  format: Type.Optional(oneOf(FORMATS)),
  by: Type.Optional(oneOf(['agency', 'field'])),
  rule: Type.Optional(oneOf(RULES)),
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

/** The reports that officers hand in: for programs, and for the console with its own scope. */
export function addReports(add: AddRoute, hub: ReportContext): void {
  addReport(add, hub, { path: '/api/v1/reports/{report}', tag: 'Dossiers', scopes: READ, names: FOR_READERS });
  addReport(add, hub, { path: '/api/v1/ops/reports/{report}', tag: 'Operation', scopes: ['ops:read'], names: NAMES });
}

function addReport(
  add: AddRoute,
  { keys, reports }: ReportContext,
  at: {
    readonly path: string;
    readonly tag: string;
    readonly scopes: readonly Scope[];
    readonly names: readonly ReportName[];
  },
): void {
  const read = queryReader(Query);
  add(
    {
      method: 'get',
      path: at.path,
      tag: at.tag,
      summary: 'A report of a reporting period: as data, XLSX, PDF or CSV',
      description: `\`report\` is one of ${at.names.join(', ')}. Each number of form II.06a leads to its dossiers. The texts are Vietnamese.`,
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
      const name = at.names.find((one) => one === c.req.param('report'));
      if (!name)
        throw wrongParameter('report', 'unexpected', {
          got: received(c.req.param('report')),
          expected: say('one-of', { list: at.names }),
        });
      const { period, format = 'json', by = 'agency', rule = 'td' } = read(c);
      const made = await reports.make(name, period, { by, rule });
      if (made.kind !== 'made')
        throw wrongParameter('period', 'unexpected', { got: received(period), expected: say('year-quarter-or-month') });
      if (format === 'json') return c.json(made.report);
      const file = await reports.write(made.report, format);
      return c.body(file as Uint8Array<ArrayBuffer>, 200, {
        'Content-Type': TYPES[format],
        'Content-Disposition': `attachment; filename="${name}-${period}.${format}"`,
      });
    },
  );
}
