import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { MOVED_DATA_ROOT, removeCluster } from '../../src/embedded-postgres/cluster.ts';
import { startEmbeddedPostgres } from '../../src/embedded-postgres/start.ts';
import { testCertificate } from '../support/certificate.ts';
import { commandScene } from '../support/command-scene.ts';
import { testDatabase } from '../support/database.ts';
import { restoreFirstVersion } from '../support/first-version.ts';
import { dossier } from '../support/hub.ts';
import { lienthongHere, startLienthong } from '../support/lienthong.ts';

const SECRET = 'a-secret-of-the-tests-that-is-long-enough';
const COUNT = 300;

describe('a backup', () => {
  const scene = commandScene({
    keys: [{ id: 'portal', secret: '${PORTAL_KEY}', scopes: ['index:read'] }],
    parties: { 'one-stop': { adapter: 'one-stop' } },
  });
  const folder = mkdtempSync(join(tmpdir(), 'lienthong-backup-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const env = () => ({ ...scene.env(), PORTAL_KEY: 'mat-ma-cua-cong-tinh-h60' });
  const run = (...args: string[]) => lienthongHere(args, env(), folder);
  const keyFile = join(folder, 'recovery.key');
  let recipient: string;
  let file: string;
  /** The database when it was backed up. */
  let before: Readonly<Record<string, string>>;

  beforeAll(async () => {
    const lines = Array.from({ length: COUNT }, (_, n) =>
      JSON.stringify(
        dossier({ code: `H60.01-250812-${String(n).padStart(4, '0')}`, note: `Ghi chú số ${n} `.repeat(40) }),
      ),
    );
    writeFileSync(join(folder, 'dossiers.ndjson'), lines.join('\n'));
    expect((await run('import', 'one-stop', 'dossiers.ndjson')).code).toBe(0);
    // Rows that refer to rows of a table that comes later by name.
    const incidents = await scene.query(
      `INSERT INTO incidents (party, kind, cause, opened_at) VALUES ('one-stop', 'partner-away', 'x', now()) RETURNING id`,
    );
    await scene.query(
      `INSERT INTO incident_notes (incident_id, at, who, action) VALUES ($1, now(), 'ops', 'đã gọi điện')`,
      [incidents.rows[0].id],
    );
    expect((await run('hold', 'set', 'H60.01-250812-0003', '--why', 'đang khiếu nại')).errors).toBe('');
    const key = JSON.parse((await run('keys', 'recovery', '--json')).out);
    recipient = key.recipient;
    writeFileSync(keyFile, `# giữ ngoại tuyến\n${key.secret}\n`);
    before = await contentOf(scene.env().DATABASE_URL as string);
    const { out, code, errors } = await run('backup', 'backups', '--for', recipient, '--json');
    expect([code, errors]).toEqual([0, expect.anything()]);
    file = JSON.parse(out).file;
  });

  /** Every row of every table as text. */
  const contentOf = async (url: string): Promise<Readonly<Record<string, string>>> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      const tables = await client.query(
        `SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND relpersistence = 'p'
         AND relnamespace = current_schema()::regnamespace AND relname NOT LIKE 'hub\\_migrations%'`,
      );
      const content: Record<string, string> = {};
      for (const { name } of tables.rows) {
        const { rows } = await client.query(
          `SELECT md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) AS sum FROM "${name}" t`,
        );
        content[name] = rows[0].sum;
      }
      return content;
    } finally {
      await client.end();
    }
  };
  const restore = async (from: string, key = keyFile) => {
    const target = await testDatabase();
    const ran = await lienthongHere(['restore', from, '--key', key], { ...env(), DATABASE_URL: target.url }, folder);
    return { ...ran, target };
  };
  /** A copy of the backup with one byte changed, or cut off there. */
  const damaged = (at: number, cut = false): string => {
    const bytes = readFileSync(file);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    const path = join(folder, `damaged-${at}`);
    writeFileSync(path, cut ? bytes.subarray(0, at) : bytes);
    return path;
  };

  test('comes back row by row, and the hub goes on from it', async () => {
    const { code, errors, target } = await restore(file);
    expect([code, errors]).toEqual([0, expect.anything()]);
    expect(await contentOf(target.url)).toEqual(before);
    const more = await lienthongHere(
      ['import', 'one-stop', 'dossiers.ndjson', '--json'],
      { ...env(), DATABASE_URL: target.url },
      folder,
    );
    expect(more.code).toBe(0);
    await target.drop();
  });

  test('is noted in the database once it is whole, and never otherwise', async () => {
    const noted = async (): Promise<number> =>
      (await scene.query(`SELECT FROM process_runs WHERE roles = '{backup}' AND ended_at >= started_at`)).rowCount ?? 0;
    const first = await noted();
    expect(first).toBeGreaterThan(0);
    expect((await run('backup', '/dev/null/none', '--for', recipient)).code).toBe(1);
    expect(await noted()).toBe(first);
    expect(await run('backup', 'noted', '--for', recipient)).toMatchObject({ code: 0, errors: '' });
    expect(await noted()).toBe(first + 1);
  });

  test('is checked beside the hub: counts, audit, and the index against its messages', async () => {
    const { code, out, errors } = await run('verify-backup', file, '--key', keyFile, '--json');
    // The hub on the copy warns nobody that its database was restored.
    expect([code, errors]).toEqual([0, expect.not.stringContaining('restored or replaced')]);
    expect(JSON.parse(out)).toMatchObject({
      rows: { dossiers: COUNT },
      rebuilt: { identical: true, dossiers: COUNT },
      audit: [],
    });
  });

  test('leaves no copy of the data behind after the check', async () => {
    // Hubs of other tests keep their data there, too, each beside the name of the folder that it stands for.
    const isOfCheck = (path: string) =>
      path.includes('/lienthong-verify-') ||
      (path.endsWith('.asked') && existsSync(path) && readFileSync(path, 'utf8').includes('/lienthong-verify-'));
    const left = () =>
      [tmpdir(), MOVED_DATA_ROOT]
        .flatMap((at) => (existsSync(at) ? readdirSync(at).map((name) => join(at, name)) : []))
        .filter(isOfCheck);
    const before = left();
    expect((await run('verify-backup', file, '--key', keyFile)).code).toBe(0);
    expect(left().filter((path) => !before.includes(path))).toEqual([]);
  });

  test('says what in its index differs from its messages', async () => {
    await scene.query(`UPDATE dossiers SET status = 'returned' WHERE code = 'H60.01-250812-0007'`);
    const { out } = await run('backup', 'changed', '--for', recipient, '--json');
    await scene.query(`UPDATE dossiers SET status = 'received' WHERE code = 'H60.01-250812-0007'`);
    const verified = await run('verify-backup', JSON.parse(out).file, '--key', keyFile);
    expect(verified.code).toBe(1);
    expect(verified.out).toContain('dossiers H60.01-250812-0007: status differs');
  });

  test.each([
    ['one changed byte in the middle', () => damaged(Math.floor(statSync(file).size / 2)), /changed or cut off/],
    ['one changed byte at the end', () => damaged(statSync(file).size - 1), /changed or cut off/],
    ['a missing end', () => damaged(Math.floor(statSync(file).size * 0.8), true), /changed or cut off/],
    ['another file', () => join(folder, 'dossiers.ndjson'), /not a sealed backup/],
  ])('with %s is refused, and the database stays empty', async (_, path, words) => {
    const { code, errors, target } = await restore(path());
    expect([code, errors]).toEqual([1, expect.stringMatching(words)]);
    const client = new pg.Client({ connectionString: target.url });
    await client.connect();
    const { rows } = await client.query(`SELECT to_regclass('messages') IS NOT NULL AS made`);
    const count = rows[0].made ? (await client.query('SELECT count(*)::int AS n FROM messages')).rows[0].n : 0;
    await client.end();
    expect(count).toBe(0);
    await target.drop();
  });

  test('with a changed byte fails its check with exit code 1', async () => {
    const { code, out } = await run('verify-backup', damaged(Math.floor(statSync(file).size / 2)), '--key', keyFile);
    expect([code, out]).toEqual([1, expect.stringContaining('the file was changed or cut off after it was written')]);
  });

  test('that cannot be read is not damaged: its check has exit code 2', async () => {
    const { code, errors } = await run('verify-backup', folder, '--key', keyFile);
    expect([code, errors]).toEqual([2, expect.stringContaining('the file could not be read: EISDIR')]);
  });

  test('opens with its own recovery key alone', async () => {
    const other = JSON.parse((await run('keys', 'recovery', '--json')).out);
    writeFileSync(join(folder, 'other.key'), other.secret);
    const { code, errors, target } = await restore(file, join(folder, 'other.key'));
    expect([code, errors]).toEqual([1, expect.stringContaining('this recovery key does not open the file')]);
    await target.drop();
  });

  test('to stdout holds the backup alone', async () => {
    const { code, out } = await run('backup', '-', '--for', recipient, '--json');
    expect([code, JSON.parse(out)]).toEqual([2, { error: '--json and - both write to stdout: name a folder' }]);
  });

  test('is never restored over data', async () => {
    const { code, errors } = await run('restore', file, '--key', keyFile);
    expect([code, errors]).toEqual([1, expect.stringContaining('already has rows in messages')]);
  });

  test('of an older version changes no table of a database in use, and names what is in its way', async () => {
    const [old, used] = [await testDatabase(), await testDatabase()];
    await restoreFirstVersion(old.url);
    const made = await lienthongHere(
      ['backup', 'older', '--for', recipient, '--json'],
      { ...env(), DATABASE_URL: old.url },
      folder,
    );
    const { file: older } = JSON.parse(made.out);
    const restoreOver = (from: string, url: string) =>
      lienthongHere(['restore', from, '--key', keyFile], { ...env(), DATABASE_URL: url }, folder);
    // A newer backup over an older hub in use.
    expect(await restoreOver(file, old.url)).toMatchObject({ code: 1, errors: expect.stringContaining('rows in') });
    const client = new pg.Client({ connectionString: old.url });
    await client.connect();
    const { rows } = await client.query('SELECT max(name) AS last FROM hub_migrations');
    expect(rows).toEqual([{ last: '017-parts-of-dossiers' }]);
    await client.end();
    // An older backup over new tables without a row.
    await lienthongHere(['migrate'], { ...env(), DATABASE_URL: used.url }, folder);
    expect(await restoreOver(older, used.url)).toMatchObject({
      code: 1,
      errors: expect.stringMatching(
        /already has tables of a later version, with \d+-\S+: restore into an empty database/,
      ),
    });
    await Promise.all([old.drop(), used.drop()]);
  });

  test('brings settings to a new machine, and secrets that only their owner reads, whatever the umask', async () => {
    const umask = process.umask(0o077);
    const { code } = await run('restore', file, '--key', keyFile, '--settings', 'machine').finally(() =>
      process.umask(umask),
    );
    expect(code).toBe(0);
    expect(statSync(join(folder, 'machine', 'hub.config.json')).mode & 0o777).toBe(0o644);
    expect(readFileSync(join(folder, 'machine', 'hub.config.json'), 'utf8')).toContain('${PORTAL_KEY}');
    expect(readFileSync(join(folder, 'machine', 'hub.env'), 'utf8')).toBe(
      `PORTAL_KEY='mat-ma-cua-cong-tinh-h60'\nHUB_SECRET='${SECRET}'\n`,
    );
    expect(statSync(join(folder, 'machine', 'hub.env')).mode & 0o777).toBe(0o600);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('holds the keys and certificates that the settings name by path', async () => {
    const { key, certificate } = testCertificate('partner.example');
    const shown = { certs: certificate, keys: key };
    for (const [name, text] of Object.entries(shown)) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'partner.pem'), text);
    }
    const HUB_CONFIG = join(folder, 'tls.config.json');
    const tls = { certificate: '${CERTS}/partner.pem', key: join(folder, 'keys', 'partner.pem') };
    writeFileSync(HUB_CONFIG, JSON.stringify({ parties: { 'one-stop': { adapter: 'one-stop', tls } } }));
    const here = { ...scene.env(), HUB_CONFIG, CERTS: join(folder, 'certs') };
    const made = await lienthongHere(['backup', 'with-keys', '--for', recipient, '--json'], here, folder);
    const { file: withKeys } = JSON.parse(made.out);
    for (const name of Object.keys(shown)) rmSync(join(folder, name), { recursive: true });

    expect((await run('verify-backup', withKeys, '--key', keyFile)).code).toBe(0);
    expect((await run('restore', withKeys, '--key', keyFile, '--settings', 'with-tls')).code).toBe(0);
    const machine = join(folder, 'with-tls');
    const { file: restored } = loadConfig({
      ...{ HUB_SECRET: SECRET, CERTS: '/nowhere', HUB_CONFIG: join(machine, 'hub.config.json') },
      DATABASE_URL: 'postgres://127.0.0.1/none',
    });
    const paths = restored.parties?.['one-stop']?.tls;
    expect([paths?.certificate, paths?.key].map((path) => readFileSync(path as string, 'utf8'))).toEqual([
      certificate,
      key,
    ]);
    const rightsIn = (of: string) =>
      ['files', ...readdirSync(join(of, 'files')).map((name) => join('files', name))].map((name) => {
        const { mode, gid } = statSync(join(of, name));
        return [(mode & 0o777).toString(8), gid];
      });
    expect(rightsIn(machine).map(([mode]) => mode)).toEqual(['700', '600', '600']);
    if (process.getuid?.() !== 0) return;
    // As the package makes /etc/lienthong: root writes there, and the hub runs as another user.
    const packaged = join(folder, 'packaged');
    mkdirSync(packaged, { mode: 0o750 });
    chownSync(packaged, 0, 60_990);
    expect((await run('restore', withKeys, '--key', keyFile, '--settings', 'packaged')).code).toBe(0);
    expect(rightsIn(packaged)).toEqual([
      ['750', 60_990],
      ['640', 60_990],
      ['640', 60_990],
    ]);
    expect(statSync(join(packaged, 'hub.env')).mode & 0o777).toBe(0o600);
  });

  test('of another secret is refused before anything is written', async () => {
    const target = await testDatabase();
    const settings = { ...env(), DATABASE_URL: target.url, HUB_SECRET: 'another-secret-that-is-long-enough-too' };
    const { code, errors } = await lienthongHere(['restore', file, '--key', keyFile], settings, folder);
    expect([code, errors]).toEqual([2, expect.stringContaining('HUB_SECRET: the backup was sealed under another one')]);
    await target.drop();
  });

  test('with another secret than that of the data is not written', async () => {
    const settings = { ...env(), HUB_SECRET: 'another-secret-that-is-long-enough-too' };
    const { code, errors } = await lienthongHere(['backup', 'sealed', '--for', recipient], settings, folder);
    expect([code, errors]).toEqual([1, expect.stringMatching(/messages are encrypted with a secret that is neither/)]);
    expect(readdirSync(join(folder, 'sealed'))).toEqual([]);
  });

  test('of a database where no hub was started is refused with the reason', async () => {
    const target = await testDatabase();
    const client = new pg.Client({ connectionString: target.url });
    await client.connect();
    await client.query('DROP TABLE IF EXISTS hub_migrations CASCADE');
    await client.end();
    const settings = { ...env(), DATABASE_URL: target.url };
    const { code, errors } = await lienthongHere(['backup', 'empty', '--for', recipient], settings, folder);
    expect([code, errors]).toEqual([2, expect.stringContaining('no tables of a hub yet')]);
    await target.drop();
  });

  /** Ends a backup that waits for a table in the middle, and returns how it ended and which files it left. */
  const endedBySignal = async (other: pg.Client, settings: Readonly<Record<string, string>>, to: string) => {
    await other.query('BEGIN; LOCK TABLE records');
    const { child, ended } = startLienthong(['backup', to, '--for', recipient], settings, folder);
    const files = (): readonly string[] => (existsSync(join(folder, to)) ? readdirSync(join(folder, to)) : []);
    await expect.poll(files, { timeout: 20_000 }).toEqual([expect.stringMatching(/\.part$/)]);
    child.kill('SIGTERM');
    const { errors } = await ended;
    await other.end();
    return [child.signalCode, errors, files()];
  };
  const BROKEN_OFF = ['SIGTERM', expect.stringContaining('SIGTERM ended the command before it was done'), []];

  test('leaves no part of a file when a signal ends it', async () => {
    expect(await endedBySignal(await scene.session(), env(), 'stopped')).toEqual(BROKEN_OFF);
  });

  test('of the embedded database leaves none either, while a hub runs on it', async () => {
    const data = join(folder, 'data');
    const server = await startEmbeddedPostgres({ dataDir: join(data, 'postgres') });
    const { DATABASE_URL: _, ...given } = env() as Record<string, string>;
    const embedded = { ...given, HUB_DATA_DIR: data };
    try {
      expect((await lienthongHere(['migrate'], embedded, folder)).errors).toBe('');
      const other = new pg.Client({ connectionString: server.url });
      await other.connect();
      expect(await endedBySignal(other, embedded, 'stopped-embedded')).toEqual(BROKEN_OFF);
    } finally {
      await server.stop();
      removeCluster(join(data, 'postgres'));
    }
  });

  test('without settings says so, is no reason to delete others, and is checked all the same', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'lienthong-no-settings-'));
    const into = join(elsewhere, 'backups');
    const older = join(into, 'lienthong-20250101T000000Z.backup.age');
    try {
      mkdirSync(into);
      writeFileSync(older, 'whole');
      const noted = async () => (await scene.query(`SELECT FROM process_runs WHERE roles = '{backup}'`)).rowCount;
      const before = await noted();
      const here = { ...env(), HUB_CONFIG: '' };
      const { code, errors, out } = await lienthongHere(
        ['backup', into, '--for', recipient, '--keep', '1', '--json'],
        here,
        elsewhere,
      );
      expect([code, errors]).toEqual([0, expect.stringContaining('hub.config.json. Set HUB_CONFIG')]);
      expect(existsSync(older)).toBe(true);
      expect(await noted()).toBe(before);
      const checked = await run('verify-backup', JSON.parse(out).file, '--key', keyFile);
      expect([checked.code, checked.out]).toEqual([0, expect.stringContaining('no difference')]);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  test('makes room for new ones, and deletes no other file', async () => {
    const unfinished = (day: string): string => `lienthong-202501${day}T000000Z.backup.age.part`;
    for (const day of ['01', '02', '03'])
      writeFileSync(join(folder, 'backups', `lienthong-202501${day}T000000Z.backup.age`), '');
    for (const name of ['notes.txt', unfinished('04'), unfinished('05')])
      writeFileSync(join(folder, 'backups', name), '');
    // The process that wrote the first was killed. The other is still being written.
    utimesSync(join(folder, 'backups', unfinished('04')), 0, 0);
    expect((await run('backup', 'backups', '--for', recipient, '--keep', '2')).code).toBe(0);
    const left = readdirSync(join(folder, 'backups'));
    expect(left).toContain('notes.txt');
    expect(left.filter((name) => name.endsWith('.age'))).toHaveLength(2);
    expect(left.filter((name) => name.startsWith('lienthong-202501'))).toEqual([unfinished('05')]);
  });
});
