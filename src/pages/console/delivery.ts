import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { segment } from './api.ts';
import { bodyOf } from './body-text.ts';
import { settledOf, stateOf } from './delivery-table.ts';
import { statesOf, stateText } from './dossier-state.ts';
import { orderForm } from './forms.ts';
import { auditLink, dossierLink, facts, messageLink, operationOf, partyLink, reasonOf, told } from './parts.ts';
import { meaningOf, TURNS } from './reasons.ts';
import type { Replayed, WholeDelivery } from './records.ts';
import { refusalText, refusedScreen } from './refusals.ts';
import type { Site } from './site.ts';
import { timeAndAge, timeOf } from './times.ts';
import { may, type Screen, type Visit } from './visit.ts';
import { ATTEMPT_OUTCOMES, badge, REPLAY_OUTCOMES, word } from './words.ts';

type Attempt = WholeDelivery['attempts'][number];

/** One delivery: what became of it, attempt by attempt, and to tell it once more. */
export function addDelivery(site: Site): void {
  site.screen('/deliveries/:id', (visit) => deliveryScreen(visit, 'no'));
  // What went over the wire is a page of its own: each look at it is audited.
  site.screen('/deliveries/:id/wire', (visit) => deliveryScreen(visit, 'yes'));
  site.order('/deliveries/:id/replay', async ({ c, say, api }, form) => {
    const id = c.req.param('id') ?? '';
    const to = `/console/deliveries/${segment(id)}`;
    const { body, problem } = await api.post<Replayed>(`deliveries/${segment(id)}/replay`, { why: form('why') });
    if (!body) return { to, isDone: false, text: problem ? refusalText(say, problem) : '' };
    const isDone = body.outcome === 'replayed';
    return {
      to,
      isDone,
      text: isDone
        ? say(
            'Đã xếp gửi lại; bên nhận được tra cứu trước khi gửi.',
            'It is due again; the partner is asked before it is sent.',
          )
        : say(
            `Không có gì thay đổi: ${word(say, REPLAY_OUTCOMES, body.outcome)}.`,
            `Nothing changes: ${word(say, REPLAY_OUTCOMES, body.outcome)}.`,
          ),
    };
  });
}

async function deliveryScreen(visit: Visit, body: 'yes' | 'no'): Promise<Screen> {
  const { c, say, api } = visit;
  const id = c.req.param('id') ?? '';
  const title = say(`Lượt chuyển ${id}`, `Delivery ${id}`);
  const answer = await api.get<WholeDelivery>(`deliveries/${segment(id)}`, { body });
  const { body: found } = answer;
  if (!found) return refusedScreen(say, title, answer);
  const [state] = await statesOf(visit, found.code);
  return {
    title,
    body: html`<section class="card">${factsOf(visit, found, state && stateText(visit, state, found.version))}</section>
<p class="links">${auditLink(visit, 'delivery', found.id)}</p>
${replayForm(visit, found)}
<h2>${say('Các lần gửi', 'Attempts')}</h2>
${wireHint(visit, found, body === 'yes')}
${
  found.attempts.length === 0
    ? html`<p class="card note empty">${say('Chưa gửi lần nào.', 'It was not sent yet.')}</p>`
    : html`<ol class="attempts">${found.attempts.map((attempt, at) => attemptOf(visit, attempt, at + 1))}</ol>`
}`,
  };
}

function factsOf(visit: Visit, found: WholeDelivery, now: Html | undefined): Html {
  const { say, nowMs } = visit;
  return facts([
    [say('Tình trạng', 'State'), stateOf(visit, found)],
    [say('Hồ sơ', 'Dossier'), dossierLink(found.code)],
    [say('Hồ sơ hiện nay', 'The dossier now'), now],
    [say('Tới bên', 'To the party'), partyLink(found.party)],
    [
      say('Nội dung', 'What'),
      html`${operationOf(visit, found.operation)} <code class="note">${found.operation}</code>`,
    ],
    [say('Phiên bản hồ sơ', 'Version of the dossier'), found.version],
    [say('Từ thông điệp', 'Of the message'), messageLink(found.messageId)],
    [say('Tạo lúc', 'Came to be'), timeAndAge(say, found.createdAt, nowMs)],
    [say('Kết thúc lúc', 'Settled'), found.settledAt && settledOf(visit, found)],
    [say('Chuyển lại lúc', 'Replayed'), found.replayedAt && timeOf(found.replayedAt)],
    [say('Chờ vì', 'Waits for'), found.causeKey && html`<code>${found.causeKey}</code>`],
    [say('Lý do', 'Reason'), found.reason && reasonOf(visit, found.reason)],
    ...turnOf(visit, found),
    [say('Chi tiết', 'Detail'), found.detail && html`<span class="words">${told(say, found.detail)}</span>`],
    [say('Số tham chiếu của bên nhận', 'Reference of the partner'), found.reference],
  ]);
}

/** Whose turn it is, and what to do, where its reason tells it. */
function turnOf({ say }: Visit, { reason }: WholeDelivery): readonly (readonly [string, string])[] {
  const turn = reason === null ? undefined : meaningOf(reason)?.[2];
  if (turn === undefined) return [];
  const { whose, todo } = TURNS[turn];
  return [
    [say('Lỗi ở', 'Whose it is'), say(whose[0], whose[1])],
    [say('Nên làm', 'What to do'), say(todo[0], todo[1])],
  ];
}

/** What is on its way, or waits for a person, is not helped by telling it again. */
function replayForm(visit: Visit, { id, state }: WholeDelivery): Html {
  const { say } = visit;
  if (state === 'held')
    return html`<p class="card note">${say('Lượt này chờ người xử lý nguyên nhân, xem', 'It waits for a person to settle its cause, see')}
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
    return html`<p><a href="/console/deliveries/${id}">${say('« Ẩn nội dung đã truyền', '« Hide what went over the wire')}</a></p>`;
  if (attempts.length === 0) return html``;
  if (!attempts.some(({ hasWire }) => hasWire))
    return html`<p class="note">${say(
      'Nội dung đã truyền không giữ ở lượt này: lượt đầu của cùng cuộc gọi giữ nó.',
      'What went over the wire is not kept here: the first delivery of the same call keeps it.',
    )}</p>`;
  if (!may(visit, 'ops:body'))
    return html`<p class="note">${say('Xem nội dung đã truyền cần quyền ops:body.', 'To see what went over the wire takes ops:body.')}</p>`;
  return html`<p><a class="look" rel="nofollow" href="/console/deliveries/${id}/wire">${say(
    'Xem nội dung đã truyền',
    'See what went over the wire',
  )}</a> <span class="note">${say('(mỗi lần xem được ghi nhật ký)', '(each look is audited)')}</span></p>`;
}

/** @param number among all of its attempts: the interface counts anew after a replay */
function attemptOf(visit: Visit, { at, tookMs, outcome, reason, detail, wire }: Attempt, number: number): Html {
  const { say } = visit;
  return html`<li class="card"><h3>${say(`Lần ${number}`, `Attempt ${number}`)} ${badge(say, ATTEMPT_OUTCOMES, outcome)}</h3>
<p class="note">${timeOf(at)} · ${tookMs} ms${reason ? html` · ${reasonOf(visit, reason)}` : ''}</p>
${detail ? html`<p class="words">${told(say, detail)}</p>` : ''}
${(wire ?? []).map(
  ({ method, url, status, request, reply }) => html`<section class="call">
<h4><code>${method} ${url}</code> ${status === undefined ? say('không có trả lời', 'no reply') : html`→ <code>${status}</code>`}</h4>
<h5>${say('Đã gửi', 'Request')}</h5>${bodyOf(say, request)}
<h5>${say('Trả lời', 'Reply')}</h5>${bodyOf(say, reply)}
</section>`,
)}</li>
`;
}
