import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { number } from '../words.ts';
import { listCaption, messageLink, operationOf, type Part, partyLink, whenEmpty } from './parts.ts';
import type { Message } from './records.ts';
import { timeAndAge } from './times.ts';
import type { Visit } from './visit.ts';
import { badge, MESSAGE_OUTCOMES, type WordTable, word } from './words.ts';

export function messageTable(visit: Visit, list: Part<Message>): Html {
  const { say, nowMs } = visit;
  return table<Message>({
    caption: listCaption(visit, list, ['thông điệp', 'message', 'messages'], ['mới nhất trước', 'the newest first']),
    empty: whenEmpty(visit, list, say('Không có thông điệp nào.', 'There are no messages.')),
    items: list.items,
    columns: [
      { head: say('Thông điệp', 'Message'), cell: ({ id }) => messageLink(id) },
      { head: say('Nhận lúc', 'Received'), cell: ({ receivedAt }) => timeAndAge(say, receivedAt, nowMs) },
      { head: say('Từ', 'From'), cell: (one) => senderOf(visit, one) },
      { head: say('Cổng tiếp nhận', 'Door'), cell: ({ door }) => doorName(visit, door) },
      { head: say('Nội dung', 'What'), cell: ({ operation }) => operationOf(visit, operation) },
      { head: say('Kết quả', 'Outcome'), cell: ({ outcome }) => badge(say, MESSAGE_OUTCOMES, outcome) },
      { head: say('Cỡ', 'Size'), cell: ({ bodyBytes }) => sizeOf(visit, bodyBytes), isNumber: true },
    ],
  });
}

/** The party, and the key where its name says more. */
function senderOf(visit: Visit, { party, keyName }: Message): Html {
  const isOwn = keyName === null || keyName === party;
  return html`${partyLink(visit, party)}${isOwn ? '' : html`<br><span class="note">${visit.say('tài khoản', 'key')} ${keyName}</span>`}`;
}

const DOORS = {
  rest: ['giao diện REST', 'REST'],
  soap: ['dịch vụ SOAP', 'SOAP'],
  pull: ['trục lấy về', 'pulled'],
  callback: ['thông báo của bên kết nối', 'callback'],
  answer: ['trả lời của bên nhận', 'answer of a receiver'],
  release: ['cho qua từ Chờ xử lý', 'released from quarantine'],
  officer: ['cán bộ thao tác', 'order of an officer'],
  public: ['trang công khai', 'public pages'],
  import: ['nhập tệp', 'imported file'],
  reconcile: ['đối soát', 'reconciliation'],
} as const satisfies WordTable;

/** How a message came, with the code of the door in small. */
export function doorOf(visit: Pick<Visit, 'say'>, door: string): Html {
  return isKnown(door) ? html`${doorName(visit, door)} <code class="note">${door}</code>` : doorName(visit, door);
}

/** The same for a narrow column. The code of a known door is in its title. Another door is that of a dialect. */
function doorName({ say }: Pick<Visit, 'say'>, door: string): Html {
  return isKnown(door)
    ? html`<span title="${door}">${word(say, DOORS, kindOf(door))}</span>`
    : html`${say('giao diện', 'dialect')} <code class="note">${door}</code>`;
}

const kindOf = (door: string): string => door.split(':')[0] ?? '';

const isKnown = (door: string): boolean => Object.hasOwn(DOORS, kindOf(door));

export function sizeOf({ say }: Pick<Visit, 'say'>, bytes: number): string {
  const inUnits = (unit: number, name: string): string =>
    `${number(say, Math.round(bytes / (unit / 10)) / 10)}\u00a0${name}`;
  if (bytes < 1_000) return `${bytes}\u00a0B`;
  return bytes < 1_000_000 ? inUnits(1_000, 'kB') : inUnits(1_000_000, 'MB');
}
