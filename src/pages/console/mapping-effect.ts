import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { figures } from '../parts/parts.ts';
import { table } from '../parts/table.ts';
import { dossierLink, facts, messageLink, partyLink } from './parts.ts';
import type { MappingChange, MappingEffect } from './records.ts';
import { timeOf } from './times.ts';
import type { Visit } from './visit.ts';
import { badge, EFFECT_KINDS, STATUSES, word } from './words.ts';

/** What a change of a code table would have read otherwise: counts, statuses and recipients. */
export function effectOf(visit: Visit, effect: NonNullable<MappingChange['effect']> | MappingEffect): Html {
  const { say } = visit;
  const { looked, counts, dossiers, statuses, recipients, waiting } = effect;
  return html`<p class="note">${say(
    `Đã đọc lại ${looked.items} mục trong ${looked.messages} thông điệp${looked.isAll ? '' : ', chưa phải tất cả'}, từ`,
    `Read ${looked.items} items of ${looked.messages} messages again${looked.isAll ? '' : ', not all of them'}, since`,
  )} ${timeOf(looked.since)}</p>
${figures([
  {
    value: counts.readable,
    what: say('mục sẽ đọc được', 'items would be read'),
    tone: counts.readable > 0 ? 'good' : 'plain',
  },
  {
    value: counts.changed,
    what: say('mục sẽ có giá trị khác', 'items would have other values'),
    tone: counts.changed > 0 ? 'warn' : 'plain',
  },
  {
    value: counts.unreadable,
    what: say('mục không còn đọc được', 'items would no longer be read'),
    tone: counts.unreadable > 0 ? 'bad' : 'plain',
  },
  { value: dossiers, what: say('hồ sơ sẽ khác', 'dossiers would differ') },
])}${facts([
  [
    say('Trạng thái', 'Statuses'),
    statuses.length === 0
      ? undefined
      : html`${statuses.map(
          ({ was, would, items }) =>
            html`<div>${statusOf(visit, was)} → <strong>${statusOf(visit, would)}</strong>: ${items}</div>`,
        )}`,
  ],
  [
    say('Sẽ được chuyển tới', 'Would be sent to'),
    recipients.length === 0
      ? say('không bên nào', 'nobody')
      : html`${recipients.map(({ party, deliveries }) => html`<div>${partyLink(visit, party)}: ${deliveries}</div>`)}`,
  ],
  [
    say('Đang chờ các mã này', 'Waiting for these codes'),
    say(
      `${waiting.items} mục, ${waiting.deliveries} lượt chuyển`,
      `${waiting.items} items, ${waiting.deliveries} deliveries`,
    ),
  ],
])}`;
}

function statusOf({ say }: Visit, status: string): string {
  return status === '' ? say('chưa đọc được', 'not read') : word(say, STATUSES, status);
}

/** The first items that would be read differently, with each member before and after. */
export function effectItems({ say }: Visit, { items }: MappingEffect): Html {
  return table<MappingEffect['items'][number]>({
    caption: say('Các mục đầu tiên, mới nhất trước', 'The first items, newest first'),
    empty: say('Không có mục nào đọc khác trước.', 'No item would be read differently.'),
    items,
    columns: [
      { head: say('Hồ sơ', 'Dossier'), cell: ({ code }) => dossierLink(code) },
      { head: say('Khác đi', 'Otherwise'), cell: ({ kind }) => badge(say, EFFECT_KINDS, kind) },
      {
        head: say('Trước → sau', 'Before → after'),
        cell: ({ changes, problems }) =>
          html`${changes.map(
            ({ path, was, would }) =>
              html`<div><code>${path}</code>: ${textOf(was)} → <strong>${textOf(would)}</strong></div>`,
          )}${problems.map(({ path, message }) => html`<div class="note"><code>${path}</code> ${message}</div>`)}`,
      },
      {
        head: say('Thông điệp', 'Message'),
        cell: ({ messageId, item }) => html`${messageLink(messageId)} · ${item}`,
      },
    ],
  });
}

function textOf(value: unknown): string {
  return value === null ? '–' : typeof value === 'string' ? value : JSON.stringify(value);
}
