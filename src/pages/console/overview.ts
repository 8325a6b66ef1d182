import { html } from 'hono/html';
import { instantToMs, msToInstant } from '#core/dates/dates';
import { parameterOf } from '../language.ts';
import type { Html } from '../layout.ts';
import { figures } from '../parts/parts.ts';
import { table } from '../parts/table.ts';
import { counted, number } from '../words.ts';
import { segment } from './api.ts';
import { connectionMap } from './connection-map.ts';
import { dossierBox } from './dossier-search.ts';
import { failureBars, flowChart } from './flow-charts.ts';
import { orderForm } from './forms.ts';
import { incidentTable } from './incidents.ts';
import { isRepeated, longText, manyOf, partyLink, reasonOf, restLink } from './parts.ts';
import type { Cause, Flow, Incident, Listed, Party, QueuedRecord, ShownRoute } from './records.ts';
import { refusalNote } from './refusals.ts';
import type { Site } from './site.ts';
import { ageOf, timeOf } from './times.ts';
import { toDoList } from './to-do.ts';
import { may, titleOf, type Visit } from './visit.ts';
import { badge, HEALTH } from './words.ts';

/** How often the live part is sent, and how often the page reloads itself without the script. */
const SEND_MS = 10_000;
const RELOAD_S = 30;
const MOST_LISTED = 50;

/** The work that waits, the flow of the last hour and all parties on one page, kept up to date. */
export function addOverview(site: Site): void {
  site.screen('/', async (visit) => {
    const { c, say } = visit;
    const isStill = parameterOf(c, 'refresh') === 'off';
    const live = await livePart(visit);
    return {
      title: say('Tổng quan', 'Overview'),
      reloadS: isStill ? undefined : RELOAD_S,
      assets: isStill ? [] : ['live.js'],
      body: html`${dossierBox(visit)}
<p class="note refresh">${
        isStill
          ? html`<a href="/console">${say('Tự làm mới', 'Refresh by itself')}</a>`
          : html`${say('Trang tự cập nhật.', 'The page keeps itself up to date.')} <a href="/console?refresh=off">${say('Dừng làm mới', 'Stop refreshing')}</a>`
      }</p>
<div id="live" data-stream="/console/live">${live}</div>`,
    };
  });
  site.stream('/live', SEND_MS, livePart);
}

async function livePart(visit: Visit): Promise<Html> {
  const { say, api, nowMs } = visit;
  const most = { limit: String(MOST_LISTED) };
  // Includes incidents of the hub itself, which have no party.
  const [parties, causes, incidents, overdue, soon, flow, routes] = await Promise.all([
    api.get<Listed<Party>>('parties'),
    api.get<Listed<Cause>>('quarantine', most),
    api.get<Listed<Incident>>('incidents', most),
    api.get<Listed<QueuedRecord>>('records', { ...most, due: 'overdue' }),
    api.get<Listed<QueuedRecord>>('records', { ...most, due: 'soon' }),
    api.get<Flow>('flow'),
    api.get<{ items: readonly ShownRoute[] }>('routes'),
  ]);
  const items = parties.body?.items ?? [];
  const open = incidents.body?.items ?? [];
  const work = {
    parties: items,
    incidents: incidents.body,
    causes: causes.body,
    overdue: overdue.body,
    soon: soon.body,
  };
  return html`<p class="note">${say('Đọc lúc', 'Read at')} ${timeOf(msToInstant(nowMs))}.</p>
${refusalNote(say, parties.problem ?? causes.problem ?? incidents.problem ?? flow.problem ?? overdue.problem)}
<h2>${say('Việc cần làm', 'To do')}</h2>${toDoList(visit, work)}
${numbers(visit, items, causes.body, incidents.body)}
${
  flow.body
    ? html`<div class="side-by-side">${flowChart(visit, flow.body)}${failureBars(visit, flow.body)}</div>
${connectionMap(visit, routes.body?.items ?? [], items, flow.body)}`
    : ''
}
<h2>${say('Bên kết nối', 'Parties')}</h2>
${partyTable(visit, items)}
${open.length > 0 ? html`<h2>${say('Sự cố đang mở', 'Open incidents')}</h2>${incidentTable(visit, incidents.body ?? { items: open })}${restLink(visit, incidents.body ?? { items: open }, '/console/incidents')}` : ''}`;
}

function numbers(
  { say, nowMs }: Visit,
  parties: readonly Party[],
  causes: Listed<Cause> | undefined,
  incidents: Listed<Incident> | undefined,
): Html {
  const sum = (of: (party: Party) => number): number => parties.reduce((total, party) => total + of(party), 0);
  const oldestCause = causes?.items[0]?.since;
  const oldestDue = parties.flatMap(({ oldestDueAt }) => oldestDueAt ?? []).sort()[0];
  const oldest = (since: string | undefined): string | undefined =>
    since && say(`cũ nhất: ${ageOf(say, since, nowMs)}`, `oldest: ${ageOf(say, since, nowMs)}`);
  const of = (value: number | string, vietnamese: string, one: string, many: string) => ({
    value: typeof value === 'number' ? number(say, value) : value,
    what: say(vietnamese, String(value) === '1' ? one : many),
  });
  return figures([
    {
      href: '/console/deliveries?state=due',
      ...of(
        sum(({ backlog }) => backlog.due),
        'lượt chờ gửi',
        'delivery due',
        'deliveries due',
      ),
      more: oldest(oldestDue),
    },
    {
      href: '/console/quarantine',
      ...of(causes ? manyOf(say, causes) : '–', 'nguyên nhân chờ xử lý', 'cause in quarantine', 'causes in quarantine'),
      more: oldest(oldestCause),
    },
    {
      href: '/console/deliveries?state=held',
      ...of(
        sum(({ backlog }) => backlog.held),
        'lượt tạm giữ',
        'delivery held',
        'deliveries held',
      ),
    },
    {
      href: '/console/deliveries?state=failed',
      ...of(
        sum(({ failed }) => failed),
        'lượt không thành công, cần xử lý',
        'failed delivery',
        'failed deliveries',
      ),
    },
    {
      href: '/console/incidents',
      ...of(incidents ? manyOf(say, incidents) : '–', 'sự cố đang mở', 'open incident', 'open incidents'),
    },
  ]);
}

function partyTable(visit: Visit, items: readonly Party[]): Html {
  const { say } = visit;
  const columns = [
    { head: say('Bên', 'Party'), cell: ({ party }: Party) => partyLink(visit, party) },
    {
      head: say('Tình trạng', 'Health'),
      cell: (one: Party) => html`${healthOf(visit, one)}${lastSuccessOf(visit, one)}`,
    },
    { head: say('Chờ gửi', 'Due'), cell: (one: Party) => dueOf(visit, one), isNumber: true },
    { head: say('Tạm giữ', 'Held'), cell: ({ backlog }: Party) => number(say, backlog.held), isNumber: true },
    { head: say('Không thành công', 'Failed'), cell: ({ failed }: Party) => number(say, failed), isNumber: true },
    { head: say('Lỗi gần nhất', 'Last error'), cell: (one: Party) => lastErrorOf(visit, one) },
  ];
  const acts = { head: say('Thao tác', 'Actions'), cell: (one: Party) => actionsOf(visit, one) };
  return table<Party>({
    caption: say(
      `${items.length} bên kết nối trong cấu hình`,
      counted(items.length, 'configured party', 'configured parties'),
    ),
    empty: say('Chưa có bên kết nối nào trong cấu hình.', 'No party is configured yet.'),
    items,
    columns: may(visit, 'ops:configure') ? [...columns, acts] : columns,
  });
}

function lastSuccessOf({ say, nowMs }: Visit, { lastSuccessAt }: Party): Html {
  if (!lastSuccessAt) return html``;
  const age = ageOf(say, lastSuccessAt, nowMs);
  return html`<br><span class="note">${say(`thành công ${age}`, `success ${age}`)}</span>`;
}

/** The waiting deliveries, those on their way among them, and the age of the oldest. */
function dueOf({ say, nowMs }: Visit, { backlog, oldestDueAt }: Party): Html {
  const more = [
    backlog.onItsWay > 0
      ? say(`${number(say, backlog.onItsWay)} đang gửi`, `${number(say, backlog.onItsWay)} on the way`)
      : '',
    oldestDueAt ? say(`cũ nhất ${ageOf(say, oldestDueAt, nowMs)}`, `oldest ${ageOf(say, oldestDueAt, nowMs)}`) : '',
  ].filter(Boolean);
  return html`${number(say, backlog.due)}${more.map((one) => html`<br><span class="note">${one}</span>`)}`;
}

export function healthOf({ say }: Visit, { health, breaker, paused }: Party): Html {
  return html`${badge(say, HEALTH, health)}${paused && health !== 'paused' ? html` ${badge(say, HEALTH, 'paused')}` : ''}${
    breaker === 'open' ? html`<br><span class="note">${say('đang tự động ngắt kết nối', 'breaker open')}</span>` : ''
  }`;
}

export function lastErrorOf(visit: Visit, { lastError, lastSuccessAt }: Party): Html {
  if (!lastError) return html`–`;
  const { say, nowMs } = visit;
  const { at, reason, detail } = lastError;
  const isOver = lastSuccessAt !== null && instantToMs(lastSuccessAt) > instantToMs(at);
  const over = isOver ? say(', đã qua', ', over') : '';
  return html`<span class="note">${ageOf(say, at, nowMs)}${over}</span> ${reasonOf(visit, reason)}${
    isRepeated(visit, reason, detail) ? '' : html`<br>${longText(detail, 90)}`
  }`;
}

/** The orders that need no reason. Pausing needs one, on the party's own page. */
function actionsOf(visit: Visit, { party, paused, adapter }: Party): Html {
  const { say } = visit;
  const name = titleOf(visit, party);
  const to = (what: string): string => `/console/parties/${segment(party)}/${what}`;
  const back = { back: 'overview' };
  return html`<div class="acts">${
    paused
      ? orderForm(visit, {
          to: to('resume'),
          button: say('Chạy tiếp', 'Resume'),
          hidden: back,
          label: say(`Chạy tiếp ${name}`, `Resume ${name}`),
        })
      : html`<a href="/console/parties/${segment(party)}#pause" aria-label="${say(`Tạm dừng ${name}`, `Pause ${name}`)}">${say('Tạm dừng…', 'Pause…')}</a>`
  }${
    adapter && adapter.pulls.length > 0
      ? orderForm(visit, {
          to: to('pull'),
          button: say('Lấy ngay', 'Pull now'),
          hidden: back,
          isQuiet: true,
          label: say(`Lấy ngay dữ liệu từ ${name}`, `Pull now from ${name}`),
        })
      : ''
  }</div>`;
}
