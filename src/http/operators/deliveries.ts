import type { Context } from 'hono';
import Type from 'typebox';
import { STATE_FILTERS } from '#core/dossier/delivery-states';
import { auditSubject } from '#core/identifiers/audit-subject';
import { closed, Instant } from '#schemas/parts';
import { requireKey } from '../auth.ts';
import { jsonIn } from '../language.ts';
import { filterText } from '../lists.ts';
import { type AddRoute, queryReader } from '../route.ts';
import { peopleOfDelivery } from './body-view/people-behind.ts';
import { viewWire, type WireView } from './body-view/wire.ts';
import { addList, cleanFilter, LOOKS_AT } from './list.ts';
import { BodyShown, opened, shownTo } from './messages.ts';
import { BodyQuery, idOf, none, OPS, type OperatorContext, type ReadBodyQuery, TAG } from './request.ts';
import { DETAIL, DeliveryShown, maybe, WordsShown } from './shown.ts';

/** The filter parameters of deliveries, here and for a replay. */
export const DELIVERY_FILTER = {
  party: filterText('the receiving party'),
  state: Type.Optional(
    Type.Enum(STATE_FILTERS, {
      description:
        'failed: refused or parked, not dismissed by an operator, and without a newer delivered version; the hub does not retry',
    }),
  ),
  code: filterText('a dossier code or alias'),
  operation: filterText('an operation such as dossier.upsert.v1'),
  reason: filterText('the reason of the last outcome'),
  from: filterText('created from: a date, or a time with a zone'),
  to: filterText('created until: a date, or a time with a zone'),
};

const WireShown = closed({
  method: Type.String(),
  url: Type.String(),
  status: Type.Optional(Type.Integer()),
  request: BodyShown,
  reply: BodyShown,
});
const AttemptShown = closed({
  number: Type.Integer(),
  at: Instant,
  tookMs: Type.Integer(),
  outcome: Type.String(),
  reason: maybe(Type.String()),
  detail: maybe(DETAIL),
  words: WordsShown,
  hasWire: Type.Boolean({ description: 'several deliveries may share a call, which is stored with the first of them' }),
  wire: Type.Optional(Type.Array(WireShown)),
});
export const WholeDeliveryShown = closed({ ...DeliveryShown.properties, attempts: Type.Array(AttemptShown) });

/** The deliveries to partners. */
export function addDeliveries(add: AddRoute, hub: OperatorContext): void {
  const readOne = queryReader(BodyQuery);
  addList(add, hub, {
    name: 'deliveries',
    summary: 'Deliveries by filter, newest first',
    description: LOOKS_AT,
    filters: DELIVERY_FILTER,
    item: DeliveryShown,
    load: (filter, many, before?: number) => hub.ledger.deliveries(cleanFilter(filter), many, before),
    count: (filter) => hub.ledger.totals.deliveries(cleanFilter(filter)),
    placeOf: (one) => one.id,
  });
  add(
    {
      method: 'get',
      path: `${OPS}/deliveries/{id}`,
      tag: TAG,
      summary: 'A delivery with its attempts',
      description:
        'With the scope ops:body, the reply has the exchanged messages too, and the audit records the read. Secrets are always masked, personal data unless the key has index:personal.',
      scopes: ['ops:read'],
      query: BodyQuery,
      replies: {
        200: { description: 'The delivery', schema: WholeDeliveryShown },
        404: { description: 'No such delivery' },
      },
    },
    (c) => oneDelivery(c, hub, readOne),
  );
}

async function oneDelivery(c: Context, hub: OperatorContext, read: ReadBodyQuery): Promise<Response> {
  const { keys, ledger } = hub;
  const key = requireKey(c, keys, 'ops:read');
  const { body: asked, why } = read(c);
  const id = idOf(c, 'delivery');
  const found = await ledger.delivery(id);
  if (!found) throw none('delivery', id);
  const kept = await ledger.attempts(id);
  const isWireShown = asked !== 'no' && kept.some((attempt) => attempt.hasWire);
  const views = isWireShown
    ? await shownTo(hub, key, { subject: auditSubject('delivery', id), why }, async (mayBePersonal) => {
        const people = mayBePersonal ? undefined : await peopleOfDelivery(hub, found, kept);
        const calls: (readonly WireView[] | undefined)[] = [];
        // In sequence: in parallel, all would run in one turn.
        for (const { wire } of kept) {
          const text = opened(hub, wire);
          calls.push(text === undefined ? undefined : await viewWire(text, mayBePersonal, people));
        }
        return calls;
      })
    : undefined;
  const attempts = kept.map(({ wire: _, ...attempt }, at) => ({ ...attempt, wire: views?.[at] }));
  return jsonIn(c, { ...found, attempts });
}
