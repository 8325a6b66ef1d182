import Type from 'typebox';
import { readPeriod } from '#core/dates';
import { closed } from '#schemas/parts';
import { wrongParameter } from './problem.ts';

/** The query parameters that lists share, each a string schema. */
export const Limit = Type.Optional(
  Type.String({ pattern: '^(?:[1-9][0-9]?|1[0-9]{2}|200)$', description: 'a number from 1 to 200' }),
);
export const Cursor = Type.Optional(Type.String({ description: 'the `next` of the page before' }));
export const text = (description: string) => Type.Optional(Type.String({ maxLength: 200, description }));

/** For what is kept in the audit when it is shown. */
export const Purpose = text('for what the personal data is read: kept in the audit beside the read');

/** The reply of a list; `next` is null at its end. */
export function pageOf(item: Type.TSchema) {
  return closed({ items: Type.Array(item), next: Type.Union([Type.String(), Type.Null()]) });
}

/** The ends of a period among the query's parameters, which are named `from` and `to` or end so. */
export function periodOf(query: { readonly from?: string; readonly to?: string }, names = { from: 'from', to: 'to' }) {
  const period = readPeriod(query);
  if ('wrong' in period) throw wrongParameter(names[period.wrong], period.error);
  return period;
}
