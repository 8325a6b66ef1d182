import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { messageLink, operationOf, partyLink } from './parts.ts';
import type { Message } from './records.ts';
import { timeAndAge } from './times.ts';
import type { Visit } from './visit.ts';
import { badge, MESSAGE_OUTCOMES, type Words, word } from './words.ts';

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
      { head: say('Cổng tiếp nhận', 'Door'), cell: ({ door }) => doorOf(visit, door) },
      { head: say('Nội dung', 'What'), cell: ({ operation }) => operationOf(visit, operation) },
      { head: say('Kết quả', 'Outcome'), cell: ({ outcome }) => badge(say, MESSAGE_OUTCOMES, outcome) },
      { head: say('Tài khoản', 'Key'), cell: ({ keyName }) => keyName ?? '–' },
      { head: say('Cỡ', 'Size'), cell: ({ bodyBytes }) => sizeOf(bodyBytes), isNumber: true },
    ],
  });
}

const DOORS = {
  rest: ['giao diện REST', 'REST'],
  soap: ['dịch vụ SOAP', 'SOAP'],
  pull: ['trục lấy về', 'pulled'],
  callback: ['bên kia gọi lại', 'callback'],
  answer: ['trả lời của bên nhận', 'answer of a receiver'],
  release: ['cho qua từ Chờ xử lý', 'released from quarantine'],
  officer: ['cán bộ thao tác', 'order of an officer'],
  public: ['trang công khai', 'public pages'],
  import: ['nhập tệp', 'imported file'],
  reconcile: ['đối soát', 'reconciliation'],
} as const satisfies Words;

/** How a message came, with the code of the door in small. */
export function doorOf({ say }: Visit, door: string): Html {
  const [kind = ''] = door.split(':');
  const code = html`<code class="note">${door}</code>`;
  return Object.hasOwn(DOORS, kind) ? html`${word(say, DOORS, kind)} ${code}` : code;
}

export function sizeOf(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
