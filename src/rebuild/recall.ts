import { type Item, isDossierItem, recordIn } from '#core/dossier/item';
import type { Ownership } from '#core/dossier/ownership';
import { ReaderNotLoaded } from '#core/problems/reader-not-loaded';
import type { Database } from '../database/pool.ts';
import type { CodeEntries } from '../ledger/code-entries.ts';
import { type ItemResult, loadMessage, type StoredMessage, waitedForCatalogue } from '../ledger/messages.ts';
import type { ReleasedItem, Submission } from '../ledger/submission.ts';
import type { Party } from '../parties/party.ts';
import {
  itemToRelease,
  RELEASE_DOOR,
  type Readers,
  type Release,
  readAgain,
  releaseMs,
} from '../parties/read-again.ts';
import type { HubContext } from '../process/hub-context.ts';
import type { Difference } from './difference.ts';
import { type StoredItems, storedItems } from './recorded-items.ts';
import type { RecordedMessage } from './recorded-messages.ts';

export interface RecallDeps extends Pick<HubContext, 'vault' | 'kinds'> {
  /** The live database. */
  readonly live: Database;
  readonly parties: ReadonlyMap<string, Party>;
  readonly readers: Readers;
  /** The operators' code tables: all entries must be loaded before old messages are read. */
  readonly codes: Pick<CodeEntries, 'reload'>;
  readonly ownership: Ownership;
  /** See AcceptDeps. */
  readonly ownedSince: string;
}

/** A message of the log, ready to be applied again. */
export interface Recalled {
  readonly id: string;
  readonly submission: Submission;
  /** The item that it releases, if any. */
  readonly released: Omit<ReleasedItem, 'quarantineId' | 'causeKind' | 'causeKey'> | undefined;
  /** The recorded outcome of each item; undefined for an item that is not applied. */
  readonly expected: readonly (ItemResult['outcome'] | undefined)[];
  /** Items that were applied at first and that today's code does not read. */
  readonly unreadable: readonly Difference[];
}

/** @param stored the items of emptied messages, among them this one */
export type Recall = (message: RecordedMessage, stored: StoredItems) => Promise<Recalled>;

/**
 * Recalls messages: today's code reads their items, and the recorded results say which were applied. A waiting item is applied
 * at the message that released it. Catalogue entries and their versions are no part of the index. A version is what the hub
 * published at the time, and its table stores it for good (migration 013). Today's code may read its message differently, and
 * no message mentions an entry that a complete list left out.
 */
export function createRecall(deps: RecallDeps): Recall {
  const origins = createOrigins(deps);
  return async (message, stored) => {
    const expected = message.results.map((result) => appliedOutcome(deps, message, result));
    if (message.door === RELEASE_DOOR) return recallRelease(deps, message, expected, await origins(message));
    if (message.isEmptied) return recalled(deps, message, expected, (at) => stored(message.id, at)[0]?.item);
    const items = expected.some((outcome) => outcome !== undefined) ? await read(deps, message) : [];
    return recalled(deps, message, expected, (at) => items[at]);
  };
}

/** A message that released or corrected an item of an earlier one; the item is read from the earlier one. */
function recallRelease(
  deps: RecallDeps,
  message: RecordedMessage,
  expected: Recalled['expected'],
  origin: Origin | undefined,
): Recalled {
  const of = origin && { messageId: origin.messageId, item: origin.item, receivedAt: origin.receivedAt };
  const released = of && { ...of, isJudged: origin.isJudged };
  const isCorrection = origin?.isCorrection ?? false;
  const isEmptied = origin?.isEmptied ?? false;
  const withItem = recalled(deps, { ...message, isEmptied }, expected, () => origin?.read);
  return {
    ...withItem,
    submission: { ...withItem.submission, correction: isCorrection ? of : undefined },
    released: !isCorrection && withItem.submission.items.some(({ kind }) => kind === 'record') ? released : undefined,
  };
}

function recalled(
  { kinds }: Pick<RecallDeps, 'kinds'>,
  message: RecordedMessage,
  expected: readonly (ItemResult['outcome'] | undefined)[],
  itemAt: (at: number) => Item | undefined,
): Recalled {
  const unreadable: Difference[] = [];
  const applied: (ItemResult['outcome'] | undefined)[] = [];
  const items = expected.map((outcome, at): Item => {
    const item = outcome === undefined ? undefined : asApplied(itemAt(at), outcome);
    // A repeat has no event. Without personal data, the outcome of an event may be another one.
    if (item?.kind === 'record' ? item.recorded?.erased : message.isEmptied) {
      applied.push(undefined);
      return item ?? NOTHING;
    }
    const isReadable = item?.kind === 'record';
    const isOurs = isReadable && (isDossierItem(item) || kinds.of(item.operation) !== undefined);
    // A doubtful text of a record waits outside the index.
    if (outcome !== undefined && outcome !== 'quarantined' && !isReadable) {
      const today = item ? `reads as ${item.kind} today` : 'cannot be read today';
      const code = message.results[at]?.code ?? message.id;
      unreadable.push({ table: 'messages', code, column: 'items', live: outcome, rebuilt: today });
    }
    applied.push(isOurs ? outcome : undefined);
    return isOurs ? item : NOTHING;
  });
  const { id, party = '', body: _, isEmptied: __, results: ___, ...rest } = message;
  return {
    id,
    submission: { ...rest, party, body: undefined, items },
    released: undefined,
    expected: applied,
    unreadable,
  };
}

/** A doubtful text that was sent again after a person accepted it unchanged counts as a repeat. */
function asApplied(item: Item | undefined, outcome: ItemResult['outcome']): Item | undefined {
  return outcome === 'duplicate' && item ? (recordIn(item) ?? item) : item;
}

/** Placeholder for an item that is not applied here. */
export const NOTHING: Item = { kind: 'invalid', problems: [] };

/**
 * A record that its kind holds for a person is in the index. A doubtful text, a moment far ahead and a record of a party without
 * the right wait outside the index, and so does any other item in quarantine.
 */
function appliedOutcome(
  { kinds }: Pick<RecallDeps, 'kinds'>,
  { operation = '' }: Pick<RecordedMessage, 'operation'>,
  { outcome, problems = [] }: ItemResult,
): ItemResult['outcome'] | undefined {
  if (outcome === 'quarantined') {
    const waited = problems.some(({ code }) => code === 'applied-at-its-time' || code === 'not-owner');
    const isOutside = waited || waitedForCatalogue({ problems });
    return kinds.of(operation) && !isOutside ? outcome : undefined;
  }
  return outcome === 'invalid' ? undefined : outcome;
}

async function read(
  { readers, parties }: RecallDeps,
  message: RecordedMessage,
): Promise<readonly (Item | undefined)[]> {
  const kept = keptMessage(message);
  return kept ? attempt(() => readAgain(readers, parties, kept)) : [];
}

function keptMessage(message: RecordedMessage): StoredMessage | undefined {
  const { party, operation, body } = message;
  if (party === undefined || operation === undefined || body === undefined) return undefined;
  return { ...message, party, operation, body };
}

/** Lists each item of an unreadable message as unreadable. */
async function attempt(work: () => Promise<readonly (Item | undefined)[]>): Promise<readonly (Item | undefined)[]> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ReaderNotLoaded) throw error;
    return [];
  }
}

/** The item at a position of the origin, as it was recorded at a moment. */
type ItemAt = (item: number, recordedAt: string) => Item | undefined;

async function loadOrigin({ live, vault, kinds, readers, parties }: RecallDeps, id: string, atMs: number) {
  const { rows } = await live.pool.query<{ receivedAt: string; results: readonly ItemResult[] }>({
    name: 'emptied origin',
    text: 'SELECT received_at AS "receivedAt", results FROM messages WHERE id = $1 AND emptied_at IS NOT NULL',
    values: [id],
  });
  const [emptied] = rows;
  if (!emptied) {
    const origin = await loadMessage(live, vault, id);
    if (!origin) return undefined;
    const items = await attempt(() => readAgain(readers, parties, origin, atMs));
    return { receivedAt: origin.receivedAt, isEmptied: false, itemAt: (item: number) => items[item] };
  }
  const stored = await storedItems({ db: live.pool, vault, kinds }, [{ id, isEmptied: true, ...emptied }]);
  const itemAt: ItemAt = (item, recordedAt) => {
    const found = stored(id, item);
    return (found.find((one) => one.recordedAt === recordedAt) ?? found.at(-1))?.item;
  };
  return { receivedAt: emptied.receivedAt, isEmptied: true, itemAt };
}

interface Origin {
  readonly messageId: string;
  readonly item: number;
  readonly receivedAt: string;
  readonly isJudged: boolean;
  readonly isCorrection: boolean;
  readonly read: Item | undefined;
  /** See RecordedMessage. */
  readonly isEmptied: boolean;
}

/** Items of one message are often released together, so the last messages read are cached. */
const KEPT_ORIGINS = 20;

function createOrigins(deps: RecallDeps): (message: RecordedMessage) => Promise<Origin | undefined> {
  const kept = new Map<string, Pick<Origin, 'receivedAt' | 'isEmptied'> & { readonly itemAt: ItemAt }>();
  async function load(id: string, atMs: number) {
    const name = `${id} ${atMs}`;
    const known = kept.get(name);
    if (known) return known;
    const loaded = await loadOrigin(deps, id, atMs);
    if (!loaded) return undefined;
    kept.set(name, loaded);
    if (kept.size > KEPT_ORIGINS) kept.delete(kept.keys().next().value as string);
    return loaded;
  }
  return async ({ body, receivedAt }) => {
    if (!body) return undefined;
    const release = JSON.parse(body.toString()) as Release;
    const { messageId, item } = release;
    const origin = await load(messageId, releaseMs(release, receivedAt));
    const read = origin?.itemAt(item, receivedAt);
    const { isJudged = false, isCorrection = false } = release;
    if (!origin) return undefined;
    const { receivedAt: arrivedAt, isEmptied } = origin;
    const itself = read && itemToRelease(read, release);
    return { messageId, item, receivedAt: arrivedAt, isEmptied, isJudged, isCorrection, read: itself };
  };
}
