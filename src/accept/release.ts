import { msToInstant } from '#core/dates/dates';
import type { Item } from '#core/dossier/item';
import { maskNamesIn } from '#core/masking/masking';
import { type Cause, whyAll } from '#core/problem';
import { ReaderNotLoaded } from '#core/problems/reader-not-loaded';
import { quotedText, say, type Words } from '#messages/message';
import { inEnglish } from '#messages/render';
import { createByteLru } from '../concurrency/byte-lru.ts';
import { isUnavailable } from '../database/failures.ts';
import type { CodeEntries } from '../ledger/code-entries.ts';
import { loadSealedMessage, openMessage, type StoredMessage } from '../ledger/messages.ts';
import { changeCause, isOfCorrection, type WaitingRow } from '../ledger/quarantine.ts';
import type { Accepted, Submission } from '../ledger/submission.ts';
import type { Party } from '../parties/party.ts';
import { itemToRelease, RELEASE_DOOR, type Readers, type Release, readAgain } from '../parties/read-again.ts';
import type { HubContext } from '../process/hub-context.ts';
import { isRetryable } from './conflict.ts';

export interface ReleaseDeps extends RereadDeps {
  readonly accept: (submission: Submission) => Promise<Accepted>;
}

/**
 * Applies waiting items in the given order. An item that still waits for the same cause stays. An item that cannot be
 * read or stored waits under a cause of its message, and blocks no other.
 *
 * @param isAccepted whether an operator accepted doubtful text unchanged
 * @returns how many items were released
 */
export type ReleaseItems = (rows: readonly WaitingRow[], isAccepted: boolean) => Promise<number>;

/** Items that are released together. They are accepted in order: a thousand steps of one dossier share its history. */
const AT_ONCE = 100;

export function createReleaseItems(hub: ReleaseHub, deps: ReleaseDeps): ReleaseItems {
  const reread = createReread(hub, deps);
  return async (rows, isAccepted) => {
    let released = 0;
    const unreadable = new Map<string, Unreadable>();
    for (const wave of wavesOf(rows)) {
      const readable: [WaitingRow, Read][] = [];
      for (const row of wave) {
        const read = unreadable.get(row.messageId) ?? (await reread(row));
        if (!('why' in read)) readable.push([row, read]);
        else {
          if (read.isWhole) unreadable.set(row.messageId, read);
          await setAside(hub, row, say('message-unreadable', { id: row.messageId, why: read.why }));
        }
      }
      // All start after all are read, so that no rejection comes before it is awaited.
      const done = await Promise.all(
        readable.map(([row, read]) => releaseOne(hub, deps.accept, row, read, isAccepted)),
      );
      released += done.filter(Boolean).length;
    }
    return released;
  };
}

/**
 * Moves an item that cannot be released to a cause of its message, where an operator finds it. A correction is there, and a
 * settled item stays.
 */
function setAside({ database, nowMs }: Hub, { id, messageId, causeKey }: WaitingRow, why: Words): Promise<void> {
  const key = isOfCorrection(causeKey) ? causeKey : `unreadable:${messageId}`;
  const cause: Cause = { kind: 'unreadable', key, ...inEnglish(why) };
  return changeCause(database, id, cause, msToInstant(nowMs()));
}

function wavesOf(rows: readonly WaitingRow[]): readonly (readonly WaitingRow[])[] {
  const count = Math.ceil(rows.length / AT_ONCE);
  return Array.from({ length: count }, (_, at) => rows.slice(at * AT_ONCE, (at + 1) * AT_ONCE));
}

interface Read {
  readonly message: Pick<StoredMessage, 'party' | 'operation' | 'receivedAt'>;
  readonly item: Item;
  readonly releasedAt: string;
  /** The moment whose code tables it was read by. */
  readonly codesAt: string;
}

/** Why an item cannot be read. */
interface Unreadable {
  readonly why: Words;
  /** Whether that holds for all items of its message. */
  readonly isWhole: boolean;
}

/** Rejects if it is unknown whether the item can be read: the database is unavailable, or code could not be loaded. */
type Reread = (row: WaitingRow) => Promise<Read | Unreadable>;

type Hub = Pick<HubContext, 'database' | 'vault' | 'nowMs'>;
type ReleaseHub = Hub & Pick<HubContext, 'telemetry'>;

interface RereadDeps {
  readonly readers: Readers;
  readonly parties: ReadonlyMap<string, Party>;
  readonly codes: Pick<CodeEntries, 'knownMs'>;
}

interface CachedRead {
  readonly message: Read['message'];
  readonly items: readonly Item[];
  /** The moment whose code tables were used. Other tables give another reading. */
  readonly codesMs: number;
}

/** The latest messages are cached, up to this many bytes of bodies. */
const CACHED_BYTES = 16 * 1024 * 1024;

/**
 * Decrypts and reads a message with many waiting items once, even if their dossiers arrive one after the other. A
 * cached reading is used as long as the code tables have not changed.
 */
export function createReread({ database, vault, nowMs }: Hub, { readers, parties, codes }: RereadDeps): Reread {
  const cache = createByteLru<CachedRead>(CACHED_BYTES);
  return async ({ messageId: id, item: place }) => {
    const releasedAt = msToInstant(nowMs());
    let read = cache.get(id);
    if (!read || read.codesMs !== codes.knownMs(read.message.party)) {
      const sealed = await loadSealedMessage(database, id);
      if (!sealed) return { why: say('not-kept'), isWhole: true };
      try {
        const whole = openMessage(vault, sealed);
        read = await readWhole(whole);
        // The last one stays whatever its size, because its other items follow.
        cache.put(id, read, Math.min(whole.body.length, CACHED_BYTES));
      } catch (error) {
        if (error instanceof ReaderNotLoaded) throw error;
        return { why: quotedText(maskNamesIn((error as Error).message)), isWhole: true };
      }
    }
    const item = read.items[place];
    const { length } = read.items;
    if (!item) return { why: say('fewer-items', { count: length, place: place + 1 }), isWhole: false };
    return { message: read.message, item, releasedAt, codesAt: msToInstant(read.codesMs) };
  };

  async function readWhole(whole: StoredMessage): Promise<CachedRead> {
    const { party, operation, receivedAt } = whole;
    const codesMs = codes.knownMs(party);
    const items = await readAgain(readers, parties, whole, codesMs);
    return { message: { party, operation, receivedAt }, items, codesMs };
  }
}

/**
 * Releases an item by a message of the hub's own. Then the messages alone give the whole order.
 *
 * @returns whether the item waits no more
 * @throws only while the database is unavailable
 */
async function releaseOne(
  hub: ReleaseHub,
  accept: ReleaseDeps['accept'],
  row: WaitingRow,
  { message, item, releasedAt, codesAt }: Read,
  isAccepted: boolean,
): Promise<boolean> {
  const { id, messageId, item: place, causeKind, causeKey } = row;
  // Only an operator releases an item that a rule of its kind holds or contradicts.
  const isJudged = isAccepted && (causeKind === 'held' || causeKind === 'contradiction');
  const isCorrection = isOfCorrection(causeKey);
  // The item is applied. Nothing but another record replaces it.
  if (isCorrection && item.kind !== 'record') return false;
  const release: Release = {
    messageId,
    item: place,
    codesAt,
    asItStands: isAccepted || undefined,
    isJudged: isJudged || undefined,
    isCorrection: isCorrection || undefined,
  };
  const body = Buffer.from(JSON.stringify(release));
  const source = { messageId, item: place, receivedAt: message.receivedAt };
  try {
    const { results } = await accept({
      party: message.party,
      door: RELEASE_DOOR,
      operation: message.operation,
      keyName: undefined,
      mediaType: 'application/json',
      body,
      bodyBytes: body.length,
      receivedAt: releasedAt,
      items: [itemToRelease(item, release)],
      released: { ...source, quarantineId: id, causeKind, causeKey, isJudged },
      correction: isCorrection ? source : undefined,
    });
    const invalid = results.find(({ outcome }) => outcome === 'invalid');
    // The hub's state has changed since it came: a rating of a dossier that has one by now.
    if (invalid) await setAside(hub, row, notApplied(row, whyAll(invalid.problems ?? [])));
    return results.every(({ outcome }) => outcome !== 'quarantined' && outcome !== 'invalid');
  } catch (error) {
    // Another process released it at the same time.
    if (isRetryable(error)) return false;
    if (isUnavailable(error)) throw error;
    hub.telemetry.failed('release', error);
    await setAside(hub, row, notApplied(row, say('error-in-log')));
    return false;
  }
}

function notApplied({ messageId, item }: WaitingRow, why: Words): Words {
  return say('item-not-applied', { id: messageId, place: item + 1, why });
}
