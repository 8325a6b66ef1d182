import { deflateRawSync } from 'node:zlib';
import { writeXlsx } from 'hucre/xlsx';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import adapter from '../../adapters/file-drop/adapter.ts';
import settings from '../../adapters/file-drop/parties/water-permits.json' with { type: 'json' };
import { attachment } from '../../src/http/upload.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import type { Drops } from '../../src/kit/drops.ts';
import { forgetNames } from '../../src/ledger/dropped-files.ts';
import type { Party } from '../../src/parties/party.ts';
import { canariesIn, PERSON } from '../support/canaries.ts';
import { dossier as dossierOf, type TestHub, testHub } from '../support/hub.ts';
import type { Json } from '../support/json.ts';
import { bestOfTen, watchEventLoop } from '../support/measures.ts';
import { type Cell, HEAD, rowOf } from '../support/water-permits.ts';

const { place: _, ...uploaded } = settings;
const KEYS = [
  { id: 'water', secret: 'water-secret-of-the-tests', scopes: ['dossier:write'] as const, party: 'water' },
  { id: 'officer', secret: 'officer-secret-of-the-tests', scopes: ['ops:read', 'ops:configure'] as const },
  { id: 'desk', secret: 'desk-secret-of-the-tests', scopes: ['ops:read', 'ops:body'] as const },
  { id: 'inspector', secret: 'inspector-secret-of-the-tests', scopes: ['ops:read', 'index:personal'] as const },
  { id: 'reader', secret: 'reader-secret-of-the-tests', scopes: ['ops:read'] as const },
];
const FROM_PARTY = '/api/v1/parties/water/drops';
const FROM_OFFICER = '/api/v1/ops/parties/water/drops';

let hub: TestHub;
beforeEach(async () => {
  hub = await testHub({
    partners: { water: { sent: [], script: [], adapter: adapter as Adapter } },
    entries: { water: { settings: uploaded } },
    keys: KEYS.map((key) => ({ ...key, scopes: [...key.scopes] })),
    maxBodyBytes: 1024 * 1024,
  });
});
afterEach(() => hub.close());

const workbook = (rows: Cell[][]) => writeXlsx({ sheets: [{ name: 'Tháng 8', rows }] });
/** A ZIP with one entry, and the size that its directory names. */
function zipOf(name: string, content: Buffer, size: number): Buffer {
  const packed = deflateRawSync(content);
  const u16 = (...numbers: number[]): Buffer =>
    Buffer.concat(numbers.map((number) => Buffer.from([number & 0xff, (number >>> 8) & 0xff])));
  const u32 = (number: number): Buffer => u16(number & 0xffff, number >>> 16);
  const described = Buffer.concat([u16(20, 0, 8, 0, 0), u32(0), u32(packed.length), u32(size), u16(name.length, 0)]);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), described, Buffer.from(name), packed]);
  const unused = Buffer.alloc(14);
  const entry = Buffer.concat([Buffer.from('PK\x01\x02'), u16(20), described, unused, Buffer.from(name)]);
  const end = [Buffer.from('PK\x05\x06'), u16(0, 0, 1, 1), u32(entry.length), u32(local.length), u16(0)];
  return Buffer.concat([local, entry, ...end]);
}

const as = (id: string, headers: Record<string, string> = {}) => ({
  Authorization: `Bearer ${KEYS.find((key) => key.id === id)?.secret}`,
  ...headers,
});
const post = async (
  body: Uint8Array | FormData,
  { path = FROM_PARTY, by = 'water', name = 'hồ sơ.xlsx', headers = {} as Record<string, string> } = {},
): Promise<{ status: number; body: Json }> => {
  const named = body instanceof FormData ? headers : { 'Content-Disposition': attachment(name), ...headers };
  const reply = await hub.hub.app.request(path, { method: 'POST', headers: as(by, named), body: body as never });
  return { status: reply.status, body: (await reply.json()) as Json };
};
const read = async (path: string, by = 'reader'): Promise<Json> =>
  (await hub.hub.app.request(path, { headers: as(by) })).json() as Promise<Json>;
const stored = async (): Promise<number> =>
  (await hub.hub.database.query.selectFrom('messages').select('id').execute()).length;
const dossier = async (code: string): Promise<number> =>
  (await hub.read(`/api/v1/dossiers/${code}`, 'personal')).status;
const BAD = [HEAD, rowOf(11), rowOf(13, { 'Số CCCD': 1099123456 }), rowOf(14, { 'Trạng thái': 'Đang thẩm định' })];

describe('a party pushes a file', () => {
  test('the reply names each row that was not taken, with its cell, value and what was expected', async () => {
    const { status, body } = await post(await workbook(BAD));
    expect(status).toBe(201);
    expect(body).toMatchObject({
      ...{ file: 'hồ sơ.xlsx', list: 'dossiers', outcome: 'taken', read: 3, problems: [], linesLeftOut: 0 },
      counts: { new: 1, changed: 0, same: 0, stale: 0, quarantined: 1, invalid: 1 },
      lines: [
        {
          ...{ sheet: 'Tháng 8', row: 3, code: 'H60.09-250812-0013', outcome: 'invalid' },
          problems: [{ path: '/sheet1/E3', code: 'cell-number', args: { got: '1099123456' } }],
        },
        {
          ...{ row: 4, code: 'H60.09-250812-0014', outcome: 'quarantined' },
          problems: [{ path: '/sheet1/J4', code: 'no-table-entry' }],
        },
      ],
    });
    expect(await dossier('H60.09-250812-0011')).toBe(200);
    expect(await dossier('H60.09-250812-0013')).toBe(404);
    const receipt = await hub.hub.app.request(`/api/v1/parties/water/receipts/${body.receipt}`, {
      headers: as('water'),
    });
    expect(await receipt.json()).toMatchObject({ sha256: body.sha256 });
  });

  test('a form of a browser is the same, and the same file again changes nothing', async () => {
    const bytes = await workbook(BAD);
    const form = new FormData();
    form.set('note', 'tháng 8');
    form.set('file', new File([bytes as Uint8Array<ArrayBuffer>], 'ho-so.xlsx'));
    expect((await post(form)).status).toBe(201);
    const before = await stored();
    const { status, body } = await post(bytes, { name: 'another name.xlsx' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ outcome: 'repeat', counts: { new: 1, quarantined: 1, invalid: 1 } });
    expect(await stored()).toBe(before);
  });

  test.each([
    ['names its size', 200 * 1024 * 1024],
    ['hides its size', 0],
  ])('a workbook that inflates to 200 MiB and %s is refused', async (_, size) => {
    expect(await post(zipOf('[Content_Types].xml', Buffer.alloc(200 * 1024 * 1024, ' '), size))).toMatchObject({
      status: 422,
      body: { problems: [{ code: 'file-costly' }] },
    });
  });

  const cells = (number: number): string => rowOf(number, { 'Ngày tiếp nhận': '12/8/2025' }).join(';');
  const ROWS = Array.from({ length: 6_000 }, (_, at) => cells(1_000 + at));
  test.each([
    ['with 6,000 rows', 200, () => [HEAD.join(';'), ...ROWS].join('\n')],
    ['of separators alone', 422, () => ';'.repeat(1_000_000)],
  ])('a text %s is read while other requests are answered', async (_, expected, text) => {
    const body = Buffer.from(text());
    const { status, longestMs } = await bestOfTen({ longestMs: 100 }, async () => {
      const loop = watchEventLoop();
      const reply = await post(body, { path: `${FROM_PARTY}?preview=yes`, name: 'a.csv' });
      return { status: reply.status, longestMs: loop.longestMs() };
    });
    expect([status, longestMs < 100]).toEqual([expected, true]);
  });

  test('the rows of a large text are stored while other requests are answered', async () => {
    let from = 0;
    const { status, longestMs } = await bestOfTen({ longestMs: 100 }, async () => {
      const rows = ROWS.map((line) => line.replace('Nguyễn Văn An', `Trần Văn ${'ABCDEFGHIJ'[from]}`));
      from += 1;
      const loop = watchEventLoop();
      const reply = await post(Buffer.from([HEAD.join(';'), ...rows].join('\n')), { name: 'a.csv' });
      return { status: reply.status, longestMs: loop.longestMs() };
    });
    expect([status, longestMs < 100]).toEqual([201, true]);
  }, 60_000);

  test('an operator without index:personal sees nobody in the rows, also in those that were not taken', async () => {
    const someone = { 'Tên tổ chức, cá nhân': PERSON.name, 'Địa chỉ': PERSON.address };
    const good = { ...someone, 'Số CCCD': PERSON.identityNumber, 'Điện thoại': PERSON.phone };
    const bad = { ...someone, 'Số CCCD': 1099123456 };
    expect((await post(await workbook([HEAD, rowOf(11, good), rowOf(12, bad)]))).status).toBe(201);
    const { items } = (await read('/api/v1/ops/messages')) as { items: { id: string }[] };
    const opened = await Promise.all(items.map(({ id }) => read(`/api/v1/ops/messages/${id}`, 'desk')));
    expect(opened.map(({ body }) => body.format)).toEqual(['json', 'hidden']);
    expect(canariesIn(JSON.stringify(opened))).toEqual([]);
  });

  test('two at the same time store it once', async () => {
    const bytes = await workbook([HEAD, rowOf(11), rowOf(12)]);
    const replies = await Promise.all([post(bytes), post(bytes), post(bytes)]);
    expect(replies.map(({ body }) => body.outcome).sort()).toEqual(['repeat', 'repeat', 'taken']);
    expect(await stored()).toBe(2);
  });

  test('an Idempotency-Key belongs to one file', async () => {
    const headers = { 'Idempotency-Key': 'month-8' };
    const first = await workbook([HEAD, rowOf(11)]);
    expect((await post(first, { headers })).status).toBe(201);
    expect(await post(first, { headers })).toMatchObject({ status: 200, body: { outcome: 'repeat' } });
    expect(await post(await workbook([HEAD, rowOf(12)]), { headers })).toMatchObject({
      status: 409,
      body: { code: 'idempotency-key-reused' },
    });
    expect(await dossier('H60.09-250812-0012')).toBe(404);
  });

  test.each([
    ['ho-so.xlsx', 'PK\u0003\u0004 and no more', 'file-damaged'],
    ['ho-so.csv', 'Mã hồ sơ;Mã thủ tục\nH60.09-250812-0011;1.004232', 'headings-missing'],
  ])('%s that cannot be read whole changes no dossier', async (name, text, code) => {
    const { status, body } = await post(Buffer.from(text), { name });
    expect(status).toBe(422);
    expect(body).toMatchObject({ outcome: 'refused', problems: [{ code }], lines: [], read: 0 });
    expect(await read(FROM_OFFICER)).toMatchObject({ items: [{ outcome: 'refused', file: name }] });
  });

  test('a preview reads the file and stores nothing', async () => {
    const { status, body } = await post(await workbook(BAD), { path: `${FROM_PARTY}?preview=yes` });
    expect(status).toBe(200);
    expect(body).toMatchObject({ outcome: 'readable', counts: { new: 1, invalid: 1, quarantined: 1 } });
    expect(await stored()).toBe(0);
    expect(await read(FROM_OFFICER)).toEqual({ items: [], next: null, total: 0 });
  });

  test('CSV on request is the report of the folder', async () => {
    const init = {
      method: 'POST',
      headers: as('water', { Accept: 'text/csv', 'Content-Disposition': attachment('a.xlsx') }),
    };
    const reply = await hub.hub.app.request(FROM_PARTY, { ...init, body: (await workbook(BAD)) as never });
    expect(reply.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect((await reply.text()).split('\r\n')).toEqual(
      expect.arrayContaining(['Kết quả;Đã nhận', 'Mới;1', 'Không hợp lệ;1']),
    );
  });

  test.each([
    ['no name', 400, 'drop-name', { 'Content-Disposition': 'attachment' }],
    ['another ending', 422, 'drop-of-no-list', { 'Content-Disposition': 'attachment; filename="a.docx"' }],
    ['a broken form', 400, 'form-unreadable', { 'Content-Type': 'multipart/form-data; boundary=x' }],
    [
      'a form without a file',
      400,
      'form-files',
      { 'Content-Type': 'multipart/form-data; boundary=x', body: '--x--\r\n' },
    ],
    [
      'a form of many parts',
      400,
      'form-parts',
      {
        'Content-Type': 'multipart/form-data; charset=utf-8; boundary="x"',
        body: `${'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'.repeat(102)}--x--\r\n`,
      },
    ],
    ['a path as name', 201, undefined, { 'Content-Disposition': 'attachment; filename="C:\\\\temp\\\\a.xlsx"' }],
  ])('a request with %s is answered %i', async (_name, status, code, { body, ...headers }: Record<string, string>) => {
    const bytes = body === undefined ? await workbook([HEAD, rowOf(11)]) : Buffer.from(body);
    const reply = await post(bytes, { headers });
    expect(reply).toMatchObject({ status, body: code ? { code } : { file: 'a.xlsx' } });
  });

  test('a file above the limit of bodies, another party and a party without files are refused', async () => {
    expect((await post(Buffer.alloc(1024 * 1024 + 1))).status).toBe(413);
    expect((await post(Buffer.from(''), { path: '/api/v1/parties/other/drops' })).status).toBe(403);
    expect((await hub.request('POST', '/api/v1/parties/other/drops', 'other')).status).toBe(404);
  });
});

describe('a file whose parts are stored one after the other', () => {
  const left = () => hub.hub.database.query.selectFrom('uploads').selectAll().execute();
  const many = () => workbook([HEAD, ...Array.from({ length: 1_010 }, (_, at) => rowOf(at + 1_000))]);
  /** The second part of a file is not stored while this stands. */
  const refuseMore = (code: string) =>
    hub.hub.database.pool.query(
      `CREATE FUNCTION refuse_more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF EXISTS (SELECT FROM messages WHERE party = 'water') THEN RAISE EXCEPTION 'no more' USING ERRCODE = '${code}'; END IF;
         RETURN NULL; END $$;
       CREATE TRIGGER refuse_more BEFORE INSERT ON messages FOR EACH STATEMENT EXECUTE FUNCTION refuse_more()`,
    );
  const admitMore = () => hub.hub.database.pool.query('DROP TRIGGER refuse_more ON messages');

  test('is continued without its sender after a failure between two parts', async () => {
    const bytes = await many();
    await refuseMore('53100');
    expect((await post(bytes)).status).toBeGreaterThanOrEqual(500);
    expect(await left()).toMatchObject([{ stored: 20, who: 'water' }]);
    await hub.hub.pipeline.files.continueLeft();
    expect(await left()).toMatchObject([{ stored: 20, token: 0 }]);
    hub.clock.nowMs += 9_000;
    await hub.hub.pipeline.files.continueLeft();
    expect(await left()).toMatchObject([{ stored: 20, token: 1 }]);
    await admitMore();
    hub.clock.nowMs += 9_000;
    await hub.hub.pipeline.files.continueLeft();
    expect(await left()).toEqual([]);
    expect(await stored()).toBe(22);
    const { items } = await read(FROM_OFFICER);
    expect(items).toMatchObject([{ outcome: 'taken', place: 'upload', who: 'water', counts: { new: 1_010 } }]);
    expect(await post(bytes)).toMatchObject({ status: 200, body: { outcome: 'repeat', counts: { new: 1_010 } } });
  });

  test('is continued by one process only, however long the file takes to read', async () => {
    await refuseMore('53100');
    await post(await many());
    await admitMore();
    hub.clock.nowMs += 9_000;
    const drops = hub.hub.parties.get('water')?.adapter.drops as Drops<unknown>;
    const { read: readFile } = drops;
    let goOn = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const reads = vi.spyOn(drops, 'read').mockImplementation(async (...given) => {
      await held;
      return readFile(...given);
    });
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const first = hub.hub.pipeline.files.continueLeft();
    try {
      await expect.poll(() => reads.mock.calls.length).toBe(1);
      for (let s = 0; s < 12; s += 3) {
        hub.clock.nowMs += 3_000;
        vi.advanceTimersByTime(3_000);
        const leasedMs = async () => Date.parse(String((await left())[0]?.leased_until));
        await expect.poll(leasedMs).toBe(hub.clock.nowMs + 8_000);
      }
      await hub.hub.pipeline.files.continueLeft();
      goOn();
      await first;
      expect(reads).toHaveBeenCalledTimes(1);
      expect(await left()).toEqual([]);
    } finally {
      goOn();
      vi.useRealTimers();
      vi.restoreAllMocks();
      await first;
    }
  });

  test('is stored once when its sender sends it again before it is continued', async () => {
    const bytes = await many();
    await refuseMore('53100');
    await post(bytes);
    await admitMore();
    hub.clock.nowMs += 9_000;
    expect(await post(bytes)).toMatchObject({ status: 201, body: { outcome: 'taken', counts: { new: 1_010 } } });
    await hub.hub.pipeline.files.continueLeft();
    expect(await stored()).toBe(22);
    expect(await left()).toEqual([]);
  });

  test('is answered with 503 when another process stores it for too long, or when the hub stops', async () => {
    const bytes = await many();
    await refuseMore('53100');
    await post(bytes);
    // The clock of the hub stands still, so the lease of the first request does not end.
    const queries = vi.spyOn(hub.hub.database.pool, 'query');
    const isWaiting = () => queries.mock.calls.some(([one]) => (one as { name?: string }).name === 'claim upload');
    const now = performance.now.bind(performance);
    let aheadMs = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now() + aheadMs);
    try {
      const late = post(bytes);
      await expect.poll(isWaiting).toBe(true);
      aheadMs = 60_000;
      expect(await late).toMatchObject({ status: 503, body: { detail: expect.stringContaining('is storing this') } });
      const stop = new AbortController();
      const party = hub.hub.parties.get('water') as Party;
      const file = { party, file: { name: 'hồ sơ.xlsx', bytes }, list: 'dossiers', place: 'upload' } as const;
      const order = { ...file, keyName: 'water', isPreview: false, signal: stop.signal };
      queries.mockClear();
      const stopped = hub.hub.pipeline.files.take(order);
      await expect.poll(isWaiting).toBe(true);
      stop.abort();
      expect(await stopped).toEqual({ kind: 'being-stored' });
    } finally {
      vi.restoreAllMocks();
    }
  });

  test('keeps no large body of others waiting while it only waits itself, and is sealed once', async () => {
    const bytes = await many();
    await refuseMore('53100');
    await post(bytes);
    await admitMore();
    const queries = vi.spyOn(hub.hub.database.pool, 'query');
    const sealed = () =>
      queries.mock.calls.flatMap(([one]) => {
        const { name, values = [] } = one as { name?: string; values?: unknown[] };
        return name === 'claim upload' ? [values[5]] : [];
      });
    try {
      // The clock of the hub stands still, so the lease of the first request does not end.
      const waiting = post(bytes);
      await expect.poll(() => sealed().length).toBeGreaterThanOrEqual(2);
      expect(new Set(sealed()).size).toBe(1);
      const behind = Array.from({ length: 5 }, () => post(Buffer.alloc(1_000_000)));
      const large = `${JSON.stringify(dossierOf({}))}${' '.repeat(500_000)}`;
      // The first ones may come before those of the files.
      for (let n = 0; n < 10; n++) expect((await hub.push(large)).status).toBeLessThan(300);
      hub.clock.nowMs += 9_000;
      await Promise.all([waiting, ...behind]);
    } finally {
      vi.restoreAllMocks();
    }
  });

  test('is not tried again when the database refuses its rows', async () => {
    await refuseMore('22001');
    expect((await post(await many())).status).toBe(500);
    expect(await left()).toEqual([]);
  });

  test('is stored once when its sender sends it again after the database refused a part', async () => {
    const bytes = await many();
    await refuseMore('22001');
    for (let n = 0; n < 2; n++) expect((await post(bytes)).status).toBe(500);
    await admitMore();
    expect(await post(bytes)).toMatchObject({ status: 201, body: { outcome: 'taken', counts: { new: 1_010 } } });
    expect(await stored()).toBe(22);
  });
});

describe('an operator', () => {
  test('takes a file for a party, and the audit says who', async () => {
    const path = `${FROM_OFFICER}?why=${encodeURIComponent('Văn bản 12')}`;
    expect((await post(await workbook(BAD), { path, by: 'reader' })).status).toBe(403);
    expect((await post(await workbook(BAD), { path: `${FROM_OFFICER}?preview=yes`, by: 'officer' })).status).toBe(200);
    expect((await post(await workbook(BAD), { path, by: 'officer' })).status).toBe(201);
    expect((await read('/api/v1/ops/audit?action=party.file')).items).toMatchObject([
      { actor: 'officer', why: 'Văn bản 12', subject: 'party water: dossiers' },
    ]);
  });

  test('reads what became of each file, without personal data', async () => {
    await post(await workbook([HEAD, rowOf(11)]));
    const twice = await workbook(BAD);
    await post(twice, { path: FROM_OFFICER, by: 'officer', name: 'b.xlsx' });
    await post(twice);
    const { items } = await read(FROM_OFFICER);
    expect(items).toMatchObject([
      { outcome: 'repeat', place: 'upload', who: 'water', file: 'hồ sơ.xlsx', firstFile: 'b.xlsx' },
      { outcome: 'taken', place: 'operator', who: 'officer', counts: { same: 1, quarantined: 1, invalid: 1 } },
      { outcome: 'taken', place: 'upload', file: 'hồ sơ.xlsx', firstFile: null, counts: { new: 1 } },
    ]);
    const one = await read(`${FROM_OFFICER}/${items[1].id}`);
    expect(one.lines).toMatchObject([
      { sheet: 'Tháng 8', row: 3, outcome: 'invalid', problems: [{ path: '/sheet1/E3', code: 'cell-number' }] },
      { sheet: 'Tháng 8', row: 4, outcome: 'quarantined' },
    ]);
    expect(JSON.stringify(one)).not.toContain('1099123456');
    expect((await hub.hub.app.request(`${FROM_OFFICER}/999`, { headers: as('reader') })).status).toBe(404);
  });

  test('with index:personal leaves an entry in the audit for each read, and another one none', async () => {
    await post(await workbook([HEAD, rowOf(11)]), { name: 'Trần Thị Bình.xlsx' });
    const entries = async () =>
      (await read('/api/v1/ops/audit?subject=party%20water')).items.map(({ actor, action, subject }: Json) => [
        ...[actor, action, subject],
      ]);
    const [{ id }] = (await read(FROM_OFFICER)).items;
    await read(`${FROM_OFFICER}/${id}`);
    expect(await entries()).toEqual([]);
    expect((await read(FROM_OFFICER, 'inspector')).items).toMatchObject([{ file: 'Trần Thị Bình.xlsx' }]);
    expect(await read(`${FROM_OFFICER}/${id}`, 'inspector')).toMatchObject({ file: 'Trần Thị Bình.xlsx' });
    expect(await entries()).toEqual([
      ['inspector', 'party.files-personal', `party water: file ${id}`],
      ['inspector', 'party.files-personal', 'party water'],
    ]);
  });

  test('reads no name of a repeat whose messages were erased', async () => {
    const bytes = await workbook([HEAD, rowOf(11)]);
    await post(bytes);
    await post(bytes, { name: 'Trần Thị Bình.xlsx' });
    await forgetNames(hub.hub.database);
    const named = { file: 'Trần Thị Bình.xlsx', firstFile: 'hồ sơ.xlsx' };
    expect((await read(FROM_OFFICER, 'inspector')).items[0]).toMatchObject(named);
    expect((await read(FROM_OFFICER)).items[0]).toMatchObject({ ...named, file: 'T*** T** B***.xlsx' });
    const { pool } = hub.hub.database;
    // The other messages of the file keep theirs: they speak of other people.
    await pool.query(`UPDATE messages SET body = NULL, body_key = NULL, emptied_at = now()
      WHERE id = (SELECT id FROM messages ORDER BY id LIMIT 1)`);
    await forgetNames(hub.hub.database);
    expect((await read(FROM_OFFICER)).items[0]).toMatchObject({ outcome: 'repeat', file: 'hồ sơ.xlsx' });
    await pool.query('UPDATE messages SET body = NULL, body_key = NULL, emptied_at = now()');
    await forgetNames(hub.hub.database);
    expect((await read(FROM_OFFICER)).items).toMatchObject([
      { outcome: 'repeat', file: null, firstFile: null },
      { outcome: 'taken', file: null, firstFile: null },
    ]);
  });
});
