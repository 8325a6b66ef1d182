import type { Item } from '#core/dossier/item';
import { loadSealedMessage, openMessage, type SealedMessage, type StoredMessage } from '../ledger/messages.ts';
import type { Party } from '../parties/party.ts';
import { type Readers, readAgain } from '../parties/read-again.ts';
import type { HubContext } from '../process/hub-context.ts';

/** How the hub reads a message. Undefined when its body is no longer stored or cannot be read. */
export type ReadMessage = (id: string) => Promise<readonly Item[] | undefined>;

/** Reads a stored message with the present doors and adapters, by the code tables of its arrival. */
export function createReadMessage(
  { database, vault }: Pick<HubContext, 'database' | 'vault'>,
  { readers, parties }: { readonly readers: Readers; readonly parties: ReadonlyMap<string, Party> },
): ReadMessage {
  return async (id) => {
    const sealed = await loadSealedMessage(database, id);
    const message = sealed && openIfIntact(vault, sealed);
    // A message that the hub refused at its door is often unreadable.
    return message && readAgain(readers, parties, message).catch(() => undefined);
  };
}

/** A stored message with its body. Undefined if texts were erased from it, its secret is missing, or it was changed. */
export function openIfIntact(vault: HubContext['vault'], sealed: SealedMessage): StoredMessage | undefined {
  if (sealed.isEmptied) return undefined;
  try {
    return openMessage(vault, sealed);
  } catch {
    return undefined;
  }
}
