import { type Answer, errorOf, HubError } from './errors.ts';
import type { PublicKey } from './receipt.ts';
import type { ChangePage, Dossier, DossierFilter, HistoryStep, Pushed, PushReply, PushResult, What } from './types.ts';

export interface HubClientOptions {
  /** Address of the hub, such as https://lienthong.tinh.example. */
  readonly url: string;
  /** Secret of a key. */
  readonly secret: string;
  /** Language of messages. */
  readonly language?: 'en' | 'vi';
  /** Pauses between attempts in milliseconds; `Retry-After` of the hub is longer. Default: 5 s, 15 s, 60 s, 5 min. */
  readonly retryDelaysMs?: readonly number[];
  /** Time limit of one attempt, without the wait of a long poll. Default: 60 s. */
  readonly timeoutMs?: number;
  /** Instead of the platform's. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

const RETRY_DELAYS_MS = [5_000, 15_000, 60_000, 300_000];
/** Sending the same again is harmless after these (docs: how to retry). */
const PASSING = new Set([408, 429, 500, 502, 503, 504]);
/** The pause after a gap without changes. */
const GAP_MS = 5_000;
/** The most items in an array, and the most bytes of one request: the hub takes 20 MiB, a gateway may take less. */
const ITEMS = 1_000;
const BYTES = 8 * 2 ** 20;
/** Node 20 may collect a limit or its request as garbage before the limit ends the attempt. Here they are held. */
const RUNNING = new Set<{ limit: AbortSignal; request: Request }>();

/** One hub, with one key. */
export class HubClient {
  readonly #options: Required<Omit<HubClientOptions, 'language'>> & Pick<HubClientOptions, 'language'>;

  constructor(options: HubClientOptions) {
    this.#options = {
      ...options,
      url: options.url.replace(/\/+$/, ''),
      retryDelaysMs: options.retryDelaysMs ?? RETRY_DELAYS_MS,
      timeoutMs: options.timeoutMs ?? 60_000,
      fetch: options.fetch ?? ((request) => fetch(request)),
    };
  }

  /**
   * Pushes items through the door of a party. A lost answer is asked for again under the same key, so nothing counts twice.
   * @param key begins the `Idempotency-Key`. Give one of your own to continue after a crash of your process
   * @throws HubError when the hub refuses a request, or after its last retry. Its `pushed` has what was taken before
   */
  async push<W extends What>(
    party: string,
    what: W,
    items: readonly Pushed[W][],
    key: string = crypto.randomUUID(),
  ): Promise<PushReply> {
    const receipts: string[] = [];
    const results: PushResult[] = [];
    for (const [at, part] of partsOf(items)) {
      const answer = await this.#send('POST', `/api/v1/parties/${encodeURIComponent(party)}/${what}`, {
        body: `[${part.join(',')}]`,
        headers: { 'Idempotency-Key': `${key}/${at}` },
      }).catch((error: unknown) => {
        if (error instanceof HubError) error.pushed = { receipts, results };
        throw error;
      });
      const reply = JSON.parse(answer.text) as { receipt: string; results: PushResult[] };
      receipts.push(reply.receipt);
      results.push(...reply.results.map((result) => ({ ...result, index: result.index + at })));
    }
    return { receipts, results };
  }

  /** A dossier by any of its codes; undefined when the hub has none. */
  async dossier(code: string): Promise<Dossier | undefined> {
    return this.#get<Dossier>(`/api/v1/dossiers/${encodeURIComponent(code)}`).catch((error: unknown) => {
      // A gateway's own 404, and that of a wrong address, say nothing about the dossier.
      if (error instanceof HubError && error.status === 404 && error.type === 'not-found') return undefined;
      throw error;
    });
  }

  /** All dossiers of a filter, the newest status first, page by page as they are read. */
  dossiers(filter: DossierFilter = {}): AsyncGenerator<Dossier> {
    const { status, ...others } = filter;
    return this.#pages('/api/v1/dossiers', { ...others, status: status?.join(',') });
  }

  /** The steps of a dossier in the order of their time. */
  history(code: string): AsyncGenerator<HistoryStep> {
    return this.#pages(`/api/v1/dossiers/${encodeURIComponent(code)}/history`, {});
  }

  /**
   * Every change of every dossier, each once, for ever. Store `next` of a page with what you did of it.
   * @param cursor the stored `next`; undefined begins with the oldest change
   */
  async *changes(
    cursor?: string,
    { waitS = 30, signal }: { waitS?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<ChangePage> {
    let next = cursor;
    while (!signal?.aborted) {
      const page = await this.#get<ChangePage>(`/api/v1/changes?${query({ cursor: next, wait: String(waitS) })}`, {
        waitMs: waitS * 1_000,
        signal,
      }).catch((error: unknown) => {
        if (signal?.aborted) return undefined;
        throw error;
      });
      if (page === undefined) return;
      next = page.next;
      if (page.items.length > 0 || page.gap) yield page;
      // The hub answers at once then, until the next change comes.
      if (page.gap && page.items.length === 0) await pause(GAP_MS, signal).catch(() => undefined);
    }
  }

  /** The signed receipt of a push, for `verifyReceipt`. */
  async receipt(party: string, receipt: string): Promise<string> {
    const path = `/api/v1/parties/${encodeURIComponent(party)}/receipts/${encodeURIComponent(receipt)}`;
    return (await this.#send('GET', path, { headers: { Accept: 'application/jose' } })).text;
  }

  /** The public keys that sign receipts and evidence. Store them: old documents need the keys of their time. */
  keys(): Promise<{ readonly keys: readonly PublicKey[] }> {
    return this.#get('/.well-known/jwks.json');
  }

  async *#pages<T>(path: string, params: object): AsyncGenerator<T> {
    let cursor: string | undefined;
    do {
      const page: { items: readonly T[]; next: string | null } = await this.#get(
        `${path}?${query({ ...params, cursor })}`,
      );
      yield* page.items;
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
  }

  async #get<T>(path: string, options: SendOptions = {}): Promise<T> {
    return JSON.parse((await this.#send('GET', path, options)).text) as T;
  }

  /** Sends until an answer is final. */
  async #send(method: string, path: string, options: SendOptions): Promise<Answer> {
    const { retryDelaysMs } = this.#options;
    // An address or a key that can never be sent is no failure of the network.
    this.#requestOf(method, path, options);
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#attempt(method, path, options).catch((error: unknown) => {
        if (options.signal?.aborted || attempt >= retryDelaysMs.length)
          throw new HubError(`the hub could not be reached: ${(error as Error).message}`, {}, error);
        return undefined;
      });
      if (answer && answer.status < 300) return answer;
      if (answer && (!PASSING.has(answer.status) || attempt >= retryDelaysMs.length)) throw errorOf(answer);
      await pause(Math.max(retryDelaysMs[attempt] ?? 0, askedMs(answer?.headers.get('Retry-After'))), options.signal);
    }
  }

  /** One attempt, with the whole answer: a connection that breaks within the body is tried again too. */
  async #attempt(method: string, path: string, options: SendOptions): Promise<Answer> {
    const { waitMs = 0, signal } = options;
    const limit = AbortSignal.timeout(this.#options.timeoutMs + waitMs);
    const request = this.#requestOf(method, path, options, signal ? AbortSignal.any([signal, limit]) : limit);
    const attempt = { limit, request };
    RUNNING.add(attempt);
    try {
      const answer = await this.#options.fetch(request);
      return { status: answer.status, headers: answer.headers, text: await answer.text() };
    } finally {
      RUNNING.delete(attempt);
    }
  }

  #requestOf(method: string, path: string, { body, headers }: SendOptions, signal?: AbortSignal): Request {
    const { url, secret, language } = this.#options;
    const sent = new Headers({ Authorization: `Bearer ${secret}` });
    if (language) sent.set('Accept-Language', language);
    if (body !== undefined) sent.set('Content-Type', 'application/json');
    for (const [name, value] of Object.entries(headers ?? {})) sent.set(name, value);
    return new Request(`${url}${path}`, { method, headers: sent, body: body ?? null, signal: signal ?? null });
  }
}

/** Items as texts, as many as one request may have, each part with the place of its first one. */
function* partsOf(items: readonly object[]): Generator<readonly [at: number, part: readonly string[]]> {
  let part: string[] = [];
  let bytes = 0;
  for (const [at, item] of items.entries()) {
    const text = JSON.stringify(item) ?? 'null';
    const size = new TextEncoder().encode(text).length + 1;
    if (part.length === ITEMS || (part.length > 0 && bytes + size > BYTES)) {
      yield [at - part.length, part];
      part = [];
      bytes = 0;
    }
    part.push(text);
    bytes += size;
  }
  if (part.length > 0) yield [items.length - part.length, part];
}

interface SendOptions {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long the hub itself may wait before it answers. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal | undefined;
}

function query(params: object): URLSearchParams {
  return new URLSearchParams(
    Object.entries(params).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** What `Retry-After` asks for: the hub names seconds, a gateway before it may name a time. */
function askedMs(header: string | null | undefined): number {
  if (!header) return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? 0 : ms;
}

/** A timer with more fires at once. It is 24 days. */
const LONGEST_MS = 2 ** 31 - 1;

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      },
      Math.min(ms, LONGEST_MS),
    );
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
