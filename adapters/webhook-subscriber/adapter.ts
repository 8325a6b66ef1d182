import { defineAdapter, isLinkLocal, type Problem, quote, type Sender, sendInOrder } from '#kit';
import { tell } from './client.ts';
import { Settings } from './settings.ts';

/** Whoever shows dossiers and wants to hear when one changed. It asks the hub for the rest, with its own key. */
export default defineAdapter({
  settings: Settings,
  settingsProblems: addressProblems,
  sendsChanges: true,
  send: { 'dossier.upsert.v1': each(), 'dossier.progress.v1': each() },
});

function each<O extends 'dossier.upsert.v1' | 'dossier.progress.v1'>(): Sender<Settings, O> {
  return { send: (connection, items) => sendInOrder(items, (item) => tell(connection, item)) };
}

/** At such an address no portal lives, but a cloud's machines ask for their credentials there. */
function addressProblems({ url }: Settings): readonly Problem[] {
  if (!URL.canParse(url) || !isLinkLocal(new URL(url).hostname)) return [];
  return [{ path: '/url', message: `got ${quote(url)}, expected an address that is not link-local` }];
}
