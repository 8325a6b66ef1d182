import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { accountOf, madeAccount, takeOver } from './account.ts';
import { binaries } from './binaries.ts';
import { type Cluster, isCluster } from './cluster.ts';
import { ensureCluster } from './data-folder.ts';
import { HALF_WRITTEN_MS, readIfThere } from './files.ts';
import { isAlive, isPostgresOf, SERVER_PROCESS } from './processes.ts';
import { programPath } from './programs.ts';

const ROTATE_LOG_BYTES = 5 * 1024 * 1024;

/** A server's first process, ours or found. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly isRunning: () => boolean;
  /** Where in the log this run began. */
  readonly logOffset: number;
}

/** Starts a server and does not wait for it to be ready; makes the data folder where there is none. */
export async function launch(placed: Cluster, deadline: number): Promise<Postmaster> {
  const cluster = withOwner(placed);
  const programs = await binaries(cluster);
  await clearForeignPidFile(cluster.dataDir, deadline);
  await ensureCluster(cluster, programs);
  const port = cluster.port ?? (await freePort());
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
    return { pid: child.pid as number, port, isRunning, logOffset };
  } finally {
    fs.closeSync(output);
  }
}

/** The files may be there by now, made by another process that chose another account. */
function withOwner(cluster: Cluster): Cluster {
  takeOver(cluster.dataDir, cluster.account, cluster.log);
  if (!isCluster(cluster.dataDir)) return cluster;
  return { ...cluster, account: madeAccount(accountOf(cluster.dataDir), cluster.log) };
}

/** The server that runs over this folder already. */
export function findPostmaster(dataDir: string): Postmaster | undefined {
  const [pid, , , port] = readIfThere(path.join(dataDir, 'postmaster.pid')).split('\n').map(Number);
  if (!pid || !port) return undefined;
  const isRunning = () => isPostgresOf(pid, dataDir);
  return isRunning() ? { pid, port, isRunning, logOffset: 0 } : undefined;
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

export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** What the server said last, for an error's message. */
export function logTail(cluster: Cluster, from = 0): string {
  const output = Buffer.from(readIfThere(`${cluster.dataDir}.log`))
    .subarray(from)
    .toString()
    .trim();
  return `the end of ${cluster.dataDir}.log:\n${output.split('\n').slice(-12).join('\n')}`;
}
