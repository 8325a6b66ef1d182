import { Redis } from 'ioredis';
import { type Finding, findingsOf } from './finding.ts';

const finding = findingsOf('queue');
const WAIT_MS = 3_000;

/** Redis only notifies and may lose everything: the hub finds due work again in the database. */
export async function checkQueue(redisUrl: string | undefined): Promise<readonly Finding[]> {
  if (redisUrl === undefined)
    return [
      finding(
        'info',
        'no REDIS_URL: the queue is in the process; several processes notice new work a few seconds later',
      ),
    ];
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    connectTimeout: WAIT_MS,
    commandTimeout: WAIT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // The reason for a closed connection appears only here.
  let cause: Error | undefined;
  redis.on('error', (error) => {
    cause = error;
  });
  try {
    await redis.connect();
    return readInfo(await redis.info());
  } catch (error) {
    return [
      finding(
        'fail',
        `Redis does not answer: ${(cause ?? (error as Error)).message}`,
        'start it, or correct REDIS_URL; the hub works on, by its sweep',
      ),
    ];
  } finally {
    redis.disconnect();
  }
}

/** @param text the answer of Redis to INFO */
export function readInfo(text: string): readonly Finding[] {
  const info = new Map(text.split(/\r?\n/).map((line) => line.split(':', 2) as [string, string]));
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  const maxMemory = Number(info.get('maxmemory') ?? 0);
  const aof = info.get('aof_enabled') === '1' ? 'with' : 'without';
  return [
    finding('ok', `Redis ${info.get('redis_version') ?? info.get('valkey_version') ?? '(unknown)'} answers`),
    policy === 'noeviction'
      ? finding('ok', 'maxmemory-policy is noeviction')
      : finding(
          'warn',
          `maxmemory-policy is ${policy}: ${maxMemory > 0 ? 'it may drop' : 'with a maxmemory it would drop'} parts of the queue`,
          'set maxmemory-policy noeviction',
        ),
    finding('info', `it persists ${aof} AOF: notifications only, the hub loses nothing without them`),
  ];
}
