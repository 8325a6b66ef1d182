import { html } from 'hono/html';
import { instantToMs, msToInstant } from '#core/dates/dates';
import { parameterOf } from '../language.ts';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { segment } from './api.ts';
import { dossierBox } from './dossier-search.ts';
import { orderForm } from './forms.ts';
import { incidentTable } from './incidents.ts';
import { isRepeated, longText, partyLink, reasonOf } from './parts.ts';
import type { Cause, Incident, Listed, Party } from './records.ts';
import { refusalNote } from './refusals.ts';
import type { Site } from './site.ts';
import { ageOf, timeAndAge } from './times.ts';
import { may, type Visit } from './visit.ts';
import { badge, HEALTH } from './words.ts';

const REFRESH_S = 15;
const MOST_CAUSES = 50;
const MOST_INCIDENTS = 50;

/** The health of all parties on one page. It refreshes itself. Its only input is a dossier code. */
export function addOverview(site: Site): void {
  site.screen('/', async (visit) => {
    const { c, say, api } = visit;
    const isStill = parameterOf(c, 'refresh') === 'off';
    // Includes incidents of the hub itself, which have no party.
    const [parties, causes, incidents] = await Promise.all([
      api.get<Listed<Party>>('parties'),
      api.get<Listed<Cause>>('quarantine', { limit: String(MOST_CAUSES) }),
      api.get<Listed<Incident>>('incidents', { limit: String(MOST_INCIDENTS) }),
    ]);
    const items = parties.body?.items ?? [];
    const open = incidents.body?.items ?? [];
    return {
      title: say('Tổng quan', 'Overview'),
      refreshS: !isStill ? REFRESH_S : undefined,
      body: html`${refusalNote(say, parties.problem ?? causes.problem ?? incidents.problem)}
${readAt(visit, isStill)}
${numbers(visit, items, causes.body, incidents.body)}
${dossierBox(visit)}
<h2>${say('Bên kết nối', 'Parties')}</h2>
${partyTable(visit, items)}
${open.length > 0 ? html`<h2>${say('Sự cố đang mở', 'Open incidents')}</h2>${incidentTable(visit, open)}` : ''}`,
    };
  });
}

function readAt({ say, nowMs }: Visit, isStill: boolean): Html {
  const at = timeAndAge(say, msToInstant(nowMs), nowMs);
  return html`<p class="note">${say('Đọc lúc', 'Read at')} ${at}. ${
    isStill
      ? html`<a href="/console">${say('Tự làm mới', 'Refresh by itself')}</a>`
      : html`${say(`Tự làm mới mỗi ${REFRESH_S} giây.`, `Refreshed every ${REFRESH_S} s.`)} <a href="/console?refresh=off">${say('Dừng làm mới', 'Stop refreshing')}</a>`
  }</p>`;
}

function numbers(
  { say, nowMs }: Visit,
  parties: readonly Party[],
  causes: Listed<Cause> | undefined,
  incidents: Listed<Incident> | undefined,
): Html {
  const sum = (of: (party: Party) => number): number => parties.reduce((total, party) => total + of(party), 0);
  const oldest = causes?.items[0]?.since;
  const ofAll = [
    ['/console/deliveries?state=due', sum(({ backlog }) => backlog.due), say('lượt chờ gửi', 'deliveries due'), ''],
    [
      '/console/quarantine',
      manyOf(causes),
      say('nguyên nhân chờ xử lý', 'causes in quarantine'),
      oldest ? say(`cũ nhất: ${ageOf(say, oldest, nowMs)}`, `oldest: ${ageOf(say, oldest, nowMs)}`) : '',
    ],
    ['/console/deliveries?state=held', sum(({ backlog }) => backlog.held), say('lượt tạm giữ', 'deliveries held'), ''],
    [
      '/console/deliveries?state=failed',
      sum(({ failed }) => failed),
      say('lượt hỏng, cần xử lý', 'failed deliveries'),
      '',
    ],
    ['/console/incidents', manyOf(incidents), say('sự cố đang mở', 'open incidents'), ''],
  ] as const;
  return html`<ul class="numbers">${ofAll.map(
    ([href, count, what, more]) =>
      html`<li class="card"><a href="${href}"><strong>${count}</strong> ${what}</a>${more ? html` <span class="note">${more}</span>` : ''}</li>`,
  )}</ul>`;
}

/** The length of a list. For a longer list than the page reads, the minimum. */
function manyOf(list: Listed<unknown> | undefined): string {
  return list ? `${list.items.length}${list.next === null ? '' : '+'}` : '–';
}

function partyTable(visit: Visit, items: readonly Party[]): Html {
  const { say, nowMs } = visit;
  const columns = [
    { head: say('Bên', 'Party'), cell: ({ party }: Party) => partyLink(visit, party) },
    { head: say('Tình trạng', 'Health'), cell: (one: Party) => healthOf(visit, one) },
    { head: say('Chờ gửi', 'Due'), cell: ({ backlog }: Party) => backlog.due, isNumber: true },
    { head: say('Đang gửi', 'On its way'), cell: ({ backlog }: Party) => backlog.onItsWay, isNumber: true },
    { head: say('Tạm giữ', 'Held'), cell: ({ backlog }: Party) => backlog.held, isNumber: true },
    { head: say('Hỏng', 'Failed'), cell: ({ failed }: Party) => failed, isNumber: true },
    {
      head: say('Cũ nhất', 'Oldest'),
      cell: ({ oldestDueAt }: Party) => (oldestDueAt ? ageOf(say, oldestDueAt, nowMs) : '–'),
    },
    {
      head: say('Thành công gần nhất', 'Last success'),
      cell: ({ lastSuccessAt }: Party) => (lastSuccessAt ? ageOf(say, lastSuccessAt, nowMs) : '–'),
    },
    { head: say('Lỗi gần nhất', 'Last error'), cell: (one: Party) => lastErrorOf(visit, one) },
  ];
  const acts = { head: say('Thao tác', 'Actions'), cell: (one: Party) => actionsOf(visit, one) };
  return table<Party>({
    caption: say('Các bên kết nối', 'All parties'),
    empty: say('Chưa có bên kết nối nào trong cấu hình.', 'No party is configured yet.'),
    items,
    columns: may(visit, 'ops:configure') ? [...columns, acts] : columns,
  });
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
  const to = (what: string): string => `/console/parties/${segment(party)}/${what}`;
  const back = { back: 'overview' };
  return html`<div class="acts">${
    paused
      ? orderForm(visit, {
          to: to('resume'),
          button: say('Chạy tiếp', 'Resume'),
          hidden: back,
          label: say(`Chạy tiếp ${party}`, `Resume ${party}`),
        })
      : html`<a href="/console/parties/${segment(party)}#pause" aria-label="${say(`Tạm dừng ${party}`, `Pause ${party}`)}">${say('Tạm dừng…', 'Pause…')}</a>`
  }${
    adapter && adapter.pulls.length > 0
      ? orderForm(visit, {
          to: to('pull'),
          button: say('Lấy ngay', 'Pull now'),
          hidden: back,
          isQuiet: true,
          label: say(`Lấy ngay dữ liệu từ ${party}`, `Pull now from ${party}`),
        })
      : ''
  }</div>`;
}
