import Type from 'typebox';
import { cleanCode } from '#core/identifiers/identifiers';
import { STATUSES } from '#schemas/dossier.upsert.v1';
import { closed, Instant, oneOf } from '#schemas/parts';
import { requireKey } from '../auth.ts';
import type { AddRoute } from '../route.ts';
import { none, OPS, type OperatorContext, TAG } from './request.ts';
import { maybe } from './shown.ts';

const CurrentStateShown = closed(
  {
    code: Type.String(),
    party: Type.String({ description: 'that first told of it' }),
    status: oneOf(STATUSES),
    statusAt: Instant,
    dueAt: maybe(Instant),
    version: Type.Integer({ description: 'the newest one: a delivery of a lower version tells of what was before' }),
    changedAt: Instant,
  },
  { title: 'CurrentState' },
);
export const CurrentStatesShown = closed({ items: Type.Array(CurrentStateShown) });

/** Where a dossier stands, for who decides about what is told of it: without index:read, for nothing of it is personal. */
export function addDossierStates(add: AddRoute, { keys, ledger }: Pick<OperatorContext, 'keys' | 'ledger'>): void {
  add(
    {
      method: 'get',
      path: `${OPS}/dossiers/{code}`,
      tag: TAG,
      summary: 'Where a dossier stands, by any of its codes; nothing personal',
      description: 'Of a code that several dossiers have each of them is listed.',
      scopes: ['ops:read'],
      replies: {
        200: { description: 'The dossiers that have the code', schema: CurrentStatesShown },
        404: { description: 'No such dossier' },
      },
    },
    async (c) => {
      requireKey(c, keys, 'ops:read');
      const code = cleanCode(c.req.param('code') ?? '');
      const items = await ledger.currentStates(code);
      if (items.length === 0) throw none('dossier', code);
      return c.json({ items });
    },
  );
}
