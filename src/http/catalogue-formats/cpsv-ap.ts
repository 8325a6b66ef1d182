import type { Agency } from '#schemas/agency.upsert.v1';
import type { Service } from '#schemas/service.upsert.v1';
import {
  AUTHORITY,
  agencyId,
  area,
  concept,
  type Holder,
  joined,
  type Node,
  organisation,
  said,
  term,
  VIET_NAM,
  vi,
} from './cpsv-ap-nodes.ts';

/**
 * The catalogue as CPSV-AP 3.2.0 (https://semiceu.github.io/CPSV-AP/releases/3.2.0/) in JSON-LD.
 *
 * Unknown data is left out, even if the profile requires it (such as who carries a service out). Data without a
 * term in the profile (online payment, results by post, levels of 2011) is only in the JSON form. Names come
 * from the official context, which clients need not fetch.
 */
export const CONTEXT = {
  adms: 'http://www.w3.org/ns/adms#',
  atu: 'http://data.europa.eu/88u/dataset/',
  cpsv: 'http://purl.org/vocab/cpsv#',
  cv: 'http://data.europa.eu/m8g/',
  dct: 'http://purl.org/dc/terms/',
  eli: 'http://data.europa.eu/eli/ontology#',
  foaf: 'http://xmlns.com/foaf/0.1/',
  skos: 'http://www.w3.org/2004/02/skos/core#',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
  'cv:hasValue': { '@type': 'xsd:double' },
  'cv:processingTime': { '@type': 'xsd:duration' },
} as const;

type Channel = NonNullable<Service['channels']>[number];
type Term = NonNullable<Channel['terms']>[number];

export function publicService(service: Service, holder: Holder): Node {
  const id = `${holder.origin}/services/${service.code}`;
  const { channels = [], cases = [], results = [], legalBases = [] } = service;
  const fields = service.fields?.length ? service.fields : [{ code: service.fieldCode, name: service.fieldName }];
  const time = sameTerm(channels.flatMap(({ terms = [] }) => terms));
  return said({
    '@id': id,
    '@type': 'cpsv:PublicService',
    'dct:identifier': service.code,
    'dct:title': vi(service.name),
    // The profile requires a description. The national record has only the name.
    'dct:description': vi(service.name),
    'dct:language': term(`${AUTHORITY}/language/VIE`, 'dct:LinguisticSystem'),
    'dct:spatial': holder.province && area(holder.province.code, holder),
    'adms:status': term(`http://purl.org/adms/status/${service.inForce ? 'Completed' : 'Withdrawn'}`),
    'cv:hasCompetentAuthority': service.agencies?.map((agency) => organisation(agency, holder)),
    'cv:thematicArea': fields.filter(({ code }) => code).map((field) => fieldConcept(field, holder)),
    'dct:audience': service.audience?.map((name) => concept({ name })),
    'cv:isClassifiedBy': [
      ...(service.onlineLevel ? [concept({ code: service.onlineLevel, name: ONLINE_LEVEL[service.onlineLevel] })] : []),
      ...(service.levels ?? []).map((level) => concept({ code: level, name: LEVEL[level] })),
    ],
    'cv:processingTime': time && durationOf(time),
    'cv:hasChannel': channels.map((channel) => channelNode(channel, id)),
    'cv:hasCost': channels.flatMap((channel, at) => costs(channel, at, id)),
    'cpsv:hasInput': cases.flatMap((one, at) => evidence(one, at, id)),
    'cpsv:follows': cases.flatMap((one, at) => rules(one, at, service.name, id)),
    'cpsv:produces': results.map(({ code, name }, at) => ({
      '@id': `${id}#output-${at + 1}`,
      '@type': 'cv:Output',
      'dct:identifier': code ?? String(at + 1),
      'dct:title': vi(name),
    })),
    'cv:hasLegalResource': legalBases.map(({ number, name }) =>
      said({ '@type': 'eli:LegalResource', 'dct:identifier': number, 'dct:title': name && vi(name) }),
    ),
    'cv:holdsRequirement': service.conditions && {
      '@id': `${id}#requirement`,
      '@type': 'cv:Requirement',
      'dct:identifier': 'requirement',
      'dct:title': vi('Yêu cầu, điều kiện thực hiện'),
      'dct:description': vi(service.conditions),
    },
  });
}

export function publicOrganisation({ code, name, level, parentCode }: Agency, holder: Holder): Node {
  const known = organisation({ code, name }, holder);
  return said({
    ...known,
    'dct:spatial': level === 'ministry' ? VIET_NAM : known['dct:spatial'],
    'dct:isPartOf': parentCode && { '@id': agencyId(parentCode, holder) },
    'cv:isClassifiedBy': level && concept({ code: level, name: LEVEL[level] }),
  });
}

export function fieldConcept(
  field: { readonly code?: string | undefined; readonly name?: string | undefined },
  { origin }: Holder,
): Node {
  return { '@id': `${origin}/api/v1/fields#${field.code}`, ...concept(field) };
}

const LEVEL = { ministry: 'Cấp bộ', province: 'Cấp tỉnh', district: 'Cấp huyện', commune: 'Cấp xã' } as const;
const ONLINE_LEVEL = {
  information: 'Dịch vụ cung cấp thông tin trực tuyến',
  partial: 'Dịch vụ công trực tuyến một phần',
  full: 'Dịch vụ công trực tuyến toàn trình',
} as const;
const CHANNEL = { counter: 'Trực tiếp', online: 'Trực tuyến', post: 'Dịch vụ bưu chính' } as const;

function channelNode({ channel, terms = [] }: Channel, id: string): Node {
  const time = sameTerm(terms);
  return said({
    '@id': `${id}#${channel}`,
    '@type': 'cv:Channel',
    'dct:identifier': channel,
    'dct:type': concept({ code: channel, name: CHANNEL[channel] }),
    'dct:description': terms
      .map((one) => joined([one.text, one.description]))
      .filter((text) => text !== '')
      .map(vi),
    'cv:processingTime': time && durationOf(time),
  });
}

/** A fee. An unknown amount has no value, not 0. A fee without any data is left out. */
function costs({ channel, terms = [] }: Channel, at: number, id: string): readonly Node[] {
  return terms
    .flatMap(({ fees = [] }) => fees)
    .flatMap((fee, n): Node[] => {
      const known = typeof fee.amountVnd === 'number';
      const description = joined([fee.text, fee.description]);
      if (!known && description === '') return [];
      const cost = said({
        '@id': `${id}#cost-${at + 1}-${n + 1}`,
        '@type': 'cv:Cost',
        'dct:identifier': `${at + 1}-${n + 1}`,
        'cv:hasValue': known && fee.amountVnd,
        'cv:currency': known && term(`${AUTHORITY}/currency/VND`),
        'dct:description': description && vi(description),
        'cv:ifAccessedThrough': { '@id': `${id}#${channel}` },
      });
      return [cost];
    });
}

type Case = NonNullable<Service['cases']>[number];

function evidence({ name, components = [] }: Case, at: number, id: string): readonly Node[] {
  return components.map((paper, n) =>
    said({
      '@id': `${id}#input-${at + 1}-${n + 1}`,
      '@type': 'cv:Evidence',
      'dct:identifier': paper.code ?? `${at + 1}-${n + 1}`,
      'dct:title': vi(paper.name),
      'dct:description': [
        name && `Trường hợp: ${name}`,
        paper.originals !== undefined && `Bản chính: ${paper.originals}`,
        paper.copies !== undefined && `Bản sao: ${paper.copies}`,
      ].flatMap((text) => (text ? [vi(text)] : [])),
      'foaf:page': (paper.forms ?? []).map((form) =>
        said({
          // The normalised URL: one with a blank would be an invalid IRI, and clients would reject the whole page.
          '@id': form.url !== undefined && URL.canParse(form.url) ? new URL(form.url).href : undefined,
          '@type': 'foaf:Document',
          'dct:title': form.name && vi(form.name),
        }),
      ),
    }),
  );
}

/** The steps of a case, in order. */
function rules({ name, steps = [] }: Case, at: number, service: string, id: string): readonly Node[] {
  if (steps.length === 0) return [];
  return [
    {
      '@id': `${id}#rule-${at + 1}`,
      '@type': 'cpsv:Rule',
      'dct:identifier': String(at + 1),
      'dct:title': vi(name ?? service),
      'dct:description': vi(steps.join('\n')),
    },
  ];
}

/** The term that all channels share, if a duration can express it. */
function sameTerm(terms: readonly Term[]): Term | undefined {
  const [first, ...others] = terms;
  return others.every(({ amount, unit }) => amount === first?.amount && unit === first?.unit) ? first : undefined;
}

/**
 * The term as an ISO 8601 duration (xsd:duration).
 *
 * A duration has no working days: three may take five days, or eight around Tết. A term in working days
 * therefore appears only as text.
 */
function durationOf({ amount, unit }: Term): string | undefined {
  if (amount === undefined) return undefined;
  if (unit === 'day') return whole(amount) ? `P${amount}D` : durationOf({ amount: amount * 24, unit: 'hour' });
  if (unit === 'hour') return whole(amount) ? `PT${amount}H` : whole(amount * 60) ? `PT${amount * 60}M` : undefined;
  return unit === 'month' && whole(amount) ? `P${amount}M` : undefined;
}

const whole = Number.isInteger;
