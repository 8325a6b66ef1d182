import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { counted, number } from '../words.ts';
import { segment } from './api.ts';
import { orderForm } from './forms.ts';
import { facts, isFirstPage, listCaption, type Part, pager, queryOf, restLink, subjectLink } from './parts.ts';
import type { Erasure, LegalHold, Listed, Retention } from './records.ts';
import { refusalNote, refusedOrder } from './refusals.ts';
import type { Site } from './site.ts';
import { kindName, subjectFields, subjectOf } from './subject-form.ts';
import { timeAndAge } from './times.ts';
import { isUnsent } from './unsent.ts';
import { may, type Visit } from './visit.ts';
import { ERASURE_CAUSES, PAYMENT_STATES, POSTAL_STATES, QUESTION_STATES, STATUSES, word } from './words.ts';

/** How long personal data stays, what is due, what was erased, and what must stay for a procedure of law. */
export function addRetention(site: Site): void {
  site.screen('/retention', async (visit) => {
    const { say, api } = visit;
    const [plan, holds, erasures] = await Promise.all([
      api.get<Retention>('retention'),
      api.get<Listed<LegalHold>>('legal-holds', { limit: SHOWN }),
      api.get<Listed<Erasure>>('erasures', queryOf(visit, ['cursor'])),
    ]);
    return {
      title: say('Lưu giữ và xóa dữ liệu cá nhân', 'Retention and erasure of personal data'),
      body: html`${refusalNote(say, plan.problem)}${
        isFirstPage(visit)
          ? html`${plan.body ? rulesOf(visit, plan.body) : ''}
<h2>${say('Lệnh giữ dữ liệu', 'Legal holds')}</h2>
${refusalNote(say, holds.problem)}${holds.body ? html`${holdTable(visit, holds.body)}${restLink(visit, holds.body, HOLDS)}` : ''}
${may(visit, 'ops:configure') ? holdForm(visit) : ''}`
          : ''
      }
<h2>${say('Đã xóa', 'Erased')}</h2>
${may(visit, 'ops:erase') ? html`<p class="acts"><a class="button" href="/console/erase">${say('Xóa dữ liệu của một người', 'Erase the data of one person')}</a></p>` : ''}
${refusalNote(say, erasures.problem)}${
  erasures.body ? html`${erasureTable(visit, erasures.body)}${pager(visit, erasures.body, {})}` : ''
}`,
    };
  });
  site.screen('/legal-holds', async (visit) => {
    const { say, api } = visit;
    const { body, problem } = await api.get<Listed<LegalHold>>('legal-holds', queryOf(visit, ['cursor']));
    return {
      title: say('Lệnh giữ dữ liệu', 'Legal holds'),
      body: html`<p><a href="${TO}">${say('« Lưu giữ và xóa', '« Retention and erasure')}</a></p>
${refusalNote(say, problem)}${body ? html`${holdTable(visit, body)}${pager(visit, body, {})}` : ''}`,
    };
  });
  addHoldOrders(site);
}

const SHOWN = '10';
const HOLDS = '/console/legal-holds';
const TO = '/console/retention';

function addHoldOrders(site: Site): void {
  site.order('/legal-holds', async ({ say, api }, form) => {
    const order = { ...subjectOf(form), why: form('why') };
    const { body, problem } = await api.post<LegalHold>('legal-holds', order);
    if (!body) return refusedOrder(say, TO, problem);
    return { to: TO, isDone: true, text: say(`Đã đặt lệnh giữ ${body.id}.`, `The legal hold ${body.id} is set.`) };
  });
  site.order('/legal-holds/:id/lift', async ({ c, say, api }, form) => {
    const id = c.req.param('id') ?? '';
    const { body, problem } = await api.post<LegalHold>(`legal-holds/${segment(id)}/lift`, { why: form('why') });
    if (!body) return refusedOrder(say, TO, problem);
    return { to: TO, isDone: true, text: say(`Đã gỡ lệnh giữ ${id}.`, `The legal hold ${id} is lifted.`) };
  });
}

function rulesOf(visit: Visit, { historyMonths, bodiesMonths, rules }: Retention): Html {
  const { say, nowMs } = visit;
  const months = (given: number | null): string =>
    given === null ? say('không giới hạn', 'for good') : say(`${given} tháng`, counted(given, 'month', 'months'));
  return html`<section class="card">${facts([
    [say('Nội dung thông điệp', 'Bodies of messages'), months(bodiesMonths)],
    [say('Thông điệp, lịch sử, lần gửi', 'Messages, history and attempts'), months(historyMonths)],
  ])}</section>
${table<Retention['rules'][number]>({
  caption: say('Dữ liệu cá nhân, theo loại và trạng thái kết thúc', 'Personal data, by kind and final state'),
  empty: say(
    'Chưa đặt thời hạn: dữ liệu cá nhân được lưu không giới hạn.',
    'No time is set: personal data stays for good.',
  ),
  items: rules,
  columns: [
    { head: say('Loại', 'Kind'), cell: ({ kind }) => kindName(visit, kind) },
    { head: say('Trạng thái', 'State'), cell: ({ kind, state }) => stateName(visit, kind, state) },
    { head: say('Lưu (tháng)', 'Months'), cell: (one) => one.months, isNumber: true },
    { head: say('Đến hạn xóa', 'Due'), cell: ({ due }) => number(say, due), isNumber: true },
    { head: say('Đang giữ lại', 'Held'), cell: ({ held }) => number(say, held), isNumber: true },
    {
      head: say('Cũ nhất, kết thúc lúc', 'The oldest ended'),
      cell: ({ oldestAt }) => timeAndAge(say, oldestAt, nowMs),
    },
  ],
})}`;
}

function stateName({ say }: Visit, kind: string, state: string): string {
  if (kind === 'dossier') return word(say, STATUSES, state);
  const words = { payment: PAYMENT_STATES, 'postal-order': POSTAL_STATES }[kind] ?? QUESTION_STATES;
  return word(say, words, state);
}

function holdTable(visit: Visit, list: Listed<LegalHold>): Html {
  const { say, nowMs } = visit;
  return table<LegalHold>({
    caption: listCaption(
      visit,
      list,
      ['lệnh giữ đang có hiệu lực', 'hold in force', 'holds in force'],
      ['mới nhất trước', 'the newest first'],
    ),
    empty: say('Không có lệnh giữ dữ liệu.', 'There are no legal holds.'),
    items: list.items,
    columns: [
      { head: say('Số', 'Number'), cell: ({ id }) => id },
      { head: say('Giữ', 'Keeps'), cell: (one) => heldBy(visit, one) },
      { head: say('Lý do', 'Why'), cell: ({ why }) => html`<span class="words">${why}</span>` },
      { head: say('Người đặt', 'By'), cell: ({ who }) => who },
      { head: say('Từ', 'Since'), cell: ({ at }) => timeAndAge(say, at, nowMs) },
      ...(may(visit, 'ops:configure')
        ? [{ head: say('Thao tác', 'Action'), cell: (one: LegalHold) => liftForm(visit, one) }]
        : []),
    ],
  });
}

function heldBy(visit: Visit, { subject, subjects }: LegalHold): Html {
  const { say } = visit;
  if (subject === null)
    return html`${say(`một người (${subjects} hồ sơ, bản ghi đã nhận ra)`, `a person (${counted(subjects, 'record', 'records')} found)`)}`;
  return subjectLink(visit, subject);
}

function liftForm(visit: Visit, { id }: LegalHold): Html {
  return orderForm(visit, {
    to: `/console/legal-holds/${id}/lift`,
    button: visit.say('Gỡ', 'Lift'),
    label: visit.say(`Gỡ lệnh giữ ${id}`, `Lift the hold ${id}`),
    why: 'must',
    isQuiet: true,
  });
}

function holdForm(visit: Visit): Html {
  const { say, unsent } = visit;
  const given = isUnsent(unsent, HOLDS) ? unsent.form : undefined;
  return html`<details class="card"${given ? html` open` : ''}><summary>${say('Đặt lệnh giữ dữ liệu', 'Set a legal hold')}</summary>
<p class="note">${say(
    'Ghi mã của một hồ sơ hay bản ghi, hoặc ghi một người: số định danh, hay họ tên kèm số điện thoại hoặc thư điện tử. Khi lệnh còn hiệu lực, trục không xóa dữ liệu này.',
    'Give the code of a dossier or record, or a person: the identity number, or the name with a phone number or an e-mail address. While the hold is in force, the hub erases nothing of it.',
  )}</p>${orderForm(visit, {
    to: HOLDS,
    button: say('Đặt lệnh giữ', 'Set the hold'),
    why: 'must',
    fields: subjectFields(visit, given),
  })}</details>`;
}

function erasureTable(visit: Visit, list: Part<Erasure>): Html {
  const { say, nowMs } = visit;
  return table<Erasure>({
    caption: listCaption(visit, list, ['lần xóa', 'erasure', 'erasures'], ['mới nhất trước', 'the newest first']),
    empty: say('Chưa xóa dữ liệu nào.', 'Nothing was erased.'),
    items: list.items,
    columns: [
      { head: say('Số', 'Number'), cell: ({ id }) => id },
      { head: say('Lúc', 'At'), cell: ({ at }) => timeAndAge(say, at, nowMs) },
      { head: say('Vì', 'Cause'), cell: ({ cause }) => word(say, ERASURE_CAUSES, cause) },
      {
        head: say('Số hồ sơ, bản ghi', 'Dossiers and records'),
        cell: ({ subjects }) => number(say, subjects),
        isNumber: true,
      },
      { head: say('Lý do', 'Why'), cell: ({ why }) => html`<span class="words">${why}</span>` },
      { head: say('Người thực hiện', 'By'), cell: ({ who }) => who },
    ],
  });
}
