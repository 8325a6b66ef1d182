import { html } from 'hono/html';
import { capitalised } from '#core/vietnamese/text';
import { say as words } from '#messages/message';
import { render } from '#messages/render';
import type { Language, Say } from '../language.ts';
import type { Html } from '../layout.ts';
import type { Answer, Problem } from './api.ts';
import type { FlashMessage } from './flash-message.ts';
import { plainTimeOf } from './times.ts';
import { textsToCopy } from './unsent.ts';
import type { Screen } from './visit.ts';
import { ACTIONS, type WordTable, word } from './words.ts';

/** The fields of filters, by their parameters. */
const FIELDS = {
  from: ['Từ ngày', 'From'],
  to: ['Đến ngày', 'To'],
  receivedFrom: ['Tiếp nhận từ ngày', 'Received from'],
  receivedTo: ['Tiếp nhận đến ngày', 'Received to'],
  period: ['Kỳ báo cáo', 'Period'],
  within: ['Hạn trả kết quả', 'Deadline'],
  code: ['Mã hồ sơ', 'Dossier code'],
  agency: ['Cơ quan', 'Agency'],
  reason: ['Lý do', 'Reason'],
  subject: ['Đối tượng', 'Subject'],
} as const satisfies WordTable;

/** Why the API refused a request, in words. */
export function refusalText(say: Say, { status, detail: whole, decided }: Problem): string {
  // The parameter at the beginning, as its field is called.
  const detail = whole.replace(/^\?(\w+)/, (parameter, name) =>
    Object.hasOwn(FIELDS, name) ? `“${word(say, FIELDS, name)}”` : parameter,
  );
  if (decided) {
    const at = plainTimeOf(decided.at);
    const what = `${word(say, ACTIONS, `quarantine.${decided.action}`)}${decided.to ? ` → ${decided.to}` : ''}`;
    return say(
      `${decided.who} đã quyết định trước, lúc ${at}: ${what}. Yêu cầu này không được thực hiện.`,
      `${decided.who} already decided at ${at}: ${what}. This order changed nothing.`,
    );
  }
  // A conflict is a whole sentence already.
  if (status === 409) return say(`Chưa thực hiện: ${detail}.`, `Nothing was done: ${detail}.`);
  if (status === 403)
    return say(`Tài khoản đang dùng không có quyền này: ${detail}.`, `The key does not allow this: ${detail}.`);
  if (status === 404) return say(`Không tìm thấy: ${detail}.`, `Not found: ${detail}.`);
  if (status === 400) return say(`Yêu cầu chưa hợp lệ: ${detail}.`, `The request is not valid: ${detail}.`);
  if (status === 408)
    return say(
      `Nội dung chưa gửi xong thì kết nối dừng; trục chưa nhận gì. Hãy gửi lại: ${detail}.`,
      `The connection stopped before everything arrived, and the hub took nothing. Send it again: ${detail}.`,
    );
  if (status === 413)
    return say(`Quá lớn, trục chưa nhận gì: ${detail}.`, `Too large, the hub took nothing: ${detail}.`);
  if (status === 429) return say(`Quá nhiều yêu cầu cùng lúc: ${detail}.`, `Too many requests at once: ${detail}.`);
  if (status === 503) return `${capitalised(forNow(say, detail))}.`;
  return say(`Trục không thực hiện được: ${detail}.`, `The hub could not do it: ${detail}.`);
}

/** Where nothing was stored, the officer only has to try again. Other refusals say what to do. */
function forNow(say: Say, detail: string): string {
  const nothingKept = render(words('nothing-kept', { why: '' }), say('vi', 'en') as Language);
  if (!detail.endsWith(nothingKept)) return detail;
  return `${detail.slice(0, -nothingKept.length)}; ${say('hãy thử lại sau ít giây', 'try again soon')}`;
}

export function refusalNote(say: Say, problem: Problem | undefined): Html {
  return problem ? html`<p class="card" role="alert">${refusalText(say, problem)}</p>` : html``;
}

/** Leads an officer whose order the API refused back to its page. */
export function refusedOrder(say: Say, to: string, problem: Problem | undefined): FlashMessage {
  return { to, isDone: false, text: problem ? refusalText(say, problem) : '', status: statusOf(problem) };
}

const SHOWN_STATUSES = [400, 403, 404, 408, 409, 429, 500, 503] as const;

/** The screen when its only content could not be read. */
export function refusedScreen(say: Say, title: string, { problem }: Pick<Answer<unknown>, 'problem'>): Screen {
  return { title, status: statusOf(problem), body: refusalNote(say, problem) };
}

/** The status of a page about a refusal. */
export function statusOf(problem: Problem | undefined): NonNullable<Screen['status']> {
  return SHOWN_STATUSES.find((one) => one === problem?.status) ?? 500;
}

/** A form that is too large to be filled in by hand. */
export function tooLarge(say: Say): Screen {
  return {
    title: say('Biểu mẫu quá lớn', 'The form is too large'),
    status: 400,
    body: html`<p class="card" role="alert">${say('Yêu cầu không được thực hiện.', 'Nothing was done.')}</p>`,
  };
}

/** A form of another session, or one that another site sent. */
export function crossSite(say: Say, unsent: readonly string[] = []): Screen {
  return {
    title: say('Yêu cầu không được thực hiện', 'Nothing was done'),
    status: 403,
    body: html`<p class="card" role="alert">${say(
      'Biểu mẫu này không phải của phiên làm việc hiện tại, hoặc được gửi từ trang khác. Hãy mở lại trang rồi làm lại.',
      'The form belongs to another session, or another site sent it. Open the page again and repeat the order.',
    )}</p>${textsToCopy(say, unsent)}`,
  };
}
