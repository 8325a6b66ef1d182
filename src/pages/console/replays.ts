import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { number } from '../words.ts';
import { segment } from './api.ts';
import { orderForm } from './forms.ts';
import {
  auditLink,
  dossierLink,
  facts,
  listCaption,
  operationOf,
  type Part,
  pager,
  partyLink,
  queryOf,
  reasonOf,
} from './parts.ts';
import type { Listed, Replay } from './records.ts';
import { refusalNote, refusedOrder, refusedScreen } from './refusals.ts';
import type { Site } from './site.ts';
import { timeAndAge, timeOf } from './times.ts';
import { may, type Visit } from './visit.ts';
import { badge, DELIVERY_FILTER_STATES, REPLAY_OUTCOMES, REPLAY_STATES, STATUSES, word } from './words.ts';

const REFRESH_S = 5;

/** The replay runs with their progress, and a button that stops one. */
export function addReplays(site: Site): void {
  site.screen('/replays', async (visit) => {
    const { say, api } = visit;
    const { body, problem } = await api.get<Listed<Replay>>('replays', queryOf(visit, ['cursor']));
    const isRunning = body?.items.some(({ state }) => state === 'running') ?? false;
    return {
      title: say('Các đợt chuyển lại', 'Replays'),
      reloadS: isRunning ? REFRESH_S : undefined,
      body: html`${refusalNote(say, problem)}
${may(visit, 'ops:replay') ? html`<p><a href="/console/replays/new">${say('Đợt chuyển lại mới…', 'A new replay…')}</a></p>` : ''}
${isRunning ? html`<p class="note">${say(`Tự làm mới mỗi ${REFRESH_S} giây khi còn đợt đang chạy.`, `Refreshed every ${REFRESH_S} s while a run is active.`)}</p>` : ''}
${body ? html`${replayTable(visit, body)}${pager(visit, body, {})}` : ''}`,
    };
  });
  site.screen('/replays/:id', async (visit) => {
    const { c, say, api } = visit;
    const id = c.req.param('id') ?? '';
    const title = say(`Đợt chuyển lại ${id}`, `Replay ${id}`);
    const answer = await api.get<Replay>(`replays/${segment(id)}`);
    const { body: run } = answer;
    if (!run) return refusedScreen(say, title, answer);
    return {
      title,
      reloadS: run.state === 'running' ? REFRESH_S : undefined,
      body: html`<p class="links"><a href="/console/replays">${say('« Mọi đợt', '« All replays')}</a> ${auditLink(visit, 'run', run.id)}</p>${runOf(visit, run)}`,
    };
  });
  site.order('/replays/:id/stop', async ({ c, say, api }, form) => {
    const id = c.req.param('id') ?? '';
    const { body, problem } = await api.post<Replay>(`replays/${segment(id)}/stop`, { why: form('why') });
    const to = form('back') === 'run' ? `/console/replays/${segment(id)}` : '/console/replays';
    if (!body) return refusedOrder(say, to, problem);
    const isDone = body.state === 'stopped';
    const over = say(`Đợt ${id} đã kết thúc trước đó.`, `Run ${id} had already ended.`);
    return { to, isDone, text: isDone ? say(`Đã dừng đợt ${id}.`, `Run ${id} is stopped.`) : over };
  });
}

function replayTable(visit: Visit, list: Part<Replay>): Html {
  const { say } = visit;
  return table<Replay>({
    caption: listCaption(visit, list, ['đợt chuyển lại', 'replay', 'replays'], ['mới nhất trước', 'the newest first']),
    empty: say('Chưa có đợt chuyển lại nào.', 'There are no replays yet.'),
    items: list.items,
    columns: [
      { head: say('Đợt', 'Run'), cell: ({ id }) => html`<a href="/console/replays/${id}">${id}</a>` },
      { head: say('Tình trạng', 'State'), cell: ({ state }) => badge(say, REPLAY_STATES, state) },
      { head: say('Tiến độ', 'Progress'), cell: (one) => progressOf(visit, one) },
      { head: say('Bộ lọc', 'Filter'), cell: ({ filter }) => filterWords(visit, filter) },
      {
        head: say('Tốc độ', 'Rate'),
        cell: ({ perSecond }) => say(`${perSecond}/giây`, `${perSecond}/s`),
        isNumber: true,
      },
      {
        head: say('Người, lý do', 'Who, why'),
        cell: ({ who, why }) => html`${who}<br><span class="note words">${why}</span>`,
      },
      {
        head: say('Bắt đầu, kết thúc', 'Start, end'),
        cell: ({ at, endedAt, stoppedBy }) =>
          html`${timeOf(at)}<br>${timeOf(endedAt)}${stoppedBy ? say(` (${stoppedBy} dừng)`, ` (by ${stoppedBy})`) : ''}`,
      },
      { head: say('Thao tác', 'Action'), cell: (one) => (one.state === 'running' ? stopForm(visit, one) : '–') },
    ],
  });
}

/** One run, as facts. */
function runOf(visit: Visit, run: Replay): Html {
  const { say, nowMs } = visit;
  const { at, endedAt, stoppedBy, perSecond } = run;
  return html`<section class="card">${facts([
    [say('Tình trạng', 'State'), badge(say, REPLAY_STATES, run.state)],
    [say('Tiến độ', 'Progress'), progressOf(visit, run)],
    [say('Bộ lọc', 'Filter'), filterWords(visit, run.filter)],
    [say('Tốc độ', 'Rate'), say(`${perSecond} lượt mỗi giây`, `${perSecond} a second`)],
    [say('Người thực hiện', 'Ordered by'), run.who],
    [say('Lý do', 'Reason'), html`<span class="words">${run.why}</span>`],
    [say('Bắt đầu', 'Start'), timeAndAge(say, at, nowMs)],
    [say('Kết thúc', 'End'), endedAt && timeAndAge(say, endedAt, nowMs)],
    [say('Người dừng', 'Stopped by'), stoppedBy],
  ])}${stopForm(visit, run)}</section>`;
}

function progressOf({ say }: Visit, { total, outcomes }: Replay): Html {
  const counts = Object.entries(outcomes as Readonly<Record<string, number>>);
  const done = counts.reduce((sum, [, many]) => sum + many, 0);
  const share = `${number(say, done)}\u00a0/\u00a0${number(say, total)}`;
  return html`<meter min="0" max="${Math.max(total, 1)}" value="${done}" aria-label="${share}"></meter>
${share}${counts.map(([outcome, many]) => html`<br><span class="note">${word(say, REPLAY_OUTCOMES, outcome)}: ${number(say, many)}</span>`)}`;
}

/** What a run covers, in words. */
function filterWords(visit: Visit, filter: object): Html {
  const { say } = visit;
  const given = filter as Readonly<Record<string, string | readonly string[]>>;
  const code = (value: string): Html => html`<code>${value}</code>`;
  const parts = {
    party: [say('bên nhận', 'receiver'), (value: string) => partyLink(visit, value)],
    state: [say('tình trạng', 'state'), (value: string) => word(say, DELIVERY_FILTER_STATES, value)],
    code: [say('hồ sơ', 'dossier'), (value: string) => dossierLink(value)],
    operation: [say('nội dung', 'what'), (value: string) => operationOf(visit, value)],
    reason: [say('lý do', 'reason'), (value: string) => reasonOf(visit, value)],
    from: [say('từ', 'from'), (value: string) => timeOf(value)],
    to: [say('đến', 'to'), (value: string) => timeOf(value)],
    status: [say('trạng thái', 'status'), (value: string) => word(say, STATUSES, value)],
    agency: [say('cơ quan', 'agency'), code],
    service: [say('thủ tục', 'service'), code],
    field: [say('lĩnh vực', 'field'), code],
    channel: [say('cách nộp', 'channel'), code],
    receivedFrom: [say('tiếp nhận từ', 'received from'), (value: string) => timeOf(value)],
    receivedTo: [say('tiếp nhận đến', 'received to'), (value: string) => timeOf(value)],
  } as const;
  const shown = Object.entries(parts).filter(([name]) => given[name] !== undefined);
  const unsent = 'untold' in filter ? html`<div>${say('hồ sơ chưa chuyển', 'dossiers that were not sent')}</div>` : '';
  return html`${shown.map(([name, [label, value]]) => html`<div>${label}: ${[given[name] ?? []].flat().map((one, at) => html`${at > 0 ? ', ' : ''}${value(one)}`)}</div>`)}${unsent}`;
}

function stopForm(visit: Visit, { id, state }: Replay): Html {
  if (state !== 'running' || !may(visit, 'ops:replay')) return html``;
  const { say } = visit;
  return orderForm(visit, {
    to: `/console/replays/${id}/stop`,
    button: say('Dừng', 'Stop'),
    label: say(`Dừng đợt ${id}`, `Stop run ${id}`),
    hidden: visit.c.req.param('id') === undefined ? undefined : { back: 'run' },
  });
}
