import { type Outcome, unavailable } from '#kit';
import { isDossierUnknown, isTemporary } from '#mappings/national-portal/envelope';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { said } from './answers.ts';
import { call, type Portal } from './client.ts';

export type Seen =
  | { readonly kind: 'found'; readonly record: Readonly<Record<string, unknown>> }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly outcome: Outcome };

/**
 * Whether the portal has a dossier, and its record there. If the portal refuses the question (an account without that
 * right), the dossier is not refused: it waits, and operators see the reason.
 */
export async function lookUp(portal: Portal, code: string, dossier: Dossier | undefined): Promise<Seen> {
  const { settings } = portal;
  const service = settings.lookup ?? 'TraCuuHoSo';
  const answer = await call(portal, {
    group: 'integration',
    service,
    args: { mahoso: code },
    effect: 'ask',
    about: dossier,
  });
  if (answer.kind === 'failed') return answer;
  if (answer.kind === 'error') {
    if (isDossierUnknown(answer)) return { kind: 'absent' };
    const reason = isTemporary(answer) ? 'busy' : 'lookup-refused';
    return { kind: 'failed', outcome: unavailable(reason, said(answer, settings, [dossier])) };
  }
  const record = answer.result.find((one) => isRecordOf(one, code));
  return record === undefined ? { kind: 'absent' } : { kind: 'found', record: record as Record<string, unknown> };
}

/** Some portals confirm only the existence. An object without a code is about the requested dossier. */
function isRecordOf(value: unknown, code: string): boolean {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return false;
  const { MaHoSo } = value as { MaHoSo?: unknown };
  return MaHoSo === undefined || String(MaHoSo).trim().toUpperCase() === code.toUpperCase();
}
