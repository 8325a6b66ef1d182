import type { Agency } from '#schemas/agency.upsert.v1';

/** A node of JSON-LD. */
export type Node = Readonly<Record<string, unknown>>;

/** Whose catalogue it is, and the scheme and host that the hub is asked at: identifiers are addresses of it. */
export interface Holder {
  readonly origin: string;
  readonly province: { readonly code: string; readonly name: string } | undefined;
}

/** The authority tables that the profile names for languages, currencies and countries. */
export const AUTHORITY = 'http://publications.europa.eu/resource/authority';

/** A term of somebody else's vocabulary, with its class: who reads this need not fetch it to know what it is. */
export function term(id: string, type = 'skos:Concept'): Node {
  return { '@id': id, '@type': type };
}

/** The profile's class for the area of a service, and the one for that of an organisation: `atu-type` is its own name for it. */
const AREA = ['dct:Location', 'atu:atu-type'];
export const VIET_NAM: Node = { '@id': `${AUTHORITY}/country/VNM`, '@type': AREA };

/** A province, by its code or any code in it. Its name is known of the one alone whose hub this is. */
export function area(within: string, { origin, province }: Holder): Node {
  const code = provinceOf(within) ?? within;
  return said({
    '@id': `${origin}/api/v1/agencies#area-${code}`,
    '@type': AREA,
    'dct:identifier': code,
    'skos:prefLabel': province && code === (provinceOf(province.code) ?? province.code) && vi(province.name),
  });
}

/** The province that an agency's code of either era names: `H60` of `H60.07` and of `000.00.53.H60`. */
const provinceOf = (code: string): string | undefined => /^H\d\d|H\d\d$/.exec(code)?.[0];

export const agencyId = (code: string, { origin }: Holder): string => `${origin}/api/v1/agencies#${code}`;

/**
 * Where it acts is the province that its code names. Bodies of ministries (`G01.860`) and those that are named without a
 * code (all communes together) are in the catalogue as who acts in the province whose it is.
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

/** Without what nobody said. */
export function said(node: Node): Node {
  const isSaid = (value: unknown): boolean =>
    value !== undefined && value !== false && value !== '' && !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(node).filter(([, value]) => isSaid(value)));
}
