import { html } from 'hono/html';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { choiceField } from './forms.ts';
import { filterForm, pager, partyField, partyLink, queryOf } from './parts.ts';
import { INCIDENTS_TODO } from './reasons.ts';
import type { Incident, Listed } from './records.ts';
import { refusalNote } from './refusals.ts';
import type { Site } from './site.ts';
import { timeAndAge } from './times.ts';
import type { Visit } from './visit.ts';
import { badge, INCIDENTS } from './words.ts';

/** Lists open and closed incidents. */
export function addIncidents(site: Site): void {
  site.screen('/incidents', async (visit) => {
    const { say, api } = visit;
    const query = queryOf(visit, ['party', 'state']);
    const { body, problem } = await api.get<Listed<Incident>>('incidents', { ...query, ...queryOf(visit, ['cursor']) });
    const choices = [
      { value: 'open', text: say('đang mở', 'open') },
      { value: 'all', text: say('tất cả', 'all') },
    ];
    return {
      title: say('Sự cố', 'Incidents'),
      body: html`${filterForm(visit, [
        partyField(visit, say('Bên kết nối', 'Party'), query.party),
        choiceField('state', say('Hiện', 'Show'), choices, query.state),
      ])}
${refusalNote(say, problem)}
${body ? html`${incidentTable(visit, body.items)}${pager(visit, body, query)}` : ''}`,
    };
  });
}

/** Incidents of the hub itself, which have no party page. */
const OF_NO_PARTY: ReadonlySet<string> = new Set(['audit-broken', 'put-back', 'replica-away']);

export function incidentTable(visit: Visit, items: readonly Incident[]): Html {
  const { say, nowMs } = visit;
  return table<Incident>({
    caption: say(
      `Sự cố trên trang này: ${items.length}, mới nhất trước`,
      `Incidents on this page: ${items.length}, the newest first`,
    ),
    empty: say('Không có sự cố.', 'There are no incidents.'),
    items,
    columns: [
      {
        head: say('Bên kết nối', 'Party'),
        cell: ({ kind, party }) => (OF_NO_PARTY.has(kind) ? party : partyLink(visit, party)),
      },
      { head: say('Sự cố', 'Incident'), cell: ({ kind }) => badge(say, INCIDENTS, kind) },
      {
        head: say('Nguyên nhân có thể', 'Probable cause'),
        cell: ({ cause }) => html`<span class="words">${cause}</span>`,
      },
      { head: say('Nên làm', 'What to do'), cell: (one) => todoOf(say, one) },
      { head: say('Từ', 'Since'), cell: ({ openedAt }) => timeAndAge(say, openedAt, nowMs) },
      { head: say('Hết lúc', 'Over'), cell: ({ closedAt }) => timeAndAge(say, closedAt, nowMs) },
    ],
  });
}

function todoOf(say: Say, { kind, closedAt }: Incident): string {
  const todo = closedAt === null ? INCIDENTS_TODO[kind] : undefined;
  return todo ? say(todo[0], todo[1]) : '–';
}
