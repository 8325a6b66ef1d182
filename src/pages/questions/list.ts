import type { Hono } from 'hono';
import { html } from 'hono/html';
import type { OfferedServices } from '../../catalogue/read.ts';
import { parameterOf, type Say } from '../language.ts';
import type { Html } from '../layout.ts';
import type { PageContext, ShowPage } from '../page-context.ts';
import { emptyState, optionsOf } from '../parts/parts.ts';
import { callPublic, troubleOf, troubleStatus } from '../public-api.ts';
import { wrongPage } from '../refused.ts';
import { number } from '../words.ts';
import { type PublicQuestion, questionView, withAgencyNames } from './question.ts';

const A_PAGE = '10';
const LONGEST = 200;
const NAMES = ['q', 'field', 'agency', 'cursor'] as const;
type Query = Readonly<Partial<Record<(typeof NAMES)[number], string>>>;

interface Listed {
  readonly items: readonly PublicQuestion[];
  readonly next: string | null;
  /** How many match in all; null for more than 10,000. Absent if counting took too long. */
  readonly total?: number | null;
}

/** The published questions with their answers. */
export function addQuestionList(
  pages: Hono,
  app: Hono,
  page: ShowPage,
  { catalogue }: Pick<PageContext, 'catalogue'>,
): void {
  pages.get('/questions', async (c) => {
    const query: Query = Object.fromEntries(
      NAMES.map((name) => [name, parameterOf(c, name)?.trim()]).filter(([, value]) => value),
    );
    const wrong = NAMES.filter((name) => name !== 'cursor' && isWrong(query[name]));
    if (wrong.length > 0) return page(c, (say) => wrongPage(say, wrong));
    const asked = new URLSearchParams({ ...query, limit: A_PAGE } as Record<string, string>);
    const [answer, offered] = await Promise.all([
      callPublic<Listed>(app, c, `/api/public/questions?${asked}`),
      catalogue.offered(),
    ]);
    if (answer.status === 400) return page(c, (say) => wrongPage(say, Object.keys(query)));
    if (answer.status !== 200)
      return page(c, (say) => ({
        title: title(say),
        status: troubleStatus(c, answer),
        body: html`<p class="card" role="alert">${troubleOf(say, answer)}</p>`,
      }));
    const names = await withAgencyNames(catalogue, offered, answer.body.items);
    return page(c, (say) => ({ title: title(say), body: listView(say, query, answer.body, { offered, names }) }));
  });
}

const title = (say: Say): string => say('Hỏi đáp', 'Questions and answers');

const isWrong = (value = ''): boolean => value.length > LONGEST || /\p{Cc}/u.test(value);

interface Names {
  /** For the filters. */
  readonly offered: OfferedServices;
  /** For the questions. */
  readonly names: OfferedServices;
}

/** How many there are, and which of them the page shows. */
function manyOf(say: Say, { cursor }: Query, { items, next, total }: Listed): string {
  const many = items.length;
  if (cursor === undefined && next === null)
    return say(
      `Có ${many} câu hỏi${many === 1 ? '' : ', hiện tất cả'}`,
      many === 1 ? '1 question' : `All ${many} questions`,
    );
  const all =
    typeof total === 'number'
      ? [number(say, total), number(say, total)]
      : total === null
        ? ['hơn 10.000', 'more than 10,000']
        : [`hơn ${many}`, `more than ${many}`];
  const part =
    cursor === undefined
      ? say(`${many} câu đầu`, `the first ${many}`)
      : next === null
        ? say(`${many} câu cuối`, `the last ${many}`)
        : say(`${many} câu tiếp theo`, `the next ${many}`);
  return say(
    `Có ${all[0]} câu hỏi, hiện ${part}, mới nhất trước`,
    `${all[1]} questions, here ${part}, the newest first`,
  );
}

function listView(say: Say, query: Query, list: Listed, { offered, names }: Names): Html {
  const { items, next } = list;
  return html`<p class="ways"><a class="button" href="/questions/ask">${say('Đặt câu hỏi', 'Ask a question')}</a> <a href="/questions/follow">${say('Theo dõi câu hỏi đã gửi', 'Follow your question')}</a></p>
${filterForm(say, query, offered)}
${
  items.length === 0
    ? emptyState('messages-square', nothingIn(say, query))
    : html`<p class="note many">${manyOf(say, query, list)}</p>${items.map((one) => questionView(say, one, names))}`
}
${paging(say, query, next)}`;
}

function nothingIn(say: Say, query: Query): string {
  return Object.keys(query).length === 0
    ? say('Chưa có câu hỏi nào được công khai.', 'No question is published yet.')
    : say(
        'Không tìm thấy câu hỏi phù hợp. Hãy dùng ít từ khóa hơn hoặc bớt điều kiện lọc.',
        'No question matches. Try fewer words or fewer filters.',
      );
}

function filterForm(say: Say, { q = '', field = '', agency = '' }: Query, { fields, agencies }: OfferedServices): Html {
  const all = say('Tất cả', 'All');
  return html`<form class="card fields" method="get" action="/questions" role="search">
<label class="wide">${say('Tìm trong câu hỏi và trả lời', 'Words of a question or an answer')}
<input type="search" name="q" value="${q}" maxlength="${LONGEST}" placeholder="${say('có dấu hoặc không dấu', 'with or without Vietnamese marks')}"></label>
<label>${say('Lĩnh vực', 'Field')}<select name="field">${optionsOf(fields, field, all)}</select></label>
<label>${say('Cơ quan', 'Agency')}<select name="agency">${optionsOf(agencies, agency, all)}</select></label>
<button>${say('Tìm', 'Search')}</button>
<a class="reset" href="/questions">${say('Xóa bộ lọc', 'Clear all filters')}</a>
</form>`;
}

function paging(say: Say, { cursor, ...filter }: Query, next: string | null): Html {
  const address = (more: Query): string => `/questions?${new URLSearchParams({ ...filter, ...more })}`;
  return html`<nav class="paging" aria-label="${say('Trang kết quả', 'Result pages')}">
${cursor && html`<a href="${address({})}">${say('Về trang đầu', 'First page')}</a>`}
${next && html`<a rel="next" href="${address({ cursor: next })}">${say('Trang sau', 'Next page')}</a>`}</nav>`;
}
