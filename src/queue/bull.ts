import Bull from 'bull';
import { Redis } from 'ioredis';
import { createRepeats } from '#core/repeats';
import type { Queue } from './port.ts';

export interface BullOptions {
  readonly url: string;
  /** The prefix of all keys: two hubs may share one Redis. */
  readonly prefix?: string;
  /** Interval of the checks whether a silent queue still works, and how many notifications wait. */
  readonly watchMs?: number;
  /** With as many waiting no more are sent: without a worker they would fill Redis. */
  readonly mostWaiting?: number;
  readonly log?: (fields: object, message: string) => void;
}

/**
 * The queue of a hub of several processes: Bull on Redis. A job carries a party's id, runs once, and is removed at once; the
 * ledger knows the rest. While Redis is away a notification reaches only its own process; `sweep` makes up for it.
 */
export function createBullQueue(options: BullOptions): Queue {
  return new BullQueue(options);
}

type Handler = (party: string) => void;
type Log = NonNullable<BullOptions['log']>;

class BullQueue implements Queue {
  readonly #watchMs: number;
  readonly #mostWaiting: number;
  readonly #log: Log;
  readonly #open: () => OpenQueue;
  readonly #watch: NodeJS.Timeout;
  #queue: OpenQueue;
  #handler: Handler | undefined;
  #isClosed = false;
  #checking: Promise<void> | undefined;
  #lastJobMs = Date.now();
  #isFull = false;
  readonly #waiting = new Set<string>();
  #sending: Promise<void> | undefined;

  constructor({
    url,
    prefix = '{lienthong}',
    watchMs = 5_000,
    mostWaiting = 10_000,
    log = () => undefined,
  }: BullOptions) {
    this.#watchMs = watchMs;
    this.#mostWaiting = mostWaiting;
    this.#log = sparingly(log);
    this.#open = () => new OpenQueue(url, prefix, this.#log);
    this.#queue = this.#open();
    this.#watch = setInterval(() => {
      this.#checking ??= this.#check().finally(() => {
        this.#checking = undefined;
      });
    }, watchMs);
    this.#watch.unref();
  }

  async notify(parties: readonly string[]): Promise<void> {
    for (const party of parties) this.#waiting.add(party);
    // A round with nothing to send would end before it is recorded, and block all later ones.
    if (this.#hasToSend()) this.#sending ??= this.#send();
    // For one round only. While Redis hangs a round takes a second, and each commit calls for another one.
    await this.#sending;
  }

  async listen(handler: Handler): Promise<void> {
    this.#handler = handler;
    await this.#queue.process(this.#onJob);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#watch);
    // A queue that takes the place of another one meanwhile closes that one.
    await Promise.all([this.#queue.close(), this.#checking]);
  }

  #hasToSend(): boolean {
    return this.#waiting.size > 0 && !this.#isClosed;
  }

  /** Sends one round. Notifications during its round trip go with the next one: one round trip for many. */
  async #send(): Promise<void> {
    const parties = [...this.#waiting];
    this.#waiting.clear();
    try {
      // Not a throw: the round would end before it is recorded, and block all later ones.
      await (this.#isFull ? Promise.reject(new Error('no worker takes those that wait')) : this.#queue.add(parties));
    } catch (error) {
      this.#log({ error: (error as Error).message, parties }, 'notification lost, the sweep makes up for it');
      // Without Redis each process notifies itself, and finds other work by its sweep.
      for (const party of parties) this.#handler?.(party);
    }
    this.#sending = this.#hasToSend() ? this.#send() : undefined;
  }

  readonly #onJob = async (job: Bull.Job<JobData>): Promise<void> => {
    this.#lastJobMs = Date.now();
    this.#handler?.(job.data.party);
  };

  /**
   * Whether too many notifications wait. Bull's workers may also stop for good after a reconnect (bull#1873): then jobs stay
   * unprocessed, and the queue is built again.
   */
  async #check(): Promise<void> {
    if (this.#isClosed) return;
    try {
      const waiting = await this.#queue.waitingCount();
      this.#isFull = waiting >= this.#mostWaiting;
      const isSilent = this.#handler !== undefined && Date.now() - this.#lastJobMs >= this.#watchMs;
      // Nobody would close a queue that is opened after close().
      if (waiting === 0 || !isSilent || this.#isClosed) return;
      this.#log({}, 'the queue stopped processing, building it again');
      const previous = this.#queue;
      this.#queue = this.#open();
      this.#lastJobMs = Date.now();
      await this.#queue.process(this.#onJob);
      await previous.close();
    } catch {
      // Redis is away; the next check tries again.
    }
  }
}

interface JobData {
  readonly party: string;
}

/** A Redis that is full or takes no writes fails a dozen commands a second, all night. */
function sparingly(log: Log): Log {
  const repeats = createRepeats(() => performance.now());
  return (fields, message) => {
    const { error = '' } = fields as { readonly error?: string };
    const heldBack = error === '' ? 0 : repeats(`${message}: ${error}`);
    if (heldBack !== undefined) log(heldBack > 0 ? { ...fields, repeated: heldBack } : fields, message);
  };
}

/** A queue of Bull with the clients that it was given. */
class OpenQueue {
  readonly #log: Log;
  readonly #clients: Redis[] = [];
  readonly #bull: Bull.Queue<JobData>;

  constructor(url: string, prefix: string, log: Log) {
    this.#log = log;
    // Part of the keys in Redis: under another name, processes of two versions would not notify each other during an upgrade.
    this.#bull = new Bull<JobData>('ring', {
      prefix,
      createClient: (type) => {
        const client = createClient(url, type);
        this.#clients.push(client);
        return client;
      },
      settings: { lockDuration: 60_000, maxStalledCount: 3, stalledInterval: 30_000 },
      defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
    });
    handleLostName(this.#bull);
    // An outage of Redis is an expected state. Without a listener it would end the process.
    this.#bull.on('error', (error) => log({ error: error.message }, 'queue error'));
  }

  async add(parties: readonly string[]): Promise<void> {
    await within(1_000, this.#bull.addBulk(parties.map((party) => ({ data: { party } }))));
  }

  waitingCount(): Promise<number> {
    return within(1_000, this.#bull.getWaitingCount());
  }

  async process(onJob: (job: Bull.Job<JobData>) => Promise<void>): Promise<void> {
    // process() settles only when the queue closes.
    void this.#bull.process(50, onJob).catch((error?: Error) => this.#log({ error: error?.message }, 'queue stopped'));
    // Without Redis there is nothing to wait for.
    await within(1_000, Promise.all(this.#clients.map(isReady))).catch(() => undefined);
  }

  /** Bull does not close clients that it was given, and its worker reconnects when its client ends. */
  async close(): Promise<void> {
    await within(2_000, this.#bull.close(true)).catch(() => undefined);
    for (const client of this.#clients) client.disconnect();
  }
}

interface NamedWorker {
  setWorkerName(): Promise<unknown>;
}

/**
 * Bull sets the name of a worker's connection and ignores the failure (bull/lib/queue.js, process). A worker that is closed while
 * it connects to a slow Redis would end the process by an unhandled rejection, or turn its exit into a failure.
 */
function handleLostName(bull: Bull.Queue): void {
  const worker = bull as unknown as NamedWorker;
  const setName = worker.setWorkerName.bind(bull);
  worker.setWorkerName = () => setName().catch(() => undefined);
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
