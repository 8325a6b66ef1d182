import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { makeFolders } from '../make-folders.ts';
import { settingFlags } from './settings.ts';

/** The superuser that initdb makes. */
export const ROLE = 'lienthong';
const NOBODY = 65534;
const MOVED_DATA_ROOT = '/var/lib/lienthong';

/** The system account PostgreSQL runs as; empty means the account of this process. */
export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

export type Log = (fields: object, message: string) => void;

/** One data folder and all that its server is started with. */
export interface Cluster {
  readonly dataDir: string;
  readonly account: Account;
  readonly settings: readonly string[];
  /** The one that it is to listen on; a free one where nothing is said. */
  readonly port?: number;
  readonly log: Log;
}

/** Decides the account and the folder, before any lock. */
export function placeCluster(
  askedDataDir: string,
  settings: Readonly<Record<string, string>> = {},
  log: Log = () => {},
): Cluster {
  const { asked, place, account } = choosePlace(askedDataDir);
  if (place !== asked) {
    log({ asked, dataDir: place }, `data folder moved: user ${account.uid} cannot reach the one asked for`);
  }
  makeReachableFolder(path.dirname(place));
  // The true path: a server is recognised by its working folder.
  const dataDir = fs.existsSync(place)
    ? fs.realpathSync(place)
    : path.join(fs.realpathSync(path.dirname(place)), path.basename(place));
  return { dataDir, account, settings: settingFlags(settings), log };
}

/** Where the files of the one asked for are, or will be; that is elsewhere where PostgreSQL's account cannot reach it. */
export function dataFolderOf(askedDataDir: string): string {
  return choosePlace(askedDataDir).place;
}

/** Changes nothing. */
function choosePlace(askedDataDir: string): { asked: string; place: string; account: Account } {
  const asked = path.resolve(askedDataDir);
  const owner = fs.statSync(asked, { throwIfNoEntry: false });
  const isRoot = process.getuid?.() === 0;
  // PostgreSQL refuses to run as root. A folder that some user's hub made keeps its owner.
  const account = !isRoot
    ? {}
    : owner && owner.uid !== 0
      ? { uid: owner.uid, gid: owner.gid }
      : { uid: NOBODY, gid: NOBODY };
  if (canReach(account, path.dirname(asked))) return { asked, place: asked, account };
  if (isCluster(asked)) throw new Error(`${asked} holds data but user ${account.uid} cannot reach it; open its path`);
  const name = createHash('sha256').update(asked).digest('hex').slice(0, 16);
  return { asked, place: path.join(MOVED_DATA_ROOT, name), account };
}

/** Whether the folder holds a complete cluster. */
export function isCluster(dataDir: string): boolean {
  return ['PG_VERSION', 'global/pg_control'].every((file) => fs.existsSync(path.join(dataDir, file)));
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
  const first = makeFolders(folder);
  for (let at = folder; first && at.startsWith(first); at = path.dirname(at)) fs.chmodSync(at, 0o755);
}
