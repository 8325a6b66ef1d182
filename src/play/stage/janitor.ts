import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { findPostmaster } from '../../embedded-postgres/server.ts';
import { execute } from './own-database.ts';

/** A resource that must not be left behind. */
export type LeftOver =
  | { readonly kind: 'process'; readonly pid: number }
  | { readonly kind: 'cluster'; readonly dataDir: string }
  | { readonly kind: 'database'; readonly serverUrl: string; readonly name: string }
  | { readonly kind: 'redis-database'; readonly url: string }
  | { readonly kind: 'folder'; readonly path: string };

/** A message to the janitor: a resource was created, or a process has ended. */
export type JanitorMessage = { readonly made: LeftOver } | { readonly ended: number };

/**
 * A process beside the proof that removes everything the proof created, even after a `kill -9` of the proof: it notices the
 * closed channel. It is the only way of cleaning up, so every run tests it.
 */
function beJanitor(): void {
  let kept: readonly LeftOver[] = [];
  process.on('message', (message: JanitorMessage) => {
    kept =
      'made' in message
        ? [...kept, message.made]
        : kept.filter((one) => one.kind !== 'process' || one.pid !== message.ended);
  });
  process.on('disconnect', () => void removeAll(kept).then((failed) => process.exit(failed ? 1 : 0)));
  // Signals to the group, such as Ctrl-C, are for the proof.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.send?.('ready');
}

const ORDER: readonly LeftOver['kind'][] = ['process', 'cluster', 'database', 'redis-database', 'folder'];

async function removeAll(kept: readonly LeftOver[]): Promise<boolean> {
  let failed = false;
  for (const kind of ORDER)
    for (const one of kept.filter((some) => some.kind === kind))
      await remove(one).catch((error: Error) => {
        failed = true;
        console.error(`lienthong: left behind: ${one.kind}: ${error.message}`);
      });
  return failed;
}

async function remove(one: LeftOver): Promise<void> {
  switch (one.kind) {
    case 'process':
      return kill(one.pid);
    case 'cluster':
      return removeCluster(one.dataDir);
    case 'database':
      return execute(one.serverUrl, `DROP DATABASE IF EXISTS ${one.name} WITH (FORCE)`);
    case 'redis-database':
      return flush(one.url);
    case 'folder':
      return removeFiles(one.path);
  }
}

function removeFiles(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The files that an embedded server has beside its data folder. */
const BESIDE = ['.password', '.log', '.log.1', '.owner', '.asked', '.place'];
const LOOKS = 100;
/** A server that was just starting again shows its process a moment later. */
const LATE_LOOKS = 10;

/** Its data is no longer needed: an immediate shutdown also removes its shared memory. */
async function removeCluster(dataDir: string): Promise<void> {
  let ended = 0;
  for (let look = 0; look < LOOKS && ended < LATE_LOOKS; look++) {
    const server = findPostmaster(dataDir);
    if (server) process.kill(server.pid, 'SIGQUIT');
    ended = server ? 0 : ended + 1;
    await sleep(50);
  }
  for (const end of ['', ...BESIDE]) removeFiles(`${dataDir}${end}`);
}

async function flush(url: string): Promise<void> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, retryStrategy: () => null });
  redis.on('error', () => undefined);
  await redis.flushdb().finally(() => redis.disconnect());
}

if (process.argv[1] === import.meta.filename) beJanitor();
