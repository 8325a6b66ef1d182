import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { spawnHub, testFolder } from '../support/process.ts';

const ROOT = join(import.meta.dirname, '..', '..');

const SENT = ['migrated', 'listening'];

test.skipIf(process.platform === 'win32').each(SENT)(
  'SIGTERM to npm start, after it printed %s, ends the hub with exit code 0',
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

test.skipIf(process.platform === 'win32')(
  'a process started by npx ends with its shell; without npm it runs on',
  async () => {
    const database = await testDatabase();
    const folder = testFolder({});
    const HUB_SECRET = 'a-secret-of-the-tests-that-is-long-enough';
    const { npm_lifecycle_event: _, ...without } = process.env;
    const env = { ...without, DATABASE_URL: database.url, HUB_SECRET, HUB_CONFIG: folder.configPath, PORT: '0' };
    const start = async (more: Record<string, string>) => {
      const command = 'node bin/lienthong.mjs start; exit $?';
      const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
      const shell = spawn('sh', ['-c', command], { cwd: ROOT, env: { ...env, ...more }, stdio });
      const lines: { msg: string; pid: number }[] = [];
      createInterface({ input: shell.stdout }).on('line', (line) => lines.push(JSON.parse(line)));
      await expect.poll(() => lines.at(-1)?.msg, { timeout: 60_000 }).toBe('listening');
      shell.kill('SIGTERM');
      return { pid: lines[0]?.pid as number, lines };
    };
    const [ofNpx, alone] = await Promise.all([start({ npm_lifecycle_event: 'npx' }), start({})]);
    try {
      await expect.poll(() => isAlive(ofNpx.pid), { timeout: 60_000 }).toBe(false);
      expect(ofNpx.lines.at(-1)?.msg).toBe('stopped');
      expect(isAlive(alone.pid)).toBe(true);
    } finally {
      for (const { pid } of [ofNpx, alone]) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      folder.remove();
      await database.drop();
    }
  },
);

test('a start waits for a database that comes up later, and SIGTERM ends the wait with exit code 0', async () => {
  const database = await testDatabase();
  const folder = testFolder({});
  const { hostname, port } = new URL(database.url);
  let isUp = false;
  const server = createServer((near) => {
    near.on('error', () => near.destroy());
    if (!isUp) return near.once('data', () => near.end(STARTING));
    const far = connect(Number(port), hostname).on('error', () => near.destroy());
    return near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(database.url);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = {
    DATABASE_URL: url.href,
    HUB_SECRET: 'a-secret-of-the-tests-that-is-long-enough',
    HUB_CONFIG: folder.configPath,
  };
  const [waits, ends] = [spawnHub(env), spawnHub(env)] as const;
  try {
    const hubs = await Promise.all([waits.said('waiting for the database'), ends.said('waiting for the database')]);
    expect(hubs.map(({ why }) => why)).toEqual(Array(2).fill('the database system is starting up'));
    ends.child.kill('SIGTERM');
    expect(await ends.ended).toBe(0);
    isUp = true;
    await waits.said('listening');
    waits.child.kill('SIGTERM');
    expect(await waits.ended).toBe(0);
  } finally {
    waits.child.kill('SIGKILL');
    ends.child.kill('SIGKILL');
    server.close();
    folder.remove();
    await database.drop();
  }
});

test('SIGTERM ends a hub with exit code 0 while Redis accepts connections and never answers', async () => {
  const database = await testDatabase();
  const folder = testFolder({});
  const server = createServer((near) => near.on('error', () => near.destroy()).resume());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const hub = spawnHub({
    DATABASE_URL: database.url,
    REDIS_URL: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    HUB_SECRET: 'a-secret-of-the-tests-that-is-long-enough',
    HUB_CONFIG: folder.configPath,
  });
  try {
    await hub.said('migrated');
    hub.child.kill('SIGTERM');
    expect(await hub.ended).toBe(0);
    expect(hub.lines.filter(({ level }) => level === 'error')).toEqual([]);
  } finally {
    hub.child.kill('SIGKILL');
    server.close();
    folder.remove();
    await database.drop();
  }
});

/** PostgreSQL's answer while it starts: an ErrorResponse of the class 57P03. */
const STARTING = Buffer.from('E\0\0\0\x37SFATAL\0C57P03\0Mthe database system is starting up\0\0', 'latin1');

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('under systemd it reports that it is ready, that it lives, and that it stops', async () => {
  const database = await testDatabase();
  const folder = testFolder({});
  const reports = join(folder.path, 'reports');
  const notify = join(folder.path, 'systemd-notify');
  // Stands for the program of systemd, which needs its socket.
  writeFileSync(notify, `#!/bin/sh\necho "$*" >> ${reports}\n`, { mode: 0o755 });
  const hub = spawnHub({
    DATABASE_URL: database.url,
    HUB_SECRET: 'a-secret-of-the-tests-that-is-long-enough',
    HUB_CONFIG: folder.configPath,
    PATH: `${folder.path}:${process.env.PATH}`,
    NOTIFY_SOCKET: '/run/systemd/notify',
    WATCHDOG_USEC: '400000',
  });
  const reported = (): readonly string[] =>
    existsSync(reports) ? readFileSync(reports, 'utf8').trim().split('\n') : [];
  const countAlive = (): number => reported().filter((line) => line === 'WATCHDOG=1').length;
  try {
    await hub.said('listening');
    await expect.poll(countAlive).toBeGreaterThan(2);
    expect(reported()).toContain('READY=1');
    hub.child.kill('SIGTERM');
    expect(await hub.ended).toBe(0);
    await expect.poll(reported).toContain('STOPPING=1');
  } finally {
    hub.child.kill('SIGKILL');
    folder.remove();
    await database.drop();
  }
});
