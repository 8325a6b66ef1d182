import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startEmbeddedPostgres } from '../../src/embedded-postgres/start.ts';
import { testDatabase } from '../support/database.ts';
import { startHubProcess, testFolder } from '../support/process.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const HUB_SECRET = 'a-secret-of-the-tests-that-is-long-enough';
const HUB = ['bin/hub.mjs'];

test.skipIf(process.platform !== 'linux')(
  'an unwritable log on a full disk delays neither the start, nor an answer, nor the end',
  async () => {
    const database = await testDatabase();
    const folder = testFolder({});
    const full = openSync('/dev/full', 'w');
    const port = await freePort();
    const env = { ...process.env, DATABASE_URL: database.url, HUB_SECRET, HUB_CONFIG: folder.configPath };
    const hub = spawn(process.execPath, HUB, {
      cwd: ROOT,
      env: { ...env, PORT: String(port) },
      stdio: ['ignore', full, 'ignore'],
    });
    try {
      const ready = () => fetch(`http://127.0.0.1:${port}/health/ready`).then(({ status }) => status, String);
      await expect.poll(ready, { timeout: 60_000 }).toBe(200);
      hub.kill('SIGTERM');
      expect((await once(hub, 'exit'))[0]).toBe(0);
      // A failing start prints many lines, and ends.
      const wrong = spawn(process.execPath, HUB, {
        cwd: ROOT,
        env: { ...env, HUB_ROLES: 'cook', PORT: 'x', LOG_LEVEL: 'loud' },
        stdio: ['ignore', full, 'ignore'],
      });
      expect((await once(wrong, 'exit'))[0]).toBe(2);
    } finally {
      if (hub.exitCode === null) hub.kill('SIGKILL');
      closeSync(full);
      folder.remove();
      await database.drop();
    }
  },
);

test.skipIf(process.platform === 'win32')('a hub that was not started at a terminal ignores SIGHUP', async () => {
  const database = await testDatabase();
  const folder = testFolder({});
  const hub = await startHubProcess({ DATABASE_URL: database.url, HUB_SECRET, HUB_CONFIG: folder.configPath });
  try {
    hub.child.kill('SIGHUP');
    hub.child.kill('SIGTERM');
    expect(await hub.ended).toBe(0);
    expect(hub.lines.find(({ msg }) => msg === 'stopping')).toMatchObject({ signal: 'SIGTERM' });
  } finally {
    if (hub.child.exitCode === null) hub.child.kill('SIGKILL');
    folder.remove();
    await database.drop();
  }
});

test.skipIf(process.platform !== 'linux')('an interrupted command leaves no server of its own behind', async () => {
  const folder = testFolder({});
  const dataDir = join(folder.path, 'data');
  await startEmbeddedPostgres({ dataDir: join(dataDir, 'postgres') }).then((server) => server.stop());
  const { DATABASE_URL: _, ...env } = process.env;
  const command = spawn(process.execPath, ['bin/lienthong.mjs', 'migrate'], {
    cwd: ROOT,
    env: { ...env, HUB_SECRET, HUB_DATA_DIR: dataDir },
    stdio: 'ignore',
  });
  const place = () =>
    existsSync(`${dataDir}/postgres.place`) ? readFileSync(`${dataDir}/postgres.place`, 'utf8') : '';
  const pidFile = () => join(place() || `${dataDir}/postgres`, 'postmaster.pid');
  try {
    await expect.poll(() => existsSync(pidFile()), { timeout: 60_000, interval: 5 }).toBe(true);
    command.kill('SIGTERM');
    expect((await once(command, 'exit'))[0]).toBe(143);
    expect(existsSync(pidFile())).toBe(false);
  } finally {
    if (command.exitCode === null) command.kill('SIGKILL');
    if (place())
      for (const end of ['', '.log', '.password', '.asked'])
        rmSync(`${place()}${end}`, { recursive: true, force: true });
    folder.remove();
  }
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
