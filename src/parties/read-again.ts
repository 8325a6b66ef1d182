import { instantToMs } from '#core/dates/dates';
import type { Item } from '#core/dossier/item';
import { parseDoor } from '#core/identifiers/door';
import { IN_FORCE_AFTER_MS } from '../ledger/code-entries.ts';
import type { StoredMessage } from '../ledger/messages.ts';
import type { Party } from './party.ts';

/**
 * The readers of stored bodies: door → message → items, by the code tables of a moment (epoch milliseconds). Pure once
 * their libraries are loaded. The adapter reads pulled pages and callbacks.
 */
export type Readers = Readonly<
  Record<
    string,
    (
      message: Pick<StoredMessage, 'body' | 'operation' | 'mediaType' | 'party' | 'receivedAt'>,
      atMs: number,
    ) => Promise<readonly Item[]>
  >
>;

/**
 * Reads a stored message again with the present door or adapter, by the code tables of a moment: its arrival by
 * default.
 *
 * @throws an Error that says why it cannot be read
 */
export async function readAgain(
  readers: Readers,
  parties: ReadonlyMap<string, Party>,
  message: StoredMessage,
  atMs = instantToMs(message.receivedAt),
): Promise<readonly Item[]> {
  const { kind, name = '' } = parseDoor(message.door);
  if (kind === 'pull' || kind === 'callback' || kind === ANSWER_DOOR || kind === RECONCILE_DOOR) {
    const party = parties.get(message.party);
    if (!party) throw new Error(`the party ${message.party}, whose adapter reads it, is not in the settings`);
    const { pull, callbacks, answers, reconcile } = party.adapter;
    const byName = { pull, callback: callbacks, [ANSWER_DOOR]: answers, [RECONCILE_DOOR]: undefined }[kind];
    const reader = kind === RECONCILE_DOOR ? reconcile : byName?.[name];
    return reader?.read?.(message.body, party.settings, party.codes.at(atMs)) ?? [];
  }
  return (await readers[message.door]?.(message, atMs)) ?? [];
}

/** The door of a partner's answers to deliveries, followed by the name of their reader. */
export const ANSWER_DOOR = 'answer';

/** The door of partners' answers that a comparison stored. */
export const RECONCILE_DOOR = 'reconcile';

/** The door of the hub's own messages that release a waiting item, or correct an applied one. They record when. */
export const RELEASE_DOOR = 'release';

/** The body of such a message. */
export interface Release {
  /** The message and position of the item. */
  readonly messageId: string;
  readonly item: number;
  /** An operator accepted its doubtful text unchanged. Stored messages have this name. */
  readonly asItStands?: boolean | undefined;
  /** A person decided that the record goes on, which a rule of its kind held. */
  readonly isJudged?: boolean | undefined;
  /** It was applied before, and this reading replaces that one. */
  readonly isCorrection?: boolean | undefined;
  /**
   * The moment whose code tables the release used. The releasing process may not have known the very newest entries.
   * Absent in releases of older versions.
   */
  readonly codesAt?: string;
}

/** The moment whose code tables a release used, epoch milliseconds. */
export function releaseMs({ codesAt }: Pick<Release, 'codesAt'>, releasedAt: string): number {
  return codesAt === undefined ? instantToMs(releasedAt) + IN_FORCE_AFTER_MS : instantToMs(codesAt);
}

/** The item that a release applies. */
export function itemToRelease(item: Item, { asItStands = false }: Pick<Release, 'asItStands'>): Item {
  return asItStands && item.kind === 'waiting' ? (item.ifAccepted ?? item) : item;
}
