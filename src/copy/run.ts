import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Hono } from 'hono';
import { takeLock } from '../embedded-postgres/lock.ts';
import { makeFolders } from '../process/make-folders.ts';
import { NotAttested } from '../secrets/signed-documents.ts';
import { type Copy, type CopyMeans, openCopy } from './copy.ts';
import { FileFailed } from './copy-file.ts';
import { HubRefused } from './hub-answers.ts';
import { createCopyApp } from './server.ts';
import { NoSnapshot } from './take-snapshot.ts';

export interface RunningCopy {
  readonly url: string;
  readonly dossiers: number;
  /** Answer what is under way, and let go of everything. */
  stop(): Promise<void>;
}

export type Listen = (app: Hono) => Promise<{ readonly url: string; close(): Promise<void> }>;

/** So long the hub may wait with an answer: the age that is told grows up to it where nothing changes. */
const WAIT_S = 10;
const AGAIN_AFTER_S = [1, 2, 5, 10, 15];
/** The one before may be about to end. */
const LOCK_WITHIN_MS = 1_000;
/** What a person has to mend. */
const MENDED_AFTER_S = 60;
/** All of a snapshot came, and it is refused: another one costs as much. */
const OTHER_SNAPSHOT_AFTER_S = 300;

/**
 * Keep a copy and answer from it until it is stopped.
 *
 * @throws where there is no copy yet and none can be had, the folder is in use, or the address cannot be had
 */
export async function runCopy(means: CopyMeans, listen: Listen): Promise<RunningCopy> {
  makeFolders(means.folder);
  // Two that append to one file would spoil it.
  const unlock = await takeLock(join(means.folder, 'copy.lock'), LOCK_WITHIN_MS);
  const leaving = new AbortController();
  let copy: Copy | undefined;
  try {
    const opened = await openedInTurn(means);
    copy = opened;
    const following = createFollowing(opened, means, leaving.signal);
    const { key, nowMs, log } = means;
    const { whyAway } = following;
    const onFault = (error: unknown) =>
      log.error({ error: (error as Error).message, stack: (error as Error).stack }, 'failed');
    const { url, close } = await listen(createCopyApp({ copy: opened, key, nowMs, whyAway, onFault }));
    const followed = following.run();
    return {
      url,
      dossiers: opened.file.places.dossiers,
      async stop() {
        leaving.abort();
        opened.leave();
        await Promise.all([close(), followed]);
        await opened.close();
        unlock();
      },
    };
  } catch (error) {
    await copy?.close();
    unlock();
    throw error;
  }
}

/** Several copies may be begun at once: the hub gives some snapshots at a time. */
async function openedInTurn(means: CopyMeans): Promise<Copy> {
  for (;;)
    try {
      return await openCopy(means);
    } catch (error) {
      if (!(error instanceof HubRefused && error.status === 429)) throw error;
      const forS = error.retryAfterS ?? MENDED_AFTER_S;
      means.log.info({ why: error.message, forS }, 'waiting for the hub');
      await sleep(forS * 1000);
    }
}

function createFollowing(copy: Copy, { log }: CopyMeans, signal: AbortSignal) {
  let why: string | undefined;

  async function once(): Promise<void> {
    while (!signal.aborted && (await copy.round(WAIT_S)));
    if (why !== undefined) log.info({}, 'the hub is heard again');
    why = undefined;
  }

  return {
    whyAway: () => why,
    /** Until the signal; whatever goes wrong is tried again. */
    async run(): Promise<void> {
      for (let failures = 0; !signal.aborted; )
        try {
          await once();
          failures = 0;
        } catch (error) {
          if (signal.aborted) return;
          const { message } = error as Error;
          if (message !== why)
            log.warn({ error: message }, 'the copy cannot follow the hub: it answers from what it has');
          why = message;
          await sleep(afterS(error, failures++) * 1000, undefined, { signal }).catch(() => undefined);
        }
    },
  };
}

function afterS(error: unknown, failures: number): number {
  const usual = AGAIN_AFTER_S[Math.min(failures, AGAIN_AFTER_S.length - 1)] as number;
  if (error instanceof NotAttested || error instanceof NoSnapshot) return OTHER_SNAPSHOT_AFTER_S;
  if (error instanceof FileFailed) return MENDED_AFTER_S;
  if (error instanceof HubRefused && [401, 403].includes(error.status)) return MENDED_AFTER_S;
  return error instanceof HubRefused ? Math.max(error.retryAfterS ?? 0, usual) : usual;
}
