import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { icon } from '../parts/icon.ts';
import { counted } from '../words.ts';
import { orderForm } from './forms.ts';
import type { SavedFilter } from './records.ts';
import { refusalText, refusedOrder } from './refusals.ts';
import type { Site } from './site.ts';
import type { Visit } from './visit.ts';

/** The lists with saved filters: their pages, and the ends of their addresses in the API. */
const LISTS = {
  '/console/deliveries': 'deliveries',
  '/console/messages': 'messages',
  '/console/quarantine': 'quarantine',
  '/console/records': 'records',
  '/console/troubled-records': 'troubled-records',
  '/console/due': 'due-dossiers',
  '/console/anomalies': 'anomalies',
  '/console/incidents': 'incidents',
  '/console/audit': 'audit',
} as const satisfies Readonly<Record<string, string>>;

const SAVE = '/saved-filters';
const REMOVE = '/saved-filters/remove';

/** Saves and removes an officer's own filters. */
export function addSavedFilters(site: Site): void {
  site.order(SAVE, async ({ say, api }, form) => {
    const filter = { list: form('list') ?? '', name: form('name') ?? '', query: form('query') ?? '' };
    const { problem } = await api.post('saved-filters', filter);
    const to = `${pageOf(filter.list)}?${filter.query}`;
    if (problem) return refusedOrder(say, to, problem);
    return { to, isDone: true, text: say(`Đã lưu bộ lọc “${filter.name}”.`, `The filter “${filter.name}” is saved.`) };
  });
  site.order(REMOVE, async ({ say, api }, form) => {
    const named = { list: form('list') ?? '', name: form('name') ?? '' };
    const { problem } = await api.post('saved-filters/remove', named);
    return {
      to: pageOf(named.list),
      isDone: !problem,
      text: problem
        ? refusalText(say, problem)
        : say(`Đã xóa bộ lọc “${named.name}”.`, `The filter “${named.name}” is removed.`),
    };
  });
}

function pageOf(list: string): string {
  return Object.entries(LISTS).find(([, name]) => name === list)?.[0] ?? '/console';
}

/** The officer's saved filters of this list as links, and the form that saves the present one. */
export async function savedFilters(visit: Visit): Promise<Awaited<Html>> {
  const { c, say, api } = visit;
  const { path } = c.req;
  if (!(path in LISTS)) return html``;
  const list = LISTS[path as keyof typeof LISTS];
  const { body } = await api.get<{ readonly items: readonly SavedFilter[] }>('saved-filters', { list });
  const items = body?.items ?? [];
  const present = presentQuery(c.req.url);
  const isSaved = items.some(({ query }) => query === present);
  if (items.length === 0 && present === '') return html``;
  return html`<div class="saved">${
    items.length > 0 &&
    html`<span class="note">${say(`${items.length} bộ lọc đã lưu`, counted(items.length, 'saved filter', 'saved filters'))}</span><ul class="chips" aria-label="${say('Bộ lọc đã lưu', 'Saved filters')}">${items.map(
      ({ name, query }) =>
        html`<li${query === present ? html` class="chosen"` : ''}><a href="${path}?${query}"${query === present ? html` aria-current="true"` : ''}>${name}</a>${orderForm(
          visit,
          {
            to: `/console${REMOVE}`,
            button: icon('x'),
            hidden: { list, name },
            isQuiet: true,
            label: say(`Xóa bộ lọc ${name}`, `Remove the filter ${name}`),
          },
        )}</li>`,
    )}</ul>`
  }${present !== '' && !isSaved ? saveForm(visit, list, present) : ''}</div>`;
}

function saveForm(visit: Visit, list: string, query: string): Html {
  const { say } = visit;
  return html`<details><summary>${say('Lưu bộ lọc này', 'Save this filter')}</summary>${orderForm(visit, {
    to: `/console${SAVE}`,
    button: say('Lưu', 'Save'),
    hidden: { list, query },
    fields: html`<label>${say('Tên bộ lọc', 'Name of the filter')}<input name="name" required maxlength="60" autocomplete="off"></label>`,
  })}</details>`;
}

/** Parameters that choose the place in the list or the look of the page, and not what is listed. */
const NO_FILTER: readonly string[] = ['cursor', 'lang', 'theme', 'keys'];

/** The filter of an address, in one order, so that equal filters are equal texts. */
function presentQuery(url: string): string {
  const given = [...new URL(url).searchParams].filter(([name, value]) => value !== '' && !NO_FILTER.includes(name));
  return new URLSearchParams(given.sort(([a], [b]) => (a < b ? -1 : 1))).toString();
}
