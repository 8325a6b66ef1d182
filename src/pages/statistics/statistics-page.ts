import type { Context } from 'hono';
import { html } from 'hono/html';
import { LEVEL } from '#core/catalogue/service-words';
import { reportingPeriod } from '#core/dates/reporting-period';
import { AGENCY_LEVELS, type AgencyLevel, GROUPS, type Group } from '#core/statistics/columns';
import { RULES, type Rule } from '#core/statistics/rules';
import type { StatisticsReport } from '../../statistics/statistics.ts';
import { parameterOf, type Say } from '../language.ts';
import type { Html } from '../layout.ts';
import type { PageContext, ShowPage } from '../page-context.ts';
import { icon } from '../parts/icon.ts';
import { monthlyCharts, onTimeBars, periodFigures } from './statistics-charts.ts';
import { statisticsFile } from './statistics-file.ts';
import { SORTS, type Sort, statisticsTable, type TablePlace } from './statistics-table.ts';
import { groupName, periodName, ruleMeans, ruleName } from './statistics-words.ts';

export interface Asked {
  readonly period: string;
  readonly by: Group;
  readonly rule: Rule;
  /** By agency: only this level. */
  readonly level: AgencyLevel | undefined;
}

type Hub = Pick<PageContext, 'nowMs' | 'statistics' | 'monthly' | 'reportingDay'>;

const ADDRESS = '/statistics';

/** The statistics page. It accepts only the values that its selects offer. */
export function statisticsPage(page: ShowPage, hub: Hub): (c: Context) => Promise<Response> {
  return async (c) => {
    const periods = periodsUpTo(hub.nowMs(), hub.reportingDay);
    const asked = askedOf(c, periods);
    const [found, monthly] = await Promise.all([hub.statistics(asked), hub.monthly(asked.rule)]);
    const place = placeOf(c, asked, ADDRESS);
    return page(c, (say) => ({
      title: say('Thống kê giải quyết thủ tục hành chính', 'Statistics on administrative procedures'),
      body: html`${statisticsForm(say, asked, periods, ADDRESS)}${levelLinks(say, asked, ADDRESS)}
<h2>${periodName(say, asked.period)}</h2>
${periodFigures(say, found.total)}
${onTimeBars(say, found)}
${monthlyCharts(say, monthly)}
<h2 id="table">${say('Bảng số liệu', 'Table')}: ${groupName(say, asked.by)}, ${periodName(say, asked.period)}</h2>
${statisticsTable(say, found, place)}
${ways(say, asked)}
${statisticsNotes(say, asked, found)}`,
    }));
  };
}

/** The table as a file with all lines. */
export function statisticsDownload(hub: Hub): (c: Context) => Promise<Response> {
  return async (c) => {
    const asked = askedOf(c, periodsUpTo(hub.nowMs(), hub.reportingDay));
    return statisticsFile(c, await hub.statistics(asked), `thong-ke-${asked.period}-${asked.by}`);
  };
}

export function askedOf(c: Context, periods: readonly string[]): Asked {
  const by = oneOf(GROUPS, parameterOf(c, 'by'));
  return {
    period: oneOf(periods, parameterOf(c, 'period')),
    by,
    level: by === 'agency' ? AGENCY_LEVELS.find((one) => one === parameterOf(c, 'level')) : undefined,
    rule: oneOf(RULES, parameterOf(c, 'rule')),
  };
}

/** The order and page of the table: by default ascending by `first`, with the addresses of others. */
export function placeOf(c: Context, asked: Asked, address: string, first: Sort = 'name'): TablePlace {
  const sort = SORTS.find((one) => one === parameterOf(c, 'sort')) ?? first;
  const order = oneOf(['asc', 'desc'] as const, parameterOf(c, 'order'));
  const page = Math.max(1, Math.trunc(Number(parameterOf(c, 'page') ?? 1)) || 1);
  const now = sort !== first || order !== 'asc' ? { ...asked, sort, order } : asked;
  return { sort, order, page, href: (changed) => `${address}?${paramsOf({ ...now, ...changed })}` };
}

/** The given parameters, without those that are not given. */
function paramsOf(asked: object): URLSearchParams {
  return new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== undefined));
}

/** The given value if it is offered, otherwise the first one. */
function oneOf<const T extends string>(offered: readonly T[], given: string | undefined): T {
  return offered.find((one) => one === given) ?? (offered[0] as T);
}

/** The reporting periods that have begun, newest first: two years and their quarters. */
export function periodsUpTo(nowMs: number, reportingDay: number | undefined): readonly string[] {
  const today = new Date(nowMs + 7 * 3_600_000).toISOString().slice(0, 10);
  const year = Number(today.slice(0, 4));
  return [year + 1, year, year - 1]
    .flatMap((one) => [`${one}`, ...[4, 3, 2, 1].map((quarter) => `${one}-Q${quarter}`)])
    .filter((period) => (reportingPeriod(period, reportingDay)?.from ?? today) <= today);
}

/** The reporting quarter of now. */
export function quarterOf(nowMs: number, reportingDay: number | undefined): string {
  return periodsUpTo(nowMs, reportingDay).find((period) => period.includes('-Q')) as string;
}

export function statisticsForm(say: Say, asked: Asked, periods: readonly string[], address: string): Html {
  return html`<form class="card fields" method="get" action="${address}">
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
${asked.level && html`<input type="hidden" name="level" value="${asked.level}">`}<button>${say('Xem', 'Show')}</button>
</form>`;
}

/** By agency: one click to the agencies of one level. */
export function levelLinks(say: Say, asked: Asked, address: string): Html | string {
  if (asked.by !== 'agency') return '';
  const levels = [undefined, ...AGENCY_LEVELS];
  return html`<nav class="tabs" aria-label="${say('Cấp của cơ quan', 'Level of the agencies')}">${levels.map(
    (level) =>
      html`<a href="${address}?${paramsOf({ ...asked, level })}"${level === asked.level ? html` aria-current="true"` : ''}>${
        level === undefined ? say('Mọi cấp', 'All levels') : say(...LEVEL[level])
      }</a>
`,
  )}</nav>`;
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

function ways(say: Say, asked: Asked): Html {
  const query = paramsOf(asked);
  return html`<p class="ways no-print"><a class="button quiet" href="/statistics.csv?${query}" download>${icon('download')} ${say('Tải bảng (CSV)', 'Download the table (CSV)')}</a></p>`;
}

export function statisticsNotes(say: Say, { rule }: Asked, { behind }: StatisticsReport): Html {
  const lacking = behind === null || behind > 0;
  return html`<p class="note">${ruleMeans(say, rule)} ${say('Số liệu được tính lại sau mỗi 5 phút.', 'The numbers are updated every 5 minutes.')}</p>
${lacking ? html`<p class="note" role="note">${say('Một số thay đổi mới nhất chưa được tính.', 'Some recent changes are not counted yet.')}</p>` : ''}`;
}
