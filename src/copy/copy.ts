import { join } from 'node:path';
import type { JWK } from 'jose';
import type { Logger } from 'pino';
import { DAY_MS, instantToMs, msToInstant } from '#core/dates/dates';
import { type CopyFile, draftCopyFile, openCopyFile, removeDraft } from './copy-file.ts';
import { createFollowCatalogue, type FollowCatalogue, followDossiers, followRecords } from './follow.ts';
import { HubRefused, PROBLEM_TYPES } from './hub-answers.ts';
import { createHubClient, type Fetch } from './hub-client.ts';
import { createSigningKeys } from './signing-keys.ts';
import { NoSnapshot, type SnapshotTaking, takeSnapshot } from './take-snapshot.ts';

export interface CopyOptions {
  /** The hub's address. */
  readonly from: string;
  /** The secret of a key of the hub. The copy uses it, and clients of the copy must show it. */
  readonly key: string;
  readonly folder: string;
  /** The only keys whose signature the copy accepts. Undefined: it trusts the first published ones. */
  readonly keys?: readonly JWK[] | undefined;
  readonly log: Logger;
  readonly fetch: Fetch;
  readonly nowMs: () => number;
}

/*
 * This folder is a package of its own. It uses only the HTTP interface of the hub.
 *
 * tests/architecture.test.ts lists the few modules that it shares with the hub, and why. The command `lienthong
 * copy` runs it.
 */

/** A copy of everything that a hub shows to a portal. It uses only the hub's HTTP interface. */
export interface Copy {
  /** The current file. A new snapshot or a compaction replaces it. */
  readonly file: CopyFile;
  /** When the hub last confirmed that this copy is complete, in epoch milliseconds. */
  readonly confirmedMs: number;
  /**
   * Reads one page of changes, or takes a new snapshot when the changes are incomplete.
   *
   * A part that the hub refuses stops no other part.
   *
   * @param waitS the longest time for which the hub may wait for a change
   * @returns whether more changes are waiting
   * @throws the first refusal, once no more changes are waiting
   */
  round(waitS: number): Promise<boolean>;
  /** Aborts requests in progress. */
  leave(): void;
  /** Call it when no round is in progress. */
  close(): Promise<void>;
}

const FILE = 'copy.ndjson';
const CATALOGUE_EVERY_MS = 30_000;
/** Changes of dossiers arrive at once, those of other records at this interval. */
const RECORDS_EVERY_MS = 10_000;
/** The interval of full snapshots. A rebuild, for example, removes dossiers without a change. */
const SNAPSHOT_AFTER_MS = 7 * DAY_MS;
const RENEW_AGAIN_MS = 3_600_000;
/** Below this size, outdated lines cost nothing. */
const COMPACT_FROM_BYTES = 16 * 1024 * 1024;

/**
 * Opens the copy in a folder that no other process uses. A new copy begins with a snapshot.
 *
 * @throws when the folder has no copy and the hub gives no snapshot
 */
export async function openCopy({ from, key, keys, folder, log, fetch, nowMs }: CopyOptions): Promise<Copy> {
  const path = join(folder, FILE);
  await removeDraft(path);
  const taking = { hub: createHubClient(from, key, fetch), keys: createSigningKeys(folder, keys, log), nowMs };
  const leaving = new AbortController();
  const file = (await openCopyFile(path)) ?? (await loggedSnapshot('there is no copy yet', path, taking, leaving, log));
  return new OpenCopy(file, path, taking, leaving, log);
}

async function loggedSnapshot(
  why: string,
  path: string,
  taking: SnapshotTaking,
  { signal }: AbortController,
  log: Logger,
): Promise<CopyFile> {
  const startedMs = taking.nowMs();
  log.info({ why }, 'taking a snapshot');
  const taken = await takeSnapshot(path, taking, signal);
  const { dossiers } = taken.places;
  log.info({ dossiers, bytes: taken.bytes, seconds: (taking.nowMs() - startedMs) / 1000 }, 'snapshot taken');
  return taken;
}

/** Owns the open file. */
class OpenCopy implements Copy {
  file: CopyFile;
  confirmedMs: number;
  readonly #path: string;
  readonly #taking: SnapshotTaking;
  readonly #leaving: AbortController;
  readonly #log: Logger;
  readonly #followCatalogue: FollowCatalogue;
  #catalogueReadMs = 0;
  #recordsReadMs = 0;
  #renewTriedMs = 0;
  /** The file, when it is a snapshot that a gap made necessary and no page of changes followed yet. */
  #snapshotAfterGap: CopyFile | undefined;

  constructor(file: CopyFile, path: string, taking: SnapshotTaking, leaving: AbortController, log: Logger) {
    this.file = file;
    this.confirmedMs = instantToMs(file.mark.heardAt);
    this.#path = path;
    this.#taking = taking;
    this.#leaving = leaving;
    this.#log = log;
    this.#followCatalogue = createFollowCatalogue(taking.hub, taking.nowMs);
  }

  async round(waitS: number): Promise<boolean> {
    const refusals: HubRefused[] = [];
    // A hub that refuses one part, such as to a key without a right, may answer the others.
    const unlessRefused = (error: unknown): void => {
      if (!(error instanceof HubRefused)) throw error;
      refusals.push(error);
    };
    const isMore = await this.#follow(waitS).catch(unlessRefused);
    await this.#followRecords().catch(unlessRefused);
    await this.#followEntries().catch(unlessRefused);
    await this.#renewFile();
    // While more changes wait, the next round reports it: after a failure the copy pauses.
    if (isMore) return true;
    if (refusals[0]) throw refusals[0];
    return false;
  }

  leave(): void {
    this.#leaving.abort();
  }

  async close(): Promise<void> {
    this.#leaving.abort();
    const { file } = this;
    const heardAt = msToInstant(this.confirmedMs);
    // If this write fails, the next start treats the copy as older than it is.
    if (heardAt !== file.mark.heardAt) await file.append([], { ...file.mark, heardAt }).catch(() => undefined);
    await file.close();
  }

  async #follow(waitS: number): Promise<boolean> {
    const { hub, nowMs } = this.#taking;
    const followed = await followDossiers(this.file, hub, nowMs, waitS, this.#leaving.signal).catch((error) => {
      // After HUB_SECRET changes, the hub does not accept its own cursor.
      if (error instanceof HubRefused && error.type === PROBLEM_TYPES.badRequest) return { kind: 'gap' } as const;
      throw error;
    });
    if (followed.kind === 'gap') return this.#closeGap();
    this.#snapshotAfterGap = undefined;
    if (followed.kind === 'all') this.confirmedMs = followed.confirmedMs;
    return followed.kind === 'more';
  }

  /**
   * A gap right after a snapshot, as with two hubs of different secrets. Another snapshot would not
   * help.
   */
  async #closeGap(): Promise<true> {
    const isRepeated = this.file === this.#snapshotAfterGap;
    this.#snapshotAfterGap = undefined;
    if (isRepeated) throw new NoSnapshot('the hub reports missing changes since its own snapshot');
    await this.#replace(await this.#snapshot('the hub no longer has all changes since the last one'));
    this.#snapshotAfterGap = this.file;
    return true;
  }

  async #followRecords(): Promise<void> {
    const { hub, nowMs } = this.#taking;
    // A snapshot that was just taken has all records.
    const isFresh = this.file === this.#snapshotAfterGap;
    if (isFresh || Math.abs(nowMs() - this.#recordsReadMs) < RECORDS_EVERY_MS) return;
    if ((await followRecords(this.file, hub, this.#leaving.signal)) === 'gap') await this.#closeGap();
    this.#recordsReadMs = nowMs();
  }

  async #followEntries(): Promise<void> {
    const { nowMs } = this.#taking;
    if (!this.file.head.catalogue || Math.abs(nowMs() - this.#catalogueReadMs) < CATALOGUE_EVERY_MS) return;
    const entries = await this.#followCatalogue(this.file, this.#leaving.signal);
    this.#catalogueReadMs = nowMs();
    if (entries > 0) this.#log.info({ entries }, 'the catalogue has changed');
  }

  /**
   * Takes a weekly snapshot, or compacts the file. After a failure, such as a full disk, it retries in
   * an hour.
   */
  async #renewFile(): Promise<void> {
    const { file } = this;
    const now = this.#taking.nowMs();
    const isOld = now - instantToMs(file.head.at) > SNAPSHOT_AFTER_MS;
    const isMostlyOutdated = file.bytes > Math.max(2 * file.places.liveBytes, COMPACT_FROM_BYTES);
    if (!(isOld || isMostlyOutdated) || Math.abs(now - this.#renewTriedMs) < RENEW_AGAIN_MS) return;
    this.#renewTriedMs = now;
    if (isOld) return this.#replace(await this.#snapshot('the last one is a week old'));
    await this.#replace(await compacted(this.#path, file));
    this.#log.info({ before: file.bytes, bytes: this.file.bytes }, 'the file was compacted');
  }

  #snapshot(why: string): Promise<CopyFile> {
    return loggedSnapshot(why, this.#path, this.#taking, this.#leaving, this.#log);
  }

  /** Readers of the previous file can finish their reads. */
  async #replace(next: CopyFile): Promise<void> {
    const previous = this.file;
    this.file = next;
    this.confirmedMs = Math.max(this.confirmedMs, instantToMs(next.mark.heardAt));
    await previous.close();
  }
}

async function compacted(path: string, file: CopyFile): Promise<CopyFile> {
  const draft = await draftCopyFile(path);
  try {
    await draft.write(Buffer.from(JSON.stringify(file.head)));
    for await (const line of file.newestLines()) await draft.write(line);
    return await draft.finish(file.head, file.mark);
  } catch (error) {
    await draft.abandon();
    throw error;
  }
}
