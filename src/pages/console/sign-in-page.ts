import type { Context } from 'hono';
import { html } from 'hono/html';
import type { Say } from '../language.ts';
import { type Html, show } from '../layout.ts';
import type { ConsoleContext } from './console-context.ts';
import { messageCard, takeFlashMessage } from './flash-message.ts';
import { ownerOf } from './frame.ts';
import { unsentTexts } from './unsent.ts';

/** The target after sign-in. Only a page of the console is allowed. */
export function safeNext(next: string | undefined): string {
  return next !== undefined && !next.includes('..') && /^\/console(?:\/[\w/.:%~-]*)?(?:\?[^\s\\]*)?$/.test(next)
    ? next
    : '/console';
}

/** What the officer comes from and typed. The secret is never shown again. */
interface Given {
  readonly next: string | undefined;
  readonly id?: string;
  /** Long texts of an order that the end of the session stopped. Nothing stores them until the officer has signed in. */
  readonly unsent?: readonly string[];
}

/** The page on which an officer signs in. @param why the last attempt, or an order, was not accepted */
export function signInPage(
  c: Context,
  hub: ConsoleContext,
  status: 200 | 401 | 403 | 429,
  given: Given,
  why?: (say: Say) => string,
): Response | Promise<Response> {
  const message = takeFlashMessage(c, hub);
  return show(c, (say) => ({
    title: say('Đăng nhập', 'Sign in'),
    ...ownerOf(hub, say),
    links: [],
    status,
    body: html`${message ? messageCard(message) : ''}${why ? html`<p class="card" role="alert">${why(say)}</p>` : ''}${unsentTexts(say('Nội dung chưa gửi; hãy sao chép trước khi đăng nhập', 'The text that was not sent; copy it before you sign in'), given.unsent ?? [])}${signInForm(say, given)}`,
  }));
}

function signInForm(say: Say, given: Given): Html {
  const next = safeNext(given.next);
  const { id = '' } = given;
  // The focus is on the first field to fill in.
  const focused = html` autofocus`;
  return html`<form class="card sign-in" method="post" action="/console/sign-in">
<input type="hidden" name="next" value="${next}">
<label>${say('Tên đăng nhập', 'Key id')}<input name="id" value="${id}" autocomplete="username" required maxlength="100"${id === '' ? focused : ''}></label>
<label>${say('Mật khẩu', 'Secret of the key')}<input type="password" name="secret" autocomplete="current-password" required maxlength="1000"${id === '' ? '' : focused}></label>
<button>${say('Đăng nhập', 'Sign in')}</button>
<p class="note">${say(
    'Sử dụng tài khoản có quyền ops:read trong cấu hình. Phiên làm việc kéo dài 8 giờ; mọi thao tác được ghi nhật ký theo tên đăng nhập.',
    'Use a configured key with the scope ops:read. A session lasts 8 hours. The audit records everything you do under this key.',
  )}</p>
<p class="note">${say('Đã đăng nhập nhưng vẫn thấy trang này?', 'Signed in, but still on this page?')} <a href="${next}">${say(
    'Mở tiếp',
    'Go on',
  )}</a></p>
</form>`;
}
