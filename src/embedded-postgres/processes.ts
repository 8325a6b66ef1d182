import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { codeOf, readIfThere } from './files.ts';

/** The environment of every PostgreSQL program: English messages and UTC times. */
export const SERVER_PROCESS = {
  cwd: '/',
  windowsHide: true,
  env: { PATH: process.env.PATH, SystemRoot: process.env.SystemRoot, LC_ALL: 'C', TZ: 'UTC' },
};

export interface Identity {
  readonly pid: number;
  /** Linux: clock ticks since boot, which tell a reused pid from the earlier process. Elsewhere empty. */
  readonly startedAt: string;
}

/** This process, as its lock files and its server's `.owner` file name it. */
export function ownIdentity(): string {
  return `${process.pid} ${statOf(process.pid)?.startedAt ?? ''}`;
}

export function readIdentity(file: string): Identity | undefined {
  const [pid, startedAt = ''] = readIfThere(file).split(' ');
  return Number(pid) > 0 ? { pid: Number(pid), startedAt } : undefined;
}

export function isSameProcess({ pid, startedAt }: Identity): boolean {
  return isAlive(pid) && (statOf(pid)?.startedAt ?? '') === startedAt;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) !== 'EPERM') return false;
  }
  return statOf(pid)?.state !== 'Z'; // in a container an orphan that ended may stay a zombie
}

/** Linux only: fields 3 and 22 of /proc/<pid>/stat (proc(5)). The name before them may hold spaces. */
function statOf(pid: number): { state: string; startedAt: string } | undefined {
  if (process.platform !== 'linux') return undefined;
  const stat = readIfThere(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startedAt] = [fields[0], fields[19]];
  return state && startedAt ? { state, startedAt } : undefined;
}

/** Whether the process is alive and is the postmaster of this folder. */
export function isPostgresOf(pid: number, dataDir: string): boolean {
  if (!isAlive(pid)) return false;
  if (process.platform === 'linux') {
    const [program = '', ...args] = readIfThere(`/proc/${pid}/cmdline`).split('\0');
    return /(^|\/)postgres$/.test(program) && (args.includes(dataDir) || workingFolder(pid) === dataDir);
  }
  if (process.platform === 'win32') {
    const list = spawnSync('tasklist', ['/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH'], { encoding: 'utf8' });
    return /postgres\.exe/i.test(list.stdout); // after this, the password decides (see isReady)
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
