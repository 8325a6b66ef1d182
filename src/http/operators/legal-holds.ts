import Type from 'typebox';
import { problem } from '#core/problem';
import { say } from '#messages/message';
import { closed, Instant, oneOf } from '#schemas/parts';
import type { SetHold } from '../../erasure/holds.ts';
import { requireKey } from '../auth.ts';
import { Refusal, refusalWith } from '../problem.ts';
import type { AddRoute } from '../route.ts';
import { addList } from './list.ts';
import { idOf, none, OPS, type OperatorContext, orderReader, TAG, Why } from './request.ts';
import { maybe } from './shown.ts';
import { SUBJECT_ORDER, subjectOrderOf } from './subject-order.ts';

export const LegalHoldShown = closed(
  {
    id: Type.Integer(),
    subject: maybe(
      Type.String({ description: 'a dossier by its code, a record by its kind and code; null for a person' }),
    ),
    subjects: Type.Integer({ description: 'how many dossiers and records are known to be under it' }),
    who: Type.String({ description: 'the id of the key that set it' }),
    why: Type.String(),
    at: Instant,
    liftedAt: maybe(Instant),
    liftedBy: maybe(Type.String()),
    liftedWhy: maybe(Type.String()),
  },
  { title: 'LegalHold' },
);

const Order = closed(SUBJECT_ORDER);

/** Legal holds: dossiers, records and people of whom nothing is erased. */
export function addLegalHolds(add: AddRoute, hub: OperatorContext): void {
  const { keys, holds } = hub;
  addList(add, hub, {
    name: 'legal-holds',
    summary: 'Legal holds, newest first: those in force, or all',
    description: 'Nothing of a dossier, a record or a person under a hold is erased, whatever the settings say.',
    filters: { state: Type.Optional(oneOf(['in-force', 'all'])) },
    item: LegalHoldShown,
    load: (filter, many, before?: number) => hub.ledger.holds(holdFilter(filter), many, before),
    count: (filter) => hub.ledger.totals.holds(holdFilter(filter)),
    placeOf: (one) => one.id,
  });
  const readOrder = orderReader(Order);
  add(
    {
      method: 'post',
      path: `${OPS}/legal-holds`,
      tag: TAG,
      summary: 'Set a legal hold',
      description:
        'For one dossier, one record of a kind, or a person. The hub recognises the records of a person by the identity ' +
        'number, or by the name with the phone number or the e-mail address, also records that arrive later.',
      scopes: ['ops:configure'],
      body: { 'application/json': Order },
      replies: {
        201: { description: 'The hold', schema: LegalHoldShown },
        404: { description: 'No dossier or record has this code' },
        409: { description: 'Several dossiers have this code, or the personal data was erased' },
      },
    },
    async (c) => {
      const key = requireKey(c, keys, 'ops:configure');
      const { why, ...given } = await readOrder(c);
      const order = subjectOrderOf(hub.kinds, given);
      return c.json(shown(await holds.set(order, { who: key.id, why }), given.code), 201);
    },
  );
  addLift(add, hub);
}

const holdFilter = ({ state = 'in-force' }: { readonly state?: string }): { readonly isInForce: boolean } => ({
  isInForce: state === 'in-force',
});

function addLift(add: AddRoute, { keys, holds }: OperatorContext): void {
  const Lift = closed({ why: Why });
  const readWhy = orderReader(Lift);
  add(
    {
      method: 'post',
      path: `${OPS}/legal-holds/{id}/lift`,
      tag: TAG,
      summary: 'Lift a legal hold',
      scopes: ['ops:configure'],
      body: { 'application/json': Lift },
      replies: {
        200: { description: 'The lifted hold', schema: LegalHoldShown },
        404: { description: 'No hold in force has this id' },
      },
    },
    async (c) => {
      const key = requireKey(c, keys, 'ops:configure');
      const id = idOf(c, 'legal hold');
      const { why } = await readWhy(c);
      const hold = await holds.lift(id, { who: key.id, why });
      if (!hold) throw none('legal hold', id);
      return c.json(hold);
    },
  );
}

function shown(set: SetHold, code = ''): object {
  if (set.kind === 'set') return set.hold;
  if (set.kind === 'unknown') throw none('dossier or record', code);
  if (set.kind === 'nobody') throw refusalWith([problem('/person', 'person-unclear')]);
  if (set.kind === 'erased') throw new Refusal('erased', say('personal-data-erased', { at: set.at }));
  throw new Refusal('ambiguous', say('dossiers-apart', { code, count: set.codes.length, list: set.codes }));
}
