import { randomUUID } from 'node:crypto';
import { html } from 'hono/html';
import type { OfferedServices } from '../../catalogue/read.ts';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { trapField } from '../own-form.ts';
import { optionsOf } from '../parts/parts.ts';

export const FIELDS = ['name', 'address', 'phone', 'email', 'field', 'agency', 'service', 'content', 'hidden'] as const;
export type Field = (typeof FIELDS)[number];
/** What a citizen typed. */
export type Typed = Readonly<Partial<Record<Field, string>>>;

const LONGEST_CONTENT = 5_000;

/**
 * The form of a question, with each error beside its field.
 *
 * @param ticket of a form that is sent again; a new form has a new one
 */
export function askForm(
  say: Say,
  { fields, agencies }: OfferedServices,
  typed: Typed,
  wrong: readonly Field[],
  ticket: string = randomUUID(),
): Html {
  const none = say('Không chọn', 'None');
  const input = (name: Field, label: string, more: Html | string = '') => html`<label>${label}
<input name="${name}" value="${typed[name] ?? ''}"${more}${mark(name, wrong)}>${beside(say, name, typed, wrong)}</label>`;
  return html`${wrong.length > 0 && html`<p class="card" role="alert">${say('Một số ô chưa đúng hoặc còn thiếu, xem bên dưới.', 'Some fields are missing or not valid, see below.')}</p>`}
<form class="card entries" method="post" action="/questions/ask">
<p class="note">${say(
    'Cần có họ tên và ít nhất một trong: địa chỉ, điện thoại, thư điện tử. Khi công khai, họ tên được che và cách liên hệ không hiển thị.',
    'Give your name, and an address, a phone number or an e-mail address. When an answer is published, your name is masked and nothing else of you is shown.',
  )}</p>
${input('name', say('Họ và tên', 'Name'), html` required maxlength="200" autocomplete="name"`)}
${input('phone', say('Điện thoại (để theo dõi câu hỏi)', 'Phone (to follow the question)'), html` type="tel" maxlength="30" autocomplete="tel"`)}
${input('email', say('Thư điện tử (để theo dõi nếu không có điện thoại)', 'E-mail (to follow it without a phone)'), html` type="email" maxlength="200" autocomplete="email"`)}
${input('address', say('Địa chỉ', 'Address'), html` maxlength="500" autocomplete="street-address"`)}
<label>${say('Lĩnh vực', 'Field')}<select name="field"${mark('field', wrong)}>${optionsOf(fields, typed.field ?? '', none)}</select>${beside(say, 'field', typed, wrong)}</label>
<label>${say('Cơ quan', 'Agency')}<select name="agency"${mark('agency', wrong)}>${optionsOf(agencies, typed.agency ?? '', none)}</select>${beside(say, 'agency', typed, wrong)}</label>
${input('service', say('Mã thủ tục (nếu biết)', 'Code of the service (if known)'), html` maxlength="100" autocomplete="off" spellcheck="false"`)}
<label>${say('Nội dung câu hỏi', 'Question')}
<textarea name="content" rows="6" required maxlength="${LONGEST_CONTENT}"${mark('content', wrong)}>${typed.content ?? ''}</textarea>${beside(say, 'content', typed, wrong)}</label>
<label class="choice"><input type="checkbox" name="hidden" value="1"${typed.hidden ? html` checked` : ''}> ${say('Không công khai câu hỏi này', 'Do not publish this question')}</label>
${trapField(say)}
<input type="hidden" name="ticket" value="${ticket}">
<button>${say('Gửi câu hỏi', 'Send the question')}</button>
<p class="note">${say(
    'Không gửi khiếu nại, tố cáo tại đây. Vui lòng gửi đơn đến cơ quan có thẩm quyền giải quyết hoặc nơi tiếp công dân, theo Luật Khiếu nại, Luật Tố cáo.',
    'Do not send complaints or denunciations here. Please send them to the competent authority or to a citizen reception office, by the Law on Complaints and the Law on Denunciations.',
  )}</p>
</form>`;
}

function mark(name: Field, wrong: readonly Field[]): Html | string {
  return wrong.includes(name) ? html` aria-invalid="true" aria-describedby="${name}-wrong"` : '';
}

function beside(say: Say, name: Field, typed: Typed, wrong: readonly Field[]): Html | string {
  if (!wrong.includes(name)) return '';
  return html`<span class="bad" id="${name}-wrong">${typed[name] === undefined ? missing(say, name) : notValid(say, name)}</span>`;
}

function missing(say: Say, name: Field): string {
  if (name === 'name') return say('Vui lòng nhập họ và tên.', 'Enter your name.');
  if (name === 'content') return say('Vui lòng nhập nội dung câu hỏi.', 'Enter the question.');
  return say(
    'Vui lòng nhập ít nhất một trong: điện thoại, thư điện tử, địa chỉ.',
    'Enter at least one of phone, e-mail and address.',
  );
}

function notValid(say: Say, name: Field): string {
  switch (name) {
    case 'phone':
      return say('Số điện thoại không đúng, ví dụ: 0912345678.', 'The phone number is not valid, such as 0912345678.');
    case 'email':
      return say('Thư điện tử không đúng, ví dụ: ten@example.vn.', 'The e-mail is not valid, such as name@example.vn.');
    case 'service':
      return say('Mã thủ tục không đúng, ví dụ: 1.001193.', 'The code is not valid, such as 1.001193.');
    default:
      return say('Nội dung không hợp lệ hoặc quá dài.', 'The text is not valid or too long.');
  }
}
