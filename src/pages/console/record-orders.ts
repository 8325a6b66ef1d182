import { html } from 'hono/html';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { type Form, type OrderForm, orderForm, textField } from './forms.ts';
import { agencyField } from './parts.ts';
import type { QueuedRecordInFull } from './records.ts';
import { may, type Visit } from './visit.ts';

type Order = QueuedRecordInFull['orders'][number];

interface OrderText {
  readonly title: string;
  readonly note: string;
  readonly fields?: Html;
}

/**
 * The forms of the orders that are possible now. Each names the version that the officer saw.
 *
 * @param refused the form of a refused order, to be corrected
 */
export function recordOrderForms(visit: Visit, record: QueuedRecordInFull, path: string, refused?: Form): Html {
  const { orders, version } = record;
  const { say } = visit;
  const unsent = unsentText(visit, orders, refused);
  if (orders.length === 0) return unsent;
  if (!may(visit, 'ops:replay'))
    return html`<p class="card note">${say('Xử lý cần quyền ops:replay.', 'Orders need the scope ops:replay.')}</p>`;
  const first = orders.find((order) => order === refused?.('order')) ?? nextOf(record);
  return html`${unsent}<section class="decide" aria-label="${say('Xử lý', 'Orders')}">${orders.map((order) => {
    const given = order === refused?.('order') ? refused : nothing;
    const { title, note, fields = html`` } = textOf(visit, order, given);
    const form: OrderForm = {
      to: path,
      button: title,
      why: 'must',
      whyGiven: given('why'),
      hidden: { order, version: String(version) },
      fields,
    };
    return html`<details class="card"${order === first ? html` open` : ''}><summary>${title}</summary>
<p class="note">${note}</p>${orderForm(visit, form)}</details>
`;
  })}</section>`;
}

const nothing: Form = () => undefined;

/** The order that mostly comes next: an answer from the agency, then its publication. */
function nextOf({ orders, agencyCode }: QueuedRecordInFull): Order | undefined {
  if (orders.includes('publish')) return 'publish';
  return agencyCode !== null && orders.includes('answer') ? 'answer' : orders[0];
}

/** The answer that an officer wrote, where the record has come into a state that takes no answer. */
function unsentText({ say }: Visit, orders: readonly Order[], refused: Form | undefined): Html {
  const text = refused?.('text');
  if (text === undefined || orders.includes('answer')) return html``;
  return html`<section class="card"><h2>${say('Câu trả lời chưa gửi', 'The answer that was not sent')}</h2><p class="words">${text}</p></section>`;
}

/** What a decision about a held question or petition means, here and on the page of its cause. */
export function heldText(say: Say, decision: 'release' | 'dismiss'): OrderText {
  if (decision === 'release')
    return {
      title: say('Cho qua', 'Release'),
      note: say(
        'Không phải khiếu nại, tố cáo, hoặc không còn lý do tạm giữ: nội dung trở lại trạng thái trước và được chuyển đi theo tuyến.',
        'It is no complaint, or the reason to hold it has ended. It returns to its earlier state, and the routes deliver it.',
      ),
    };
  return {
    title: say('Giữ lại, không xử lý trên trục', 'Keep it held'),
    note: say(
      'Là khiếu nại, tố cáo: trục không bao giờ chuyển, không công khai; xử lý theo Luật Khiếu nại, Luật Tố cáo ngoài trục.',
      'It is a complaint or a denunciation. The hub never forwards or publishes it. Its procedure by law takes place outside the hub.',
    ),
  };
}

function textOf(visit: Visit, order: Order, given: Form): OrderText {
  const { say } = visit;
  const unit = textField('unit', say('Đơn vị trả lời', 'Answering unit'), given('unit'));
  switch (order) {
    case 'assign':
      return {
        title: say('Phân công', 'Assign'),
        note: say('Giao cho một cơ quan trả lời.', 'Names the agency that answers.'),
        fields: agencyField(visit, given('agencyCode'), say('Cơ quan trả lời', 'Answering agency'), {
          name: 'agencyCode',
          isRequired: true,
        }),
      };
    case 'answer':
      return {
        title: say('Trả lời', 'Answer'),
        note: say('Câu trả lời được chuyển tới các bên theo tuyến.', 'The routes deliver the answer.'),
        fields: html`<label class="wide">${say('Nội dung trả lời', 'Answer')}<textarea name="text" rows="6" maxlength="20000" required>${given('text') ?? ''}</textarea></label>${unit}`,
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
    case 'dismiss':
      return heldText(say, order);
  }
}
