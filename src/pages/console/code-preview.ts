import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { counted, number } from '../words.ts';
import { queryText, segment } from './api.ts';
import { orderForm } from './forms.ts';
import { mostMsOf, readAgain, waitingFor, wholeLink } from './mapping-effect.ts';
import { dossierLink, listCaption, meaning, messageLink, pager, partyLink, queryOf, tableNamed } from './parts.ts';
import type { CodePreview } from './records.ts';
import { refusalNote } from './refusals.ts';
import type { Site } from './site.ts';
import { timeOf } from './times.ts';
import { may, type Visit } from './visit.ts';
import { changedMember } from './words.ts';

const LINE = ['party', 'table', 'from', 'to'] as const;
/** The parameters of a preview. */
export type PreviewLine = Readonly<Partial<Record<(typeof LINE)[number], string | undefined>>>;

/** The address of the preview of a line. */
export const previewPath = (line: PreviewLine = {}): string => `/console/code-tables/preview${queryText({ ...line })}`;

/**
 * Shows how a code table line would change the reading of recent messages. Then, with a reason, adds
 * it.
 */
export function addCodePreview(site: Site): void {
  site.screen('/code-tables/preview', async (visit) => {
    const { say, api } = visit;
    const { party = '', table: name = '', from, to } = queryOf(visit, LINE) as PreviewLine;
    const path = `code-tables/${segment(party)}/${segment(name)}/preview`;
    const page = queryText(queryOf(visit, ['cursor']));
    const { body, problem } = await api.post<CodePreview>(`${path}${page}`, { from, to, mostMs: mostMsOf(visit) });
    return {
      title: say('Thử một dòng của bảng mã', 'Preview of a code table line'),
      body: html`<p><a href="/console/code-tables${queryText({ party })}">${say('« Bảng mã', '« Code tables')}</a></p>
<p>${partyLink(visit, party)} · ${tableNamed(visit, name)}: <code>${from}</code> → ${meaning(visit, to ?? '')}</p>
${refusalNote(say, problem)}${body ? html`${previewOf(visit, body)}${wholeLink(visit, body.looked, { party, table: name, from, to })}${pager(visit, body, { party, table: name, from, to })}` : ''}${
  body && may(visit, 'ops:configure')
    ? html`<section class="card">${orderForm(visit, {
        to: `/console/code-tables/${segment(party)}/${segment(name)}`,
        button: say('Thêm dòng này', 'Enter this line'),
        why: 'must',
        hidden: { from, to },
      })}</section>`
    : ''
}`,
    };
  });
}

/** The form for a preview. It changes nothing, so its parameters are in the URL. */
export function previewForm({ say }: Visit, party: string, name: string, list: string): Html {
  return html`<form class="fields order" method="get" action="${previewPath()}">
<input type="hidden" name="party" value="${party}"><input type="hidden" name="table" value="${name}">
<label>${say('Mã', 'Code')}<input name="from" required maxlength="60" autocomplete="off"></label>
<label>${say('Nghĩa là', 'Stands for')}<input name="to" required maxlength="60" autocomplete="off" list="${list}"></label>
<button class="quiet">${say('Thử trước', 'Try first')}</button></form>`;
}

function previewOf(visit: Visit, { looked, freed, changed, told, waiting, items, next }: CodePreview): Html {
  const { say } = visit;
  return html`<section class="card"><p><strong>${say(
    `${number(say, freed)} mục đang vướng mã sẽ đọc được, ${number(say, changed)} mục sẽ đọc khác trước.`,
    `${counted(freed, 'unmapped item', 'unmapped items')} would be read, ${counted(changed, 'item', 'items')} would be read differently.`,
  )}</strong> <span class="note">${say('Từ', 'Since')} ${timeOf(looked.since)}</span></p>
<p>${say(
    `Đã đọc lại ${readAgain(say, looked)}${looked.isAll ? '' : ', chưa phải tất cả'}. Chưa có gì thay đổi.`,
    `The preview read ${readAgain(say, looked)} again${looked.isAll ? '' : ', not all of them'}. It changed nothing.`,
  )}</p>
<p>${say(
    `Đang chờ đúng mã này: ${waitingFor(say, waiting)}.`,
    `Waiting for this code: ${waitingFor(say, waiting)}.`,
  )}</p>
${told.length > 0 ? html`<p>${say('Sẽ được chuyển tới', 'Would be sent to')}: ${told.map((one) => html`${partyLink(visit, one)} `)}</p>` : ''}
</section>${table<CodePreview['items'][number]>({
    caption: listCaption(
      visit,
      { items, next, total: freed + changed },
      ['mục', 'item', 'items'],
      ['mới nhất trước', 'the newest first'],
    ),
    empty: say('Không có mục nào đọc khác trước.', 'No item would be read differently.'),
    items,
    columns: [
      { head: say('Hồ sơ', 'Dossier'), cell: ({ code }) => (code === undefined ? '' : dossierLink(code)) },
      {
        head: say('Thay đổi', 'Otherwise'),
        cell: ({ changes }) => html`${changes.map((one) => changedMember(say, one))}`,
      },
      {
        head: say('Thông điệp', 'Message'),
        cell: ({ messageId, item }) => html`${messageLink(messageId)} · ${item}`,
      },
    ],
  })}`;
}
