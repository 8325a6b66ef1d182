import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { codeOf, type Log, readIfThere } from './files.ts';

/** The system account of PostgreSQL. Empty: the account of this process. */
export interface Account {
  readonly uid?: number;
  readonly gid?: number | undefined;
}

const NAME = 'lienthong-postgres';
const USERADD = '/usr/sbin/useradd';
const NOBODY = 65534;
/** An unused range: systemd leaves out 60706 to 61183, and rootless containers use ids below 65536. */
const UNNAMED_IDS = { first: 60_800, last: 60_999 };
/** A placeholder for an account that is not created yet. It owns nothing. */
const NOT_MADE: Account = { uid: -1, gid: -1 };

/**
 * The account of a data folder's server. Changes nothing.
 *
 * PostgreSQL refuses to run as root. Root therefore starts it as the owner of its files, or as a separate
 * account when there are no files yet.
 */
export function accountOf(dataDir: string): Account {
  if (process.getuid?.() !== 0) return {};
  const owner = fs.statSync(dataDir, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0 && !isLeftToNobody(dataDir)) return { uid: owner.uid, gid: owner.gid };
  return namedAccount() ?? NOT_MADE;
}

/**
 * Returns the account, and creates it if necessary: a system user, or an unused uid without
 * `useradd`.
 */
export function madeAccount(account: Account, log: Log): Account {
  return account === NOT_MADE ? (newUser(log) ?? unnamedAccount()) : account;
}

/**
 * Whether an older hub that ran as root left these files to `nobody`.
 *
 * Other processes of `nobody` can read such files. A hub that itself runs as `nobody` has a password file with
 * the same owner beside the data.
 */
export function isLeftToNobody(dataDir: string): boolean {
  if (process.getuid?.() !== 0) return false;
  const [data, password] = [dataDir, `${dataDir}.password`].map((at) => fs.statSync(at, { throwIfNoEntry: false }));
  return data?.uid === NOBODY && password?.uid === 0;
}

/** Moves files of `nobody` to PostgreSQL's own account. No server may run on them. */
export function takeOver(dataDir: string, account: Account, log: Log): void {
  if (!isLeftToNobody(dataDir)) return;
  giveFiles(dataDir, account);
  log({ dataDir, uid: account.uid }, "the database's files belonged to nobody; PostgreSQL's own account has them now");
}

/** The account that can run initdb, which needs the name of its own account. */
export function initdbAccount(account: Account): Account {
  // Only the new group can enter this folder, and processes of another group cannot trace this one.
  return hasName(account) ? account : { uid: NOBODY, gid: account.gid };
}

/** Whether /etc/passwd lists the account. Only accounts that the hub created are missing there. */
export function hasName({ uid }: Account): boolean {
  const isOurs = uid !== undefined && uid >= UNNAMED_IDS.first && uid <= UNNAMED_IDS.last;
  return !isOurs || idsIn('/etc/passwd').has(uid);
}

/**
 * Gives a folder of `nobody` to an account, the folder itself last.
 *
 * After an interruption the next start begins again.
 *
 * @throws Error for a file of another user or with a second name, because root must not give those away
 */
export function giveFiles(folder: string, account: Account): void {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) giveFiles(at, account);
    else if (!entry.isSymbolicLink()) giveOne(at, account);
  }
  giveOne(folder, account);
}

/** Uses an open file, because another file may take the name a moment later. */
function giveOne(at: string, { uid = -1, gid = -1 }: Account): void {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const file = fs.openSync(at, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const found = fs.fstatSync(file);
    if (found.uid === uid) return;
    if (found.uid !== NOBODY || (found.isFile() && found.nlink > 1))
      throw new Error(`${at} belongs to user ${found.uid} or has a second name; remove it or give it to user ${uid}`);
    fs.fchownSync(file, uid, gid);
  } finally {
    fs.closeSync(file);
  }
}

function namedAccount(): Account | undefined {
  const line = readIfThere('/etc/passwd')
    .split('\n')
    .find((one) => one.startsWith(`${NAME}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return Number(uid) > 0 && Number(gid) > 0 ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

function newUser(log: Log): Account | undefined {
  const home = ['--no-create-home', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin'];
  const { status } = spawnSync(USERADD, ['--system', '--user-group', ...home, NAME], { stdio: 'ignore' });
  // Another hub may have created it first.
  const account = namedAccount();
  if (status === 0) log({ user: NAME, ...account }, 'system user made, for the embedded PostgreSQL alone');
  return account;
}

function unnamedAccount(): Account {
  const taken = new Set([...idsIn('/etc/passwd'), ...idsIn('/etc/group'), ...idsOfProcesses()]);
  for (let id = UNNAMED_IDS.first; id <= UNNAMED_IDS.last; id++) if (!taken.has(id)) return { uid: id, gid: id };
  throw new Error(
    `every uid from ${UNNAMED_IDS.first} to ${UNNAMED_IDS.last} is in use; make the system user ${NAME} for PostgreSQL`,
  );
}

/** The third field of each line: the uid in passwd(5), the gid in group(5). */
function idsIn(file: string): ReadonlySet<number> {
  return new Set(
    readIfThere(file)
      .split('\n')
      .map((line) => Number(line.split(':')[2])),
  );
}

function idsOfProcesses(): readonly number[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => readStatus(pid).match(/^[UG]id:.*$/gm) ?? [])
    .flatMap((line) => line.split(/\s+/).slice(1).map(Number));
}

function readStatus(pid: string): string {
  try {
    return readIfThere(`/proc/${pid}/status`);
  } catch (error) {
    if (codeOf(error) === 'EACCES') return '';
    throw error;
  }
}
