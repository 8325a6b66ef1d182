import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { readItem } from '#core/dossier/item';
import { makePullsDue } from '../../src/ledger/pulls.ts';
import { verifyDocument } from '../../src/secrets/signed-documents.ts';
import { dossier, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';
import type { Json } from '../support/json.ts';

const CODE = (n: number): string => `H60.01-250812-${String(n).padStart(4, '0')}`;
const ENTRIES = [
  readItem('service.upsert.v1', { code: '1.000001', name: 'Khai sinh', inForce: true }),
  readItem('agency.upsert.v1', { code: 'H60.01', name: 'Sở Tư pháp', inForce: true }),
  readItem('field.upsert.v1', { code: 'G15-HT01', name: 'Hộ tịch', inForce: true }),
];
const TOLD = { code: 'H60.01-250810-0001', note: 'Gọi ông Nguyễn Văn An, số 0900000001' };
const INDEX_ALONE = 'index-alone-secret-of-the-tests';

let hub: TestHub;
beforeAll(async () => {
  const pull = {
    catalogue: {
      schedule: '0 0 2 * * *',
      next: async () => ({ bodies: [{ body: Buffer.from('{}') }], checkpoint: null, more: false }),
      read: () => ENTRIES,
    },
  };
  hub = await testHub({
    partners: { portal: testPartner({ pull: pull as never }) },
    keys: [{ id: 'index-alone', secret: INDEX_ALONE, scopes: ['index:read'] }],
  });
  await makePullsDue(hub.hub.database, 'portal', ['catalogue'], hub.clock.nowMs);
  await hub.hub.pipeline.pull('portal', 'catalogue');
  await hub.push(dossier({ ...TOLD, aliases: [{ party: 'other', code: 'OTHER-1' }] }));
  await hub.push(Array.from({ length: 450 }, (_, n) => dossier({ code: CODE(n + 1) })));
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => hub.close());

const ask = (headers: Record<string, string> = {}) =>
  hub.request('GET', '/api/v1/snapshot', 'portal', undefined, headers);
const linesIn = (text: string): Json[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** The state of a reader that has read a snapshot and follows the changes after its cursor. */
async function converged(lines: readonly Json[]): Promise<Map<string, unknown>> {
  const held = new Map(lines.filter((one) => one.kind === 'dossier').map(({ record }) => [record.code, record]));
  const { items, gap } = (await hub.read(`/api/v1/changes?limit=200&cursor=${lines[0].cursor}`)).body;
  expect(gap).toBeUndefined();
  for (const { code } of items) held.set(code, (await hub.read(`/api/v1/dossiers/${code}`)).body);
  return held;
}

test('a snapshot equals the single answers for every dossier and entry, without personal data', async () => {
  const response = await ask();
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
  const text = await response.text();
  for (const canary of ['0900000001', '001000000001', 'an@example.test', 'Nguyễn Văn An'])
    expect(text).not.toContain(canary);
  const lines = text.trimEnd().split('\n');
  const kinds = lines.map((line) => JSON.parse(line).kind);
  expect(kinds.slice(0, 5)).toEqual(['snapshot', 'service', 'agency', 'field', 'dossier']);
  expect([new Set(kinds.slice(4, -1)), kinds.at(-1)]).toEqual([new Set(['dossier']), 'end']);
  expect(JSON.parse(lines[0] as string)).toMatchObject({ form: 1, province: { code: 'H60' }, catalogue: true });
  const paths = ['services/1.000001', 'agencies/H60.01', 'fields/G15-HT01', `dossiers/${TOLD.code}`];
  const shown = await Promise.all(
    paths.map(async (path) => (await hub.request('GET', `/api/v1/${path}`, 'portal')).text()),
  );
  expect(lines.slice(1, 5)).toEqual(shown.map((record, at) => `{"kind":"${kinds[at + 1]}","record":${record}}`));
});

test('a key needs the index, gets the catalogue by scope, and never personal data', async () => {
  const response = await hub.request('GET', '/api/v1/snapshot', undefined, undefined, {
    Authorization: `Bearer ${INDEX_ALONE}`,
  });
  const lines = linesIn(await response.text());
  expect(new Set(lines.map(({ kind }) => kind))).toEqual(new Set(['snapshot', 'dossier', 'end']));
  expect([lines[0].catalogue, lines.at(-1).services]).toEqual([false, 0]);
  for (const key of ['one-stop', 'personal'])
    expect((await hub.request('GET', '/api/v1/snapshot', key)).status).toBe(403);
});

test('its last line has the counts, and signs them with the published key', async () => {
  const text = await (await ask()).text();
  const end = linesIn(text).at(-1);
  const before = text.slice(0, text.indexOf('{"kind":"end"'));
  const sha256 = createHash('sha256').update(before).digest('hex');
  const dossiers = linesIn(text).filter(({ kind }) => kind === 'dossier').length;
  const counted = { dossiers, services: 1, agencies: 1, fields: 1, bytes: Buffer.byteLength(before), sha256 };
  expect(end).toMatchObject(counted);
  const { keys } = (await hub.read('/.well-known/jwks.json')).body;
  expect(await verifyDocument(end.signed, keys)).toMatchObject({
    type: 'snapshot',
    content: { ...counted, iss: 'H60 Tỉnh Tuyên Quang', cursor: linesIn(text)[0].cursor },
  });
});

test('changes during the read follow its cursor: a reader reaches the hub’s state', async () => {
  const reader = ((await ask()).body as ReadableStream<Uint8Array>).getReader();
  let text = Buffer.from((await reader.read()).value as Uint8Array).toString();
  // Before and behind its present place: changed, and new.
  await hub.push(
    [CODE(2), CODE(440)].map((code) => progress({ code })),
    { what: 'progress' },
  );
  await hub.push([dossier({ code: 'H60.01-250811-0001' }), dossier({ code: CODE(9000) })]);
  for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read())
    text += Buffer.from(value as Uint8Array).toString();
  const held = await converged(linesIn(text));
  expect(held.size).toBe(453);
  for (const code of ['H60.01-250811-0001', CODE(2), CODE(440), CODE(9000)])
    expect(held.get(code)).toEqual((await hub.read(`/api/v1/dossiers/${code}`)).body);
});

test('a broken one has no last line, and no regular end', async () => {
  const reader = ((await ask()).body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  vi.spyOn(hub.hub.database.query, 'selectFrom').mockImplementation(() => {
    throw new Error('the database is away');
  });
  await expect(
    (async () => {
      while (!(await reader.read()).done);
    })(),
  ).rejects.toThrow();
});

test('two unread ones of a key leave places to other keys; a closed one makes room', async () => {
  const open = [await ask(), await ask({ 'Accept-Encoding': 'gzip' })];
  const third = await ask();
  expect([third.status, third.headers.get('retry-after')]).toEqual([429, '30']);
  const headers = { Authorization: `Bearer ${INDEX_ALONE}` };
  const other = await hub.request('GET', '/api/v1/snapshot', undefined, undefined, headers);
  expect([other.status, (await other.text()).includes('"kind":"end"')]).toEqual([200, true]);
  for (const { body } of open) await body?.cancel();
  await vi.waitFor(async () => {
    const again = await ask();
    await again.body?.cancel();
    expect(again.status).toBe(200);
  }, 50_000);
  const head = async () => (await hub.request('HEAD', '/api/v1/snapshot', 'portal')).status;
  // The place of a closed one is free a little later.
  await vi.waitFor(async () => expect(await head()).toBe(200), 50_000);
  for (let n = 0; n < 3; n++) expect(await head()).toBe(200);
});

test('a stalled one is broken off after a minute, and makes room; its buffer is small', async () => {
  // More than all buffers hold, even compressed.
  const unlike = (n: number) =>
    Array.from({ length: 300 }, (_, at) => createHash('sha256').update(`${n} ${at}`).digest('base64')).join(' ');
  await hub.push(Array.from({ length: 40 }, (_, n) => dossier({ code: CODE(5000 + n), note: unlike(n) })));
  const minutes = new Map<unknown, () => void>();
  const { setTimeout: begin, clearTimeout: end } = globalThis;
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((work: () => void, ms: number) => {
    const timer = begin(work, ms);
    if (ms === 60_000) minutes.set(timer, work);
    return timer;
  }) as never);
  vi.spyOn(globalThis, 'clearTimeout').mockImplementation((timer) => {
    minutes.delete(timer);
    end(timer);
  });
  for (const encoding of ['identity', 'gzip', 'identity', 'gzip']) {
    const reader = ((await ask({ 'Accept-Encoding': encoding })).body as ReadableStream<Uint8Array>).getReader();
    const taken = async () => ((await reader.read()).value as Uint8Array).length;
    for (const _ of [1, 2]) expect(await taken()).toBeLessThanOrEqual(64 * 1024);
    await vi.waitFor(() => expect(minutes.size).toBe(1), 50_000);
    for (const pass of minutes.values()) pass();
    await expect(
      (async () => {
        while (!(await reader.read()).done);
      })(),
    ).rejects.toThrow('the client read nothing for too long');
    minutes.clear();
  }
});

test('it is compressed on request', async () => {
  const [plain, zipped] = [await ask(), await ask({ 'Accept-Encoding': 'br, gzip' })];
  expect(zipped.headers.get('content-encoding')).toBe('gzip');
  const inflated = (zipped.body as ReadableStream).pipeThrough(new DecompressionStream('gzip'));
  expect(linesIn(await new Response(inflated).text()).slice(0, -1)).toEqual(linesIn(await plain.text()).slice(0, -1));
  expect((await ask({ 'Accept-Encoding': 'gzip;q=0' })).headers.has('content-encoding')).toBe(false);
});

test('a gap is reported only for a cursor that may miss changes', async () => {
  const other = await testHub();
  const changes = async (query = '') => (await other.read(`/api/v1/changes?limit=1${query}`)).body;
  const gapAfter = async (cursor: string) => (await changes(`&cursor=${cursor}`)).gap;
  const [before] = linesIn(await (await other.request('GET', '/api/v1/snapshot', 'portal')).text());
  await other.push([1, 2, 3].map((n) => dossier({ code: CODE(n) })));
  const third = (await other.read('/api/v1/changes')).body.next;
  expect([await gapAfter(before.cursor), await gapAfter(third)]).toEqual([undefined, undefined]);
  await other.hub.database.pool.query('DELETE FROM changes WHERE cursor <= 2');
  expect([await gapAfter(before.cursor), await gapAfter(third)]).toEqual([true, undefined]);
  // A new reader has lost nothing.
  expect((await changes()).gap).toBeUndefined();
  // As after a restore: numbers far ahead, and none of them sent yet.
  await other.hub.database.pool.query('UPDATE change_counter SET value = value + 1000');
  expect(await gapAfter(third)).toBe(true);
  await other.close();
});
