import type { DossierItem, RecordItem, WaitingItem } from '#core/dossier/item';
import { isRecord, isUpsert } from '#core/dossier/item';
import { serviceKey } from '#core/identifiers/identifiers';
import { type Problem, problem, unmappedCause } from '#core/problem';
import { say } from '#messages/message';
import { received } from '#messages/received';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { WAITS_FOR_CATALOGUE } from '../ledger/messages.ts';
import type { Submission } from '../ledger/submission.ts';
import type { AcceptDeps } from './accept-deps.ts';
import type { Place } from './rows.ts';

/** Codes of a batch that are missing in the catalogue, or no longer in force. */
export interface Unknown {
  readonly service: ReadonlySet<string>;
  readonly agency: ReadonlySet<string>;
  /** Only of records that wait for the catalogue. */
  readonly field: ReadonlySet<string>;
  /** The services out of force by key, and since when. */
  readonly ended: ReadonlyMap<string, string>;
}

export async function unknownCodes({ knownCodes }: AcceptDeps, submissions: readonly Submission[]): Promise<Unknown> {
  const items = submissions.flatMap((submission) => submission.items).filter(isRecord);
  const records = items.filter(isUpsert);
  const needing = items.filter((item) => item.needsCatalogue).map(({ record }) => record as Coded);
  return {
    service: await knownCodes.unknown(
      'service',
      records.map((item) => item.record.serviceCode),
    ),
    agency: await knownCodes.unknown('agency', [
      ...records.map((item) => item.record.agencyCode),
      ...needing.flatMap(({ agencyCode }) => agencyCode ?? []),
    ]),
    field: await knownCodes.unknown(
      'field',
      needing.flatMap(({ fieldCode }) => fieldCode ?? []),
    ),
    ended: records.length > 0 ? await knownCodes.ended() : new Map(),
  };
}

interface Coded {
  readonly code: string;
  readonly agencyCode?: string;
  readonly fieldCode?: string;
}

/** The item as one that waits for the catalogue. Undefined if it needs nothing that the catalogue lacks. */
export function waitingForCatalogue(item: RecordItem, unknown: Unknown): WaitingItem | undefined {
  if (!item.needsCatalogue) return undefined;
  const { code, agencyCode = '', fieldCode = '' } = item.record as Coded;
  const { operation } = item;
  const lacks = (table: 'agency' | 'field', path: string, from: string): WaitingItem => {
    const words = say(WAITS_FOR_CATALOGUE, { table, got: received(from) });
    const cause = unmappedCause(table, from, words);
    return {
      kind: 'waiting',
      operation,
      code,
      cause,
      problems: [problem(path, WAITS_FOR_CATALOGUE, words.args as never)],
    };
  };
  if (unknown.agency.has(agencyCode)) return lacks('agency', '/agencyCode', agencyCode);
  return unknown.field.has(fieldCode) ? lacks('field', '/fieldCode', fieldCode) : undefined;
}

/**
 * Warnings for the sender and the operators about an unknown service or agency, or a service out of force. Such a code
 * does not hide a citizen's dossier.
 */
export function catalogueWarnings(
  { deps, submission, rows }: Place,
  item: DossierItem,
  unknown: Unknown,
): readonly Problem[] {
  if (!isUpsert(item) || unknown.service.size + unknown.agency.size + unknown.ended.size === 0) return [];
  const warnings: Problem[] = [];
  const warn = (kind: 'service' | 'agency', path: string, code: string): void => {
    warnings.push(problem(path, 'not-in-catalogue', { kind, code }));
    const { party, receivedAt: at } = submission;
    if (deps.knownCodes.shouldList(kind, code, party))
      rows.unknown.set(`${kind} ${code} ${party}`, { kind, code, party, at });
  };
  if (unknown.service.has(item.record.serviceCode)) warn('service', '/serviceCode', item.record.serviceCode);
  if (unknown.agency.has(item.record.agencyCode)) warn('agency', '/agencyCode', item.record.agencyCode);
  const since = unknown.ended.get(serviceKey(item.record.serviceCode));
  if (since !== undefined && filedAt(item.record) >= since)
    warnings.push(problem('/serviceCode', 'service-ended', { code: item.record.serviceCode, since }));
  return warnings;
}

/** When a dossier was filed. If that was while the service was in force, the dossier is handled to its end. */
function filedAt({ submittedAt, receivedAt, statusAt }: Dossier): string {
  return submittedAt ?? receivedAt ?? statusAt;
}
