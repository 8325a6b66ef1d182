import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import opencps from '../../adapters/opencps-bus/adapter.ts';
import simulator, { SIMULATOR_CLIENT } from '../../adapters/opencps-bus/simulator.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import { type Simulator, startSimulator } from '../../src/kit/testing/simulator/simulator.ts';
import { EICAR, startClamd } from '../support/clamd.ts';
import { codeOf, dossier, type TestHub, testHub, testPartner } from '../support/hub.ts';
import type { Json } from '../support/json.ts';

const DELAYS = [5_000, 30_000, 60_000];
const MAX_BYTES = 500_000;
const pdf = (text: string): Buffer => Buffer.from(`%PDF-1.4\n${text}\n%%EOF\n`);
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** The files of a one-stop system. */
async function startHost() {
  const calls: string[] = [];
  const answers = new Map<string, (reply: ServerResponse, request: IncomingMessage) => unknown>();
  const server = createServer((request, reply) => {
    const path = request.url ?? '';
    calls.push(path);
    const answer = answers.get(path);
    if (answer) void answer(reply, request);
    else reply.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const close = () => new Promise((resolve) => server.close(resolve).closeAllConnections());
  const serve = (path: string, bytes: Buffer) => answers.set(path, (reply) => reply.end(bytes));
  return { url, calls, answers, serve, close };
}

describe('files that a dossier names by an address', () => {
  let hub: TestHub;
  let bus: Simulator;
  let clamd: Awaited<ReturnType<typeof startClamd>>;
  let host: Awaited<ReturnType<typeof startHost>>;
  let other: Awaited<ReturnType<typeof startHost>>;
  const plain = testPartner();
  const dataDir = mkdtempSync(join(tmpdir(), 'lienthong-files-'));
  const open = (given: { databaseUrl?: string } = {}) =>
    testHub({
      ...given,
      ...{ dataDir, retryDelaysMs: DELAYS, files: { scan: clamd.url, maxBytes: MAX_BYTES } },
      partners: { lgsp: { sent: [], script: [], adapter: opencps as Adapter }, plain },
      entries: {
        'one-stop': { files: { from: [`${host.url}/tep/`] } },
        lgsp: { settings: { baseUrl: bus.url, tokenUrl: `${bus.url}/token`, ...SIMULATOR_CLIENT, timeoutS: 5 } },
      },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['lgsp', 'plain'] }],
    });
  beforeAll(async () => {
    [clamd, bus, host, other] = await Promise.all([startClamd(), startSimulator(simulator), startHost(), startHost()]);
    hub = await open();
  });
  afterAll(async () => {
    await hub.close();
    await Promise.all([clamd.close(), bus.close(), host.close(), other.close()]);
    rmSync(dataDir, { recursive: true });
  });

  const pushNaming = async (n: number, ...urls: readonly string[]) => {
    const documents = urls.map((url, at) => ({ name: `Giấy tờ ${at}`, url }));
    expect((await hub.push(dossier({ code: codeOf(n), documents }))).status).toBe(201);
  };
  const fetchAll = async (of = hub) => {
    // A party has two fetches at once.
    for (let round = 0; round < 2; round++) {
      await of.hub.fileFetcher?.run();
      await of.hub.fileFetcher?.idle();
    }
  };
  const sentTo = (n: number) => bus.ledger.entries().find(({ key }) => key === codeOf(n)) as Json | undefined;
  const sentHashes = (n: number): readonly (string | undefined)[] =>
    sentTo(n)?.content.Attachments.map(({ Base64 }: Json) => Base64 && sha256(Buffer.from(Base64, 'base64')));
  const incidents = async () =>
    (await hub.hub.database.pool.query(`SELECT cause FROM incidents WHERE kind = 'file-fetch' AND closed_at IS NULL`))
      .rows;
  const statesOf = async (n: number) =>
    (
      await hub.hub.database.pool.query('SELECT state FROM file_fetches WHERE code = $1 ORDER BY id', [codeOf(n)])
    ).rows.map(({ state }) => state);

  test('a partner that gets bytes waits for them, and one that gets addresses does not', async () => {
    const file = pdf('từ địa chỉ '.repeat(10_000));
    host.serve('/tep/1.pdf?sig=a', file);
    await pushNaming(1, `${host.url}/tep/1.pdf?sig=a`);
    await hub.deliver();
    expect(sentTo(1)).toBeUndefined();
    expect(plain.sent.filter(({ code }) => code === codeOf(1))).toHaveLength(1);
    await fetchAll();
    hub.clock.nowMs += 6_000;
    await hub.deliver();
    expect(sentHashes(1)).toEqual([sha256(file)]);
    const reply = await hub.request('GET', `/api/v1/files/${sha256(file)}`, 'one-stop');
    expect(reply.status).toBe(200);
    const { rows } = await hub.hub.database.pool.query('SELECT url FROM file_fetches WHERE code = $1', [codeOf(1)]);
    expect(rows[0].url.toString('latin1')).not.toContain('tep');
  });

  test('a late record that adds a document has it fetched', async () => {
    const at = (hour: number) => ({ status: 'processing', statusAt: `2025-08-19T${hour}:00:00+07:00` });
    host.serve('/tep/40.pdf', pdf('đơn'));
    await hub.push(dossier({ code: codeOf(40), ...at(14) }));
    const documents = [{ name: 'Đơn', url: `${host.url}/tep/40.pdf` }];
    const { results } = await hub.push(dossier({ code: codeOf(40), ...at(10), documents }));
    expect(results).toMatchObject([{ outcome: 'stale' }]);
    expect((await hub.read(`/api/v1/dossiers/${codeOf(40)}`)).body.documents).toMatchObject([{ name: 'Đơn' }]);
    await fetchAll();
    expect(await statesOf(40)).toEqual(['stored']);
  });

  test('an address outside the settings is never called, and passes unchanged', async () => {
    const url = `${other.url}/tep/2.pdf`;
    await pushNaming(2, url, `${host.url}/khac/2.pdf`, 'http://169.254.169.254/tep/');
    await fetchAll();
    await hub.deliver();
    expect(await statesOf(2)).toEqual([]);
    expect([...other.calls, ...host.calls].filter((path) => path.includes('2.pdf'))).toEqual([]);
    const records = plain.sent.filter(({ code }) => code === codeOf(2)).map(({ record }) => record as Json);
    expect(records.map(({ documents }) => documents[0])).toEqual([{ name: 'Giấy tờ 0', url }]);
  });

  test('a redirect leads to an allowed address, and to no other', async () => {
    const file = pdf('sau chuyển hướng');
    host.serve('/tep/dich.pdf', file);
    host.answers.set('/tep/3.pdf', (reply) => reply.writeHead(302, { Location: 'dich.pdf' }).end());
    other.serve('/tep/3.pdf', pdf('nơi khác'));
    host.answers.set('/tep/3b.pdf', (reply) => reply.writeHead(302, { Location: `${other.url}/tep/3.pdf` }).end());
    await pushNaming(3, `${host.url}/tep/3.pdf`, `${host.url}/tep/3b.pdf`);
    await fetchAll();
    expect(await statesOf(3)).toEqual(['stored', 'failed']);
    expect(other.calls).toEqual([]);
    expect(await incidents()).toEqual([
      {
        cause: `a file of ${codeOf(3)} cannot be fetched: ${new URL(other.url).host} is not among the addresses of files.from`,
      },
    ]);
    hub.clock.nowMs += 6_000;
    await hub.deliver();
    expect(sentHashes(3)).toEqual([sha256(file), undefined]);
  });

  test('a file that is infected, too large or of another type is not stored, and operators learn of it', async () => {
    host.serve('/tep/virus.pdf', pdf(EICAR));
    host.serve('/tep/lon.pdf', pdf('x'.repeat(MAX_BYTES)));
    host.serve('/tep/la.bin', Buffer.from([0, 1, 2, 3]));
    await pushNaming(4, ...['virus.pdf', 'lon.pdf', 'la.bin'].map((name) => `${host.url}/tep/${name}`));
    await fetchAll();
    expect(await statesOf(4)).toEqual(['failed', 'failed', 'failed']);
    hub.clock.nowMs += 6_000;
    await hub.deliver();
    expect(sentHashes(4)).toEqual([undefined, undefined, undefined]);
  });

  test('a host that is away or breaks off is asked again, and its last failure is not the end', async () => {
    const file = pdf('đến muộn '.repeat(20_000));
    const path = '/tep/5.pdf';
    host.answers.set(path, (reply) => reply.writeHead(503).end());
    await pushNaming(5, `${host.url}${path}`);
    await fetchAll();
    expect(await statesOf(5)).toEqual(['due']);
    await fetchAll();
    expect(host.calls.filter((call) => call === path)).toHaveLength(1);
    hub.clock.nowMs += DELAYS[0] as number;
    host.answers.set(path, (reply) => {
      reply.writeHead(200, { 'Content-Length': String(file.length) });
      reply.write(file.subarray(0, 1_000), () => setTimeout(() => reply.destroy(), 20));
    });
    await fetchAll();
    expect(await statesOf(5)).toEqual(['due']);
    hub.clock.nowMs += DELAYS[1] as number;
    host.serve(path, file);
    await fetchAll();
    expect(await statesOf(5)).toEqual(['stored']);
    hub.clock.nowMs += 8 * 86_400_000;
    host.serve('/tep/6.pdf', pdf('sáu'));
    await pushNaming(6, `${host.url}/tep/6.pdf`);
    await fetchAll();
    expect(await incidents()).toEqual([]);
  });

  test('a file whose storing the database did not answer stays stored', async () => {
    host.serve('/tep/8.pdf', pdf('mất câu trả lời'));
    await pushNaming(8, `${host.url}/tep/8.pdf`);
    const { pool } = hub.hub.database;
    const connect = pool.connect.bind(pool) as (...asked: unknown[]) => Promise<pg.PoolClient>;
    const spy = vi.spyOn(pool, 'connect').mockImplementation((async (...asked: unknown[]) => {
      const client = await connect(...asked);
      // Of pool.query, which gives a callback.
      if (asked.length > 0) return client;
      const query = client.query.bind(client) as (...asked: unknown[]) => Promise<unknown>;
      let isStored = false;
      client.query = (async (...asked: unknown[]) => {
        const reply = await query(...asked);
        if (isStored && asked[0] === 'COMMIT') {
          client.query = query as typeof client.query;
          throw new Error('Connection terminated unexpectedly');
        }
        isStored ||= (asked[0] as { name?: string }).name === 'note fetched';
        return reply;
      }) as typeof client.query;
      return client;
    }) as typeof pool.connect);
    await fetchAll().finally(() => spy.mockRestore());
    expect(await statesOf(8)).toEqual(['stored']);
  });

  test('a file stays stored when the health of its party cannot be read', async () => {
    host.serve('/tep/9.pdf', pdf('chưa biết'));
    await pushNaming(9, `${host.url}/tep/9.pdf`);
    const { pool } = hub.hub.database;
    const ask = pool.query.bind(pool) as (...asked: unknown[]) => Promise<unknown>;
    const spy = vi.spyOn(pool, 'query').mockImplementation((async (...asked: unknown[]) => {
      if ((asked[0] as { name?: string }).name === 'has failed fetch') throw new Error('canceling statement');
      return ask(...asked);
    }) as unknown as typeof pool.query);
    await fetchAll().finally(() => spy.mockRestore());
    expect(await statesOf(9)).toEqual(['stored']);
  });

  test('a fetch that a stopped process began is done by another one', async () => {
    const file = pdf('dừng giữa chừng '.repeat(5_000));
    let began = 0;
    host.answers.set('/tep/7.pdf', (reply) => {
      began++;
      reply.writeHead(200, { 'Content-Length': String(file.length) }).write(file.subarray(0, 1_000));
    });
    // This host takes the question and does not answer.
    host.answers.set('/tep/7-im-lang.pdf', () => void began++);
    await pushNaming(7, `${host.url}/tep/7.pdf`, `${host.url}/tep/7-im-lang.pdf`);
    await hub.hub.fileFetcher?.run();
    await expect.poll(() => began).toBe(2);
    hub.hub.fileFetcher?.stop();
    const ended = hub.hub.fileFetcher?.idle().then(() => 'ended');
    // Far below the minute after which a silent host is given up.
    expect(await Promise.race([ended, sleep(20_000, 'still waiting')])).toBe('ended');
    expect(await statesOf(7)).toEqual(['due', 'due']);
    host.serve('/tep/7-im-lang.pdf', file);
    host.serve('/tep/7.pdf', file);
    const second = await open({ databaseUrl: hub.databaseUrl });
    try {
      second.clock.nowMs = hub.clock.nowMs;
      await fetchAll(second);
      expect(await statesOf(7)).toEqual(['due', 'due']);
      second.clock.nowMs += 16 * 60_000;
      await fetchAll(second);
      expect(await statesOf(7)).toEqual(['stored', 'stored']);
    } finally {
      await second.close();
    }
  });

  test('deliveries that wait for files keep no other delivery from their partner', async () => {
    const waiting = [20, 21, 22, 23, 24, 25];
    for (const n of waiting) await pushNaming(n, `${host.url}/tep/chua-co.pdf?n=${n}`);
    await hub.deliver();
    expect(waiting.map(sentTo)).toEqual(waiting.map(() => undefined));
    await pushNaming(26);
    await hub.deliver();
    expect(sentTo(26)).toBeDefined();
    const { rows } = await hub.hub.database.pool.query(`SELECT kind FROM incidents WHERE party = 'lgsp'`);
    expect(rows).toEqual([]);
  });

  test('an erased dossier leaves no address and no file', async () => {
    const by = { who: 'ops', why: 'theo yêu cầu' };
    const options = { openToo: true, namesToo: false, tell: () => undefined };
    await hub.hub.personErasure.erase({ code: codeOf(1), kind: undefined }, options, by, undefined);
    expect(await statesOf(1)).toEqual([]);
  });
});
