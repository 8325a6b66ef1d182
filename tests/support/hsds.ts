import { Compile } from 'typebox/compile';

/**
 * HSDS 3.1 as JSON Schema, of the tables that an agency's catalogue can fill: all their members with type and format, and
 * which are required, written here from the schema reference (https://docs.openreferral.org/en/latest/hsds/, CC BY-SA 4.0).
 * Stricter than the specification in one thing: a member that it does not have is refused, so that a misspelt one is found.
 */
const TABLES = {
  service: {
    required: 'id name status',
    uuid: 'id organization_id program_id',
    string:
      'name alternate_name description interpretation_services application_process fees_description wait_time fees ' +
      'accreditations eligibility_description assured_date licenses alert',
    uri: 'url',
    email: 'email assurer_email',
    number: 'minimum_age maximum_age',
    'date-time': 'last_modified',
    enums: { status: ['active', 'inactive', 'defunct', 'temporarily closed'] },
    one: { organization: 'organization' },
    many: {
      languages: 'language',
      service_areas: 'service_area',
      cost_options: 'cost_option',
      required_documents: 'required_document',
      attributes: 'attribute',
    },
  },
  organization: {
    required: 'id name description',
    uuid: 'id parent_organization_id',
    string: 'name alternate_name description tax_status tax_id legal_status logo',
    uri: 'website uri',
    email: 'email',
    number: 'year_incorporated',
    many: { organization_identifiers: 'organization_identifier', attributes: 'attribute' },
  },
  organization_identifier: {
    required: 'id identifier_type identifier',
    uuid: 'id organization_id',
    string: 'identifier_scheme identifier_type identifier',
    many: { attributes: 'attribute' },
  },
  attribute: {
    required: 'id',
    uuid: 'id link_id taxonomy_term_id',
    string: 'link_type link_entity value label',
    one: { taxonomy_term: 'taxonomy_term' },
  },
  taxonomy_term: {
    required: 'id name description',
    uuid: 'id parent_id taxonomy_id',
    string: 'code name description taxonomy language',
    uri: 'term_uri',
    one: { taxonomy_detail: 'taxonomy' },
  },
  taxonomy: { required: 'id name description', uuid: 'id', string: 'name description version', uri: 'uri' },
  cost_option: {
    required: 'id',
    uuid: 'id service_id',
    string: 'valid_from valid_to option currency amount_description',
    number: 'amount',
    many: { attributes: 'attribute' },
  },
  required_document: {
    required: 'id',
    uuid: 'id service_id',
    string: 'document',
    uri: 'uri',
    many: { attributes: 'attribute' },
  },
  language: { required: 'id', uuid: 'id service_id location_id phone_id', string: 'name code note' },
  service_area: {
    required: 'id',
    uuid: 'id service_id service_at_location_id',
    string: 'name description extent extent_type uri',
  },
} as const satisfies Record<string, Table>;

interface Table extends Partial<Record<'uuid' | 'string' | 'uri' | 'email' | 'number' | 'date-time', string>> {
  readonly required: string;
  readonly enums?: Readonly<Record<string, readonly string[]>>;
  /** Members that are a row of a table, and rows. */
  readonly one?: Readonly<Record<string, string>>;
  readonly many?: Readonly<Record<string, string>>;
}
type TableName = keyof typeof TABLES;

/** What in a record is not as HSDS has this table; nothing where all is. */
export function problemsOf(table: TableName, record: unknown): readonly string[] {
  return errors(schemaOf(table), record);
}

/** The same of a list of them in the envelope of a page. */
export function pageProblemsOf(table: TableName, page: unknown): readonly string[] {
  const count = { type: 'integer', minimum: 0 };
  const counts = { total_items: count, total_pages: count, page_number: count, size: count };
  const flags = { first_page: FLAG, last_page: FLAG, empty: FLAG };
  return errors(object({ ...counts, ...flags, contents: { type: 'array', items: schemaOf(table) } }), page);
}

const FLAG = { type: 'boolean' };

function schemaOf(name: string): object {
  const {
    required,
    uuid = '',
    string = '',
    uri = '',
    email = '',
    number = '',
    ...table
  } = TABLES[name as TableName] as Table;
  const of = (names: string, schema: object) =>
    Object.fromEntries(names.split(' ').flatMap((member) => (member ? [[member, schema]] : [])));
  const properties = {
    ...of(string, { type: 'string' }),
    ...of(number, { type: 'number' }),
    ...of(uuid, { type: 'string', format: 'uuid' }),
    ...of(uri, { type: 'string', format: 'uri' }),
    ...of(email, { type: 'string', format: 'email' }),
    ...of(table['date-time'] ?? '', { type: 'string', format: 'date-time' }),
    ...Object.fromEntries(Object.entries(table.enums ?? {}).map(([member, values]) => [member, { enum: values }])),
    ...Object.fromEntries(Object.entries(table.one ?? {}).map(([member, other]) => [member, schemaOf(other)])),
    ...Object.fromEntries(
      Object.entries(table.many ?? {}).map(([member, other]) => [member, { type: 'array', items: schemaOf(other) }]),
    ),
  };
  return object(properties, required.split(' '));
}

function object(properties: object, required: readonly string[] = Object.keys(properties)): object {
  return { type: 'object', properties, required, additionalProperties: false };
}

function errors(schema: object, value: unknown): readonly string[] {
  return Compile(schema as never)
    .Errors(value)
    .map(({ instancePath, message }) => `${instancePath} ${message}`);
}
