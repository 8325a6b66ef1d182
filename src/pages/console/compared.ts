import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { counted, number, percent } from '../words.ts';
import { segment } from './api.ts';
import { choiceField, dayField } from './forms.ts';
import { dossierLink, filterForm, partyLink, queryOf, reasonOf } from './parts.ts';
import type { Compared, Listed, Party } from './records.ts';
import { refusalNote } from './refusals.ts';
import type { Site } from './site.ts';
import { timeOf } from './times.ts';
import { titleOf, type Visit } from './visit.ts';
import { badge, DELIVERY_STATES } from './words.ts';

type Pair = Compared['pairs'][number];

/** Compares two parties' answers to the same events, for a system that will replace another one. */
export function addCompared(site: Site): void {
  site.screen('/parties/:party/compared', async (visit) => {
    const { c, say, api } = visit;
    const party = c.req.param('party') ?? '';
    const query = queryOf(visit, ['with', 'from', 'to']);
    const { body: known } = await api.get<Listed<Party>>('parties', {});
    const others = (known?.items ?? []).filter((one) => one.party !== party).map((one) => one.party);
    const choices = [
      { value: '', text: say('chọn một bên', 'choose one') },
      ...others.map((value) => ({ value, text: titleOf(visit, value) })),
    ];
    const form = filterForm(visit, [
      choiceField('with', say('So với bên', 'Compared with'), choices, query.with),
      dayField('from', say('Từ ngày', 'From'), query.from),
      dayField('to', say('Đến ngày', 'To'), query.to),
    ]);
    const asked = query.with === undefined ? undefined : `parties/${segment(party)}/compared`;
    const { body, problem } = asked === undefined ? NOTHING : await api.get<Compared>(asked, query);
    return {
      title: say(`So sánh ${titleOf(visit, party)} với bên khác`, `${titleOf(visit, party)} compared`),
      body: html`<p>${partyLink(visit, party)}: ${say(
        'so sánh trả lời của hai bên với cùng một thay đổi của hồ sơ. Dùng khi một hệ thống sắp thay thế hệ thống khác và trục chuyển song song cho cả hai.',
        'compares how both parties answered the same changes. Use this when one system will replace another and both receive the deliveries.',
      )}</p>${form}${refusalNote(say, problem)}${body ? comparedOf(visit, body) : ''}`,
    };
  });
}

const NOTHING = { body: undefined, problem: undefined };

function comparedOf(visit: Visit, { party, with: other, from, to, agreement, pairs, taking }: Compared): Html {
  const { say } = visit;
  // Rounded down, so that a single difference never shows as 100 %.
  const same = percent(say, agreement && Math.floor(agreement * 10_000) / 100);
  const share =
    agreement === null
      ? say('Chưa có thay đổi nào mà cả hai bên cùng trả lời.', 'Both parties have not answered the same change yet.')
      : say(`${same} trả lời như nhau.`, `${same} of the answers are the same.`);
  const seconds = (many: number): string => `${number(say, many)} ${say('giây', 's')}`;
  return html`<section class="card"><p class="note">${say('Từ', 'From')} ${timeOf(from)} ${say('đến', 'to')} ${timeOf(to)}</p>
<p><strong>${share}</strong>${
    taking
      ? html` ${say('Thời gian đến khi bên nhận xác nhận, trung vị và 95 %:', 'Time until accepted, median and 95 %:')} ${titleOf(visit, party)} ${seconds(taking.left.median)} ${say('và', 'and')} ${seconds(taking.left.p95)}; ${titleOf(visit, other)} ${seconds(taking.right.median)} ${say('và', 'and')} ${seconds(taking.right.p95)}.`
      : ''
  }</p></section>
${table<Pair>({
  caption: say(
    `${pairs.length} cặp kết quả, nhiều nhất trước`,
    `${counted(pairs.length, 'pair of outcomes', 'pairs of outcomes')}, the most frequent first`,
  ),
  empty: say('Chưa chuyển thay đổi nào cho hai bên.', 'Nothing was sent to either party.'),
  items: pairs,
  columns: [
    { head: titleOf(visit, party), cell: ({ left }) => stateOf(visit, left) },
    { head: titleOf(visit, other), cell: ({ right }) => stateOf(visit, right) },
    { head: say('Lượt', 'Deliveries'), cell: ({ deliveries }) => number(say, deliveries), isNumber: true },
    { head: say('Hồ sơ', 'Dossiers'), cell: ({ dossiers }) => number(say, dossiers), isNumber: true },
    {
      head: say('Ví dụ', 'Such as'),
      cell: ({ sample }) =>
        html`${sample.map(({ code, left, right }) => html`${dossierLink(code)} <small>${say('lượt', 'delivery')} ${deliveryLinks([left, right])}</small><br>`)}`,
    },
  ],
})}`;
}

function stateOf(visit: Visit, { state, reason }: Pair['left']): Html {
  const { say } = visit;
  if (state === 'none') return html`${say('không có lượt', 'no delivery')}`;
  return html`${badge(say, DELIVERY_STATES, state)}${reason === null ? '' : html` ${reasonOf(visit, reason)}`}`;
}

function deliveryLinks(ids: readonly (number | null)[]): Html {
  const given = ids.filter((id) => id !== null);
  return html`${given.map((id) => html`<a href="/console/deliveries/${id}">${id}</a> `)}`;
}
