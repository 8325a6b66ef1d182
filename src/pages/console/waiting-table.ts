import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import {
  itemLink,
  listCaption,
  longText,
  messageLink,
  operationOf,
  type Part,
  partyLink,
  withoutPointer,
} from './parts.ts';
import type { Waiting } from './records.ts';
import { timeAndAge } from './times.ts';
import type { Visit } from './visit.ts';
import { SETTLEMENTS, word } from './words.ts';

/** Items and deliveries that wait, or waited, for an operator. */
export function waitingTable(visit: Visit, list: Part<Waiting>): Html {
  const { say, nowMs } = visit;
  const settled = {
    head: say('Đã xử lý', 'Settled'),
    cell: ({ settlement, settledBy }: Waiting) =>
      settlement === null ? '–' : `${word(say, SETTLEMENTS, settlement)}${settledBy ? ` (${settledBy})` : ''}`,
  };
  return table<Waiting>({
    caption: listCaption(
      visit,
      list,
      ['mục chờ', 'waiting item', 'waiting items'],
      ['cũ nhất trước', 'the oldest first'],
    ),
    empty: say('Không có mục nào đang chờ.', 'Nothing is waiting.'),
    items: list.items,
    columns: [
      {
        head: say('Mục', 'Row'),
        cell: ({ id, settledAt }) => (settledAt === null ? html`<a href="/console/quarantine/${id}">${id}</a>` : id),
      },
      {
        head: say('Hồ sơ, bản ghi', 'Dossier or record'),
        cell: ({ operation, code }) => itemLink(operation, code),
      },
      { head: say('Bên', 'Party'), cell: ({ party }) => partyLink(visit, party) },
      { head: say('Nội dung', 'What'), cell: ({ operation }) => operationOf(visit, operation) },
      { head: say('Lý do', 'Reason'), cell: ({ detail }) => longText(detail && withoutPointer(detail), 80) },
      { head: say('Chờ từ', 'Since'), cell: ({ openedAt }) => timeAndAge(say, openedAt, nowMs) },
      {
        head: say('Từ', 'Of'),
        cell: ({ deliveryId, messageId }) =>
          deliveryId === null
            ? html`${say('thông điệp', 'message')} ${messageLink(messageId)}`
            : html`${say('lượt', 'delivery')} <a href="/console/deliveries/${deliveryId}">${deliveryId}</a>`,
      },
      ...(list.items.some(({ settlement }) => settlement !== null) ? [settled] : []),
    ],
  });
}
