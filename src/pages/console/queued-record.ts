import { html } from 'hono/html';
import { capitalised } from '#core/vietnamese/text';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { dayOrMoment } from '../words.ts';
import { type Problem, segment } from './api.ts';
import type { Form } from './forms.ts';
import {
  agencyCodeOf,
  agencyOf,
  auditLink,
  dossierLink,
  facts,
  listCaption,
  messageLink,
  named,
  pager,
  queryOf,
  senderLink,
} from './parts.ts';
import { recordOrderForms } from './record-orders.ts';
import { recordPath } from './record-queue.ts';
import type { QueuedRecordInFull } from './records.ts';
import { refusalNote, refusedScreen, statusOf } from './refusals.ts';
import type { Site } from './site.ts';
import { timeAndAge, timeOf } from './times.ts';
import { longTextsIn, textsToCopy } from './unsent.ts';
import type { Screen, Visit } from './visit.ts';
import { badge, DUE, QUESTION_STATES, QUEUED_KINDS, word } from './words.ts';

/** What the screen reads of a question or petition. The API masks people unless the key has index:personal. */
interface Content {
  readonly content?: string;
  readonly askedAt?: string;
  readonly sentAt?: string;
  readonly dossierCode?: string;
  readonly visibility?: string;
  readonly asker?: Person;
  readonly sender?: Person;
  readonly answers?: readonly Answer[];
}

interface Person {
  readonly name?: string;
  readonly address?: string;
  readonly phone?: string;
  readonly email?: string;
}

interface Answer {
  readonly at: string;
  readonly by?: string;
  /** The position of the person. */
  readonly title?: string;
  readonly unit?: string;
  readonly content: string;
}

/** One question or petition: what was received, its history, and the orders. */
export function addQueuedRecord(site: Site): void {
  site.screen(PATH, (visit) => recordScreen(visit));
  // At the address of the page, which shows the form again when the order is refused.
  site.order(PATH, async (visit, form) => {
    const { c, say, api } = visit;
    const { kind, code } = c.req.param() as { kind: string; code: string };
    const given = ['order', 'agencyCode', 'text', 'unit', 'why'].map((name) => [name, form(name)]);
    const agencyCode = await agencyCodeOf(visit, form('agencyCode'));
    const order = { ...Object.fromEntries(given), agencyCode, version: Number(form('version')) };
    const { body, problem } = await api.post<{ state: string }>(
      `records/${segment(kind)}/${segment(code)}/orders`,
      order,
    );
    if (!body) return recordScreen(visit, { form, problem });
    const state = word(say, QUESTION_STATES, body.state);
    const text = say(`Đã thực hiện. Trạng thái: ${state}.`, `Done. The state is: ${state}.`);
    return { to: recordPath(kind, code), isDone: true, text };
  });
}

const PATH = '/records/:kind/:code';

interface Refused {
  readonly form: Form;
  readonly problem: Problem | undefined;
}

/** @param refused an order that was refused, to be corrected */
async function recordScreen(visit: Visit, refused?: Refused): Promise<Screen> {
  const { c, say, api } = visit;
  const { kind, code } = c.req.param() as { kind: string; code: string };
  const title = `${capitalised(word(say, QUEUED_KINDS, kind))} ${code}`;
  const { body, problem } = await api.get<QueuedRecordInFull>(
    `records/${segment(kind)}/${segment(code)}`,
    queryOf(visit, ['cursor']),
  );
  if (!body) return notRead(say, title, problem, refused);
  return {
    title,
    status: refused ? statusOf(refused.problem) : 200,
    body: html`${refusalNote(say, refused?.problem)}<section class="card">${factsOf(visit, body)}
<p class="links">${auditLink(visit, 'record', `${kind} ${body.code}`)}
<a href="/console/records">${say('Về danh sách', 'To the list')}</a></p></section>
${contentOf(visit, body)}
${recordOrderForms(visit, body, recordPath(kind, body.code), refused?.form)}
<h2>${say('Diễn biến', 'History')}</h2>
${historyOf(visit, body)}`,
  };
}

/** A refused order, whose page cannot be shown with its form either. */
function notRead(say: Say, title: string, problem: Problem | undefined, refused: Refused | undefined): Screen {
  const screen = refusedScreen(say, title, { problem });
  return refused ? { ...screen, body: html`${screen.body}${textsToCopy(say, longTextsIn(refused.form))}` } : screen;
}

function factsOf(visit: Visit, one: QueuedRecordInFull): Html {
  const { say, nowMs } = visit;
  const { dossierCode, visibility } = contentIn(one);
  const isPrivate = visibility === 'private';
  return facts([
    [say('Trạng thái', 'State'), html`${badge(say, QUESTION_STATES, one.state)} ${timeOf(one.stateAt)}`],
    [
      say('Hạn trả lời', 'Deadline'),
      html`${timeAndAge(say, one.dueAt, nowMs)}${one.isOverdue ? html` ${badge(say, DUE, 'overdue')}` : ''}`,
    ],
    [say('Cơ quan', 'Agency'), one.agencyCode && agencyOf(visit, one)],
    [say('Thủ tục', 'Service'), one.service && named(visit, one.service)],
    [say('Hồ sơ', 'Dossier'), dossierCode && dossierLink(dossierCode)],
    [say('Bên gửi', 'Sender'), senderLink(visit, one.owner)],
    [
      say('Công khai', 'Public'),
      isPrivate ? say('không, người hỏi yêu cầu riêng tư', 'no, the asker wants it private') : undefined,
    ],
  ]);
}

function contentIn({ record }: QueuedRecordInFull): Content {
  return (record ?? {}) as Content;
}

function contentOf({ say }: Visit, one: QueuedRecordInFull): Html {
  if (one.record === null)
    return html`<p class="card note">${say('Xem nội dung cần quyền ops:body.', 'The content needs the scope ops:body.')}</p>`;
  const { content, askedAt, sentAt, asker, sender, answers = [] } = contentIn(one);
  const { name, address, phone, email } = asker ?? sender ?? {};
  return html`<section class="card"><h2>${say('Nội dung nhận được', 'What was received')}</h2>
<p class="words">${content}</p>${facts([
    [say('Lúc', 'At'), timeOf(askedAt ?? sentAt)],
    [say('Người gửi', 'Person'), [name, address, phone, email].filter(Boolean).join(' · ')],
  ])}</section>
${answers.map(
  ({ at, by, title, unit, content: text }) => html`<section class="card"><h2>${say('Trả lời', 'Answer')}</h2>
<p class="words">${text}</p><p class="note">${[by, title, unit].map((one) => one && html`${one} · `)}${dayOrMoment(at)}</p></section>
`,
)}`;
}

function historyOf(visit: Visit, { history, nextHistory: next, totalHistory: total }: QueuedRecordInFull): Html {
  const { say } = visit;
  return html`${table<QueuedRecordInFull['history'][number]>({
    caption: listCaption(
      visit,
      { items: history, next, total },
      ['diễn biến', 'event', 'events'],
      ['theo thời điểm diễn ra', 'in the order of event time'],
    ),
    empty: say('Chưa có diễn biến.', 'No events.'),
    items: history,
    columns: [
      { head: say('Lúc', 'At'), cell: ({ at }) => timeOf(at) },
      { head: say('Trạng thái', 'State'), cell: ({ state }) => badge(say, QUESTION_STATES, state) },
      { head: say('Bên gửi', 'Party'), cell: ({ party }) => senderLink(visit, party) },
      { head: say('Nhận lúc', 'Received'), cell: ({ receivedAt }) => timeOf(receivedAt) },
      { head: say('Thông điệp', 'Message'), cell: ({ messageId }) => messageLink(messageId) },
    ],
  })}${pager(visit, { next }, {})}`;
}
