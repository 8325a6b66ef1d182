import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { Account } from './account.ts';
import { codeOf, readIfThere } from './files.ts';
import { SERVER_PROCESS } from './processes.ts';

export function programPath(folder: string, program: string): string {
  return path.join(folder, 'native', 'bin', process.platform === 'win32' ? `${program}.exe` : program);
}

export function packageVersion(folder: string): string {
  return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).version;
}

/**
 * Links libraries and sets the x bits, like npm's install script. Returns the problem, if there is
 * one.
 */
export function prepare(folder: string): string | undefined {
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

/** A real run also detects closed folders, noexec mounts and missing libraries. Takes about 5 ms. */
export function tryToRun(folder: string, account: Account): string | undefined {
  const options = { ...account, ...SERVER_PROCESS, encoding: 'utf8' } as const;
  const { status, error, stderr } = spawnSync(programPath(folder, 'postgres'), ['--version'], options);
  return status === 0 ? undefined : String(error ?? stderr);
}
