import Type from 'typebox';
import { closed } from '#schemas/parts';
import { requireKey } from '../auth.ts';
import type { AddRoute } from '../route.ts';
import { OPS, type OperatorContext, TAG } from './request.ts';

export const OwnKeyShown = closed(
  {
    id: Type.String(),
    scopes: Type.Array(Type.String(), { description: 'what it may, in the words of the configuration' }),
  },
  { title: 'OwnKey' },
);

/** Which key one holds: an operator's tool offers what the key may do, and nothing else. */
export function addOwnKey(add: AddRoute, { keys }: Pick<OperatorContext, 'keys'>): void {
  add(
    {
      method: 'get',
      path: `${OPS}/key`,
      tag: TAG,
      summary: 'The key that the request is made with: its id and its scopes',
      scopes: ['ops:read'],
      asksDatabase: false,
      replies: { 200: { description: 'The key', schema: OwnKeyShown } },
    },
    (c) => {
      const { id, scopes } = requireKey(c, keys, 'ops:read');
      return c.json({ id, scopes });
    },
  );
}
