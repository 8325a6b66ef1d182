import http from 'node:http';
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { msToInstant } from '#core/dates/dates';

/** Dossiers with endless updates: little is stored of each, and writes never end. */
const DOSSIERS = 20_000;
/** All are open from the flood on, so that further sockets are the hub's own. */
const CONNECTIONS = 16;
/** Requests of portals meanwhile, each in turn. */
const READS_A_SECOND = 20;
const READS = [
  ['one dossier', '/api/v1/dossiers/H60.01-250101-000001'],
  ['list by status', '/api/v1/dossiers?status=processing&limit=20'],
  ['list by name', '/api/v1/dossiers?q=Nguyen%20Van%20An&limit=20'],
  ['statistics', '/api/v1/statistics?from=2025-01-01&to=2025-12-31&by=agency'],
] as const;
const PROBE = ['health probe', '/health/live'] as const;
const PUSH = 'push';
const FIRST_MS = Date.parse('2025-01-01T08:00:00+07:00');

export interface SoakTarget {
  readonly url: string;
  readonly secret: string;
  /** Of a key that reads the index. */
  readonly readerSecret: string;
  readonly serviceCode: string;
  readonly agencyCode: string;
}

/** Requests of one-stop systems and portals over a few connections, with their latencies. */
export class SoakLoad {
  readonly #target: SoakTarget;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  readonly #readers = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  /** Since the last look: pushes, reads of all kinds, probes. */
  readonly #recent = { pushes: new Times(), reads: new Times(), probes: new Times() };
  /** By kind, since `begin`. */
  #all = new Map<string, Times>();
  #next = 0;
  #failed = 0;

  constructor(target: SoakTarget) {
    this.#target = target;
  }

  /** Sends on all connections as fast as answers come; returns the number of acknowledged ones. */
  async flood(seconds: number): Promise<number> {
    const before = this.#recent.pushes.count;
    const until = performance.now() + seconds * 1_000;
    const sender = async (): Promise<void> => {
      while (performance.now() < until) await this.#push();
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, sender));
    return this.#recent.pushes.count - before;
  }

  /** Sends and reads at a fixed rate, whether answers come or not. Resolves when it has ended and all are answered. */
  async steady(perSecond: number, seconds: number, signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#atRate(perSecond, seconds, signal, () => this.#push()),
      this.#atRate(READS_A_SECOND, seconds, signal, (n) =>
        this.#read(READS[n % READS.length] as (typeof READS)[number], this.#recent.reads),
      ),
      this.#atRate(READS_A_SECOND, seconds, signal, () => this.#read(PROBE, this.#recent.probes)),
    ]);
  }

  async #atRate(
    perSecond: number,
    seconds: number,
    signal: AbortSignal,
    send: (number: number) => Promise<void>,
  ): Promise<void> {
    const began = performance.now();
    const underWay = new Set<Promise<void>>();
    let sent = 0;
    for (;;) {
      const elapsed = (performance.now() - began) / 1_000;
      if (elapsed >= seconds || signal.aborted) break;
      for (; sent < elapsed * perSecond; sent++) {
        const one = send(sent).finally(() => underWay.delete(one));
        underWay.add(one);
      }
      await sleep(10);
    }
    await Promise.all(underWay);
  }

  /** Forgets what was seen so far. */
  begin(): void {
    this.look();
    this.#all = new Map();
  }

  /** The kinds of requests since `begin`. */
  times(): ReadonlyMap<string, Pick<Times, 'count' | 'quantileMs'>> {
    return this.#all;
  }

  look(): Seen {
    const { pushes, reads, probes } = this.#recent;
    const seen = {
      acknowledged: pushes.count,
      failed: this.#failed,
      p99Ms: pushes.quantileMs(0.99),
      readP99Ms: reads.quantileMs(0.99),
      slowestProbeMs: probes.quantileMs(1),
    };
    for (const times of [pushes, reads, probes]) times.forget();
    this.#failed = 0;
    return seen;
  }

  #note(kind: string, recent: Times, tookMs: number): void {
    const all = this.#all.get(kind) ?? new Times();
    this.#all.set(kind, all);
    for (const times of [recent, all]) times.add(tookMs);
  }

  async #push(): Promise<void> {
    const payload = Buffer.from(dossierText(this.#target, this.#next++));
    const began = performance.now();
    const headers = {
      Authorization: `Bearer ${this.#target.secret}`,
      'Content-Type': 'application/json',
      'Content-Length': payload.length,
    };
    const options = { method: 'POST', agent: this.#agent, headers };
    const status = await this.#statusOf('/api/v1/parties/one-stop/dossiers', options, payload);
    if (status === 201) this.#note(PUSH, this.#recent.pushes, performance.now() - began);
    else this.#failed++;
  }

  async #read([kind, path]: readonly [string, string], recent: Times): Promise<void> {
    const began = performance.now();
    const headers = { Authorization: `Bearer ${this.#target.readerSecret}` };
    const status = await this.#statusOf(path, { agent: this.#readers, headers });
    if (status === 200) this.#note(kind, recent, performance.now() - began);
    else this.#failed++;
  }

  /** Undefined without an answer. */
  #statusOf(path: string, options: http.RequestOptions, payload?: Buffer): Promise<number | undefined> {
    return new Promise((resolve) => {
      http
        .request(this.#target.url + path, options, (incoming) =>
          incoming.resume().on('end', () => resolve(incoming.statusCode)),
        )
        .on('error', () => resolve(undefined))
        .end(payload);
    });
  }
}

/** Since the last look. */
export interface Seen {
  readonly acknowledged: number;
  readonly failed: number;
  readonly p99Ms: number;
  readonly readP99Ms: number;
  /** No pause of the hub was longer, as far as the probes met it. */
  readonly slowestProbeMs: number;
}

/** Every dossier moves on by a minute each time its turn comes. */
function dossierText({ serviceCode, agencyCode }: SoakTarget, number: number): string {
  const turn = Math.floor(number / DOSSIERS);
  return JSON.stringify({
    code: `H60.01-250101-${String(number % DOSSIERS).padStart(6, '0')}`,
    serviceCode,
    agencyCode,
    status: turn === 0 ? 'received' : 'processing',
    statusAt: msToInstant(FIRST_MS + turn * 60_000),
    applicant: { name: 'Nguyễn Văn An', identityNumber: '000000000001', phone: '0900000001' },
    note: `Cập nhật lần thứ ${turn}`,
  });
}

/** Latencies of any number of requests, to three digits. */
class Times {
  readonly #microseconds = createHistogram();

  get count(): number {
    return this.#microseconds.count;
  }

  add(ms: number): void {
    this.#microseconds.record(Math.max(1, Math.round(ms * 1_000)));
  }

  /** 0 without any. */
  quantileMs(share: number): number {
    return this.count === 0 ? 0 : this.#microseconds.percentile(share * 100) / 1_000;
  }

  forget(): void {
    this.#microseconds.reset();
  }
}
