import { defineAdapter, sendInOrder } from '#kit';
import { callbacks } from './callbacks.ts';
import { post, TRACES } from './client.ts';
import { statistic, vote } from './figures.ts';
import { Settings, settingsProblems, TABLES } from './settings.ts';
import { writeDocument, writeTrace } from './write.ts';

/** OpenCPS systems on a provincial LGSP bus: the hub is the bus that they push to, or a client of another bus. */
export default defineAdapter({
  settings: Settings,
  settingsProblems,
  tables: () => TABLES,
  sendsFiles: () => true,
  offers: ({ baseUrl, reports }) => ({
    sends: baseUrl === undefined ? [] : ['dossier.upsert.v1', 'dossier.progress.v1'],
    pulls: reports ? ['statistic', 'vote'] : [],
  }),
  send: {
    'dossier.upsert.v1': {
      send: (bus, items) =>
        sendInOrder(items, (item) => post(bus, '/Document/SyncDocument', writeDocument(item, bus), item.dossier)),
    },
    'dossier.progress.v1': {
      send: (bus, items) =>
        sendInOrder(items, (item) => post(bus, TRACES, writeTrace(item, bus.settings), item.dossier)),
    },
  },
  pull: { statistic, vote },
  callbacks,
});
