import pg from 'pg';
import { describe, expect, test, vi } from 'vitest';
import oneStop, { SIMULATOR_TOKEN } from '../../adapters/one-stop/simulator.ts';
import { type Simulator, startSimulator } from '../../src/kit/testing/simulator/simulator.ts';
import { migratedDatabase } from '../support/database.ts';
import { dossier } from '../support/hub.ts';
import { type HubProcess, startHubProcess, testFolder } from '../support/process.ts';

const WRITER = 'e2e-secret-of-the-one-stop-system';
const READER = 'e2e-secret-of-the-portal';

/** A hub on a separate database, and the partner that gets every dossier. */
interface Scene {
  readonly partner: Simulator;
  readonly database: pg.Client;
  start(env?: Record<string, string>): Promise<HubProcess>;
  push(hub: HubProcess, ...codes: string[]): Promise<{ status: number; outcome: string | undefined }>;
  kill(hub: HubProcess): Promise<void>;
  historyOf(hub: HubProcess, code: string): Promise<number>;
  /** How often the partner took each dossier. */
  taken(): Record<string, number>;
  close(): Promise<void>;
}

async function openScene(): Promise<Scene> {
  const partner = await startSimulator(oneStop);
  const own = await migratedDatabase();
  const database = new pg.Client({ connectionString: own.url });
  database.on('error', () => undefined);
  await database.connect();
  const folder = testFolder({
    keys: [
      { id: 'writer', secret: WRITER, scopes: ['dossier:write'], party: 'writer' },
      { id: 'portal', secret: READER, scopes: ['index:read'] },
    ],
    parties: {
      writer: { adapter: 'one-stop' },
      reader: { adapter: 'one-stop', settings: { baseUrl: partner.url, token: SIMULATOR_TOKEN } },
    },
    routes: [{ from: 'writer', operation: 'dossier.upsert.v1', to: ['reader'] }],
  });
  const running = new Set<HubProcess>();
  const kill = async (hub: HubProcess): Promise<void> => {
    hub.child.kill('SIGKILL');
    await hub.ended;
    running.delete(hub);
  };
  return {
    partner,
    database,
    kill,
    async start(env = {}) {
      const hub = await startHubProcess({
        DATABASE_URL: own.url,
        HUB_SECRET: 'a-secret-of-the-tests-that-is-long-enough',
        HUB_CONFIG: folder.configPath,
        HUB_RETRY_DELAYS_S: '1,1,1,1,1,1,1,1',
        ...env,
      });
      running.add(hub);
      return hub;
    },
    async push(hub, ...codes) {
      const reply = await fetch(`${hub.url}/api/v1/parties/writer/dossiers`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${WRITER}`, 'Content-Type': 'application/json' },
        body: JSON.stringify(codes.length === 1 ? dossier({ code: codes[0] }) : codes.map((code) => dossier({ code }))),
      });
      const { results = [] } = (await reply.json()) as { results?: { outcome: string }[] };
      return { status: reply.status, outcome: results[0]?.outcome };
    },
    async historyOf(hub, code) {
      const reply = await fetch(`${hub.url}/api/v1/dossiers/${code}/history`, {
        headers: { Authorization: `Bearer ${READER}` },
      });
      return ((await reply.json()) as { items?: unknown[] }).items?.length ?? 0;
    },
    taken: () => Object.fromEntries(partner.ledger.entries().map(({ key, count }) => [key, count])),
    async close() {
      for (const hub of running) await kill(hub);
      await database.end();
      await own.drop();
      await partner.close();
      folder.remove();
    },
  };
}

describe.concurrent('a process killed at a step continues from that step after a restart', () => {
  const at = (title: string, work: (scene: Scene) => Promise<void>): void =>
    test.concurrent(title, { timeout: 240_000 }, async () => {
      const scene = await openScene();
      try {
        await work(scene);
      } finally {
        await scene.close();
      }
    });
  const CODE = 'H60.01-250812-0101';
  const delivered = async ({ taken }: Scene, codes: readonly string[]): Promise<void> => {
    await eventually(() => expect(taken()).toEqual(Object.fromEntries(codes.map((code) => [code, 1]))));
  };

  at('received: what was not stored was not acknowledged, and is taken once when it comes again', async (scene) => {
    const hub = await scene.start();
    await scene.database.query('BEGIN; LOCK TABLE messages IN EXCLUSIVE MODE');
    const answer = scene.push(hub, CODE).then(
      () => 'answered',
      () => 'no answer',
    );
    await waitsForALock(scene.database);
    await scene.kill(hub);
    expect(await answer).toBe('no answer');
    await scene.database.query('COMMIT');
    const next = await scene.start();
    expect(['accepted', 'duplicate']).toContain((await scene.push(next, CODE)).outcome);
    await delivered(scene, [CODE]);
    expect(await scene.historyOf(next, CODE)).toBe(1);
  });

  at('stored: what was acknowledged and not rung for is delivered', async (scene) => {
    const hub = await scene.start({ HUB_ROLES: 'api' });
    expect((await scene.push(hub, CODE)).status).toBe(201);
    await scene.kill(hub);
    expect(scene.taken()).toEqual({});
    await scene.start();
    await delivered(scene, [CODE]);
  });

  at('queued: what waited for its turn is delivered', async (scene) => {
    const hub = await scene.start();
    const codes = Array.from({ length: 60 }, (_, n) => `H60.01-250812-${1_000 + n}`);
    await scene.partner.fault({ kind: 'delay', ms: 3_000, forMs: 60_000 });
    expect((await scene.push(hub, ...codes)).status).toBe(200);
    await eventually(() => expect(scene.partner.requests().length).toBeGreaterThan(0));
    expect(scene.partner.requests().length).toBeLessThan(codes.length);
    await scene.kill(hub);
    await scene.partner.clearFaults();
    await scene.start();
    await delivered(scene, codes);
  });

  at('sent: what the partner took and nobody heard of is not told twice', async (scene) => {
    const hub = await scene.start();
    await scene.partner.fault({ kind: 'delay', ms: 60_000, times: 1 });
    await scene.push(hub, CODE);
    await delivered(scene, [CODE]);
    await scene.kill(hub);
    await scene.start();
    await eventually(async () => expect(await stateOf(scene, CODE)).toBe('delivered'));
    expect(scene.taken()).toEqual({ [CODE]: 1 });
    // It was asked again, under the same key.
    expect(scene.partner.requests().length).toBeGreaterThan(1);
  });

  at('acknowledged: what the partner answered and was not noted is not told twice', async (scene) => {
    const hub = await scene.start();
    await scene.database.query('BEGIN; LOCK TABLE attempts IN EXCLUSIVE MODE');
    await scene.push(hub, CODE);
    await delivered(scene, [CODE]);
    await waitsForALock(scene.database);
    await scene.kill(hub);
    // Its session ends with it, as when a machine fails.
    await endSessions(scene.database);
    await scene.database.query('COMMIT');
    await scene.start();
    await eventually(async () => expect(await stateOf(scene, CODE)).toBe('delivered'));
    expect(scene.taken()).toEqual({ [CODE]: 1 });
  });

  at(
    'a hub that is stopped in mid-run and started anew, as in an upgrade, completes what was queued',
    async (scene) => {
      const hub = await scene.start();
      const codes = Array.from({ length: 200 }, (_, n) => `H60.01-250812-${2_000 + n}`);
      await scene.partner.fault({ kind: 'delay', ms: 200, forMs: 2_000 });
      expect((await scene.push(hub, ...codes)).status).toBe(200);
      await eventually(() => expect(scene.partner.ledger.count()).toBeGreaterThan(0));
      hub.child.kill('SIGTERM');
      expect(await hub.ended).toBe(0);
      expect(scene.partner.ledger.count()).toBeLessThan(codes.length);
      await scene.start();
      await delivered(scene, codes);
      expect(scene.partner.ledger.repeats()).toBe(0);
    },
  );
});

/** `expect.poll` does not know concurrent tests. */
function eventually(check: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: 40_000, interval: 50 });
}

/** A foreign statement waits before our lock. */
async function waitsForALock(database: pg.Client): Promise<void> {
  await eventually(async () => {
    // A transaction sees the activity of its first look, unless it clears the snapshot.
    await database.query('SELECT pg_stat_clear_snapshot()');
    const waiting = await database.query(
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    expect(waiting.rowCount).toBeGreaterThan(0);
  });
}

async function endSessions(database: pg.Client): Promise<void> {
  await database.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  );
}

async function stateOf({ database }: Scene, code: string): Promise<string | undefined> {
  const { rows } = await database.query('SELECT state FROM deliveries WHERE subject = $1', [code]);
  return rows[0]?.state;
}
