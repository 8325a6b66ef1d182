import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { binaries } from './binaries.ts';
import type { Cluster } from './cluster.ts';
import { readIfThere } from './files.ts';
import { isPostgresOf, ownIdentity } from './processes.ts';
import { programPath } from './programs.ts';
import { logTail } from './server.ts';

const FAST_SHUTDOWN_MS = 10_000;

/** Fast shutdown, then immediate. Throws when the server survives both. */
export async function shutDown(cluster: Cluster, pid: number): Promise<void> {
  // Checked before every signal: the server may be gone and its pid reused.
  const isOurs = () => isPostgresOf(pid, cluster.dataDir);
  for (const [signal, mode] of [
    ['SIGINT', 'fast'],
    ['SIGQUIT', 'immediate'],
  ] as const) {
    if (isOurs()) await signalServer(cluster, pid, signal, mode);
    const deadline = Date.now() + FAST_SHUTDOWN_MS;
    while (isOurs() && Date.now() < deadline) await delay(20);
    if (isOurs())
      cluster.log({ postgresPid: pid, mode }, `embedded PostgreSQL has not stopped in ${FAST_SHUTDOWN_MS} ms`);
  }
  if (isOurs()) throw new Error(`PostgreSQL ${pid} does not stop: ${logTail(cluster)}`);
  const ownerFile = `${cluster.dataDir}.owner`;
  if (readIfThere(ownerFile) === ownIdentity()) fs.rmSync(ownerFile);
  cluster.log({ postgresPid: pid, dataDir: cluster.dataDir }, 'embedded PostgreSQL stopped');
}

async function signalServer(cluster: Cluster, pid: number, signal: NodeJS.Signals, mode: string): Promise<void> {
  if (process.platform !== 'win32') return void process.kill(pid, signal);
  // Windows has no signals: kill() would crash the server.
  const programs = await binaries(cluster);
  await promisify(execFile)(programPath(programs, 'pg_ctl'), ['stop', '-D', cluster.dataDir, '-m', mode, '-W']);
}
