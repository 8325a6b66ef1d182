import type { Context } from 'hono';
import { html } from 'hono/html';
import { CHANNEL } from '#core/catalogue/service-words';
import { formatLocal } from '#core/dates/dates';
import { reportingPeriod } from '#core/dates/reporting-period';
import { GROUPS, type Group } from '#core/statistics/columns';
import { RULES, type Rule } from '#core/statistics/rules';
import type { StatisticsReport } from '../statistics/statistics.ts';
import { parameterOf, type Say } from './language.ts';
import type { Html } from './layout.ts';
import type { PageContext, ShowPage } from './page-context.ts';
import { vietnamese } from './words.ts';

interface Asked {
  readonly period: string;
  readonly by: Group;
  readonly rule: Rule;
}

/** The statistics page. It accepts only the values that its selects offer. */
export function statisticsPage(
  page: ShowPage,
  hub: Pick<PageContext, 'nowMs' | 'statistics' | 'reportingDay'>,
): (c: Context) => Promise<Response> {
  const { nowMs, reportingDay, statistics } = hub;
  return async (c) => {
    const periods = periodsUpTo(nowMs(), reportingDay);
    const asked: Asked = {
      period: oneOf(periods, parameterOf(c, 'period')),
      by: oneOf(GROUPS, parameterOf(c, 'by')),
      rule: oneOf(RULES, parameterOf(c, 'rule')),
    };
    const found = await statistics(asked);
    return page(c, (say) => ({
      title: say('Thống kê giải quyết thủ tục hành chính', 'Statistics on administrative procedures'),
      body: html`${formOf(say, asked, periods)}${tableOf(say, asked, found)}${notesOf(say, asked, found)}`,
    }));
  };
}

/** The given value if it is offered, otherwise the first one. */
function oneOf<const T extends string>(offered: readonly T[], given: string | undefined): T {
  return offered.find((one) => one === given) ?? (offered[0] as T);
}

/** The reporting periods that have begun, newest first: two years and their quarters. */
function periodsUpTo(nowMs: number, reportingDay: number | undefined): readonly string[] {
  const today = new Date(nowMs + 7 * 3_600_000).toISOString().slice(0, 10);
  const year = Number(today.slice(0, 4));
  return [year + 1, year, year - 1]
    .flatMap((one) => [`${one}`, ...[4, 3, 2, 1].map((quarter) => `${one}-Q${quarter}`)])
    .filter((period) => (reportingPeriod(period, reportingDay)?.from ?? today) <= today);
}

function formOf(say: Say, asked: Asked, periods: readonly string[]): Html {
  return html`<form class="card fields" method="get" action="/statistics">
${select(
  'period',
  say('Kỳ báo cáo', 'Period of reports'),
  asked.period,
  periods.map((period) => [period, periodName(say, period)]),
)}
${select(
  'by',
  say('Theo', 'By'),
  asked.by,
  GROUPS.map((group) => [group, groupName(say, group)]),
)}
${select(
  'rule',
  say('Cách tính', 'Counted by'),
  asked.rule,
  RULES.map((rule) => [rule, ruleName(say, rule)]),
)}
<button>${say('Xem', 'Show')}</button>
</form>`;
}

function select(
  name: string,
  label: string,
  chosen: string,
  options: readonly (readonly [value: string, text: string])[],
): Html {
  return html`<label>${label}<select name="${name}">${options.map(
    ([value, text]) => html`<option value="${value}"${value === chosen ? html` selected` : ''}>${text}</option>`,
  )}</select></label>`;
}

/** The columns of form II.06a/VPCP/KSTT. */
function tableOf(say: Say, asked: Asked, { total, items, from, to }: StatisticsReport): Html {
  const day = (instant: string) => formatLocal('dd/MM/yyyy', instant);
  const shown = busiest(items);
  if (items.length === 0)
    return html`<p class="card">${say('Kỳ này chưa có hồ sơ nào.', 'There are no dossiers in this period yet.')}</p>`;
  const caption = say(
    `Từ ${day(from)} đến ${day(to)}. Đơn vị: hồ sơ.`,
    `From ${day(from)} to ${day(to)}. Unit: dossiers.`,
  );
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}"><table class="report">
<caption>${caption}</caption>
<thead><tr>
<th scope="col" rowspan="2">${groupName(say, asked.by)}</th>
<th scope="colgroup" colspan="4">${say('Tiếp nhận', 'Received')}</th>
<th scope="colgroup" colspan="4">${say('Đã giải quyết', 'Resolved')}</th>
<th scope="colgroup" colspan="3">${say('Đang giải quyết', 'Pending')}</th>
<th scope="col" rowspan="2" class="number">${say('Tỷ lệ đúng hạn', 'Share in time')}</th>
</tr><tr>
${[
  say('Tổng số', 'All'),
  say('Trực tuyến', 'Online'),
  say('Trực tiếp, bưu chính', 'At the counter, by post'),
  say('Kỳ trước', 'Carried over'),
  say('Tổng số', 'All'),
  say('Trước hạn', 'Early'),
  say('Đúng hạn', 'On time'),
  say('Quá hạn', 'Late'),
  say('Tổng số', 'All'),
  say('Trong hạn', 'In term'),
  say('Quá hạn', 'Late'),
].map((name) => html`<th scope="col" class="number">${name}</th>`)}
</tr></thead>
<tbody>${shown.map((line) => lineOf(say, lineName(say, asked.by, line), line))}</tbody>
<tfoot>${lineOf(say, html`${say('Tổng cộng', 'All together')}`, total)}</tfoot>
</table></div>${
    shown.length < items.length
      ? html`<p class="note">${say(
          `Chỉ hiện ${MOST_LINES} dòng có nhiều hồ sơ nhất trong ${items.length} dòng; tổng cộng tính trên tất cả.`,
          `Shows the ${MOST_LINES} lines with the most dossiers out of ${items.length}. The total covers all lines.`,
        )}</p>`
      : ''
  }`;
}

/** More lines would be too long for a page and for a reader. */
const MOST_LINES = 200;

function busiest(items: StatisticsReport['items']): StatisticsReport['items'] {
  if (items.length <= MOST_LINES) return items;
  return [...items].sort((a, b) => b.received.total - a.received.total).slice(0, MOST_LINES);
}

function lineOf(say: Say, name: Html, line: StatisticsReport['total']): Html {
  const { received, resolved, pending, onTimePercent } = line;
  const numbers = [
    received.total,
    received.online,
    received.direct,
    received.carriedOver,
    resolved.total,
    resolved.early,
    resolved.onTime,
    resolved.late,
    pending.total,
    pending.withinTerm,
    pending.late,
  ];
  return html`<tr><th scope="row">${name}</th>
${numbers.map((number) => html`<td class="number">${inWords(say, number)}</td>`)}
<td class="number">${onTimePercent === null ? '–' : html`${inWords(say, onTimePercent)} %`}</td></tr>`;
}

function lineName(say: Say, by: Group, { key, name }: StatisticsReport['items'][number]): Html {
  if (key === null) return html`${say('Chưa rõ', 'Not known')}`;
  if (by === 'channel') return html`${say(...CHANNEL[key as keyof typeof CHANNEL])}`;
  if (by === 'month') return html`${key.slice(5)}/${key.slice(0, 4)}`;
  return name === null ? html`${key}` : html`${vietnamese(name)}<br><span class="note">${key}</span>`;
}

function notesOf(say: Say, { rule }: Asked, { behind }: StatisticsReport): Html {
  const lacking = behind === null || behind > 0;
  return html`<p class="note">${ruleMeans(say, rule)} ${say('Số liệu được tính lại sau mỗi 5 phút.', 'The numbers are updated every 5 minutes.')}</p>
${lacking ? html`<p class="note" role="note">${say('Một số thay đổi mới nhất chưa được tính.', 'Some recent changes are not counted yet.')}</p>` : ''}`;
}

/** Formats with the language's separators: 1.234,5 in Vietnamese. */
function inWords(say: Say, number: number): string {
  return FORMATS[say('vi', 'en') as 'vi' | 'en'].format(number);
}

/** Creating a formatter takes fifty times as long as using it. */
const FORMATS = {
  vi: new Intl.NumberFormat('vi-VN', { maximumFractionDigits: 2 }),
  en: new Intl.NumberFormat('en-GB', { maximumFractionDigits: 2 }),
};

function periodName(say: Say, period: string): string {
  const [year, quarter] = period.split('-Q');
  return quarter ? say(`Quý ${quarter}/${year}`, `Quarter ${quarter} of ${year}`) : say(`Năm ${year}`, `Year ${year}`);
}

function groupName(say: Say, group: Group): string {
  return {
    agency: say('Cơ quan', 'Agency'),
    field: say('Lĩnh vực', 'Field'),
    service: say('Thủ tục', 'Service'),
    month: say('Tháng', 'Month'),
    channel: say('Kênh tiếp nhận', 'Channel'),
  }[group];
}

function ruleName(say: Say, rule: Rule): string {
  return {
    '766': say('Bộ chỉ số 766', 'Index 766'),
    opencps: 'OpenCPS',
    td: say('Theo ngày', 'By days'),
  }[rule];
}

function ruleMeans(say: Say, rule: Rule): string {
  return {
    '766': say(
      'Tính theo Quyết định 766/QĐ-TTg: tính đến giờ, phút; trừ thời gian chờ bổ sung một lần; bổ sung từ lần thứ hai tính là quá hạn; tính cả hồ sơ không được tiếp nhận.',
      'Counted by Decision 766/QĐ-TTg, to the minute. The wait for one supplement is deducted; a second supplement counts as late. Refused dossiers count.',
    ),
    opencps: say(
      'Tính theo OpenCPS: không tính hồ sơ bị từ chối; trước hạn là trả kết quả trước ngày hẹn trả.',
      'Counted like OpenCPS: without refused dossiers. Early means that the result was handed over before the due date.',
    ),
    td: say(
      'Tính theo ngày, không theo giờ; hồ sơ chờ bổ sung, rút hoặc dừng xử lý nằm trong cột đúng hạn.',
      'Counted by days, not by hours. Dossiers that wait for a supplement, or were withdrawn or stopped, count as on time.',
    ),
  }[rule];
}
