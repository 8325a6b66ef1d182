import type { Comparison, Reconciler } from '#kit';
import { dossiers } from './pull.ts';
import { searchCode } from './search.ts';
import { type Settings, statusOf } from './settings.ts';
import { idIn } from './shapes.ts';

/** Compares the status. iGate owns its dossiers, so the newer version is always there. */
export const reconcile: Reconciler<Settings> = {
  theirsDecides: true,
  async compare(igate, { code, record, dossier }): Promise<Comparison> {
    const rows = await searchCode(igate, code, dossier);
    if ('kind' in rows) return { kind: 'failed', outcome: rows };
    const [row] = rows;
    if (row === undefined) return { kind: 'absent' };
    const ids = { dossier: idIn(row.dossierStatus), task: idIn(row.dossierTaskStatus) };
    const found = statusOf(igate.settings, igate.codes, ids);
    const theirs = found && ('status' in found ? found.status : `${found.table} ${found.id}`);
    const differences =
      theirs === undefined || theirs === record.status ? [] : [{ path: '/dossierStatus', ours: record.status, theirs }];
    const body = Buffer.from(JSON.stringify({ content: [row] }));
    return { kind: 'found', differences, answer: { body, mediaType: 'application/json' } };
  },
  read: dossiers.read,
};
