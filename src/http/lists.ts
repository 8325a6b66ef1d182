import Type from 'typebox';
import { parseInstant } from '#core/dates';
import { quote } from '#core/explain';
import { closed } from '#schemas/parts';
import { wrongParameter } from './problem.ts';

/** The query parameters that lists share, each a string schema. */
export const Limit = Type.Optional(
  Type.String({ pattern: '^(?:[1-9][0-9]?|1[0-9]{2}|200)$', description: 'a number from 1 to 200' }),
);
export const Cursor = Type.Optional(Type.String({ description: 'the `next` of the page before' }));
export const text = (description: string) => Type.Optional(Type.String({ maxLength: 200, description }));

/** The reply of a list; `next` is null at its end. */
export function pageOf(item: Type.TSchema) {
  return closed({ items: Type.Array(item), next: Type.Union([Type.String(), Type.Null()]) });
}

/** A date means Vietnam's day: its first moment, or its last. */
export function momentOf(name: string, given: string, time: string): string {
  const moment = parseInstant(/^\d{4}-\d\d-\d\d$/.test(given) ? `${given}T${time}+07:00` : given.replace(' ', '+'));
  if (moment === undefined)
    throw wrongParameter(name, `got ${quote(given)}, expected a date such as 2025-08-12, or a time with a zone`);
  return moment;
}
