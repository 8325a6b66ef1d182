import { join } from 'node:path';
import type { JWK } from 'jose';
import type { Logger } from 'pino';
import { instantToMs, msToInstant } from '#core/dates/dates';
import { typeOf } from '../http/problem.ts';
import { type CopyFile, draftCopyFile, openCopyFile, removeDraft } from './copy-file.ts';
import { createFollowCatalogue, followDossiers } from './follow.ts';
import { HubRefused } from './hub-answers.ts';
import { createHubClient, type Fetch } from './hub-client.ts';
import { createSigningKeys } from './signing-keys.ts';
import { NoSnapshot, takeSnapshot } from './take-snapshot.ts';

export interface CopyMeans {
  /** The hub's address. */
  readonly from: string;
  /** The secret of a key of the hub's, by which the hub is asked, and which whoever asks the copy has to show. */
  readonly key: string;
  readonly folder: string;
  /** The only keys whose signature counts, where there are some. */
  readonly keys?: readonly JWK[];
  readonly log: Logger;
  readonly fetch: Fetch;
  readonly nowMs: () => number;
}

/** All that a hub shows to a portal, kept beside it. */
export interface Copy {
  /** The file of now; another one after a new snapshot or when it was written anew. */
  readonly file: CopyFile;
  /** When the hub last said that this copy lacks nothing, in epoch milliseconds. */
  readonly heardMs: number;
  /**
   * Come up to the hub's state by one page of changes, or by a new snapshot where changes do not lead there.
   *
   * @param waitS so long the hub may wait where nothing has changed
   * @returns whether there is more to be asked for at once
   */
  round(waitS: number): Promise<boolean>;
  /** Give up what is asked for. */
  leave(): void;
  /** When nothing is under way any more. */
  close(): Promise<void>;
}

const FILE = 'copy.ndjson';
const CATALOGUE_EVERY_MS = 30_000;
/** What no change tells of, such as a dossier that a rebuild took out of the index, is known by a snapshot alone. */
const ANEW_AFTER_MS = 7 * 86_400_000;
const ANEW_AGAIN_MS = 3_600_000;
/** Below that it costs nothing to keep what is over. */
const WORTH_WRITING_ANEW_BYTES = 16 * 1024 * 1024;

/**
 * The copy in a folder, which no other process uses; a new one begins with a snapshot.
 *
 * @throws where there is none and the hub gives none
 */
export async function openCopy(means: CopyMeans): Promise<Copy> {
  const { log, nowMs } = means;
  const path = join(means.folder, FILE);
  await removeDraft(path);
  const hub = createHubClient(means.from, means.key, means.fetch);
  const taking = { hub, keys: createSigningKeys(means.folder, means.keys, log), nowMs };
  const leaving = new AbortController();
  const followCatalogue = createFollowCatalogue({ hub, nowMs });
  let file = (await openCopyFile(path)) ?? (await snapshot('there is no copy yet'));
  let heardMs = instantToMs(file.mark.heardAt);
  let catalogueAskedMs = 0;
  let anewTriedMs = 0;
  /** Because changes did not lead on; nothing was told after it yet. */
  let justTaken: CopyFile | undefined;

  async function snapshot(why: string): Promise<CopyFile> {
    const startedMs = nowMs();
    log.info({ why }, 'taking a snapshot');
    const taken = await takeSnapshot(path, taking, leaving.signal);
    const { dossiers } = taken.places;
    log.info({ dossiers, bytes: taken.bytes, seconds: (nowMs() - startedMs) / 1000 }, 'snapshot taken');
    return taken;
  }

  /** Whoever reads from the file before has begun to, and is answered. */
  async function replace(next: CopyFile): Promise<void> {
    const before = file;
    file = next;
    heardMs = Math.max(heardMs, instantToMs(next.mark.heardAt));
    await before.close();
  }

  async function follow(waitS: number): Promise<boolean> {
    const followed = await followDossiers(file, { hub, nowMs }, waitS, leaving.signal).catch((error) => {
      // Such as after HUB_SECRET was changed: the hub does not know its own cursor again.
      if (error instanceof HubRefused && error.type === typeOf('bad-request')) return { kind: 'gap' } as const;
      throw error;
    });
    if (followed.kind === 'gap') {
      // Such as of two processes with different secrets. One snapshot after the other would cost the hub all it has.
      const wasJustTaken = file === justTaken;
      justTaken = undefined;
      if (wasJustTaken) throw new NoSnapshot('the hub cannot tell what has changed since its own snapshot');
      await replace(await snapshot('the hub cannot tell all that changed since'));
      justTaken = file;
      return true;
    }
    justTaken = undefined;
    if (followed.kind === 'all') heardMs = followed.heardMs;
    return followed.kind === 'more';
  }

  async function followEntries(): Promise<void> {
    if (!file.head.catalogue || Math.abs(nowMs() - catalogueAskedMs) < CATALOGUE_EVERY_MS) return;
    const entries = await followCatalogue(file, leaving.signal);
    catalogueAskedMs = nowMs();
    if (entries > 0) log.info({ entries }, 'the catalogue has changed');
  }

  /** Where a new file cannot be had, such as on a full disk, that is no reason not to follow. */
  async function makeAnew(): Promise<void> {
    const isOld = nowMs() - instantToMs(file.head.at) > ANEW_AFTER_MS;
    const isMostlyOver = file.bytes > Math.max(2 * file.places.liveBytes, WORTH_WRITING_ANEW_BYTES);
    if (!(isOld || isMostlyOver) || Math.abs(nowMs() - anewTriedMs) < ANEW_AGAIN_MS) return;
    anewTriedMs = nowMs();
    if (isOld) return replace(await snapshot('the last one is a week old'));
    const { bytes } = file;
    await replace(await writtenAnew(path, file));
    log.info({ before: bytes, bytes: file.bytes }, 'the file was written anew without what is over');
  }

  return {
    get file() {
      return file;
    },
    get heardMs() {
      return heardMs;
    },
    async round(waitS) {
      const isMore = await follow(waitS);
      await followEntries();
      await makeAnew();
      return isMore;
    },
    leave() {
      leaving.abort();
    },
    async close() {
      leaving.abort();
      const heardAt = msToInstant(heardMs);
      // Where it cannot be kept, the next start takes it for older than it is.
      if (heardAt !== file.mark.heardAt) await file.append([], { ...file.mark, heardAt }).catch(() => undefined);
      await file.close();
    },
  };
}

async function writtenAnew(path: string, file: CopyFile): Promise<CopyFile> {
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
