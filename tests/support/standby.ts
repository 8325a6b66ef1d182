import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A primary with a synchronous standby, each a server of its own on 127.0.0.1. */
export interface Pair {
  /** Names both hosts. */
  readonly url: string;
  /** Of the standby alone. */
  readonly standbyUrl: string;
  /** `kill -9` of the primary with all its processes. */
  killPrimary(): void;
  promote(): void;
  remove(): void;
}

const ROOT = '/usr/lib/postgresql';

/** The newest installed server that can make a standby. Undefined without one. */
export function standbyPrograms(): string | undefined {
  const versions = existsSync(ROOT) ? readdirSync(ROOT).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((one) => join(ROOT, one, 'bin')).find((bin) => existsSync(join(bin, 'pg_basebackup')));
}

const SETTINGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'shared_buffers=64MB',
  'max_connections=60',
  'wal_level=replica',
  'wal_sender_timeout=2s',
];

export async function startPair(bin: string): Promise<Pair> {
  const folder = mkdtempSync(join(tmpdir(), 'lienthong-standby-'));
  const account = accountOf();
  chmodSync(folder, 0o755);
  const own = join(folder, 'own');
  mkdirSync(own, { mode: 0o700 });
  if (account.uid !== undefined) chownSync(own, account.uid, account.gid as number);
  const ports = [await freePort(), await freePort()] as const;
  const run = (program: string, ...args: string[]): void =>
    void execFileSync(join(bin, program), args, { ...account, cwd: own, stdio: 'ignore' });
  const [first, second] = [join(own, 'first'), join(own, 'second')];
  const start = (dir: string, port: number, ...more: string[]): void => {
    const flags = [...SETTINGS, `port=${port}`, ...more].map((one) => `-c ${one}`).join(' ');
    run('pg_ctl', '-D', dir, '-w', '-l', `${dir}.log`, '-o', flags, 'start');
  };
  run('initdb', '-D', first, '-U', 'hub', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync');
  start(first, ports[0]);
  run('createdb', '-h', '127.0.0.1', '-p', String(ports[0]), '-U', 'hub', 'hub');
  run(
    'pg_basebackup',
    '-h',
    '127.0.0.1',
    '-p',
    String(ports[0]),
    '-U',
    'hub',
    '-D',
    second,
    '-X',
    'stream',
    '-c',
    'fast',
    '--no-sync',
  );
  const primary = `host=127.0.0.1 port=${ports[0]} user=hub application_name=second`;
  appendFileSync(join(second, 'postgresql.auto.conf'), `primary_conninfo = '${primary}'\n`);
  execFileSync('touch', [join(second, 'standby.signal')]);
  start(second, ports[1]);
  appendFileSync(join(first, 'postgresql.auto.conf'), "synchronous_standby_names = 'second'\n");
  run('pg_ctl', '-D', first, 'reload');
  return {
    url: `postgres://hub@127.0.0.1:${ports[0]},127.0.0.1:${ports[1]}/hub`,
    standbyUrl: `postgres://hub@127.0.0.1:${ports[1]}/hub`,
    killPrimary: () => killAll(first),
    promote: () => run('pg_ctl', '-D', second, '-w', 'promote'),
    remove() {
      for (const dir of [first, second]) killAll(dir);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root. */
function accountOf(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(spawnSync('id', [flag, 'postgres']).stdout));
  return { uid: uid as number, gid: gid as number };
}

function killAll(dir: string): void {
  const pid =
    existsSync(join(dir, 'postmaster.pid')) && readFileSync(join(dir, 'postmaster.pid'), 'utf8').split('\n')[0];
  if (!pid) return;
  const children = spawnSync('ps', ['-o', 'pid=', '--ppid', pid], { encoding: 'utf8' }).stdout.split('\n');
  for (const one of [pid, ...children].map(Number).filter((one) => one > 0))
    try {
      process.kill(one, 'SIGKILL');
    } catch {
      // It has ended.
    }
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
