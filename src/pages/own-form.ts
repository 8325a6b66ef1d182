import type { Context } from 'hono';
import { html } from 'hono/html';
import { readForm } from '../http/body.ts';
import type { Refusal } from '../http/problem.ts';
import type { Say } from './language.ts';
import type { Html, Shown } from './layout.ts';

const MOST_BYTES = 64 * 1024;

/** Why a form that stores something is not read. */
export type Unread = 'elsewhere' | 'too-large' | 'trapped';

/**
 * The fields of a form that stores something of a citizen.
 *
 * Browsers name the site of a form in Sec-Fetch-Site. Pages without a referrer send no Origin that could be compared.
 */
export async function readOwnForm(c: Context): Promise<URLSearchParams | Unread> {
  const site = c.req.header('sec-fetch-site');
  if (site === 'cross-site' || site === 'same-site') return 'elsewhere';
  try {
    const sent = await readForm(c, MOST_BYTES);
    return sent.get('website') ? 'trapped' : sent;
  } catch (error) {
    if ((error as Partial<Refusal>).kind === 'too-large') return 'too-large';
    throw error;
  }
}

/** A page about a form that was not read. */
export function unreadPage(say: Say, why: Unread): Pick<Shown, 'title' | 'body' | 'status'> {
  const [status, text] = {
    elsewhere: [403, say('Biểu mẫu được gửi từ một trang khác.', 'The form was sent from another site.')],
    'too-large': [413, say('Nội dung quá dài.', 'The text is too long.')],
    trapped: [
      400,
      say(
        'Biểu mẫu có nội dung ở ô ẩn dùng để chống gửi tự động. Vui lòng tắt chức năng tự điền của trình duyệt.',
        'The hidden field that stops programs has text. Please switch off the automatic fill-in of your browser.',
      ),
    ],
  }[why] as [403 | 413 | 400, string];
  return {
    title: say('Chưa gửi được', 'Not sent'),
    status,
    body: html`<p class="card" role="alert">${text} ${say('Vui lòng gửi lại trên trang này.', 'Please send it again on this site.')}</p>`,
  };
}

/** A field that people do not see. Programs that fill every field give themselves away. */
export function trapField(say: Say): Html {
  return html`<label class="trap" aria-hidden="true">${say('Để trống ô này', 'Leave this empty')}
<input name="website" tabindex="-1" autocomplete="off"></label>`;
}
