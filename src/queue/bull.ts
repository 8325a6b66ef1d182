import Bull from 'bull';
import { Redis } from 'ioredis';
import type { Queue } from './port.ts';

export interface BullOptions {
  readonly url: string;
  /** The prefix of all keys: two hubs may share one Redis. */
  readonly prefix?: string;
  /** Interval of the checks whether a silent queue still works. */
  readonly watchMs?: number;
  readonly log?: (fields: object, message: string) => void;
}

/**
 * The queue of a hub of several processes: Bull on Redis. A job carries a party's id, runs once, and is removed at once; the
 * ledger knows the rest. While Redis is away a notification reaches only its own process; `sweep` makes up for it.
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

  /** Notifications during a round trip go with the next one: one round trip for many. */
  async function send(): Promise<void> {
    while (rung.size > 0 && !closed) {
      const parties = [...rung];
      rung.clear();
      try {
        await within(1_000, queue.addBulk(parties.map((party) => ({ data: { party } }))));
      } catch (error) {
        log({ error: (error as Error).message, parties }, 'notification lost, the sweep makes up for it');
        // Without Redis each process notifies itself, and finds other work by its sweep.
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
    // An outage of Redis is an expected state. Without a listener it would end the process.
    fresh.on('error', (error) => log({ error: error.message }, 'queue error'));
    clients.set(fresh, own);
    return fresh;
  }

  /** Bull does not close clients that it was given, and its worker reconnects when its client ends. */
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
    // A worker that is closed while it connects rejects unhandled. Without Redis there is nothing to wait for.
    await within(1_000, Promise.all((clients.get(on) ?? []).map(isReady))).catch(() => undefined);
  }

  /** Bull's workers may stop for good after a reconnect (bull#1873): then jobs stay unprocessed. */
  async function rebuildIfDeaf(): Promise<void> {
    if (closed || !handler || Date.now() - heardAt < watchMs) return;
    try {
      if ((await within(1_000, queue.getWaitingCount())) === 0) return;
      log({}, 'the queue stopped processing, building it again');
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
      // A round with nothing to send would end before it is recorded, and block all later ones.
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
 * A worker of Bull that is closed while it connects to a slow Redis rejects unhandled (bull/lib/worker.js). That must not end
 * the process or turn its exit into a failure. All other unhandled rejections end it as usual.
 */
function outliveBull(): void {
  if (outlives) return;
  outlives = true;
  process.on('unhandledRejection', (error) => {
    // A TLS socket that ioredis drops before the handshake has only Node's own stack. Other users of TLS handle its errors.
    const known = /node_modules[\\/](?:bull|ioredis)[\\/]|before secure TLS connection was established/;
    if (!(error instanceof Error && known.test(error.stack ?? ''))) throw error;
  });
}

/** The producer's client fails at once, so that no notification hangs while Redis is away; the others wait for it. */
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
