import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { codeOf, dossier } from '../support/hub.ts';
import { type HubProcess, startHubProcess, testFolder } from '../support/process.ts';

const SECRET = 'e2e-secret-of-the-one-stop-system';
const PERSONAL = 'e2e-secret-of-a-reader-of-personal-data';
const MIB = 1024 * 1024;
const FILE_MIB = 200;
/** Buffers of sockets and frames that wait for the garbage collector, whatever the size of the file. */
const MOST_GROWTH_MB = 60;

/** A bus that hashes the file in each document and keeps nothing. */
async function startBus() {
  const hashes: string[] = [];
  const answer = async (request: IncomingMessage): Promise<object> => {
    if (request.url === '/token') return { access_token: 'x', token_type: 'Bearer', expires_in: 3_600 };
    hashes.push(await hashOfFile(request));
    return { Status: 200, Message: 'OK' };
  };
  const server = createServer((request, reply) => {
    reply.setHeader('Content-Type', 'application/json');
    // A killed hub breaks its calls off.
    const done = answer(request).then((body) => reply.end(JSON.stringify(body)));
    done.catch(() => reply.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise((resolve) => server.close(resolve).closeAllConnections());
  return { url: `http://127.0.0.1:${port}`, hashes, close };
}

async function hashOfFile(request: IncomingMessage): Promise<string> {
  const hash = createHash('sha256');
  let [letters, isInside] = ['', false];
  for await (const chunk of request) {
    letters += chunk.toString('latin1');
    const start = letters.indexOf('"Base64":"');
    if (!isInside && start >= 0) [letters, isInside] = [letters.slice(start + 10), true];
    if (!isInside) continue;
    const end = letters.indexOf('"');
    const whole = end < 0 ? letters.length - (letters.length % 4) : end;
    hash.update(Buffer.from(letters.slice(0, whole), 'base64'));
    letters = letters.slice(whole);
  }
  return hash.digest('hex');
}

/** A PDF by its first bytes, and then bytes that do not compress. */
function* largeFile(): Generator<Buffer> {
  for (let n = 0; n < FILE_MIB; n++) {
    const chunk = Buffer.alloc(MIB, createHash('sha512').update(String(n)).digest());
    if (n === 0) chunk.write('%PDF-1.7\n');
    yield chunk;
  }
}

describe('a hub process with files', () => {
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let bus: Awaited<ReturnType<typeof startBus>>;
  let folder: ReturnType<typeof testFolder>;
  let hub: HubProcess;
  const start = () =>
    startHubProcess({
      DATABASE_URL: database.url,
      HUB_SECRET: 'a-secret-of-the-tests-that-is-long-enough',
      HUB_CONFIG: folder.configPath,
      HUB_DATA_DIR: join(folder.path, 'data'),
    });
  beforeAll(async () => {
    [database, bus] = await Promise.all([testDatabase(), startBus()]);
    const client = { consumerKey: 'hub', consumerSecret: 'mat-ma-cua-truc' };
    folder = testFolder({
      keys: [
        { id: 'one-stop', secret: SECRET, scopes: ['dossier:write'], party: 'one-stop' },
        { id: 'reader', secret: PERSONAL, scopes: ['index:personal', 'index:read'] },
      ],
      files: { scan: false },
      parties: {
        'one-stop': { adapter: 'one-stop' },
        lgsp: {
          adapter: 'opencps-bus',
          settings: { baseUrl: bus.url, tokenUrl: `${bus.url}/token`, ...client, timeoutS: 300 },
        },
      },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['lgsp'] }],
    });
    hub = await start();
  });
  afterAll(async () => {
    hub.child.kill('SIGTERM');
    await hub.ended;
    await Promise.all([bus.close(), database.drop()]);
    folder.remove();
  });

  const send = async (path: string, body: Iterable<Buffer> | string, secret = SECRET) => {
    const reply = await fetch(`${hub.url}${path}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${secret}`, 'Content-Type': 'application/json' },
      body: (typeof body === 'string' ? body : ReadableStream.from(body)) as never,
      duplex: 'half',
    } as RequestInit);
    return { status: reply.status, body: (await reply.json()) as Record<string, string> };
  };
  const push = async (n: number, content: Iterable<Buffer>) => {
    const { body } = await send('/api/v1/parties/one-stop/files', content);
    const item = dossier({ code: codeOf(n), documents: [{ name: 'Đơn', file: body.file }] });
    expect((await send('/api/v1/parties/one-stop/dossiers', JSON.stringify(item))).status).toBe(201);
    return body.file?.slice('sha256:'.length) as string;
  };
  const peakMb = (): number =>
    Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${hub.child.pid}/status`, 'utf8'))?.[1]) / 1024;

  test.skipIf(process.platform !== 'linux')(
    `a file of ${FILE_MIB} MiB passes in and out, and the hub grows by less than ${MOST_GROWTH_MB} MB`,
    async () => {
      for (let n = 1; n <= 5; n++) await push(n, [Buffer.concat([...largeFile()].slice(0, 2)), Buffer.from([n])]);
      await expect.poll(() => bus.hashes.length, { timeout: 60_000 }).toBe(5);
      const before = peakMb();
      const sent = await push(6, largeFile());
      await expect.poll(() => bus.hashes.includes(sent), { timeout: 240_000 }).toBe(true);
      expect(peakMb() - before).toBeLessThan(MOST_GROWTH_MB);
    },
    400_000,
  );

  test('after a kill no dossier lacks its file', async () => {
    let n = 100;
    const pushing = Array.from({ length: 6 }, async () => {
      for (;;) await push(n++, [Buffer.from(`%PDF-1.4\n${n} ${'x'.repeat(200_000)}`)]);
    }).map((one) => one.catch(() => undefined));
    await expect.poll(() => n, { timeout: 60_000 }).toBeGreaterThan(130);
    hub.child.kill('SIGKILL');
    await Promise.all([hub.ended, ...pushing]);
    hub = await start();
    const headers = { Authorization: `Bearer ${PERSONAL}` };
    let found = 0;
    for (let at = 100; at < n; at++) {
      const reply = await fetch(`${hub.url}/api/v1/dossiers/${codeOf(at)}`, { headers });
      if (reply.status === 404) continue;
      const { documents } = (await reply.json()) as { documents: readonly { file: string }[] };
      const [sha256 = ''] = documents.map(({ file }) => file.slice('sha256:'.length));
      const file = await (await fetch(`${hub.url}/api/v1/files/${sha256}`, { headers })).arrayBuffer();
      expect(createHash('sha256').update(Buffer.from(file)).digest('hex')).toBe(sha256);
      found++;
    }
    expect(found).toBeGreaterThan(20);
  }, 180_000);
});
