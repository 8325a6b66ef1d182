import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const NOBODY = 65534;
const MOVED_DATA_ROOT = '/var/lib/lienthong';

const DEFAULT_SETTINGS = {
  shared_buffers: '128MB',
  max_connections: '60',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Details and statements carry citizens' data; the client still receives them.
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
};

const FIXED_SETTINGS = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  logging_collector: 'off', // the log is our file descriptor
};

/** The system account PostgreSQL runs as; empty means the account of this process. */
export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

export interface Cluster {
  readonly dataDir: string;
  readonly account: Account;
  readonly settings: readonly string[];
  readonly log: (fields: object, message: string) => void;
}

/** Decides the account and the folder, before any lock. */
function settle(options: EmbeddedPostgresOptions): Cluster {
  const log = options.log ?? (() => {});
  const asked = path.resolve(options.dataDir);
  const owner = fs.statSync(asked, { throwIfNoEntry: false });
  const isRoot = process.getuid?.() === 0;
  // PostgreSQL refuses to run as root. A folder that some user's hub made keeps its owner.
  const account = !isRoot
    ? {}
    : owner && owner.uid !== 0
      ? { uid: owner.uid, gid: owner.gid }
      : { uid: NOBODY, gid: NOBODY };
  let place = asked;
  if (!canReach(account, path.dirname(asked))) {
    if (isCluster(asked)) throw new Error(`${asked} holds data but user ${account.uid} cannot reach it; open its path`);
    place = path.join(MOVED_DATA_ROOT, createHash('sha256').update(asked).digest('hex').slice(0, 16));
    log({ asked, dataDir: place }, `data folder moved: user ${account.uid} cannot reach the one asked for`);
  }
  makeReachableFolder(path.dirname(place));
  // The true path: a server is recognised by its working folder.
  const dataDir = fs.existsSync(place)
    ? fs.realpathSync(place)
    : path.join(fs.realpathSync(path.dirname(place)), path.basename(place));
  return { dataDir, account, settings: settingFlags(options.settings ?? {}), log };
}

function settingFlags(asked: Readonly<Record<string, string>>): readonly string[] {
  const refused = Object.keys(asked).filter((name) => name.toLowerCase() in { ...FIXED_SETTINGS, port: '' });
  if (refused.length > 0) throw new Error(`These settings of the embedded PostgreSQL are fixed: ${refused.join(', ')}`);
  const all = { ...DEFAULT_SETTINGS, ...asked, ...FIXED_SETTINGS };
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function canReach({ uid, gid }: Account, folder: string): boolean {
  if (uid === undefined) return true;
  let existing = folder;
  while (!fs.existsSync(existing)) existing = path.dirname(existing);
  for (let at = fs.realpathSync(existing); ; at = path.dirname(at)) {
    const folder = fs.statSync(at);
    const searchBit = folder.uid === uid ? 0o100 : folder.gid === gid ? 0o010 : 0o001;
    if ((folder.mode & searchBit) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}

/** mkdir -p whose new folders can be passed through whatever the umask; existing ones stay as they are. */
function makeReachableFolder(folder: string): void {
  const first = fs.mkdirSync(folder, { recursive: true });
  for (let at = folder; first && at.startsWith(first); at = path.dirname(at)) fs.chmodSync(at, 0o755);
}

export function isCluster(dataDir: string): boolean {
  return ['PG_VERSION', 'global/pg_control'].every((file) => fs.existsSync(path.join(dataDir, file)));
}
