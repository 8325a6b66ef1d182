import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { counted, number } from '../words.ts';
import { queryText, segment } from './api.ts';
import { choicesOf } from './choices.ts';
import { choiceField, orderForm } from './forms.ts';
import { effectItems, effectOf, mostMsOf, wholeLink } from './mapping-effect.ts';
import {
  auditLink,
  facts,
  filterForm,
  listCaption,
  meaning,
  type Part,
  pager,
  partyField,
  partyLink,
  queryOf,
  tableNamed,
} from './parts.ts';
import type { Listed, MappingChange, MappingEffect } from './records.ts';
import { refusalNote, refusedOrder, refusedScreen } from './refusals.ts';
import type { Site } from './site.ts';
import { timeOf } from './times.ts';
import { may, type Visit } from './visit.ts';
import { badge, MAPPING_STATES, word } from './words.ts';

const DECISIONS = ['ask', 'approve', 'refuse', 'withdraw', 'correct'] as const;

/** Changes of code tables: drafts, requests for approval, and decisions. */
export function addMappings(site: Site): void {
  site.screen('/mappings', async (visit) => {
    const { say, api } = visit;
    const query = queryOf(visit, ['party', 'table', 'state', 'cursor']);
    const { body, problem } = await api.get<Listed<MappingChange>>('mappings', query);
    const { cursor: _, ...kept } = query;
    return {
      title: say('Thay đổi bảng mã', 'Changes of code tables'),
      body: html`<p>${say('Để soạn thay đổi, chọn bảng ở trang', 'To draft a change, choose a table on the page')} <a href="/console/code-tables">${say('Bảng mã', 'Code tables')}</a>.</p>
${refusalNote(say, problem)}${filterForm(visit, [
  partyField(visit, say('Bên kết nối', 'Party'), query.party),
  choiceField('state', say('Tình trạng', 'State'), choicesOf(say, MAPPING_STATES), query.state),
])}
${body ? html`${mappingTable(visit, body)}${pager(visit, body, kept)}` : ''}`,
    };
  });
  for (const decision of DECISIONS)
    site.order(`/mappings/:id/${decision}`, async ({ c, say, api }, form) => {
      const id = c.req.param('id') ?? '';
      const to = `/console/mappings/${segment(id)}`;
      const { body, problem } = await api.post<MappingChange>(`mappings/${segment(id)}/${decision}`, {
        why: form('why'),
      });
      if (!body) return refusedOrder(say, to, problem);
      return {
        to,
        isDone: true,
        text: say(
          `Thay đổi ${body.id}: ${word(say, MAPPING_STATES, body.state)}.`,
          `Change ${body.id}: ${word(say, MAPPING_STATES, body.state)}.`,
        ),
      };
    });
  addOne(site);
}

function addOne(site: Site): void {
  site.screen('/mappings/:id', async (visit) => {
    const { c, say, api } = visit;
    const id = c.req.param('id') ?? '';
    const title = say(`Thay đổi bảng mã ${id}`, `Mapping change ${id}`);
    const answer = await api.get<MappingChange>(`mappings/${segment(id)}`);
    const { body: change } = answer;
    if (!change) return refusedScreen(say, title, answer);
    const isApplied = change.state === 'applied';
    const isOpen = isApplied || change.state === 'draft' || change.state === 'asked';
    const now = isOpen
      ? await api.get<MappingEffect>(`mappings/${segment(id)}/effect`, {
          ...queryOf(visit, ['cursor']),
          mostMs: mostMsOf(visit)?.toString(),
        })
      : undefined;
    return {
      title,
      body: html`<p><a href="/console/mappings">${say('« Mọi thay đổi', '« All changes')}</a> · <a href="${tableAddress(change)}">${say('Các phiên bản của bảng', 'Versions of the table')}</a> · ${auditLink(visit, 'mapping', change.id)}</p>
${changeFacts(visit, change)}
${may(visit, 'ops:configure') ? decisions(visit, change) : ''}
${
  now
    ? html`<h2>${
        isApplied
          ? say('Đã đọc khác trong 7 ngày qua, trước thay đổi', 'Read otherwise in the last 7 days, before the change')
          : say('Tác động lên 7 ngày qua', 'Effect on the last 7 days')
      }</h2>${refusalNote(say, now.problem)}${now.body ? html`${effectOf(visit, now.body)}${wholeLink(visit, now.body.looked)}${isApplied ? correctForm(visit, change, now.body) : ''}${effectItems(visit, now.body)}` : ''}`
    : ''
}
${change.effect ? html`<h2>${say('Tác động khi đề nghị phê duyệt', 'Effect when approval was asked for')}</h2>${effectOf(visit, change.effect)}` : ''}`,
    };
  });
}

/** The page of one code table: its versions, and the form for a change. */
export function tableAddress({ party, table: name }: Pick<MappingChange, 'party' | 'table'>): string {
  return `/console/mappings/table${queryText({ party, table: name })}`;
}

function changeFacts(visit: Visit, change: MappingChange): Html {
  const { say } = visit;
  const { party, table: name, lines, state, baseVersion, backTo, version } = change;
  return html`<section class="card">${facts([
    [say('Tình trạng', 'State'), badge(say, MAPPING_STATES, state)],
    [say('Bên, bảng', 'Party, table'), html`${partyLink(visit, party)} · ${tableNamed(visit, name)}`],
    [say('Các dòng', 'Lines'), mappingLines(visit, lines)],
    [say('Quay lại phiên bản', 'Back to version'), backTo],
    [say('Soạn trên phiên bản', 'Drafted on version'), baseVersion],
    [say('Thành phiên bản', 'Became version'), version],
    [say('Người soạn', 'Drafted by'), signed(change.who, change.at, change.why)],
    [
      say('Đề nghị phê duyệt', 'Approval asked by'),
      change.askedBy ? signed(change.askedBy, change.askedAt) : undefined,
    ],
    [
      say('Người quyết định', 'Decided by'),
      change.decidedBy ? signed(change.decidedBy, change.decidedAt, change.decidedWhy) : undefined,
    ],
    [say('Đính chính', 'Correction'), change.correction ? correctionOf(visit, change.correction) : undefined],
  ])}</section>`;
}

function signed(who: string, at: string | null, why?: string | null): Html {
  return html`${who}, ${timeOf(at)}${why ? html`<br><span class="note words">${why}</span>` : ''}`;
}

function correctionOf({ say }: Visit, correction: NonNullable<MappingChange['correction']>): Html {
  const { who, at, why, days, items, endedAt } = correction;
  const state = endedAt === null ? say('đang chạy', 'running') : say('đã xong', 'done');
  return html`${signed(who, at, why)}<br>${say(
    `${days} ngày, ${number(say, items)} mục được đính chính, ${state}`,
    `${counted(days, 'day', 'days')}, ${counted(items, 'item', 'items')} corrected, ${state}`,
  )}`;
}

/** Offers to correct what was read before the change. */
function correctForm(visit: Visit, { id }: MappingChange, { counts, looked }: MappingEffect): Html {
  const { say } = visit;
  // Items that the page has not read yet may differ, too.
  if ((counts.changed === 0 && looked.isAll) || !may(visit, 'ops:configure')) return html``;
  return html`<section class="card"><p>${say(
    'Đính chính thay cách đọc cũ của các mục này trong lịch sử hồ sơ và chuyển các hồ sơ thay đổi tới các bên nêu trên. Thứ tự theo thời điểm sự kiện và quyền của bên gửi giữ nguyên.',
    'A correction replaces the old reading of these items in the history of their dossiers. The dossiers that change go to the parties above. The order by event time and the rights of the sender stay.',
  )}</p>${orderForm(visit, { to: `/console/mappings/${id}/correct`, button: say('Đính chính 7 ngày qua', 'Correct the last 7 days'), why: 'must' })}</section>`;
}

/** The officer of a change asks and withdraws. Another officer approves or refuses. */
function decisions(visit: Visit, { id, state, who, askedBy }: MappingChange): Html {
  const { say, key } = visit;
  const isOwn = [who, askedBy].includes(key.id);
  const form = (decision: (typeof DECISIONS)[number], button: string, isQuiet = false): Html =>
    orderForm(visit, { to: `/console/mappings/${id}/${decision}`, button, why: 'must', isQuiet });
  const ask = say('Đề nghị phê duyệt', 'Ask for approval');
  const withdraw = isOwn ? form('withdraw', say('Rút', 'Withdraw'), true) : html``;
  if (state === 'draft') return html`<section class="card">${form('ask', ask)}${withdraw}</section>`;
  if (state !== 'asked') return html``;
  if (isOwn)
    return html`<section class="card"><p>${say(
      'Đang chờ cán bộ thứ hai phê duyệt; người soạn và người đề nghị không tự phê duyệt được.',
      'It waits for a second officer. The officer who drafted or asked cannot approve it.',
    )}</p>${withdraw}</section>`;
  return html`<section class="card">${form('approve', say('Phê duyệt', 'Approve'))}${form('refuse', say('Từ chối', 'Refuse'), true)}</section>`;
}

type Line = Pick<MappingChange['lines'][number], 'from' | 'to'> & { readonly was?: string | null };

/** Lines of a change or of a version. Without a meaning, a line was taken out. */
export function mappingLines(visit: Pick<Visit, 'say'>, lines: readonly Line[]): Html {
  const { say } = visit;
  const none = say('bỏ dòng đã thêm', 'taken out');
  return html`${lines.map(
    ({ from, to, was }) =>
      html`<div><code>${from}</code>: ${was ? html`<s>${meaning(visit, was)}</s> → ` : ''}${to === null ? none : meaning(visit, to)}</div>`,
  )}`;
}

/** Changes as a list. */
export function mappingTable(visit: Visit, list: Part<MappingChange>): Html {
  const { say } = visit;
  return table<MappingChange>({
    caption: listCaption(visit, list, ['thay đổi', 'change', 'changes'], ['mới nhất trước', 'the newest first']),
    empty: say('Chưa có thay đổi nào.', 'There are no changes yet.'),
    items: list.items,
    columns: [
      { head: say('Số', 'No.'), cell: ({ id }) => html`<a href="/console/mappings/${id}">${id}</a>` },
      { head: say('Tình trạng', 'State'), cell: ({ state }) => badge(say, MAPPING_STATES, state) },
      {
        head: say('Bên, bảng', 'Party, table'),
        cell: (one) =>
          html`${partyLink(visit, one.party)} <a href="${tableAddress(one)}">${tableNamed(visit, one.table)}</a>`,
      },
      { head: say('Các dòng', 'Lines'), cell: ({ lines }) => mappingLines(visit, lines) },
      { head: say('Người soạn', 'Drafted by'), cell: ({ who, at, why }) => signed(who, at, why) },
      {
        head: say('Người quyết định', 'Decided by'),
        cell: ({ decidedBy, decidedAt }) => (decidedBy ? signed(decidedBy, decidedAt) : '–'),
      },
    ],
  });
}
