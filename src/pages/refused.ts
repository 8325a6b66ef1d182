import { html } from 'hono/html';
import type { Refusal } from '../http/problem.ts';
import type { Say } from './language.ts';
import type { Shown } from './layout.ts';

type Page = Pick<Shown, 'title' | 'body' | 'status'>;

/** A refusal in the reader's words; what went wrong inside is in the log, not here. */
export function refusedPage(say: Say, { status, problems }: Pick<Refusal, 'status' | 'problems'>): Page {
  if (status === 503)
    return pageOf(503, say('Hiện chưa xem được', 'Not available now'), [
      say(
        'Hệ thống đang bận hoặc được bảo trì. Xin thử lại sau ít phút.',
        'The hub is busy or being maintained. Please try again in a few minutes.',
      ),
    ]);
  if (status < 500)
    return wrongPage(
      say,
      problems.map(({ path }) => path.replace(/^\?/, '')),
    );
  return pageOf(500, say('Có lỗi', 'Something went wrong'), [
    say('Có lỗi ở hệ thống. Xin thử lại sau.', 'Something went wrong here. Please try again later.'),
  ]);
}

/** @param names of the parameters of the address that cannot be used */
export function wrongPage(say: Say, names: readonly string[]): Page {
  const detail =
    names.length === 0
      ? say('Địa chỉ có phần không dùng được.', 'A part of the address cannot be used.')
      : say(
          `Phần này của địa chỉ không dùng được: ${names.join(', ')}.`,
          `This part of the address cannot be used: ${names.join(', ')}.`,
        );
  return pageOf(400, say('Địa chỉ không đúng', 'The address is not right'), [
    detail,
    say('Hãy bắt đầu lại từ một trong các trang ở trên.', 'Please begin anew from one of the pages above.'),
  ]);
}

export function missingPage(say: Say, detail: string): Page {
  return pageOf(404, say('Không tìm thấy', 'Not found'), [detail]);
}

function pageOf(status: NonNullable<Shown['status']>, title: string, lines: readonly string[]): Page {
  return {
    status,
    title,
    body: html`<div class="card" role="alert">${lines.map((line) => html`<p>${line}</p>`)}</div>`,
  };
}
