import { existsSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { firstSettings } from '../../src/cli/init/first-settings.ts';
import { loadAdapters } from '../../src/parties/load-adapters.ts';
import { migratedDatabase, type TestDatabase, testDatabase } from '../support/database.ts';
import { lienthongHere, startLienthong } from '../support/lienthong.ts';
import { testFolder } from '../support/process.ts';

const SECRET = 'a-secret-of-the-tests-that-is-long-enough';
/** The working folder of the commands, with their default data. */
const HOME = mkdtempSync(join(tmpdir(), 'lienthong-cli-'));
afterAll(() => rmSync(HOME, { recursive: true, force: true }));

/** Runs the command like a person, in a separate folder, with only these settings. */
const lienthong = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  startLienthong(args, env, HOME).ended;

/** The same in this process: a start takes seconds, and the output is the same. */
const here = (args: readonly string[], env: Readonly<Record<string, string>> = {}) => lienthongHere(args, env, HOME);

describe('lienthong', () => {
  test.each([
    [[], 0],
    [['nothing-of-ours'], 2],
  ])('says the same in a process of its own: %j', async (args, code) => {
    const one = await lienthong(args.length > 0 ? args : ['--help']);
    expect(one).toMatchObject(await here(args.length > 0 ? args : ['--help']));
    expect(one.code).toBe(code);
  });

  test.each([
    '',
    'init',
    'start',
    'demo',
    'certify',
    'migrate',
    'upgrade',
    'copy',
    'keys',
    'keys new',
    'keys list',
    'keys reseal',
    'import',
    'export',
    'evidence',
    'evidence verify',
    'report',
    'replay',
    'backfill',
    'compare',
    'backup',
    'restore',
    'verify-backup',
    'archive',
    'support-bundle',
    'erase',
    'rebuild',
    'reconcile',
    'put-back',
    'doctor',
    'prove',
    'adapter',
    'adapter new',
    'adapter inspect',
    'adapter try',
    'adapter case',
  ])('prints its usage on stdout, with 0: %s', async (command) => {
    const { code, out, errors } = await here([...command.split(' ').filter(Boolean), '--help']);
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(out).toContain(`Usage: lienthong ${command}`.trimEnd());
    if (command !== '') expect(out).toContain('--json');
  });

  test('prints no warning of Node about what a recovery key needs', async () => {
    expect(await lienthong(['keys', 'recovery', '--json'])).toMatchObject({ code: 0, errors: '' });
  });

  test('accepts a reader that stops reading early', async () => {
    const { child, ended } = startLienthong(['import', '--help'], {}, HOME);
    child.stdout?.destroy();
    expect(await ended).toMatchObject({ code: 0, errors: '' });
  });

  test.runIf(existsSync('/dev/full')).each([[['keys', 'list']], [['keys', 'list', '--json']], [['import', '--help']]])(
    'reports a full disk behind stdout in one line, with 1: %j',
    async (args) => {
      const { ended } = startLienthong(args, { HUB_SECRET: SECRET }, HOME, openSync('/dev/full', 'w'));
      expect(await ended).toEqual({
        code: 1,
        out: '',
        errors: 'lienthong: stdout could not be written: ENOSPC: no space left on device, write\n',
      });
    },
  );

  test.each([
    { args: ['nothing-of-ours'], says: /unknown command/ },
    { args: ['migrate', '--forward'], says: /unknown option '--forward'/ },
    { args: ['keys', 'new', '--id', 'portal'], says: /--scope/ },
    { args: ['keys', 'new', '--id', 'portal', '--scope', 'index:write'], says: /index:read/ },
    { args: ['keys', 'new', '--id', 'one-stop', '--scope', 'dossier:write'], says: /--party is missing/ },
    { args: ['keys', 'new', '--id', 'one:stop', '--scope', 'index:read'], says: /--id: .*without a colon/ },
    { args: ['demo', '--seed', 'luck'], says: /whole number/ },
    { args: ['adapter', 'new', 'So Y Te'], says: /small letters/ },
    { args: ['prove', '--minutes', '0'], says: /number over 0/ },
    { args: ['prove', '--nodes', '1'], says: /whole number from 2 to 20/ },
    // A longer timer would end at once, again and again.
    { args: ['sandbox', '--reset-hours', '600'], says: /whole number from 0 to 500/ },
    { args: ['copy', '--from', 'https://hub.example', '--folder', '.', '--port', '65536'], says: /from 0 to 65535/ },
    { args: ['replay', '--per-second', '0'], says: /whole number from 1 to 1000/ },
    { args: ['backfill', 'portal', '--agency', ''], says: /'--agency <code>' is empty, expected a value/ },
    { args: ['backfill', 'portal', '--state', 'received'], says: /--state: only with --kind/ },
    { args: ['erase', '--kind', 'question', '--name', 'An', '--why', 'x'], says: /--kind: only with a code/ },
    { args: ['hold', 'set', '--kind', 'question', '--name', 'An', '--why', 'x'], says: /--kind: only with a code/ },
    { args: ['put-back', '--why', '   '], says: /--why is blank/ },
    { args: ['replay', '--from', '2025-02-30'], says: /--from: got "2025-02-30", expected a date/ },
    { args: ['compare', 'old', 'new', '--to', 'today'], says: /--to: got "today", expected a date/ },
  ])('explains wrong usage and ends with 2: $args', async ({ args, says }) => {
    const { code, out, errors } = await here(args);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(errors).toMatch(says);
    expect(errors).not.toMatch(/\n\s+at /);
  });

  test('a demo with a wrong port is wrong settings, with 2', async () => {
    const { code, errors } = await here(['demo'], { PORT: 'eighty' });
    expect({ code, errors }).toEqual({ code: 2, errors: expect.stringContaining('PORT: got "eighty"') });
  });

  test('with --json stdout is one document, also after wrong usage', async () => {
    const { code, out } = await here(['keys', 'new', '--id', 'portal', '--scope', 'index:write', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(out).error).toMatch(/--scope/);
  });
});

describe('wrong settings', () => {
  const folder = testFolder({ keys: [{ id: 'portal', secret: '${PORTAL_KEY}', scopes: ['index:write'] }] });
  afterAll(() => folder.remove());
  const env = { PORT: 'eighty', DATABASE_URL: 'mysql://localhost/x', HUB_CONFIG: folder.configPath };
  const problems = [/^PORT: got "eighty"/, /^DATABASE_URL: /, /hub\.config\.json .*PORTAL_KEY/];

  test.each([['migrate'], ['start'], ['keys', 'list'], ['keys', 'reseal']])(
    'are all reported at once, with exit code 2: %s %s',
    async (...args) => {
      const command = args.filter((arg) => arg !== undefined);
      const plain = await here(command, env);
      expect(plain.code).toBe(2);
      const lines = plain.errors.split('\n').map((line) => line.replace(/^ +- /, ''));
      for (const problem of problems)
        expect(
          lines.some((line) => problem.test(line)),
          plain.errors,
        ).toBe(true);
      const json = await here([...command, '--json'], env);
      expect(json.code).toBe(2);
      const told: string[] = JSON.parse(json.out).problems;
      for (const problem of problems)
        expect(
          told.some((line) => problem.test(line)),
          json.out,
        ).toBe(true);
    },
  );

  test('a database that does not answer is reported in words, with 1', async () => {
    const { code, errors } = await here(['migrate'], {
      DATABASE_URL: 'postgres://nobody:secret-word@127.0.0.1:1/none',
      HUB_SECRET: SECRET,
    });
    expect(code).toBe(1);
    expect(errors).toMatch(/^lienthong: .*ECONNREFUSED/);
    expect(errors).not.toMatch(/secret-word|\n\s+at /);
  });
});

describe('without the variables of the hub', () => {
  const RECIPIENT = 'age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq';
  const empty = mkdtempSync(join(tmpdir(), 'lienthong-unset-'));
  afterAll(() => rmSync(empty, { recursive: true, force: true }));

  test.each([
    ['migrate'],
    ['rebuild'],
    ['export', 'all.ndjson'],
    ['evidence', 'H60.01-250812-0035', 'x.jws'],
    ['report', '2025', '--out', 'x.xlsx'],
    ['compare', 'a', 'b'],
    ['erase', '--identity', '001000000001', '--why', 'x'],
    ['hold', 'list'],
    ['archive', '2025-08', '--for', RECIPIENT],
    ['backup', 'backups', '--for', RECIPIENT],
    ['keys', 'reseal'],
    ['put-back', '--why', 'x'],
  ])('a command on the data of the hub makes no empty database, and ends with 2: %s %s', async (...args) => {
    const words = args.filter((one) => one !== undefined);
    const { code, out, errors } = await lienthongHere(words, {}, empty);
    expect([code, out, errors]).toEqual([2, '', expect.stringMatching(/there is no DATABASE_URL and no embedded/)]);
    expect(readdirSync(empty).filter((name) => name !== 'backups')).toEqual([]);
  });
});

describe('keys', () => {
  test('new: prints a random secret, and the entry that reads it from the environment', async () => {
    const args = ['keys', 'new', '--id', 'portal', '--scope', 'index:read', '--scope', 'catalogue:read', '--json'];
    const [one, other] = [await here(args), await here(args)];
    const document = JSON.parse(one.out);
    expect(one.code).toBe(0);
    expect(Buffer.from(document.secret, 'base64url')).toHaveLength(32);
    expect(JSON.parse(other.out).secret).not.toBe(document.secret);
    expect(document).toMatchObject({
      variable: 'PORTAL_KEY',
      entry: { id: 'portal', secret: '${PORTAL_KEY}', scopes: ['index:read', 'catalogue:read'] },
    });
    const plain = await here(['keys', 'new', '--id', 'one-stop', '--scope', 'dossier:write', '--party', 'one-stop']);
    expect(plain.out).toMatch(/ONE_STOP_KEY=[\w-]{43}\n/);
    expect(plain.out).toContain('"party":"one-stop"');
  });

  test.each([
    ['soYTe', 'SO_YTE_KEY'],
    ['Sở Y tế', 'S_Y_T_KEY'],
    ['1-cua', '_1_CUA_KEY'],
  ])('new: names the variable of %s as init does, by a name that shells take', async (id, variable) => {
    const made = await here(['keys', 'new', '--id', id, '--scope', 'index:read', '--json']);
    expect(JSON.parse(made.out)).toMatchObject({ variable, entry: { secret: `\${${variable}}` } });
    const file = { province: { code: 'H60', name: 'Tuyên Quang' }, url: 'https://hub.example' };
    const { variables } = firstSettings({ ...file, partners: [{ id, adapter: 'one-stop' }] }, await loadAdapters());
    expect(variables.map(({ name }) => name)).toContain(variable);
  });

  test('reseal: says what still needs the old secret', async () => {
    expect((await here(['keys', 'reseal', '--help'])).out).toMatch(
      /only cursors that were handed out before the change\n?.* 400/s,
    );
  });

  test('list: the hub accepts a printed new entry; secrets are not shown', async () => {
    const made = JSON.parse(
      (await here(['keys', 'new', '--id', 'mot-cua.01', '--scope', 'dossier:write', '--party', 'one-stop', '--json']))
        .out,
    );
    const path = join(HOME, 'keys.config.json');
    writeFileSync(path, JSON.stringify({ keys: [made.entry], parties: { 'one-stop': { adapter: 'one-stop' } } }));
    const env = { HUB_CONFIG: path, HUB_SECRET: SECRET, [made.variable]: made.secret };
    const plain = await here(['keys', 'list'], env);
    expect(plain).toMatchObject({ code: 0, out: 'mot-cua.01  dossier:write  (party one-stop)\n' });
    const json = await here(['keys', 'list', '--json'], env);
    expect(JSON.parse(json.out)).toEqual({
      keys: [{ id: 'mot-cua.01', scopes: ['dossier:write'], party: 'one-stop' }],
    });
    expect(plain.out + json.out).not.toContain(made.secret);
  });
});

describe('migrate and reseal', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database.drop());

  test('migrate lists the applied migrations, and the second time that there are none', async () => {
    const env = { DATABASE_URL: database.url, HUB_SECRET: SECRET };
    const first = await here(['migrate', '--json'], env);
    expect(first.code).toBe(0);
    expect(JSON.parse(first.out).applied[0]).toMatch(/^001-/);
    expect(await here(['migrate'], env)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^nothing to apply/),
    });
  });

  test('reseal reports the renewed rows by table', async () => {
    const env = { DATABASE_URL: database.url, HUB_SECRET: `${SECRET}-new`, HUB_SECRET_OLD: SECRET };
    const { code, out } = await here(['keys', 'reseal', '--json'], env);
    expect(code).toBe(0);
    const both = { dossiers: 0, messages: 0, events: 0, records: 0, record_events: 0 };
    const resealed = {
      ...both,
      files: 0,
      uploads: 0,
      dropped_files: 0,
      file_fetches: 0,
      legal_holds: 0,
      attempts: 0,
      pulls: 0,
      audit_anchors: 0,
    };
    const rekeyed = { ...both, idempotency_keys: 0 };
    expect(JSON.parse(out)).toEqual({ resealed, rekeyed, unopened: 0 });
  });
});

describe('start', () => {
  test('with --json one document has the address; SIGTERM ends with 0, a taken port with 1', async () => {
    const database = await migratedDatabase();
    const env = { DATABASE_URL: database.url, HUB_SECRET: SECRET };
    const hub = startLienthong(['start', '--json'], { ...env, PORT: '0' }, HOME);
    let out = '';
    const document = await new Promise<{ url: string; pid: number }>((resolve, reject) => {
      hub.child.stdout?.on('data', (chunk) => {
        out += chunk;
        if (out.endsWith('}\n')) resolve(JSON.parse(out));
      });
      void hub.ended.then(({ errors }) => reject(new Error(`it ended before it listened: ${errors}`)));
    });
    expect(document).toMatchObject({ pid: hub.child.pid, roles: ['api', 'worker', 'scheduler'], parties: [] });
    expect((await fetch(`${document.url}/health/ready`)).status).toBe(200);
    const second = await lienthong(['start', '--json'], { ...env, PORT: new URL(document.url).port });
    expect(second.code).toBe(1);
    expect(JSON.parse(second.out).error).toMatch(/EADDRINUSE/);
    hub.child.kill('SIGTERM');
    const { code, errors } = await hub.ended;
    expect(code, errors).toBe(0);
    await database.drop();
  });
});
