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
    party: Type.String({ description: 'the party that sent it first' }),
    status: oneOf(STATUSES),
    statusAt: Instant,
    dueAt: maybe(Instant),
    version: Type.Integer({
      description: 'the newest version; a delivery of a lower version carries an earlier state',
    }),
    changedAt: Instant,
    erasedAt: maybe(Instant),
    legalHold: maybe(Type.Integer({ description: 'the number of a legal hold in force' })),
    files: Type.Array(
      closed(
        {
          file: Type.String({ description: 'its reference' }),
          bytes: Type.Integer(),
          mediaType: Type.String(),
          scan: oneOf(['unscanned', 'clean', 'infected']),
          party: Type.String({ description: 'a party that pushed it' }),
        },
        { title: 'NamedFile' },
      ),
      { description: 'the files that it names, newest first, at most a hundred' },
    ),
  },
  { title: 'CurrentState' },
);
export const CurrentStatesShown = closed({ items: Type.Array(CurrentStateShown) });

/** The state of a dossier, for operators without index:read. It has no personal data. */
export function addDossierStates(add: AddRoute, { keys, ledger }: Pick<OperatorContext, 'keys' | 'ledger'>): void {
  add(
    {
      method: 'get',
      path: `${OPS}/dossiers/{code}`,
      tag: TAG,
      summary: 'The state of a dossier, by any of its codes, without personal data',
      description: 'When several dossiers have the code, all are listed.',
      scopes: ['ops:read'],
      replies: {
        200: { description: 'The dossiers with this code', schema: CurrentStatesShown },
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
