import type { Context } from 'hono';
import type Type from 'typebox';
import { cleanCode } from '#core/identifiers/identifiers';
import { closed } from '#schemas/parts';
import { requireKey } from '../auth.ts';
import { jsonIn } from '../language.ts';
import { Cursor, Limit, type Loaded, type Place, pageBy, pageOf, periodOf, TOTAL } from '../lists.ts';
import { type AddRoute, queryReader } from '../route.ts';
import { OPS, type OperatorContext, TAG } from './request.ts';

/** A list for operators: its documentation and how it is read. */
export interface OperatorList<Filters extends Type.TProperties, Item, At extends Place> {
  /** The end of its path. */
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  /** The parameters in addition to those of the page. */
  readonly filters: Filters;
  /** The schema of a shown item. */
  readonly item: Type.TSchema;
  readonly load: (filter: Given<Filters>, limit: number, after: At | undefined) => Promise<Loaded<Item, At>>;
  readonly placeOf: (item: Item) => At;
  /** How many match in all. See TOTAL. */
  readonly count: (filter: Given<Filters>) => Promise<number | null | undefined>;
  /** The shown form of an item, if it is not the whole item. */
  readonly show?: (item: Item) => object;
}

type Given<Filters extends Type.TProperties> = Type.Static<Type.TObject<Filters>>;

export const LOOKS_AT =
  'With filters, a page looks at 10,000 rows at most. It may be short or empty, and `next` then continues the search.';

/** Adds a list that keys with `ops:read` read page by page. */
export function addList<Filters extends Type.TProperties, Item, At extends Place>(
  add: AddRoute,
  { keys, cursors }: Pick<OperatorContext, 'keys' | 'cursors'>,
  { name, summary, description, filters, item, load, placeOf, count, show }: OperatorList<Filters, Item, At>,
): void {
  const query = closed({ ...filters, limit: Limit, cursor: Cursor });
  const read = queryReader(query) as (c: Context) => { readonly limit?: string; readonly cursor?: string };
  add(
    {
      method: 'get',
      path: `${OPS}/${name}`,
      tag: TAG,
      summary,
      description: description || undefined,
      scopes: ['ops:read'],
      query,
      replies: { 200: { description: 'A page', schema: pageOf(item, { total: TOTAL }) } },
    },
    async (c) => {
      requireKey(c, keys, 'ops:read');
      const { limit, cursor, ...filter } = read(c);
      const { items, ...page } = await pageBy<Item, At>(cursors, {
        list: `ops/${name}`,
        limit,
        cursor,
        placeOf,
        count: () => count(filter as Given<Filters>),
        load: (many, after) => load(filter as Given<Filters>, many, after),
      });
      return jsonIn(c, { items: show ? items.map(show) : items, ...page });
    },
  );
}

/** The filter with normalised codes, and dates as instants. @throws Refusal 400 for an invalid date */
export function cleanFilter<F extends { readonly code?: string; readonly from?: string; readonly to?: string }>({
  code,
  from,
  to,
  ...same
}: F) {
  return { ...same, code: code ? cleanCode(code) : undefined, ...periodOf({ from, to }) };
}
