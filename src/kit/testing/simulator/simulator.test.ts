import { spawn } from 'node:child_process';
import net from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Exchange } from '../../http/exchange.ts';
import { createHttp } from '../../http/http.ts';
import { testConnection } from '../test-connection.ts';
import { createLedger } from './ledger.ts';
import { defineSimulator, type Simulator, startSimulator } from './simulator.ts';

interface Desk {
  sessions: Set<string>;
}

const desk = defineSimulator<Desk>({
  state: () => ({ sessions: new Set() }),
  expireSessions: ({ sessions }) => sessions.clear(),
  routes: [
    {
      method: 'POST',
      path: '/login',
      handle(_request, { state }) {
        state.sessions.add('s-1');
        return { body: { session: 's-1' } };
      },
    },
    {
      method: 'PUT',
      path: '/dossiers/{code}',
      handle({ params, headers, json }, { ledger, state, now }) {
        if (!state.sessions.has(String(headers.authorization))) return { status: 401, body: { error: 'no session' } };
        ledger.record('dossier', params.code as string, json());
        return { status: 201, body: { code: params.code, at: now() } };
      },
    },
  ],
});

let partner: Simulator;
const http = (origins: readonly string[]) => createHttp({ origins, connectMs: 300, totalMs: 600 });
const put = (body = '{"a":1}', code = 'H60.01-250812-0001'): Promise<Exchange> =>
  http([partner.url]).exchange({
    method: 'PUT',
    url: `${partner.url}/dossiers/${encodeURIComponent(code)}`,
    headers: { authorization: 's-1', 'content-type': 'application/json' },
    body,
  });
const control = (path: string, method = 'GET', body?: unknown): Promise<Response> =>
  fetch(`${partner.url}/__simulator/${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });

beforeEach(async () => {
  partner = await startSimulator(desk, { now: () => 42 });
  await fetch(`${partner.url}/login`, { method: 'POST' });
});
afterEach(() => partner.close());

test('a ledger of states counts a repeat of the newest state, and no return to an earlier one', () => {
  const ledger = createLedger();
  for (const state of ['open', 'open', 'closed', 'open']) ledger.recordState('dossier', 'A', { state });
  expect(ledger.entries().map(({ content, count }) => [content, count])).toEqual([
    [{ state: 'open' }, 2],
    [{ state: 'closed' }, 1],
    [{ state: 'open' }, 1],
  ]);
  expect(ledger.repeats()).toBe(1);
});

test('a busy machine does not make a partner look away: a test connects as patiently as the hub', async () => {
  const connection = testConnection({ url: partner.url });
  const { connect } = net.Socket.prototype;
  const slowly = vi.spyOn(net.Socket.prototype, 'connect').mockImplementation(function (this: net.Socket, ...given) {
    // Timers come before sockets that are ready meanwhile.
    process.nextTick(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 450));
    return Reflect.apply(connect, this, given);
  });
  const reply = await connection.http.exchange({ method: 'POST', url: `${partner.url}/login` });
  expect(slowly).toHaveBeenCalledTimes(1);
  slowly.mockRestore();
  expect(reply).toMatchObject({ kind: 'reply', status: 200 });
  connection.close();
});

describe('a simulated partner', () => {
  test('answers and keeps its own ledger', async () => {
    const reply = await put('{"a":1}', '03706/2026/07906');
    expect(reply).toMatchObject({ kind: 'reply', status: 201 });
    expect(JSON.parse((reply as { body: Buffer }).body.toString())).toEqual({ code: '03706/2026/07906', at: 42 });
    expect(partner.ledger.entries()).toEqual([
      { kind: 'dossier', key: '03706/2026/07906', content: { a: 1 }, count: 1 },
    ]);
    expect(partner.requests()).toEqual(['POST /login', 'PUT /dossiers/03706%2F2026%2F07906']);
  });

  test('counts the same content as a repeat, other content not', async () => {
    await put();
    await put();
    await put('{"a":2}');
    expect([partner.ledger.count('dossier'), partner.ledger.count('other'), partner.ledger.repeats()]).toEqual([
      3, 0, 1,
    ]);
  });

  test('does not know other paths and methods', async () => {
    expect((await fetch(`${partner.url}/dossiers/a/b`, { method: 'PUT' })).status).toBe(404);
    expect((await fetch(`${partner.url}/login`)).status).toBe(404);
  });
});

describe('with a fault', () => {
  test('down: connections are refused for a while, then the same port answers', async () => {
    await partner.fault({ kind: 'down', forMs: 500 });
    expect(await put()).toMatchObject({ kind: 'unreachable', reason: 'econnrefused' });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await put()).toMatchObject({ kind: 'reply', status: 201 });
  });

  test('drop-reply and half take effect, reset does not', async () => {
    for (const kind of ['drop-reply', 'half', 'reset'] as const) {
      await partner.fault({ kind });
      expect(await put(JSON.stringify({ kind }))).toMatchObject({ kind: 'lost', reason: 'broken' });
    }
    expect(partner.ledger.entries().map(({ content }) => content)).toEqual([{ kind: 'drop-reply' }, { kind: 'half' }]);
  });

  test('delay and drip take effect and do not answer in time', async () => {
    await partner.fault({ kind: 'delay', ms: 900 });
    expect(await put()).toMatchObject({ kind: 'lost', reason: 'timeout' });
    await partner.fault({ kind: 'drip' });
    expect(await put()).toMatchObject({ kind: 'lost', reason: 'timeout' });
    expect(partner.ledger.count()).toBe(2);
  });

  test('html, empty and status answer for the partner', async () => {
    await partner.fault({ kind: 'html' });
    expect(await put()).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
    await partner.fault({ kind: 'empty' });
    expect((await put()) as { body: Buffer }).toMatchObject({ status: 200, body: Buffer.from('{}') });
    await partner.fault({ kind: 'status', status: 503, headers: { 'retry-after': '7' }, body: { busy: true } });
    expect(await put()).toMatchObject({ status: 503, headers: { 'retry-after': '7' } });
    expect(partner.ledger.count()).toBe(0);
  });

  test('session-expired ends the sessions', async () => {
    await partner.fault({ kind: 'session-expired' });
    expect(await put()).toMatchObject({ status: 401 });
  });

  test('faults apply in the order they were added, as often as given, on their own path', async () => {
    await partner.fault({ kind: 'pass' });
    await partner.fault({ kind: 'status', status: 500, times: 2 });
    await partner.fault({ kind: 'status', status: 418, path: '/login' });
    const statuses = [];
    for (let n = 0; n < 4; n++) statuses.push(((await put()) as { status: number }).status);
    expect(statuses).toEqual([201, 500, 500, 201]);
    expect((await fetch(`${partner.url}/login`, { method: 'POST' })).status).toBe(418);
  });

  test('a lasting fault ends after its time, and clearFaults ends all', async () => {
    await partner.fault({ kind: 'html', forMs: 2_000 });
    expect(await put()).toMatchObject({ status: 200 });
    expect(await put()).toMatchObject({ status: 200 });
    await expect.poll(put).toMatchObject({ status: 201 });
    await partner.fault({ kind: 'down', forMs: 60_000 });
    await partner.clearFaults();
    expect(await put()).toMatchObject({ status: 201 });
  });
});

describe('with remote control', () => {
  test('takes faults, refuses unknown ones, and returns and clears its ledger', async () => {
    expect((await control('faults', 'POST', { kind: 'drop-reply' })).status).toBe(202);
    expect((await control('faults', 'POST', { kind: 'earthquake' })).status).toBe(400);
    expect(await put()).toMatchObject({ kind: 'lost' });
    expect(await (await control('ledger')).json()).toMatchObject({
      count: 1,
      repeats: 0,
      entries: [{ kind: 'dossier' }],
    });
    await control('reset', 'POST');
    expect(await (await control('ledger')).json()).toEqual({ count: 0, repeats: 0, entries: [], requests: [] });
    expect(await put()).toMatchObject({ status: 401 });
  });

  test('down is answered before it takes effect', async () => {
    expect((await control('faults', 'POST', { kind: 'down', forMs: 60_000 })).status).toBe(202);
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(await put()).toMatchObject({ kind: 'unreachable' });
  });
});

describe('in its own process', () => {
  const run = (...args: string[]) =>
    spawn(process.execPath, [join(import.meta.dirname, '..', '..', '..', '..', 'bin', 'simulator.mjs'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  test('prints its address, and ends cleanly on SIGTERM', async () => {
    const child = run('one-stop');
    const line = await new Promise<string>((resolve) => child.stdout.once('data', (data) => resolve(String(data))));
    const { msg, adapter, url } = JSON.parse(line) as Record<string, string>;
    expect([msg, adapter]).toEqual(['listening', 'one-stop']);
    expect((await fetch(`${url}/__simulator/ledger`)).status).toBe(200);
    const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve([code, signal])));
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  test('explains itself after a wrong call', async () => {
    const child = run('../../etc');
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect(code).toBe(2);
  });
});
