import http from 'node:http';
import axios from 'axios';
import { SIMULATOR_TOKEN } from '../../adapters/one-stop/simulator.ts';
import { createDossiers, type Series } from './dossiers.ts';
import { beWorker } from './workers.ts';

export interface AxiosOrder {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  readonly series: Series;
}

export interface AxiosDone {
  readonly perSecond: number;
  readonly cpuSeconds: number;
  /** The partner's answers with receipts. */
  readonly answered: readonly string[];
}

/** Sends dossiers to a partner with plain axios, one a call, over kept-alive connections, and stores nothing. */
async function tell({ url, connections, seconds, series }: AxiosOrder): Promise<AxiosDone> {
  const { codeOf, jsonOf } = createDossiers(series);
  const httpAgent = new http.Agent({ keepAlive: true, maxSockets: 64, scheduling: 'lifo' });
  const client = axios.create({ httpAgent, proxy: false, maxRedirects: 0 });
  const answered: string[] = [];
  let next = 0;
  const began = performance.now();
  const cpuBefore = process.cpuUsage();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < began + seconds * 1000) {
        const n = next++;
        const { data } = await client.put(`${url}/dossiers/${encodeURIComponent(codeOf(n))}`, jsonOf(n), {
          headers: {
            'Content-Type': 'application/json; charset=utf-8',
            Authorization: `Bearer ${SIMULATOR_TOKEN}`,
            'Idempotency-Key': `lienthong-${n}`,
          },
        });
        answered.push(data.code);
      }
    }),
  );
  const perSecond = (answered.length * 1000) / (performance.now() - began);
  const { user, system } = process.cpuUsage(cpuBefore);
  httpAgent.destroy();
  return { perSecond, cpuSeconds: (user + system) / 1e6, answered };
}

beWorker(tell);
