import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { accountOf, madeAccount, takeOver } from './account.ts';
import { binaries } from './binaries.ts';
import { type Cluster, isCluster } from './cluster.ts';
import { ensureCluster } from './data-folder.ts';
import { createFile, HALF_WRITTEN_MS, openLog, readIfThere } from './files.ts';
import { isAlive, isPostgresOf, SERVER_PROCESS } from './processes.ts';
import { programPath } from './programs.ts';

const ROTATE_LOG_BYTES = 5 * 1024 * 1024;
/** More than the lines of an error message. */
const LOG_TAIL_BYTES = 64 * 1024;

/** The first process of a server that we started or found. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly isRunning: () => boolean;
  /** The position in the log at which this run began. */
  readonly logOffset: number;
}

/** Starts a server without waiting until it is ready. Creates the data folder if it is missing. */
export async function launch(placed: Cluster, deadline: number): Promise<Postmaster> {
  const cluster = withOwner(placed);
  const programs = await binaries(cluster);
  await clearForeignPidFile(cluster.dataDir, deadline);
  await ensureCluster(cluster, programs);
  const port = cluster.port ?? (await freePort());
  const logFile = logFileOf(cluster);
  if (sizeOf(logFile) > ROTATE_LOG_BYTES) fs.renameSync(logFile, `${logFile}.1`);
  const output = openLog(logFile);
  const logOffset = fs.fstatSync(output).size;
  try {
    // A separate process group: Ctrl-C must reach only the hub, which drains and then stops the server.
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
    return { pid: child.pid as number, port, isRunning, logOffset };
  } finally {
    fs.closeSync(output);
  }
}

/** By now another process with another account may have created the files. */
function withOwner(cluster: Cluster): Cluster {
  takeOver(cluster.dataDir, cluster.account, cluster.log);
  if (!isCluster(cluster.dataDir)) return cluster;
  return { ...cluster, account: madeAccount(accountOf(cluster.dataDir), cluster.log) };
}

/** Finds the server that already runs over this folder. */
export function findPostmaster(dataDir: string): Postmaster | undefined {
  const [pid, , , port] = readIfThere(path.join(dataDir, 'postmaster.pid')).split('\n').map(Number);
  if (!pid || !port) return undefined;
  const isRunning = () => isPostgresOf(pid, dataDir);
  return isRunning() ? { pid, port, isRunning, logOffset: 0 } : undefined;
}

/**
 * Clears a postmaster.pid that would prevent the start.
 *
 * PostgreSQL replaces the file of a dead process. It refuses to start when the file is empty (after a power
 * failure) or names a living process of the same user (a reused pid). Called only when no server of this folder
 * was found.
 */
async function clearForeignPidFile(dataDir: string, deadline: number): Promise<void> {
  const file = path.join(dataDir, 'postmaster.pid');
  for (;;) {
    const content = readIfThere(file);
    const pid = Number(content.split('\n')[0]);
    const written = fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    if (written === undefined) return;
    if (Number.isInteger(pid) && pid > 0) {
      // PostgreSQL treats our own pid, its future parent, as stale. The file stays: the shared memory key in it still
      // protects against backends that outlived their postmaster.
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

export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * Moves the log of a running server to `.log.1` once it is large. The server keeps its descriptor, so the end of the log is
 * copied and the log emptied. Lines that it writes in between are lost.
 */
export async function rotateLog(cluster: Cluster): Promise<void> {
  const logFile = logFileOf(cluster);
  const size = sizeOf(logFile);
  if (size <= ROTATE_LOG_BYTES) return;
  const end = fs.createReadStream(logFile, { start: size - ROTATE_LOG_BYTES });
  const moved = `${logFile}.1`;
  fs.rmSync(moved, { force: true });
  createFile(moved, '');
  await pipeline(end, fs.createWriteStream(moved, { flags: 'r+' }));
  await fs.promises.truncate(logFile);
}

/** The last lines of the server's log, for an error message. */
export function logTail(cluster: Cluster, from = 0): string {
  const logFile = logFileOf(cluster);
  const start = Math.max(from, sizeOf(logFile) - LOG_TAIL_BYTES);
  return `the end of ${logFile}:\n${textFrom(logFile, start).trim().split('\n').slice(-12).join('\n')}`;
}

function textFrom(file: string, start: number): string {
  if (!fs.existsSync(file)) return '';
  const handle = fs.openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(LOG_TAIL_BYTES);
    return bytes.toString('utf8', 0, fs.readSync(handle, bytes, 0, bytes.length, start));
  } finally {
    fs.closeSync(handle);
  }
}

const logFileOf = ({ dataDir }: Cluster): string => `${dataDir}.log`;

const sizeOf = (file: string): number => fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
