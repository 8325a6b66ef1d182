import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Dossiers with endless updates: little is stored of each, and writes never end. */
const DOSSIERS = 20_000;
/** All are open from the flood on, so that further sockets are the hub's own. */
const CONNECTIONS = 16;
/** Requests of portals meanwhile, each in turn. */
const READS_A_SECOND = 20;
const READS = [
  '/api/v1/dossiers/H60.01-250101-000001',
  '/api/v1/dossiers?status=processing&limit=20',
  '/api/v1/dossiers?q=Nguyen%20Van%20An&limit=20',
  '/api/v1/statistics?from=2025-01-01&to=2025-12-31&by=agency',
];
const PROBE = '/health/live';
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
  #next = 0;
  #tookMs: number[] = [];
  #readMs: number[] = [];
  #probeMs: number[] = [];
  #failed = 0;

  constructor(target: SoakTarget) {
    this.#target = target;
  }

  /** Sends on all connections as fast as answers come; returns the number of acknowledged ones. */
  async flood(seconds: number): Promise<number> {
    const before = this.#tookMs.length;
    const until = performance.now() + seconds * 1_000;
    const lane = async (): Promise<void> => {
      while (performance.now() < until) await this.#push();
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, lane));
    return this.#tookMs.length - before;
  }

  /** Sends and reads at a fixed rate, whether answers come or not. Resolves when it has ended and all are answered. */
  async steady(perSecond: number, seconds: number, signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#atRate(perSecond, seconds, signal, () => this.#push()),
      this.#atRate(READS_A_SECOND, seconds, signal, (n) => this.#read(READS[n % READS.length] as string, this.#readMs)),
      this.#atRate(READS_A_SECOND, seconds, signal, () => this.#read(PROBE, this.#probeMs)),
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

  look(): Seen {
    const seen = {
      acknowledged: this.#tookMs.length,
      failed: this.#failed,
      p99Ms: quantile(this.#tookMs, 0.99),
      readP99Ms: quantile(this.#readMs, 0.99),
      slowestProbeMs: quantile(this.#probeMs, 1),
    };
    for (const all of [this.#tookMs, this.#readMs, this.#probeMs]) all.length = 0;
    this.#failed = 0;
    return seen;
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
    if (status === 201) this.#tookMs.push(performance.now() - began);
    else this.#failed++;
  }

  async #read(path: string, tookMs: number[]): Promise<void> {
    const began = performance.now();
    const headers = { Authorization: `Bearer ${this.#target.readerSecret}` };
    const status = await this.#statusOf(path, { agent: this.#readers, headers });
    if (status === 200) tookMs.push(performance.now() - began);
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
  const at = new Date(FIRST_MS + turn * 60_000 + 7 * 3_600_000).toISOString().slice(0, 19);
  return JSON.stringify({
    code: `H60.01-250101-${String(number % DOSSIERS).padStart(6, '0')}`,
    serviceCode,
    agencyCode,
    status: turn === 0 ? 'received' : 'processing',
    statusAt: `${at}+07:00`,
    applicant: { name: 'Nguyễn Văn An', identityNumber: '000000000001', phone: '0900000001' },
    note: `Cập nhật lần thứ ${turn}`,
  });
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
