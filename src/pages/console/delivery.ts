import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { emptyState } from '../parts/parts.ts';
import { number } from '../words.ts';
import { segment } from './api.ts';
import { bodyOf } from './body-text.ts';
import { settledOf, stateOf } from './delivery-table.ts';
import { statesOf, stateText } from './dossier-state.ts';
import { orderForm } from './forms.ts';
import { auditLink, causeOf, facts, messageLink, operationOf, partyLink, reasonOf, subjectLink } from './parts.ts';
import { meaningOf, TURNS } from './reasons.ts';
import type { Replayed, WholeDelivery } from './records.ts';
import { refusalText, refusedOrder, refusedScreen } from './refusals.ts';
import type { Site } from './site.ts';
import { timeAndAge, timeOf } from './times.ts';
import { may, type Screen, type Visit } from './visit.ts';
import { ATTEMPT_OUTCOMES, badge, REPLAY_OUTCOMES, word } from './words.ts';

type Attempt = WholeDelivery['attempts'][number];

/** One delivery with its attempts, and a form that sends it again. */
export function addDelivery(site: Site): void {
  site.screen('/deliveries/:id', (visit) => deliveryScreen(visit, 'no'));
  // The exchanged messages have a page of their own, because each look is audited.
  site.screen('/deliveries/:id/wire', (visit) => deliveryScreen(visit, 'yes'));
  site.order('/deliveries/:id/replay', async ({ c, say, api }, form) => {
    const id = c.req.param('id') ?? '';
    const to = `/console/deliveries/${segment(id)}`;
    const { body, problem } = await api.post<Replayed>(`deliveries/${segment(id)}/replay`, { why: form('why') });
    if (!body) return refusedOrder(say, to, problem);
    const isDone = body.outcome === 'replayed';
    return {
      to,
      isDone,
      text: isDone
        ? say(
            'Đã xếp hàng gửi lại; trục tra cứu ở bên nhận trước khi gửi.',
            'The delivery is due again. The hub looks it up at the partner before it sends.',
          )
        : say(
            `Không có gì thay đổi: ${word(say, REPLAY_OUTCOMES, body.outcome)}.`,
            `Nothing changed: ${word(say, REPLAY_OUTCOMES, body.outcome)}.`,
          ),
    };
  });
}

/** The place of an attempt on the page of its delivery. */
export function attemptPath(id: number, number: number): string {
  return `/console/deliveries/${id}#attempt-${number}`;
}

async function deliveryScreen(visit: Visit, body: 'yes' | 'no'): Promise<Screen> {
  const { c, say, api } = visit;
  const id = c.req.param('id') ?? '';
  const title = say(`Lượt chuyển ${id}`, `Delivery ${id}`);
  const answer = await api.get<WholeDelivery>(`deliveries/${segment(id)}`, { body });
  const { body: found } = answer;
  if (!found) return refusedScreen(say, title, answer);
  const now = await nowOf(visit, found);
  return {
    title,
    body: html`<section class="card">${factsOf(visit, found, now)}</section>
<p class="links">${auditLink(visit, 'delivery', found.id)}</p>
${replayForm(visit, found)}
<h2>${say('Các lần gửi', 'Attempts')}</h2>
${wireHint(visit, found, body === 'yes')}
${
  found.attempts.length === 0
    ? emptyState('inbox', say('Chưa gửi lần nào.', 'No attempt was made yet.'))
    : html`<ol class="attempts">${found.attempts.map((attempt) => attemptOf(visit, attempt))}</ol>`
}`,
  };
}

/** The dossier's state, or why it could not be read. Undefined for another record. */
async function nowOf(visit: Visit, { code, version }: WholeDelivery): Promise<Html | string | undefined> {
  const { body = [], problem } = await statesOf(visit, code);
  const [state] = body;
  if (problem) return refusalText(visit.say, problem);
  return state && stateText(visit, state, version);
}

function factsOf(visit: Visit, found: WholeDelivery, now: Html | string | undefined): Html {
  const { say, nowMs } = visit;
  return facts([
    [say('Tình trạng', 'State'), stateOf(visit, found)],
    [say('Hồ sơ, bản ghi', 'Dossier or record'), subjectLink(visit, found.code)],
    [say('Hồ sơ hiện nay', 'The dossier now'), now],
    [say('Tới bên', 'To the party'), partyLink(visit, found.party)],
    [
      say('Nội dung', 'What'),
      html`${operationOf(visit, found.operation)} <code class="note">${found.operation}</code>`,
    ],
    [say('Phiên bản', 'Version'), found.version],
    [say('Từ thông điệp', 'Of the message'), messageLink(found.messageId)],
    [say('Tạo lúc', 'Created'), timeAndAge(say, found.createdAt, nowMs)],
    [say('Kết thúc lúc', 'Settled'), found.settledAt && settledOf(visit, found)],
    [say('Chuyển lại lúc', 'Replayed'), found.replayedAt && timeOf(found.replayedAt)],
    [say('Lý do chờ', 'Waits for'), found.causeKey && causeOf(visit, found.causeKey)],
    [say('Lý do', 'Reason'), found.reason && reasonOf(visit, found.reason)],
    ...turnOf(visit, found),
    [say('Chi tiết', 'Detail'), found.detail && html`<span class="words">${found.detail}</span>`],
    [say('Số tham chiếu của bên nhận', 'Reference of the partner'), found.reference],
  ]);
}

/** The responsible party and the next step, if the reason implies them. */
function turnOf({ say }: Visit, { reason }: WholeDelivery): readonly (readonly [string, string])[] {
  const turn = reason === null ? undefined : meaningOf(reason)?.[2];
  if (turn === undefined) return [];
  const { whose, todo } = TURNS[turn];
  return [
    [say('Lỗi ở', 'Responsible'), say(whose[0], whose[1])],
    [say('Nên làm', 'What to do'), say(todo[0], todo[1])],
  ];
}

/** A delivery in progress, or one that waits for a person, cannot be replayed. */
function replayForm(visit: Visit, { id, state }: WholeDelivery): Html {
  const { say } = visit;
  if (state === 'held')
    return html`<p class="card note">${say('Lượt này chờ cán bộ xử lý nguyên nhân, xem', 'It waits until an operator resolves its cause, see')}
<a href="/console/quarantine">${say('Chờ xử lý', 'Quarantine')}</a>.</p>`;
  if (state === 'due' || !may(visit, 'ops:replay')) return html``;
  return html`<section class="card">${orderForm(visit, {
    to: `/console/deliveries/${id}/replay`,
    button: say('Chuyển lại', 'Replay'),
    why: 'may',
  })}</section>`;
}

function wireHint(visit: Visit, { id, attempts }: WholeDelivery, isShown: boolean): Html {
  const { say } = visit;
  if (isShown)
    return html`<p><a href="/console/deliveries/${id}">${say('« Ẩn nội dung đã truyền', '« Hide the exchanged messages')}</a></p>`;
  if (attempts.length === 0) return html``;
  if (!attempts.some(({ hasWire }) => hasWire))
    return html`<p class="note">${say(
      'Nội dung đã truyền không lưu ở lượt này mà lưu ở lượt đầu tiên của cùng cuộc gọi.',
      'The exchanged messages are stored with the first delivery of the same call.',
    )}</p>`;
  if (!may(visit, 'ops:body'))
    return html`<p class="note">${say('Cần quyền ops:body để xem nội dung đã truyền.', 'To see the exchanged messages, you need the scope ops:body.')}</p>`;
  return html`<p><a class="look" rel="nofollow" href="/console/deliveries/${id}/wire">${say(
    'Xem nội dung đã truyền',
    'Show the exchanged messages',
  )}</a> <span class="note">${say('(mỗi lần xem được ghi nhật ký)', '(each look is audited)')}</span></p>`;
}

function attemptOf(visit: Visit, { number: nth, at, tookMs, outcome, reason, detail, wire }: Attempt): Html {
  const { say } = visit;
  return html`<li class="card" id="attempt-${nth}"><h3>${say(`Lần ${nth}`, `Attempt ${nth}`)} ${badge(say, ATTEMPT_OUTCOMES, outcome)}</h3>
<p class="note">${timeOf(at)} · ${number(say, tookMs)} ms${reason ? html` · ${reasonOf(visit, reason)}` : ''}</p>
${detail ? html`<p class="words">${detail}</p>` : ''}
${(wire ?? []).map(
  ({ method, url, status, request, reply }) => html`<section class="call">
<h4><code>${method} ${url}</code> ${status === undefined ? say('không có trả lời', 'no reply') : html`→ <code>${status}</code>`}</h4>
<h5>${say('Đã gửi', 'Request')}</h5>${bodyOf(say, request)}
<h5>${say('Trả lời', 'Reply')}</h5>${bodyOf(say, reply)}
</section>`,
)}</li>
`;
}
