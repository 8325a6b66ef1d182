import { html } from 'hono/html';
import { REPORTS, type ReportName } from '#core/statistics/report-paths';
import type { Bilingual } from '#messages/message';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { periodsUpTo, quarterOf } from '../statistics/statistics-page.ts';
import { periodName } from '../statistics/statistics-words.ts';
import { queryText, segment } from './api.ts';
import type { ConsoleContext } from './console-context.ts';
import { choiceField } from './forms.ts';
import { agencyField, agencyQueryOf, dossierLink, listCaption, type Part, pager, queryOf } from './parts.ts';
import type { Listed, Report, ReportRecord } from './records.ts';
import { refusalNote } from './refusals.ts';
import { MOST_LINES, reportSheet } from './report-sheet.ts';
import type { Site } from './site.ts';
import { timeOf } from './times.ts';
import { titleOf, type Visit } from './visit.ts';
import { REPORTED, word } from './words.ts';

/** The reports, in the order in which officers hand them in. */
const TITLES: Readonly<Record<ReportName, Bilingual>> = {
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
export function addReports(site: Site, { reportingDay }: Pick<ConsoleContext, 'reportingDay'>): void {
  site.screen('/reports', async (visit) => {
    const periods = periodsUpTo(visit.nowMs, reportingDay);
    const asked = queryOf(visit, ['period']).period;
    const period = periods.find((one) => one === asked) ?? quarterOf(visit.nowMs, reportingDay);
    return {
      title: visit.say('Báo cáo', 'Reports'),
      body: html`${periodForm(visit, periods, period)}${reportTable(visit, period)}`,
    };
  });
  site.screen('/reports/:report', async (visit) => {
    const { c, api, say } = visit;
    const { period = '', format, agency } = await agencyQueryOf(visit, ['period', 'format', 'agency']);
    const name = c.req.param('report') ?? '';
    const path = `reports/${segment(name)}`;
    const title = reportTitle(visit, name);
    if (format !== undefined) {
      const file = await api.file(`${path}${queryText({ period, format, agency })}`);
      if (file instanceof Response) return file;
      return { title, status: 400, body: refusalNote(say, file.problem) };
    }
    const only = name === BY_DOSSIER ? { agency, lines: String(MOST_LINES), ...queryOf(visit, ['cursor']) } : {};
    const { body, problem } = await api.get<Report>(path, { period, ...only });
    if (!body) return { title, status: 400, body: refusalNote(say, problem) };
    return {
      title,
      body: html`${backLink(visit, period)}${name === BY_DOSSIER ? agencyForm(visit, period, agency) : ''}<p class="links">${filesOf(visit, name, period, agency)}</p>${reportSheet(visit, body, { period, agency })}`,
    };
  });
  addReportRecords(site);
}

/** The records behind one number. */
function addReportRecords(site: Site): void {
  site.screen('/reports/:report/records', async (visit) => {
    const { c, api, say } = visit;
    const name = c.req.param('report') ?? '';
    const query = queryOf(visit, ['period', 'column', 'key']);
    const given = { ...query, ...queryOf(visit, ['cursor']) };
    const { body, problem } = await api.get<Listed<ReportRecord>>(`reports/${segment(name)}/records`, given);
    return {
      title: say('Bản ghi của một số liệu', 'The records of a number'),
      body: html`<p class="links"><a href="/console/reports/${segment(name)}${queryText({ period: query.period })}">« ${reportTitle(visit, name)}</a>
<span class="note">${[query.period && periodName(say, query.period), query.key && titleOf(visit, query.key)].filter(Boolean).join(' · ')}</span></p>
${refusalNote(say, problem)}${body ? html`${recordTable(visit, body)}${pager(visit, body, query)}` : ''}`,
    };
  });
}

function reportTitle({ say }: Visit, name: string): string {
  return word(say, TITLES, name);
}

function backLink({ say }: Visit, period: string): Html {
  return html`<p class="links"><a href="/console/reports${queryText({ period })}">${say('« Báo cáo', '« Reports')}</a></p>`;
}

/** The report with a line for each field of each dossier. Offices read their own part. */
const BY_DOSSIER = 'fields';

function recordTable(visit: Visit, list: Part<ReportRecord>): Html {
  const { say } = visit;
  return table<ReportRecord>({
    caption: listCaption(visit, list, ['bản ghi', 'record', 'records'], ['theo mã', 'by code']),
    empty: say('Không có bản ghi nào.', 'There are no records.'),
    items: list.items,
    columns: [
      { head: say('Mã', 'Code'), cell: recordLink },
      { head: say('Loại', 'Kind'), cell: ({ what }) => word(say, REPORTED, what) },
      { head: say('Dòng', 'Line'), cell: ({ key }) => (key ? titleOf(visit, key) : '–') },
      { head: say('Thời điểm', 'At'), cell: ({ at }) => timeOf(at) },
    ],
  });
}

function recordLink({ what, code }: ReportRecord): Html {
  if (what === 'dossier' || what === 'rating') return dossierLink(code);
  if (what === 'delivery') return html`<a class="code" href="/console/deliveries/${code}">${code}</a>`;
  if (what === 'question' || what === 'petition')
    return html`<a class="code" href="/console/records/${what}/${segment(code)}">${code}</a>`;
  return html`<code>${code}</code>`;
}

function periodForm({ say }: Visit, periods: readonly string[], period: string): Html {
  const choices = periods.map((value) => ({ value, text: periodName(say, value) }));
  return html`<form class="card fields" method="get" action="/console/reports">
${choiceField('period', say('Kỳ báo cáo', 'Period'), choices, period)}
<button>${say('Xem', 'Show')}</button></form>`;
}

function agencyForm(visit: Visit, period: string, agency?: string): Html {
  const { say } = visit;
  return html`<form class="card fields" method="get"><input type="hidden" name="period" value="${period}">
${agencyField(visit, agency, say('Cơ quan', 'Agency'))}
<button>${say('Xem', 'Show')}</button></form>`;
}

function filesOf({ say }: Visit, name: string, period: string, agency?: string): Html {
  const link = (format: string): Html =>
    html`<a href="/console/reports/${segment(name)}${queryText({ period, format, agency })}" download>${say('Tải', 'Download')} ${format.toUpperCase()}</a> `;
  return html`${FORMATS.map(link)}`;
}

function reportTable(visit: Visit, period: string): Html {
  const { say } = visit;
  return table<readonly [string, Bilingual]>({
    caption: say(
      `${REPORTS.length} báo cáo; bấm vào tên để xem và tra cứu từng số liệu`,
      `${REPORTS.length} reports. Open one to look at it and to follow its numbers`,
    ),
    empty: '',
    items: Object.entries(TITLES),
    columns: [
      {
        head: say('Báo cáo', 'Report'),
        cell: ([name]) =>
          html`<a href="/console/reports/${segment(name)}${queryText({ period })}">${reportTitle(visit, name)}</a>`,
      },
      { head: say('Tệp', 'File'), cell: ([name]) => html`<span class="acts">${filesOf(visit, name, period)}</span>` },
    ],
  });
}
