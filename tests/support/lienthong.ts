import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

const COMMAND = join(import.meta.dirname, '..', '..', 'src', 'cli', 'lienthong.mjs');

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
}

/** Run the command as a person would, with nothing but these settings. */
export function startLienthong(args: readonly string[], env: Readonly<Record<string, string>>, cwd: string): Running {
  const child = spawn(process.execPath, [COMMAND, ...args], { cwd, env: { PATH: process.env.PATH ?? '', ...env } });
  const ran = { out: '', errors: '' };
  child.stdout.on('data', (chunk) => {
    ran.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    ran.errors += chunk;
  });
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...ran }));
  });
  return { child, ended };
}
