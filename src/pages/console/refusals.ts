import { html } from 'hono/html';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import type { Answer, Problem } from './api.ts';
import { told } from './parts.ts';
import { plainTimeOf } from './times.ts';
import type { Screen } from './visit.ts';
import { ACTIONS, word } from './words.ts';

/** Why the interface refused something, in words. */
export function refusalText(say: Say, { status, detail: said, decided }: Problem): string {
  if (decided) {
    const at = plainTimeOf(decided.at);
    const what = `${word(say, ACTIONS, `quarantine.${decided.action}`)}${decided.to ? ` → ${decided.to}` : ''}`;
    return say(
      `${decided.who} đã quyết định trước, lúc ${at}: ${what}. Yêu cầu này không làm gì cả.`,
      `${decided.who} decided before, at ${at}: ${what}. Nothing of this order was done.`,
    );
  }
  const detail = told(say, said);
  if (status === 403)
    return say(`Khoá đang dùng không có quyền này: ${detail}.`, `The key does not allow this: ${detail}.`);
  if (status === 404) return say(`Không tìm thấy: ${detail}.`, `Not found: ${detail}.`);
  if (status === 400) return say(`Yêu cầu chưa dùng được: ${detail}.`, `The request is not usable: ${detail}.`);
  if (status === 503)
    return say(
      'Cơ sở dữ liệu không trả lời; hãy thử lại sau ít giây.',
      'The database does not answer; try again soon.',
    );
  return say(`Trục không làm được: ${detail}.`, `The hub could not do it: ${detail}.`);
}

export function refusalNote(say: Say, problem: Problem | undefined): Html {
  return problem ? html`<p class="card" role="alert">${refusalText(say, problem)}</p>` : html``;
}

const SHOWN_STATUSES = [400, 403, 404, 408, 409, 500, 503] as const;

/** A screen whose one thing could not be read. */
export function refusedScreen(say: Say, title: string, { problem }: Pick<Answer<unknown>, 'problem'>): Screen {
  const status = SHOWN_STATUSES.find((one) => one === problem?.status) ?? 500;
  return { title, status, body: refusalNote(say, problem) };
}

/** A form that nobody has filled in by hand. */
export function tooLarge(say: Say): Screen {
  return {
    title: say('Biểu mẫu quá lớn', 'The form is too large'),
    status: 400,
    body: html`<p class="card" role="alert">${say('Không làm gì cả.', 'Nothing was done.')}</p>`,
  };
}

/** A form that is not of this session, or comes from elsewhere. */
export function crossSite(say: Say): Screen {
  return {
    title: say('Không làm gì cả', 'Nothing was done'),
    status: 403,
    body: html`<p class="card" role="alert">${say(
      'Biểu mẫu này không phải của phiên làm việc hiện tại, hoặc được gửi từ trang khác. Hãy mở lại trang rồi làm lại.',
      'The form is not of this session, or was sent from another site. Open the page again, and repeat it.',
    )}</p>`,
  };
}
