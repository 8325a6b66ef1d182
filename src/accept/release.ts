import { msToInstant } from '#core/dates/dates';
import type { Item } from '#core/dossier/item';
import { maskNamesIn } from '#core/masking/masking';
import type { Cause } from '#core/problem';
import { ReaderNotLoaded } from '#core/problems/reader-not-loaded';
import { createByteLru } from '../concurrency/byte-lru.ts';
import type { CodeEntries } from '../ledger/code-entries.ts';
import { loadSealedMessage, openMessage, type StoredMessage } from '../ledger/messages.ts';
import { changeCause, type WaitingRow } from '../ledger/quarantine.ts';
import type { Accepted, Submission } from '../ledger/submission.ts';
import type { Party } from '../parties/party.ts';
import { itemToRelease, RELEASE_DOOR, type Readers, type Release, readAgain } from '../parties/read-again.ts';
import type { HubContext } from '../process/hub-context.ts';
import { isRetryable } from './conflict.ts';

export interface ReleaseDeps extends RereadDeps {
  readonly accept: (submission: Submission) => Promise<Accepted>;
}

/**
 * Applies waiting items in the order given. An item that still waits for the same cause stays where it is. An item that
 * cannot be read any more waits under a cause of its message, and holds up no other.
 *
 * @param asItStands whether a person accepted doubtful text unchanged
 * @returns how many items wait no longer
 */
export type ReleaseItems = (rows: readonly WaitingRow[], asItStands: boolean) => Promise<number>;

/** Items that are released together. They are accepted in order: a thousand steps of one dossier share its history. */
const AT_ONCE = 100;

export function createReleaseItems(hub: Hub, deps: ReleaseDeps): ReleaseItems {
  const reread = createReread(hub, deps);
  return async (rows, asItStands) => {
    let released = 0;
    const unreadable = new Map<string, Unreadable>();
    for (const wave of wavesOf(rows)) {
      const readable: [WaitingRow, Read][] = [];
      for (const row of wave) {
        const read = unreadable.get(row.messageId) ?? (await reread(row));
        if (!('why' in read)) readable.push([row, read]);
        else {
          if (read.isWhole) unreadable.set(row.messageId, read);
          const cause = unreadableCause(row.messageId, read);
          await changeCause(hub.database, row.id, cause, msToInstant(hub.nowMs()));
        }
      }
      // All begin after all are read, so that no rejection comes while nothing awaits it.
      const done = await Promise.all(readable.map(([row, read]) => releaseOne(deps.accept, row, read, asItStands)));
      released += done.filter(Boolean).length;
    }
    return released;
  };
}

function unreadableCause(messageId: string, { why }: Unreadable): Cause {
  const message = `message ${messageId} cannot be read again, and so nothing that waits in it be applied: ${why}`;
  return { kind: 'unreadable', key: `unreadable:${messageId}`, message };
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
  readonly why: string;
  /** Whether it is so of all items of its message. */
  readonly isWhole: boolean;
}

/** Rejects where it is not known whether it can be read: the database is away, or code could not be loaded. */
type Reread = (row: WaitingRow) => Promise<Read | Unreadable>;

type Hub = Pick<HubContext, 'database' | 'vault' | 'nowMs'>;

interface RereadDeps {
  readonly readers: Readers;
  readonly parties: ReadonlyMap<string, Party>;
  readonly codes: Pick<CodeEntries, 'knownMs'>;
}

interface CachedRead {
  readonly message: Read['message'];
  readonly items: readonly Item[];
  /** By the tables of which moment it was read: another table reads another thing. */
  readonly codesMs: number;
}

/** Of messages that were read the last ones are kept, so many bytes of bodies. */
const CACHED_BYTES = 16 * 1024 * 1024;

/**
 * A message with many items that wait is opened and read once, also when their dossiers come one after the other:
 * what was read cache is kept, as long as it would be read the same.
 */
export function createReread({ database, vault, nowMs }: Hub, { readers, parties, codes }: RereadDeps): Reread {
  const cache = createByteLru<CachedRead>(CACHED_BYTES);
  return async ({ messageId: id, item: place }) => {
    const releasedAt = msToInstant(nowMs());
    let read = cache.get(id);
    if (!read || read.codesMs !== codes.knownMs(read.message.party)) {
      const sealed = await loadSealedMessage(database, id);
      if (!sealed) return { why: 'it is not kept any more', isWhole: true };
      try {
        const whole = openMessage(vault, sealed);
        read = await readWhole(whole);
        // The last one stays, however large: its other items come next.
        cache.put(id, read, Math.min(whole.body.length, CACHED_BYTES));
      } catch (error) {
        if (error instanceof ReaderNotLoaded) throw error;
        return { why: maskNamesIn((error as Error).message), isWhole: true };
      }
    }
    const item = read.items[place];
    const { length } = read.items;
    if (!item) return { why: `${length} items are read in it today, and this is number ${place + 1}`, isWhole: false };
    return { message: read.message, item, releasedAt, codesAt: msToInstant(read.codesMs) };
  };

  async function readWhole(whole: StoredMessage): Promise<CachedRead> {
    const { party, operation, receivedAt } = whole;
    const codesMs = codes.knownMs(party);
    const items = await readAgain(readers, parties, whole, codesMs);
    return { message: { party, operation, receivedAt }, items, codesMs };
  }
}

/** A message of the hub's own says that the item is applied now, so that the messages alone tell the whole order. */
async function releaseOne(
  accept: ReleaseDeps['accept'],
  row: WaitingRow,
  { message, item, releasedAt, codesAt }: Read,
  asItStands: boolean,
): Promise<boolean> {
  const { id, messageId, item: place, causeKind, causeKey } = row;
  const release: Release = { messageId, item: place, codesAt, ...(asItStands && { asItStands }) };
  const body = Buffer.from(JSON.stringify(release));
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
      released: { messageId, item: place, receivedAt: message.receivedAt, quarantineId: id, causeKind, causeKey },
    });
    return results.every(({ outcome }) => outcome !== 'quarantined' && outcome !== 'invalid');
  } catch (error) {
    // Another process released it meanwhile.
    if (isRetryable(error)) return false;
    throw error;
  }
}
