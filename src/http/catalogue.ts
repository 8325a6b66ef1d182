import Type from 'typebox';
import { quote } from '#core/explain';
import { cleanCode } from '#core/identifiers';
import { Agency } from '#schemas/agency.upsert.v1';
import { Field } from '#schemas/field.upsert.v1';
import { closed, oneOf } from '#schemas/parts';
import { LEVELS, Service } from '#schemas/service.upsert.v1';
import type { CatalogueKind } from '../catalogue/catalogue.ts';
import type { CatalogueFilter, CatalogueReader } from '../catalogue/read.ts';
import type { Scope } from '../config.ts';
import { type Keys, requireKey } from './auth.ts';
import type { Cursors } from './cursor.ts';
import { Cursor, Limit, pageOf, text } from './lists.ts';
import { Refusal } from './problem.ts';
import { type AddRoute, conditional, queryReader } from './route.ts';

export interface CatalogueReaderMeans {
  readonly catalogue: CatalogueReader;
  readonly keys: Keys;
  readonly cursors: Cursors;
}

const Query = closed({
  q: text('words of the code or the name, with or without Vietnamese marks'),
  field: text('a field code'),
  agency: text('the code of an agency that carries it out'),
  level: Type.Optional(oneOf(LEVELS)),
  audience: text('a target group, as the source names it'),
  inForce: Type.Optional(oneOf(['true', 'false'])),
  limit: Limit,
  cursor: Cursor,
});

const READ: readonly Scope[] = ['catalogue:read'];
const LISTS: readonly { kind: CatalogueKind; path: string; schema: Type.TSchema; summary: string }[] = [
  { kind: 'service', path: '/api/v1/services', schema: Service, summary: 'Services' },
  { kind: 'field', path: '/api/v1/fields', schema: Field, summary: 'Fields of services' },
  { kind: 'agency', path: '/api/v1/agencies', schema: Agency, summary: 'Agencies' },
];

/** What portal frontends read of services, fields and agencies. */
export function addCatalogueReaders(add: AddRoute, { catalogue, keys, cursors }: CatalogueReaderMeans): void {
  const read = queryReader(Query);
  for (const { kind, path, schema, summary } of LISTS) {
    add(
      {
        method: 'get',
        path,
        tag: 'Catalogue',
        summary: `${summary}, by filter`,
        scopes: READ,
        conditional: true,
        query: Query,
        replies: { 200: { description: 'A page', schema: pageOf(schema) } },
      },
      async (c) => {
        requireKey(c, keys, ...READ);
        const query = read(c);
        const limit = Number(query.limit ?? 50);
        const after = cursors.read(path, query.cursor)?.[0] as string | undefined;
        const found = await catalogue.list(kind, filterOf(query), limit + 1, after);
        const items = found.slice(0, limit);
        const next = found.length > limit ? cursors.write(path, [items.at(-1)?.key ?? '']) : null;
        return conditional(c, JSON.stringify({ items: items.map((item) => item.record), next }));
      },
    );
  }
  add(
    {
      method: 'get',
      path: '/api/v1/services/{code}',
      tag: 'Catalogue',
      summary: 'A service by the short or the long form of its code',
      scopes: READ,
      conditional: true,
      replies: { 200: { description: 'The service', schema: Service }, 404: { description: 'No such service' } },
    },
    async (c) => {
      requireKey(c, keys, ...READ);
      const code = cleanCode(c.req.param('code') ?? '');
      const entry = await catalogue.one('service', code);
      if (!entry) throw new Refusal('not-found', `the catalogue has no service ${quote(code)}`);
      return conditional(c, JSON.stringify(entry.record));
    },
  );
}

function filterOf(query: Type.Static<typeof Query>): CatalogueFilter {
  return {
    ...(query.q?.trim() && { q: query.q }),
    ...(query.field && { field: cleanCode(query.field) }),
    ...(query.agency && { agency: cleanCode(query.agency) }),
    ...(query.level && { level: query.level }),
    ...(query.audience && { audience: query.audience }),
    ...(query.inForce && { inForce: query.inForce === 'true' }),
  };
}
