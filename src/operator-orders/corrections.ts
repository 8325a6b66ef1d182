import { setImmediate } from 'node:timers/promises';
import { instantToMs, msToInstant } from '#core/dates/dates';
import { correctedAmong } from '#core/dossier/apply';
import { isSameContent } from '#core/dossier/content-id';
import { type DossierItem, type Item, isDossierItem } from '#core/dossier/item';
import { ReaderNotLoaded } from '#core/problems/reader-not-loaded';
import { say } from '#messages/message';
import { inEnglish } from '#messages/render';
import { forEachInOrder } from '../concurrency/in-order.ts';
import { isUnavailable } from '../database/failures.ts';
import { inTransaction } from '../database/transaction.ts';
import { firstUuidOf } from '../database/uuid.ts';
import { loadEvents } from '../index/events.ts';
import { incomingOf } from '../index/incoming.ts';
import { loadIndexed } from '../index/load-indexed.ts';
import type { CodeEntries } from '../ledger/code-entries.ts';
import { advanceCorrection, lockCorrection, type OpenCorrection, openCorrections } from '../ledger/corrections.ts';
import { loadSealedMessage, nextMessageIds, type StoredMessage } from '../ledger/messages.ts';
import { addWaiting, correctionKey } from '../ledger/quarantine.ts';
import type { Accepted, Submission } from '../ledger/submission.ts';
import type { Party } from '../parties/party.ts';
import { RELEASE_DOOR, type Readers, type Release, readAgain } from '../parties/read-again.ts';
import type { HubContext } from '../process/hub-context.ts';
import type { ReadTwice } from './mapping-effect.ts';
import { openIfIntact } from './read-message.ts';
import { readsTheSame } from './reading-differences.ts';

type Hub = Pick<HubContext, 'database' | 'vault' | 'nowMs'>;

export interface CorrectionDeps {
  readonly readers: Readers;
  readonly parties: ReadonlyMap<string, Party>;
  readonly codes: Pick<CodeEntries, 'knownMs' | 'versionsSince' | 'reload'>;
}

interface Rereading {
  /** All items by the present code tables. */
  readonly now: readonly Item[];
  /** Items of dossiers that other tables since the message's arrival read otherwise. */
  readonly differing: readonly Differing[];
}

/** An item, and its place in the message. */
interface Differing {
  readonly item: DossierItem;
  readonly at: number;
}

/** Items that were applied, with what was applied, by their places. */
type Misread = ReadonlyMap<number, { readonly was: DossierItem; readonly would: DossierItem }>;

/** Reads a message twice: as it was applied, and by the present code tables. Items that were not applied are equal in both. */
export function createReadApplied(hub: Hub, deps: CorrectionDeps): ReadTwice {
  return async (message, id) => {
    const { now, differing } = await reread(deps, message);
    const misread = await appliedOf(hub, message.party, id, differing);
    return { was: now.map((item, at) => misread.get(at)?.was ?? item), would: now };
  };
}

/**
 * Reads a message by the present tables, and by those since its arrival: a correction or a release may have applied an item by
 * any of them.
 */
async function reread({ readers, parties, codes }: CorrectionDeps, message: StoredMessage): Promise<Rereading> {
  const read = (atMs?: number): Promise<readonly Item[]> =>
    readAgain(readers, parties, message, atMs).catch((error) => {
      if (error instanceof ReaderNotLoaded) throw error;
      return [];
    });
  const now = await read(codes.knownMs(message.party));
  const before: (readonly Item[])[] = [await read()];
  for (const atMs of codes.versionsSince(message.party, instantToMs(message.receivedAt))) before.push(await read(atMs));
  const differing = now.flatMap((item, at) =>
    item.kind === 'record' && isDossierItem(item) && before.some((items) => !readsTheSame(items[at], item))
      ? [{ item, at }]
      : [],
  );
  return { now, differing };
}

/** The items that were applied with another content, perhaps by a release with tables of its own. */
async function appliedOf(
  { database, vault }: Hub,
  party: string,
  messageId: string,
  items: readonly Differing[],
): Promise<Misread> {
  if (items.length === 0) return new Map();
  const found = await loadIndexed(database.pool, vault, [...new Set(items.map(({ item }) => item.record.code))]);
  const [first] = found;
  if (!first) return new Map();
  const since = found.reduce((oldest, { createdAt }) => (createdAt < oldest ? createdAt : oldest), first.createdAt);
  const codes = [...new Set(found.map(({ held }) => held.code))];
  const histories = await loadEvents(database.pool, vault, codes, since);
  const misread = new Map<number, { was: DossierItem; would: DossierItem }>();
  for (const { item, at } of items) {
    const own = found.filter(({ asked, aliasOf }) => asked === item.record.code && (aliasOf ?? party) === party);
    for (const { held } of own) {
      const { kind, contentId } = incomingOf(item, { party, recordedAt: '', ownership: undefined }, held, false);
      const applied = correctedAmong(histories.get(held.code) ?? [], { messageId, item: at, kind, party });
      if (!applied || isSameContent(applied.contentId, contentId)) continue;
      misread.set(at, { was: { ...item, record: applied.said } as DossierItem, would: item });
    }
  }
  return misread;
}

type RunHub = Hub & Pick<HubContext, 'telemetry'>;

export interface CorrectionRunDeps extends CorrectionDeps {
  readonly accept: (submission: Submission) => Promise<Accepted>;
}

/** After this time the progress is saved, and other orders continue. */
const STEP_MS = 2_000;
/**
 * How long an order waits for messages: one may be stored some seconds after it was read and got its id, and another process may
 * still store an older one.
 */
export const STORED_AFTER_MS = 10_000;

/**
 * Continues the orders to correct. Each item is corrected once, whatever happens to the process. An order that fails keeps what
 * it did before, and blocks no other. An item that cannot be corrected waits for an operator.
 *
 * @throws the error of the first order that failed, after all were continued
 */
export async function runCorrections(hub: RunHub, deps: CorrectionRunDeps): Promise<void> {
  const open = await openCorrections(hub.database);
  if (open.length === 0) return;
  await deps.codes.reload();
  await forEachInOrder(open, async (id) => {
    const error = await inTransaction(hub.database, async (tx) => {
      const order = await lockCorrection(tx, id);
      if (!order) return undefined;
      const { error, ...progress } = await correctNext(hub, deps, order);
      await advanceCorrection(tx, id, progress, hub.nowMs());
      return error;
    });
    if (error !== undefined) throw error;
  });
}

/** How far an order came. With an error it did not get past the message after `after`. */
interface CorrectionStep {
  readonly after: string;
  readonly items: number;
  readonly isDone: boolean;
  readonly error?: unknown;
}

async function correctNext(
  hub: RunHub,
  deps: CorrectionRunDeps,
  { party, after, before }: OpenCorrection,
): Promise<CorrectionStep> {
  const endMs = performance.now() + STEP_MS;
  let [done, items] = [after, 0];
  // The settings of this process may be older or newer than those of the order.
  if (!deps.parties.has(party)) return { after, items, isDone: false };
  const stored = firstUuidOf(hub.nowMs() - STORED_AFTER_MS);
  const until = stored < before ? stored : before;
  for (;;) {
    const { ids, last } = await nextMessageIds(hub.database, party, { after: done, before: until });
    for (const id of ids) {
      if (performance.now() > endMs) return { after: done, items, isDone: false };
      try {
        items += await correctMessage(hub, deps, id);
      } catch (error) {
        return { after: done, items, isDone: false, error };
      }
      done = id;
      await setImmediate();
    }
    if (last === null) return { after: done, items, isDone: until === before };
    done = last;
  }
}

/** @returns how many of its items were corrected */
async function correctMessage(hub: RunHub, deps: CorrectionRunDeps, id: string): Promise<number> {
  const sealed = await loadSealedMessage(hub.database, id);
  const message = sealed && openIfIntact(hub.vault, sealed);
  if (!message) return 0;
  const { differing } = await reread(deps, message);
  return correctItems(hub, deps, { ...message, id }, differing);
}

/** Corrects those items that were applied. After a failure their halves, until the item that causes it is alone. */
async function correctItems(
  hub: RunHub,
  deps: CorrectionRunDeps,
  message: MessageToCorrect,
  items: readonly Differing[],
): Promise<number> {
  let corrected = 0;
  try {
    for (const [at, { would }] of await appliedOf(hub, message.party, message.id, items))
      corrected += await correctItem(hub, deps, message, { at, item: would });
  } catch (error) {
    if (isUnavailable(error)) throw error;
    const [first, ...others] = items;
    if (!first) throw error;
    if (others.length === 0) return setAside(hub, message, first, error);
    const half = items.length / 2;
    for (const part of [items.slice(0, half), items.slice(half)])
      corrected += await correctItems(hub, deps, message, part);
  }
  return corrected;
}

interface MessageToCorrect extends StoredMessage {
  readonly id: string;
}

/** Adds an item that the hub failed to correct to the quarantine. Its release corrects it. */
async function setAside(
  { database, nowMs, telemetry }: RunHub,
  { id, party }: MessageToCorrect,
  { item, at }: Differing,
  error: unknown,
): Promise<number> {
  telemetry.failed('correct', error);
  const why = say('item-not-applied', { id, place: at + 1, why: say('error-in-log') });
  await addWaiting(database, {
    cause: { kind: 'unreadable', key: correctionKey(id), ...inEnglish(why) },
    party,
    operation: item.operation,
    code: item.record.code,
    messageId: id,
    item: at,
    openedAt: msToInstant(nowMs()),
  });
  return 0;
}

/** Corrects an item by a message of the hub's own. Then the messages alone give the whole order. */
async function correctItem(
  { nowMs }: Hub,
  { accept, codes }: CorrectionRunDeps,
  { id, party, operation, receivedAt }: MessageToCorrect,
  { item, at }: Differing,
): Promise<number> {
  const codesAt = msToInstant(codes.knownMs(party));
  const release: Release = { messageId: id, item: at, codesAt, isCorrection: true };
  const body = Buffer.from(JSON.stringify(release));
  const { results } = await accept({
    party,
    door: RELEASE_DOOR,
    operation,
    keyName: undefined,
    mediaType: 'application/json',
    body,
    bodyBytes: body.length,
    receivedAt: msToInstant(nowMs()),
    items: [item],
    correction: { messageId: id, item: at, receivedAt },
  });
  return results.filter(({ outcome }) => outcome === 'accepted' || outcome === 'stale').length;
}
