import { html } from 'hono/html';
import type { Refusal } from '../http/problem.ts';
import type { Say } from './language.ts';
import type { Shown } from './layout.ts';

type Page = Pick<Shown, 'title' | 'body' | 'status'>;

/** A refusal in the reader's words. Internal errors are only in the log. */
export function refusedPage(say: Say, { status, problems }: Pick<Refusal, 'status' | 'problems'>): Page {
  if (status === 503)
    return pageOf(503, say('Hiện chưa xem được', 'Not available now'), [
      say(
        'Hệ thống đang bận hoặc đang bảo trì. Vui lòng thử lại sau ít phút.',
        'The system is busy or under maintenance. Please try again in a few minutes.',
      ),
    ]);
  if (status < 500)
    return wrongPage(
      say,
      problems.map(({ path }) => path.replace(/^\?/, '')),
    );
  return pageOf(500, say('Hệ thống gặp lỗi', 'Something went wrong'), [
    say('Hệ thống gặp lỗi. Vui lòng thử lại sau.', 'Something went wrong here. Please try again later.'),
  ]);
}

/** @param names the URL parameters that are not valid */
export function wrongPage(say: Say, names: readonly string[]): Page {
  const detail =
    names.length === 0
      ? say('Địa chỉ trang không hợp lệ.', 'A part of the address is not valid.')
      : say(
          `Địa chỉ trang có tham số không hợp lệ: ${names.join(', ')}.`,
          `This part of the address is not valid: ${names.join(', ')}.`,
        );
  const again = say('Vui lòng bắt đầu lại từ đây:', 'Please start again from here:');
  return withWays(say, pageOf(400, say('Địa chỉ không đúng', 'Invalid address'), [detail, again]));
}

export function missingPage(say: Say, detail: string): Page {
  return withWays(say, pageOf(404, say('Không tìm thấy', 'Not found'), [detail]));
}

/** The menu of a phone is closed, so the page itself has the ways on. */
function withWays(say: Say, { body, ...page }: Page): Page {
  const ways = html`<p class="ways"><a class="button" href="/">${say('Tra cứu hồ sơ', 'Look up a dossier')}</a> <a class="button quiet" href="/services">${say('Tìm thủ tục hành chính', 'Find a service')}</a></p>`;
  return { ...page, body: html`${body}${ways}` };
}

function pageOf(status: NonNullable<Shown['status']>, title: string, lines: readonly string[]): Page {
  return {
    status,
    title,
    body: html`<div class="card" role="alert">${lines.map((line) => html`<p>${line}</p>`)}</div>`,
  };
}
