import { defineAdapter, sendInOrder } from '#kit';
import { sendOrder } from './place-order.ts';
import { reconcile } from './reconcile.ts';
import { formOf, Settings, settingsProblems, TABLES } from './settings.ts';
import { tracking } from './tracking.ts';

/** VNPost: postal orders of dossiers. The order number is the code of the record. */
export default defineAdapter({
  settings: Settings,
  settingsProblems,
  tables: () => TABLES,
  // No public source describes the tracking of the old API.
  offers: (settings) => ({
    sends: ['postal-order.upsert.v1'],
    pulls: settings.trackingUrl === undefined || formOf(settings) === 'hcc' ? [] : ['tracking'],
  }),
  send: {
    'postal-order.upsert.v1': { send: (post, items) => sendInOrder(items, (item) => sendOrder(post, item)) },
  },
  reconcile,
  pull: { tracking },
});
