import type { Context } from 'hono';
import { html } from 'hono/html';
import { LEVEL } from '#core/catalogue/service-words';
import type { Agency } from '#schemas/agency.upsert.v1';
import type { StatisticsReport } from '../statistics/statistics.ts';
import { parameterOf, type Say } from './language.ts';
import type { Html } from './layout.ts';
import type { PageContext, ShowPage } from './page-context.ts';
import { table } from './parts/table.ts';
import { wrongPage } from './refused.ts';
import { quarterOf } from './statistics/statistics-page.ts';
import { percent, periodName } from './statistics/statistics-words.ts';
import { number, vietnamese } from './words.ts';

const A_PAGE = 50;
const LONGEST = 200;
const LIST = '/agencies';

type Hub = Pick<PageContext, 'catalogue' | 'cursors' | 'statistics' | 'nowMs' | 'reportingDay'>;

/** The agencies in force, each with its results of this quarter and its services. */
export function agenciesPage(page: ShowPage, hub: Hub): (c: Context) => Promise<Response> {
  const { catalogue, cursors, statistics, nowMs, reportingDay } = hub;
  return async (c) => {
    const q = parameterOf(c, 'q')?.trim() ?? '';
    if (q.length > LONGEST || /\p{Cc}/u.test(q)) return page(c, (say) => wrongPage(say, ['q']));
    const after = cursors.read(LIST, parameterOf(c, 'cursor'))?.[0] as string | undefined;
    const period = quarterOf(nowMs(), reportingDay);
    const filter = { q: q || undefined, inForce: true };
    const [found, many, report] = await Promise.all([
      catalogue.list('agency', filter, A_PAGE + 1, after),
      catalogue.count('agency', filter),
      statistics({ period, by: 'agency', rule: '766' }),
    ]);
    const shown = found.slice(0, A_PAGE);
    const next = found.isCut || found.length > A_PAGE ? cursors.write(LIST, [shown.at(-1)?.key ?? '']) : undefined;
    const agencies = shown.map(({ record }) => JSON.parse(record) as Agency);
    return page(c, (say) => ({
      title: say('Cơ quan, đơn vị', 'Agencies'),
      body: html`${searchForm(say, q)}${agencyTable(say, agencies, report, { period, many, isLater: after !== undefined })}
<nav class="paging" aria-label="${say('Trang kết quả', 'Result pages')}">${after !== undefined ? html`<a href="${LIST}?${new URLSearchParams({ q })}">${say('Về trang đầu', 'First page')}</a>` : ''}
${next ? html`<a rel="next" href="${LIST}?${new URLSearchParams({ q, cursor: next })}">${say('Trang sau', 'Next page')}</a>` : ''}</nav>`,
    }));
  };
}

function searchForm(say: Say, q: string): Html {
  return html`<form class="card fields" method="get" action="${LIST}" role="search">
<label class="wide">${say('Tên cơ quan', 'Name of the agency')}<input type="search" name="q" value="${q}" maxlength="${LONGEST}" placeholder="${say('có dấu hoặc không dấu', 'with or without Vietnamese marks')}"></label>
<button>${say('Tìm', 'Search')}</button></form>`;
}

interface Shown {
  readonly period: string;
  /** All that match, on this page and others. */
  readonly many: number;
  readonly isLater: boolean;
}

function captionOf(say: Say, shown: number, { period, many, isLater }: Shown): string {
  const all = say(`${number(say, many)} cơ quan, đơn vị`, `${number(say, many)} agencies`);
  const part = isLater ? say(`${shown} tiếp theo`, `the next ${shown}`) : say(`${shown} đầu`, `the first ${shown}`);
  const here = shown < many ? say(`, hiện ${part} theo mã`, `, here ${part} by code`) : '';
  return say(
    `${all}${here}. Kết quả: ${periodName(say, period)}`,
    `${all}${here}. Results: ${periodName(say, period)}`,
  );
}

function agencyTable(
  say: Say,
  agencies: readonly Agency[],
  { items }: StatisticsReport,
  { period, many: total, isLater }: Shown,
): Html {
  const results = new Map(items.map((item) => [item.key, item]));
  const many = (code: string, of: (item: StatisticsReport['total']) => number): string => {
    const item = results.get(code);
    return item ? number(say, of(item)) : '–';
  };
  const column = (head: string, cell: (agency: Agency) => Html | string) => ({ head, cell, isNumber: true });
  return table<Agency>({
    caption: captionOf(say, agencies.length, { period, many: total, isLater }),
    empty: say('Không tìm thấy cơ quan phù hợp.', 'No agency matches.'),
    items: agencies,
    columns: [
      {
        head: say('Cơ quan', 'Agency'),
        cell: ({ name, code, level }) =>
          html`${vietnamese(name)}<br><span class="note">${code}${level ? ` · ${say(...LEVEL[level])}` : ''}</span>`,
      },
      column(say('Tiếp nhận', 'Received'), ({ code }) =>
        many(code, ({ received }) => received.online + received.direct),
      ),
      column(say('Đã giải quyết', 'Resolved'), ({ code }) => many(code, ({ resolved }) => resolved.total)),
      column(say('Đúng hạn', 'In time'), ({ code }) => percent(say, results.get(code)?.onTimePercent ?? null)),
      column(say('Đang quá hạn', 'Overdue'), ({ code }) => many(code, ({ pending }) => pending.late)),
      {
        head: say('Thủ tục', 'Services'),
        cell: ({ code }) =>
          html`<a class="code" href="/services?${new URLSearchParams({ agency: code })}">${say('Xem thủ tục', 'Show services')}</a>`,
      },
    ],
  });
}
