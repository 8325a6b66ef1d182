import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { messageLink, operationOf, partyLink } from './parts.ts';
import type { Message } from './records.ts';
import { timeAndAge } from './times.ts';
import type { Visit } from './visit.ts';
import { badge, MESSAGE_OUTCOMES } from './words.ts';

export function messageTable(visit: Visit, items: readonly Message[]): Html {
  const { say, nowMs } = visit;
  return table<Message>({
    caption: say(
      `Thông điệp trên trang này: ${items.length}, mới nhất trước`,
      `Messages on this page: ${items.length}, the newest first`,
    ),
    empty: say('Không có thông điệp nào.', 'There are no messages.'),
    items,
    columns: [
      { head: say('Thông điệp', 'Message'), cell: ({ id }) => messageLink(id) },
      { head: say('Nhận lúc', 'Received'), cell: ({ receivedAt }) => timeAndAge(say, receivedAt, nowMs) },
      { head: say('Từ', 'From'), cell: ({ party }) => partyLink(visit, party) },
      { head: say('Cổng tiếp nhận', 'Door'), cell: ({ door }) => html`<code>${door}</code>` },
      { head: say('Nội dung', 'What'), cell: ({ operation }) => operationOf(visit, operation) },
      { head: say('Kết quả', 'Outcome'), cell: ({ outcome }) => badge(say, MESSAGE_OUTCOMES, outcome) },
      { head: say('Tài khoản', 'Key'), cell: ({ keyName }) => keyName ?? '–' },
      { head: say('Cỡ', 'Size'), cell: ({ bodyBytes }) => sizeOf(bodyBytes), isNumber: true },
    ],
  });
}

export function sizeOf(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
