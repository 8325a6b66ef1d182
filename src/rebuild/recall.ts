import { type Item, isDossierItem, type RecordItem, recordIn } from '#core/dossier/item';
import type { Ownership } from '#core/dossier/ownership';
import { ReaderNotLoaded } from '#core/problems/reader-not-loaded';
import { createByteLru } from '../concurrency/byte-lru.ts';
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

type Outcome = ItemResult['outcome'];

/** A message of the log, ready to be applied again. */
export interface Recalled {
  readonly id: string;
  readonly submission: Submission;
  /** The item that it releases, if any. */
  readonly released: Omit<ReleasedItem, 'quarantineId' | 'causeKind' | 'causeKey'> | undefined;
  /** The recorded outcome of each item. Undefined if it is not applied, or if its outcome may be another one today. */
  readonly expected: readonly (Outcome | undefined)[];
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
  const loadOrigin = createOrigins(deps);
  return async (message, stored) => {
    const { body } = message;
    const applied = message.results.map((result) => appliedOutcome(deps, message, result));
    if (message.door === RELEASE_DOOR && body)
      return recallRelease(deps, message, applied, JSON.parse(body.toString()) as Release, loadOrigin);
    if (message.isEmptied) return recalled(deps, message, applied, (at) => stored(message.id, at)[0]?.item);
    const items = applied.some((outcome) => outcome !== undefined) ? await read(deps, message) : [];
    return recalled(deps, message, applied, (at) => items[at]);
  };
}

/** A message that released or corrected an item of an earlier one; the item is read from the earlier one. */
async function recallRelease(
  deps: RecallDeps,
  message: RecordedMessage,
  applied: readonly (Outcome | undefined)[],
  release: Release,
  loadOrigin: LoadOrigin,
): Promise<Recalled> {
  const { messageId, item, isJudged = false, isCorrection = false } = release;
  const origin = await loadOrigin(messageId, releaseMs(release, message.receivedAt));
  const found = origin?.itemAt(item, message.receivedAt);
  const isEmptied = origin?.isEmptied ?? false;
  const again = recalled(deps, { ...message, isEmptied }, applied, () => found && itemToRelease(found, release));
  if (!origin) return again;
  const of = { messageId, item, receivedAt: origin.receivedAt };
  if (isCorrection) return { ...again, submission: { ...again.submission, correction: of } };
  const isApplied = again.submission.items.some(({ kind }) => kind === 'record');
  return { ...again, released: isApplied ? { ...of, isJudged } : undefined };
}

/**
 * @param applied the recorded outcome of each item; undefined for an item that was not applied
 * @param itemAt the item as it is read today
 */
function recalled(
  { kinds }: Pick<RecallDeps, 'kinds'>,
  message: RecordedMessage,
  applied: readonly (Outcome | undefined)[],
  itemAt: (at: number) => Item | undefined,
): Recalled {
  const { id, party = '', body: _, isEmptied, results, ...rest } = message;
  const found = applied.map((outcome, at): RecalledItem => {
    if (outcome === undefined) return NOT_APPLIED;
    const item = asApplied(itemAt(at), outcome);
    if (item?.kind === 'record') return recalledRecord(kinds, item, outcome);
    // An emptied repeat has no event. A doubtful text of a record waits outside the index.
    if (isEmptied || outcome === 'quarantined') return NOT_APPLIED;
    const today = item ? `reads as ${item.kind} today` : 'cannot be read today';
    const code = results[at]?.code ?? id;
    return { ...NOT_APPLIED, unreadable: { table: 'messages', code, column: 'items', live: outcome, rebuilt: today } };
  });
  return {
    id,
    submission: { ...rest, party, body: undefined, items: found.map(({ item }) => item) },
    released: undefined,
    expected: found.map(({ expected }) => expected),
    unreadable: found.flatMap(({ unreadable }) => unreadable ?? []),
  };
}

interface RecalledItem {
  readonly item: Item;
  readonly expected: Outcome | undefined;
  readonly unreadable: Difference | undefined;
}

function recalledRecord(kinds: RecallDeps['kinds'], item: RecordItem, outcome: Outcome): RecalledItem {
  // Without personal data, the outcome of an event may be another one.
  if (item.recorded?.isRewritten) return { item, expected: undefined, unreadable: undefined };
  const isInIndex = isDossierItem(item) || kinds.of(item.operation) !== undefined;
  return isInIndex ? { item, expected: outcome, unreadable: undefined } : NOT_APPLIED;
}

/** Placeholder for an item that is not applied here. */
export const NOTHING: Item = { kind: 'invalid', problems: [] };
const NOT_APPLIED: RecalledItem = { item: NOTHING, expected: undefined, unreadable: undefined };

/** A doubtful text that was sent again after a person accepted it unchanged counts as a repeat. */
function asApplied(item: Item | undefined, outcome: Outcome): Item | undefined {
  return outcome === 'duplicate' && item ? (recordIn(item) ?? item) : item;
}

const WAITED: ReadonlySet<string> = new Set(['applied-at-its-time', 'not-owner', 'answer-not-applied']);

/**
 * A record that its kind holds for a person is in the index. A doubtful text, a moment far ahead, a record of a party without
 * the right and an answer that could not be applied wait outside the index, and so does any other item in quarantine.
 */
function appliedOutcome(
  { kinds }: Pick<RecallDeps, 'kinds'>,
  { operation = '' }: Pick<RecordedMessage, 'operation'>,
  { outcome, problems = [] }: ItemResult,
): Outcome | undefined {
  if (outcome === 'quarantined') {
    const waited = problems.some(({ code }) => WAITED.has(code));
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

/** A message of which an item was released or corrected. */
interface Origin {
  readonly receivedAt: string;
  /** See RecordedMessage. */
  readonly isEmptied: boolean;
  readonly bodyBytes: number;
  /** The item at a position, as it was recorded at a moment. */
  readonly itemAt: (item: number, recordedAt: string) => Item | undefined;
}

/** @param atMs the moment whose code tables read it, epoch milliseconds */
type LoadOrigin = (id: string, atMs: number) => Promise<Origin | undefined>;

/** Items of one message are often released together, so the last messages are cached, up to this many bytes of bodies. */
const CACHED_BYTES = 16 * 1024 * 1024;

function createOrigins(deps: RecallDeps): LoadOrigin {
  const cache = createByteLru<Origin>(CACHED_BYTES);
  return async (id, atMs) => {
    const name = `${id} ${atMs}`;
    const origin = cache.get(name) ?? (await loadOrigin(deps, id, atMs));
    // The last one stays whatever its size, because its other items follow.
    if (origin) cache.put(name, origin, Math.min(origin.bodyBytes, CACHED_BYTES));
    return origin;
  };
}

async function loadOrigin(
  { live, vault, kinds, readers, parties }: RecallDeps,
  id: string,
  atMs: number,
): Promise<Origin | undefined> {
  const { rows } = await live.pool.query<{ receivedAt: string; bodyBytes: number; results: readonly ItemResult[] }>({
    name: 'emptied origin',
    text: `SELECT received_at AS "receivedAt", body_bytes AS "bodyBytes", results FROM messages
           WHERE id = $1 AND emptied_at IS NOT NULL`,
    values: [id],
  });
  const [emptied] = rows;
  if (!emptied) {
    const origin = await loadMessage(live, vault, id);
    if (!origin) return undefined;
    const items = await attempt(() => readAgain(readers, parties, origin, atMs));
    const { receivedAt, body } = origin;
    return { receivedAt, isEmptied: false, bodyBytes: body.length, itemAt: (item) => items[item] };
  }
  const { receivedAt, bodyBytes } = emptied;
  const stored = await storedItems({ db: live.pool, vault, kinds }, [{ id, isEmptied: true, ...emptied }]);
  return {
    receivedAt,
    isEmptied: true,
    bodyBytes,
    itemAt(item, recordedAt) {
      const found = stored(id, item);
      return (found.find((one) => one.recordedAt === recordedAt) ?? found.at(-1))?.item;
    },
  };
}
