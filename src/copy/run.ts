import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { takeLock } from '../embedded-postgres/lock.ts';
import { makeFolders } from '../process/make-folders.ts';
import { InvalidDocument } from '../secrets/signed-documents.ts';
import { type Copy, type CopyOptions, openCopy } from './copy.ts';
import { FileFailed } from './copy-file.ts';
import { HubRefused } from './hub-answers.ts';
import { NoSnapshot } from './take-snapshot.ts';

export interface RunningCopy {
  readonly url: string;
  readonly dossiers: number;
  /** Answers requests in progress, then closes everything. */
  stop(): Promise<void>;
}

/** Serves the copy. `whyAway` says why the hub did not answer last. Undefined: it answered. */
export type Serve = (
  copy: Copy,
  whyAway: () => string | undefined,
) => Promise<{ readonly url: string; close(): Promise<void> }>;

/** The longest wait of the hub for a change. The reported age of the copy can grow to this. */
const WAIT_S = 10;
const AGAIN_AFTER_S = [1, 2, 5, 10, 15];
/** The previous process may be about to end. */
const LOCK_WITHIN_MS = 1_000;
/** For errors that a person has to fix. */
const REPAIRED_AFTER_S = 60;
/** A complete snapshot arrived and was rejected. Another one costs as much. */
const OTHER_SNAPSHOT_AFTER_S = 300;

/**
 * Keeps a copy up to date and serves it until it is stopped.
 *
 * @throws when a first snapshot fails, another process uses the folder, or `serve` fails
 */
export async function runCopy(options: CopyOptions, serve: Serve): Promise<RunningCopy> {
  makeFolders(options.folder);
  // Two processes that append to one file would corrupt it.
  const unlock = await takeLock(join(options.folder, 'copy.lock'), LOCK_WITHIN_MS);
  const leaving = new AbortController();
  let copy: Copy | undefined;
  try {
    const opened = await openedInTurn(options);
    copy = opened;
    const following = createFollowing(opened, options, leaving.signal);
    const { url, close } = await serve(opened, following.whyAway);
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

/** The hub serves a few snapshots at a time, so a copy may have to wait. */
async function openedInTurn(options: CopyOptions): Promise<Copy> {
  for (;;)
    try {
      return await openCopy(options);
    } catch (error) {
      if (!(error instanceof HubRefused && error.status === 429)) throw error;
      const forS = error.retryAfterS ?? REPAIRED_AFTER_S;
      options.log.info({ why: error.message, forS }, 'waiting for the hub');
      await sleep(forS * 1000);
    }
}

function createFollowing(copy: Copy, { log }: CopyOptions, signal: AbortSignal) {
  let why: string | undefined;

  async function once(): Promise<void> {
    while (!signal.aborted && (await copy.round(WAIT_S)));
    if (why !== undefined) log.info({}, 'the hub answers again');
    why = undefined;
  }

  return {
    whyAway: () => why,
    /** Runs until the signal. Retries after every error. */
    async run(): Promise<void> {
      for (let failures = 0; !signal.aborted; )
        try {
          await once();
          failures = 0;
        } catch (error) {
          if (signal.aborted) return;
          const { message } = error as Error;
          if (message !== why)
            log.warn({ error: message }, 'the copy cannot follow the hub: it answers from its current data');
          why = message;
          await sleep(afterS(error, failures++) * 1000, undefined, { signal }).catch(() => undefined);
        }
    },
  };
}

function afterS(error: unknown, failures: number): number {
  const usual = AGAIN_AFTER_S[Math.min(failures, AGAIN_AFTER_S.length - 1)] as number;
  if (error instanceof InvalidDocument || error instanceof NoSnapshot) return OTHER_SNAPSHOT_AFTER_S;
  if (error instanceof FileFailed) return REPAIRED_AFTER_S;
  if (error instanceof HubRefused && [401, 403].includes(error.status)) return REPAIRED_AFTER_S;
  return error instanceof HubRefused ? Math.max(error.retryAfterS ?? 0, usual) : usual;
}
