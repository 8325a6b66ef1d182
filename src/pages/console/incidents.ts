import { html } from 'hono/html';
import { instantToMs } from '#core/dates/dates';
import type { Bilingual } from '#messages/message';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { badgeOf } from '../parts/parts.ts';
import { table } from '../parts/table.ts';
import { quarterOf } from '../statistics/statistics-page.ts';
import { durationOf } from '../words.ts';
import { queryText, segment } from './api.ts';
import type { ConsoleContext } from './console-context.ts';
import { choiceField, orderForm } from './forms.ts';
import {
  auditLink,
  facts,
  filterForm,
  listCaption,
  longText,
  manyOf,
  type Part,
  pager,
  partyField,
  partyLink,
  queryOf,
  reasonOf,
  whenEmpty,
} from './parts.ts';
import { INCIDENTS_TODO, meaningOf } from './reasons.ts';
import type { Incident, Listed, ReportRecord, WholeIncident } from './records.ts';
import { refusalNote, refusedOrder, refusedScreen } from './refusals.ts';
import type { Site } from './site.ts';
import { timeAndAge, timeOf } from './times.ts';
import { typedIn } from './unsent.ts';
import { may, type Visit } from './visit.ts';
import { badge, INCIDENTS, OPERATIONS, PULLS, word } from './words.ts';

/** Lists open and closed incidents. */
export function addIncidents(site: Site, hub: Pick<ConsoleContext, 'reportingDay'>): void {
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
${body ? html`${incidentTable(visit, body)}${pager(visit, body, query)}` : ''}`,
    };
  });
  addIncident(site, hub);
}

/** One incident, and what operators state about it for the report of the supplier. */
function addIncident(site: Site, { reportingDay }: Pick<ConsoleContext, 'reportingDay'>): void {
  site.screen('/incidents/:id', async (visit) => {
    const { c, say, api } = visit;
    const id = c.req.param('id') ?? '';
    const title = incidentName(say, id);
    const { body, problem } = await api.get<WholeIncident>(`incidents/${segment(id)}`);
    if (!body) return refusedScreen(say, title, { problem });
    const period = quarterOf(instantToMs(body.openedAt), reportingDay);
    const [delayed, wrong] = await Promise.all(
      (['delayed', 'wrong'] as const).map((column) => dossiersOf(visit, { period, column, key: id })),
    );
    return {
      title,
      body: html`<section class="card">${facts([
        [say('Sự cố', 'Incident'), kindOf(say, body)],
        [say('Bên kết nối', 'Party'), ownerOf(visit, body)],
        [say('Bắt đầu', 'Began'), timeAndAge(say, body.openedAt, visit.nowMs)],
        [say('Kết thúc', 'Ended'), endOf(visit, body)],
        [say('Nguyên nhân có thể', 'Probable cause'), probableCause(visit, body.cause)],
        [say('Nên làm', 'What to do'), todoOf(say, body)],
        [say('Hồ sơ bị chậm', 'Delayed dossiers'), delayed],
        [say('Hồ sơ bị từ chối', 'Refused dossiers'), wrong],
      ])}<p class="links"><a href="/console/incidents">${say('« Mọi sự cố', '« All incidents')}</a>
${auditLink(visit, 'incident', id)}
<a href="/console/reports/incidents${queryText({ period })}">${say('Báo cáo sự cố', 'The report of incidents')}</a></p></section>
<h2>${say('Nguyên nhân và biện pháp xử lý', 'Cause and action')}</h2>${noteTable(visit, body.notes)}
${may(visit, 'ops:configure') ? noteForm(visit, body) : ''}`,
    };
  });
  site.order('/incidents/:id/notes', async ({ c, say, api }, form) => {
    const id = c.req.param('id') ?? '';
    const note = { cause: form('cause'), action: form('measures') ?? '' };
    const { body, problem } = await api.post<WholeIncident>(`incidents/${segment(id)}/notes`, note);
    const to = `/console/incidents/${segment(id)}`;
    if (!body) return refusedOrder(say, to, problem);
    return {
      to,
      isDone: true,
      text: say('Đã ghi; báo cáo sự cố dùng nội dung này.', 'Stored. The report of incidents uses it.'),
    };
  });
}

/** How many dossiers, with a link to them. */
async function dossiersOf(
  { say, api }: Visit,
  query: { readonly period: string; readonly column: 'delayed' | 'wrong'; readonly key: string },
): Promise<Html> {
  const { body } = await api.get<Listed<ReportRecord>>('reports/incidents/records', { ...query, limit: '1' });
  if (!body) return html`–`;
  const many = manyOf(say, body);
  return many === '0' ? html`0` : html`<a href="/console/reports/incidents/records${queryText(query)}">${many}</a>`;
}

function noteTable(visit: Visit, notes: WholeIncident['notes']): Html {
  const { say, nowMs } = visit;
  return table<WholeIncident['notes'][number]>({
    caption: listCaption(
      visit,
      { items: notes },
      ['lần ghi nhận', 'statement', 'statements'],
      ['mới nhất trước', 'the newest first'],
    ),
    empty: say('Chưa ghi nhận.', 'Nothing is stated yet.'),
    items: notes,
    columns: [
      { head: say('Lúc', 'At'), cell: ({ at }) => timeAndAge(say, at, nowMs) },
      {
        head: say('Nguyên nhân', 'Cause'),
        cell: ({ cause }) => longText(cause ?? say('như trục đã ghi', 'as the hub found')),
      },
      { head: say('Biện pháp xử lý', 'Action'), cell: ({ action }) => longText(action) },
      { head: say('Người ghi', 'By'), cell: ({ who }) => who },
    ],
  });
}

function noteForm(visit: Visit, { id, notes: [newest] }: WholeIncident): Html {
  const { say, unsent } = visit;
  const to = `/console/incidents/${id}/notes`;
  const field = (name: string, label: string, value: string, more: Html = html``): Html =>
    html`<label class="wide">${label}<textarea name="${name}" rows="3" maxlength="1000"${more}>${typedIn(unsent, to, name) ?? value}</textarea></label>`;
  return html`<section class="card">${orderForm(visit, {
    to,
    button: say('Ghi', 'Store'),
    fields: [
      field(
        'cause',
        say('Nguyên nhân (để trống nếu như trục đã ghi)', 'Cause (blank: as the hub found)'),
        newest?.cause ?? '',
      ),
      field('measures', say('Biện pháp xử lý', 'Action'), newest?.action ?? '', html` required`),
    ],
  })}<p class="note">${say(
    'Nội dung mới nhất được đưa vào báo cáo sự cố của đơn vị cung cấp phần mềm. Không ghi tên người nộp hồ sơ.',
    'The newest statement stands in the incident report of the supplier. It must name no person.',
  )}</p></section>`;
}

/** Incidents of the hub itself, which have no party page. */
const OF_NO_PARTY: ReadonlySet<string> = new Set(['audit-broken', 'put-back', 'replica-away']);

const incidentName = (say: Say, id: string | number): string => say(`Sự cố ${id}`, `Incident ${id}`);

export function incidentTable(visit: Visit, list: Part<Incident>): Html {
  const { say, nowMs } = visit;
  const hasAdvice = list.items.some((one) => todoOf(say, one) !== undefined);
  return table<Incident>({
    caption: listCaption(visit, list, ['sự cố', 'incident', 'incidents'], ['mới nhất trước', 'the newest first']),
    empty: whenEmpty(visit, list, say('Không có sự cố.', 'There are no incidents.')),
    items: list.items,
    columns: [
      {
        head: say('Bên kết nối', 'Party'),
        cell: (one) => ownerOf(visit, one),
      },
      {
        head: say('Sự cố', 'Incident'),
        // A badge alone does not look like a link, and several of one kind would sound alike.
        cell: (one) =>
          html`${kindOf(say, one)}<br><a href="/console/incidents/${one.id}">${incidentName(say, one.id)}</a>`,
      },
      {
        head: say('Nguyên nhân có thể', 'Probable cause'),
        cell: ({ cause }) => probableCause(visit, cause),
      },
      ...(hasAdvice ? [{ head: say('Nên làm', 'What to do'), cell: (one: Incident) => todoOf(say, one) ?? '–' }] : []),
      {
        head: say('Thời gian', 'Time'),
        cell: (one) =>
          html`${timeAndAge(say, one.openedAt, nowMs)}<br>${one.closedAt === null ? '' : say('đến', 'until')} ${endOf(visit, one)}`,
      },
    ],
  });
}

function ownerOf(visit: Visit, { kind, party }: Incident): Html {
  return OF_NO_PARTY.has(kind) ? html`${visit.say('Trục liên thông', 'The hub')}` : partyLink(visit, party);
}

/** The kind of an incident. One that is over has no colour, so that open ones stand out. */
function kindOf(say: Say, { kind, closedAt }: Incident): Html {
  return closedAt === null ? badge(say, INCIDENTS, kind) : badgeOf('plain', word(say, INCIDENTS, kind));
}

/** When it was over, and how long it lasted. */
function endOf({ say }: Visit, { openedAt, closedAt }: Incident): Html {
  if (closedAt === null) return html`<strong class="bad">${say('chưa kết thúc', 'still open')}</strong>`;
  const lasted = durationOf(say, (instantToMs(closedAt) - instantToMs(openedAt)) / 1_000);
  return html`${timeOf(closedAt)} <span class="note">${say(`sau ${lasted}`, `after ${lasted}`)}</span>`;
}

/** The reason at the beginning of a stored cause in words. The rest, which is technical, stands in small. */
function probableCause(visit: Visit, cause: string): Html {
  const parts = cause.split(': ');
  const at = parts.findIndex((part) => meaningOf(part) !== undefined);
  if (at < 0 || at > 1)
    return html`<span class="words">${[sourceOf(visit, parts[0] ?? ''), ...parts.slice(1)].join(': ')}</span>`;
  const rest = parts.slice(at + 1).join(': ');
  return html`${reasonOf(visit, parts[at] as string)}${rest && html`<br><span class="note words">${rest}</span>`}`;
}

/** The first part of a stored cause: what was read, and at which door. */
function sourceOf({ say }: Visit, text: string): string {
  const [, what = '', where = ''] = /^(\S+)( \(\S+\))?$/.exec(text) ?? [];
  const names: Readonly<Record<string, Bilingual>> = { ...PULLS, ...OPERATIONS };
  return Object.hasOwn(names, what) ? `${word(say, names, what)}${where}` : text;
}

function todoOf(say: Say, { kind, closedAt }: Incident): string | undefined {
  const todo = closedAt === null ? INCIDENTS_TODO[kind] : undefined;
  return todo && say(todo[0], todo[1]);
}
