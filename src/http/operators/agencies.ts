import Type from 'typebox';
import type { Agency } from '#schemas/agency.upsert.v1';
import { closed } from '#schemas/parts';
import { requireKey } from '../auth.ts';
import { NoParameters } from '../lists.ts';
import { type AddRoute, queryReader } from '../route.ts';
import { OPS, type OperatorContext, TAG } from './request.ts';

export const AgencyNamed = closed({ code: Type.String(), name: Type.String() }, { title: 'AgencyNamed' });

/** More than a province has. A form that offers them stays light. */
const MOST = 500;

/** The agencies in force by code, for operators without catalogue:read. */
export function addAgencies(add: AddRoute, { keys, catalogue }: Pick<OperatorContext, 'keys' | 'catalogue'>): void {
  const read = queryReader(NoParameters);
  add(
    {
      method: 'get',
      path: `${OPS}/agencies`,
      tag: TAG,
      summary: `The first ${MOST} agencies in force, by code, with their names`,
      scopes: ['ops:read'],
      query: NoParameters,
      replies: { 200: { description: 'The agencies', schema: closed({ items: Type.Array(AgencyNamed) }) } },
    },
    async (c) => {
      requireKey(c, keys, 'ops:read');
      read(c);
      const entries = await catalogue.list('agency', { inForce: true }, MOST, undefined);
      const items = entries.map(({ record }) => {
        const { code, name } = JSON.parse(record) as Agency;
        return { code, name };
      });
      return c.json({ items });
    },
  );
}
