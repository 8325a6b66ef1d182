import Type from 'typebox';
import { EN } from '#messages/en';
import { say } from '#messages/message';
import { closed, Instant } from '#schemas/parts';
import { requireKey } from '../auth.ts';
import { text } from '../lists.ts';
import { Refusal } from '../problem.ts';
import { type AddRoute, queryReader } from '../route.ts';
import { none, OPS, type OperatorContext, orderReader, TAG } from './request.ts';

const List = Type.String({
  pattern: '^[a-z-]{1,40}$',
  description: EN['schema.saved-filter-list'],
});
const Name = Type.String({ minLength: 1, maxLength: 60, pattern: '\\S', description: 'what the officer calls it' });
const Filter = closed({
  list: List,
  name: Name,
  query: Type.String({
    pattern: '^[A-Za-z0-9%&=+._~*-]{1,2000}$',
    description: EN['schema.saved-filter-query'],
  }),
});

export const SavedFilterShown = closed({ ...Filter.properties, savedAt: Instant }, { title: 'SavedFilter' });

const MOST = 30;
const OF_KEY = 'Each key has its own, and sees no others. They change nothing else, so the audit does not record them.';

/** The filters that an officer saved for lists. */
export function addSavedFilters(add: AddRoute, hub: Pick<OperatorContext, 'keys' | 'savedFilters'>): void {
  const { keys, savedFilters } = hub;
  const Query = closed({ list: text('only those of this list, such as deliveries') });
  const readQuery = queryReader(Query);
  const readFilter = orderReader(Filter);
  add(
    {
      method: 'get',
      path: `${OPS}/saved-filters`,
      tag: TAG,
      summary: 'The filters that this key saved, by list and name',
      description: OF_KEY,
      scopes: ['ops:read'],
      query: Query,
      replies: {
        200: { description: 'All of them', schema: closed({ items: Type.Array(SavedFilterShown) }) },
      },
    },
    async (c) => {
      const { id } = requireKey(c, keys, 'ops:read');
      return c.json({ items: await savedFilters.list(id, readQuery(c).list) });
    },
  );
  add(
    {
      method: 'post',
      path: `${OPS}/saved-filters`,
      tag: TAG,
      summary: 'Save a filter of a list under a name, in the place of the one of the same name',
      description: `${OF_KEY} A key may have ${MOST} filters in a list.`,
      scopes: ['ops:read'],
      body: { 'application/json': Filter },
      replies: {
        201: { description: 'The filter', schema: Filter },
        400: { description: 'Invalid, or the key has too many filters in this list' },
      },
    },
    async (c) => {
      const { id } = requireKey(c, keys, 'ops:read');
      const filter = await readFilter(c);
      if (await savedFilters.save(id, filter, MOST)) return c.json(filter, 201);
      throw new Refusal('bad-request', say('many-saved-filters', { count: MOST, list: filter.list }));
    },
  );
  addRemoval(add, hub);
}

function addRemoval(add: AddRoute, { keys, savedFilters }: Pick<OperatorContext, 'keys' | 'savedFilters'>): void {
  const Named = closed({ list: List, name: Name });
  const read = orderReader(Named);
  add(
    {
      method: 'post',
      path: `${OPS}/saved-filters/remove`,
      tag: TAG,
      summary: 'Remove a saved filter of this key',
      scopes: ['ops:read'],
      body: { 'application/json': Named },
      replies: {
        200: { description: 'What was removed', schema: Named },
        404: { description: 'No filter of this name in this list' },
      },
    },
    async (c) => {
      const { id } = requireKey(c, keys, 'ops:read');
      const named = await read(c);
      if (!(await savedFilters.remove(id, named.list, named.name))) throw none('saved filter', named.name);
      return c.json(named);
    },
  );
}
