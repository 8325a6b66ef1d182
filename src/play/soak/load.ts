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

export interface SoakLoad {
  /** Sends on all connections as fast as answers come; returns the number of acknowledged ones. */
  flood(seconds: number): Promise<number>;
  /** Sends at a fixed rate, whether answers come or not. Resolves when it has ended and all are answered. */
  steady(perSecond: number, seconds: number, signal: AbortSignal): Promise<void>;
  /** Since the last look: acknowledged, failed, and the 99 % latency. */
  look(): { readonly acknowledged: number; readonly failed: number; readonly p99Ms: number };
}

export function createSoakLoad({ url, secret, serviceCode, agencyCode }: SoakTarget): SoakLoad {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  let next = 0;
  let tookMs: number[] = [];
  let failed = 0;

  /** Every dossier moves on by a minute each time its turn comes. */
  function body(n: number): string {
    const turn = Math.floor(n / DOSSIERS);
    const at = new Date(FIRST_MS + turn * 60_000 + 7 * 3_600_000).toISOString().slice(0, 19);
    return JSON.stringify({
      code: `H60.01-250101-${String(n % DOSSIERS).padStart(6, '0')}`,
      serviceCode,
      agencyCode,
      status: turn === 0 ? 'received' : 'processing',
      statusAt: `${at}+07:00`,
      applicant: { name: 'Nguyễn Văn An', identityNumber: '000000000001', phone: '0900000001' },
      note: `Cập nhật lần thứ ${turn}`,
    });
  }

  function ask(): Promise<void> {
    const payload = Buffer.from(body(next++));
    const began = performance.now();
    return new Promise((resolve) => {
      const fail = (): void => {
        failed++;
        resolve();
      };
      const outgoing = http.request(
        `${url}/api/v1/parties/one-stop/dossiers`,
        {
          method: 'POST',
          agent,
          headers: {
            Authorization: `Bearer ${secret}`,
            'Content-Type': 'application/json',
            'Content-Length': payload.length,
          },
        },
        (incoming) => {
          incoming.resume().on('end', () => {
            if (incoming.statusCode !== 201) return fail();
            tookMs.push(performance.now() - began);
            resolve();
          });
        },
      );
      outgoing.on('error', fail);
      outgoing.end(payload);
    });
  }

  return {
    async flood(seconds) {
      const before = tookMs.length;
      const until = performance.now() + seconds * 1_000;
      const lane = async (): Promise<void> => {
        while (performance.now() < until) await ask();
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, lane));
      return tookMs.length - before;
    },
    async steady(perSecond, seconds, signal) {
      const began = performance.now();
      const underWay = new Set<Promise<void>>();
      let sent = 0;
      for (;;) {
        const elapsed = (performance.now() - began) / 1_000;
        if (elapsed >= seconds || signal.aborted) break;
        for (; sent < elapsed * perSecond; sent++) {
          const one = ask().finally(() => underWay.delete(one));
          underWay.add(one);
        }
        await sleep(10);
      }
      await Promise.all(underWay);
    },
    look() {
      const sorted = [...tookMs].sort((a, b) => a - b);
      const seen = { acknowledged: sorted.length, failed, p99Ms: quantile(sorted, 0.99) };
      tookMs = [];
      failed = 0;
      return seen;
    },
  };
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
