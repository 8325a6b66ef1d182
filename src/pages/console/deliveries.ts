import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { pageWithItems, queryText } from './api.ts';
import { choicesOf } from './choices.ts';
import { deliveryTable } from './delivery-table.ts';
import { choiceField, dayField, textField } from './forms.ts';
import { filterForm, pager, partyField, type Query, queryOf } from './parts.ts';
import { reasonField } from './reason-field.ts';
import type { Delivery } from './records.ts';
import { refusalNote } from './refusals.ts';
import type { Site } from './site.ts';
import { may, type Visit } from './visit.ts';
import { DELIVERY_FILTER_STATES, OPERATIONS } from './words.ts';

/** The filters of the list of deliveries, and of a replay. */
export const DELIVERY_FILTER = ['party', 'state', 'code', 'operation', 'reason', 'from', 'to'] as const;

/** Lists the deliveries to partners. */
export function addDeliveries(site: Site): void {
  site.screen('/deliveries', async (visit) => {
    const { say, api } = visit;
    const query = queryOf(visit, DELIVERY_FILTER);
    const { body, problem } = await pageWithItems<Delivery>(api, 'deliveries', {
      ...query,
      ...queryOf(visit, ['cursor']),
    });
    const isNarrowed = queryText(query) !== '';
    return {
      title: say('Lượt chuyển', 'Deliveries'),
      body: html`${filterForm(visit, deliveryFields(visit, query))}
${refusalNote(say, problem)}
${
  body && isNarrowed && body.items.length > 0 && may(visit, 'ops:replay')
    ? html`<p><a href="/console/replays/new${queryText(query)}">${say(
        'Chuyển lại tất cả lượt theo bộ lọc này… (xem trước khi chạy)',
        'Replay all deliveries of this filter… (with a preview)',
      )}</a></p>`
    : ''
}
${body ? html`${deliveryTable(visit, body)}${pager(visit, body, query)}` : ''}`,
    };
  });
}

export function deliveryFields(visit: Visit, query: Query): readonly Html[] {
  const { say } = visit;
  return [
    textField('code', say('Mã hồ sơ', 'Dossier code'), query.code),
    partyField(visit, say('Tới bên', 'To the party'), query.party),
    choiceField('state', say('Tình trạng', 'State'), choicesOf(say, DELIVERY_FILTER_STATES), query.state),
    choiceField('operation', say('Nội dung', 'What'), choicesOf(say, OPERATIONS), query.operation),
    reasonField(visit, query.reason),
    dayField('from', say('Từ ngày', 'From'), query.from),
    dayField('to', say('Đến ngày', 'To'), query.to),
  ];
}
