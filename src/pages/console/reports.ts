import { html } from 'hono/html';
import { reportingPeriod } from '#core/dates/reporting-period';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { segment } from './api.ts';
import { type Choice, choiceField } from './forms.ts';
import { refusalNote } from './refusals.ts';
import type { Site } from './site.ts';
import type { Visit } from './visit.ts';

type Said = readonly [vi: string, en: string];

/** The reports, in the order in which officers hand them in. */
const REPORTS: Readonly<Record<string, Said>> = {
  ii06a: ['Biểu II.06a/VPCP/KSTT: tình hình giải quyết thủ tục hành chính', 'Form II.06a/VPCP/KSTT'],
  'online-services': ['Cung cấp dịch vụ công trực tuyến', 'Online services'],
  questions: ['Hỏi đáp, phản ánh kiến nghị, đánh giá', 'Questions, petitions and ratings'],
  connections: ['Kết nối, chia sẻ dữ liệu', 'Connections'],
  incidents: ['Sự cố của đơn vị cung cấp phần mềm', 'Incidents, for the supplier'],
  availability: ['Mức độ sẵn sàng', 'Availability'],
  asks: ['Số lượt tra cứu cơ sở dữ liệu', 'Questions to registers'],
  fields: ['Trường dữ liệu làm mất điểm Bộ chỉ số 766', 'Fields that cost points of index 766'],
};
const FORMATS = ['xlsx', 'pdf', 'csv'] as const;

/** The reports of a period, to download. */
export function addReports(site: Site): void {
  site.screen('/reports', async (visit) => {
    const periods = periodsUntil(visit.nowMs);
    const asked = visit.c.req.query('period') ?? '';
    const period = periods.find((one) => one === asked) ?? periods[0] ?? '';
    return {
      title: visit.say('Báo cáo', 'Reports'),
      body: html`${periodForm(visit, periods, period)}${reportTable(visit, period)}`,
    };
  });
  site.screen('/reports/:report', async (visit) => {
    const { c, api, say } = visit;
    const query = new URLSearchParams({ period: c.req.query('period') ?? '', format: c.req.query('format') ?? 'xlsx' });
    const file = await api.file(`reports/${segment(c.req.param('report') ?? '')}?${query.toString()}`);
    if (file instanceof Response) return file;
    return { title: say('Báo cáo', 'Reports'), status: 400, body: refusalNote(say, file.problem) };
  });
}

/** Periods that have begun, newest first: the years and quarters of two years. */
function periodsUntil(nowMs: number): readonly string[] {
  const year = Number(new Date(nowMs).toISOString().slice(0, 4));
  const today = new Date(nowMs).toISOString().slice(0, 10);
  return [year + 1, year, year - 1]
    .flatMap((one) => [`${one}-Q4`, `${one}-Q3`, `${one}-Q2`, `${one}-Q1`, `${one}`])
    .filter((period) => (reportingPeriod(period)?.from ?? '9') <= today);
}

function periodForm({ say }: Visit, periods: readonly string[], period: string): Html {
  const choices: readonly Choice[] = periods.map((value) => {
    const [year = '', quarter] = value.split('-Q');
    const text = quarter === undefined ? say(`Năm ${year}`, `Year ${year}`) : say(`Quý ${quarter}/${year}`, value);
    return { value, text };
  });
  return html`<form class="card fields" method="get" action="/console/reports">
${choiceField('period', say('Kỳ báo cáo', 'Period'), choices, period)}
<button>${say('Xem', 'Show')}</button></form>`;
}

function reportTable({ say }: Visit, period: string): Html {
  const link = (name: string, format: string): Html =>
    html`<a href="/console/reports/${name}?period=${period}&amp;format=${format}" download>${format.toUpperCase()}</a> `;
  return table<readonly [string, Said]>({
    caption: say('Tải về', 'Download'),
    empty: '',
    items: Object.entries(REPORTS),
    columns: [
      { head: say('Báo cáo', 'Report'), cell: ([, [vi, en]]) => say(vi, en) },
      { head: say('Tệp', 'File'), cell: ([name]) => html`${FORMATS.map((format) => link(name, format))}` },
    ],
  });
}
