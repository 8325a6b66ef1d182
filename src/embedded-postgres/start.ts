import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isLeftToNobody } from './account.ts';
import { type Cluster, isCluster, placeCluster } from './cluster.ts';
import { createDatabase, HUB_DATABASE, isReady, READY_WITHIN_MS, urlOf } from './connection.ts';
import type { Log } from './files.ts';
import { withLock } from './lock.ts';
import { type Identity, isSameProcess, ownIdentity, readIdentity } from './processes.ts';
import { findPostmaster, launch, logTail, type Postmaster } from './server.ts';
import { shutDown } from './shut-down.ts';

/*
 * This folder is a package of its own. It knows nothing of the hub: it runs PostgreSQL over a folder. From outside it uses
 * `process/make-folders.ts` alone, which knows nothing of the hub either.
 */

/** A running server. `adopted`: it ran already, left by a process that died or kept by one that lives. */
export interface EmbeddedPostgres {
  /** With the password; points at the database `lienthong`. */
  readonly url: string;
  readonly adopted: boolean;
  /** Fast shutdown, waits for the exit. Does nothing when another live process owns the server. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Made on the first start. Beside it: `.password`, `.log`, `.owner` and, for a moment, `.lock` and `.initdb-*`. */
  readonly dataDir: string;
  readonly log?: Log;
  /** Server settings over the defaults; those in FIXED_SETTINGS are refused. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where a new server listens, on 127.0.0.1; a free port where nothing is said. */
  readonly port?: number;
}

/** So often it is looked whether the server still runs. */
const LOOK_MS = 1_000;
/** What hindered it, such as a full disk, is seldom over in a second. */
const AGAIN_MS = 5_000;

/**
 * Starts PostgreSQL 18 on a free port of 127.0.0.1 over `dataDir`, or joins the server that already runs there.
 * One that ends by itself, or with the process that owned it, is started again where it was.
 * Throws when the machine has no binaries, the folder holds something else, or the server is not ready in 60 s.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const placed = placeCluster(options.dataDir, options.settings, options.log);
  const cluster: Cluster = options.port === undefined ? placed : { ...placed, port: options.port };
  const serving = await withLock(`${cluster.dataDir}.lock`, () => serve(cluster));
  return keep(cluster, serving);
}

/** A server that is ready. */
interface Serving extends Postmaster {
  readonly adopted: boolean;
  /** Another live process owns it, and stops it. */
  readonly shared: boolean;
}

/** Under the lock of the folder. */
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
    // Gone before it was ready: an old server that finished its shutdown, or a new one that could not start.
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
  if (!shared) fs.writeFileSync(`${cluster.dataDir}.owner`, ownIdentity(), { mode: 0o600 });
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

/** Its clients have the address: a server that was killed, such as for want of memory, is to come again at the same port. */
function keep(cluster: Cluster, first: Serving): EmbeddedPostgres {
  const lock = `${cluster.dataDir}.lock`;
  const sameAddress = { ...cluster, port: first.port };
  let serving = first;
  let notBefore = 0;
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;
  const startAgain = async (): Promise<void> => {
    cluster.log({ postgresPid: serving.pid }, 'embedded PostgreSQL has ended: it is started again');
    try {
      // Never on new files: what was removed under a hub is not there, and is not nothing.
      if (!isCluster(cluster.dataDir)) throw new Error(`${cluster.dataDir} holds no data any more`);
      const again = await withLock(lock, async () => (stopping ? undefined : serve(sameAddress)));
      if (again) serving = again;
    } catch (error) {
      cluster.log({ error: String(error) }, 'embedded PostgreSQL could not be started again');
      notBefore = performance.now() + AGAIN_MS;
    }
  };
  const watch = setInterval(() => {
    if (starting || stopping || performance.now() < notBefore || serving.isRunning()) return;
    starting = startAgain().finally(() => {
      starting = undefined;
    });
  }, LOOK_MS).unref();
  const stop = async (): Promise<void> => {
    clearInterval(watch);
    await starting;
    if (!serving.shared) await withLock(lock, () => shutDown(cluster, serving.pid));
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
