import { defineAdapter, isLinkLocal, type Problem, problem, received, type Sender, say, sendInOrder } from '#kit';
import type { Operation } from '#schemas/operations';
import { tell } from './client.ts';
import { Settings } from './settings.ts';

/**
 * A system that shows dossiers or other records and receives notifications of changes. It reads the rest from the hub
 * with its own key.
 */
export default defineAdapter({
  settings: Settings,
  settingsProblems: addressProblems,
  sendsChanges: true,
  send: { 'dossier.upsert.v1': each(), 'dossier.progress.v1': each() },
  sendAny: each(),
});

function each<O extends Operation>(): Sender<Settings, O> {
  return { send: (connection, items) => sendInOrder(items, (item) => tell(connection, item)) };
}

/** No portal has a link-local address, but a cloud's machines fetch credentials there. */
function addressProblems({ url }: Settings): readonly Problem[] {
  if (!URL.canParse(url) || !isLinkLocal(new URL(url).hostname)) return [];
  return [problem('/url', 'unexpected', { got: received(url), expected: say('not-link-local') })];
}
