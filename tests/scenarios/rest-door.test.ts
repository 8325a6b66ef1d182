import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { msToInstant } from '#core/dates/dates';
import { forgetOldKeys } from '../../src/ledger/idempotency.ts';
import { inDepth, roundsOf, sampled, test } from '../support/depth.ts';
import { dossier, progress, type TestHub, testHub } from '../support/hub.ts';

describe('the REST door', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub({ maxBodyBytes: 3 * 1024 * 1024, entries: { other: { may: ['status'] } } });
  });
  afterAll(() => hub.close());

  test('a hub without a catalogue answers the first push of the documents as they show', async () => {
    const page = readFileSync('docs/integrate/rest.md', 'utf8').replaceAll('H60.01-250812-0035', 'H60.01-250812-9035');
    const [, sent = '', answered = ''] = / -d '(\{.+?)'\n```.+?```json\n(.+?)```/s.exec(page) ?? [];
    const { receipt: _, ...rest } = (await hub.push(sent)).body;
    const { receipt: __, ...shown } = JSON.parse(answered);
    expect(rest).toMatchObject(shown);
  });

  test('a new dossier is acknowledged with 201 and is in the index at once', async () => {
    const reply = await hub.push(dossier({ code: ' h60.01-250812-1001 ' }));
    expect(reply.status).toBe(201);
    expect(reply.results).toMatchObject([{ index: 0, code: 'H60.01-250812-1001', outcome: 'accepted' }]);
    const { body } = await hub.read('/api/v1/dossiers/H60.01-250812-1001');
    expect(body).toMatchObject({ code: 'H60.01-250812-1001', status: 'received', freshness: { party: 'one-stop' } });
  });

  test('a repeated push changes nothing and is a duplicate, whatever the order of its members', async () => {
    const given = dossier({ code: 'H60.01-250812-1002', note: 'Ghi chú' });
    await hub.push(given);
    const before = await hub.read('/api/v1/dossiers/H60.01-250812-1002');
    const again = await hub.push(Object.fromEntries(Object.entries(given).reverse()));
    expect(again).toMatchObject({ status: 200, results: [{ outcome: 'duplicate' }] });
    expect(await hub.read('/api/v1/dossiers/H60.01-250812-1002')).toMatchObject({ body: before.body });
    expect((await hub.read('/api/v1/dossiers/H60.01-250812-1002/history')).body.items).toHaveLength(1);
  });

  test('the repetition of an older version is a duplicate too, also within one batch', async () => {
    const code = 'H60.01-250812-1003';
    const first = dossier({ code });
    const second = dossier({ code, status: 'processing', statusAt: '2025-08-13T08:00:00+07:00' });
    await hub.push(first);
    const batch = await hub.push([second, first, second]);
    expect(batch.results.map((result) => result.outcome)).toEqual(['accepted', 'duplicate', 'duplicate']);
    expect((await hub.push(first)).results[0]?.outcome).toBe('duplicate');
    expect((await hub.read(`/api/v1/dossiers/${code}/history`)).body.items).toHaveLength(2);
  });

  test('an older version enters the history and leaves the status alone', async () => {
    const code = 'H60.01-250812-1004';
    await hub.push(dossier({ code, status: 'resolved', statusAt: '2025-08-15T10:00:00+07:00' }));
    const late = await hub.push(dossier({ code, status: 'processing', statusAt: '2025-08-13T10:00:00+07:00' }));
    expect(late).toMatchObject({ status: 200, results: [{ outcome: 'stale' }] });
    expect((await hub.read(`/api/v1/dossiers/${code}`)).body.status).toBe('resolved');
    const history = (await hub.read(`/api/v1/dossiers/${code}/history`)).body.items;
    expect(history.map((item: { status: string; movedStatus: boolean }) => [item.status, item.movedStatus])).toEqual([
      ['processing', false],
      ['resolved', true],
    ]);
  });

  test('a newer version that says less erases nothing', async () => {
    const code = 'H60.01-250812-1005';
    await hub.push(dossier({ code, note: 'Giữ lại', fees: [{ name: 'Lệ phí', amountVnd: null }] }));
    await hub.push({
      code,
      serviceCode: '1.013225',
      agencyCode: 'H60.01',
      status: 'processing',
      statusAt: '2025-08-14T08:00:00+07:00',
    });
    const { body } = await hub.read(`/api/v1/dossiers/${code}`, 'personal');
    expect(body).toMatchObject({
      status: 'processing',
      note: 'Giữ lại',
      fees: [{ amountVnd: null }],
      applicant: { name: 'Nguyễn Văn An' },
    });
  });

  test('one bad item never spoils the others in its batch, and each problem names field, value and expectation', async () => {
    const reply = await hub.push([
      dossier({ code: 'H60.01-250812-1006' }),
      dossier({ code: 'H60.01-250812-1007', status: 'done', extra: 1 }),
      dossier({ code: 'H60.01-250230-1008', dueAt: '2025-02-30T08:00:00+07:00' }),
      dossier({ code: 'H60.01-250812-1009' }),
    ]);
    expect(reply.status).toBe(200);
    expect(reply.results.map((result) => result.outcome)).toEqual(['accepted', 'invalid', 'invalid', 'accepted']);
    const problems = reply.results[1]?.problems ?? [];
    expect(problems.find((problem) => problem.path === '/status')?.message).toMatch(/"done".*submitted/);
    expect(problems.find((problem) => problem.path === '/extra')?.message).toMatch(/"extra"/);
    expect(reply.results[2]?.problems?.[0]).toMatchObject({
      path: '/dueAt',
      message: expect.stringContaining('2025-02-30'),
    });
    expect((await hub.read('/api/v1/dossiers/H60.01-250812-1009')).status).toBe(200);
    expect((await hub.read('/api/v1/dossiers/H60.01-250812-1007')).status).toBe(404);
  });

  test('a member that repeats makes its item invalid, and no value of it is chosen', async () => {
    const given = (n: number, more = ''): string =>
      JSON.stringify(dossier({ code: `H60.01-250812-30${n}` })).replace(/}$/, `${more}}`);
    const twice = [{ path: '/status', message: 'is given 2 times, expected once' }];
    const invalid = { outcome: 'invalid', problems: twice };
    const accepted = { outcome: 'accepted' };
    expect(await hub.push(given(10, ',"status" : "returned"'))).toMatchObject({ status: 422, results: [invalid] });
    expect((await hub.push(given(11, ',"note":"a","n\\u006fte":"b"'))).results[0]?.problems).toMatchObject([
      { path: '/note' },
    ]);
    expect((await hub.push(given(12, ',"fees":[{"code":"a"},{"code":"a","code":"b"}]'))).results).toMatchObject([
      { outcome: 'invalid', problems: [{ path: '/fees/1/code' }] },
    ]);
    const items = [given(13), given(14, ',"status":"received"'), given(15, ',"note":":{\\"status\\": 1, "')];
    for (const [at, space] of ['', ' '.repeat(300_000)].entries()) {
      const list = items.map((item) => item.replace('-30', `-3${at}`));
      expect((await hub.push(`[${space}${list}]`)).results).toMatchObject([accepted, invalid, accepted]);
    }
    const lines = items.map((item) => item.replace('-30', '-32')).join('\n');
    expect((await hub.push(lines, { headers: NDJSON })).results).toMatchObject([accepted, invalid, accepted]);
    for (const n of [3010, 3014, 3114, 3214])
      expect((await hub.read(`/api/v1/dossiers/H60.01-250812-${n}`)).status).toBe(404);
  });

  test('a single item answers by its outcome: 422 invalid, 202 quarantined', async () => {
    expect((await hub.push(dossier({ status: 'done' }))).status).toBe(422);
    const waiting = await hub.push(dossier({ code: 'H60.01-250812-1010', note: 'Nguy?n V?n \uFFFD\u00C3' }));
    expect(waiting).toMatchObject({
      status: 202,
      results: [{ outcome: 'quarantined', problems: [{ path: '/note' }] }],
    });
    expect((await hub.read('/api/v1/dossiers/H60.01-250812-1010')).status).toBe(404);
  });

  test('a phone number that begins with its area code in brackets is accepted, and masked', async () => {
    const phone = '(0207) 3822123';
    const code = 'H60.01-250812-0701';
    const given = { code, note: `Gọi lại số ${phone}.`, applicant: { name: 'Nguyễn Văn An', phone } };
    expect((await hub.push(dossier(given))).results).toMatchObject([{ outcome: 'accepted' }]);
    expect(JSON.stringify((await hub.read(`/api/v1/dossiers/${code}`)).body)).not.toContain('38221');
  });

  test('progress before its dossier waits, and is applied when the dossier arrives', async () => {
    const code = 'H60.01-250812-1011';
    const early = await hub.push(progress({ code }), { what: 'progress' });
    expect(early).toMatchObject({ status: 202, results: [{ outcome: 'quarantined' }] });
    expect((await hub.read(`/api/v1/dossiers/${code}`)).status).toBe(404);
    await hub.push(dossier({ code }));
    await expect.poll(async () => (await hub.read(`/api/v1/dossiers/${code}`)).body.status).toBe('processing');
    const history = (await hub.read(`/api/v1/dossiers/${code}/history`)).body.items;
    expect(history).toHaveLength(2);
    expect(history[1]).toMatchObject({ actor: 'Trần Thị B', content: 'Đang thẩm định', status: 'processing' });
  });

  test('an unknown service or agency does not hide the dossier: it is applied with a warning', async () => {
    const reply = await hub.push(dossier({ code: 'H60.01-250812-1012', serviceCode: '2.999999' }));
    expect(reply.status).toBe(201);
    expect(reply.results[0]?.warnings?.map((warning) => warning.path)).toEqual(['/serviceCode', '/agencyCode']);
    const listed = await hub.hub.database.query
      .selectFrom('unknown_codes')
      .selectAll()
      .where('code', '=', '2.999999')
      .execute();
    expect(listed).toMatchObject([{ kind: 'service', party: 'one-stop' }]);
  });

  test('text arrives as NFC, and certain mojibake is repaired with a warning', async () => {
    const broken = Buffer.from('Nguyễn Văn Đức', 'utf8').toString('latin1');
    const reply = await hub.push(
      dossier({
        code: 'H60.01-250812-1013',
        applicant: { name: broken },
        processingUnit: 'Sở Tư pháp'.normalize('NFD'),
      }),
    );
    expect(reply.results[0]?.warnings).toContainEqual(
      expect.objectContaining({ path: '/applicant/name', message: expect.stringContaining('UTF-8') }),
    );
    const { body } = await hub.read('/api/v1/dossiers/H60.01-250812-1013', 'personal');
    expect(body.applicant.name).toBe('Nguyễn Văn Đức');
    expect(body.processingUnit).toBe('Sở Tư pháp'.normalize('NFC'));
  });

  test('a dossier is found by any of its codes, and two that share one stay apart', async () => {
    const aliases = [{ party: 'other', code: '03706/2026/07906' }];
    await hub.push(dossier({ code: 'H60.01-250812-1014' }));
    await hub.push(dossier({ code: 'H60.01-250812-1014', aliases }), { party: 'other' });
    const byAlias = await hub.read(`/api/v1/dossiers/${encodeURIComponent('03706/2026/07906')}`);
    expect(byAlias.body.code).toBe('H60.01-250812-1014');
    const renamed = await hub.push(
      dossier({
        code: 'H60.02-250812-0001',
        status: 'processing',
        statusAt: '2025-08-13T08:00:00+07:00',
        aliases,
      }),
      { party: 'other' },
    );
    expect(renamed.results[0]?.outcome).toBe('accepted');
    expect((await hub.read('/api/v1/dossiers/H60.02-250812-0001')).body).toMatchObject({
      code: 'H60.01-250812-1014',
      status: 'processing',
    });
    await hub.push(dossier({ code: 'H60.01-250812-1015' }));
    const clash = await hub.push(dossier({ code: 'H60.01-250812-1015', note: 'x', aliases }), { party: 'other' });
    expect(clash).toMatchObject({ status: 202, results: [{ outcome: 'quarantined' }] });
  });

  test('one number given by two systems to their own dossiers joins nothing', async () => {
    const numbered = (n: number, party: string) =>
      dossier({ code: `H60.01-250812-102${n}`, aliases: [{ party, code: '12' }] });
    const first = await hub.push(numbered(1, 'other'), { party: 'other' });
    const second = await hub.push(numbered(2, 'one-stop'));
    expect([first, second].map(({ results }) => results[0]?.outcome)).toEqual(['accepted', 'accepted']);
    const newer = { ...numbered(1, 'other'), note: 'x', statusAt: '2025-08-13T08:00:00+07:00' };
    const again = await hub.push(newer, { party: 'other' });
    expect(again.results[0]).toMatchObject({ code: 'H60.01-250812-1021', outcome: 'accepted' });
    expect((await hub.read('/api/v1/dossiers/H60.01-250812-1022')).body.note).toBeUndefined();
  });

  test('lines of a stream are separate items in any number, and a broken one spoils nothing', async () => {
    const lines = Array.from({ length: 1_203 }, (_, n) =>
      JSON.stringify(dossier({ code: `H60.03-250812-${String(n).padStart(5, '0')}` })),
    );
    lines.splice(700, 0, '{"code": "H60', '');
    const reply = await hub.push(`${lines.join('\n')}\n`, { headers: { 'Content-Type': 'application/x-ndjson' } });
    expect(reply.status).toBe(200);
    expect(reply.results).toHaveLength(1_204);
    expect(reply.results[700]).toMatchObject({ index: 700, outcome: 'invalid' });
    expect(reply.results.filter((result) => result.outcome === 'accepted')).toHaveLength(1_203);
    const kept = await hub.hub.database.query
      .selectFrom('messages')
      .select('id')
      .where('receipt', '=', reply.receipt)
      .execute();
    expect(kept).toHaveLength(3);
  });

  const NDJSON = { 'Content-Type': 'application/x-ndjson' };
  const stepOf = (code: string): string => JSON.stringify(progress({ code }));
  const historyOf = async (code: string): Promise<readonly string[]> =>
    ((await hub.read(`/api/v1/dossiers/${code}/history`)).body.items ?? []).map(
      (item: { status: string }) => item.status,
    );

  test.each([
    ['without a key', {}, 2001],
    ['with an Idempotency-Key', { 'Idempotency-Key': 'lines-1' }, 2011],
  ])('waiting lines are found again at their place, whatever stands between them: %s', async (_, key, first) => {
    const codes = [0, 1, 2].map((n) => `H60.01-250812-${first + n}`);
    const [one, two, three] = codes.map(stepOf) as [string, string, string];
    // A no-break space is no blank line, a tab is; a byte order mark belongs to its line.
    const body = `\u00a0\n\ufeff${one}\r\n \t\n\n\u3000\n${two}\n\ufeff\n\n${three}`;
    const reply = await hub.push(body, { what: 'progress', headers: { ...NDJSON, ...key } });
    expect(reply.results.map(({ outcome, code }) => code ?? outcome)).toEqual([
      'invalid',
      codes[0],
      'invalid',
      codes[1],
      'invalid',
      codes[2],
    ]);
    for (const code of codes) await hub.push(dossier({ code }));
    for (const code of codes) await expect.poll(() => historyOf(code)).toEqual(['received', 'processing']);
    expect(await hub.hub.rebuild()).toMatchObject({ differences: [] });
  });

  test.each([
    ['without a key', {}],
    ['with an Idempotency-Key', { 'Idempotency-Key': 'bytes-1' }],
  ])('a line that is not UTF-8 is invalid, never stored with replaced letters: %s', async (_, key) => {
    const [before, after] = JSON.stringify(dossier({ code: 'H60.01-250812-2021', note: 'X' })).split('X');
    const body = Buffer.concat([
      Buffer.from(before as string),
      Buffer.from([0xc3, 0x28]),
      Buffer.from(after as string),
    ]);
    const reply = await hub.push(body, { headers: { ...NDJSON, ...key } });
    expect(reply.results).toMatchObject([{ outcome: 'invalid', problems: [{ message: /UTF-8/ }] }]);
  });

  test.each([
    ['LF', '\n', 2051],
    ['CR LF', '\r\n', 2061],
    ['the end of the stream', '', 2071],
  ])('a line has up to 1 MiB, however it ends: %s', async (_, end, first) => {
    const line = (n: number, bytes: number): string => {
      const json = JSON.stringify(dossier({ code: `H60.01-250812-${first + n}` }));
      return `{${' '.repeat(bytes - Buffer.byteLength(json))}${json.slice(1)}${end}`;
    };
    const outcomeOf = async (body: string, key: object = {}) =>
      (await hub.push(body, { headers: { ...NDJSON, ...key } })).results[0]?.outcome;
    const MIB = 1024 * 1024;
    expect(await outcomeOf(line(0, MIB))).toBe('accepted');
    expect(await outcomeOf(line(1, MIB), { 'Idempotency-Key': `ends-${first}` })).toBe('accepted');
    expect(await outcomeOf(line(2, MIB + 1))).toBe('invalid');
  });

  test('a body with a byte order mark is accepted, and can be read again', async () => {
    const code = 'H60.01-250812-2031';
    const marked = `\ufeff${stepOf(code)}`;
    expect(await hub.push(marked, { what: 'progress' })).toMatchObject({ status: 202 });
    expect(await hub.push(`\ufeff${JSON.stringify(dossier({ code }))}`)).toMatchObject({ status: 201 });
    await expect.poll(() => historyOf(code)).toEqual(['received', 'processing']);
  });

  test('an array with a byte order mark is accepted whatever its size', async () => {
    const many = Array.from({ length: 60 }, (_, n) =>
      dossier({ code: `H60.06-250812-${String(n).padStart(4, '0')}`, note: 'x'.repeat(19_000) }),
    );
    const { status, results } = await hub.push(`\ufeff${JSON.stringify(many)}`);
    expect([status, results.length, new Set(results.map(({ outcome }) => outcome))]).toEqual([
      200,
      60,
      new Set(['accepted']),
    ]);
  });

  test('a stream of invalid lines only ends early, and reports the decided ones', async () => {
    const lines = Array.from({ length: 50_000 }, () => '{').join('\n');
    const given = await hub.push(`${JSON.stringify(dossier())}\n${lines}`, { headers: NDJSON });
    expect(given).toMatchObject({ status: 422, body: { receipt: expect.any(String), held: 5_500 } });
    expect(given.body.detail).toMatch(/5000 lines in a row are invalid/);
    const { body } = await hub.read(`/api/v1/parties/one-stop/receipts/${given.receipt}`, 'one-stop');
    expect(body.items[0]).toMatchObject({ index: 0, code: 'H60.01-250812-0035' });
  });

  test('a stream that breaks off after a commit reports its receipt and the stored count', async () => {
    const lines = Array.from({ length: 700 }, (_, n) =>
      JSON.stringify(dossier({ code: `H60.05-250812-${String(n).padStart(5, '0')}` })),
    );
    const { pool } = hub.hub.database;
    await pool.query(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN IF NEW.code = 'H60.05-250812-00600' THEN RAISE EXCEPTION 'as in the test' USING ERRCODE = '53100'; END IF; RETURN NEW; END $$`);
    await pool.query('CREATE TRIGGER fail BEFORE INSERT ON dossiers FOR EACH ROW EXECUTE FUNCTION fail()');
    const broken = await hub.push(lines.join('\n'), { headers: NDJSON });
    await pool.query('DROP FUNCTION fail CASCADE');
    expect(broken).toMatchObject({ status: 503, body: { held: 500, receipt: expect.any(String) } });
    expect(broken.body.detail).toMatch(/the first 500 items are stored under the receipt/);
    expect(broken.body.detail).not.toMatch(/nothing of this request/);
    const { rows } = await pool.query('SELECT results FROM messages WHERE receipt = $1', [broken.receipt]);
    expect(rows.flatMap((row) => row.results)).toHaveLength(500);
    // Repeating all of it does no harm.
    const again = await hub.push(lines.join('\n'), { headers: NDJSON });
    const outcomes = again.results.map(({ outcome }) => outcome);
    expect(outcomes.slice(0, 500).every((outcome) => outcome === 'duplicate')).toBe(true);
    expect(outcomes.slice(500).every((outcome) => outcome === 'accepted')).toBe(true);
  });

  inDepth('each line of a bad stream is answered in its place, with its first problems', async () => {
    const bad = JSON.stringify(dossier(Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`field-${n}`, n]))));
    const lines = Array.from({ length: 1_100 }, () => bad);
    const gzip = gzipSync(lines.join('\n'));
    const reply = await hub.push(gzip, { headers: { ...NDJSON, 'Content-Encoding': 'gzip' } });
    expect(reply.status).toBe(200);
    expect(JSON.stringify(reply.body).length).toBeGreaterThan(1024 * 1024);
    expect(reply.results.map(({ index }) => index)).toEqual(lines.map((_, n) => n));
    for (const { outcome, problems = [] } of reply.results) {
      expect(outcome).toBe('invalid');
      expect(problems).toHaveLength(21);
    }
    expect(reply.results[1_099]?.problems?.at(-1)?.message).toBe('40 more problems are not listed');
    const alone = await hub.push(JSON.parse(bad));
    expect(alone.results[0]?.problems).toHaveLength(60);
  });

  inDepth('the answer to a long stream takes the memory of one part', async () => {
    const bad = JSON.stringify(Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`field-${n}`, n])));
    const count = 4_000;
    const lines = Array.from({ length: count }, () => bad).join('\n');
    const response = await hub.request('POST', '/api/v1/parties/one-stop/dossiers', 'one-stop', lines, NDJSON);
    const chunks: Buffer[] = [];
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) chunks.push(Buffer.from(chunk));
    const whole = Buffer.concat(chunks);
    expect(JSON.parse(whole.toString()).results).toHaveLength(count);
    expect(whole.length).toBeGreaterThan(count * 1_000);
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThan(1.5 * 1024 * 1024);
  });

  sampled('an answer that breaks off is no whole receipt', async () => {
    const bad = JSON.stringify(Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`field-${n}`, n])));
    const lines = Array.from({ length: roundsOf(3_000, 500) }, (_, n) => `${bad.slice(0, -1)},"code":"${n}"}`).join(
      '\n',
    );
    const path = '/api/v1/parties/one-stop/dossiers';
    const response = await hub.request('POST', path, 'one-stop', lines, NDJSON);
    await hub.hub.database.pool.query('ALTER TABLE messages RENAME TO elsewhere');
    let text = '';
    const read = async () => {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>)
        text += Buffer.from(chunk).toString();
    };
    const failure = await read().catch((error) => error);
    await hub.hub.database.pool.query('ALTER TABLE elsewhere RENAME TO messages');
    expect(failure).toBeInstanceOf(Error);
    expect(response.status).toBe(200);
    expect(() => JSON.parse(text)).toThrow();
  });

  test.each([
    ['blanks', Buffer.alloc(64 * 1024 * 1024, 0x0a)],
    ['one line without an end', Buffer.alloc(64 * 1024 * 1024, 0x31)],
  ])('a stream that inflates too much is refused: %s', async (_, bytes) => {
    const reply = await hub.push(gzipSync(bytes), { headers: { ...NDJSON, 'Content-Encoding': 'gzip' } });
    expect(reply).toMatchObject({ status: 413, body: { detail: expect.stringContaining('inflates') } });
  });

  inDepth('a stream with an Idempotency-Key has at most 1,000 lines, as the refusal and the docs say', async () => {
    const headers = { ...NDJSON, 'Idempotency-Key': 'key-of-lines' };
    const line = `${JSON.stringify({ code: 'H60' })}\n`;
    expect((await hub.push(line.repeat(1_000), { headers })).status).toBe(200);
    expect(await hub.push(line.repeat(1_001), { headers })).toMatchObject({
      status: 413,
      body: {
        detail: 'a stream that has an Idempotency-Key has at most 1000 lines; leave the key out to send more',
      },
    });
    expect((await hub.push(line.repeat(1_001), { headers: NDJSON })).status).toBe(200);
    const { paths } = (await hub.read('/openapi.json')).body;
    for (const what of ['dossiers', 'progress']) {
      const { description, parameters } = paths[`/api/v1/parties/{party}/${what}`].post;
      const [key] = parameters.filter(({ name }: { name: string }) => name === 'Idempotency-Key');
      for (const told of [description, key.schema.description]) expect(told).toContain('at most 1,000 lines');
    }
  });

  test.each([
    ['JSON', 'application/json', 'H60.01-250812-1097'],
    ['NDJSON', 'application/x-ndjson', 'H60.01-250812-1098'],
  ])('an Idempotency-Key without characters, or with over 200, is refused: %s', async (_, type, code) => {
    const given = JSON.stringify(dossier({ code }));
    for (const key of ['', 'k'.repeat(201)])
      expect(await hub.push(given, { headers: { 'Content-Type': type, 'Idempotency-Key': key } })).toMatchObject({
        status: 400,
        body: { detail: 'the Idempotency-Key must have 1 to 200 characters' },
      });
    expect((await hub.read(`/api/v1/dossiers/${code}`)).status).toBe(404);
  });

  test('the same Idempotency-Key and body get one receipt, also at once; another body gets 409', async () => {
    const headers = { 'Idempotency-Key': 'key-1' };
    const given = dossier({ code: 'H60.01-250812-1016' });
    const [first, second] = await Promise.all([hub.push(given, { headers }), hub.push(given, { headers })]);
    expect(second).toMatchObject({ status: 201, receipt: first.receipt });
    expect((await hub.push(given, { headers })).receipt).toBe(first.receipt);
    expect((await hub.push(dossier({ code: 'H60.01-250812-1017' }), { headers })).status).toBe(409);
    expect((await hub.read('/api/v1/dossiers/H60.01-250812-1017')).status).toBe(404);
    expect(await hub.push(given, { headers, what: 'progress' })).toMatchObject({
      status: 409,
      body: { detail: 'the Idempotency-Key "key-1" was used with another body or operation' },
    });
    hub.clock.nowMs += 7 * 86_400_000 - 3_600_000;
    await forgetOldKeys(hub.hub.database, msToInstant(hub.clock.nowMs));
    expect((await hub.push(given, { headers })).receipt, 'for seven days').toBe(first.receipt);
    hub.clock.nowMs += 86_400_000;
    expect((await hub.push(given, { headers })).receipt).not.toBe(first.receipt);
  });

  test.each([
    ['no key', undefined, 'one-stop', dossier(), {}, 401],
    ['a wrong key', 'nobody', 'one-stop', dossier(), { Authorization: 'Bearer wrong' }, 401],
    ["another party's key", 'other', 'one-stop', dossier(), {}, 403],
    ['a key without the scope', 'portal', 'one-stop', dossier(), {}, 403],
    ['an unknown party', 'one-stop', 'nowhere', dossier(), {}, 404],
    ['truncated JSON', 'one-stop', 'one-stop', '{"code": "H60', {}, 400],
    ['bytes that are not UTF-8', 'one-stop', 'one-stop', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), {}, 400],
    ['another media type', 'one-stop', 'one-stop', '<a/>', { 'Content-Type': 'text/xml' }, 415],
    ['more than 1,000 items', 'one-stop', 'one-stop', Array.from({ length: 1_001 }, () => dossier()), {}, 413],
    [
      'a body over the limit',
      'one-stop',
      'one-stop',
      JSON.stringify([dossier({ note: 'x'.repeat(4_000_000) })]),
      {},
      413,
    ],
    [
      'a gzip bomb',
      'one-stop',
      'one-stop',
      gzipSync(Buffer.alloc(200 * 1024 * 1024, 0x20)),
      { 'Content-Encoding': 'gzip' },
      413,
    ],
    ['an encoding nobody knows', 'one-stop', 'one-stop', 'x', { 'Content-Encoding': 'zip' }, 415],
    ['a body that does not inflate', 'one-stop', 'one-stop', 'not gzip', { 'Content-Encoding': 'gzip' }, 400],
  ] as const)(
    '%s is refused with the documented status, as problem+json, and is in the message log',
    async (_, key, party, body, headers, status) => {
      const before = await messageCount();
      const response = await hub.request('POST', `/api/v1/parties/${party}/dossiers`, key, body, headers);
      expect(response.status).toBe(status);
      expect(response.headers.get('content-type')).toContain('application/problem+json');
      expect(await response.json()).toMatchObject({ status, detail: expect.any(String) });
      expect(await messageCount()).toBe(before + 1);
      expect((await hub.read('/health/live')).status).toBe(200);
    },
  );

  test.each([
    ['{"code": x}', 'it has "x" where JSON has no such character'],
    ['{"code": "a" "b"}', 'position 13'],
    ['{"code": "H60', 'position 13'],
    ['{"code":', 'it ends too early'],
    ['NaN', 'it has NaN, which JSON does not have'],
    ['undefined', 'it has undefined, which JSON does not have'],
    ['{"code": NaN}', 'it has "N" where JSON has no such character'],
  ])('the reply to %s says what is wrong with it', async (body, why) => {
    const response = await hub.request('POST', '/api/v1/parties/one-stop/dossiers', 'one-stop', body);
    expect(await response.json()).toMatchObject({ status: 400, detail: `the body is not valid JSON: ${why}` });
  });

  test('refusals never show a personal value, in the reply, the log or the message log', async () => {
    const reply = await hub.push(
      dossier({
        applicant: {
          name: 'Nguyễn Văn An',
          phone: 'CANARY-0912345678',
          identityNumber: 'CANARY 001099',
          email: 'canary',
        },
      }),
    );
    expect(reply.status).toBe(422);
    const seen = JSON.stringify([
      reply.body,
      hub.logLines,
      await hub.hub.database.query.selectFrom('messages').select('results').execute(),
    ]);
    expect(seen).not.toMatch(/CANARY|0912345678|001099/);
    expect(reply.results[0]?.problems?.map((problem) => problem.path)).toContain('/applicant/phone');
    const long = await hub.push(
      dossier({ note: `Nguyễn Văn An ${'x'.repeat(21_000)}`, documents: [{ name: 'CANARY'.repeat(4_000) }] }),
    );
    expect(long.results[0]?.problems).toMatchObject([
      { path: '/note', message: 'got a text of 21014 characters, expected text, at most 20,000 characters' },
      {
        path: '/documents/0/name',
        message: 'got a text of 24000 characters, expected text, at most 20,000 characters',
      },
    ]);
  });

  test('stored data is encrypted: no phone, identity number, e-mail or body is in the tables', async () => {
    await hub.push(
      dossier({
        code: 'H60.01-250812-1018',
        applicant: { name: 'Lê Thị C', phone: '0987654321', identityNumber: '001987654321', email: 'c@canary.test' },
      }),
    );
    for (const table of ['messages', 'events', 'dossiers'] as const) {
      const { rows } = await hub.hub.database.pool.query(
        `SELECT to_jsonb(t)::text AS text, t::text AS raw FROM ${table} t`,
      );
      for (const row of rows) expect(row.raw).not.toMatch(/0987654321|001987654321|canary\.test/);
    }
    const { rows } = await hub.hub.database.pool.query(
      `SELECT body FROM messages WHERE position('0987654321'::bytea IN body) > 0`,
    );
    expect(rows).toHaveLength(0);
  });

  async function messageCount(): Promise<number> {
    const { rows } = await hub.hub.database.pool.query('SELECT count(*) AS n FROM messages');
    return rows[0].n;
  }
});
