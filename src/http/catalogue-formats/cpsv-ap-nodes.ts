import type { Agency } from '#schemas/agency.upsert.v1';

/** A node of JSON-LD. */
export type Node = Readonly<Record<string, unknown>>;

/** The province of the catalogue, and the hub's scheme and host, on which the identifiers are based. */
export interface Holder {
  readonly origin: string;
  readonly province: { readonly code: string; readonly name: string } | undefined;
}

/** The authority tables of the profile for languages, currencies and countries. */
export const AUTHORITY = 'http://publications.europa.eu/resource/authority';

/** A term of an external vocabulary, with its class, so that readers need not fetch it. */
export function term(id: string, type = 'skos:Concept'): Node {
  return { '@id': id, '@type': type };
}

/**
 * The profile's classes for the area of a service, and for that of an organisation (its name:
 * `atu-type`).
 */
const AREA = ['dct:Location', 'atu:atu-type'];
export const VIET_NAM: Node = { '@id': `${AUTHORITY}/country/VNM`, '@type': AREA };

/** A province, by its code or any code in it. The hub knows only the name of its own province. */
export function area(within: string, { origin, province }: Holder): Node {
  const code = provinceOf(within) ?? within;
  return said({
    '@id': `${origin}/api/v1/agencies#area-${code}`,
    '@type': AREA,
    'dct:identifier': code,
    'skos:prefLabel': province && code === (provinceOf(province.code) ?? province.code) && vi(province.name),
  });
}

/** The province in an agency code, old or new: `H60` in `H60.07` and in `000.00.53.H60`. */
const provinceOf = (code: string): string | undefined => /^H\d\d|H\d\d$/.exec(code)?.[0];

export const agencyId = (code: string, { origin }: Holder): string => `${origin}/api/v1/agencies#${code}`;

/**
 * An organisation. Its area is the province in its code.
 *
 * Ministry bodies (`G01.860`) and bodies without a code (such as all communes together) act in the hub's own
 * province, because its catalogue lists them.
 */
export function organisation({ code, name }: Partial<Pick<Agency, 'code'>> & { name: string }, holder: Holder): Node {
  const province = (code && provinceOf(code)) || holder.province?.code;
  return said({
    '@id': code && agencyId(code, holder),
    '@type': 'cv:PublicOrganisation',
    'dct:identifier': code,
    'dct:spatial': province && area(province, holder),
    'skos:prefLabel': vi(name),
  });
}

export function concept({
  code,
  name,
}: {
  readonly code?: string | undefined;
  readonly name?: string | undefined;
}): Node {
  return said({ '@type': 'skos:Concept', 'skos:notation': code, 'skos:prefLabel': name && vi(name) });
}

export const vi = (text: string): Node => ({ '@value': text, '@language': 'vi' });
export const joined = (texts: readonly (string | undefined)[]): string => texts.filter(Boolean).join(' – ');

/** Removes members without a value. */
export function said(node: Node): Node {
  const isSaid = (value: unknown): boolean =>
    value !== undefined && value !== false && value !== '' && !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(node).filter(([, value]) => isSaid(value)));
}
