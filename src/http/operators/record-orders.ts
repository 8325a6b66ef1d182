import Type from 'typebox';
import { problem } from '#core/problem';
import { sayState } from '#core/records/say-state';
import { say } from '#messages/message';
import { AgencyCode, closed, Name, oneOf } from '#schemas/parts';
import type { OrderedBy } from '../../operator-orders/ordered-by.ts';
import type { RecordOrder } from '../../operator-orders/record-orders.ts';
import { requireKey } from '../auth.ts';
import { Refusal, refusalWith } from '../problem.ts';
import type { AddRoute } from '../route.ts';
import { decidedBefore } from './quarantine.ts';
import { namedIn, ORDERS } from './record-queue.ts';
import { none, OPS, type OperatorContext, orderReader, TAG, Why } from './request.ts';

const Order = closed({
  order: oneOf(ORDERS),
  version: Type.Integer({ minimum: 1, description: 'the `version` of the record that the officer saw' }),
  agencyCode: Type.Optional(AgencyCode),
  text: Type.Optional(Type.String({ minLength: 1, maxLength: 20_000, pattern: '\\S', description: 'the answer' })),
  unit: Type.Optional(Name),
  why: Why,
});
type Order = Type.Static<typeof Order>;

const Ordered = closed({
  state: Type.String({ description: 'the state of the record after the order' }),
  messageId: Type.Optional(
    Type.String({ format: 'uuid', description: 'the message of the event; absent for a decision' }),
  ),
});

/** Officers' orders about questions and petitions. */
export function addRecordOrders(add: AddRoute, hub: OperatorContext): void {
  const read = orderReader(Order);
  add(
    {
      method: 'post',
      path: `${OPS}/records/{kind}/{code}/orders`,
      tag: TAG,
      summary: 'Assign, answer, publish, refuse or hold a question or petition, or decide about a held one',
      description:
        '`assign` needs `agencyCode`, and `answer` needs `text`. The person reads the `why` of `refuse` as the answer. `publish` is for questions that are not private. `hold` keeps it from everybody: the hub forwards and publishes nothing of it until a decision. `release` lets a held one continue in its earlier state; `dismiss` leaves it held, and nobody ever receives it. Each order is an event of the party `officers`: the routes of the record’s owner and those from `officers` deliver it.',
      scopes: ['ops:replay'],
      body: { 'application/json': Order },
      replies: {
        200: { description: 'Done', schema: Ordered },
        404: { description: 'No question or petition has this code' },
        409: {
          description:
            'The record has another version, its state does not allow the order (`changed`), or another officer decided differently (`decided`)',
        },
      },
    },
    async (c) => {
      const { id: who } = requireKey(c, hub.keys, 'ops:replay');
      const named = namedIn(c, hub);
      const given = await read(c);
      const by = { who, why: given.why };
      if (given.order === 'release' || given.order === 'dismiss')
        return c.json(await decideHeld(hub, named, { ...given, order: given.order }, by));
      const done = await hub.orders.orderRecord({ ...named, version: given.version }, orderOf(given), by);
      if (done.kind === 'unknown') throw none(named.kind.names.en[0], named.code);
      if (done.kind === 'invalid') throw refusalWith(done.problems);
      if (done.kind === 'changed') throw changed(done);
      return c.json({ state: done.state, messageId: done.messageId });
    },
  );
}

/** Resolves the cause in the quarantine for which a held record waits. */
async function decideHeld(
  { records, orders }: OperatorContext,
  { kind, code }: ReturnType<typeof namedIn>,
  { order, version }: Order & { readonly order: 'release' | 'dismiss' },
  by: OrderedBy,
) {
  const found = await records.queued(kind, code);
  if (!found) throw none(kind.names.en[0], code);
  const { causeId, state, stateAt: at } = found;
  if (causeId === null || found.version !== version) throw changed({ state, at });
  const resolved = await orders.resolve(causeId, { action: order }, by);
  if ('kind' in resolved) {
    if (resolved.kind === 'decided') throw decidedBefore(resolved.decided);
    throw changed({ state, at });
  }
  const after = await records.queued(kind, code);
  return { state: after?.state ?? state };
}

function changed({ state, at }: { readonly state: string; readonly at: string }): Refusal {
  return new Refusal('changed', say('record-changed', { state: sayState(state), at }));
}

/** @throws Refusal 400 without a member that the order needs */
function orderOf({ order, agencyCode, text, unit }: Order): RecordOrder {
  if (order === 'assign') {
    if (agencyCode === undefined) throw missing('agencyCode');
    return { order, agencyCode };
  }
  if (order === 'answer') {
    if (text === undefined) throw missing('text');
    return { order, text, unit };
  }
  return order === 'refuse' ? { order, unit } : { order: order as 'publish' | 'hold' };
}

function missing(member: 'agencyCode' | 'text'): Refusal {
  return refusalWith([problem(`/${member}`, 'missing', { expected: say('member-of-order') })]);
}
