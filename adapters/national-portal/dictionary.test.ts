import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Item, Page, Puller } from '#kit';
import { testConnection } from '#kit/testing';
import { bestOfTen, watchEventLoop } from '../../tests/support/measures.ts';
import adapter from './adapter.ts';
import type { Settings } from './settings.ts';

/** A portal in a process of its own, whose work is none of ours: all agencies of the country, one of them twice. */
const PORTAL = `
  const agency = (at) => ({ MADONVI: 'H' + (10 + at % 63) + '.' + (1 + Math.floor(at / 63)), TENDONVI: 'Ủy ban nhân dân xã Tân Thành số ' + at, CAPDONVI: '3' });
  const agencies = Array.from({ length: 20000 }, (_, at) => agency(at));
  agencies.splice(15000, 0, { ...agency(7), TENDONVI: 'Tên khác' });
  const list = Buffer.from(JSON.stringify({ error_code: 0, result: agencies }));
  const login = Buffer.from('{"error_code":0,"session":"s"}');
  const server = require('node:http').createServer((request, reply) => request.resume().on('end', () => reply.end(request.url.endsWith('login') ? login : list)));
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

const child = spawn(process.execPath, ['-e', PORTAL], { stdio: ['ignore', 'pipe', 'inherit'] });
let adapterUrl: string;
beforeAll(async () => {
  const [line] = await once(child.stdout, 'data');
  adapterUrl = `http://127.0.0.1:${String(line).trim()}`;
});
afterAll(() => void child.kill());

test('20,000 agencies come in parts, once each, and block no request for 50 ms', async () => {
  const best = await bestOfTen({ longestMs: 50 }, pullAgencies);
  expect(best).toMatchObject({ codes: 20_000, items: 20_001, conflicts: ['H17.1'], complete: 20_000 });
  expect(best.longestMs).toBeLessThan(50);
}, 60_000);

test('another process continues after the last stored part', async () => {
  const first = await pullPart(undefined);
  const kept = JSON.parse(JSON.stringify(first.page.checkpoint));
  const second = await pullPart(kept);
  const codes = [...first.items, ...second.items].map(codeOf);
  expect(new Set(codes).size).toBe(400);
  expect(codes).toEqual([...codes].sort());
});

const puller = adapter.pull?.catalogue as Puller<Settings>;
const codeOf = (item: Item): string => (item.kind === 'record' ? item.record.code : String(item.code));

function connect() {
  const settings = { username: 'u', password: 'p', dstcode: 'VN:GOV:TEST', madonvi: 'H60', adapterUrl };
  return testConnection<Settings>(settings);
}

async function pullPart(checkpoint: unknown, portal = connect()) {
  const page = (await puller.next(portal, checkpoint, {
    outstanding: async () => [],
    finished: async (after) => ({ dossiers: [], after, more: false }),
    receivedRecords: async () => [],
    knownRecords: async () => new Set<string>(),
    figures: () => Promise.reject(new Error('not asked')),
    results: async () => [],
    unknownSteps: async () => new Set(),
  })) as Page;
  const items = page.bodies.flatMap(({ body }) => puller.read(body, portal.settings, portal.codes));
  return { page, items };
}

async function pullAgencies() {
  const portal = connect();
  const watch = watchEventLoop();
  const items: Item[] = [];
  let complete: Page['complete'];
  for (let checkpoint: unknown; !complete; ) {
    const part = await pullPart(checkpoint, portal);
    items.push(...part.items);
    checkpoint = part.page.checkpoint;
    complete = part.page.complete;
    // The hub keeps it meanwhile.
    await new Promise((resolve) => setImmediate(resolve));
  }
  portal.close();
  return {
    codes: new Set(items.map(codeOf)).size,
    items: items.length,
    conflicts: items.flatMap((item) => (item.kind === 'waiting' ? item.code : [])),
    complete: complete.codes.length,
    longestMs: watch.longestMs(),
  };
}
