import { existsSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeOf, dossier, progress, type TestHub, testHub } from '../support/hub.ts';
import type { Json } from '../support/json.ts';
import { question } from '../support/kinds.ts';
import { lienthongHere, type Ran, startLienthong } from '../support/lienthong.ts';
import { testFolder } from '../support/process.ts';

const HELD = 230;
const PERSONAL = ['--personal', '--why', 'moved to another machine'];

let hub: TestHub;
const { path: folder, configPath, remove } = testFolder({ parties: { 'one-stop': { adapter: 'one-stop' } } });

beforeAll(async () => {
  hub = await testHub({ nowMs: Date.now() });
  await hub.push(
    Array.from({ length: HELD }, (_, n) =>
      dossier({
        code: codeOf(n),
        ...(n === 3 && { abstract: '=HYPERLINK("http://x")', fees: [{ amountVnd: 8_000 }], databases: ['A', 'B'] }),
        ...(n % 2 === 1 && { status: 'resolved', statusAt: '2025-08-15T10:00:00+07:00' }),
      }),
    ),
  );
  await hub.push([progress({ code: codeOf(0) })], { what: 'progress' });
});
afterAll(async () => {
  await hub.close();
  remove();
});

const envOf = (of: TestHub) => ({
  DATABASE_URL: of.databaseUrl,
  HUB_SECRET: 'a-secret-of-the-tests-that-is-long-enough',
  HUB_CONFIG: configPath,
});

const lienthong = (args: readonly string[]): Promise<Ran> => startLienthong(args, envOf(hub), folder).ended;
/** The same in this process, one at a time. */
const here = (args: readonly string[], of = hub): Promise<Ran> => lienthongHere(args, envOf(of), folder);

const linesIn = (text: string): Json[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

test('lienthong export writes each dossier once, ordered by code, masked, into a private file', async () => {
  // A file that a killed export, or somebody who wants to read along, left there.
  writeFileSync(join(folder, 'all.ndjson.part'), 'x', { mode: 0o644 });
  const [file, stdout] = await Promise.all([lienthong(['export', 'all.ndjson']), lienthong(['export', '-'])]);
  expect(file).toMatchObject({
    code: 0,
    out: `${HELD} dossiers written to all.ndjson, personal data masked\n`,
  });
  const records = linesIn(read('all.ndjson'));
  expect(records.map(({ code }) => code)).toEqual(Array.from({ length: HELD }, (_, n) => codeOf(n)));
  expect(records.every((record) => !('freshness' in record) && record.applicant.name === 'N***** V** A*')).toBe(true);
  expect(JSON.stringify(records)).not.toMatch(/0900000001|001000000001|example\.test/);
  expect([statSync(join(folder, 'all.ndjson')).mode & 0o777, existsSync(join(folder, 'all.ndjson.part'))]).toEqual([
    0o600,
    false,
  ]);
  expect(stdout).toMatchObject({ code: 0, errors: expect.stringContaining(`${HELD} dossiers written to stdout`) });
  expect(linesIn(stdout.out)).toEqual(records);
});

test('a full export can be imported by another hub, and the audit has the reason', async () => {
  await here(['export', 'whole.json', '--status', 'received,processing', ...PERSONAL]);
  await here(['export', 'steps.ndjson', '--operation', 'progress', '--q', 'Nguyễn An', ...PERSONAL]);
  expect(JSON.parse(read('whole.json'))).toHaveLength(HELD / 2);
  const { rows } = await hub.hub.database.pool.query('SELECT actor, action, subject, why FROM audit ORDER BY subject');
  const entry = { actor: 'lienthong export', action: 'export.personal', why: PERSONAL[2] };
  expect(rows).toEqual([
    { ...entry, subject: 'dossiers dossier.progress.v1 {"q":"…"}' },
    { ...entry, subject: 'dossiers dossier.upsert.v1 {"status":["received","processing"]}' },
  ]);
  const other = await testHub({ nowMs: Date.now() });
  try {
    expect((await here(['import', 'one-stop', 'whole.json'], other)).code).toBe(0);
    expect((await here(['import', 'one-stop', 'steps.ndjson', '--operation', 'progress'], other)).code).toBe(0);
    for (const n of [0, 2]) {
      const [ours, theirs] = await Promise.all(
        [hub, other].map((one) => one.read(`/api/v1/dossiers/${codeOf(n)}`, 'personal')),
      );
      expect(theirs?.body).toMatchObject({ ...ours?.body, freshness: expect.anything() });
    }
    const { body } = await other.read(`/api/v1/dossiers/${codeOf(0)}/history`);
    expect(body.items.map(({ status }: { status: string }) => status)).toContain('processing');
  } finally {
    await other.close();
  }
});

test('CSV has the columns that import reads, no formula, and a list of what it leaves out', async () => {
  const { code, out } = await here(['export', 'sheet.csv', '--status', 'resolved', '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    dossiers: HELD / 2,
    format: 'csv',
    personal: false,
    filter: { status: ['resolved'] },
    leftOut: { fees: 1 },
  });
  const [head = '', ...rows] = read('sheet.csv').trimEnd().split('\n');
  expect(head).toMatch(/^\ufeffcode,serviceCode,.*,applicant\.name,.*,databases$/);
  expect(rows).toHaveLength(HELD / 2);
  expect(rows[1]).toContain(`"'=HYPERLINK(""http://x"")"`);
  expect(rows[1]).toMatch(/,A\|B$/);
});

test('a full CSV is imported with every text unchanged', async () => {
  const texts = {
    applicant: { name: '-Đặng Thị Ửng', phone: '+84912345678', address: "'=1" },
    abstract: '@SUM(A1)',
    note: "''Giấy phép'' số 5",
    databases: ['=CSDL|A', 'B\\', '\\|'],
  };
  const code = 'H60.02-250812-0001';
  const [one, other] = [await testHub({ nowMs: Date.now() }), await testHub({ nowMs: Date.now() })];
  try {
    await one.push(dossier({ code, ...texts }));
    await here(['export', 'texts.csv', ...PERSONAL], one);
    expect(read('texts.csv')).not.toMatch(/(?:^|,|")[=+@-]/m);
    expect(await here(['import', 'one-stop', 'texts.csv'], other)).toMatchObject({ code: 0 });
    const [ours, theirs] = await Promise.all(
      [one, other].map((hub) => hub.read(`/api/v1/dossiers/${code}`, 'personal')),
    );
    expect(theirs?.body).toMatchObject(texts);
    expect(theirs?.body).toEqual({ ...ours?.body, freshness: expect.anything() });
  } finally {
    await Promise.all([one.close(), other.close()]);
  }
});

test('masked values are not imported: no name becomes asterisks', async () => {
  const code = codeOf(1);
  for (const file of ['masked.ndjson', 'masked.csv']) {
    await here(['export', file, '--q', code]);
    const told = await here(['import', 'one-stop', file]);
    expect(told.code).toBe(1);
    expect(told.errors).toContain(`invalid ${code}: /applicant/name is masked, as export writes it without --personal`);
  }
  expect((await hub.read(`/api/v1/dossiers/${code}`, 'personal')).body.applicant.name).toBe('Nguyễn Văn An');
});

test.runIf(existsSync('/dev/full'))('a full disk behind stdout is reported in one line, with 1', async () => {
  const { ended } = startLienthong(['export', '-'], envOf(hub), folder, openSync('/dev/full', 'w'));
  expect(await ended).toEqual({
    code: 1,
    out: '',
    errors: 'lienthong: stdout could not be written: ENOSPC: no space left on device, write\n',
  });
});

const WRONG: readonly [readonly string[], string][] = [
  [['x.ndjson', '--personal'], '--personal needs --why'],
  [['x.ndjson', '--operation', 'progress'], '--operation progress needs --personal'],
  [['x.txt'], 'x.txt: the name does not tell the format; add --format json|ndjson|csv'],
  [['x.ndjson', '--status', 'done'], '--status: got "done", expected some of submitted'],
  [['x.ndjson', '--received-from', '2025-02-30'], '--received-from: got "2025-02-30", expected a date such as'],
  [['-', '--json'], '--json and - both write to stdout'],
  [['here.ndjson'], 'here.ndjson exists already; --force overwrites it'],
];

test('wrong usage is reported before anything is written', async () => {
  writeFileSync(join(folder, 'here.ndjson'), '');
  const told: Ran[] = [];
  for (const [args] of WRONG) told.push(await here(['export', ...args]));
  expect(told).toEqual(
    WRONG.map(([, says]) => ({ code: 2, out: expect.any(String), errors: expect.stringContaining(says) })),
  );
  expect(existsSync(join(folder, 'x.ndjson'))).toBe(false);
});

test('a write failure leaves no file', async () => {
  const told = await here(['export', 'no-such-folder/x.ndjson']);
  expect(told).toMatchObject({
    code: 1,
    errors: expect.stringContaining('no-such-folder/x.ndjson could not be written'),
  });
});

test('records of a kind are exported masked or in full, and a full export can be imported by another hub', async () => {
  await hub.push([question(), question({ code: 'H60-HD-0002', state: 'refused' })], { what: 'questions' });
  const kind = ['--operation', 'questions'];
  const told = await here(['export', 'masked-questions.ndjson', ...kind, '--state', 'received']);
  expect(told).toMatchObject({
    code: 0,
    out: '1 questions written to masked-questions.ndjson, personal data masked\n',
  });
  expect(linesIn(read('masked-questions.ndjson'))).toMatchObject([
    { code: 'H60-HD-0001', asker: { name: 'N***** V** A*' } },
  ]);
  await here(['export', 'questions.ndjson', ...kind, ...PERSONAL]);
  expect(linesIn(read('questions.ndjson'))).toMatchObject([question(), { code: 'H60-HD-0002' }]);
  const other = await testHub({ nowMs: Date.now() });
  try {
    expect(await here(['import', 'one-stop', 'masked-questions.ndjson', ...kind], other)).toMatchObject({ code: 1 });
    // A text beside the person may name somebody too.
    writeFileSync(
      join(folder, 'masked-text.ndjson'),
      `${JSON.stringify(question({ title: 'Hồ sơ của Trần V** B', content: 'Hỏi về N***** V** A*, ********78' }))}\n`,
    );
    const refused = await here(['import', 'one-stop', 'masked-text.ndjson', ...kind], other);
    expect(refused.errors).toMatch(/invalid H60-HD-0001: \/content is masked/);
    expect(refused.errors).not.toContain('/title');
    expect(await here(['import', 'one-stop', 'questions.ndjson', ...kind], other)).toMatchObject({ code: 0 });
    expect((await other.read('/api/v1/questions/H60-HD-0001', 'personal')).body).toMatchObject(question());
  } finally {
    await other.close();
  }
  expect(await here(['export', 'x.ndjson', ...kind, '--status', 'received'])).toMatchObject({ code: 2 });
  expect(await here(['export', 'x.ndjson', '--state', 'received'])).toMatchObject({ code: 2 });
});

test('an export that a signal ends leaves no part of a file', async () => {
  const other = await hub.hub.database.pool.connect();
  // The export waits for the first steps.
  await other.query('BEGIN; LOCK TABLE events');
  const args = ['export', 'ended.ndjson', '--operation', 'progress', ...PERSONAL];
  const { child, ended } = startLienthong(args, envOf(hub), folder);
  const part = join(folder, 'ended.ndjson.part');
  await expect.poll(() => existsSync(part)).toBe(true);
  child.kill('SIGINT');
  // The signal reaches the process before the next page.
  await delay(500);
  await other.query('COMMIT');
  other.release();
  await ended;
  expect([child.signalCode, existsSync(part), existsSync(join(folder, 'ended.ndjson'))]).toEqual([
    'SIGINT',
    false,
    false,
  ]);
});
