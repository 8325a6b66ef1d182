import { defineAdapter, type Sender, sendInOrder } from '#kit';
import { endProcess } from './end-process.ts';
import { dossiers } from './pull.ts';
import { reconcile } from './reconcile.ts';
import { Settings, settingsProblems, TABLES } from './settings.ts';

const ends: Sender<Settings, 'dossier.upsert.v1' | 'dossier.progress.v1'> = {
  send: (igate, items) => sendInOrder(items, (item) => endProcess(igate, item)),
};

/** A one-stop system that runs VNPT iGate 2. Each host is a party of its own. */
export default defineAdapter({
  settings: Settings,
  settingsProblems,
  tables: () => TABLES,
  offers: ({ endsProcesses }) => ({
    sends: endsProcesses ? ['dossier.upsert.v1', 'dossier.progress.v1'] : [],
    pulls: ['dossiers'],
  }),
  send: { 'dossier.upsert.v1': ends, 'dossier.progress.v1': ends },
  pull: { dossiers },
  reconcile,
});
