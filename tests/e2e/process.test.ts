import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { dossier } from '../support/hub.ts';
import { startLienthong } from '../support/lienthong.ts';
import { type HubProcess, startHubProcess, testFolder } from '../support/process.ts';

const SECRET = 'e2e-secret-of-the-one-stop-system';

describe('the hub as a process', () => {
  const folder = testFolder({
    keys: [
      { id: 'one-stop', secret: '${ONE_STOP_KEY}', scopes: ['dossier:write'], party: 'one-stop' },
      { id: 'portal', secret: 'e2e-secret-of-the-portal', scopes: ['index:read'] },
    ],
    parties: { 'one-stop': { adapter: 'one-stop' } },
  });
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let hub: HubProcess;
  const env = () => ({
    DATABASE_URL: database.url,
    HUB_SECRET: 'a-secret-of-the-tests-that-is-long-enough',
    HUB_CONFIG: folder.configPath,
    ONE_STOP_KEY: SECRET,
    ...(process.env.REDIS_URL && { REDIS_URL: process.env.REDIS_URL }),
  });

  beforeAll(async () => {
    database = await testDatabase();
    hub = await startHubProcess(env());
  });
  afterAll(async () => {
    hub.child.kill('SIGKILL');
    await hub.ended;
    await database.drop();
    folder.remove();
  });

  const push = (body: string | Buffer, headers: Record<string, string> = {}) =>
    send(`${hub.url}/api/v1/parties/one-stop/dossiers`, body, {
      Authorization: `Bearer ${SECRET}`,
      'Content-Type': 'application/json',
      ...headers,
    });
  const read = async (code: string) =>
    (
      await fetch(`${hub.url}/api/v1/dossiers/${code}`, {
        headers: { Authorization: 'Bearer e2e-secret-of-the-portal' },
      })
    ).status;

  test('a body of 21 MiB gets 413 over a real connection, with a length or not, and the process lives', async () => {
    const large = Buffer.alloc(21 * 1024 * 1024, 0x20);
    expect(await push(large)).toMatchObject({ status: 413 });
    expect(await push(large, { 'Transfer-Encoding': 'chunked' })).toMatchObject({ status: 413 });
    expect((await fetch(`${hub.url}/health/ready`)).status).toBe(200);
  });

  test('an array of 1,000 large dossiers is stored, and others get answers meanwhile', async () => {
    const many = Array.from({ length: 1_000 }, (_, n) =>
      dossier({ code: `H60.01-250812-${String(n).padStart(4, '0')}`, note: 'Ghi chú '.repeat(500) }),
    );
    const taken = push(JSON.stringify(many));
    const meanwhile = await Promise.all(
      Array.from({ length: 20 }, () => fetch(`${hub.url}/health/live`).then((reply) => reply.status)),
    );
    expect(meanwhile.every((status) => status === 200)).toBe(true);
    const { status, body } = await taken;
    expect(status).toBe(200);
    expect(
      JSON.parse(body).results.filter((result: { outcome: string }) => result.outcome === 'accepted'),
    ).toHaveLength(1_000);
  });

  test('after a kill under load and a restart it has every dossier that it acknowledged', async () => {
    const acknowledged: string[] = [];
    let stopped = false;
    const load = Promise.all(
      Array.from({ length: 8 }, async (_, client) => {
        for (let n = 0; !stopped; n++) {
          const code = `H60.0${client + 1}-250813-${String(n).padStart(4, '0')}`;
          const reply = await push(JSON.stringify(dossier({ code }))).catch(() => undefined);
          if (reply === undefined) return;
          if (reply.status === 201) acknowledged.push(code);
        }
      }),
    );
    await expect.poll(() => acknowledged.length, { timeout: 60_000 }).toBeGreaterThan(200);
    hub.child.kill('SIGKILL');
    expect(await hub.ended).toBe('SIGKILL');
    stopped = true;
    await load;
    hub = await startHubProcess(env());
    const { items } = await missing(acknowledged);
    expect(items).toEqual([]);
  });

  test('SIGTERM drains: requests under way get answers, and the exit code is 0', async () => {
    const last = Array.from({ length: 20 }, (_, n) =>
      push(JSON.stringify(dossier({ code: `H60.01-250814-${String(n).padStart(4, '0')}` }))),
    );
    await Promise.race(last);
    hub.child.kill('SIGTERM');
    const replies = await Promise.allSettled(last);
    expect(await hub.ended).toBe(0);
    hub = await startHubProcess(env());
    expect(replies.map((reply) => (reply.status === 'fulfilled' ? reply.value.status : reply.reason))).toEqual(
      Array(20).fill(201),
    );
    for (const n of replies.keys()) expect(await read(`H60.01-250814-${String(n).padStart(4, '0')}`)).toBe(200);
  });

  test('SIGTERM answers a reader that waits for changes, at once and whole', async () => {
    const headers = { Authorization: 'Bearer e2e-secret-of-the-portal' };
    const ask = async (query: string) =>
      (await fetch(`${hub.url}/api/v1/changes?${query}`, { headers })).json() as Promise<{
        items: unknown[];
        next: string;
      }>;
    let page = await ask('limit=200');
    while (page.items.length > 0) page = await ask(`limit=200&cursor=${page.next}`);
    const waiting = ask(`wait=30&cursor=${page.next}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    hub.child.kill('SIGTERM');
    expect(await waiting).toEqual({ items: [], next: page.next });
    expect(await hub.ended).toBe(0);
    expect(hub.lines.filter((line) => line.level === 'error')).toEqual([]);
    hub = await startHubProcess(env());
  });

  test('SIGTERM ends a hub with exit code 0 despite a silent partner and unfinished requests', async () => {
    let calls = 0;
    const silent = createServer(() => calls++).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const routed = testFolder({
      keys: [{ id: 'one-stop', secret: SECRET, scopes: ['dossier:write'], party: 'one-stop' }],
      parties: {
        'one-stop': { adapter: 'one-stop' },
        silent: { adapter: 'one-stop', settings: { baseUrl: `http://127.0.0.1:${port}` } },
      },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['silent'] }],
    });
    const beside = await startHubProcess({ ...env(), HUB_CONFIG: routed.configPath });
    onTestFinished(() => void beside.child.kill('SIGKILL'));
    const url = `${beside.url}/api/v1/parties/one-stop/dossiers`;
    const headers = { Authorization: `Bearer ${SECRET}`, 'Content-Type': 'application/json' };
    await send(url, JSON.stringify(dossier({ code: 'H60.01-250815-0001' })), headers);
    await expect.poll(() => calls, { timeout: 60_000 }).toBe(1);
    const endless = request(url, { method: 'POST', headers: { ...headers, 'Content-Length': '1000' } });
    endless.on('error', () => undefined).write('{');
    const stream = request(url, { method: 'POST', headers: { ...headers, 'Content-Type': 'application/x-ndjson' } });
    const answered = once(stream, 'response');
    for (let n = 0; n < 600; n++) stream.write(`${JSON.stringify(dossier({ code: `H60.01-250816-${1_000 + n}` }))}\n`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const startedMs = performance.now();
    beside.child.kill('SIGTERM');
    const [refusal] = (await answered) as [IncomingMessage];
    expect([refusal.statusCode, refusal.headers['retry-after']]).toEqual([503, '5']);
    expect(JSON.parse((await refusal.toArray()).join(''))).toMatchObject({
      detail: expect.stringMatching(/^the hub is stopping; the first 500 items are stored under the receipt /),
      receipt: expect.any(String),
      held: 500,
    });
    expect(await beside.ended).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    expect(beside.lines.filter((line) => line.level === 'error')).toEqual([]);
    silent.closeAllConnections();
    silent.close();
    routed.remove();
  });

  test('a secret that does not open the stored data stops the start, unless the right one is given too', async () => {
    const HUB_SECRET = 'another-secret-of-the-tests-that-is-long-enough';
    const refused = startHubProcess({ ...env(), HUB_SECRET });
    await expect(refused).rejects.toThrow(/ended with 1.* of the newest \d+ messages .*HUB_SECRET_OLD/s);
    // The line that it listens appears at every log level.
    const LOG_LEVEL = 'fatal';
    const beside = await startHubProcess({ ...env(), HUB_SECRET, HUB_SECRET_OLD: env().HUB_SECRET, LOG_LEVEL });
    beside.child.kill('SIGTERM');
    expect(await beside.ended).toBe(0);
  });

  test('unusable settings stop the start with every problem at once, and exit code 2', async () => {
    const broken = testFolder({
      parties: { x: { adapter: 'nowhere' } },
      routes: [{ from: 'y', operation: 'dossier.upsert.v1', to: ['x'] }],
      colour: 'red',
    });
    const started = startHubProcess({ ...env(), HUB_CONFIG: broken.configPath, HUB_SECRET: 'short', PORT: 'eighty' });
    const error = await started.then(
      () => '',
      (reason: Error) => reason.message,
    );
    for (const part of ['HUB_SECRET', 'PORT', 'colour']) expect(error).toContain(part);
    expect(error).toContain('ended with 2');
    broken.remove();
  });

  async function missing(codes: readonly string[]): Promise<{ items: string[] }> {
    const statuses = await Promise.all(codes.map(async (code) => [code, await read(code)] as const));
    return { items: statuses.filter(([, status]) => status !== 200).map(([code]) => code) };
  }
});

/** `fetch` gives up when it is refused while it still sends; a plain client reads the refusal. */
function send(
  url: string,
  body: string | Buffer,
  headers: Record<string, string>,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const length = headers['Transfer-Encoding'] ? {} : { 'Content-Length': Buffer.byteLength(body) };
    // A separate connection, so that everything read on it belongs to this request.
    const outgoing = request(url, { method: 'POST', agent: false, headers: { ...length, ...headers } }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk) => chunks.push(chunk));
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    });
    outgoing.on('error', reject);
    // Refused while it still sends: after the answer the end of the connection is expected.
    outgoing.on('socket', (socket) => socket.on('error', () => undefined));
    outgoing.end(body);
  });
}

test('without settings, and with a private data folder, it starts repeatedly on its database', async () => {
  // As root, PostgreSQL runs as another user, which cannot enter. Its files are elsewhere then.
  const folder = testFolder({});
  onTestFinished(folder.remove);
  const env = { HUB_DATA_DIR: join(folder.path, 'data'), HUB_CONFIG: folder.configPath };
  for (const made of [1, 0]) {
    const hub = await startHubProcess(env);
    const { dataDir } = await hub.said('embedded PostgreSQL started');
    for (const part of made ? ['', '.asked', '.password', '.log'] : [])
      onTestFinished(() => rm(`${dataDir}${part}`, { recursive: true, force: true }));
    expect(hub.lines.filter(({ msg }) => msg === 'created the embedded PostgreSQL data folder')).toHaveLength(made);
    hub.child.kill('SIGTERM');
    expect(await hub.ended).toBe(0);
  }
  const { out } = await startLienthong(['doctor'], env, folder.path).ended;
  expect(out).toContain('its tables are of this version');
});
