import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { vi } from 'vitest';
import { run } from '../../src/cli/index.ts';

const COMMAND = join(import.meta.dirname, '..', '..', 'bin', 'lienthong.mjs');

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
}

/**
 * Runs the command like a person, with only these settings.
 * @param stdout a file descriptor instead of `out`
 */
export function startLienthong(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
  stdout: number | 'pipe' = 'pipe',
): Running {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['pipe', stdout, 'pipe'],
  });
  const ran = { out: '', errors: '' };
  child.stdout?.on('data', (chunk) => {
    ran.out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    ran.errors += chunk;
  });
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...ran }));
  });
  return { child, ended };
}

/**
 * The same in this process, whose environment, folder and output belong to the command meanwhile: one at a time. For commands
 * that end by themselves and start nothing.
 */
export async function lienthongHere(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
): Promise<Ran> {
  const ran = { out: '', errors: '' };
  const kept = (stream: keyof typeof ran, end: string) => (text: unknown) => {
    ran[stream] += `${text}${end}`;
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(kept('out', '')),
    vi.spyOn(process.stderr, 'write').mockImplementation(kept('errors', '')),
    vi.spyOn(console, 'log').mockImplementation(kept('out', '\n')),
    vi.spyOn(console, 'error').mockImplementation(kept('errors', '\n')),
  ];
  const [given, folder] = [process.env, process.cwd()];
  const listening = new Set(process.stdout.listeners('error'));
  try {
    process.env = { PATH: given.PATH, ...env };
    process.chdir(cwd);
    await run(['node', 'lienthong', ...args]);
    return { code: Number(process.exitCode ?? 0), ...ran };
  } finally {
    process.exitCode = undefined;
    process.env = given;
    process.chdir(folder);
    for (const one of process.stdout.listeners('error') as (() => void)[])
      if (!listening.has(one)) process.stdout.off('error', one);
    for (const spy of spies) spy.mockRestore();
  }
}
