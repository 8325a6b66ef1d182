import { randomBytes } from 'node:crypto';
import { vi } from 'vitest';
import portalAdapter from '../../adapters/national-portal/adapter.ts';
import { nationalPortal } from '../../adapters/national-portal/simulator/portal.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import { type Simulator, startSimulator } from '../../src/kit/testing/simulator/simulator.ts';
import { codeOf, dossier, progress, type TestHub, testHub } from './hub.ts';
import { MORNING } from './template.ts';

/** The hub's default delays between attempts. */
const USUAL_DELAYS_MS = loadConfig({
  HUB_SECRET: randomBytes(48).toString('base64'),
  DATABASE_URL: 'postgres://127.0.0.1/none',
}).retryDelaysMs;

/** A hub and a simulated portal on one clock that runs as fast as the test can. The breaker uses it too. */
export interface SimulatedPortal {
  readonly hub: TestHub;
  readonly portal: Simulator;
  /** When calls arrived at the portal, by the clock. */
  readonly calls: readonly number[];
  /** Advances the time. */
  pass(ms: number): void;
  /** Notifies like the scheduler each second, and advances the time until no call is under way. */
  work(): Promise<void>;
  newDossiers(from: number, count: number): Promise<unknown>;
  newSteps(dossiers: readonly number[], minute: number): Promise<unknown>;
  due(): Promise<number>;
  states(): Promise<readonly { readonly state: string; readonly count: number }[]>;
  close(): Promise<void>;
}

const FACTS = {
  fieldCode: 'G03-GD10',
  fieldName: 'Lĩnh vực',
  processingUnit: 'Sở thử nghiệm',
  resultDelivery: 'counter',
};

export async function simulatedPortal(callsPerSecond: number): Promise<SimulatedPortal> {
  vi.useFakeTimers({ toFake: ['Date'], now: MORNING });
  const calls: number[] = [];
  const now = (): number => Date.now();
  const definition = nationalPortal();
  const routes = definition.routes.map((route) => ({
    ...route,
    handle: (...given: Parameters<typeof route.handle>) => {
      calls.push(now());
      return route.handle(...given);
    },
  }));
  const portal = await startSimulator({ ...definition, routes }, { now });
  const settings = { adapterUrl: portal.url, username: 'sim', password: 'sim', dstcode: 'VN:TEST', madonvi: 'H60' };
  const hub = await testHub({
    partners: { portal: { sent: [], script: [], adapter: portalAdapter as unknown as Adapter } },
    entries: { portal: { settings, budget: { callsPerSecond } } },
    routes: ['dossier.upsert.v1', 'dossier.progress.v1'].map((operation) => ({
      from: 'one-stop',
      operation,
      to: ['portal'],
    })),
    retryDelaysMs: USUAL_DELAYS_MS,
    nowMs: MORNING,
  });
  const { pool } = hub.hub.database;

  function pass(ms: number): void {
    hub.clock.nowMs += ms;
    vi.setSystemTime(hub.clock.nowMs);
  }

  return {
    hub,
    portal,
    calls,
    pass,
    async work() {
      await hub.hub.pipeline.sweep();
      let isIdle = false;
      await new Promise((resolve) => setTimeout(resolve, 5));
      void hub.hub.pipeline.idle().then(() => {
        isIdle = true;
      });
      while (!isIdle) {
        pass(20);
        await new Promise((resolve) => setTimeout(resolve, 4));
      }
    },
    newDossiers: (from, count) =>
      hub.push(Array.from({ length: count }, (_, n) => dossier({ code: codeOf(from + n), ...FACTS }))),
    newSteps(dossiers, minute) {
      const at = `2025-08-13T08:${String(minute).padStart(2, '0')}:00+07:00`;
      const steps = dossiers.map((n) => progress({ code: codeOf(n), at, content: `Bước ${minute}` }));
      return hub.push(steps, { what: 'progress' });
    },
    due: async () => (await pool.query("SELECT count(*) AS due FROM deliveries WHERE state = 'due'")).rows[0].due,
    states: async () => (await pool.query('SELECT state, count(*) FROM deliveries GROUP BY 1 ORDER BY 1')).rows,
    async close() {
      await hub.close();
      await portal.close();
      vi.useRealTimers();
    },
  };
}
