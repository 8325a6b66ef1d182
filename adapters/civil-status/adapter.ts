import { defineAdapter, sendInOrder } from '#kit';
import { reconcile } from './reconcile.ts';
import { register } from './register.ts';
import { results } from './results.ts';
import { Settings, TABLES } from './settings.ts';
import { status } from './status-push.ts';

/** The civil-status system of the Ministry of Justice: takes dossiers in, and says what became of them when asked. */
export default defineAdapter({
  settings: Settings,
  tables: () => TABLES,
  send: {
    'dossier.upsert.v1': { send: (connection, items) => sendInOrder(items, (item) => register(connection, item)) },
  },
  reconcile,
  pull: { results },
  callbacks: { status },
  // Pushed and asked for, a step may have other words; what it is and when it was is the same.
  stepsAreByMoment: true,
});
