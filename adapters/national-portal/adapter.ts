import { defineAdapter, inOrder } from '#kit';
import { nextPage, readPage } from './catalogue.ts';
import { sendDossier } from './dossiers.ts';
import { Settings } from './settings.ts';
import { sendSteps } from './steps.ts';

/** The national portal (Cổng DVCQG): it is told of dossiers and steps, and owns the catalogue. */
export default defineAdapter({
  settings: Settings,
  send: {
    'dossier.upsert.v1': { send: (portal, items) => inOrder(items, (item) => sendDossier(portal, item)) },
    'dossier.progress.v1': { batch: 10, send: sendSteps },
  },
  pull: {
    /** In the night: the portal's own nightly work is done by then, and one-stop systems are quiet. */
    catalogue: { schedule: '0 0 2 * * *', next: nextPage, read: readPage },
  },
});
