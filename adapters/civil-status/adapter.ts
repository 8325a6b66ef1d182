import { defineAdapter, sendInOrder } from '#kit';
import { reconcile } from './reconcile.ts';
import { register } from './register.ts';
import { results } from './results.ts';
import { Settings, TABLES } from './settings.ts';
import { status } from './status-push.ts';

/** The civil-status system of the Ministry of Justice. It takes registrations and reports their results when polled. */
export default defineAdapter({
  settings: Settings,
  tables: () => TABLES,
  send: {
    'dossier.upsert.v1': { send: (connection, items) => sendInOrder(items, (item) => register(connection, item)) },
  },
  reconcile,
  pull: { results },
  callbacks: { status },
  // A pushed step and its polled copy may differ in words. Status and moment are the same.
  stepsAreByMoment: true,
});
