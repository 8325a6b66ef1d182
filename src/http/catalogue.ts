import type { Context } from 'hono';
import Type from 'typebox';
import { cleanCode } from '#core/identifiers/identifiers';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { Agency } from '#schemas/agency.upsert.v1';
import { Field } from '#schemas/field.upsert.v1';
import { closed, oneOf } from '#schemas/parts';
import { LEVELS, Service } from '#schemas/service.upsert.v1';
import type { CatalogueKind } from '../catalogue/catalogue.ts';
import type { CatalogueFilter, CatalogueReader } from '../catalogue/read.ts';
import type { Scope } from '../config/config.ts';
import type { AppContext } from './app-context.ts';
import { requireKey } from './auth.ts';
import { fieldConcept, publicOrganisation, publicService } from './catalogue-formats/cpsv-ap.ts';
import type { Holder } from './catalogue-formats/cpsv-ap-nodes.ts';
import { JSON_LD, JsonLdOne, JsonLdPage, negotiated, negotiatedPage } from './catalogue-formats/json-ld.ts';
import type { Clients } from './clients.ts';
import { Cursor, Limit, pageBy, pageOf, text } from './lists.ts';
import type { Hold, PageBudget } from './page-budget.ts';
import { Refusal } from './problem.ts';
import { type AddRoute, queryReader } from './route.ts';

/**
 * What the readers of single entries need. A copy serves entries from its file, without a page
 * budget.
 */
export interface EntryReaderContext extends Pick<AppContext, 'keys' | 'cursors' | 'province'> {
  readonly reads: { of(c: Context): { readonly catalogue: Pick<CatalogueReader, 'one' | 'list'> } };
  readonly clients: Pick<Clients, 'originOf'>;
  readonly pages?: PageBudget | undefined;
}

export type CatalogueReaderContext = Pick<AppContext, 'reads' | 'keys' | 'cursors' | 'clients' | 'province' | 'pages'>;

const Query = closed({
  q: text('words of the code or the name, with or without Vietnamese marks'),
  field: text('a field code'),
  agency: text('the code of an agency that provides the service, or of one above it'),
  level: Type.Optional(oneOf(LEVELS)),
  audience: text('a target group, as the source names it'),
  inForce: Type.Optional(oneOf(['true', 'false'])),
  limit: Limit,
  cursor: Cursor,
});

const READ: readonly Scope[] = ['catalogue:read'];
interface List {
  readonly kind: CatalogueKind;
  readonly path: string;
  readonly schema: Type.TSchema;
  readonly summary: string;
  /** The same for one entry. */
  readonly one: string;
  /** The entry in CPSV-AP. */
  readonly linked: (record: never, holder: Holder) => object;
}
const LISTS: readonly List[] = [
  {
    kind: 'service',
    path: '/api/v1/services',
    schema: Service,
    linked: publicService,
    summary: 'Services',
    one: 'A service by the short or the long form of its code',
  },
  {
    kind: 'field',
    path: '/api/v1/fields',
    schema: Field,
    linked: fieldConcept,
    summary: 'Fields of services',
    one: 'A field by its code',
  },
  {
    kind: 'agency',
    path: '/api/v1/agencies',
    schema: Agency,
    linked: publicOrganisation,
    summary: 'Agencies',
    one: 'An agency by its code',
  },
];
const AS_CPSV_AP =
  'With `Accept: application/ld+json`, the reply is CPSV-AP 3.2.0. Unknown amounts have no value there. A term in ' +
  'working days appears only as text, because ISO 8601 has no such duration.';

/** The readers of services, fields and agencies for portal frontends. */
export function addCatalogueReaders(add: AddRoute, hub: EntryReaderContext): void {
  const { reads, keys, cursors, pages } = hub;
  const read = queryReader(Query);
  for (const { kind, path, schema, summary, linked } of LISTS) {
    add(
      {
        method: 'get',
        path,
        tag: 'Catalogue',
        summary: `${summary}, by filter`,
        description: AS_CPSV_AP,
        scopes: READ,
        conditional: true,
        freshness: 'many',
        query: Query,
        replies: { 200: { description: 'A page', schema: pageOf(schema), also: { [JSON_LD]: JsonLdPage } } },
      },
      async (c) => {
        const { id } = requireKey(c, keys, ...READ);
        const { limit, cursor, ...query } = read(c);
        const answer = async (hold?: Hold): Promise<Response> => {
          const { items, next } = await pageBy(cursors, {
            list: path,
            limit,
            cursor,
            load: (many, after?: string) => reads.of(c).catalogue.list(kind, filterOf(query), many, after),
            placeOf: ({ key }) => key,
          });
          const holder = holderOf(c, hub);
          const records = items.map(({ record }) => record);
          const more: Readonly<Record<string, string>> =
            next === null ? {} : { Link: `<${nextOf(c.req.url, next)}>; rel="next"` };
          return negotiatedPage(c, records, { next, linked: (record) => linked(record, holder), more, hold });
        };
        return pages ? pages.hold(id, answer) : answer();
      },
    );
  }
  for (const one of LISTS) addOne(add, hub, one);
}

function addOne(add: AddRoute, hub: EntryReaderContext, { kind, path, schema, one, linked }: List): void {
  const { reads, keys } = hub;
  add(
    {
      method: 'get',
      path: `${path}/{code}`,
      tag: 'Catalogue',
      summary: one,
      description: AS_CPSV_AP,
      scopes: READ,
      conditional: true,
      freshness: 'one',
      replies: {
        200: { description: `The ${kind}`, schema, also: { [JSON_LD]: JsonLdOne } },
        404: { description: `No such ${kind}` },
      },
    },
    async (c) => {
      requireKey(c, keys, ...READ);
      const code = cleanCode(c.req.param('code') ?? '');
      const entry = await reads.of(c).catalogue.one(kind, code);
      if (!entry) throw new Refusal('not-found', say('catalogue-lacks', { kind, got: received(code) }));
      const record = entry.record as object;
      return negotiated(
        c,
        () => record,
        () => linked(record as never, holderOf(c, hub)),
      );
    },
  );
}

function holderOf(c: Context, { clients, province }: Pick<EntryReaderContext, 'clients' | 'province'>): Holder {
  return { origin: clients.originOf(c), province };
}

/** The next page of the requested list. The URL is relative, so that it works behind any proxy. */
function nextOf(url: string, cursor: string): string {
  const { pathname, searchParams } = new URL(url);
  searchParams.set('cursor', cursor);
  return `${pathname}?${searchParams}`;
}

function filterOf(query: Type.Static<typeof Query>): CatalogueFilter {
  return {
    q: query.q?.trim() ? query.q : undefined,
    field: query.field ? cleanCode(query.field) : undefined,
    agency: query.agency ? cleanCode(query.agency) : undefined,
    level: query.level,
    audience: query.audience || undefined,
    inForce: query.inForce === undefined ? undefined : query.inForce === 'true',
  };
}
