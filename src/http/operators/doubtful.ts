import Type from 'typebox';
import { DOUBTS } from '#core/dossier/ownership';
import { closed, Instant, oneOf } from '#schemas/parts';
import { requireKey } from '../auth.ts';
import { text } from '../lists.ts';
import type { AddRoute } from '../route.ts';
import { addList, cleanFilter } from './list.ts';
import { idOf, none, OPS, type OperatorContext, orderReader, TAG, Why } from './request.ts';

export const DoubtfulShown = closed(
  {
    id: Type.Integer(),
    code: Type.String(),
    kind: Type.Enum([...DOUBTS], {
      description:
        'moved-by-another: a party that does not own the dossier changed its status; alias-by-another: an alias of a party that never sent the dossier; far-ahead: an event time far in the future made all real events older',
    }),
    party: Type.String({ description: 'the party that changed it, or the party of the alias' }),
    owner: Type.String({ description: 'the party that owns the dossier' }),
    foundAt: Instant,
  },
  { title: 'DoubtfulDossier' },
);

const Settle = closed({ why: Why });

/** Changes from before the ownership rules, which those rules would have refused. */
export function addDoubtful(add: AddRoute, hub: OperatorContext): void {
  addList(add, hub, {
    name: 'doubtful-dossiers',
    summary: 'Dossiers that an older version let another party change',
    description: 'The upgrade only lists them. The owner corrects a dossier by sending it again.',
    filters: {
      kind: Type.Optional(oneOf(DOUBTS)),
      party: text('the party that changed it'),
      code: text('a dossier code'),
    },
    item: DoubtfulShown,
    load: (filter, many, after?: number) => hub.ledger.doubtful(cleanFilter(filter), many, after),
    count: (filter) => hub.ledger.totals.doubtful(cleanFilter(filter)),
    placeOf: (one) => one.id,
  });
  const read = orderReader(Settle);
  add(
    {
      method: 'post',
      path: `${OPS}/doubtful-dossiers/{id}/settle`,
      tag: TAG,
      summary: 'Mark a doubtful dossier as checked',
      scopes: ['ops:configure'],
      body: { 'application/json': Settle },
      replies: {
        200: { description: 'It is no longer listed', schema: closed({ id: Type.Integer(), code: Type.String() }) },
        404: { description: 'No unchecked dossier has this id' },
      },
    },
    async (c) => {
      const key = requireKey(c, hub.keys, 'ops:configure');
      const id = idOf(c, 'doubtful dossier');
      const { why } = await read(c);
      const code = await hub.orders.settleDoubtful(id, { who: key.id, why });
      if (code === undefined) throw none('doubtful dossier', id);
      return c.json({ id, code });
    },
  );
}
