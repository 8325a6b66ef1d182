import Type from 'typebox';
import { closed, oneOf } from '#schemas/parts';
import type { CatalogueFilter, ServedEntry } from '../../catalogue/read.ts';
import { type CatalogueReaderContext, holderOf } from '../catalogue.ts';
import { Limit, periodOf, text } from '../lists.ts';
import type { AddRoute } from '../route.ts';
import { createKeyOf, type KeyOf } from './ids.ts';
import { addAnswer, addEntry, addList, Page, pageHead } from './routes.ts';
import { About, hsdsPageOf, MinimalService, Organization, Service, Taxonomy, TaxonomyTerm } from './schemas.ts';
import { type Entry, fullService, listedService, minimalService } from './service.ts';
import { FIELDS, fullOrganization, HSDS_VERSION, organization, taxonomyTerm } from './views.ts';

/** The catalogue for readers of HSDS: the paths that it requires, and of the others those that the catalogue can fill. */
export function addHsds(add: AddRoute, hub: CatalogueReaderContext): void {
  const keyOf = createKeyOf(hub.catalogue.keys, hub.province);
  addAnswer(add, hub, {
    path: '/hsds',
    // Where this is the address of a server, the path of the specification is the slash after it.
    alsoAt: '/hsds/',
    summary: 'Which version of HSDS this is',
    schema: About,
    answer: (c) => ({
      version: HSDS_VERSION,
      profile: 'https://docs.openreferral.org/en/latest/hsds/',
      openapi_url: `${holderOf(c, hub).origin}/openapi.json`,
      description: 'Thủ tục hành chính, cơ quan thực hiện và lĩnh vực',
    }),
  });
  addServices(add, hub, keyOf);
  addOrganizations(add, hub, keyOf);
  addTaxonomies(add, hub, keyOf);
}

const Flag = (description: string) => Type.Optional(Type.Enum(['true', 'false'], { description }));
const Format = Type.Optional(oneOf(['json']));

const ServicesQuery = closed({
  search: text('words of the code or the name, with or without Vietnamese marks'),
  ...{ page: Page, per_page: Limit, format: Format },
  taxonomy_term_id: text('a field'),
  taxonomy_id: text('the taxonomy: services with a field of it'),
  organization_id: text('an agency that carries it out'),
  modified_after: text('told to the hub at this moment or day, or later'),
  minimal: Flag('the identifiers alone, and when each was changed'),
  full: Flag('with all that belongs to each, as one by one'),
});

function addServices(add: AddRoute, hub: CatalogueReaderContext, keyOf: KeyOf): void {
  addList(add, hub, {
    ...{ kind: 'service', path: '/hsds/services', query: ServicesQuery },
    summary: 'Services as HSDS has them, by filter',
    description:
      'Conditions add up. An `organization` is the agency that is named first, before all one with a code; all are ' +
      'attributes, and found by `organization_id` where they have a code. `inactive`: no longer in force.',
    schema: hsdsPageOf(Type.Union([Service, MinimalService])),
    filter: (query) => serviceFilter(query, keyOf),
    view: (entry, holder, query) => {
      if (query.minimal === 'true') return minimalService(entry as Entry, holder);
      return query.full === 'true' ? fullService(entry as Entry, holder) : listedService(entry as Entry, holder);
    },
  });
  addEntry(add, hub, keyOf, {
    ...{ kind: 'service', path: '/hsds/services/{id}', schema: Service },
    summary: 'A service as HSDS has it, with all that belongs to it',
    description:
      'An amount that is not known is left out, and is not 0. What HSDS has no member for (levels of online service, ' +
      'time, results, legal bases) is among the attributes.',
    view: (entry, holder) => fullService(entry as Entry, holder),
  });
}

/** @returns undefined where an identifier leads nowhere: then nothing is found */
async function serviceFilter(
  query: Type.Static<typeof ServicesQuery>,
  keyOf: KeyOf,
): Promise<CatalogueFilter | undefined> {
  const {
    search,
    taxonomy_term_id: term,
    taxonomy_id: taxonomy,
    organization_id: owner,
    modified_after: after,
  } = query;
  const ends = { from: 'modified_after', to: 'modified_after' };
  const changedFrom = after && periodOf({ from: after }, ends).from;
  const [anyField, agency] = [term && (await keyOf('field', term)), owner && (await keyOf('agency', owner))];
  if ((term && !anyField) || (owner && !agency) || (taxonomy && taxonomy.toLowerCase() !== FIELDS.id)) return undefined;
  return {
    ...(search?.trim() && { q: search }),
    ...(anyField && { anyField }),
    ...(agency && { agency }),
    ...(changedFrom && { changedFrom }),
    ...(taxonomy && { hasField: true }),
  };
}

const OrganizationsQuery = closed({
  search: text('words of the code or the name, with or without Vietnamese marks'),
  ...{ page: Page, per_page: Limit, format: Format },
  full: Flag('with all that belongs to each, as one by one'),
});

function addOrganizations(add: AddRoute, hub: CatalogueReaderContext, keyOf: KeyOf): void {
  const full = ({ record }: ServedEntry) => fullOrganization(record as never);
  addList(add, hub, {
    ...{ kind: 'agency', path: '/hsds/organizations', query: OrganizationsQuery, schema: hsdsPageOf(Organization) },
    summary: 'Agencies as HSDS has organizations',
    description:
      'Their services: `/hsds/services?organization_id=`. Those that services name without a code are not here.',
    filter: async ({ search }) => (search?.trim() ? { q: search } : {}),
    view: (entry, _holder, query) => (query.full === 'true' ? full(entry) : organization(entry.record as never)),
  });
  addEntry(add, hub, keyOf, {
    ...{ kind: 'agency', path: '/hsds/organizations/{id}', schema: Organization, view: full },
    summary: 'An agency as HSDS has organizations',
  });
}

const TermsQuery = closed({
  search: text('words of the code or the name, with or without Vietnamese marks'),
  ...{ page: Page, per_page: Limit, format: Format },
  taxonomy_id: text('the taxonomy'),
});

function addTaxonomies(add: AddRoute, hub: CatalogueReaderContext, keyOf: KeyOf): void {
  const term = ({ record }: ServedEntry) => taxonomyTerm(record as never);
  addList(add, hub, {
    ...{ kind: 'field', path: '/hsds/taxonomy_terms', query: TermsQuery, schema: hsdsPageOf(TaxonomyTerm), view: term },
    summary: 'Fields of services as HSDS has terms',
    filter: async ({ search, taxonomy_id: taxonomy }) => {
      if (taxonomy && taxonomy.toLowerCase() !== FIELDS.id) return undefined;
      return search?.trim() ? { q: search } : {};
    },
  });
  addEntry(add, hub, keyOf, {
    ...{ kind: 'field', path: '/hsds/taxonomy_terms/{id}', schema: TaxonomyTerm, view: term },
    summary: 'A field of services as HSDS has terms',
  });
  addAnswer(add, hub, {
    ...{ path: '/hsds/taxonomies', schema: hsdsPageOf(Taxonomy), summary: 'The taxonomies: that of the fields alone' },
    answer: () => ({ ...pageHead(1, 1, 1, 1), contents: [FIELDS] }),
  });
  addAnswer(add, hub, {
    ...{ path: '/hsds/taxonomies/{id}', schema: Taxonomy, summary: 'The taxonomy whose terms the fields are' },
    answer: (c) => (c.req.param('id')?.toLowerCase() === FIELDS.id ? FIELDS : undefined),
  });
}
