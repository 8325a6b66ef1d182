import { type Outcome, type Outgoing, unknownAgency, unknownService } from '#kit';
import { isTemporary } from '#mappings/national-portal/envelope';
import { readServiceFacts, type ServiceFacts } from '#mappings/national-portal/procedure';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { outcomeOfError } from './answers.ts';
import { call, type Portal } from './client.ts';

type Item = Outgoing<'dossier.upsert.v1'>;

export type Facts =
  | { readonly service: ServiceFacts; readonly agency: { readonly name: string } }
  /** The facts are unknown now, or need an operator. */
  | { readonly outcome: Outcome };

/**
 * Name and field of the procedure, and the unit that works on the dossier. The portal refuses dossiers that contradict
 * its catalogue. Sources in order: the hub's catalogue, which was pulled from the portal; the portal itself; the
 * dossier's own words if complete. Otherwise the delivery waits: nothing is sent blank.
 */
export async function factsOf(portal: Portal, { record, service, agency }: Item): Promise<Facts> {
  const unit = record.processingUnit ?? record.agencyName ?? agency?.name;
  if (!unit) return { outcome: unknownAgency(record.agencyCode) };
  const known = complete(service);
  if (known) return { service: known, agency: { name: unit } };
  const asked = await portal.sessions.get(`LayThuTuc ${record.serviceCode}`, () => ask(portal, record));
  if (asked.outcome) return { outcome: asked.outcome };
  const { serviceCode: code, serviceName: name, fieldCode, fieldName } = record;
  const found = asked.service ?? complete({ code, name, fieldCode, fieldName });
  return found ? { service: found, agency: { name: unit } } : { outcome: unknownService(code) };
}

const KEPT_MS = 10 * 60_000;

interface Asked {
  readonly service?: ServiceFacts;
  readonly outcome?: Outcome;
}

async function ask(portal: Portal, record: Dossier): Promise<{ readonly value: Asked; readonly ttlMs: number }> {
  const args = { maTTHC: record.serviceCode };
  const answer = await call(portal, { group: 'integration', service: 'LayThuTuc', args, effect: 'ask', about: record });
  if (answer.kind === 'failed') return { value: { outcome: answer.outcome }, ttlMs: 0 };
  // A temporary error says nothing about the procedure.
  if (answer.kind === 'error')
    return {
      value: isTemporary(answer) ? { outcome: outcomeOfError(answer, portal.settings, [record]) } : {},
      ttlMs: 0,
    };
  const service = readServiceFacts(answer.result[0]);
  return { value: service ? { service } : {}, ttlMs: KEPT_MS };
}

function complete(
  service: { readonly [K in keyof ServiceFacts]?: ServiceFacts[K] | undefined } | undefined,
): ServiceFacts | undefined {
  const { code, name, fieldCode, fieldName } = service ?? {};
  return code && name && fieldCode && fieldName ? { code, name, fieldCode, fieldName } : undefined;
}
