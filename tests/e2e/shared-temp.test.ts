import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { testFolder } from '../support/process.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Folders that another user of the machine can create before the hub starts, with the hub's uid. */
const PLANTED = ['tsx-', 'lienthong-postgres-18.4.0-beta.17-', 'lienthong-postgres-'].map(
  (name) => `${name}${process.getuid?.() ?? 'user'}`,
);
/** npm's own cache, from Node 22 on. */
const OF_NPM = /^node-compile-cache/;

describe.skipIf(process.platform === 'win32')('code planted in the shared temp folder never runs', () => {
  let temp: string;
  let database: Awaited<ReturnType<typeof testDatabase>>;
  const folder = testFolder({});
  beforeAll(async () => {
    database = await testDatabase();
    temp = mkdtempSync(join(tmpdir(), 'lienthong-planted-'));
    for (const name of PLANTED) mkdirSync(join(temp, name));
    for (const name of PLANTED) writeFileSync(join(temp, name, 'planted.js'), 'process.exit(66);');
  });
  afterAll(async () => {
    rmSync(temp, { recursive: true, force: true });
    folder.remove();
    await database.drop();
  });

  test.each([
    ['npm start', ['npm', 'start', '--silent']],
    ['npx lienthong doctor', ['npx', 'lienthong', 'doctor']],
  ])('%s opens and creates nothing there', async (_name, [command = '', ...args]) => {
    for (const at of ['.', ...PLANTED]) utimesSync(join(temp, at), 0, 0);
    const { REDIS_URL: _, ...env } = process.env;
    const HUB_SECRET = 'a-secret-of-the-tests-that-is-long-enough';
    const child = spawn(command, args, {
      cwd: ROOT,
      env: { ...env, HUB_SECRET, HUB_CONFIG: folder.configPath, PORT: '0', TMPDIR: temp, DATABASE_URL: database.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.on('data', (text) => String(text).includes('"msg":"listening"') && child.kill('SIGTERM'));
    expect((await once(child, 'exit'))[0]).toBe(0);
    expect(readdirSync(temp).filter((name) => !OF_NPM.test(name))).toEqual([...PLANTED].sort());
    for (const name of PLANTED) {
      const { atimeMs, mtimeMs } = statSync(join(temp, name));
      // A folder that was read has a newer access time, if the file system stores one.
      expect({ name, atimeMs, mtimeMs }).toEqual({ name, atimeMs: 0, mtimeMs: 0 });
      expect(readFileSync(join(temp, name, 'planted.js'), 'utf8')).toBe('process.exit(66);');
    }
  });
});
