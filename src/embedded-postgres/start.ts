import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isLeftToNobody } from './account.ts';
import { type Cluster, isCluster, placeCluster } from './cluster.ts';
import { createDatabase, HUB_DATABASE, isReady, READY_WITHIN_MS, urlOf } from './connection.ts';
import { codeOf, createFile, explainOthersFile, type Log } from './files.ts';
import { withLock } from './lock.ts';
import { type Identity, isSameProcess, ownIdentity, readIdentity } from './processes.ts';
import { findPostmaster, launch, logTail, type Postmaster, rotateLog } from './server.ts';
import type { ServerSettings } from './settings.ts';
import { shutDown } from './shut-down.ts';

/*
 * This folder is a package of its own. It runs PostgreSQL over a folder, and knows nothing of the
 * hub.
 *
 * Its only outside import is `process/make-folders.ts`, which also knows nothing of the hub.
 */

/** A running server. `adopted`: another process started it, and that process may be dead or alive. */
export interface EmbeddedPostgres {
  /** Includes the password. The database is `lienthong`. */
  readonly url: string;
  readonly adopted: boolean;
  /** Fast shutdown, then waits for the exit. Does nothing when another live process owns the server. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions extends ServerSettings {
  /**
   * Created on the first start. Beside it: `.password`, `.log`, `.owner`, and briefly `.lock` and
   * `.initdb-*`.
   */
  readonly dataDir: string;
  readonly log?: Log;
  /** The port of a new server on 127.0.0.1. Undefined: a free one. */
  readonly port?: number;
}

/** The interval of the checks that the server still runs. */
const LOOK_MS = 1_000;
/** The pause before a restart is retried. A cause such as a full disk seldom ends within a second. */
const AGAIN_MS = 5_000;
/** The same for the rotation of its log. */
const ROTATE_AGAIN_MS = 60_000;

/**
 * Starts PostgreSQL 18 over `dataDir` on 127.0.0.1, or joins the server that already runs there.
 *
 * If the server ends unexpectedly, it is restarted at the same port. Throws when the machine has no binaries,
 * when the folder holds other data or files of another user, or when the server is not ready within 60 s.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const placed = placeCluster(options.dataDir, options, options.log);
  const cluster: Cluster = options.port === undefined ? placed : { ...placed, port: options.port };
  const serving = await withLock(`${cluster.dataDir}.lock`, () => serve(cluster)).catch((error) => {
    throw explainOthersFile(error);
  });
  return keep(cluster, serving);
}

/** A server that is ready for connections. */
interface Serving extends Postmaster {
  readonly adopted: boolean;
  /** True when another live process owns the server, and will stop it. */
  readonly shared: boolean;
}

/** Starts or adopts the server. The caller holds the folder's lock. */
async function serve(cluster: Cluster): Promise<Serving> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const found = findPostmaster(cluster.dataDir);
    if (found && isLeftToNobody(cluster.dataDir) && !liveOwnerOf(cluster)) {
      await shutDown(cluster, found.pid);
      continue;
    }
    const server = found ?? (await launch(cluster, deadline));
    if (await isReady(cluster, server, deadline)) return connected(cluster, server, found !== undefined);
    // It ended before it was ready: an old server that finished its shutdown, or a new one that failed.
    const output = logTail(cluster, server.logOffset);
    const passing = /could not bind|shared memory block|"postmaster\.pid"/.test(output);
    if (!found && !(passing && Date.now() < deadline)) throw new Error(`PostgreSQL did not start: ${output}`);
    await delay(100);
  }
}

async function connected(cluster: Cluster, server: Postmaster, adopted: boolean): Promise<Serving> {
  const { pid, port } = server;
  const owner = adopted ? liveOwnerOf(cluster) : undefined;
  const shared = owner !== undefined;
  if (!shared) {
    fs.rmSync(`${cluster.dataDir}.owner`, { force: true });
    createFile(`${cluster.dataDir}.owner`, ownIdentity());
  }
  try {
    await createDatabase(cluster, port);
  } catch (error) {
    if (!shared) await shutDown(cluster, pid);
    throw error;
  }
  const how = shared ? `shared with process ${owner.pid}` : adopted ? 'adopted, its owner is dead' : 'started';
  cluster.log({ postgresPid: pid, port, dataDir: cluster.dataDir }, `embedded PostgreSQL ${how}`);
  return { ...server, adopted, shared };
}

/** The living process that started the server of this folder. */
function liveOwnerOf({ dataDir }: Cluster): Identity | undefined {
  const owner = readIdentity(`${dataDir}.owner`);
  return owner && isSameProcess(owner) ? owner : undefined;
}

/** Restarts a killed server at the same port, because its clients have that address. */
function keep(cluster: Cluster, first: Serving): EmbeddedPostgres {
  const lock = `${cluster.dataDir}.lock`;
  const sameAddress = { ...cluster, port: first.port };
  let serving = first;
  let notBefore = 0;
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;
  let rotating: Promise<void> | undefined;
  let rotateNotBefore = 0;
  const startAgain = async (): Promise<void> => {
    cluster.log({ postgresPid: serving.pid }, 'embedded PostgreSQL ended unexpectedly: restarting it', 'warn');
    try {
      // Never creates new files: a deleted database must not silently become an empty one.
      if (!isCluster(cluster.dataDir)) throw new Error(`${cluster.dataDir} no longer holds data`);
      const again = await withLock(lock, async () => (stopping ? undefined : serve(sameAddress)));
      if (again) serving = again;
    } catch (error) {
      cluster.log({ error: String(error) }, 'embedded PostgreSQL could not be restarted', 'error');
      notBefore = performance.now() + AGAIN_MS;
    }
  };
  const rotate = async (): Promise<void> => {
    await rotateLog(cluster).catch((error) => {
      cluster.log({ error: String(error) }, 'the log of the embedded PostgreSQL could not be rotated', 'warn');
      rotateNotBefore = performance.now() + ROTATE_AGAIN_MS;
    });
    rotating = undefined;
  };
  const watch = setInterval(() => {
    if (starting || stopping || performance.now() < notBefore) return;
    if (serving.isRunning()) {
      if (!serving.shared && performance.now() >= rotateNotBefore) rotating ??= rotate();
      return;
    }
    starting = startAgain().finally(() => {
      starting = undefined;
    });
  }, LOOK_MS).unref();
  const stop = async (): Promise<void> => {
    clearInterval(watch);
    await starting;
    await rotating;
    // A guest leaves the server to its owner, while that one lives.
    const end = async (): Promise<void> => {
      if (!serving.shared || !liveOwnerOf(cluster)) await shutDown(cluster, serving.pid);
    };
    // On a full disk no other process can take the lock either.
    await withLock(lock, end).catch((error) => (codeOf(error) === 'ENOSPC' ? end() : Promise.reject(error)));
  };
  return {
    url: urlOf(cluster, first.port, HUB_DATABASE),
    adopted: first.adopted,
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };
}
