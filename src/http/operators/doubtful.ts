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
        'moved-by-another: a party that does not own the dossier moved its status; alias-by-another: an alias of a party that never sent anything of the dossier; far-ahead: a moment far in the future made everything real older',
    }),
    party: Type.String({ description: 'the party that changed it, or that the alias names' }),
    owner: Type.String({ description: 'the party that owns the dossier' }),
    foundAt: Instant,
  },
  { title: 'DoubtfulDossier' },
);

const Settle = closed({ why: Why });

/** What was changed before the rules of ownership, and those rules would have kept apart. */
export function addDoubtful(add: AddRoute, hub: OperatorContext): void {
  addList(add, hub, {
    name: 'doubtful-dossiers',
    summary: 'Dossiers that an older version let another party than the owner change',
    description: 'The upgrade lists them and changes nothing. The owner corrects a dossier by sending it again.',
    filters: {
      kind: Type.Optional(oneOf(DOUBTS)),
      party: text('the party that changed it'),
      code: text('the code of a dossier'),
    },
    item: DoubtfulShown,
    load: (filter, many, after?: number) => hub.ledger.doubtful(cleanFilter(filter), many, after),
    placeOf: (one) => one.id,
  });
  const read = orderReader(Settle);
  add(
    {
      method: 'post',
      path: `${OPS}/doubtful-dossiers/{id}/settle`,
      tag: TAG,
      summary: 'Note that a doubtful dossier has been looked at',
      scopes: ['ops:configure'],
      body: { 'application/json': Settle },
      replies: {
        200: { description: 'It is no longer listed', schema: closed({ id: Type.Integer(), code: Type.String() }) },
        404: { description: 'None of this id waits' },
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
