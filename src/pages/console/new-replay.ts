import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { counted, number } from '../words.ts';
import { queryText } from './api.ts';
import { DELIVERY_FILTER, deliveryFields } from './deliveries.ts';
import { orderForm } from './forms.ts';
import { filterForm, operationOf, partyLink, type Query, queryOf, subjectLink } from './parts.ts';
import type { Preview, Replay } from './records.ts';
import { refusalNote, refusedOrder } from './refusals.ts';
import type { Site } from './site.ts';
import { may, type Visit } from './visit.ts';
import { badge, DELIVERY_STATES, REPLAY_OUTCOMES, word } from './words.ts';

const PER_SECOND = 20;

/** Sends all deliveries of a filter again. First a preview, then a run with a reason. */
export function addNewReplay(site: Site): void {
  site.screen('/replays/new', async (visit) => {
    const { say, api } = visit;
    const query = queryOf(visit, DELIVERY_FILTER);
    const title = say('Đợt chuyển lại mới', 'A new replay');
    if (!may(visit, 'ops:replay'))
      return {
        title,
        status: 403,
        body: html`<p class="card" role="alert">${say('Cần quyền ops:replay.', 'This needs the scope ops:replay.')}</p>`,
      };
    const form = filterForm(visit, deliveryFields(visit, query));
    if (queryText(query) === '')
      return {
        title,
        body: html`<p>${say('Chọn ít nhất một điều kiện lọc, rồi xem trước.', 'Choose at least one filter, then open the preview.')}</p>${form}`,
      };
    const { body, problem } = await api.post<Preview>('deliveries/replay', { ...query, preview: true });
    return { title, body: html`${form}${refusalNote(say, problem)}${body ? previewOf(visit, body, query) : ''}` };
  });
  site.order('/replays', async ({ say, api }, form) => {
    const filter = Object.fromEntries(DELIVERY_FILTER.map((name) => [name, form(name)]));
    const perSecond = Number(form('perSecond') ?? PER_SECOND);
    const order = { ...filter, preview: false, perSecond, why: form('why') };
    const { body, problem } = await api.post<Replay>('deliveries/replay', order);
    if (!body) return refusedOrder(say, `/console/replays/new${queryText(filter)}`, problem);
    const text = say(
      `Đã bắt đầu đợt ${body.id}: ${number(say, body.total)} lượt.`,
      `Run ${body.id} has begun: ${counted(body.total, 'delivery', 'deliveries')}.`,
    );
    return { to: `/console/replays/${body.id}`, isDone: true, text };
  });
}

function previewOf(visit: Visit, { outcomes, parties, sample }: Preview, query: Query): Html {
  const { say } = visit;
  const count = (value: number): string => number(say, value);
  const { replayed: many = 0, ...others } = outcomes as Readonly<Record<string, number>>;
  return html`<h2>${say('Xem trước', 'Preview')}</h2>
<section class="card"><p><strong>${say(`${count(many)} lượt sẽ được gửi lại.`, `${counted(many, 'delivery', 'deliveries')} would be sent again.`)}</strong>
${say(
  'Chỉ mục không thay đổi. Bản cũ không bao giờ ghi đè bản mới.',
  'The index does not change. The hub never sends an older version over a newer one.',
)}</p>
${
  Object.keys(others).length > 0
    ? html`<p>${say('Không gửi lại:', 'Not sent again:')}</p><ul>${Object.entries(others).map(
        ([outcome, found]) => html`<li>${word(say, REPLAY_OUTCOMES, outcome)}: ${count(found)}</li>`,
      )}</ul>`
    : ''
}</section>
${partiesTable(visit, parties)}
${sampleTable(visit, sample)}
${
  many === 0
    ? ''
    : html`<section class="card"><h3>${say('Chạy', 'Run')}</h3>${orderForm(visit, {
        to: '/console/replays',
        button: say(`Chuyển lại ${count(many)} lượt`, `Replay ${counted(many, 'delivery', 'deliveries')}`),
        why: 'must',
        hidden: query,
        fields: html`<label>${say('Lượt mỗi giây', 'Deliveries per second')}<input type="number" name="perSecond" min="1" max="1000" value="${PER_SECOND}" required></label>`,
      })}<p class="note">${say(
        'Đợt chạy gồm các lượt khớp bộ lọc tại thời điểm bắt đầu; có thể dừng bất cứ lúc nào.',
        'The run covers the deliveries that the filter finds at its start. You can stop it at any time.',
      )}</p></section>`
}`;
}

function partiesTable(visit: Visit, parties: Preview['parties']): Html {
  const { say } = visit;
  if (parties.length === 0) return html``;
  return table<Preview['parties'][number]>({
    caption: say(`Tới ${parties.length} bên`, `To ${counted(parties.length, 'party', 'parties')}`),
    empty: '',
    items: parties,
    columns: [
      { head: say('Bên nhận', 'Receiver'), cell: ({ party }) => partyLink(visit, party) },
      { head: say('Lượt', 'Deliveries'), cell: ({ deliveries }) => number(say, deliveries), isNumber: true },
      { head: say('Hồ sơ', 'Dossiers'), cell: ({ dossiers }) => number(say, dossiers), isNumber: true },
    ],
  });
}

function sampleTable(visit: Visit, sample: Preview['sample']): Html {
  const { say } = visit;
  return table<Preview['sample'][number]>({
    caption: say(
      `Ví dụ ${sample.length} lượt, và thay đổi ở bên nhận`,
      `${counted(sample.length, 'example', 'examples')}, and the effect at the partner`,
    ),
    empty: say('Không có lượt nào được gửi lại.', 'Nothing would be sent again.'),
    items: sample,
    columns: [
      { head: say('Lượt', 'Delivery'), cell: ({ id }) => html`<a href="/console/deliveries/${id}">${id}</a>` },
      { head: say('Hồ sơ, bản ghi', 'Dossier or record'), cell: ({ code }) => subjectLink(visit, code) },
      { head: say('Nội dung', 'What'), cell: ({ operation }) => operationOf(visit, operation) },
      { head: say('Tới', 'To'), cell: ({ party }) => partyLink(visit, party) },
      { head: say('Hiện nay', 'Now'), cell: ({ state }) => badge(say, DELIVERY_STATES, state) },
      {
        head: say('Sẽ gửi', 'Would be sent'),
        cell: ({ operation, version, newestVersion }) =>
          operation === 'dossier.progress.v1'
            ? say('một bước tiến độ', 'a step')
            : say(`bản ${version}`, `version ${version}`) +
              (newestVersion !== null && newestVersion !== version
                ? say(` (mới nhất: ${newestVersion})`, ` of ${newestVersion}`)
                : ''),
      },
    ],
  });
}
