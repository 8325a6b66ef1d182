import Type from 'typebox';
import { closed, Instant, oneOf } from '#schemas/parts';

/** Of the tables of HSDS 3.1 what the hub gives: each member as the specification has it, and no other. */
const optional = Type.Optional;
const Text = Type.String();
const Id = Type.String({ format: 'uuid' });
const Uri = Type.String({ format: 'uri' });
const list = <T extends Type.TSchema>(items: T) => optional(Type.Array(items));

export const Taxonomy = closed({ id: Id, name: Text, description: Text }, { title: 'HsdsTaxonomy' });

export const TaxonomyTerm = closed(
  {
    id: Id,
    code: Text,
    name: Text,
    description: Text,
    language: Text,
    taxonomy: Text,
    taxonomy_id: Id,
    taxonomy_detail: Taxonomy,
  },
  { title: 'HsdsTaxonomyTerm' },
);

export const Attribute = closed(
  {
    id: Id,
    link_id: Id,
    link_entity: Text,
    link_type: Text,
    label: optional(Text),
    value: optional(Text),
    taxonomy_term_id: optional(Id),
    taxonomy_term: optional(TaxonomyTerm),
  },
  { title: 'HsdsAttribute' },
);

export const Organization = closed(
  {
    id: Id,
    name: Text,
    description: Text,
    parent_organization_id: optional(Id),
    organization_identifiers: list(closed({ id: Id, organization_id: Id, identifier_type: Text, identifier: Text })),
    attributes: list(Attribute),
  },
  { title: 'HsdsOrganization' },
);

export const CostOption = closed(
  {
    id: Id,
    service_id: Id,
    option: Text,
    currency: optional(Type.Literal('VND')),
    amount: optional(Type.Integer({ minimum: 0, description: 'left out where it is not known, which is not 0' })),
    amount_description: optional(Text),
  },
  { title: 'HsdsCostOption' },
);

export const RequiredDocument = closed(
  { id: Id, service_id: Id, document: Text, uri: optional(Uri), attributes: list(Attribute) },
  { title: 'HsdsRequiredDocument' },
);

export const Service = closed(
  {
    id: Id,
    organization_id: optional(Id),
    name: Text,
    url: Uri,
    status: oneOf(['active', 'inactive']),
    application_process: optional(Text),
    fees_description: optional(Text),
    eligibility_description: optional(Text),
    last_modified: Type.Unsafe<string>({ ...Instant, description: 'when the hub was told of it as it is' }),
    organization: optional(Organization),
    languages: list(closed({ id: Id, service_id: Id, name: Text, code: Text })),
    service_areas: list(closed({ id: Id, service_id: Id, name: Text })),
    cost_options: list(CostOption),
    required_documents: list(RequiredDocument),
    attributes: list(Attribute),
  },
  { title: 'HsdsService' },
);

export const MinimalService = closed(
  { id: Id, last_modified: Service.properties.last_modified },
  { title: 'HsdsMinimalService' },
);

export const About = closed(
  { version: Text, profile: Uri, openapi_url: Uri, description: Text },
  { title: 'HsdsAbout', description: 'which version and profile this is' },
);

/** The envelope of a list. */
export function hsdsPageOf<T extends Type.TSchema>(item: T) {
  const count = (description: string) => Type.Integer({ minimum: 0, description });
  return closed({
    total_items: count('on all pages'),
    total_pages: count('of this size'),
    page_number: Type.Integer({ minimum: 1 }),
    size: count('on this page'),
    first_page: Type.Boolean(),
    last_page: Type.Boolean(),
    empty: Type.Boolean(),
    contents: Type.Array(item),
  });
}
