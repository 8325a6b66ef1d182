import type { Static } from 'typebox';
import { LEVEL, MEMBER } from '#core/catalogue/service-words';
import type { Agency } from '#schemas/agency.upsert.v1';
import type { Field } from '#schemas/field.upsert.v1';
import { entryId, idOf } from './ids.ts';
import type { Attribute, Organization, Taxonomy, TaxonomyTerm } from './schemas.ts';

/**
 * The catalogue in the words of the Human Services Data Specification 3.1 (https://docs.openreferral.org/en/latest/hsds/).
 * What no source told is left out. Where the specification requires a description and the national record has none, it is
 * the name.
 */
export const HSDS_VERSION = '3.1';

/** What an attribute says: what of, in Vietnamese what that is (or the value, where that is a code), and the value. */
export interface Told {
  readonly type: string;
  readonly label: string;
  readonly value: string | undefined;
}

/** Attributes with a value of their own, for those that said something; their order is part of their identifiers. */
export function attributesOf(linkId: string, entity: string, told: readonly Told[]): Static<typeof Attribute>[] {
  return told.flatMap(({ type, label, value }, at) =>
    value === undefined || value === ''
      ? []
      : [{ id: idOf(linkId, type, String(at)), link_id: linkId, link_entity: entity, link_type: type, label, value }],
  );
}

/** An agency; of one that a service names alone there may be no code. */
export function organization({
  code,
  name,
}: {
  readonly code?: string;
  readonly name: string;
}): Static<typeof Organization> {
  return {
    id: code === undefined ? idOf('agency-name', name) : entryId('agency', code, undefined),
    name,
    description: name,
  };
}

/** The same as its own record has it. */
export function fullOrganization(agency: Agency): Static<typeof Organization> {
  const known = organization(agency);
  const attributes = attributesOf(known.id, 'organization', [
    ...(agency.level ? [{ type: 'level', label: LEVEL[agency.level][0], value: agency.level }] : []),
    { type: 'in_force', label: label('inForce'), value: String(agency.inForce) },
  ]);
  return {
    ...known,
    ...(agency.parentCode && { parent_organization_id: entryId('agency', agency.parentCode, undefined) }),
    organization_identifiers: [
      {
        id: idOf(known.id, 'code'),
        organization_id: known.id,
        identifier_type: 'agency-code',
        identifier: agency.code,
      },
    ],
    attributes,
  };
}

/** All fields of services are terms of one taxonomy. */
export const FIELDS: Static<typeof Taxonomy> = {
  id: idOf('taxonomy', 'field'),
  name: 'Lĩnh vực thủ tục hành chính',
  description: 'Lĩnh vực của thủ tục hành chính theo Cơ sở dữ liệu quốc gia về thủ tục hành chính',
};

export function taxonomyTerm({
  code,
  name = code,
}: Pick<Field, 'code'> & { readonly name?: string | undefined }): Static<typeof TaxonomyTerm> {
  return {
    id: entryId('field', code, undefined),
    code,
    name,
    description: name,
    language: 'vi',
    taxonomy: FIELDS.name,
    taxonomy_id: FIELDS.id,
    taxonomy_detail: FIELDS,
  };
}

export const label = (member: string): string => MEMBER[member]?.[0] ?? member;
