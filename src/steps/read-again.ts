import type { Item } from '#core/item';
import type { KeptMessage } from '../ledger/messages.ts';
import type { Party } from '../parties.ts';

/** How the bodies that each door keeps are read: door → message → items. Pure; a page that was pulled is read by its adapter. */
export type Readers = Readonly<
  Record<string, (message: Pick<KeptMessage, 'body' | 'operation' | 'mediaType'>) => readonly Item[]>
>;

/** Read a kept message again, as its door or adapter reads today. */
export function readAgain(
  readers: Readers,
  parties: ReadonlyMap<string, Party>,
  message: KeptMessage,
): readonly Item[] {
  const pulled = /^pull:(.+)$/.exec(message.door)?.[1];
  if (pulled !== undefined) {
    const party = parties.get(message.party);
    return party?.adapter.pull?.[pulled]?.read(message.body, party.settings) ?? [];
  }
  return readers[message.door]?.(message) ?? [];
}
