import Bull from 'bull';
import { Redis } from 'ioredis';
import type { Queue } from './port.ts';

export interface BullOptions {
  readonly url: string;
  /** The prefix of all keys: two hubs may share one Redis. */
  readonly prefix?: string;
  /** How often a queue that hears nothing is checked for having stopped working. */
  readonly watchMs?: number;
  readonly log?: (fields: object, message: string) => void;
}

/**
 * The queue of a hub of several processes: Bull on Redis. Jobs carry a party's id, are run once, and are removed at
 * once; the ledger knows the rest. A ring while Redis is away is heard by its own process alone; `sweep` makes up for it.
 */
export function createBullQueue({
  url,
  prefix = '{lienthong}',
  watchMs = 5_000,
  log = () => undefined,
}: BullOptions): Queue {
  outliveBull();
  let handler: ((party: string) => void) | undefined;
  const clients = new WeakMap<Bull.Queue, Redis[]>();
  let queue = open();
  let closed = false;
  let heardAt = Date.now();
  const watch = setInterval(() => void rebuildIfDeaf(), watchMs);
  watch.unref();
  const rung = new Set<string>();
  let sending: Promise<void> | undefined;

  /** What is rung while a round is on its way goes with the next: one round trip for many rings. */
  async function send(): Promise<void> {
    while (rung.size > 0 && !closed) {
      const parties = [...rung];
      rung.clear();
      try {
        await within(1_000, queue.addBulk(parties.map((party) => ({ data: { party } }))));
      } catch (error) {
        log({ error: (error as Error).message, parties }, 'ring lost, the sweep makes up for it');
        // Without Redis each process hears itself: it goes on delivering by its sweep, or by looking for what is due.
        for (const party of parties) handler?.(party);
      }
    }
    sending = undefined;
  }

  function open(): Bull.Queue<{ party: string }> {
    const own: Redis[] = [];
    const fresh = new Bull<{ party: string }>('ring', {
      prefix,
      createClient(type) {
        const client = createClient(url, type);
        own.push(client);
        return client;
      },
      settings: { lockDuration: 60_000, maxStalledCount: 3, stalledInterval: 30_000 },
      defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
    });
    // Redis going away is an expected state; without a listener it would end the process.
    fresh.on('error', (error) => log({ error: error.message }, 'queue error'));
    clients.set(fresh, own);
    return fresh;
  }

  /** Bull leaves clients that it was given open, and its worker connects anew when its client ends. */
  async function shut(old: Bull.Queue): Promise<void> {
    await within(2_000, old.close(true)).catch(() => undefined);
    for (const client of clients.get(old) ?? []) client.disconnect();
  }

  async function hear(job: Bull.Job<{ party: string }>): Promise<void> {
    heardAt = Date.now();
    handler?.(job.data.party);
  }

  async function listenOn(on: Bull.Queue<{ party: string }>): Promise<void> {
    // process() settles only when the queue closes.
    void on.process(50, hear).catch((error?: Error) => log({ error: error?.message }, 'queue stopped'));
    // A worker that is shut while it connects rejects where nobody listens; without Redis there is nothing to wait for.
    await within(1_000, Promise.all((clients.get(on) ?? []).map(isReady))).catch(() => undefined);
  }

  /** Bull's workers may stop for good after a reconnect (bull#1873): rings wait and nobody hears them. */
  async function rebuildIfDeaf(): Promise<void> {
    if (closed || !handler || Date.now() - heardAt < watchMs) return;
    try {
      if ((await within(1_000, queue.getWaitingCount())) === 0) return;
      log({}, 'queue is deaf, building it anew');
      const old = queue;
      queue = open();
      heardAt = Date.now();
      await listenOn(queue);
      await shut(old);
    } catch {
      // Redis is away; the next check tries again.
    }
  }

  return {
    async notify(parties) {
      for (const party of parties) rung.add(party);
      // Begun with nothing to send it would end before it is noted as under way, and be waited for ever after.
      if (rung.size > 0) sending ??= send();
      await sending;
    },
    async listen(answer) {
      handler = answer;
      await listenOn(queue);
    },
    async close() {
      closed = true;
      clearInterval(watch);
      await shut(queue);
    },
  };
}

let outlives = false;

/**
 * A worker of Bull that is shut while it connects, to a Redis that is slow or away, rejects where nobody can listen
 * (bull/lib/worker.js): that must not end a process, nor turn its end into a failure. Whatever else nobody listens to
 * ends it as before.
 */
function outliveBull(): void {
  if (outlives) return;
  outlives = true;
  process.on('unhandledRejection', (error) => {
    // A TLS that ioredis lets go of before it comes about has no stack but Node's own; whoever else makes one listens to it.
    const known = /node_modules[\\/](?:bull|ioredis)[\\/]|before secure TLS connection was established/;
    if (!(error instanceof Error && known.test(error.stack ?? ''))) throw error;
  });
}

/** The producer's client gives up at once, so that no ring hangs while Redis is away; the others wait for it. */
function createClient(url: string, type: 'client' | 'subscriber' | 'bclient'): Redis {
  const retry = { retryStrategy: (times: number) => Math.min(times * 100, 2_000) };
  return type === 'client'
    ? new Redis(url, { ...retry, maxRetriesPerRequest: 1 })
    : new Redis(url, { ...retry, maxRetriesPerRequest: null, enableReadyCheck: false });
}

async function isReady(client: Redis): Promise<void> {
  if (client.status !== 'ready') await new Promise<void>((resolve) => client.once('ready', () => resolve()));
}

function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer from Redis within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
