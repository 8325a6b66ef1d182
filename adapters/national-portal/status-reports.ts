import { delivered, type Outcome, type Outgoing, sendInOrder, serviceKey, unavailable, unmapped } from '#kit';
import { isAlreadyThere, isDossierUnknown } from '#mappings/national-portal/envelope';
import { writeStatusReport } from '#mappings/national-portal/status-report';
import { firstErrorIn } from '#mappings/national-portal/verdicts';
import { outcomeOfError, said } from './answers.ts';
import { call, type Portal } from './client.ts';
import { dialectOf } from './settings.ts';

type Item = Outgoing<'dossier.progress.v1'>;

/** Whether the status of a dossier is reported by `DongBoTrangThaiHoSo`: its procedure is among those of the settings. */
export function isReportedByStatus({ settings }: Portal, { dossier }: Item): boolean {
  const services = settings.statusReports?.services ?? [];
  return dossier !== undefined && services.some((code) => serviceKey(code) === serviceKey(dossier.serviceCode));
}

/** Reports the status of each step by `DongBoTrangThaiHoSo` (domain-2 1.7), and reads the portal's answer. */
export function sendStatusReports(portal: Portal, items: readonly Item[]): Promise<readonly Outcome[]> {
  return sendInOrder(items, async ({ record, code, dossier }) => {
    const { codes } = dialectOf(portal.settings, portal.codes);
    const techId = dossier?.applicant?.techId;
    const data = writeStatusReport(record, { code, ownCode: record.code, techId, codes });
    if (data.TrangThai === '') return unmapped('national-reported-status', record.status);
    const args = { type: portal.settings.statusReports?.type ?? '2', data };
    const answer = await call(portal, {
      group: 'integration',
      service: 'DongBoTrangThaiHoSo',
      args,
      effect: 'tell',
      about: dossier,
    });
    if (answer.kind === 'failed') return answer.outcome;
    const error = answer.kind === 'error' ? answer : firstErrorIn(answer.result);
    // A report whose answer was lost is there. One that overtook its dossier waits for it, as a step does.
    if (!error || isAlreadyThere(error)) return delivered(code);
    if (isDossierUnknown(error)) return unavailable('dossier-unknown', said(error, portal.settings, [dossier]));
    return outcomeOfError(error, portal.settings, [dossier]);
  });
}
