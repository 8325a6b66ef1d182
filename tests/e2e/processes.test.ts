import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { SAMPLES } from '../../adapters/national-portal/simulator/catalogue.ts';
import { nationalPortal } from '../../adapters/national-portal/simulator/portal.ts';
import { type Simulator, startSimulator } from '../../src/kit/testing/simulator/simulator.ts';
import { freePort } from '../../src/play/stage/ports.ts';
import { testDatabase } from '../support/database.ts';
import { dossier } from '../support/hub.ts';
import { type HubProcess, startHubProcess, testFolder } from '../support/process.ts';

const WRITER = 'e2e-secret-of-the-one-stop-system';
const HANDED_OVER_WITHIN_MS = 10_000;
const hasRedis = spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;
const without = 'skipped: no redis-server';

/** The portal with a log of the time of each call. Services in `silent` never answer. */
function watchedPortal() {
  const portal = nationalPortal({ catalogue: SAMPLES });
  const asked: { readonly service: string; readonly atMs: number }[] = [];
  const silent = new Set<string>();
  const routes = portal.routes.map((route) => ({
    ...route,
    async handle(...[request, means]: Parameters<typeof route.handle>) {
      const service = String((request.json() as { service?: unknown }).service);
      asked.push({ service, atMs: performance.now() });
      const reply = await route.handle(request, means);
      return silent.has(service) ? new Promise<never>(() => undefined) : reply;
    },
  }));
  const count = (service: string): number => asked.filter((one) => one.service === service).length;
  return { definition: { ...portal, routes }, asked, silent, count };
}

describe('several processes on one database', () => {
  const portal = watchedPortal();
  const running: HubProcess[] = [];
  let partner: Simulator;
  let own: Awaited<ReturnType<typeof testDatabase>>;
  let database: pg.Client;
  let folder: ReturnType<typeof testFolder>;
  let redis: ChildProcess | undefined;
  let redisPort = 0;
  let api: HubProcess;
  let owner: HubProcess;

  beforeAll(async () => {
    partner = await startSimulator(portal.definition);
    own = await testDatabase();
    database = new pg.Client({ connectionString: own.url });
    database.on('error', () => undefined);
    await database.connect();
    if (hasRedis) {
      redisPort = await freePort('127.0.0.1', 0);
      redis = await startRedis(redisPort);
    }
    folder = testFolder({
      keys: [{ id: 'writer', secret: WRITER, scopes: ['dossier:write'], party: 'writer' }],
      parties: {
        writer: { adapter: 'one-stop' },
        portal: {
          adapter: 'national-portal',
          settings: { adapterUrl: partner.url, username: 'h60', password: 'x', dstcode: 'VN', madonvi: 'H60' },
          pull: { catalogue: '*/2 * * * * *' },
        },
      },
      routes: [{ from: 'writer', operation: 'dossier.upsert.v1', to: ['portal'] }],
    });
    [api, owner] = (await Promise.all([start('api'), start('worker,scheduler')])) as [HubProcess, HubProcess];
    await vi.waitFor(() => expect(portal.count('LayDanhMucLinhVuc')).toBeGreaterThan(0), { timeout: 60_000 });
  });
  afterAll(async () => {
    for (const { child, ended } of running) {
      child.kill('SIGKILL');
      await ended;
    }
    redis?.kill('SIGKILL');
    await database.end();
    await own.drop();
    await partner.close();
    folder.remove();
  });

  async function start(roles: string): Promise<HubProcess> {
    const hub = await startHubProcess({
      DATABASE_URL: own.url,
      HUB_SECRET: 'a-secret-of-the-tests-that-is-long-enough',
      HUB_CONFIG: folder.configPath,
      HUB_ROLES: roles,
      HUB_RETRY_DELAYS_S: Array(30).fill('0.5').join(','),
      ...(redis && { REDIS_URL: `redis://127.0.0.1:${redisPort}` }),
    });
    running.push(hub);
    return hub;
  }

  let serial = 0;
  async function push(count: number): Promise<readonly string[]> {
    const codes = Array.from({ length: count }, () => `H60.01-250812-${String(++serial).padStart(4, '0')}`);
    const reply = await fetch(`${api.url}/api/v1/parties/writer/dossiers`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${WRITER}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(codes.map((code) => dossier({ code }))),
    });
    expect(reply.status).toBe(200);
    return codes;
  }

  const undelivered = async (codes: readonly string[]): Promise<number> =>
    (await database.query("SELECT 1 FROM deliveries WHERE subject = ANY($1) AND state <> 'delivered'", [codes]))
      .rowCount as number;
  const deliveredWithin = async (codes: readonly string[], timeout: number): Promise<void> => {
    await expect.poll(() => undelivered(codes), { timeout, interval: 50 }).toBe(0);
    const taken = new Map(partner.ledger.entries().map(({ key, count }) => [key, count]));
    expect(codes.map((code) => taken.get(code))).toEqual(codes.map(() => 1));
  };

  test("a killed process's pull and delivery are finished by another one within ten seconds", async () => {
    portal.silent.add('LayDanhSachTTHC').add('DongBoHoSoMC');
    const lists = portal.count('LayDanhSachTTHC');
    const codes = await push(1);
    await expect.poll(() => portal.count('LayDanhSachTTHC'), { timeout: 60_000 }).toBe(lists + 1);
    await expect.poll(() => portal.count('DongBoHoSoMC'), { timeout: 60_000 }).toBe(1);
    await Promise.all([start('worker,scheduler'), start('worker,scheduler')]);
    portal.silent.clear();
    expect([portal.count('LayDanhSachTTHC'), portal.count('DongBoHoSoMC')]).toEqual([lists + 1, 1]);
    owner.child.kill('SIGKILL');
    const killedMs = performance.now();
    await expect
      .poll(() => portal.count('LayDanhSachTTHC'), { timeout: 2 * HANDED_OVER_WITHIN_MS, interval: 20 })
      .toBeGreaterThan(lists + 1);
    expect(performance.now() - killedMs).toBeLessThan(HANDED_OVER_WITHIN_MS);
    await deliveredWithin(codes, HANDED_OVER_WITHIN_MS - (performance.now() - killedMs));
    // The hub looked it up, and did not send it again.
    expect(portal.count('DongBoHoSoMC')).toBe(1);
  });

  test('a process without the role api has only probes and metrics, and logs their address', async () => {
    const codes = await push(5);
    await deliveredWithin(codes, 10_000);
    const workers = running.filter(({ lines }) => lines.some(({ roles }) => String(roles) === 'worker,scheduler'));
    expect(workers.length).toBeGreaterThan(0);
    for (const { url, child } of workers.filter(({ child }) => child.exitCode === null && child.signalCode === null)) {
      const statusOf = async (path: string) => (await fetch(url + path)).status;
      expect([child.pid, await statusOf('/health/live'), await statusOf('/health/ready')]).toEqual([
        child.pid,
        200,
        200,
      ]);
      expect(await (await fetch(`${url}/metrics`)).text()).toContain('hub_attempts_total');
      for (const path of ['/', '/api/v1/dossiers', '/openapi.json', '/console'])
        expect([path, await statusOf(path)]).toEqual([path, 404]);
    }
  });

  test('no schedule runs twice with three processes that check it each second', async () => {
    owner = await start('worker,scheduler');
    const from = portal.asked.length;
    await new Promise((resolve) => setTimeout(resolve, 7_000));
    const times = portal.asked
      .slice(from)
      .filter(({ service }) => service === 'LayDanhSachTTHC')
      .map(({ atMs }) => performance.timeOrigin + atMs);
    expect(times.length).toBeGreaterThanOrEqual(2);
    const slots = times.map((time) => Math.floor(time / 2_000));
    expect(new Set(slots).size).toBe(slots.length);
  });

  test.skipIf(!hasRedis)(
    `all notifications lost by FLUSHALL in mid-run are made up for within ten seconds${hasRedis ? '' : ` (${without})`}`,
    async () => {
      const codes: string[] = [];
      for (let times = 0; times < 5; times++) {
        codes.push(...(await push(20)));
        spawnSync('redis-cli', ['-p', String(redisPort), 'FLUSHALL']);
      }
      await deliveredWithin(codes, 10_000);
    },
  );

  test.skipIf(!hasRedis)(
    `without Redis, and after its return without data, everything is delivered within ten seconds${hasRedis ? '' : ` (${without})`}`,
    async () => {
      redis?.kill('SIGKILL');
      await once(redis as ChildProcess, 'exit');
      await deliveredWithin(await push(30), 10_000);
      redis = await startRedis(redisPort);
      await deliveredWithin(await push(30), 10_000);
    },
  );
});

async function startRedis(port: number): Promise<ChildProcess> {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const server = spawn('redis-server', args, { stdio: 'ignore', cwd: '/' });
  const ping = () => spawnSync('redis-cli', ['-p', String(port), 'PING'], { encoding: 'utf8' }).stdout;
  await vi.waitFor(() => expect(ping()).toContain('PONG'), { timeout: 60_000 });
  return server;
}
