import type { Static } from 'typebox';
import { CHANNEL, LEVEL, ONLINE_LEVEL, TERM_UNIT } from '#core/catalogue/service-words';
import type { Service as Procedure } from '#schemas/service.upsert.v1';
import { joined } from '../cpsv-ap-nodes.ts';
import { idOf } from './ids.ts';
import type { Attribute } from './schemas.ts';
import { attributesOf, label, type Told, taxonomyTerm } from './views.ts';

type Channel = NonNullable<Procedure['channels']>[number];
type Term = NonNullable<Channel['terms']>[number];

/** What HSDS has no member for: its fields as terms of their taxonomy, all else with a value of its own. */
export function serviceAttributes(service: Procedure, id: string): readonly Static<typeof Attribute>[] {
  return [
    ...fieldAttributes(service, id),
    ...attributesOf(id, 'service', [...identity(service), ...dealings(service)]),
  ];
}

function fieldAttributes({ fields = [], fieldCode, fieldName }: Procedure, id: string): Static<typeof Attribute>[] {
  const known = fields.length > 0 ? fields : fieldCode ? [{ code: fieldCode, name: fieldName }] : [];
  return known.map((field) => {
    const term = taxonomyTerm(field);
    return {
      id: idOf(id, 'field', field.code),
      link_id: id,
      link_entity: 'service',
      link_type: 'field',
      label: label('fields'),
      taxonomy_term_id: term.id,
      taxonomy_term: term,
    };
  });
}

/** What it is, who published it, and whom it is carried out by. */
function identity(service: Procedure): readonly Told[] {
  const { agencies = [], levels = [], onlineLevel, historicLevel, fieldCode, fieldName } = service;
  return [
    { type: 'code', label: label('code'), value: service.code },
    // A field that has no code is no term of the taxonomy.
    { type: 'field_name', label: label('fieldName'), value: fieldCode ? undefined : fieldName },
    { type: 'category', label: label('category'), value: service.category },
    { type: 'published_by', label: label('publishedBy'), value: service.publishedBy },
    { type: 'decision', label: label('decision'), value: service.decision },
    ...(onlineLevel ? [{ type: 'online_level', label: ONLINE_LEVEL[onlineLevel][0], value: onlineLevel }] : []),
    { type: 'historic_level', label: label('historicLevel'), value: historicLevel?.toString() },
    { type: 'online_payment', label: label('onlinePayment'), value: service.onlinePayment?.toString() },
    { type: 'by_post', label: label('byPost'), value: service.byPost?.toString() },
    ...levels.map((level) => ({ type: 'level', label: LEVEL[level][0], value: level })),
    ...agencies.map(({ name }) => ({ type: 'agency', label: label('agencies'), value: name })),
  ];
}

/** How one files, how long it takes, what comes of it, and by which law. */
function dealings({ channels = [], receivedAt = [], results = [], legalBases = [] }: Procedure): readonly Told[] {
  return [
    ...receivedAt.map((value) => ({ type: 'received_at', label: label('receivedAt'), value })),
    ...channels.flatMap(({ channel, terms = [] }) => [
      { type: 'channel', label: CHANNEL[channel][0], value: channel },
      ...terms.map((term) => ({
        type: 'processing_time',
        label: `${label('terms')} (${CHANNEL[channel][0]})`,
        value: joined([timeOf(term), term.description]),
      })),
    ]),
    ...results.map(({ name }) => ({ type: 'result', label: label('results'), value: name })),
    ...legalBases.map(({ number, name }) => ({
      type: 'legal_basis',
      label: label('legalBases'),
      value: joined([number, name]),
    })),
  ];
}

/** In the source's words, otherwise in the usual ones. */
function timeOf({ text, amount, unit }: Term): string | undefined {
  if (text || amount === undefined || unit === undefined) return text;
  return `${String(amount).replace('.', ',')} ${TERM_UNIT[unit][0]}`;
}
