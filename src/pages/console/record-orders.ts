import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { segment } from './api.ts';
import { type OrderForm, orderForm, textField } from './forms.ts';
import { agencyField } from './parts.ts';
import { recordPath } from './record-queue.ts';
import type { QueuedRecordInFull } from './records.ts';
import { refusalText } from './refusals.ts';
import type { Site } from './site.ts';
import { may, type Visit } from './visit.ts';
import { QUESTION_STATES, word } from './words.ts';

type Order = QueuedRecordInFull['orders'][number];

interface OrderText {
  readonly title: string;
  readonly note: string;
  readonly fields?: Html;
}

/** The forms of the orders that are possible now. Each names the version that the officer saw. */
export function recordOrderForms(visit: Visit, { orders, version }: QueuedRecordInFull, path: string): Html {
  const { say } = visit;
  if (orders.length === 0) return html``;
  if (!may(visit, 'ops:replay'))
    return html`<p class="card note">${say('Xử lý cần quyền ops:replay.', 'Orders need the scope ops:replay.')}</p>`;
  return html`<section class="decide" aria-label="${say('Xử lý', 'Orders')}">${orders.map((order, at) => {
    const { title, note, fields = html`` } = textOf(visit, order);
    const form: OrderForm = {
      to: `${path}/orders`,
      button: title,
      why: 'must',
      hidden: { order, version: String(version) },
      fields,
    };
    return html`<details class="card"${at === 0 ? html` open` : ''}><summary>${title}</summary>
<p class="note">${note}</p>${orderForm(visit, form)}</details>
`;
  })}</section>`;
}

function textOf(visit: Visit, order: Order): OrderText {
  const { say } = visit;
  const unit = textField('unit', say('Đơn vị trả lời', 'Answering unit'));
  switch (order) {
    case 'assign':
      return {
        title: say('Phân công', 'Assign'),
        note: say('Giao cho một cơ quan trả lời.', 'Names the agency that answers.'),
        fields: agencyField(visit, '', say('Cơ quan trả lời', 'Answering agency'), {
          name: 'agencyCode',
          isRequired: true,
        }),
      };
    case 'answer':
      return {
        title: say('Trả lời', 'Answer'),
        note: say('Câu trả lời được chuyển tới các bên theo tuyến.', 'The routes deliver the answer.'),
        fields: html`<label class="wide">${say('Nội dung trả lời', 'Answer')}<textarea name="text" rows="6" maxlength="20000" required></textarea></label>${unit}`,
      };
    case 'publish':
      return {
        title: say('Công khai', 'Publish'),
        note: say(
          'Mọi người đọc được câu hỏi và câu trả lời; tên người hỏi được che.',
          'Everybody can read the question and its answers. The name of the asker is masked.',
        ),
      };
    case 'refuse':
      return {
        title: say('Từ chối', 'Refuse'),
        note: say('Người gửi đọc được lý do dưới đây.', 'The person reads the reason below.'),
        fields: unit,
      };
    case 'hold':
      return {
        title: say('Tạm giữ', 'Hold'),
        note: say(
          'Trục không chuyển, không công khai cho đến khi có quyết định.',
          'The hub forwards and publishes nothing of it until a decision.',
        ),
      };
    case 'release':
      return {
        title: say('Cho qua', 'Release'),
        note: say(
          'Không phải khiếu nại, tố cáo, hoặc không còn lý do tạm giữ: nội dung trở lại trạng thái trước và được chuyển đi theo tuyến.',
          'It is no complaint, or the reason to hold it has ended. It returns to its earlier state, and the routes deliver it.',
        ),
      };
    case 'dismiss':
      return {
        title: say('Giữ lại, không xử lý trên trục', 'Keep it held'),
        note: say(
          'Là khiếu nại, tố cáo: trục không bao giờ chuyển, không công khai; xử lý theo Luật Khiếu nại, Luật Tố cáo ngoài trục.',
          'It is a complaint or a denunciation. The hub never forwards or publishes it. Its procedure by law takes place outside the hub.',
        ),
      };
  }
}

/** Sends the order of a form. */
export function addRecordOrders(site: Site): void {
  site.order('/records/:kind/:code/orders', async ({ c, say, api }, form) => {
    const { kind, code } = c.req.param() as { kind: string; code: string };
    const given = ['order', 'agencyCode', 'text', 'unit', 'why'].map((name) => [name, form(name)]);
    const order = { ...Object.fromEntries(given), version: Number(form('version')) };
    const { body, problem } = await api.post<{ state: string }>(
      `records/${segment(kind)}/${segment(code)}/orders`,
      order,
    );
    const to = recordPath(kind, code);
    if (!body) return { to, isDone: false, text: problem ? refusalText(say, problem) : '' };
    const state = word(say, QUESTION_STATES, body.state);
    return { to, isDone: true, text: say(`Đã thực hiện. Trạng thái: ${state}.`, `Done. The state is: ${state}.`) };
  });
}
