import type { Context } from 'hono';
import { html } from 'hono/html';
import { parameterOf, type Say } from '../language.ts';
import type { Html } from '../layout.ts';

/** The number of the page in the address, 1 for none. */
export function pageIn(c: Context): number {
  const number = Number(parameterOf(c, 'page') ?? 1);
  return Number.isSafeInteger(number) && number > 1 ? number : 1;
}

/** The page of a list, and the links to its neighbours. Nothing for a single page. @param to the address of a page */
export function numberedPaging(say: Say, page: number, pages: number, to: (page: number) => string): Html {
  if (pages <= 1) return html``;
  return html`<nav class="paging" aria-label="${say('Trang của danh sách', 'Pages of the list')}"><span class="note">${say(
    `Trang ${page} trong ${pages}`,
    `Page ${page} of ${pages}`,
  )}</span>
${page > 1 ? html`<a rel="prev" href="${to(page - 1)}">${say('Trang trước', 'Previous page')}</a>` : ''}
${page < pages ? html`<a rel="next" href="${to(page + 1)}">${say('Trang sau', 'Next page')}</a>` : ''}</nav>`;
}
