import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Dossiers with endless updates: little is stored of each, and writes never end. */
const DOSSIERS = 20_000;
/** All are open from the flood on, so that further sockets are the hub's own. */
const CONNECTIONS = 16;
const FIRST_MS = Date.parse('2025-01-01T08:00:00+07:00');

export interface SoakTarget {
  readonly url: string;
  readonly secret: string;
  readonly serviceCode: string;
  readonly agencyCode: string;
}

/** Requests of one-stop systems over a few connections, with their latencies. */
export class SoakLoad {
  readonly #target: SoakTarget;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  #next = 0;
  #tookMs: number[] = [];
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

  /** Sends at a fixed rate, whether answers come or not. Resolves when it has ended and all are answered. */
  async steady(perSecond: number, seconds: number, signal: AbortSignal): Promise<void> {
    const began = performance.now();
    const underWay = new Set<Promise<void>>();
    let sent = 0;
    for (;;) {
      const elapsed = (performance.now() - began) / 1_000;
      if (elapsed >= seconds || signal.aborted) break;
      for (; sent < elapsed * perSecond; sent++) {
        const one = this.#push().finally(() => underWay.delete(one));
        underWay.add(one);
      }
      await sleep(10);
    }
    await Promise.all(underWay);
  }

  /** Since the last look: acknowledged, failed, and the 99 % latency. */
  look(): { readonly acknowledged: number; readonly failed: number; readonly p99Ms: number } {
    const sorted = [...this.#tookMs].sort((a, b) => a - b);
    const seen = { acknowledged: sorted.length, failed: this.#failed, p99Ms: quantile(sorted, 0.99) };
    this.#tookMs = [];
    this.#failed = 0;
    return seen;
  }

  async #push(): Promise<void> {
    const payload = Buffer.from(dossierText(this.#target, this.#next++));
    const began = performance.now();
    const status = await this.#statusOf(payload).catch(() => undefined);
    if (status === 201) this.#tookMs.push(performance.now() - began);
    else this.#failed++;
  }

  #statusOf(payload: Buffer): Promise<number | undefined> {
    const { url, secret } = this.#target;
    const headers = {
      Authorization: `Bearer ${secret}`,
      'Content-Type': 'application/json',
      'Content-Length': payload.length,
    };
    return new Promise((resolve, reject) => {
      const options = { method: 'POST', agent: this.#agent, headers };
      http
        .request(`${url}/api/v1/parties/one-stop/dossiers`, options, (incoming) =>
          incoming.resume().on('end', () => resolve(incoming.statusCode)),
        )
        .on('error', reject)
        .end(payload);
    });
  }
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

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
