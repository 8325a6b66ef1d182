import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hono } from 'hono';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import { readItem } from '#core/dossier/item';
import { createCopyApp } from '../../src/cli/copy/serve-copy.ts';
import { type Copy, type CopyOptions, openCopy } from '../../src/copy/copy.ts';
import { runCopy } from '../../src/copy/run.ts';
import { makePullsDue } from '../../src/ledger/pulls.ts';
import { createVault } from '../../src/secrets/vault.ts';
import { inDepth, test } from '../support/depth.ts';
import { dossier, HUB_SECRET, progress, SECRETS, type TestHub, testHub, testPartner } from '../support/hub.ts';
import type { Json } from '../support/json.ts';

const CODE = (n: number): string => `H60.01-250812-${String(n).padStart(4, '0')}`;
const SERVICES = ['Khai sinh', 'Khai tử', 'Kết hôn'].map((name, n) => ({
  code: `1.00000${n + 1}`,
  name,
  inForce: true,
  fieldCode: 'G15-HT01',
  levels: ['commune'],
  agencies: [{ code: n === 0 ? 'H60.01.02' : '003.02.01.H60', name: 'Phòng Hộ tịch' }],
}));

let hub: TestHub;
let told: object[] = SERVICES;
let folder: string;
let copy: Copy;
let app: Hono;
let isAway = false;
/** A proxy that spoils the hub's answers. */
let between: (text: string) => string;
/** A proxy's answer instead of the hub's. */
let instead: (path: string) => Response | undefined;
let asked: string[] = [];
const lines: Record<string, unknown>[] = [];

beforeAll(async () => {
  const pull = {
    catalogue: {
      schedule: '0 0 2 * * *',
      next: async () => ({
        bodies: [{ body: Buffer.from(JSON.stringify(told)), mediaType: 'application/json' }],
        checkpoint: null,
        more: false,
      }),
      read: () => [
        ...told.map((service) => readItem('service.upsert.v1', service)),
        readItem('field.upsert.v1', { code: 'G15-HT01', name: 'Hộ tịch', inForce: true }),
        readItem('agency.upsert.v1', { code: 'H60.01', name: 'Sở Tư pháp', inForce: true }),
      ],
    },
  };
  hub = await testHub({ partners: { portal: testPartner({ pull: pull as never }) } });
  await pullCatalogue();
  await hub.push(dossier({ code: CODE(1), aliases: [{ party: 'other', code: 'OTHER-1' }], note: 'Gọi số 0900000001' }));
  await hub.push(Array.from({ length: 20 }, (_, n) => dossier({ code: CODE(n + 100) })));
});
afterAll(() => hub.close());

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lienthong-copy-'));
  isAway = false;
  between = (text) => text;
  instead = () => undefined;
  lines.length = 0;
  await start();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await copy.close();
  rmSync(folder, { recursive: true });
});

async function pullCatalogue(): Promise<void> {
  await makePullsDue(hub.hub.database, 'portal', ['catalogue'], hub.clock.nowMs);
  await hub.hub.pipeline.pull('portal', 'catalogue');
}

const nowMs = () => hub.clock.nowMs;
const meansOf = (): CopyOptions => ({
  from: 'http://hub.example.test',
  key: SECRETS.portal,
  folder,
  nowMs,
  log: pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) }),
  async fetch(url, init) {
    if (isAway) throw new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } });
    const { pathname, search } = new URL(url);
    asked.push(pathname);
    const response = instead(pathname) ?? (await hub.hub.app.request(`${pathname}${search}`, init));
    if (pathname !== '/api/v1/snapshot') return response;
    return new Response(between(await response.text()), response);
  },
});

async function start(more: Partial<CopyOptions> = {}): Promise<void> {
  asked = [];
  copy = await openCopy({ ...meansOf(), ...more });
  const whyAway = () => (isAway ? 'it is away' : undefined);
  const log = { error: (fields: object) => expect(fields).toBeUndefined() };
  app = createCopyApp({ copy, key: SECRETS.portal, nowMs, whyAway, log });
}

/** The process dies, and another one begins with its files. */
async function restart(): Promise<void> {
  await copy.file.close();
  await start();
}

/** Until the copy has reached the hub's state. */
async function follow(): Promise<void> {
  // The catalogue is pulled again half a minute later.
  hub.clock.nowMs += 30_000;
  while (await copy.round(0));
}

const ask = async (path: string, headers: Record<string, string> = {}) =>
  app.request(`/api/v1/${path}`, { headers: { Authorization: `Bearer ${SECRETS.portal}`, ...headers } });
const file = () => join(folder, 'copy.ndjson');

/** The hub and the copy answer the same, with the same ETag. */
async function expectSame(...paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const [there, here] = await Promise.all([hub.request('GET', `/api/v1/${path}`, 'portal'), ask(path)]);
    const of = async (reply: Response) => [path, reply.status, reply.headers.get('etag'), await reply.text()];
    expect(await of(here)).toEqual(await of(there));
  }
}

test('a copy answers as the hub does, for every code and filter, with the same ETag', async () => {
  await expectSame(
    `dossiers/${CODE(1)}`,
    'dossiers/OTHER-1',
    `dossiers/${CODE(8888)}`,
    'services/1.000001.000.00.00.H60',
  );
  await expectSame(
    'services',
    'services?q=khai',
    'services?q=khai+s',
    'services?q=hon',
    'services?q=0001',
    'services?q=%25',
  );
  await expectSame('services?field=G15-HT01', 'services?field=X', 'services?level=commune', 'services?inForce=false');
  for (const agency of ['H60.01', 'H60', '003.02.01.H60', '000.02.01.H60', '000.00.01.H60'])
    await expectSame(`services?agency=${agency}`, `agencies?agency=${agency}`);
  await expectSame('fields?field=G15-HT01', 'fields?field=X', 'fields?agency=H60', 'agencies?field=G15-HT01');
  await expectSame('fields', 'agencies', 'agencies/H60.01', 'fields/G15-HT01', 'services/9.999999');
  const etag = (await ask(`dossiers/${CODE(1)}`)).headers.get('etag') as string;
  expect((await ask(`dossiers/${CODE(1)}`, { 'If-None-Match': etag })).status).toBe(304);
  const first: Json = await (await ask('services?limit=2')).json();
  const second: Json = await (await ask(`services?limit=2&cursor=${first.next}`)).json();
  expect(second.items[0]).toMatchObject({ code: '1.000003' });
  expect((await ask('services?cursor=none.of-ours')).status).toBe(400);
});

test('it is masked on disk and in answers, and answers only with the key', async () => {
  const text = `${readFileSync(file(), 'utf8')}${await (await ask(`dossiers/${CODE(1)}`)).text()}`;
  for (const canary of ['0900000001', '001000000001', 'an@example.test', 'Nguyễn Văn An', SECRETS.portal])
    expect(text).not.toContain(canary);
  expect(statSync(file()).mode & 0o077).toBe(0);
  for (const Authorization of ['', 'Bearer x', `Bearer ${SECRETS.other}`])
    expect((await ask(`dossiers/${CODE(1)}`, { Authorization })).status).toBe(401);
  for (const path of [`dossiers/${CODE(1)}/history`, 'dossiers', `dossiers/${CODE(1)}?at=2025-08-12`])
    expect(await (await ask(path)).json()).toMatchObject({
      status: 404,
      detail: expect.stringContaining('ask the hub'),
    });
});

test('it reaches the hub’s state: new and changed dossiers, and the catalogue', async () => {
  await hub.push(dossier({ code: CODE(2), aliases: [{ party: 'other', code: 'OTHER-2' }] }));
  await hub.push(
    Array.from({ length: 20 }, (_, n) => progress({ code: CODE(n + 100) })),
    { what: 'progress' },
  );
  told = [
    ...SERVICES,
    { code: '1.000009', name: 'Chứng thực', inForce: true },
    { ...SERVICES[0], name: 'Đăng ký khai sinh' },
  ];
  told.splice(0, 1);
  await pullCatalogue();
  await follow();
  await expectSame(`dossiers/${CODE(2)}`, 'dossiers/OTHER-2', `dossiers/${CODE(105)}`, 'services', 'services?q=chung');
  const before = statSync(file()).size;
  asked = [];
  await follow();
  expect([
    asked.filter((path) => path.includes('/dossiers/')),
    asked.filter((path) => path.includes('/services/')),
  ]).toEqual([[], []]);
  expect(statSync(file()).size - before).toBeLessThan(1_000);
  told = SERVICES;
});

test('a proxy’s answer during an update of the hub neither ends nor creates a dossier', async () => {
  await hub.push(progress({ code: CODE(110), status: 'resolved' }), { what: 'progress' });
  const before = await (await ask(`dossiers/${CODE(110)}`)).text();
  const spoilt = [
    new Response('404 page not found', { status: 404 }),
    Response.json({ detail: 'no such backend' }, { status: 404 }),
    new Response('<html>'),
    Response.json({ status: 'updating' }),
    new Response(JSON.stringify({ code: CODE(110) }, null, 2)),
  ];
  for (const answer of spoilt) {
    instead = (path) => (path.includes('/dossiers/') ? answer.clone() : undefined);
    await expect(copy.round(0)).rejects.toThrow(/the hub answers 404|is not a hub/);
    expect(await (await ask(`dossiers/${CODE(110)}`)).text()).toBe(before);
  }
  for (const answer of [new Response('<html>'), Response.json({})]) {
    instead = (path) => (path.endsWith('/changes') ? answer.clone() : undefined);
    await expect(copy.round(0)).rejects.toThrow('the server that answers at /api/v1/changes is not a hub');
  }
  instead = () => undefined;
  await follow();
  await expectSame(`dossiers/${CODE(110)}`);
});

test('its age counts from the hub’s end mark, not from the arrival of the last part', async () => {
  await follow();
  await hub.push(progress({ code: CODE(111), status: 'resolved' }), { what: 'progress' });
  instead = (path) => {
    if (path.includes('/dossiers/')) hub.clock.nowMs += 5_000;
    return undefined;
  };
  await copy.round(0);
  expect((await ask(`dossiers/${CODE(111)}`)).headers.get('age')).toBe('5');
});

test('on a full disk it answers with its data, and continues when there is room', async () => {
  await follow();
  const { size } = statSync(file());
  await hub.push(progress({ code: CODE(112), status: 'resolved' }), { what: 'progress' });
  const before = await (await ask(`dossiers/${CODE(112)}`)).text();
  const writes = await fillDisk(100);
  await expect(copy.round(0)).rejects.toThrow(`${file()} could not be written: ENOSPC`);
  expect([statSync(file()).size, await (await ask(`dossiers/${CODE(112)}`)).text()]).toEqual([size, before]);
  writes.mockRestore();
  await follow();
  await expectSame(`dossiers/${CODE(112)}`);
  await restart();
  await expectSame(`dossiers/${CODE(112)}`);
});

/** From now on there is room for this many bytes. */
async function fillDisk(room: number) {
  const handle = await open(file(), 'r');
  const prototype: FileHandle = Object.getPrototypeOf(handle);
  await handle.close();
  const write = prototype.write as (...given: unknown[]) => Promise<unknown>;
  let left = room;
  return vi.spyOn(prototype, 'write').mockImplementation(async function (this: FileHandle, ...given: unknown[]) {
    const [bytes, at, length, position] = given as [Buffer, number, number, number];
    if (left === 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const some = Math.min(left, length);
    left -= some;
    return write.call(this, bytes, at, some, position) as never;
  } as never);
}

test('without the hub it continues, also after a restart, and says since when', async () => {
  hub.clock.nowMs += 30_000;
  await follow();
  const asOf = (await ask('fields')).headers.get('lienthong-as-of');
  isAway = true;
  hub.clock.nowMs += 3_600_000;
  await expect(copy.round(0)).rejects.toThrow('ECONNREFUSED');
  for (const again of [async () => undefined, restart]) {
    await again();
    const reply = await ask(`dossiers/${CODE(1)}`);
    expect([reply.status, reply.headers.get('age'), reply.headers.get('lienthong-as-of')]).toEqual([200, '3600', asOf]);
    expect(await (await app.request('/health/ready')).json()).toMatchObject({ hub: 'away', ageS: 3600, asOf });
  }
  isAway = false;
  await follow();
  expect((await ask('fields')).headers.get('age')).toBe('0');
});

test('killed at any byte of a write, it continues from the last whole part', async () => {
  const before = readFileSync(file());
  await hub.push(progress({ code: CODE(1), status: 'resolved', content: 'Xong' }), { what: 'progress' });
  await follow();
  const after = readFileSync(file());
  expect(after.length).toBeGreaterThan(before.length);
  for (const at of [before.length, before.length + 1, before.length + 700, after.length - 1]) {
    writeFileSync(file(), after.subarray(0, at));
    await restart();
    expect(readFileSync(file()).length).toBe(before.length);
    await follow();
    await expectSame(`dossiers/${CODE(1)}`);
  }
  writeFileSync(`${file()}.part`, 'of a snapshot that was being taken');
  await restart();
  expect(existsSync(`${file()}.part`)).toBe(false);
  // A part whose mark reached the disk before its bytes, and files after a loss of power.
  const spoilt = Buffer.from(after).fill(0, before.length + 10, before.length + 20);
  for (const bytes of [spoilt, Buffer.concat([before, Buffer.alloc(5_000)])]) {
    writeFileSync(file(), bytes);
    await restart();
    await follow();
    await expectSame(`dossiers/${CODE(1)}`);
  }
});

test('once a week it starts over, and if it cannot, it follows the changes as before', async () => {
  await hub.push(progress({ code: CODE(101), status: 'resolved', content: 'Xong' }), { what: 'progress' });
  hub.clock.nowMs += 8 * 86_400_000;
  between = () => '<html>';
  await expect(copy.round(0)).rejects.toThrow('does not begin');
  await expectSame(`dossiers/${CODE(101)}`);
  await copy.round(0);
  hub.clock.nowMs += 3_600_001;
  between = (text) => text;
  asked = [];
  await follow();
  expect(asked).toContain('/api/v1/snapshot');
});

test('a file with a damaged beginning is discarded: the copy takes a new snapshot', async () => {
  truncateSync(file(), 2_000);
  await restart();
  expect(asked).toContain('/api/v1/snapshot');
  await expectSame(`dossiers/${CODE(1)}`);
});

test('when changes miss the hub’s state it takes a new snapshot; the old one answers meanwhile', async () => {
  const { pool } = hub.hub.database;
  const breaks = {
    'a cursor of another secret': () => copy.file.append([], { ...copy.file.mark, cursor: 'of.another-secret' }),
    'a database that was put back': () => pool.query('UPDATE change_counter SET value = value + 1000'),
  };
  for (const [n, [why, breakOff]] of Object.entries(breaks).entries()) {
    await follow();
    await breakOff();
    between = (text) => text.slice(0, -10_000);
    await expect(copy.round(0), why).rejects.toThrow('broke off');
    await expectSame(`dossiers/${CODE(1)}`);
    await hub.push(dossier({ code: CODE(30 + n) }));
    between = (text) => text;
    await follow();
    await expectSame(`dossiers/${CODE(1)}`, `dossiers/${CODE(30 + n)}`);
  }
  expect(lines.filter(({ msg }) => msg === 'snapshot taken')).toHaveLength(3);
});

test('after a restore of the hub it follows an entry whose version it has seen before', async () => {
  const { pool } = hub.hub.database;
  const renamed = (name: string) => [...SERVICES.slice(0, 2), { ...SERVICES[2], name }];
  told = renamed('Kết hôn 1');
  await pullCatalogue();
  await follow();
  await pool.query('CREATE TABLE backup AS SELECT * FROM catalogue');
  told = renamed('Kết hôn 2');
  await pullCatalogue();
  await follow();
  await pool.query('TRUNCATE catalogue, catalogue_versions');
  await pool.query('INSERT INTO catalogue SELECT * FROM backup');
  await pool.query('UPDATE change_counter SET value = value + 1000');
  await follow();
  told = renamed('Kết hôn 3');
  await pullCatalogue();
  await follow();
  expect(await (await ask('services/1.000003')).json()).toMatchObject({ name: 'Kết hôn 3' });
  told = SERVICES;
});

test('a key without a right to the catalogue stops neither its dossiers nor its weekly snapshot', async () => {
  const denied = Response.json({ type: '/docs#problem-forbidden', detail: 'no such right' }, { status: 403 });
  const page = { items: Array(200).fill({ code: CODE(1) }), next: copy.file.mark.cursor, gap: false };
  let pages = 1;
  instead = (path) => {
    if (path.endsWith('/catalogue-changes')) return denied.clone();
    return path.endsWith('/changes') && pages-- > 0 ? Response.json(page) : undefined;
  };
  hub.clock.nowMs += 30_000;
  expect(await copy.round(0)).toBe(true);
  hub.clock.nowMs += 8 * 86_400_000;
  asked = [];
  await expect(copy.round(0)).rejects.toThrow('the hub answers 403');
  expect(asked).toContain('/api/v1/snapshot');
});

test('when a new snapshot does not help it waits before the next one', async () => {
  const gap = { items: [], next: 'x', gap: true };
  instead = (path) => (path.endsWith('/changes') ? Response.json(gap) : undefined);
  asked = [];
  for (const _ of [1, 2]) {
    expect(await copy.round(0)).toBe(true);
    await expect(copy.round(0)).rejects.toThrow('since its own snapshot');
  }
  expect(asked.filter((path) => path === '/api/v1/snapshot')).toHaveLength(2);
});

test('a snapshot that differs from the signed one is refused', async () => {
  await copy.close();
  rmSync(file());
  const spoilt: Record<string, (text: string) => string> = {
    'its sha256 is': (text) => text.replace('Sở Tư pháp', 'Sở Tư phép'),
    'its dossiers is': (text) => text.replace(/\{"kind":"dossier".*\n/, ''),
    'goes on after': (text) => `${text}{"kind":"gone","code":"${CODE(1)}"}\n`,
    'broke off': (text) => text.slice(0, text.indexOf('{"kind":"end"')),
    'broke off within a line': (text) => text.slice(0, -10),
    'does not begin': () => '<html>',
    'its cursor differs': (text) => text,
  };
  for (const [why, spoil] of Object.entries(spoilt)) {
    between = spoil;
    // Another document signed by the hub does not help an attacker.
    if (why === 'its cursor differs') between = await signedFor('another');
    await expect(start(), why).rejects.toThrow(why);
  }
  between = await signedFor(undefined, 'another-secret-that-is-long-enough');
  await expect(start()).rejects.toThrow('signature is not that of the key');
  between = (text) => text;
  await expect(start({ keys: await createVault(['another-secret-that-is-long-enough']).publicKeys() })).rejects.toThrow(
    'none of the given keys',
  );
  await start({ keys: await createVault([HUB_SECRET]).publicKeys() });
});

/** The hub's snapshot with another signature: over another cursor, or by a foreign key under the hub's name. */
async function signedFor(cursor: string | undefined, secret = HUB_SECRET) {
  const vault = createVault([secret]);
  const text = await (await hub.request('GET', '/api/v1/snapshot', 'portal')).text();
  const { kind: _, province: __, ...head } = JSON.parse(text.slice(0, text.indexOf('\n')));
  const at = text.indexOf('{"kind":"end"');
  const { kind, signed: ___, ...end } = JSON.parse(text.slice(at));
  let signed = await vault.signDocument('snapshot', { ...head, ...end, ...(cursor && { cursor }) });
  if (secret !== HUB_SECRET) {
    const [header = '', payload] = (await createVault([HUB_SECRET]).signDocument('snapshot', {})).split('.');
    signed = [header, payload, signed.split('.')[2]].join('.');
  }
  return () => `${text.slice(0, at)}${JSON.stringify({ kind, ...end, signed })}\n`;
}

test('a new signing key is reported once', async () => {
  const told = () => lines.filter(({ level, msg }) => level === 'warn' || /not seen before/.test(String(msg)));
  expect(told()).toHaveLength(1);
  await copy.close();
  rmSync(file());
  await start();
  expect(told()).toHaveLength(1);
});

test('it hides a person whom a text mentions as soon as another party names that person', async () => {
  const code = 'H60.01-250812-7001';
  await hub.push(dossier({ code, note: 'Nộp thay Trần Thị Bích Hồng' }));
  await follow();
  expect(await (await ask(`dossiers/${code}`)).text()).toContain('Bích Hồng');
  await hub.push(dossier({ code, applicant: { name: 'Trần Thị Bích Hồng' } }), { party: 'other' });
  await follow();
  expect(await (await ask(`dossiers/${code}`)).text()).not.toContain('Bích Hồng');
  await expectSame(`dossiers/${code}`);
});

inDepth('a rewrite of the file leaves out outdated entries, and nothing else', async () => {
  const results = Array.from({ length: 48 }, () => ({ name: 'x'.repeat(20_000) }));
  const codes = [40, 41, 42, 43].map(CODE);
  const version = async (n: number) => {
    const statusAt = `2025-08-12T09:1${n}:00+07:00`;
    expect((await hub.push(codes.map((code) => dossier({ code, results, note: `${n}`, statusAt })))).status).toBe(200);
  };
  for (let n = 0; n < 4; n++) {
    await version(n);
    await copy.round(0);
  }
  // An unfinished write is dropped, however much follows it.
  const whole = readFileSync(file());
  writeFileSync(file(), Buffer.from(whole).fill(0, 5_000_000, 5_000_010));
  await restart();
  expect(statSync(file()).size).toBeLessThan(5_000_000);
  writeFileSync(file(), whole);
  await restart();
  // Without room for a second file it keeps following.
  await version(4);
  const writes = await fillDisk(5_000_000);
  await expect(copy.round(0)).rejects.toThrow('copy.ndjson.part could not be written: ENOSPC');
  writes.mockRestore();
  expect(statSync(file()).size).toBeGreaterThan(16 * 1024 * 1024);
  await expectSame(`dossiers/${CODE(40)}`);
  hub.clock.nowMs += 3_600_000;
  await follow();
  expect(statSync(file()).size).toBeLessThan(4_500_000);
  const all = [
    `dossiers/${CODE(40)}`,
    `dossiers/${CODE(1)}`,
    `dossiers/${CODE(105)}`,
    'dossiers/OTHER-1',
    'services',
    'fields',
  ];
  await expectSame(...all);
  await restart();
  await expectSame(...all);
});

test('one process owns a folder until that process ends', async () => {
  isAway = true;
  const run = () => runCopy(meansOf(), async () => ({ url: 'http://copy.example.test', close: async () => undefined }));
  const running = await run();
  await expect(run()).rejects.toThrow(`copy.lock is still held by process ${process.pid}`);
  await running.stop();
  writeFileSync(join(folder, 'copy.lock'), '999999999 1');
  await (await run()).stop();
  expect(existsSync(join(folder, 'copy.lock'))).toBe(false);
});
