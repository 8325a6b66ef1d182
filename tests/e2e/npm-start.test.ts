import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { testFolder } from '../support/process.ts';

const ROOT = join(import.meta.dirname, '..', '..');

const SENT = ['migrated', 'listening'];

test.skipIf(process.platform === 'win32').each(SENT)(
  'SIGTERM to npm start, once it has said %s, ends the hub with exit code 0',
  async (said) => {
    const database = await testDatabase();
    const folder = testFolder({});
    const HUB_SECRET = 'a-secret-of-the-tests-that-is-long-enough';
    const npm = spawn('npm', ['start', '--silent'], {
      cwd: ROOT,
      env: { ...process.env, DATABASE_URL: database.url, HUB_SECRET, HUB_CONFIG: folder.configPath, PORT: '0' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = once(npm, 'exit');
    let pid = 0;
    for await (const line of createInterface({ input: npm.stdout })) {
      const told = JSON.parse(line) as { msg: string; pid: number };
      pid = told.pid;
      if (told.msg === said) break;
    }
    npm.kill('SIGTERM');
    try {
      expect((await ended)[0]).toBe(0);
      expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    } finally {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      folder.remove();
      await database.drop();
    }
  },
);

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
