import { html } from 'hono/html';
import { table } from '../parts/table.ts';
import { choicesOf } from './choices.ts';
import { choiceField } from './forms.ts';
import {
  agencyField,
  agencyOf,
  agencyQueryOf,
  dossierLink,
  filterForm,
  listCaption,
  type Part,
  pager,
  partyLink,
  queryOf,
  whenEmpty,
} from './parts.ts';
import type { Listed, TroubledRecord } from './records.ts';
import { refusalNote } from './refusals.ts';
import type { Site } from './site.ts';
import { timeAndAge } from './times.ts';
import type { Visit } from './visit.ts';
import {
  badge,
  PAYMENT_STATES,
  POSTAL_STATES,
  RECORD_KINDS,
  STATUSES,
  TROUBLES,
  WATCHED_KINDS,
  word,
} from './words.ts';

/** Lists payments that do not agree with their dossiers, and records that do not move. */
export function addTroubledRecords(site: Site): void {
  site.screen('/troubled-records', async (visit) => {
    const { say, api } = visit;
    const query = await agencyQueryOf(visit, ['kind', 'why', 'agency']);
    const { body, problem } = await api.get<Listed<TroubledRecord>>('troubled-records', {
      ...query,
      ...queryOf(visit, ['cursor']),
    });
    return {
      title: say('Thanh toán, bưu gửi cần kiểm tra', 'Payments and post to check'),
      body: html`<p class="note">${say(
        'Thanh toán không khớp với hồ sơ; thanh toán, bưu gửi chưa kết thúc mà nhiều ngày làm việc không có trạng thái mới. Hỏi bên gửi và bên nhận, rồi gửi lại trạng thái đúng.',
        'Payments that do not agree with their dossiers, and open payments and postal orders without a new state for days. Ask the parties on both sides, and have the right state sent again.',
      )}</p>
${filterForm(visit, [
  choiceField('kind', say('Loại', 'Kind'), choicesOf(say, WATCHED_KINDS), query.kind),
  choiceField('why', say('Lý do', 'Why'), choicesOf(say, TROUBLES), query.why),
  agencyField(visit, query.agency),
])}
${refusalNote(say, problem)}
${body ? html`${troubledTable(visit, body)}${pager(visit, body, query)}` : ''}`,
    };
  });
}

function troubledTable(visit: Visit, list: Part<TroubledRecord>) {
  const { say, nowMs } = visit;
  const stateOf = ({ kind, state }: TroubledRecord): string =>
    word(say, kind === 'payment' ? PAYMENT_STATES : POSTAL_STATES, state);
  return table<TroubledRecord>({
    caption: listCaption(
      visit,
      list,
      ['thanh toán, bưu gửi', 'payment or postal order', 'payments and postal orders'],
      ['trạng thái cũ nhất trước', 'the oldest state first'],
    ),
    empty: whenEmpty(visit, list, say('Không có mục nào cần kiểm tra.', 'There is nothing to check.')),
    items: list.items,
    columns: [
      {
        head: say('Mã', 'Code'),
        cell: ({ kind, code }) =>
          html`<code>${code}</code><br><span class="note">${word(say, RECORD_KINDS, kind)}</span>`,
      },
      {
        head: say('Trạng thái, lý do', 'State and why'),
        cell: (one) => html`${stateOf(one)} ${badge(say, TROUBLES, one.why)}<br>${timeAndAge(say, one.stateAt, nowMs)}`,
      },
      {
        head: say('Hồ sơ', 'Dossier'),
        cell: ({ dossierCode, dossierStatus }) =>
          dossierCode
            ? html`${dossierLink(dossierCode)} <span class="note">${dossierStatus ? word(say, STATUSES, dossierStatus) : ''}</span>`
            : '–',
      },
      { head: say('Cơ quan', 'Agency'), cell: (one) => agencyOf(visit, one) },
      { head: say('Bên gửi', 'Sender'), cell: ({ owner }) => partyLink(visit, owner) },
    ],
  });
}
