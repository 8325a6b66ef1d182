import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, beforeEach, describe, expect, vi } from 'vitest';
import {
  type ChangePage,
  HubClient,
  HubError,
  type Pushed,
  verifyReceipt,
  verifyWebhook,
} from '../../clients/typescript/src/index.ts';
import { inDepth, test } from '../support/depth.ts';
import { codeOf, dossier, SECRETS, type TestHub, testHub } from '../support/hub.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const pushed = (members: Record<string, unknown>): Pushed['dossiers'] =>
  dossier(members) as unknown as Pushed['dossiers'];

describe('the TypeScript client', () => {
  let hub: TestHub;
  /** What the network does to the next requests. */
  let faults: ('no-connection' | 'lost-answer' | 'busy')[] = [];
  let requests: Request[] = [];
  const network = async (request: Request): Promise<Response> => {
    requests.push(request.clone());
    const fault = faults.shift();
    if (fault === 'no-connection') throw new TypeError('fetch failed');
    if (fault === 'busy') return new Response('<html>', { status: 503 });
    const answer = await hub.hub.app.request(request);
    if (fault === 'lost-answer') throw new TypeError('terminated');
    return answer;
  };
  const client = (secret: string) =>
    new HubClient({ url: 'http://hub.example/', secret, retryDelaysMs: [0, 0, 0], fetch: network });
  beforeAll(async () => {
    hub = await testHub();
  });
  afterAll(() => hub.close());
  beforeEach(() => {
    faults = [];
    requests = [];
  });
  const count = async () => (await hub.read('/api/v1/dossiers?limit=200')).body.items.length;

  test('pushes once, whatever the network does', async () => {
    faults = ['no-connection', 'lost-answer', 'busy'];
    const reply = await client(SECRETS['one-stop']).push('one-stop', 'dossiers', [pushed({ code: codeOf(1) })]);
    expect(reply.results).toMatchObject([{ index: 0, code: codeOf(1), outcome: 'accepted' }]);
    expect(new Set(requests.map(({ headers }) => headers.get('Idempotency-Key'))).size).toBe(1);
    expect(requests).toHaveLength(4);
    expect(await count()).toBe(1);
  });

  test('splits what no single request may hold, and keeps the order', async () => {
    const items = Array.from({ length: 1_003 }, (_, n) => pushed({ code: codeOf(n + 2) }));
    const reply = await client(SECRETS['one-stop']).push('one-stop', 'dossiers', items);
    expect(reply.receipts).toHaveLength(2);
    expect(reply.results.map(({ index }) => index)).toEqual(items.map((_, at) => at));
    expect(reply.results.map(({ code }) => code)).toEqual(items.map(({ code }) => code));
  });

  test('splits what is too large for one request, and says what was taken before a part that failed', async () => {
    const large = (n: number) => pushed({ code: codeOf(n), note: 'ghi chú '.repeat(300_000) });
    const items = [large(2_001), large(2_002), large(2_003), large(2_004)];
    const sender = client(SECRETS['one-stop']);
    const failing = new HubClient({
      url: 'http://hub.example',
      secret: SECRETS['one-stop'],
      retryDelaysMs: [0],
      fetch: async (request) => {
        const { size } = await request.clone().blob();
        expect(size).toBeLessThan(9 * 2 ** 20);
        return requests.length === 0 ? network(request) : new Response('', { status: 413 });
      },
    });
    const error = await failing.push('one-stop', 'dossiers', items, 'run-1').catch((one) => one);
    expect(error).toMatchObject({
      status: 413,
      pushed: { receipts: [expect.any(String)], results: [{ index: 0 }, {}, {}] },
    });
    const again = await sender.push('one-stop', 'dossiers', items, 'run-1');
    expect(again.receipts[0]).toBe(error.pushed.receipts[0]);
    expect(again.results.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
  });

  test('throws at once for what can never be sent, and for a 404 that is not of the hub', async () => {
    const wrong = new HubClient({ url: 'hub.example', secret: 'any', fetch: network });
    await expect(wrong.dossier(codeOf(1))).rejects.toThrow(/Invalid URL|parse URL/);
    const odd = new HubClient({ url: 'http://hub.example', secret: 'bí-mật-₫', fetch: network });
    await expect(odd.dossier(codeOf(1))).rejects.toBeInstanceOf(TypeError);
    const elsewhere = new HubClient({
      url: 'http://hub.example/other',
      secret: 'any',
      fetch: async () => new Response('<html>', { status: 404 }),
    });
    await expect(elsewhere.dossier(codeOf(1))).rejects.toMatchObject({ status: 404 });
    expect(requests).toEqual([]);
    expect(await client(SECRETS.portal).dossier('H60.99-250812-0001')).toBeUndefined();
  });

  test('says what the hub refused, and does not send it again', async () => {
    const refused = client(SECRETS.portal).push('one-stop', 'dossiers', [pushed({})]);
    await expect(refused).rejects.toMatchObject({ name: 'HubError', status: 403, type: 'forbidden' });
    expect(requests).toHaveLength(1);
    await expect(client('a-wrong-secret-of-nobody').dossier(codeOf(1))).rejects.toBeInstanceOf(HubError);
  });

  test('gives up after its retries', async () => {
    faults = Array.from({ length: 9 }, () => 'no-connection');
    await expect(client(SECRETS.portal).dossier(codeOf(1))).rejects.toThrow(
      'the hub could not be reached: fetch failed',
    );
    expect(requests).toHaveLength(4);
  });

  test('waits until the time that an answer names', async () => {
    const until = new Date(Date.now() + 1_500).toUTCString();
    const answers = [
      new Response('', { status: 503, headers: { 'Retry-After': until } }),
      Response.json({ code: codeOf(1) }),
    ];
    const patient = new HubClient({
      url: 'http://hub.example',
      secret: 'any',
      retryDelaysMs: [0],
      fetch: async () => answers.shift() as Response,
    });
    await patient.dossier(codeOf(1));
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(until));
  });

  test('waits as long as a timer can where an answer asks for more', async () => {
    const stop = new AbortController();
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const ended = new HubClient({
      url: 'http://hub.example',
      secret: 'any',
      retryDelaysMs: [0],
      fetch: async () => new Response('', { status: 503, headers: { 'Retry-After': String(30 * 86_400) } }),
    })
      .changes(undefined, { signal: stop.signal })
      .next();
    await expect.poll(() => timers.mock.calls.map(([, ms]) => ms)).toContain(2 ** 31 - 1);
    timers.mockRestore();
    stop.abort();
    expect(await ended).toMatchObject({ done: true });
  });

  test('asks no more than once in seconds while the hub says that changes may be missing', async () => {
    let asked = 0;
    const stop = new AbortController();
    const changes = new HubClient({
      url: 'http://hub.example',
      secret: 'any',
      fetch: async () => {
        asked++;
        return Response.json({ items: [], next: 'a', gap: true });
      },
    }).changes('a', { signal: stop.signal });
    expect(await changes.next()).toMatchObject({ value: { gap: true } });
    const next = changes.next();
    await sleep(100);
    stop.abort();
    expect([await next, asked]).toMatchObject([{ done: true }, 1]);
  });

  inDepth('ends an attempt in time, also during garbage collection', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    let answers = true;
    const changes = () =>
      new HubClient({
        url: 'http://hub.example',
        secret: 'any',
        retryDelaysMs: [],
        timeoutMs: 400,
        fetch: async (request) => {
          if (answers) return Response.json({ items: [{ code: codeOf(1) }], next: 'a', gap: null });
          return new Promise((_, reject) => request.signal.addEventListener('abort', () => reject(request.signal)));
        },
      })
        .changes(undefined, { waitS: 0, signal: new AbortController().signal })
        .next();
    // Only compiled code may release the parts of an attempt early.
    for (let n = 0; n < 2_000; n++) await changes();
    answers = false;
    const ended = changes().catch(() => 'ended');
    await sleep(1);
    collect();
    expect(await Promise.race([ended, sleep(2_000)])).toBe('ended');
  });

  test('reads one dossier, its steps, and every page of a list', async () => {
    const portal = client(SECRETS.portal);
    expect(await portal.dossier(codeOf(1))).toMatchObject({ code: codeOf(1), status: 'received' });
    expect(await portal.dossier('H60.01-250812-9999')).toBeUndefined();
    expect(await all(portal.history(codeOf(1)))).toMatchObject([{ status: 'received' }]);
    const codes = (await all(portal.dossiers({ status: ['received'] }))).map(({ code }) => code);
    expect(new Set(codes).size).toBe(1_004);
    expect(codes).toHaveLength(1_004);
  });

  test('follows each change once, from where it stopped', async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    const follow = async (until: number): Promise<void> => {
      for await (const page of client(SECRETS.portal).changes(cursor, { waitS: 1 })) {
        seen.push(...page.items.map(({ code }) => code));
        cursor = (page satisfies ChangePage).next;
        if (seen.length >= until) return;
      }
    };
    await follow(500);
    faults = ['no-connection'];
    await follow(1_004);
    expect([seen.length, new Set(seen).size]).toEqual([1_004, 1_004]);
  });

  test('verifies a receipt, and refuses a changed one', async () => {
    const sender = client(SECRETS['one-stop']);
    const { receipts } = await sender.push('one-stop', 'dossiers', [pushed({ code: codeOf(5_000) })]);
    const signed = await sender.receipt('one-stop', receipts[0] as string);
    const { keys } = await sender.keys();
    expect(await verifyReceipt(signed, keys)).toMatchObject({ receipt: receipts[0], party: 'one-stop' });
    const [head, , signature] = signed.split('.');
    const other = btoa(JSON.stringify({ receipt: 'another' })).replaceAll('=', '');
    await expect(verifyReceipt(`${head}.${other}.${signature}`, keys)).rejects.toThrow('the receipt was changed');
    await expect(verifyReceipt(signed, [])).rejects.toThrow('is not among the given keys');
  });

  test('verifies a webhook, and refuses a forged or old one', async () => {
    const secret = `whsec_${Buffer.from('mat-ma-cua-webhook-thu-nghiem').toString('base64')}`;
    const body = JSON.stringify({
      type: 'dossier.changed',
      timestamp: '2025-08-13T10:00:00+07:00',
      data: { code: codeOf(1) },
    });
    const nowMs = Date.parse('2025-08-13T10:00:01+07:00');
    const timestamp = String(Math.floor(nowMs / 1000));
    const sign = (text: string): string =>
      `v1,${createHmac('sha256', Buffer.from(secret.slice(6), 'base64'))
        .update(`msg_1.${timestamp}.${text}`)
        .digest('base64')}`;
    const headers = { id: 'msg_1', timestamp, signature: `v1,AAAA ${sign(body)}` };
    expect(await verifyWebhook(body, headers, ['whsec_b2xk', secret], nowMs)).toMatchObject({
      id: 'msg_1',
      type: 'dossier.changed',
      data: { code: codeOf(1) },
    });
    await expect(verifyWebhook(body.replace('0001', '0002'), headers, [secret], nowMs)).rejects.toThrow(
      'no signature is by',
    );
    await expect(verifyWebhook(body, headers, [secret], nowMs + 600_000)).rejects.toThrow('webhook-timestamp: got');
    await expect(verifyWebhook(body, { ...headers, signature: null }, [secret], nowMs)).rejects.toThrow('is missing');
  });

  inDepth('has the types of the OpenAPI document', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lienthong-client-types-'));
    const [document, types] = [join(folder, 'openapi.json'), join(folder, 'openapi.ts')];
    writeFileSync(document, JSON.stringify((await hub.read('/openapi.json')).body));
    execFileSync(process.execPath, [join(ROOT, 'scripts/client-types.mjs'), document, types], { stdio: 'pipe' });
    const [now, stored] = [types, join(ROOT, 'clients/typescript/src/openapi.ts')].map((f) => readFileSync(f, 'utf8'));
    rmSync(folder, { recursive: true });
    expect(stored, 'run npm run client-types against a hub of this build').toBe(now);
  });
});

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
