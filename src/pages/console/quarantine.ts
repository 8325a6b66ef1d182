import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { amount, number } from '../words.ts';
import { choicesOf } from './choices.ts';
import { choiceField, textField } from './forms.ts';
import {
  filterForm,
  listCaption,
  longText,
  type Part,
  pager,
  partyField,
  partyLink,
  queryOf,
  whenEmpty,
  withoutPointer,
} from './parts.ts';
import type { Cause, Listed } from './records.ts';
import { refusalNote } from './refusals.ts';
import type { Site } from './site.ts';
import { timeAndAge } from './times.ts';
import type { Visit } from './visit.ts';
import { CAUSES, causeSentence } from './words.ts';

/** Lists the causes for which items and deliveries wait. */
export function addQuarantine(site: Site): void {
  site.screen('/quarantine', async (visit) => {
    const { say, api } = visit;
    const query = queryOf(visit, ['code', 'kind', 'party']);
    const { body, problem } = await api.get<Listed<Cause>>('quarantine', { ...query, ...queryOf(visit, ['cursor']) });
    return {
      title: say('Chờ xử lý', 'Quarantine'),
      body: html`<p class="note">${say(
        'Các mục này đã được nhận và lưu nguyên trạng, chờ cán bộ quyết định mới được áp dụng hoặc chuyển tiếp. Mỗi quyết định gỡ mọi mục cùng nguyên nhân, theo thứ tự.',
        'The hub stores these unchanged until an operator decides. One decision releases everything that waits for the same cause, in order.',
      )}</p>
${filterForm(visit, [
  textField('code', say('Mã hồ sơ', 'Dossier code'), query.code),
  choiceField('kind', say('Nguyên nhân', 'Cause'), choicesOf(say, CAUSES), query.kind),
  partyField(visit, say('Bên kết nối', 'Party'), query.party),
])}
${refusalNote(say, problem)}
${body ? html`${causeTable(visit, body)}${pager(visit, body, query)}` : ''}`,
    };
  });
}

export function causeTable(visit: Visit, list: Part<Cause>): Html {
  const { say, nowMs } = visit;
  return table<Cause>({
    caption: listCaption(visit, list, ['nguyên nhân', 'cause', 'causes'], ['cũ nhất trước', 'the oldest first']),
    empty: whenEmpty(visit, list, say('Không có gì chờ xử lý.', 'The quarantine is empty.')),
    items: list.items,
    columns: [
      {
        head: say('Nguyên nhân', 'Cause'),
        cell: (one) =>
          html`<span class="sentence"><a href="/console/quarantine/${one.id}">${causeSentence(say, one)}</a><br><code class="note">${one.key}</code></span>`,
      },
      {
        head: say('Đang chờ', 'Waiting'),
        cell: ({ dossiers, items: waiting, deliveries }) =>
          html`<strong>${amount(say, dossiers, ['hồ sơ, bản ghi', 'dossier or record', 'dossiers or records'])}</strong>${[
            waiting > 0 ? say(`${number(say, waiting)} mục chưa áp dụng`, `not applied: ${number(say, waiting)}`) : '',
            deliveries > 0
              ? say(`${number(say, deliveries)} lượt chưa chuyển`, `not sent: ${number(say, deliveries)}`)
              : '',
          ].map((one) => one && html`<br><span class="note">${one}</span>`)}`,
      },
      {
        head: say('Lý do', 'Reason'),
        cell: (one) => (isSaidByCause(one) ? '–' : longText(withoutPointer(one.detail), 80)),
      },
      {
        head: say('Bên phụ trách', 'Whose it is'),
        cell: ({ parties }) => html`${parties.map((one) => html`${partyLink(visit, one)} `)}`,
      },
      { head: say('Chờ từ', 'Since'), cell: ({ since }) => timeAndAge(say, since, nowMs) },
    ],
  });
}

/** Whether the sentence of the cause has the whole reason already. */
const isSaidByCause = ({ kind, unmapped }: Cause): boolean =>
  kind === 'held' || unmapped?.table === 'service' || unmapped?.table === 'agency';
