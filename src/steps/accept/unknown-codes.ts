import type { Problem } from '#core/problem';
import type { DossierItem } from './dossiers.ts';
import type { Place } from './rows.ts';
import { type AcceptMeans, isRecord, isUpsert, type Submission } from './submission.ts';

/** The codes of a batch that the catalogue does not know. */
export interface Unknown {
  readonly service: ReadonlySet<string>;
  readonly agency: ReadonlySet<string>;
}

export async function unknownCodes({ knownCodes }: AcceptMeans, submissions: readonly Submission[]): Promise<Unknown> {
  const records = submissions
    .flatMap((submission) => submission.items)
    .filter(isRecord)
    .filter(isUpsert);
  return {
    service: await knownCodes.unknown(
      'service',
      records.map((item) => item.record.serviceCode),
    ),
    agency: await knownCodes.unknown(
      'agency',
      records.map((item) => item.record.agencyCode),
    ),
  };
}

/** An unknown service or agency does not hide a citizen's dossier: it is told to the sender and to the operators. */
export function catalogueWarnings(
  { means, submission, rows }: Place,
  item: DossierItem,
  unknown: Unknown,
): readonly Problem[] {
  if (!isUpsert(item) || (unknown.service.size === 0 && unknown.agency.size === 0)) return [];
  const warnings: Problem[] = [];
  const warn = (kind: 'service' | 'agency', path: string, code: string): void => {
    warnings.push({ path, message: `the catalogue has no ${kind} ${code}; the dossier is kept and shown` });
    if (means.knownCodes.isNews(kind, code, submission.party))
      rows.unknown.push({ kind, code, party: submission.party, at: submission.receivedAt });
  };
  if (unknown.service.has(item.record.serviceCode)) warn('service', '/serviceCode', item.record.serviceCode);
  if (unknown.agency.has(item.record.agencyCode)) warn('agency', '/agencyCode', item.record.agencyCode);
  return warnings;
}
