import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from './ports.ts';
import type { Janitor } from './start-janitor.ts';

/** The hubs' Redis, and the faults that it offers. */
export interface StageRedis {
  /** Undefined without Redis: then only the sweep finds new work. */
  readonly url: string | undefined;
  readonly says: string;
  /** `kill -9` of the server, which stores nothing, and a new start after a while; undefined for a foreign server. */
  readonly kill: (() => Promise<void>) | undefined;
  /** Flushes all notifications. */
  readonly flush: (() => Promise<unknown>) | undefined;
}

/** A separate Redis if `redis-server` is installed, otherwise a separate database at REDIS_URL, otherwise none. */
export async function openRedis(env: NodeJS.ProcessEnv, folder: string, janitor: Janitor): Promise<StageRedis> {
  const redisUrl = env.REDIS_URL?.trim();
  if (spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0) return ownServer(folder, janitor);
  if (redisUrl) return ownDatabase(redisUrl, janitor);
  return {
    url: undefined,
    says: 'no Redis (no redis-server here, no REDIS_URL): the processes find new work by their sweep alone',
    kill: undefined,
    flush: undefined,
  };
}

/** How long it stays down after a kill. */
const AWAY_MS = 700;

async function ownServer(folder: string, janitor: Janitor): Promise<StageRedis> {
  const port = await freePort('127.0.0.1', 0);
  const url = `redis://127.0.0.1:${port}`;
  let server = startServer(port, folder, janitor);
  await answers(url);
  return {
    url,
    says: 'a Redis of its own without persistence',
    async kill() {
      server.kill('SIGKILL');
      await server.ended;
      await sleep(AWAY_MS);
      server = startServer(port, folder, janitor);
    },
    flush: () => withRedis(url, (redis) => redis.flushall()),
  };
}

function startServer(port: number, folder: string, janitor: Janitor) {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  const child = spawn('redis-server', args, { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  child.stdout.pipe(createWriteStream(join(folder, 'redis.log'), { flags: 'a', mode: 0o600 }));
  const ended = new Promise<string>((resolve) => child.once('exit', (code, signal) => resolve(signal ?? `${code}`)));
  child.once('error', () => undefined);
  janitor.addProcess({ pid: child.pid as number, ended });
  return { ended, kill: (signal: NodeJS.Signals) => child.kill(signal) };
}

const DATABASES = 16;

/** The first empty database that no other proof uses. */
async function ownDatabase(redisUrl: string, janitor: Janitor): Promise<StageRedis> {
  const mark = (redis: Redis) => redis.set('lienthong-proof', String(process.pid), 'NX');
  for (let number = 1; number < DATABASES; number++) {
    const url = new URL(redisUrl);
    url.pathname = `/${number}`;
    const isOurs = await withRedis(
      url.href,
      async (redis) => (await redis.dbsize()) === 0 && (await mark(redis)) === 'OK',
    );
    if (!isOurs) continue;
    janitor.add({ kind: 'redis-database', url: url.href });
    const flush = (): Promise<unknown> =>
      withRedis(url.href, (redis) => redis.multi().flushdb().set('lienthong-proof', String(process.pid)).exec());
    return {
      url: url.href,
      says: `database ${number} of the Redis of REDIS_URL (flushed, not killed)`,
      kill: undefined,
      flush,
    };
  }
  throw new Error(`REDIS_URL: none of its databases 1 to ${DATABASES - 1} is empty, expected one for the proof`);
}

async function answers(url: string): Promise<unknown> {
  for (let tries = 1; ; tries++) {
    try {
      return await withRedis(url, (redis) => redis.ping());
    } catch (error) {
      if (tries === 50) throw new Error(`the proof's own Redis does not answer: ${(error as Error).message}`);
      await sleep(100);
    }
  }
}

async function withRedis<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, {
    maxRetriesPerRequest: 1,
    connectTimeout: 2_000,
    retryStrategy: () => null,
    lazyConnect: true,
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}
