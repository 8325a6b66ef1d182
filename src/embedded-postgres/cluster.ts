import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { makeFolders } from '../process/make-folders.ts';
import { type Account, accountOf, madeAccount } from './account.ts';
import { codeOf, type Log, readIfThere, syncFolder } from './files.ts';
import { type ServerSettings, settingFlags } from './settings.ts';

/** The superuser that initdb creates. */
export const ROLE = 'lienthong';
/**
 * A folder of root that PostgreSQL's account can reach, whatever the folders above the repository
 * allow.
 */
export const MOVED_DATA_ROOT = '/var/lib/lienthong';

/** One data folder, and everything that starting its server needs. */
export interface Cluster {
  readonly dataDir: string;
  readonly account: Account;
  readonly settings: readonly string[];
  /** The port for the server. Undefined: a free one. */
  readonly port?: number;
  readonly log: Log;
}

/** Decides the account and the folder, before any lock. */
export function placeCluster(askedDataDir: string, settings: ServerSettings = {}, log: Log = () => {}): Cluster {
  const { asked, account: found, known } = lookForPlace(askedDataDir);
  const account = madeAccount(found, log);
  const place = known ?? newPlace(asked);
  if (place !== asked) {
    log({ asked, dataDir: place }, `moved the data folder: user ${account.uid} cannot reach the requested one`);
  }
  makeReachableFolder(path.dirname(place), account);
  if (place !== asked) claimPlace(asked, place);
  // The true path, because a running server is recognised by its working folder.
  const dataDir = fs.existsSync(place)
    ? fs.realpathSync(place)
    : path.join(fs.realpathSync(path.dirname(place)), path.basename(place));
  return { dataDir, account, settings: settingFlags(settings), log };
}

/** The actual folder of the files for a requested folder. It may not exist yet. */
export function dataFolderOf(askedDataDir: string): string {
  const { asked, known } = lookForPlace(askedDataDir);
  return known ?? asked;
}

/** Deletes a stopped cluster, wherever its files are, with the files beside it. */
export function removeCluster(askedDataDir: string): void {
  for (const folder of new Set([dataFolderOf(askedDataDir), path.resolve(askedDataDir)])) {
    const [parent, name] = [path.dirname(folder), path.basename(folder)];
    if (!fs.existsSync(parent)) continue;
    for (const entry of fs.readdirSync(parent))
      if (entry === name || entry.startsWith(`${name}.`)) fs.rmSync(path.join(parent, entry), { recursive: true });
  }
}

/** Changes nothing. `known` is undefined when the files need another folder and none is chosen yet. */
function lookForPlace(askedDataDir: string): { asked: string; account: Account; known: string | undefined } {
  const asked = path.resolve(askedDataDir);
  // Also after the path was opened: the data stay in the chosen folder.
  const moved = isCluster(asked) ? undefined : placeIn(placeFileOf(asked));
  const account = accountOf(moved ?? asked);
  if (moved !== undefined) return { asked, account, known: moved };
  const isReachable = canReach(account, path.dirname(asked));
  if (isCluster(asked) && !isReachable)
    throw new Error(`${asked} holds data but PostgreSQL's account cannot reach it; open its path`);
  return { asked, account, known: isReachable ? asked : undefined };
}

/** @throws Error when the file names no folder. A truncated path would lead to a new, empty database. */
function placeIn(file: string): string | undefined {
  if (!fs.existsSync(file)) return undefined;
  const text = readIfThere(file).trim();
  if (path.isAbsolute(text)) return text;
  throw new Error(
    `${file} says ${JSON.stringify(text)}, expected the whole path of the folder with the database's files; remove it to begin with an empty database`,
  );
}

/**
 * Refuses a copied data folder that names the files of the original: two hubs would share one
 * database.
 */
function claimPlace(asked: string, place: string): void {
  const file = `${place}.asked`;
  const first = readIfThere(file).trim();
  if (first === asked) return;
  const [ours, theirs] = [asked, first].map((one) => fs.statSync(placeFileOf(one), { throwIfNoEntry: false }));
  // The first folder was moved here, or it is the same folder by another path.
  const isOne = !theirs || (theirs.ino === ours?.ino && theirs.dev === ours.dev);
  if (first !== '' && !isOne && placeIn(placeFileOf(first)) === place)
    throw new Error(
      `${placeFileOf(asked)} names ${place}, which has the files of ${first}; remove it to begin with an empty database`,
    );
  fs.writeFileSync(file, asked, { flush: true, mode: 0o600 });
}

/**
 * Chooses a new random folder, and stores its path beside the requested folder.
 *
 * A person who deletes the requested folder and its neighbours gets an empty database. When several processes
 * choose at once, the first one wins.
 */
function newPlace(asked: string): string {
  makeFolders(path.dirname(asked));
  const whole = `${placeFileOf(asked)}-${process.pid}`;
  fs.writeFileSync(whole, path.join(MOVED_DATA_ROOT, randomBytes(8).toString('hex')), { flush: true, mode: 0o600 });
  try {
    fs.linkSync(whole, placeFileOf(asked));
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    fs.rmSync(whole);
  }
  syncFolder(path.dirname(asked));
  return placeIn(placeFileOf(asked)) as string;
}

function placeFileOf(asked: string): string {
  return `${asked}.place`;
}

/** Whether the folder holds a complete cluster. */
export function isCluster(dataDir: string): boolean {
  return ['PG_VERSION', 'global/pg_control'].every((file) => fs.existsSync(path.join(dataDir, file)));
}

/** Whether the account may pass through a folder, or through its nearest existing parent. */
export function canReach({ uid, gid }: Account, folder: string): boolean {
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

/**
 * Like mkdir -p. PostgreSQL's account can pass through new folders, and other users cannot read them.
 * Existing folders stay.
 */
function makeReachableFolder(folder: string, { uid }: Account): void {
  const mode = uid === undefined ? 0o700 : 0o711;
  const first = makeFolders(folder);
  for (let at = folder; first && at.startsWith(first); at = path.dirname(at)) fs.chmodSync(at, mode);
}
