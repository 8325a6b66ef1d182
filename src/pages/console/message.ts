import { html } from 'hono/html';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { counted, number } from '../words.ts';
import { segment } from './api.ts';
import { bodyOf } from './body-text.ts';
import { deliveryTable } from './delivery-table.ts';
import { doorOf, sizeOf } from './message-table.ts';
import { auditLink, dossierLink, facts, itemLink, operationOf, partyLink, sliceOf, slicePager } from './parts.ts';
import type { WholeMessage } from './records.ts';
import { refusedScreen } from './refusals.ts';
import type { Site } from './site.ts';
import { timeAndAge, timeOf } from './times.ts';
import { may, type Screen, type Visit } from './visit.ts';
import { waitingTable } from './waiting-table.ts';
import { ANOMALIES, badge, ITEM_OUTCOMES, MESSAGE_OUTCOMES, STATUSES, word } from './words.ts';

/** The result of one item, or why a whole message was refused. */
interface Result {
  readonly index?: number;
  readonly code?: string;
  readonly outcome?: string;
  readonly problems?: readonly { readonly path: string; readonly message: string }[];
  readonly warnings?: readonly { readonly path: string; readonly message: string }[];
  readonly status?: number;
  readonly problem?: string;
}

const MOST_RESULTS = 200;
/** Problems and warnings of all items together. One item may have two hundred. */
const MOST_NOTES = 1_000;

/**
 * One message and the results of its items. The body is a separate page, because each look is
 * audited.
 */
export function addMessage(site: Site): void {
  site.screen('/messages/:id', (visit) => messageScreen(visit, 'no'));
  site.screen('/messages/:id/body', (visit) => messageScreen(visit, 'yes'));
}

async function messageScreen(visit: Visit, body: 'yes' | 'no'): Promise<Screen> {
  const { c, say, api } = visit;
  const id = c.req.param('id') ?? '';
  const title = say('Thông điệp', 'Message');
  const answer = await api.get<WholeMessage>(`messages/${segment(id)}`, { body });
  const { body: found } = answer;
  if (!found) return refusedScreen(say, title, answer);
  const results = found.results as readonly Result[];
  return {
    title,
    body: html`<section class="card">${factsOf(visit, found)}</section>
<p class="links">${auditLink(visit, 'message', found.id)}</p>
<div class="beside"><section><h2>${say('Đã nhận', 'Received')}</h2>${bodyPart(visit, found, body === 'yes')}</section>
${found.read ? html`<section><h2>${say('Trục đọc là', 'Read as')}</h2>${readPart(visit, found.read)}</section>` : ''}
<section><h2>${say('Đã thay đổi', 'What changed')}</h2>${changePart(visit, found.changes)}</section></div>
<h2>${say('Kết quả từng mục', 'Results of its items')}</h2>${resultTable(visit, found.operation, results)}
<h2>${say('Đang chờ xử lý', 'In quarantine')}</h2>${waitingTable(visit, { items: found.waiting })}
<h2>${say('Lượt chuyển sinh ra', 'Deliveries')}</h2>${deliveryTable(visit, { items: found.deliveries }, 'one-message')}`,
  };
}

function factsOf(visit: Visit, found: WholeMessage): Html {
  const { say, nowMs } = visit;
  return facts([
    [say('Kết quả', 'Outcome'), badge(say, MESSAGE_OUTCOMES, found.outcome)],
    [say('Nhận lúc', 'Received'), timeAndAge(say, found.receivedAt, nowMs)],
    [say('Từ bên', 'From the party'), partyLink(visit, found.party)],
    [say('Cổng tiếp nhận', 'Door'), doorOf(visit, found.door)],
    [
      say('Loại', 'What'),
      found.operation && html`${operationOf(visit, found.operation)} <code class="note">${found.operation}</code>`,
    ],
    [say('Tài khoản', 'Key'), found.keyName],
    [say('Kiểu nội dung', 'Media type'), found.mediaType && html`<code>${found.mediaType}</code>`],
    [say('Cỡ', 'Size'), sizeOf(visit, found.bodyBytes)],
    [say('Mã thông điệp', 'Message id'), html`<code>${found.id}</code>`],
    [say('Biên nhận', 'Receipt'), html`<code>${found.receipt}</code>`],
  ]);
}

function bodyPart(visit: Visit, { id, body }: WholeMessage, isAsked: boolean): Html {
  const { say } = visit;
  if (body) {
    const mask = may(visit, 'index:personal')
      ? say(
          'Hiện đầy đủ dữ liệu cá nhân; bí mật luôn được che.',
          'Personal data is shown in full; secrets stay masked.',
        )
      : say('Dữ liệu cá nhân và bí mật đã được che.', 'Personal data and secrets are masked.');
    return html`<p class="note">${mask} <a href="/console/messages/${id}">${say('Ẩn', 'Hide')}</a></p>${bodyOf(say, body)}`;
  }
  if (!may(visit, 'ops:body'))
    return html`<p class="note">${say('Cần quyền ops:body để xem nội dung.', 'To see the body, you need the scope ops:body.')}</p>`;
  if (isAsked)
    return html`<p class="note">${say('Nội dung của thông điệp này không được lưu.', 'The hub did not store the body of this message.')}</p>`;
  return html`<p><a class="look" rel="nofollow" href="/console/messages/${id}/body">${say('Xem nội dung', 'Show the body')}</a>
<span class="note">${say('(mỗi lần xem được ghi nhật ký)', '(each look is audited)')}</span></p>`;
}

/** The canonical records of the items. */
function readPart({ say }: Visit, read: NonNullable<WholeMessage['read']>): Html {
  if (read.length === 0)
    return html`<p class="note">${say('Trục không đọc được nội dung này.', 'The hub cannot read this body.')}</p>`;
  return html`${read.map(
    ({ index, code, record }, at) =>
      html`<details${at === 0 ? html` open` : ''}><summary>${index + 1}. ${code ?? '–'}</summary>${
        record
          ? bodyOf(say, record)
          : html`<p class="note">${say('không đọc được, xem kết quả từng mục', 'not readable, see the results of the items')}</p>`
      }</details>`,
  )}`;
}

/** Each dossier with its status before and after. */
function changePart(visit: Visit, changes: WholeMessage['changes']): Html {
  const { say } = visit;
  if (changes.length === 0)
    return html`<p class="note">${say('Thông điệp không làm thay đổi hồ sơ nào.', 'The message changed no dossier.')}</p>`;
  return html`<ul class="plain">${changes.map(({ code, kind, before, status, at, movedStatus, anomaly }) => {
    const now = html`<strong>${word(say, STATUSES, status)}</strong>`;
    const moved = before === null ? now : html`${word(say, STATUSES, before)} → ${now}`;
    const kept = say(
      `vào lịch sử, trạng thái giữ nguyên (${word(say, STATUSES, status)})`,
      `in the history, the status stays (${word(say, STATUSES, status)})`,
    );
    return html`<li>${dossierLink(code)}: ${movedStatus ? moved : kept} <span class="note">${kind === 'progress' ? say('tiến độ', 'progress') : say('hồ sơ', 'dossier')}, ${timeOf(at)}</span>${
      anomaly ? html` ${badge(say, ANOMALIES, anomaly)}` : ''
    }</li>
`;
  })}</ul>`;
}

function resultTable(visit: Visit, operation: string | null, results: readonly Result[]): Html {
  const { say } = visit;
  const slice = sliceOf(visit, results, MOST_RESULTS);
  const { items, from, to } = slice;
  const isWhole = items.length === results.length;
  const [first, last] = [number(say, from + 1), number(say, to)];
  const mostNotes = Math.ceil(MOST_NOTES / Math.max(items.length, 1));
  return html`${table<Result>({
    caption: say(
      `${number(say, results.length)} mục${isWhole ? '' : `, hiện mục ${first}–${last}`}, theo thứ tự trong thông điệp`,
      `${counted(results.length, 'item', 'items')}${isWhole ? '' : `, here ${first} to ${last}`}, in the order of the message`,
    ),
    empty: say('Không có mục nào.', 'There are no items.'),
    items,
    columns: [
      { head: '#', cell: ({ index }) => (index === undefined ? '–' : index + 1) },
      { head: say('Mã', 'Code'), cell: ({ code }) => itemLink(operation, code) },
      { head: say('Kết quả', 'Outcome'), cell: ({ outcome = 'refused' }) => badge(say, ITEM_OUTCOMES, outcome) },
      { head: say('Lý do', 'Reason'), cell: (one) => whyOf(say, one, mostNotes) },
    ],
  })}${slicePager(visit, slice, {})}`;
}

function whyOf(say: Say, { problem, status, problems = [], warnings = [] }: Result, mostNotes: number): Html {
  if (problem !== undefined) return html`<span class="words">${String(status)}: ${String(problem)}</span>`;
  const all = [...problems, ...warnings];
  if (all.length === 0) return html`–`;
  const more = all.length - mostNotes;
  return html`<ul class="plain">${all
    .slice(0, mostNotes)
    .map(
      ({ path, message }) => html`<li><code>${String(path)}</code> <span class="words">${String(message)}</span></li>`,
    )}${more > 0 ? html`<li class="note">${say(`và ${more} ghi chú khác`, `and ${more} more`)}</li>` : ''}</ul>`;
}
