import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { choicesOf } from './choices.ts';
import { choiceField, textField } from './forms.ts';
import { filterForm, longText, pager, partyField, partyLink, queryOf, withoutPointer } from './parts.ts';
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
${body ? html`${causeTable(visit, body.items)}${pager(visit, body, query)}` : ''}`,
    };
  });
}

export function causeTable(visit: Visit, items: readonly Cause[]): Html {
  const { say, nowMs } = visit;
  return table<Cause>({
    caption: say(
      `Nguyên nhân trên trang này: ${items.length}, cũ nhất trước`,
      `Causes on this page: ${items.length}, the oldest first`,
    ),
    empty: say('Không có gì chờ xử lý.', 'The quarantine is empty.'),
    items,
    columns: [
      {
        head: say('Nguyên nhân', 'Cause'),
        cell: (one) =>
          html`<a href="/console/quarantine/${one.id}">${causeSentence(say, one)}</a><br><code class="note">${one.key}</code>`,
      },
      {
        head: say('Đang chờ', 'Waiting'),
        cell: ({ dossiers, items: waiting, deliveries }) =>
          html`<strong>${say(`${dossiers} hồ sơ, bản ghi`, `${dossiers} dossiers, records`)}</strong><br><span class="note">${say(
            `${waiting} mục chưa áp dụng, ${deliveries} lượt chưa chuyển`,
            `${waiting} items not applied, ${deliveries} deliveries not sent`,
          )}</span>`,
      },
      { head: say('Lý do', 'Reason'), cell: ({ detail }) => longText(withoutPointer(detail), 80) },
      {
        head: say('Bên phụ trách', 'Whose it is'),
        cell: ({ parties }) => html`${parties.map((one) => html`${partyLink(visit, one)} `)}`,
      },
      { head: say('Chờ từ', 'Since'), cell: ({ since }) => timeAndAge(say, since, nowMs) },
    ],
  });
}
