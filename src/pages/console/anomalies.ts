import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { pageWithItems, queryText } from './api.ts';
import { choicesOf } from './choices.ts';
import { choiceField, textField } from './forms.ts';
import {
  dossierLink,
  filterForm,
  isFirstPage,
  listCaption,
  messageLink,
  type Part,
  pager,
  partyField,
  partyLink,
  queryOf,
  restLink,
  whenEmpty,
} from './parts.ts';
import type { Anomaly, DoubtfulDossier, Listed } from './records.ts';
import { refusalNote } from './refusals.ts';
import type { Site } from './site.ts';
import { timeOf } from './times.ts';
import type { Visit } from './visit.ts';
import { ANOMALIES, badge, DOUBTS, STATUSES, word } from './words.ts';

/** Lists events that the hub stored although they break a rule. */
export function addAnomalies(site: Site): void {
  site.screen('/anomalies', async (visit) => {
    const { say, api } = visit;
    const query = queryOf(visit, ['party', 'kind', 'code']);
    const [{ body, problem }, doubtful] = await Promise.all([
      pageWithItems<Anomaly>(api, 'anomalies', { ...query, ...queryOf(visit, ['cursor']) }),
      api.get<Listed<DoubtfulDossier>>('doubtful-dossiers', { ...doubtQuery(visit), limit: SHOWN }),
    ]);
    return {
      title: say('Diễn biến bất thường', 'Anomalies'),
      body: html`<p class="note">${say(
        'Sự kiện đã được lưu và áp dụng theo quy tắc, nhưng không đúng trình tự thông thường.',
        'The hub stored these events and applied them as far as the rules allow. They differ from the expected order.',
      )}</p>
${filterForm(visit, [
  textField('code', say('Mã hồ sơ', 'Dossier code'), query.code),
  partyField(visit, say('Bên kết nối', 'Party'), query.party),
  choiceField('kind', say('Loại', 'Kind'), choicesOf(say, ANOMALIES), query.kind),
])}
${refusalNote(say, problem)}
${body ? html`${anomalyTable(visit, body)}${pager(visit, body, query)}` : ''}
${
  isFirstPage(visit) && doubtful.body && doubtful.body.items.length > 0
    ? html`<h2>${say('Hồ sơ cần kiểm tra', 'Dossiers to check')}</h2>${doubtfulTable(visit, doubtful.body)}${restLink(
        visit,
        doubtful.body,
        `/console/doubtful-dossiers${queryText(doubtQuery(visit))}`,
      )}`
    : ''
}`,
    };
  });
  site.screen('/doubtful-dossiers', async (visit) => {
    const { say, api } = visit;
    const query = doubtQuery(visit);
    const { body, problem } = await api.get<Listed<DoubtfulDossier>>('doubtful-dossiers', {
      ...query,
      ...queryOf(visit, ['cursor']),
    });
    return {
      title: say('Hồ sơ cần kiểm tra', 'Dossiers to check'),
      body: html`<p><a href="/console/anomalies">${say('« Diễn biến bất thường', '« Anomalies')}</a></p>
${refusalNote(say, problem)}${body ? html`${doubtfulTable(visit, body)}${pager(visit, body, query)}` : ''}`,
    };
  });
}

const SHOWN = '10';

const doubtQuery = (visit: Visit) => queryOf(visit, ['party', 'code']);

export function anomalyTable(visit: Visit, list: Part<Anomaly>): Html {
  const { say } = visit;
  return table<Anomaly>({
    caption: listCaption(
      visit,
      list,
      ['diễn biến bất thường', 'anomaly', 'anomalies'],
      ['mới nhất trước', 'the newest first'],
    ),
    empty: whenEmpty(visit, list, say('Không có diễn biến bất thường nào.', 'There are no anomalies.')),
    items: list.items,
    columns: [
      { head: say('Hồ sơ', 'Dossier'), cell: ({ code }) => dossierLink(code) },
      { head: say('Loại', 'Kind'), cell: ({ kind }) => badge(say, ANOMALIES, kind) },
      { head: say('Trạng thái được báo', 'Reported status'), cell: ({ status }) => word(say, STATUSES, status) },
      {
        head: say('Thời điểm sự kiện', 'Event time'),
        cell: ({ at, recordedAt }) =>
          html`${timeOf(at)}<br><span class="note">${say('ghi nhận', 'recorded')} ${timeOf(recordedAt)}</span>`,
      },
      {
        head: say('Bên báo', 'Reported by'),
        cell: ({ party, messageId }) =>
          html`${partyLink(visit, party)}<br><span class="note">${say('thông điệp', 'message')} ${messageLink(messageId)}</span>`,
      },
    ],
  });
}

/** Dossiers that an older version let a party change without being the owner. */
function doubtfulTable(visit: Visit, list: Listed<DoubtfulDossier>): Html {
  const { say } = visit;
  return html`<p class="note">${say(
    'Phiên bản trước của trục đã cho bên khác thay đổi các hồ sơ này. Hãy đối chiếu với bên phụ trách; bên phụ trách gửi lại hồ sơ để đính chính.',
    'An older version of the hub let another party change these dossiers. Compare them with the owners. An owner corrects a dossier by sending it again.',
  )}</p>
${table<DoubtfulDossier>({
  caption: listCaption(visit, list, ['hồ sơ', 'dossier', 'dossiers'], ['cũ nhất trước', 'the oldest first']),
  empty: say('Không có hồ sơ cần kiểm tra.', 'There are no dossiers to check.'),
  items: list.items,
  columns: [
    { head: say('Hồ sơ', 'Dossier'), cell: ({ code }) => dossierLink(code) },
    { head: say('Lý do', 'Reason'), cell: ({ kind }) => badge(say, DOUBTS, kind) },
    { head: say('Bên đã thay đổi', 'Changed by'), cell: ({ party }) => partyLink(visit, party) },
    { head: say('Bên phụ trách', 'Owner'), cell: ({ owner }) => partyLink(visit, owner) },
    { head: say('Phát hiện lúc', 'Found'), cell: ({ foundAt }) => timeOf(foundAt) },
  ],
})}`;
}
