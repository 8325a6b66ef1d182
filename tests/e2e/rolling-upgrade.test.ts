import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { dossier } from '../support/hub.ts';
import { type HubProcess, startHubProcess, testFolder } from '../support/process.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SENDER = 'e2e-secret-of-the-one-stop-system';
const CLIENTS = 4;
/** Requests of each client between two steps of the upgrade. */
const BETWEEN = 25;

/**
 * OLDER_BUILD names the folder of an older build: it is upgraded to this one. Without it, this build is the older one, and
 * the newer one is a copy with a further migration.
 */
describe('two nodes of an older version under load', () => {
  let subscriber: Awaited<ReturnType<typeof startSubscriber>>;
  let folder: ReturnType<typeof testFolder>;
  let database: TestDatabase;
  let pool: pg.Pool;
  const hubs: HubProcess[] = [];

  beforeAll(async () => {
    subscriber = await startSubscriber();
    folder = testFolder({
      keys: [{ id: 'one-stop', secret: SENDER, scopes: ['dossier:write'], party: 'one-stop' }],
      parties: {
        'one-stop': { adapter: 'one-stop' },
        portal: {
          adapter: 'webhook-subscriber',
          settings: { url: subscriber.url, secrets: ['a-secret-of-the-subscriber-2026'] },
          budget: { callsPerSecond: 1_000, concurrency: 8 },
        },
      },
      routes: ['dossier.upsert.v1', 'dossier.progress.v1'].map((operation) => ({
        from: 'one-stop',
        operation,
        to: ['portal'],
      })),
    });
    database = await testDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 2 });
    pool.on('error', () => undefined);
  });
  afterAll(async () => {
    for (const { child } of hubs) child.kill('SIGKILL');
    await Promise.all(hubs.map(({ ended }) => ended));
    await pool.end();
    await database.drop();
    subscriber.close();
    folder.remove();
  });

  const env = () => ({
    DATABASE_URL: database.url,
    HUB_SECRET: 'a-secret-of-the-tests-that-is-long-enough',
    HUB_CONFIG: folder.configPath,
  });
  const start = async (build: string): Promise<HubProcess> => {
    const hub = await startHubProcess(env(), { build });
    hubs.push(hub);
    return hub;
  };

  test('are replaced one after the other: no request fails, nothing is lost, and the older version may return', async () => {
    const older = process.env.OLDER_BUILD ?? ROOT;
    const newer = process.env.OLDER_BUILD === undefined ? nextBuild(join(folder.path, 'next')) : ROOT;
    const nodes = [await start(older), await start(older)];
    const proxy = await startProxy(() => nodes.map(({ url }) => Number(new URL(url).port)));
    const load = startLoad(proxy.port);
    await load.more();
    for (const [at, node] of [...nodes].entries()) {
      node.child.kill('SIGTERM');
      expect(await node.ended).toBe(0);
      nodes[at] = await start(newer);
      await load.more();
    }
    expect(nodes[0]?.lines.some(({ msg }) => msg === 'migrated')).toBe(true);
    // The way back: the older version finds tables of the newer one.
    if (process.env.OLDER_BUILD === undefined) {
      nodes.push(await start(older));
      await load.more();
      expect(nodes[2]?.lines).toContainEqual(expect.objectContaining({ newer: ['999-of-tomorrow'] }));
    }
    const { acknowledged, failures } = await load.end();
    proxy.close();

    expect(failures).toEqual([]);
    const { rows } = await pool.query<{ code: string }>('SELECT code FROM dossiers ORDER BY code');
    expect(rows.map(({ code }) => code)).toEqual([...acknowledged].sort());
    await expect.poll(() => [...subscriber.received].sort(), { timeout: 120_000 }).toEqual([...acknowledged].sort());
  });
});

/** A build of these sources with a further migration, on whose tables an older version may run. */
function nextBuild(folder: string): string {
  for (const part of ['bin', 'scripts', 'adapters', 'mappings', 'schemas', 'src', 'package.json'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const insert = (file: string, after: RegExp, entry: string): void => {
    const path = join(folder, 'src/database', file);
    const text = readFileSync(path, 'utf8');
    expect(text, file).toMatch(after);
    writeFileSync(path, text.replace(after, `$&${entry}`));
  };
  insert(
    'migrate.ts',
    /export const MIGRATIONS = \{/,
    `'999-of-tomorrow': { up: (db) => sql\`ALTER TABLE dossiers ADD COLUMN of_tomorrow text\`.execute(db) },`,
  );
  insert(
    'migration-notes.ts',
    /export const MIGRATION_NOTES[^=]*= \{/,
    `'999-of-tomorrow': { change: 'A further column.' },`,
  );
  execFileSync(process.execPath, [join(folder, 'scripts', 'build.mjs')]);
  return folder;
}

/** Sends each connection to the next node that was ready half a second ago, and past a node that does not listen. */
async function startProxy(portsNow: () => readonly number[]): Promise<{ port: number; close(): void }> {
  const unready = new Set<number>();
  const look = async (port: number): Promise<void> => {
    const reply = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => undefined);
    if (reply?.ok) unready.delete(port);
    else unready.add(port);
  };
  const looking = setInterval(() => portsNow().forEach((port) => void look(port)), 500);
  let turn = 0;
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (near) => {
    near.on('error', () => undefined);
    const ports = portsNow().filter((port) => !unready.has(port));
    const first = turn++;
    const tryPort = (tried: number): void => {
      if (tried === ports.length) return void near.destroy();
      const far = net.connect({
        port: ports[(first + tried) % ports.length] as number,
        host: '127.0.0.1',
        allowHalfOpen: true,
      });
      const refused = (): void => tryPort(tried + 1);
      far.once('error', refused);
      far.once('connect', () => {
        far.off('error', refused).on('error', () => near.destroy());
        near.pipe(far).pipe(near);
      });
    };
    tryPort(0);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      clearInterval(looking);
      server.close();
    },
  };
}

/** Clients that push one dossier after the other, each over a connection of its own. */
function startLoad(port: number) {
  const acknowledged = new Set<string>();
  const failures: string[] = [];
  let sent = 0;
  let isEnding = false;
  const client = async (): Promise<void> => {
    while (!isEnding) {
      const code = `H60.01-250812-${String(++sent).padStart(4, '0')}`;
      const answer = await push(port, code).catch((error: Error) => error.message);
      if (answer === 'accepted') acknowledged.add(code);
      else failures.push(`${code}: ${answer}`);
      await sleep(5);
    }
  };
  const clients = Promise.all(Array.from({ length: CLIENTS }, client));
  return {
    /** Waits until the clients have sent many more requests. */
    async more(): Promise<void> {
      const until = sent + CLIENTS * BETWEEN;
      await expect.poll(() => sent, { timeout: 120_000 }).toBeGreaterThanOrEqual(until);
    },
    async end() {
      isEnding = true;
      await clients;
      return { acknowledged, failures };
    },
  };
}

/** @returns the outcome of the item, or the status */
function push(port: number, code: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const path = '/api/v1/parties/one-stop/dossiers';
    const headers = { authorization: `Bearer ${SENDER}`, 'content-type': 'application/json' };
    request({ port, host: '127.0.0.1', path, method: 'POST', headers, agent: false }, (reply) => {
      let text = '';
      reply.on('data', (chunk) => {
        text += chunk;
      });
      reply.once('error', reject);
      reply.once('end', () =>
        resolve(reply.statusCode === 201 ? JSON.parse(text).results[0].outcome : `status ${reply.statusCode}`),
      );
    })
      .once('error', reject)
      .end(JSON.stringify(dossier({ code })));
  });
}

async function startSubscriber() {
  const received = new Set<string>();
  const server = createServer((message, reply) => {
    let text = '';
    message.on('data', (chunk) => {
      text += chunk;
    });
    message.once('end', () => {
      received.add(JSON.parse(text).data.code);
      reply.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return { url, received, close: () => void server.close() };
}
