import fs from 'node:fs';
import path from 'node:path';

/** Usual lines have no level. */
export type Log = (fields: object, message: string, level?: 'info' | 'warn' | 'error') => void;

export const HALF_WRITTEN_MS = 2_000; // a file that is still empty after this time was left by a crash

export function readIfThere(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ESRCH'].includes(codeOf(error))) return '';
    throw error;
  }
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** A file of another user in a folder of this process's user. */
class OthersFileError extends Error {
  readonly code = 'OTHERS_FILE';
}

/**
 * Says what to do about a file of another user that this process may not use, beside its own: commands that root ran with an
 * older version left such files.
 *
 * @returns the error itself if it has another cause
 */
export function explainOthersFile(error: unknown): unknown {
  const { path: file } = error as NodeJS.ErrnoException;
  if (codeOf(error) !== 'EACCES' || file === undefined) return error;
  const [uid, owner] = [process.getuid?.(), ownerOf(file)];
  if (owner === undefined || owner === uid || ownerOf(path.dirname(file)) !== uid) return error;
  return new OthersFileError(
    `${file} belongs to user ${owner}, expected user ${uid}, as whom this process runs; end what that user still runs on this folder, then run as root: chown ${uid} ${file}`,
    { cause: error },
  );
}

function ownerOf(at: string): number | undefined {
  try {
    return fs.statSync(at).uid;
  } catch {
    return undefined;
  }
}

export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return; // cannot open a folder
  const handle = fs.openSync(folder, 'r');
  fs.fsyncSync(handle);
  fs.closeSync(handle);
}

/**
 * Creates a file that only its owner may read. Beside the folder of another user, root gives it to that user: the hub itself may
 * run as that one, and must be able to use what a killed command of root left.
 *
 * @throws an error with the code EEXIST
 */
export function createFile(file: string, text: string): void {
  const handle = fs.openSync(file, 'wx', 0o600);
  try {
    fs.writeFileSync(handle, text);
    giveToOwnerOf(path.dirname(file), handle);
  } catch (error) {
    fs.rmSync(file, { force: true });
    throw error;
  } finally {
    fs.closeSync(handle);
  }
}

/** Opens a log to append to, with the same owner. */
export function openLog(file: string): number {
  // Not through a link: root would write to, and give away, the file of somebody else.
  const { O_APPEND, O_CREAT, O_NOFOLLOW = 0, O_WRONLY } = fs.constants;
  const handle = fs.openSync(file, O_APPEND | O_CREAT | O_NOFOLLOW | O_WRONLY, 0o600);
  if (fs.fstatSync(handle).nlink === 1) giveToOwnerOf(path.dirname(file), handle);
  return handle;
}

function giveToOwnerOf(folder: string, handle: number): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = fs.statSync(folder);
  fs.fchownSync(handle, uid, gid);
}

export function filesIn(folder: string): string[] {
  return fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => path.join(folder, name));
}

/**
 * Removes folders of killed processes. If another process still writes to one, the next start removes
 * it.
 */
export async function removeLeftOvers(folder: string, isLeft: (name: string) => boolean, log: Log): Promise<void> {
  for (const name of fs.readdirSync(folder).filter(isLeft)) {
    const left = path.join(folder, name);
    log({ left }, 'removing the folders of an interrupted start');
    await fs.promises.rm(left, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
  }
}
