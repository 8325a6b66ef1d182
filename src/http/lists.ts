import Type from 'typebox';
import { type PeriodText, readPeriod } from '#core/dates/dates';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { inEnglish } from '#messages/render';
import { closed } from '#schemas/parts';
import type { Cursors } from './cursor.ts';
import { refusalWith, wrongParameter } from './problem.ts';

/** A number in a query: validated as text, published as a number. */
export const numeral = (pattern: string, minimum: number, maximum: number, description: string) =>
  Type.Optional(Type.String({ pattern, description, numeral: { minimum, maximum } }));

/** The query parameters of all lists, each a string schema. */
export const Limit = numeral(
  '^(?:[1-9][0-9]?|1[0-9]{2}|200)$',
  1,
  200,
  'a number from 1 to 200; a page of large items ends earlier',
);
export const Cursor = Type.Optional(Type.String({ description: 'the `next` of the previous page' }));
export const text = (description: string) => Type.Optional(Type.String({ maxLength: 200, description }));
/** The same for a filter that a body gives too. There an empty text is refused: read as no filter, it would match all. */
export const filterText = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 200, description }));

/** The values of a parameter that joins them by commas. @throws Refusal 400 for one that is not allowed */
export function valuesOf(parameter: string, given: string, allowed: readonly string[]): readonly string[] {
  const values = given.split(',').map((value) => value.trim());
  const wrong = values.find((value) => !allowed.includes(value));
  if (wrong === undefined) return values;
  const expected = say('some-of', { list: allowed });
  throw wrongParameter(parameter, 'unexpected', { got: received(wrong), expected });
}

/** The query of a list without parameters: it refuses unknown ones as the others do. */
export const NoParameters = closed({});

/** The purpose of a read that the audit records. */
export const Purpose = text('for what the personal data is read: kept in the audit beside the read');

/** The cursor of the next page, null on the last one. */
export const Next = Type.Union([Type.String(), Type.Null()]);

/** The reply of a list. `next` is null on the last page. */
export function pageOf(item: Type.TSchema, more: Type.TProperties = {}) {
  return closed({ items: Type.Array(item), next: Next, ...more });
}

/** How many match in all, in the reply of a list that is counted. */
export const TOTAL = Type.Optional(
  Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
    description:
      'how many match in all; null for more than 10,000, absent when counting takes longer than 100 ms, and on a later page that has a `next` and no items',
  }),
);

/** The start and end of a period in the query: `from` and `to`, or names that end so. */
export function periodOf(query: PeriodText, names = { from: 'from', to: 'to' }) {
  const period = readPeriod(query);
  if ('wrong' in period) throw refusalWith([{ path: `?${names[period.wrong]}`, ...inEnglish(period.error) }]);
  return period;
}

/** The sort key of the last shown item, where the next page begins. */
export type Place = string | number | readonly (string | number)[];

/**
 * May have fewer items than the limit while more follow: with `isCut` because they are large, with `endedAt` because few of the
 * rows matched. `endedAt` is the place of the last row that was looked at.
 */
export type Loaded<Item, At> = readonly Item[] & { readonly isCut?: boolean; readonly endedAt?: At | undefined };

export interface Paging<Item, At extends Place> {
  /** The name of the list. A cursor of another list is refused. */
  readonly list: string;
  /** Unvalidated, from the query. */
  readonly limit: string | undefined;
  readonly cursor: string | undefined;
  readonly load: (limit: number, after: At | undefined) => Promise<Loaded<Item, At>>;
  readonly placeOf: (item: Item) => At;
  /** How many match in all. Not asked when the first page has all of them, or a later one none of them. */
  readonly count?: (() => Promise<number | null | undefined>) | undefined;
}

/**
 * A page of a list, and the cursor of the next one or null. @throws Refusal 400 for a cursor of
 * another list
 */
export async function pageBy<Item, At extends Place>(
  cursors: Cursors,
  { list, limit: asked, cursor, load, placeOf, count }: Paging<Item, At>,
): Promise<{
  readonly items: readonly Item[];
  readonly next: string | null;
  readonly total?: number | null | undefined;
}> {
  const limit = Number(asked ?? 50);
  const held = cursors.read(list, cursor);
  // The cursor is signed, so its content comes from `placeOf` of this list.
  const after = (held?.length === 1 ? held[0] : held) as At | undefined;
  const found = await load(limit + 1, after);
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const hasMore = (found.isCut || found.length > limit) && last !== undefined;
  const endedAt = hasMore ? placeOf(last) : found.endedAt;
  const next = endedAt === undefined ? null : cursors.write(list, [endedAt].flat());
  if (!count) return { items, next };
  const isFirst = cursor === undefined;
  if (next === null && isFirst) return { items, next, total: items.length };
  if (next !== null && !isFirst && items.length === 0) return { items, next };
  const total = await count();
  // Then no older row matches.
  const isWhole = isFirst && !hasMore && total === items.length;
  return { items, next: isWhole ? null : next, total };
}
