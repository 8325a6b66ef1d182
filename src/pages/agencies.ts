import type { Context } from 'hono';
import { html } from 'hono/html';
import { LEVEL } from '#core/catalogue/service-words';
import type { ListedAgency } from '../catalogue/listed-agencies.ts';
import type { StatisticsReport } from '../statistics/statistics.ts';
import { parameterOf, type Say } from './language.ts';
import type { Html } from './layout.ts';
import type { PageContext, ShowPage } from './page-context.ts';
import { numberedPaging, pageIn } from './parts/paging.ts';
import { badgeOf } from './parts/parts.ts';
import { table } from './parts/table.ts';
import { wrongPage } from './refused.ts';
import { quarterOf } from './statistics/statistics-page.ts';
import { periodName } from './statistics/statistics-words.ts';
import { counted, number, percent, vietnamese } from './words.ts';

const A_PAGE = 50;
const LONGEST = 200;
const LIST = '/agencies';

type Hub = Pick<PageContext, 'catalogue' | 'statistics' | 'nowMs' | 'reportingDay'>;

const CHOICES = ['true', 'false', 'all'] as const;
type InForce = (typeof CHOICES)[number];

interface Query {
  readonly q: string;
  readonly inForce: InForce;
}

/** The agencies in force, each with its results of this quarter and its services. On request those dissolved, after them. */
export function agenciesPage(page: ShowPage, hub: Hub): (c: Context) => Promise<Response> {
  const { catalogue, statistics, nowMs, reportingDay } = hub;
  return async (c) => {
    const q = parameterOf(c, 'q')?.trim() ?? '';
    if (q.length > LONGEST || /\p{Cc}/u.test(q)) return page(c, (say) => wrongPage(say, ['q']));
    const query = { q, inForce: CHOICES.find((one) => one === parameterOf(c, 'inForce')) ?? 'true' };
    const period = quarterOf(nowMs(), reportingDay);
    const [found, report] = await Promise.all([
      agenciesBy(catalogue, query),
      statistics({ period, by: 'agency', rule: '766' }),
    ]);
    const pages = Math.max(1, Math.ceil(found.length / A_PAGE));
    const at = Math.min(pageIn(c), pages);
    const from = (at - 1) * A_PAGE;
    const shown = { period, from, total: found.length };
    const to = (number: number): string => `${LIST}?${new URLSearchParams({ ...query, page: `${number}` })}`;
    return page(c, (say) => ({
      title: say('Cơ quan, đơn vị', 'Agencies'),
      body: html`${searchForm(say, query)}${agencyTable(say, found.slice(from, from + A_PAGE), report, shown)}
${numberedPaging(say, at, pages, to)}`,
    }));
  };
}

async function agenciesBy(catalogue: Hub['catalogue'], { q, inForce }: Query): Promise<readonly ListedAgency[]> {
  const keys = q === '' ? undefined : await catalogue.keys('agency', { q });
  const all = await catalogue.agencies();
  return all.filter(
    (one) => (keys?.has(one.key) ?? true) && (inForce === 'all' || one.inForce === (inForce === 'true')),
  );
}

function searchForm(say: Say, { q, inForce }: Query): Html {
  const texts: Readonly<Record<InForce, string>> = {
    true: say('Đang hoạt động', 'In operation'),
    false: say('Đã giải thể, sáp nhập', 'Dissolved or merged'),
    all: say('Tất cả', 'All'),
  };
  return html`<form class="card fields" method="get" action="${LIST}" role="search">
<label class="wide">${say('Tên cơ quan', 'Name of the agency')}<input type="search" name="q" value="${q}" maxlength="${LONGEST}" placeholder="${say('có dấu hoặc không dấu', 'with or without Vietnamese marks')}"></label>
<label>${say('Tình trạng', 'State')}<select name="inForce">${CHOICES.map(
    (one) => html`<option value="${one}"${one === inForce ? html` selected` : ''}>${texts[one]}</option>`,
  )}</select></label>
<button>${say('Tìm', 'Search')}</button></form>`;
}

interface Shown {
  readonly period: string;
  /** How many stand on earlier pages. */
  readonly from: number;
  /** All that match, on this page and others. */
  readonly total: number;
}

function captionOf(say: Say, shown: number, { period, from, total }: Shown): string {
  const [first, last] = [number(say, from + 1), number(say, from + shown)];
  const all = say(`${number(say, total)} cơ quan, đơn vị`, counted(total, 'agency', 'agencies'));
  const here = shown < total ? say(`, hiện từ ${first} đến ${last}`, `, here ${first} to ${last}`) : '';
  const order = total > 1 ? say(', theo cấp và tên', ', by level and name') : '';
  return say(
    `${all}${here}${order}. Kết quả: ${periodName(say, period)}`,
    `${all}${here}${order}. Results: ${periodName(say, period)}`,
  );
}

function agencyTable(say: Say, agencies: readonly ListedAgency[], { items }: StatisticsReport, shown: Shown): Html {
  const results = new Map(items.map((item) => [item.key, item]));
  const many = (code: string, of: (item: StatisticsReport['total']) => number): string => {
    const item = results.get(code);
    return item ? number(say, of(item)) : '–';
  };
  const column = (head: string, cell: (agency: ListedAgency) => Html | string) => ({ head, cell, isNumber: true });
  return table<ListedAgency>({
    caption: captionOf(say, agencies.length, shown),
    empty: say(
      'Không tìm thấy cơ quan phù hợp. Hãy dùng ít từ khóa hơn hoặc chọn tình trạng khác.',
      'No agency matches. Try fewer words or another state.',
    ),
    items: agencies,
    columns: [
      {
        head: say('Cơ quan', 'Agency'),
        cell: ({ name, code, level, inForce }) =>
          html`${vietnamese(name)}<br><span class="note">${code}${level ? ` · ${say(...LEVEL[level])}` : ''}</span>${
            inForce ? '' : html` ${badgeOf('plain', say('Đã giải thể, sáp nhập', 'Dissolved or merged'))}`
          }`,
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
