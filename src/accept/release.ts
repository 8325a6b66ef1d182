import { msToInstant } from '#core/dates/dates';
import type { Item } from '#core/dossier/item';
import { maskNamesIn } from '#core/masking/masking';
import { NotLoaded } from '#core/not-loaded';
import type { Cause } from '#core/problem';
import { createByteLru } from '../concurrency/byte-lru.ts';
import type { Database } from '../database/pool.ts';
import type { CodeEntries } from '../ledger/code-entries.ts';
import { type KeptMessage, loadSealedMessage, openMessage } from '../ledger/messages.ts';
import type { WaitingRow } from '../ledger/quarantine.ts';
import type { Party } from '../parties/party.ts';
import type { Vault } from '../secrets/vault.ts';
import { RELEASE_DOOR, type Readers, type Release, readAgain, released } from './read-again.ts';
import type { Accepted, Submission } from './submission.ts';

export interface ReleaseDeps {
  /** Opens and reads what a row waits in. */
  readonly reread: Reread;
  readonly accept: (submission: Submission) => Promise<Accepted>;
  /** What it waits for from now on; see waitInstead. */
  readonly waitInstead: (id: number, cause: Cause) => Promise<void>;
  /** Whether an error means that somebody else wrote the same meanwhile: another process let it go. */
  readonly isRetryable: (error: unknown) => boolean;
}

/** Items that are released at a time. They are accepted in their order: a thousand steps of one dossier share its history. */
const AT_ONCE = 100;

/**
 * Apply items that waited, in the order given. What still waits for the same stays where it is; what cannot be read any
 * more is set aside under a cause of its message, and holds up no other.
 *
 * @param asItStands whether a person took doubtful text as it stands
 * @returns how many wait no longer
 */
export async function releaseItems(
  means: ReleaseDeps,
  rows: readonly WaitingRow[],
  asItStands: boolean,
): Promise<number> {
  let freed = 0;
  const unreadable = new Map<string, Unreadable>();
  for (const wave of wavesOf(rows)) {
    const readable: [WaitingRow, Read][] = [];
    for (const row of wave) {
      const read = unreadable.get(row.messageId) ?? (await means.reread(row));
      if (!('why' in read)) readable.push([row, read]);
      else {
        if (read.isWhole) unreadable.set(row.messageId, read);
        await means.waitInstead(row.id, unreadableCause(row.messageId, read));
      }
    }
    // All are begun when all are read: one that fails while another is being read would be a rejection nobody hears.
    const done = await Promise.all(readable.map(([row, read]) => releaseOne(means, row, read, asItStands)));
    freed += done.filter(Boolean).length;
  }
  return freed;
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
  readonly message: Pick<KeptMessage, 'party' | 'operation' | 'receivedAt'>;
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
export type Reread = (row: WaitingRow) => Promise<Read | Unreadable>;

export interface RereadDeps {
  readonly database: Database;
  readonly vault: Vault;
  readonly readers: Readers;
  readonly parties: ReadonlyMap<string, Party>;
  readonly codes: Pick<CodeEntries, 'knownMs'>;
  readonly nowMs: () => number;
}

interface KeptRead {
  readonly message: Read['message'];
  readonly items: readonly Item[];
  /** By the tables of which moment it was read: another table reads another thing. */
  readonly codesMs: number;
}

/** Of messages that were read the last ones are kept, so many bytes of bodies. */
const KEPT_BYTES = 16 * 1024 * 1024;

/**
 * A message with many items that wait is opened and read once, also when their dossiers come one after the other:
 * what was read lately is kept, as long as it would be read the same.
 */
export function createReread(means: RereadDeps): Reread {
  const { database, vault, readers, parties, codes, nowMs } = means;
  const lately = createByteLru<KeptRead>(KEPT_BYTES);
  return async ({ messageId: id, item: place }) => {
    const releasedAt = msToInstant(nowMs());
    let read = lately.get(id);
    if (!read || read.codesMs !== codes.knownMs(read.message.party)) {
      const sealed = await loadSealedMessage(database, id);
      if (!sealed) return { why: 'it is not kept any more', isWhole: true };
      try {
        const whole = openMessage(vault, sealed);
        read = await readWhole(whole);
        // The last one stays, however large: its other items come next.
        lately.put(id, read, Math.min(whole.body.length, KEPT_BYTES));
      } catch (error) {
        if (error instanceof NotLoaded) throw error;
        return { why: maskNamesIn((error as Error).message), isWhole: true };
      }
    }
    const item = read.items[place];
    const { length } = read.items;
    if (!item) return { why: `${length} items are read in it today, and this is number ${place + 1}`, isWhole: false };
    return { message: read.message, item, releasedAt, codesAt: msToInstant(read.codesMs) };
  };

  async function readWhole(whole: KeptMessage): Promise<KeptRead> {
    const { party, operation, receivedAt } = whole;
    const codesMs = codes.knownMs(party);
    const items = await readAgain(readers, parties, whole, codesMs);
    return { message: { party, operation, receivedAt }, items, codesMs };
  }
}

/** A message of the hub's own says that the item is applied now, so that the messages alone tell the whole order. */
async function releaseOne(
  means: ReleaseDeps,
  row: WaitingRow,
  { message, item, releasedAt, codesAt }: Read,
  asItStands: boolean,
): Promise<boolean> {
  const { id, messageId, item: place, causeKey } = row;
  const release: Release = { messageId, item: place, codesAt, ...(asItStands && { asItStands }) };
  const body = Buffer.from(JSON.stringify(release));
  try {
    const { results } = await means.accept({
      party: message.party,
      door: RELEASE_DOOR,
      operation: message.operation,
      keyName: undefined,
      mediaType: 'application/json',
      body,
      bodyBytes: body.length,
      receivedAt: releasedAt,
      items: [released(item, release)],
      again: { messageId, item: place, receivedAt: message.receivedAt, quarantineId: id, causeKey },
    });
    return results.every(({ outcome }) => outcome !== 'quarantined' && outcome !== 'invalid');
  } catch (error) {
    if (means.isRetryable(error)) return false;
    throw error;
  }
}
