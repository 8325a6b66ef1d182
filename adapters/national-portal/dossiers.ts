import { delivered, type Outcome, type Outgoing, unmapped, type Words } from '#kit';
import { differences } from '#mappings/national-portal/differences';
import { writeDossier } from '#mappings/national-portal/dossier-writing';
import { isAlreadyThere, isDossierUnknown, type PortalError } from '#mappings/national-portal/envelope';
import { firstErrorIn, type Verdict, verdictsOf } from '#mappings/national-portal/verdicts';
import type { WireObject } from '#mappings/national-portal/writing';
import { type Answer, type Failed, outcomeOfError } from './answers.ts';
import { call, type Portal } from './client.ts';
import { createCuts } from './cuts.ts';
import { factsOf } from './facts.ts';
import { lookUp } from './lookup.ts';
import { dialectOf } from './settings.ts';

type Item = Outgoing<'dossier.upsert.v1'>;

/**
 * Sends one dossier to the portal, as new or as an update.
 *
 * A look-up comes first, unless the portal is known to have the dossier. A dossier in doubt that the portal has
 * unchanged is not sent again. If the portal contradicts ("đã tồn tại", "không tồn tại"), the other way is tried once.
 * The code is always the portal's: a dossier that was filed there keeps its own.
 */
export async function sendDossier(portal: Portal, item: Item): Promise<Outcome> {
  const prepared = await prepare(portal, item);
  if ('outcome' in prepared) return prepared.outcome;
  const { body, note } = prepared;
  let isUpdate = item.known;
  if (!item.known || item.doubt) {
    const seen = await lookUp(portal, item.code, item.record);
    if (seen.kind === 'failed') return seen.outcome;
    if (item.doubt && seen.kind === 'found' && isAsWritten(seen.record, body)) return delivered(item.code, note);
    isUpdate = seen.kind === 'found';
  }
  let answer = await putOne(portal, prepared, isUpdate);
  if (answer.kind === 'error' && isContradiction(answer, isUpdate)) {
    const other = await putOne(portal, prepared, !isUpdate);
    // The portal has the dossier after all. So "không tồn tại" was about a part of it, such as a code, and that is the
    // reason.
    if (!isUpdate || other.kind !== 'error' || !isContradiction(other, false)) answer = other;
  }
  if (answer.kind === 'error') return outcomeOfError(answer, portal.settings, [item.record]);
  return answer.kind === 'failed' ? answer.outcome : delivered(item.code, note);
}

/**
 * Whether the portal has a dossier that was sent as new ("đã tồn tại"), or lacks one sent as an update. It may add that one
 * tries again later: the same way it would only say so again.
 */
export function isContradiction(error: PortalError, isUpdate: boolean): boolean {
  return (isUpdate ? isDossierUnknown : isAlreadyThere)(error);
}

/** A dossier in the form that the portal receives. */
export interface Prepared {
  readonly item: Item;
  readonly body: WireObject;
  /** Which texts were cut, for operators. */
  readonly note: Words | undefined;
}

/** Writes a dossier for the portal, or says why that is impossible now or needs an operator. */
export async function prepare(portal: Portal, item: Item): Promise<Prepared | { readonly outcome: Outcome }> {
  const facts = await factsOf(portal, item);
  if ('outcome' in facts) return facts;
  const { codes } = dialectOf(portal.settings, portal.codes);
  const { record, code, original } = item;
  const cuts = createCuts();
  const body = writeDossier(record, { ...facts, code, codes, original, onCut: cuts.add });
  if (body.TrangThaiHoSo === '') return { outcome: unmapped('national-status', item.record.status) };
  return { item, body, note: cuts.note() };
}

/** A look-up without a status proves only that the dossier exists, not which version. */
function isAsWritten(record: Readonly<Record<string, unknown>>, body: WireObject): boolean {
  return record.TrangThaiHoSo !== undefined && differences(record, body).length === 0;
}

/** Sends dossiers in one call, all as new or all as updates. The portal wants `isUpdating` as text. */
export function put(portal: Portal, dossiers: readonly Prepared[], isUpdate: boolean): Promise<Answer> {
  const args = { isUpdating: isUpdate ? 'True' : 'False', data: dossiers.map(({ body }) => body) };
  const about = dossiers[0]?.item.record;
  return call(portal, { group: 'integration', service: 'DongBoHoSoMC', args, effect: 'tell', about });
}

async function putOne(portal: Portal, prepared: Prepared, isUpdate: boolean): Promise<Verdict | Failed> {
  const answer = await put(portal, [prepared], isUpdate);
  return answer.kind === 'failed' ? answer : (verdictsFor([prepared], answer).get(prepared) as Verdict);
}

/** The portal answers with success for other dossiers of the call. */
interface Unnamed {
  readonly kind: 'unnamed';
}

/**
 * The portal's verdict on each dossier of a call: its own entry in `result`, or the verdict on the whole call. An error
 * that names none of the dossiers may be about any of them. So it refuses all dossiers without an entry, as one object.
 * If the portal names dossiers that it took, its success says nothing of the others.
 */
export function verdictsFor(
  dossiers: readonly Prepared[],
  answer: Exclude<Answer, Failed>,
): ReadonlyMap<Prepared, Verdict | Unnamed> {
  const { result = [] } = answer;
  const own = verdictsOf(result);
  const codes = new Set(dossiers.map(codeOf));
  const namesTaken = dossiers.some((one) => own.get(codeOf(one))?.kind === 'held');
  const ofOthers: Verdict | Unnamed = namesTaken ? { kind: 'unnamed' } : { kind: 'held' };
  const ofCall = answer.kind === 'error' ? answer : (firstErrorIn(result, codes) ?? ofOthers);
  return new Map(dossiers.map((one) => [one, own.get(codeOf(one)) ?? ofCall]));
}

function codeOf({ item }: Prepared): string {
  return item.code.toUpperCase();
}
