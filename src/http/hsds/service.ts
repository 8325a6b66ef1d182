import type { Static } from 'typebox';
import { CHANNEL } from '#core/catalogue/service-words';
import { serviceKey } from '#core/identifiers/identifiers';
import type { Service as Procedure } from '#schemas/service.upsert.v1';
import { type Holder, joined } from '../cpsv-ap-nodes.ts';
import { entryId, idOf } from './ids.ts';
import type { CostOption, MinimalService, RequiredDocument, Service } from './schemas.ts';
import { serviceAttributes } from './service-attributes.ts';
import { attributesOf, label, organization } from './views.ts';

/** An entry of the catalogue, and since when it is so. */
export interface Entry {
  readonly record: Procedure;
  readonly changedAt: string;
}

/** A service with all that belongs to it. */
export function fullService(entry: Entry, holder: Holder): Static<typeof Service> {
  const { record } = entry;
  const listed = listedService(entry, holder);
  const { id } = listed;
  const costs = costOptions(record, id);
  const papers = requiredDocuments(record, id);
  return {
    ...listed,
    languages: [{ id: idOf(id, 'language', 'vi'), service_id: id, name: 'Tiếng Việt', code: 'vi' }],
    ...(holder.province && {
      service_areas: [{ id: idOf(id, 'area', holder.province.code), service_id: id, name: holder.province.name }],
    }),
    ...(costs.length > 0 && { cost_options: [...costs] }),
    ...(papers.length > 0 && { required_documents: [...papers] }),
    attributes: [...serviceAttributes(record, id)],
  };
}

/**
 * A service as it stands in a list. Whose it is, is the agency that is named first, before all one with a code; the others
 * are attributes. Whether one that is out of force comes back nobody tells, so that none is `defunct`.
 */
export function listedService({ record, changedAt }: Entry, { origin, province }: Holder): Static<typeof Service> {
  const { code, name, inForce, agencies = [] } = record;
  const owner = agencies.find((agency) => agency.code !== undefined) ?? agencies[0];
  const provider = owner && organization(owner);
  return {
    id: entryId('service', serviceKey(code), province),
    ...(provider && { organization_id: provider.id }),
    name,
    url: `${origin}/services/${code}`,
    status: inForce ? 'active' : 'inactive',
    ...some('application_process', stepsOf(record)),
    ...some('fees_description', feesOf(record)),
    ...some('eligibility_description', eligibilityOf(record)),
    last_modified: changedAt,
    ...(provider && { organization: provider }),
  };
}

/** What a reader needs who only looks for what is new. */
export function minimalService({ record, changedAt }: Entry, { province }: Holder): Static<typeof MinimalService> {
  return { id: entryId('service', serviceKey(record.code), province), last_modified: changedAt };
}

function some(member: string, lines: readonly (string | undefined)[]): object {
  const text = lines.filter(Boolean).join('\n');
  return text === '' ? {} : { [member]: text };
}

function stepsOf({ cases = [] }: Procedure): readonly string[] {
  return cases.flatMap(({ name, steps = [] }) => (name && steps.length > 0 ? [`${name}:`, ...steps] : steps));
}

function eligibilityOf({ audience = [], audienceNote, conditions }: Procedure): readonly (string | undefined)[] {
  return [audience.join('; '), audienceNote, conditions];
}

function feesOf({ channels = [] }: Procedure): readonly string[] {
  return channels.flatMap(({ channel, terms = [] }) =>
    terms
      .flatMap(({ fees = [] }) => fees)
      .map(({ text, description }) => joined([text, description]))
      .flatMap((text) => (text === '' ? [] : [`${CHANNEL[channel][0]}: ${text}`])),
  );
}

/** An amount that is not known is left out, with its currency; a fee that says nothing at all is none. */
function costOptions({ channels = [] }: Procedure, id: string): readonly Static<typeof CostOption>[] {
  return channels.flatMap(({ channel, terms = [] }, at) =>
    terms
      .flatMap(({ description: when, fees = [] }) => fees.map((fee) => ({ ...fee, when })))
      .flatMap(({ amountVnd, text, description, when }, n) => {
        const known = typeof amountVnd === 'number';
        if (!known && !text && !description) return [];
        const conditions = [CHANNEL[channel][0], when, description === when ? undefined : description];
        const option: Static<typeof CostOption> = {
          id: idOf(id, 'cost', String(at + 1), String(n + 1)),
          service_id: id,
          option: joined(conditions),
          ...(known && { currency: 'VND', amount: amountVnd }),
          ...(text && { amount_description: text }),
        };
        return [option];
      }),
  );
}

/** The papers of all cases; of several forms of one paper each is an attribute. */
function requiredDocuments({ cases = [] }: Procedure, serviceId: string): readonly Static<typeof RequiredDocument>[] {
  return cases.flatMap(({ name, components = [] }, at) =>
    components.map((paper, n) => {
      const id = idOf(serviceId, 'paper', String(at + 1), String(n + 1));
      const forms = paper.forms ?? [];
      const uri = forms.map(({ url }) => url).find((url) => url !== undefined && URL.canParse(url));
      const attributes = attributesOf(id, 'required_document', [
        { type: 'case', label: label('cases'), value: name },
        { type: 'code', label: label('code'), value: paper.code },
        { type: 'originals', label: label('originals'), value: paper.originals?.toString() },
        { type: 'copies', label: label('copies'), value: paper.copies?.toString() },
        ...forms.map(({ name: form, url }) => ({ type: 'form', label: form ?? label('forms'), value: url ?? form })),
      ]);
      return {
        id,
        service_id: serviceId,
        document: paper.name,
        ...(uri && { uri: new URL(uri).href }),
        ...(attributes.length > 0 && { attributes: [...attributes] }),
      };
    }),
  );
}
