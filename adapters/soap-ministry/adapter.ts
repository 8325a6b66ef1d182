import { defineAdapter, inOrder, loadNodeSoap } from '#kit';
import { pullerOf } from './pull.ts';
import { push } from './push.ts';
import { reconcile } from './reconcile.ts';
import { Settings } from './settings.ts';
import { missingTables, tablesOf } from './tables.ts';

/** Any system with a WSDL, as its party's settings describe it. */
export default defineAdapter({
  settings: Settings,
  settingsProblems: missingTables,
  tables: tablesOf,
  load: loadNodeSoap,
  send: {
    'dossier.upsert.v1': { send: (connection, items) => inOrder(items, (item) => push(connection, 'dossiers', item)) },
    'dossier.progress.v1': {
      send: (connection, items) => inOrder(items, (item) => push(connection, 'progress', item)),
    },
  },
  reconcile,
  pull: { dossiers: pullerOf('dossiers'), progress: pullerOf('progress') },
});
