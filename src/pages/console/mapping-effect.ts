import { html } from 'hono/html';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { figures } from '../parts/parts.ts';
import { table } from '../parts/table.ts';
import { amount, counted, number } from '../words.ts';
import { queryText } from './api.ts';
import { dossierLink, facts, listCaption, messageLink, pager, partyLink, type Query, queryOf } from './parts.ts';
import type { MappingChange, MappingEffect } from './records.ts';
import { timeOf } from './times.ts';
import type { Visit } from './visit.ts';
import { badge, changedMember, EFFECT_KINDS, memberOf, STATUSES, word } from './words.ts';

/** What a change of a code table would have read otherwise: counts, statuses and recipients. */
export function effectOf(visit: Visit, effect: NonNullable<MappingChange['effect']> | MappingEffect): Html {
  const { say } = visit;
  const { looked, counts, dossiers, statuses, recipients, waiting } = effect;
  return html`<p class="note">${say(
    `Đã đọc lại ${readAgain(say, looked)}${looked.isAll ? '' : ', chưa phải tất cả'}, từ`,
    `Read ${readAgain(say, looked)} again${looked.isAll ? '' : ', not all of them'}, since`,
  )} ${timeOf(looked.since)}</p>
${figures([
  {
    value: number(say, counts.readable),
    what: say('mục sẽ đọc được', 'items would be read'),
    tone: counts.readable > 0 ? 'good' : 'plain',
  },
  {
    value: number(say, counts.changed),
    what: say('mục sẽ có giá trị khác', 'items would have other values'),
    tone: counts.changed > 0 ? 'warn' : 'plain',
  },
  {
    value: number(say, counts.unreadable),
    what: say('mục không còn đọc được', 'items would no longer be read'),
    tone: counts.unreadable > 0 ? 'bad' : 'plain',
  },
  { value: number(say, dossiers), what: say('hồ sơ sẽ khác', 'dossiers would differ') },
])}${facts([
  [
    say('Trạng thái', 'Statuses'),
    statuses.length === 0
      ? undefined
      : html`${statuses.map(
          ({ was, would, items }) =>
            html`<div>${statusOf(visit, was)} → <strong>${statusOf(visit, would)}</strong>: ${number(say, items)}</div>`,
        )}`,
  ],
  [
    say('Sẽ được chuyển tới', 'Would be sent to'),
    recipients.length === 0
      ? say('không bên nào', 'nobody')
      : html`${recipients.map(({ party, deliveries }) => html`<div>${partyLink(visit, party)}: ${number(say, deliveries)}</div>`)}`,
  ],
  [say('Đang chờ các mã này', 'Waiting for these codes'), waitingFor(say, waiting)],
])}`;
}

/** With it, the rest of a page comes within 150 ms. */
const FIRST_LOOK_MS = 80;

/** How long a page reads messages: as long as the hub allows for a later page of items, and where the officer wants all. */
export function mostMsOf(visit: Visit): number | undefined {
  const { whole, cursor } = queryOf(visit, ['whole', 'cursor']);
  return whole === undefined && cursor === undefined ? FIRST_LOOK_MS : undefined;
}

/** A link to the whole effect, where the page did not read every message. @param query of the page */
export function wholeLink(visit: Visit, { isAll }: Pick<MappingEffect['looked'], 'isAll'>, query: Query = {}): Html {
  if (isAll || mostMsOf(visit) === undefined) return html``;
  const { c, say } = visit;
  return html`<p><a href="${c.req.path}${queryText({ ...query, whole: '1' })}">${say(
    'Đọc lại hết, tối đa 10 giây »',
    'Read all of them, for ten seconds at most »',
  )}</a></p>`;
}

type Looked = Pick<MappingEffect['looked'], 'items' | 'messages'>;

/** Text: how many items of how many messages were read again. */
export const readAgain = (say: Say, { items, messages }: Looked): string =>
  say(
    `${number(say, items)} mục trong ${number(say, messages)} thông điệp`,
    `${counted(items, 'item', 'items')} of ${counted(messages, 'message', 'messages')}`,
  );

/** Text: how many items and deliveries wait. */
export const waitingFor = (say: Say, { items, deliveries }: MappingEffect['waiting']): string =>
  `${amount(say, items, ITEMS)}, ${amount(say, deliveries, DELIVERIES)}`;

const ITEMS = ['mục', 'item', 'items'] as const;
const DELIVERIES = ['lượt chuyển', 'delivery', 'deliveries'] as const;

function statusOf({ say }: Visit, status: string): string {
  return status === '' ? say('chưa đọc được', 'not read') : word(say, STATUSES, status);
}

/** The items that would be read differently, with each member before and after. */
export function effectItems(visit: Visit, { items, next, counts }: MappingEffect): Html {
  const { say } = visit;
  const total = Object.values(counts).reduce((sum, one) => sum + one, 0);
  return html`${table<MappingEffect['items'][number]>({
    caption: listCaption(
      visit,
      { items, next, total },
      ['mục', 'item', 'items'],
      ['mới nhất trước', 'the newest first'],
    ),
    empty: say('Không có mục nào đọc khác trước.', 'No item would be read differently.'),
    items,
    columns: [
      { head: say('Hồ sơ', 'Dossier'), cell: ({ code }) => dossierLink(code) },
      { head: say('Thay đổi', 'Otherwise'), cell: ({ kind }) => badge(say, EFFECT_KINDS, kind) },
      {
        head: say('Trước → sau', 'Before → after'),
        cell: ({ changes, problems }) =>
          html`${changes.map((one) => changedMember(say, one))}${problems.map(({ path, message }) => html`<div class="note">${memberOf(say, path)}: ${message}</div>`)}`,
      },
      {
        head: say('Thông điệp', 'Message'),
        cell: ({ messageId, item }) => html`${messageLink(messageId)} · ${item}`,
      },
    ],
  })}${pager(visit, { next }, {})}`;
}
