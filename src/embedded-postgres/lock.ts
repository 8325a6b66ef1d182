import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf, createFile, HALF_WRITTEN_MS, readIfThere } from './files.ts';
import { isSameProcess, ownIdentity, readIdentity } from './processes.ts';

const LOCK_WITHIN_MS = 120_000; // longer than the start of the process that holds it

/** Runs `work` in one process at a time. Takes over the lock of a dead process. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const release = await takeLock(file, LOCK_WITHIN_MS);
  try {
    return await work();
  } finally {
    release();
  }
}

/**
 * Takes the lock for as long as the process wants it.
 *
 * @returns the function that releases the lock
 * @throws when another process still holds it after `withinMs`
 */
export async function takeLock(file: string, withinMs: number): Promise<() => void> {
  const mine = `${ownIdentity()} ${randomBytes(8).toString('hex')}`;
  for (const deadline = Date.now() + withinMs; ; await delay(50)) {
    try {
      createFile(file, mine);
      return () => {
        if (readIfThere(file) === mine) fs.rmSync(file, { force: true });
      };
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      breakStaleLock(file);
      if (Date.now() > deadline) throw new Error(`${file} is still held by process ${readIdentity(file)?.pid}`);
    }
  }
}

/**
 * Moves the lock aside, then checks it again.
 *
 * If two processes break the lock at once, the slower one notices that it moved a fresh lock and restores it.
 * Three processes in the same instant could still slip through. Then PostgreSQL's own postmaster.pid and the
 * rename after initdb protect the data, and one process fails.
 */
function breakStaleLock(file: string): void {
  const judged = readIfThere(file);
  const holder = readIdentity(file);
  const written = fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  if (holder ? isSameProcess(holder) : Date.now() - written < HALF_WRITTEN_MS) return;
  const aside = `${file}-${randomBytes(8).toString('hex')}`;
  try {
    fs.renameSync(file, aside);
    if (readIfThere(aside) === judged) fs.rmSync(aside);
    else fs.renameSync(aside, file);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error; // another process was faster
  }
}
