import { html } from 'hono/html';
import { instantToMs } from '#core/dates/dates';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import {
  isRepeated,
  listCaption,
  longText,
  operationOf,
  type Part,
  partyLink,
  reasonOf,
  subjectLink,
  whenEmpty,
} from './parts.ts';
import type { Delivery } from './records.ts';
import { ageOf, timeAndAge, timeOf } from './times.ts';
import type { Visit } from './visit.ts';
import { badge, DELIVERY_STATES } from './words.ts';

/** @param of the page of a dossier needs no column for the dossier, and that of a message has the oldest first */
export function deliveryTable(
  visit: Visit,
  list: Part<Delivery>,
  of: 'all' | 'one-dossier' | 'one-message' = 'all',
): Html {
  const { say } = visit;
  return table<Delivery>({
    caption: listCaption(
      visit,
      list,
      ['lượt chuyển', 'delivery', 'deliveries'],
      of === 'one-message' ? ['cũ nhất trước', 'the oldest first'] : ['mới nhất trước', 'the newest first'],
    ),
    empty: whenEmpty(visit, list, say('Không có lượt chuyển nào.', 'There are no deliveries.')),
    items: list.items,
    columns: [
      {
        head: say('Lượt', 'Delivery'),
        cell: ({ id, operation, code }) =>
          html`<a href="/console/deliveries/${id}">${id}</a>${
            of !== 'one-dossier' && isRecord(code)
              ? ''
              : html`<br><span class="note">${operationOf(visit, operation)}</span>`
          }`,
      },
      { head: say('Tình trạng', 'State'), cell: (one) => html`${stateOf(visit, one)}${attemptsOf(visit, one)}` },
      ...(of !== 'one-dossier'
        ? [{ head: say('Hồ sơ, bản ghi', 'Dossier or record'), cell: ({ code }: Delivery) => subjectLink(visit, code) }]
        : []),
      { head: say('Tới', 'To'), cell: ({ party }) => partyLink(visit, party) },
      { head: say('Lý do', 'Reason'), cell: (one) => whyOf(visit, one) },
      { head: say('Tạo lúc', 'Since'), cell: ({ createdAt }) => timeAndAge(say, createdAt, visit.nowMs) },
    ],
  });
}

function attemptsOf({ say }: Visit, { attempts }: Delivery): Html {
  return attempts > 1
    ? html`<br><span class="note">${say(`${attempts} lần gửi`, `${attempts} attempts`)}</span>`
    : html``;
}

/** Whether it is about a record, whose kind stands beside its code. */
const isRecord = (subject: string): boolean => subject.includes(' ');

/** The state of a delivery, and what comes next. */
export function stateOf(visit: Visit, delivery: Omit<Delivery, 'attempts'>): Html {
  const { say } = visit;
  const { state, doubt } = delivery;
  if (state !== 'due') return badge(say, DELIVERY_STATES, state);
  const notes = [nextOf(visit, delivery), doubt && say('tra cứu trước khi gửi', 'looked up first')].filter(Boolean);
  return html`${badge(say, DELIVERY_STATES, state)}${notes.map((note, at) => html`${at > 0 && ' ·'} <span class="note">${note}</span>`)}`;
}

/** For a due delivery: when it is sent, or after which other one. */
function nextOf(
  { say, nowMs }: Visit,
  { isOnItsWay, behind, nextAt }: Omit<Delivery, 'attempts'>,
): Html | string | undefined {
  if (isOnItsWay) return say('đang gửi', 'on its way');
  if (behind !== null)
    return html`${say('sau lượt', 'after delivery')} <a href="/console/deliveries/${behind}">${behind}</a>`;
  if (nextAt === undefined) return undefined;
  if (instantToMs(nextAt) <= nowMs) return say('tới lượt gửi', 'ready to send');
  const next = ageOf(say, nextAt, nowMs);
  return say(`thử lại: ${next}`, `next try: ${next}`);
}

function whyOf(visit: Visit, { reason, detail }: Delivery): Html {
  if (!reason && !detail) return html`–`;
  const more = detail && !isRepeated(visit, reason, detail) ? longText(detail, 90) : '';
  return html`${reason ? reasonOf(visit, reason) : ''}${reason && more ? html`<br>` : ''}${more}`;
}

export function settledOf({ say, nowMs }: Visit, { settledAt }: Pick<Delivery, 'settledAt'>): Html {
  return settledAt === null ? timeOf(settledAt) : timeAndAge(say, settledAt, nowMs);
}
