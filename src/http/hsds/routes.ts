import type { Context } from 'hono';
import type Type from 'typebox';
import { quote } from '#core/explain';
import type { CatalogueKind } from '../../catalogue/catalogue.ts';
import type { CatalogueFilter, ServedEntry } from '../../catalogue/read.ts';
import type { Scope } from '../../config/config.ts';
import { requireKey } from '../auth.ts';
import { type CatalogueReaderContext, holderOf } from '../catalogue.ts';
import type { Holder } from '../cpsv-ap-nodes.ts';
import { numeral } from '../lists.ts';
import { Refusal, wrongParameter } from '../problem.ts';
import { type AddRoute, conditional, conditionalList, queryReader, type RouteDoc } from '../route.ts';
import type { KeyOf } from './ids.ts';

const READ: readonly Scope[] = ['catalogue:read'];
const TAG = 'HSDS';
const NOT_FOUND: RouteDoc['replies'] = { 404: { description: 'Nothing has this identifier' } };

/** The number of a page, from 1 on. */
export const Page = numeral('^[1-9][0-9]{0,5}$', 1, 999_999, 'the number of the page, from 1 on');

interface Described extends Pick<RouteDoc, 'path' | 'summary' | 'description'> {
  readonly schema: object;
}
interface Entries extends Described {
  readonly kind: CatalogueKind;
}

/** A route whose answer no database knows better; undefined where there is none. */
export function addAnswer(
  add: AddRoute,
  { keys }: CatalogueReaderContext,
  { schema, answer, ...doc }: Described & Pick<RouteDoc, 'alsoAt'> & { answer: (c: Context) => object | undefined },
): void {
  add(
    {
      ...{ ...doc, method: 'get', tag: TAG, scopes: READ, conditional: true, asksDatabase: false },
      replies: { 200: { description: 'The answer', schema }, ...(doc.path.includes('{id}') ? NOT_FOUND : {}) },
    },
    (c) => {
      requireKey(c, keys, ...READ);
      const found = answer(c);
      if (!found) throw notFound(c);
      return conditional(c, JSON.stringify(found));
    },
  );
}

/** One entry by its identifier. */
export function addEntry(
  add: AddRoute,
  hub: CatalogueReaderContext,
  keyOf: KeyOf,
  { kind, schema, view, ...doc }: Entries & { view: (entry: ServedEntry, holder: Holder) => object },
): void {
  add(
    {
      ...{ ...doc, method: 'get', tag: TAG, scopes: READ, conditional: true },
      replies: { 200: { description: 'It', schema }, ...NOT_FOUND },
    },
    async (c) => {
      requireKey(c, hub.keys, ...READ);
      const key = await keyOf(kind, c.req.param('id') ?? '');
      const entry = key === undefined ? undefined : await hub.catalogue.one(kind, key);
      if (!entry) throw notFound(c);
      return conditional(c, JSON.stringify(view(entry, holderOf(c, hub))));
    },
  );
}

function notFound(c: Context): Refusal {
  return new Refusal('not-found', `nothing has the identifier ${quote(c.req.param('id') ?? '')}`);
}

type PageQuery = Readonly<Record<string, string | undefined>>;

/** A page of entries, by number as HSDS has pages. What `filter` gives as undefined is found nowhere. */
export function addList<Q extends Type.TObject>(
  add: AddRoute,
  hub: CatalogueReaderContext,
  {
    kind,
    schema,
    query,
    filter,
    view,
    ...doc
  }: Entries & {
    query: Q;
    filter: (query: Type.Static<Q>) => Promise<CatalogueFilter | undefined>;
    view: (entry: ServedEntry, holder: Holder, query: Type.Static<Q>) => object;
  },
): void {
  const read = queryReader(query);
  add(
    {
      ...{ ...doc, method: 'get', tag: TAG, scopes: READ, conditional: true, query },
      replies: { 200: { description: 'A page', schema } },
    },
    async (c) => {
      const { id } = requireKey(c, hub.keys, ...READ);
      const asked = read(c);
      const { page = '1', per_page: size = '50' } = asked as PageQuery;
      const wanted = await filter(asked);
      return hub.pages.hold(id, async (hold) => {
        const found = wanted
          ? await hub.catalogue.page(kind, wanted, Number(size), (Number(page) - 1) * Number(size))
          : { total: 0, items: [] };
        if ('isCut' in found.items && found.items.isCut) throw tooLarge(size, found.items.length);
        const holder = holderOf(c, hub);
        const list = {
          head: `${JSON.stringify(pageHead(found.items.length, found.total, Number(page), Number(size))).slice(0, -1)},"contents":[`,
          items: found.items,
          write: (entry: ServedEntry<string>) =>
            JSON.stringify(view({ ...entry, record: JSON.parse(entry.record) }, holder, asked)),
          tail: ']}',
        };
        return conditionalList(c, list, {}, hold);
      });
    },
  );
}

/** Pages have numbers here, so that one which ended early would leave out entries. */
function tooLarge(size: string, fits: number): Refusal {
  return wrongParameter('per_page', `got ${size}, of which this page has room for ${fits}; ask for at most so many`);
}

/** What the envelope of a list says of its page. */
export function pageHead(shown: number, total: number, page: number, size: number): object {
  const pages = Math.ceil(total / size);
  return {
    total_items: total,
    total_pages: pages,
    page_number: page,
    size: shown,
    first_page: page === 1,
    last_page: page >= pages,
    empty: shown === 0,
  };
}
