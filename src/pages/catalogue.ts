import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import { LEVEL, ONLINE_LEVEL } from '#core/catalogue/service-words';
import { cleanCode } from '#core/identifiers/identifiers';
import { LEVELS, type Service } from '#schemas/service.upsert.v1';
import type { CatalogueFilter, OfferedServices } from '../catalogue/read.ts';
import { parameterOf, type Say } from './language.ts';
import type { Html } from './layout.ts';
import { lifeEvents } from './life-events.ts';
import type { PageContext, ShowPage } from './page-context.ts';
import { emptyState, optionsOf } from './parts/parts.ts';
import { missingPage, wrongPage } from './refused.ts';
import { serviceView } from './service.ts';
import { allChanges, changedFrom, endedAt, LOOKED_AT, lastChanged, placeIn } from './service-changes.ts';
import { serviceMarkup } from './service-markup.ts';
import { number, vietnamese } from './words.ts';

const A_PAGE = 20;
const LONGEST = 200;
const LIST = '/services';

const NAMES = ['q', 'field', 'agency', 'level', 'audience', 'inForce', 'cursor'] as const;
type Query = Readonly<Partial<Record<(typeof NAMES)[number], string>>>;

/** The public catalogue of services. It needs no key, because every office posts the same data. */
export function addCataloguePages(pages: Hono, page: ShowPage, hub: PageContext): void {
  const { catalogue, cursors, province } = hub;
  addServiceChanges(pages, page, hub);
  pages.get(LIST, async (c) => {
    const query = readQuery(c);
    if (Array.isArray(query)) return page(c, (say) => wrongPage(say, query));
    const { cursor, ...filter } = query as Query;
    const after = cursors.read(LIST, cursor)?.[0] as string | undefined;
    const [found, many, offered] = await Promise.all([
      catalogue.list('service', filterOf(filter), A_PAGE + 1, after),
      catalogue.count('service', filterOf(filter)),
      catalogue.offered(),
    ]);
    const shown = found.slice(0, A_PAGE);
    const next = found.isCut || found.length > A_PAGE ? cursors.write(LIST, [shown.at(-1)?.key ?? '']) : undefined;
    return page(c, (say) => ({
      title: say('Thủ tục hành chính', 'Services'),
      assets: ['services.js'],
      body: html`${filterForm(say, filter, offered)}
${Object.keys(query).length === 0 ? lifeEvents(say) : ''}
<div id="results">${manyOf(say, many, shown.length, cursor !== undefined)}${results(
        say,
        shown.map(({ record }) => JSON.parse(record) as Service),
      )}
${paging(say, filter, cursor !== undefined, next)}</div>`,
    }));
  });
  pages.get(`${LIST}/:code`, async (c) => {
    const code = cleanCode(c.req.param('code'));
    const entry = await catalogue.one('service', code);
    const versions = entry ? await catalogue.versionsOf('service', code, LOOKED_AT) : [];
    const past = { since: endedAt(versions), changed: await lastChanged(versions) };
    return page(c, (say) =>
      entry
        ? {
            title: (entry.record as Service).name,
            isTitleVietnamese: true,
            body: serviceView(say, entry.record as Service, past),
            // A service out of force must not appear in search results.
            head: (entry.record as Service).inForce
              ? serviceMarkup(entry.record as Service, province?.name)
              : undefined,
          }
        : missingPage(say, unknownService(say, code)),
    );
  });
}

/** All changes of a service, page by page. */
function addServiceChanges(pages: Hono, page: ShowPage, { catalogue }: Pick<PageContext, 'catalogue'>): void {
  pages.get(`${LIST}/:code/changes`, async (c) => {
    const code = cleanCode(c.req.param('code'));
    const from = parameterOf(c, 'from');
    const place = from === undefined ? undefined : placeIn(from);
    if (from !== undefined && !place) return page(c, (say) => wrongPage(say, ['from']));
    const entry = await catalogue.one('service', code);
    if (!entry) return page(c, (say) => missingPage(say, unknownService(say, code)));
    const versions = await catalogue.versionsOf('service', code, LOOKED_AT, place && place.version + 1);
    const found = await changedFrom(versions, place);
    return page(c, (say) => ({
      title: say('Các thay đổi của thủ tục', 'Changes of the service'),
      body: allChanges(say, entry.record as Service, found, place !== undefined),
    }));
  });
}

const unknownService = (say: Say, code: string): string =>
  say(`Danh mục không có thủ tục ${code}.`, `The catalogue has no service ${code}.`);

/**
 * The query, or the names of its invalid parameters. Unknown parameters, which links collect, are
 * ignored.
 */
function readQuery(c: Context): Query | readonly string[] {
  const given = c.req.queries();
  const query = Object.fromEntries(
    NAMES.map((name) => [name, given[name]?.[0]?.trim()]).filter(([, value]) => value),
  ) as Query;
  const isWrong = (name: (typeof NAMES)[number]): boolean => {
    const value = query[name];
    if ((given[name]?.length ?? 0) > 1) return true;
    if (value === undefined || name === 'cursor') return false;
    if (name === 'level') return !(LEVELS as readonly string[]).includes(value);
    if (name === 'inForce') return !['true', 'false', 'all'].includes(value);
    return value.length > LONGEST || /\p{Cc}/u.test(value);
  };
  const wrong = NAMES.filter(isWrong);
  return wrong.length > 0 ? wrong : query;
}

function filterOf({ q, field, agency, level, audience, inForce = 'true' }: Query): CatalogueFilter {
  return {
    q: q || undefined,
    field: field ? cleanCode(field) : undefined,
    agency: agency ? cleanCode(agency) : undefined,
    level: level || undefined,
    audience: audience || undefined,
    inForce: inForce !== 'all' ? inForce === 'true' : undefined,
  };
}

function filterForm(say: Say, filter: Query, { fields, agencies, audiences }: OfferedServices): Html {
  const all = say('Tất cả', 'All');
  return html`<form class="card fields" method="get" action="${LIST}" role="search">
<label class="wide">${say('Tìm theo tên hoặc mã', 'Name or code')}
<input type="search" name="q" value="${filter.q ?? ''}" maxlength="${LONGEST}" placeholder="${say('có dấu hoặc không dấu', 'with or without Vietnamese marks')}"></label>
${choose('field', say('Lĩnh vực', 'Field'), filter.field, all, fields)}
${choose('agency', say('Cơ quan thực hiện', 'Agency'), filter.agency, all, agencies)}
${choose(
  'level',
  say('Cấp thực hiện', 'Level'),
  filter.level,
  all,
  LEVELS.map((level) => ({ code: level, name: say(...LEVEL[level]) })),
)}
${choose(
  'audience',
  say('Đối tượng', 'Audience'),
  filter.audience,
  all,
  audiences.map((name) => ({ code: name, name })),
)}
${choose('inForce', say('Hiệu lực', 'In force'), filter.inForce, say('Còn hiệu lực', 'In force'), [
  { code: 'false', name: say('Hết hiệu lực', 'No longer in force') },
  { code: 'all', name: all },
])}
<button>${say('Tìm', 'Search')}</button>
<a class="reset" href="${LIST}">${say('Xóa bộ lọc', 'Clear all filters')}</a>
</form>`;
}

function choose(name: string, label: string, value = '', none: string, list: OfferedServices['fields']): Html {
  return html`<label>${label}
<select name="${name}">${optionsOf(list, value, none)}</select></label>`;
}

/** How many services match, and how many of them the page shows. */
function manyOf(say: Say, many: number, shown: number, isLater: boolean): Html {
  if (many === 0) return html``;
  const all = say(`${number(say, many)} thủ tục`, `${number(say, many)} services`);
  const part = isLater
    ? say(`${shown} thủ tục tiếp theo`, `the next ${shown}`)
    : say(`${shown} thủ tục đầu`, `the first ${shown}`);
  return html`<p class="note many"><strong>${all}</strong>${shown < many ? say(`, hiện ${part} theo mã`, `, here ${part} by code`) : ''}</p>`;
}

function results(say: Say, services: readonly Service[]): Html {
  if (services.length === 0)
    return emptyState(
      'search',
      say(
        'Không tìm thấy thủ tục phù hợp. Hãy dùng ít từ khóa hơn hoặc bớt điều kiện lọc.',
        'No service matches. Try fewer words or fewer filters.',
      ),
    );
  return html`<ul class="services">${services.map(
    ({ code, name, inForce, fieldName, levels = [], onlineLevel }) => html`<li class="card">
<a href="${LIST}/${encodeURIComponent(code)}">${vietnamese(name)}</a>
<p class="note"><span>${code}</span>${fieldName && html` <span lang="vi">${fieldName}</span>`}${levels.map(
      (level) => html` <span>${say(...LEVEL[level])}</span>`,
    )}${onlineLevel && html` <span>${say(...ONLINE_LEVEL[onlineLevel])}</span>`}${
      inForce ? '' : html` <strong class="bad">${say('Hết hiệu lực', 'No longer in force')}</strong>`
    }</p></li>`,
  )}</ul>`;
}

function paging(say: Say, filter: Query, isLater: boolean, next: string | undefined): Html {
  const query = (more: Query): string =>
    new URLSearchParams({ ...filter, ...more } as Record<string, string>).toString();
  return html`<nav class="paging" aria-label="${say('Trang kết quả', 'Result pages')}">
${isLater && html`<a href="${LIST}?${query({})}">${say('Về trang đầu', 'First page')}</a>`}
${next && html`<a rel="next" href="${LIST}?${query({ cursor: next })}">${say('Trang sau', 'Next page')}</a>`}</nav>`;
}
