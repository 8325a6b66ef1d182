import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { choicesOf } from './choices.ts';
import { choiceField, textField } from './forms.ts';
import { dossierLink, filterForm, messageLink, pager, partyLink, queryOf, table } from './parts.ts';
import type { Anomaly, Listed } from './records.ts';
import { refusalNote } from './refusals.ts';
import type { Site, Visit } from './site.ts';
import { timeOf } from './times.ts';
import { ANOMALIES, badge, STATUSES, word } from './words.ts';

/** Events that were kept and are not what is expected. */
export function addAnomalies(site: Site): void {
  site.screen('/anomalies', async (visit) => {
    const { say, api } = visit;
    const query = queryOf(visit, ['party', 'kind', 'code']);
    const { body, problem } = await api.get<Listed<Anomaly>>('anomalies', { ...query, ...queryOf(visit, ['cursor']) });
    return {
      title: say('Diễn biến bất thường', 'Anomalies'),
      body: html`<p class="note">${say(
        'Sự kiện đã được giữ và áp dụng theo quy tắc, nhưng khác với trình tự thông thường.',
        'Events that were kept, and applied as far as the rules go, and are not what is expected.',
      )}</p>
${filterForm(visit, [
  textField('code', say('Mã hồ sơ', 'Dossier code'), query.code),
  textField('party', say('Bên kết nối', 'Party'), query.party),
  choiceField('kind', say('Loại', 'Kind'), choicesOf(say, ANOMALIES), query.kind),
])}
${refusalNote(say, problem)}
${body ? html`${anomalyTable(visit, body.items)}${pager(visit, body, query)}` : ''}`,
    };
  });
}

export function anomalyTable({ say }: Visit, items: readonly Anomaly[]): Html {
  return table<Anomaly>({
    caption: say('Mới nhất trước', 'The newest first'),
    empty: say('Không có diễn biến bất thường nào.', 'There are no anomalies.'),
    items,
    columns: [
      { head: say('Hồ sơ', 'Dossier'), cell: ({ code }) => dossierLink(code) },
      { head: say('Loại', 'Kind'), cell: ({ kind }) => badge(say, ANOMALIES, kind) },
      { head: say('Trạng thái được báo', 'Status told'), cell: ({ status }) => word(say, STATUSES, status) },
      { head: say('Thời điểm sự kiện', 'Event time'), cell: ({ at }) => timeOf(at) },
      { head: say('Ghi nhận lúc', 'Recorded'), cell: ({ recordedAt }) => timeOf(recordedAt) },
      { head: say('Bên báo', 'Told by'), cell: ({ party }) => partyLink(party) },
      { head: say('Thông điệp', 'Message'), cell: ({ messageId }) => messageLink(messageId) },
    ],
  });
}
