import { defineAdapter } from '#kit';
import { codeTables } from '#ministry';
import { describeFrame } from './frames.ts';
import { listOf, listsOf } from './lists.ts';
import { settingsProblems } from './problems.ts';
import { pullerOf } from './pull.ts';
import { readDrop } from './read-drop.ts';
import { type ListName, Settings } from './settings.ts';

/** Any party whose records come as files. The party's settings describe them. */
export default defineAdapter({
  settings: Settings,
  settingsProblems,
  offers: (settings) => ({ sends: [], pulls: settings.place ? listsOf(settings) : [] }),
  tables: codeTables,
  drops: {
    lists: listsOf,
    listOf,
    read: (connection, file, list) => readDrop(connection, file, list as ListName),
    stored: describeFrame,
  },
  pull: { dossiers: pullerOf('dossiers'), progress: pullerOf('progress') },
});
