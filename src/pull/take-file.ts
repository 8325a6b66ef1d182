import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { msToInstant } from '#core/dates/dates';
import { createByKey } from '../concurrency/by-key.ts';
import type { Waiter } from '../concurrency/large-bodies.ts';
import { mapYielding } from '../concurrency/yielding.ts';
import { isOvertaken, isRefusal } from '../database/failures.ts';
import { writeParts } from '../database/parts.ts';
import type { DroppedFile, ReadDrop } from '../kit/drops.ts';
import { type DroppedFileRow, droppedFilePart } from '../ledger/dropped-files.ts';
import { findIdempotent, IDEMPOTENCY_CONFLICT } from '../ledger/idempotency.ts';
import { countResults } from '../ledger/results.ts';
import type { Submission } from '../ledger/submission.ts';
import {
  claimLeftUpload,
  claimUpload,
  endUploadPart,
  extendUpload,
  type SealedUpload,
  sealUpload,
  UPLOAD_LEASE_MS,
  type Upload,
  type UploadLease,
  uploadProgressPart,
} from '../ledger/uploads.ts';
import type { Party } from '../parties/party.ts';
import type { HubContext } from '../process/hub-context.ts';
import { type FileReport, previewed, reportOf } from './file-report.ts';
import { resultsOf } from './hub-queries.ts';
import { type PullDeps, submissionOf } from './run-pull.ts';

type Hub = Pick<HubContext, 'database' | 'vault' | 'nowMs' | 'telemetry'>;
type Deps = Pick<PullDeps, 'parties' | 'codes' | 'acceptPage'>;

/** A file that the party uploaded, or an operator for it. */
export interface FileOrder {
  readonly party: Party;
  readonly file: DroppedFile;
  /** The list of the party to which the file belongs by its name. */
  readonly list: string;
  readonly place: 'upload' | 'operator';
  readonly keyName: string;
  readonly idempotencyKey?: string | undefined;
  /** Reads the file and stores nothing. */
  readonly isPreview: boolean;
  /** Ends the wait for another process that stores the same file. */
  readonly signal?: AbortSignal | undefined;
  /** Reads the file when it is the turn of its sender. A file that waits, or is being stored, has no turn. */
  readonly turn?: (<Out>(read: () => Promise<Out>) => Promise<Out>) | undefined;
  /** While it waits for other files of its party, it may have to give up and make room. */
  readonly onWait?: Waiter['onWait'] | undefined;
}

/** `being-stored`: another process stores the file for longer than a request may wait. */
export type TakenFile =
  | { readonly kind: 'other-body' }
  | { readonly kind: 'being-stored' }
  | ({ readonly kind: 'done' } & FileReport);

export interface TakeFile {
  /**
   * Reads a file whole, stores it and its rows as a pull would, and reports each row. The same file again changes nothing. A file
   * stays in the database until all its rows are stored.
   */
  take(order: FileOrder): Promise<TakenFile>;
  /** Continues the files that killed processes left. */
  continueLeft(): Promise<void>;
}

export function createTakeFile(hub: Hub, deps: Deps): TakeFile {
  // Reading may occupy the one thread for workbooks. A party with many files delays itself.
  const byParty = createByKey();
  return {
    take: (order) => byParty(order.party.id, () => takeOnce(hub, deps, order), order.onWait),
    continueLeft: () => continueLeft(hub, deps),
  };
}

/** Another process may have used the Idempotency-Key at the same moment, or have taken the lease. Then it is known. */
async function takeOnce(hub: Hub, deps: Deps, order: FileOrder): Promise<TakenFile> {
  try {
    return await takeFile(hub, deps, order);
  } catch (error) {
    if (!isKeyUsed(error) && !isOvertaken(error)) throw error;
    return takeFile(hub, deps, order);
  }
}

const isKeyUsed = (error: unknown): boolean => (error as { constraint?: string }).constraint === IDEMPOTENCY_CONFLICT;

async function takeFile(hub: Hub, deps: Deps, order: FileOrder): Promise<TakenFile> {
  const { party, file, list, isPreview, turn = (read) => read() } = order;
  const { drops } = party.adapter;
  if (!drops) throw new Error(`${party.id} takes no files`);
  const known = isPreview ? undefined : await knownUse(hub, order);
  if (known === 'other-body') return { kind: 'other-body' };
  await deps.codes.fresh();
  const drop = await turn(() => drops.read(party.connect(), file, list));
  if (isPreview) return { kind: 'done', ...reportOf(hub, order, drop, drop.items.map(previewed), 'readable') };
  const lease = await leaseOf(hub, order, drop);
  if (lease === 'being-stored') return { kind: lease };
  if (lease) {
    const stored = keepingLease(hub, lease, () => storeRest(hub, deps, order, drop, lease, known === undefined));
    return { kind: 'done', ...(await stored) };
  }
  const outcome = drop.refused ? 'refused' : 'repeat';
  const report = reportOf(hub, order, drop, await lastResults(hub, party, drop), outcome);
  await writeParts(hub.database, [droppedFilePart([{ ...rowOf(order, report, outcome), name: file.name }], hub.vault)]);
  return { kind: 'done', ...report };
}

/** Whether the Idempotency-Key was used, with this file or with another one. */
async function knownUse({ database, vault, nowMs }: Hub, order: FileOrder): Promise<'other-body' | 'same' | undefined> {
  const { idempotencyKey, party, file } = order;
  if (idempotencyKey === undefined) return undefined;
  const known = await findIdempotent(database, vault, party.id, idempotencyKey, msToInstant(nowMs()));
  if (!known) return undefined;
  return known.bodyHash.equals(hashOf(file)) ? 'same' : 'other-body';
}

function hashOf({ name, bytes }: DroppedFile): Buffer {
  return createHash('sha256').update(`drop\n${name}\n`).update(bytes).digest();
}

/** Results of all items of a file. Parts that an older version stored twice after a failure come first. */
async function lastResults(hub: Hub, { id }: Party, { receipt, items }: ReadDrop) {
  return (await resultsOf(hub, id, receipt)).slice(-items.length);
}

/** How often a file is looked at that another process stores. */
const LOOK_MS = 500;
/** Proxies give up after a minute. */
const MOST_WAIT_MS = 50_000;

/**
 * Leases the file. Undefined if it is stored already, perhaps by another process meanwhile; `being-stored` if that takes that
 * process too long.
 */
async function leaseOf(
  hub: Hub,
  { party, file, list, place, keyName, signal }: FileOrder,
  drop: ReadDrop,
): Promise<UploadLease | 'being-stored' | undefined> {
  const { database, vault, nowMs } = hub;
  const { receipt, items } = drop;
  const isStored = async (): Promise<boolean> => {
    const count = await countResults(database, party.id, receipt);
    return count > 0 && count >= items.length;
  };
  const upload = { party: party.id, receipt, list, place, who: keyName, ...file };
  let sealed: SealedUpload | undefined;
  const endMs = performance.now() + MOST_WAIT_MS;
  while (!(await isStored())) {
    sealed ??= sealUpload(vault, upload);
    const lease = await claimUpload(database, sealed, nowMs());
    if (lease) {
      if (lease.stored > 0 || !(await isStored())) return lease;
      await writeParts(database, [endUploadPart([lease])]);
    } else if (signal?.aborted || performance.now() > endMs) return 'being-stored';
    else await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}

/** Bodies that are stored in one transaction: about a thousand rows. */
const PAGE_BODIES = 20;

/** Extends the lease until the work ends. */
async function keepingLease<Out>(
  { database, nowMs, telemetry }: Hub,
  lease: UploadLease,
  work: () => Promise<Out>,
): Promise<Out> {
  const heartbeat = setInterval(() => {
    void extendUpload(database, lease, nowMs()).catch((thrown) => telemetry.failed('heartbeat', thrown));
  }, UPLOAD_LEASE_MS / 3);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
  }
}

/** Stores the parts of a file that are not stored yet, then what became of it. Its lease must be kept meanwhile. */
async function storeRest(
  hub: Hub,
  deps: Deps,
  order: FileOrder,
  drop: ReadDrop,
  lease: UploadLease,
  isKeyNew: boolean,
): Promise<FileReport> {
  const { database, vault } = hub;
  try {
    const submissions = await submissionsOf(hub, order, drop, isKeyNew);
    let stored = lease.stored || (await storedBefore(hub, order, drop, submissions));
    for (; stored < submissions.length; stored += PAGE_BODIES) {
      const page = submissions.slice(stored, stored + PAGE_BODIES);
      const progress = { ...lease, stored: stored + page.length, receipt: drop.receipt };
      await deps.acceptPage(page, [uploadProgressPart([progress])]);
    }
    const results = await lastResults(hub, order.party, drop);
    const outcome = drop.refused ? 'refused' : 'taken';
    const report = reportOf(hub, order, drop, results, outcome);
    await writeParts(database, [droppedFilePart([rowOf(order, report, outcome)], vault), endUploadPart([lease])]);
    return report;
  } catch (error) {
    // What the database refuses once it refuses again, and a used key belongs to another file.
    if (isRefusal(error)) await writeParts(database, [endUploadPart([lease])]);
    throw error;
  }
}

/** The leading parts that an earlier attempt stored, which ended at a later one. */
async function storedBefore(
  { database }: Hub,
  { party }: FileOrder,
  { receipt }: ReadDrop,
  submissions: readonly Submission[],
): Promise<number> {
  let left = await countResults(database, party.id, receipt);
  // The first part has no items.
  if (left === 0) return 0;
  const next = submissions.findIndex(({ items }) => {
    left -= items.length;
    return left < 0;
  });
  return Math.max(next, 0);
}

function submissionsOf(
  { nowMs }: Hub,
  order: FileOrder,
  drop: ReadDrop,
  isKeyNew: boolean,
): Promise<readonly Submission[]> {
  const { party, list, keyName, idempotencyKey, file } = order;
  const at = nowMs();
  // Each body is read for it. Those of a large file take a second together.
  return mapYielding(drop.bodies.entries(), ([index, body]): Submission => {
    const submission = { ...submissionOf(party, { name: list }, body, drop.receipt, at), keyName };
    if (idempotencyKey === undefined || !isKeyNew || index > 0) return submission;
    const bodyHash = hashOf(file);
    return {
      ...submission,
      idempotency: { party: party.id, key: idempotencyKey, bodyHash, createdAt: submission.receivedAt },
    };
  });
}

/** One that fails stays, and delays no other one. */
async function continueLeft(hub: Hub, deps: Deps): Promise<void> {
  const { database, vault, nowMs, telemetry } = hub;
  const takers = [...deps.parties.values()].filter(({ adapter }) => adapter.drops).map(({ id }) => id);
  for (let after = 0; takers.length > 0; ) {
    const left = await claimLeftUpload(database, vault, takers, after, nowMs());
    if (!left) return;
    after = left.id;
    // Reading a file may take longer than a lease. Another process would claim it, and both would start over.
    const continued = keepingLease(hub, left, () => continueOne(hub, deps, left));
    await continued.catch((error) => telemetry.failed(`file of ${left.party}`, error));
  }
}

async function continueOne(hub: Hub, deps: Deps, left: Upload & UploadLease): Promise<void> {
  const party = deps.parties.get(left.party) as Party;
  const { drops } = party.adapter;
  const { list, place, who, name, bytes } = left;
  // The settings no longer have the list. The file waits for it.
  if (!drops?.lists(party.settings).includes(list)) return;
  const file = { name, bytes };
  await deps.codes.fresh();
  const drop = await drops.read(party.connect(), file, list);
  const order: FileOrder = { party, file, list, place: place as FileOrder['place'], keyName: who, isPreview: false };
  const lease = drop.receipt === left.receipt ? left : { ...left, stored: 0 };
  await storeRest(hub, deps, order, drop, lease, false);
}

function rowOf(
  { party, list, place, keyName }: FileOrder,
  { receipt, at, counts }: FileReport,
  outcome: DroppedFileRow['outcome'],
): DroppedFileRow {
  return { party: party.id, list, receipt, at, place, who: keyName, outcome, counts };
}
