import { defineAdapter, isLinkLocal, type Problem, quote, type Sender, sendInOrder } from '#kit';
import { tell } from './client.ts';
import { Settings } from './settings.ts';

/**
 * A system that shows dossiers and receives notifications of changes. It reads the dossier from the hub with its own
 * key.
 */
export default defineAdapter({
  settings: Settings,
  settingsProblems: addressProblems,
  sendsChanges: true,
  send: { 'dossier.upsert.v1': each(), 'dossier.progress.v1': each() },
});

function each<O extends 'dossier.upsert.v1' | 'dossier.progress.v1'>(): Sender<Settings, O> {
  return { send: (connection, items) => sendInOrder(items, (item) => tell(connection, item)) };
}

/** No portal has a link-local address, but a cloud's machines fetch credentials there. */
function addressProblems({ url }: Settings): readonly Problem[] {
  if (!URL.canParse(url) || !isLinkLocal(new URL(url).hostname)) return [];
  return [{ path: '/url', message: `got ${quote(url)}, expected an address that is not link-local` }];
}
