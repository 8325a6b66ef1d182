import Type from 'typebox';
import { closed } from '#schemas/parts';
import { requireKey } from '../auth.ts';
import { NoParameters } from '../lists.ts';
import { type AddRoute, queryReader } from '../route.ts';
import { OPS, type OperatorContext, TAG } from './request.ts';

export const OwnKeyShown = closed(
  {
    id: Type.String(),
    scopes: Type.Array(Type.String(), { description: 'the scopes of the key, as in the configuration' }),
  },
  { title: 'OwnKey' },
);

/** The key of the request, so that an operator's tool offers only what the key allows. */
export function addOwnKey(add: AddRoute, { keys }: Pick<OperatorContext, 'keys'>): void {
  const read = queryReader(NoParameters);
  add(
    {
      method: 'get',
      path: `${OPS}/key`,
      tag: TAG,
      summary: 'The key of the request: its id and its scopes',
      scopes: ['ops:read'],
      asksDatabase: false,
      query: NoParameters,
      replies: { 200: { description: 'The key', schema: OwnKeyShown } },
    },
    (c) => {
      const { id, scopes } = requireKey(c, keys, 'ops:read');
      read(c);
      return c.json({ id, scopes });
    },
  );
}
