import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { queryText, segment } from './api.ts';
import { orderForm } from './forms.ts';
import { dossierLink, messageLink, partyLink, queryOf } from './parts.ts';
import type { CodePreview } from './records.ts';
import { refusalNote } from './refusals.ts';
import type { Site } from './site.ts';
import { timeOf } from './times.ts';
import { may, type Visit } from './visit.ts';

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
    const { body, problem } = await api.post<CodePreview>(path, { from, to });
    return {
      title: say('Thử một dòng của bảng mã', 'Preview of a code table line'),
      body: html`<p><a href="/console/code-tables${queryText({ party })}">${say('« Bảng mã', '« Code tables')}</a></p>
<p>${partyLink(visit, party)} · <code>${name}</code>: <code>${from}</code> → <code>${to}</code></p>
${refusalNote(say, problem)}${body ? previewOf(visit, body) : ''}${
  body && may(visit, 'ops:configure')
    ? orderForm(visit, {
        to: `/console/code-tables/${segment(party)}/${segment(name)}`,
        button: say('Thêm dòng này', 'Enter this line'),
        why: 'must',
        hidden: { from, to },
      })
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

function previewOf(visit: Visit, { looked, freed, changed, told, waiting, items }: CodePreview): Html {
  const { say } = visit;
  return html`<section class="card"><p><strong>${say(
    `${freed} mục đang vướng mã sẽ đọc được, ${changed} mục sẽ đọc khác trước.`,
    `${freed} unmapped items would be read, ${changed} items would be read differently.`,
  )}</strong> <span class="note">${say('Từ', 'Since')} ${timeOf(looked.since)}</span></p>
<p>${say(
    `Đã đọc lại ${looked.items} mục trong ${looked.messages} thông điệp${looked.isAll ? '' : ', chưa phải tất cả'}. Chưa có gì thay đổi.`,
    `The preview read ${looked.items} items of ${looked.messages} messages again${looked.isAll ? '' : ', not all of them'}. It changed nothing.`,
  )}</p>
<p>${say(
    `Đang chờ đúng mã này: ${waiting.items} mục, ${waiting.deliveries} lượt chuyển.`,
    `Waiting for this code: ${waiting.items} items, ${waiting.deliveries} deliveries.`,
  )}</p>
${told.length > 0 ? html`<p>${say('Sẽ được chuyển tới', 'Would be sent to')}: ${told.map((one) => html`${partyLink(visit, one)} `)}</p>` : ''}
</section>${table<CodePreview['items'][number]>({
    caption: say('Các mục đầu tiên, mới nhất trước', 'The first items, newest first'),
    empty: say('Không có mục nào đọc khác trước.', 'No item would be read differently.'),
    items,
    columns: [
      { head: say('Hồ sơ', 'Dossier'), cell: ({ code }) => (code === undefined ? '' : dossierLink(code)) },
      {
        head: say('Khác đi', 'Otherwise'),
        cell: ({ changes }) =>
          html`${changes.map(
            ({ path, was, would }) =>
              html`<div><code>${path}</code>: ${shown(was)} → <strong>${shown(would)}</strong></div>`,
          )}`,
      },
      {
        head: say('Thông điệp', 'Message'),
        cell: ({ messageId, item }) => html`${messageLink(messageId)} · ${item}`,
      },
    ],
  })}`;
}

const shown = (value: unknown): string =>
  value === null ? '–' : typeof value === 'string' ? value : JSON.stringify(value);
