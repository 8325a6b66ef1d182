import { instantToMs } from '#core/dates/dates';
import type { Item } from '#core/dossier/item';
import { parseDoor } from '#core/identifiers/door';
import { IN_FORCE_AFTER_MS } from '../ledger/code-entries.ts';
import type { StoredMessage } from '../ledger/messages.ts';
import type { Party } from './party.ts';

/**
 * How the bodies that each door keeps are read: door → message → items, by the code tables of a moment (epoch
 * milliseconds). Pure, once what it reads by is loaded; a page that was pulled, or a callback, is read by its adapter.
 */
export type Readers = Readonly<
  Record<
    string,
    (
      message: Pick<StoredMessage, 'body' | 'operation' | 'mediaType' | 'party'>,
      atMs: number,
    ) => Promise<readonly Item[]>
  >
>;

/**
 * Read a kept message again, as its door or adapter reads today, by the code tables of a moment: those of its
 * reception, unless another one is given.
 *
 * @throws an Error that says why, where it cannot be read
 */
export async function readAgain(
  readers: Readers,
  parties: ReadonlyMap<string, Party>,
  message: StoredMessage,
  atMs = instantToMs(message.receivedAt),
): Promise<readonly Item[]> {
  const { kind, name = '' } = parseDoor(message.door);
  if (kind === 'pull' || kind === 'callback' || kind === RECONCILE_DOOR) {
    const party = parties.get(message.party);
    if (!party) throw new Error(`the party ${message.party}, whose adapter reads it, is not in the settings`);
    const { pull, callbacks, reconcile } = party.adapter;
    const reader = kind === 'pull' ? pull?.[name] : kind === 'callback' ? callbacks?.[name] : reconcile;
    return reader?.read?.(message.body, party.settings, party.codes.at(atMs)) ?? [];
  }
  return (await readers[message.door]?.(message, atMs)) ?? [];
}

/** The door of answers that a partner gave when it was compared with, and that were taken in. */
export const RECONCILE_DOOR = 'reconcile';

/** The door of messages of the hub's own: they let go an item that waited, and so tell when it was applied. */
export const RELEASE_DOOR = 'release';

/** The body of such a message. */
export interface Release {
  /** Where the item stands. */
  readonly messageId: string;
  readonly item: number;
  /** A person took its doubtful text as it stands. */
  readonly asItStands?: boolean;
  /**
   * The moment whose code tables it was read by: not all that was being entered just then was known to whoever let it
   * go. Absent in releases of before.
   */
  readonly codesAt?: string;
}

/** The moment whose code tables count for what a release of a moment let go, epoch milliseconds. */
export function releaseMs({ codesAt }: Pick<Release, 'codesAt'>, releasedAt: string): number {
  return codesAt === undefined ? instantToMs(releasedAt) + IN_FORCE_AFTER_MS : instantToMs(codesAt);
}

/** An item as a release takes it. */
export function itemToRelease(item: Item, { asItStands = false }: Pick<Release, 'asItStands'>): Item {
  return asItStands && item.kind === 'waiting' ? (item.asItStands ?? item) : item;
}
