import type { Logger } from 'pino';
import { createInProcessQueue } from './in-process.ts';
import type { Queue } from './port.ts';

/** Loads Bull only with a Redis: loading it takes a tenth of a start. */
export async function createQueue(redisUrl: string | undefined, log: Logger): Promise<Queue> {
  if (redisUrl === undefined) return createInProcessQueue();
  const { createBullQueue } = await import('./bull.ts');
  return createBullQueue({ url: redisUrl, log: (fields, message) => log.warn(fields, message) });
}
