import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { counted, number } from '../words.ts';
import { queryText, segment } from './api.ts';
import { choicesOf } from './choices.ts';
import { choiceField, dayField, orderForm, textField } from './forms.ts';
import { agencyField, agencyQueryOf, dossierLink, filterForm, partyLink, type Query } from './parts.ts';
import type { BackfillPreview, Replay } from './records.ts';
import { refusalNote, refusedOrder } from './refusals.ts';
import type { Site } from './site.ts';
import { may, titleOf, type Visit } from './visit.ts';
import { RECORD_KINDS, STATUSES } from './words.ts';

const PER_SECOND = 20;
const FILTER = ['kind', 'status', 'agency', 'service', 'field', 'receivedFrom', 'receivedTo'] as const;

/**
 * Sends a party the dossiers of its routes that it never received. First a preview, then a run with a
 * reason.
 */
export function addBackfill(site: Site): void {
  site.screen('/parties/:party/backfill', async (visit) => {
    const { c, say, api } = visit;
    const party = c.req.param('party') ?? '';
    const title = say(`Chuyển bù cho ${titleOf(visit, party)}`, `A backfill of ${titleOf(visit, party)}`);
    if (!may(visit, 'ops:replay'))
      return {
        title,
        status: 403,
        body: html`<p class="card" role="alert">${say('Cần quyền ops:replay.', 'This needs the scope ops:replay.')}</p>`,
      };
    const query = await agencyQueryOf(visit, FILTER);
    const order = { ...query, preview: true };
    const { body, problem } = await api.post<BackfillPreview>(`parties/${segment(party)}/backfill`, order);
    return {
      title,
      body: html`<p>${partyLink(visit, party)}: ${say(
        'các hồ sơ thuộc tuyến của bên này nhưng chưa được chuyển, hoặc đã thay đổi sau lần chuyển gần nhất. Dùng khi mới kết nối một bên hoặc mới thêm tuyến.',
        'dossiers on its routes that have no delivery yet, or that changed after the last one. Use this for a new party or a new route.',
      )}</p>${filterForm(visit, fieldsOf(visit, query))}${refusalNote(say, problem)}${body ? previewOf(visit, party, body, query) : ''}`,
    };
  });
  site.order('/parties/:party/backfill', async ({ c, say, api }, form) => {
    const party = c.req.param('party') ?? '';
    const filter = Object.fromEntries(FILTER.map((name) => [name, form(name)]));
    const perSecond = Number(form('perSecond') ?? PER_SECOND);
    const order = { ...filter, preview: false, perSecond, why: form('why') };
    const { body, problem } = await api.post<Replay>(`parties/${segment(party)}/backfill`, order);
    if (body) return { to: `/console/replays/${body.id}`, isDone: true, text: begun(say, body) };
    const to = `/console/parties/${segment(party)}/backfill${queryText(filter)}`;
    return refusedOrder(say, to, problem);
  });
}

function begun(say: Visit['say'], { id, total }: Replay): string {
  return say(
    `Đã bắt đầu đợt ${id}: ${number(say, total)} hồ sơ.`,
    `Run ${id} has begun: ${counted(total, 'dossier', 'dossiers')}.`,
  );
}

function fieldsOf(visit: Visit, query: Query): readonly Html[] {
  const { say } = visit;
  return [
    choiceField('kind', say('Loại', 'Kind'), choicesOf(say, RECORD_KINDS, say('hồ sơ', 'dossiers')), query.kind),
    choiceField('status', say('Trạng thái hồ sơ', 'Status'), choicesOf(say, STATUSES), query.status),
    agencyField(visit, query.agency),
    textField('service', say('Mã thủ tục', 'Service code'), query.service),
    textField('field', say('Mã lĩnh vực', 'Field code'), query.field),
    dayField('receivedFrom', say('Tiếp nhận từ ngày', 'Received from'), query.receivedFrom),
    dayField('receivedTo', say('Tiếp nhận đến ngày', 'Received to'), query.receivedTo),
  ];
}

function previewOf(visit: Visit, party: string, preview: BackfillPreview, query: Query): Html {
  const { say } = visit;
  const { looked, never, older, sample } = preview;
  const many = never + older;
  return html`<h2>${say('Xem trước', 'Preview')}</h2>
<section class="card"><p><strong>${say(`${number(say, many)} hồ sơ sẽ được chuyển.`, `${counted(many, 'dossier', 'dossiers')} would be sent.`)}</strong>
${say(
  `Đã xem ${number(say, looked.dossiers)} hồ sơ: ${number(say, never)} chưa từng chuyển, ${number(say, older)} mới chuyển bản cũ. Mỗi hồ sơ được chuyển một lần, theo nội dung tại thời điểm chuyển, sau khi tra cứu ở bên nhận.`,
  `Of ${counted(looked.dossiers, 'dossier', 'dossiers')}, ${number(say, never)} were never sent, and ${number(say, older)} were sent in an older version. The hub sends each once in its current state, after a look-up at the partner.`,
)}${looked.isAll ? '' : say(' Bản xem trước dừng sau 10 giây; còn hồ sơ chưa xem.', ' The preview stopped after 10 seconds; there are more dossiers.')}</p></section>
${sampleTable(visit, sample)}
${
  many === 0
    ? ''
    : html`<section class="card"><h3>${say('Chạy', 'Run')}</h3>${orderForm(visit, {
        to: `/console/parties/${segment(party)}/backfill`,
        button: say(`Chuyển ${number(say, many)} hồ sơ`, `Send ${counted(many, 'dossier', 'dossiers')}`),
        why: 'must',
        hidden: query,
        fields: html`<label>${say('Hồ sơ mỗi giây', 'Dossiers per second')}<input type="number" name="perSecond" min="1" max="1000" value="${PER_SECOND}" required></label>`,
      })}<p class="note">${say('Có thể dừng bất cứ lúc nào.', 'It can be stopped at any time.')}</p></section>`
}`;
}

function sampleTable(visit: Visit, sample: BackfillPreview['sample']): Html {
  const { say } = visit;
  return table<BackfillPreview['sample'][number]>({
    caption: say(`Ví dụ ${sample.length} hồ sơ`, counted(sample.length, 'example', 'examples')),
    empty: say('Không có gì để chuyển bù.', 'There is nothing to send.'),
    items: sample,
    columns: [
      { head: say('Hồ sơ', 'Dossier'), cell: ({ code }) => dossierLink(code) },
      { head: say('Bản sẽ chuyển', 'Version to send'), cell: ({ version }) => version, isNumber: true },
      { head: say('Bản đã chuyển', 'Sent version'), cell: ({ told }) => told ?? '–', isNumber: true },
    ],
  });
}
