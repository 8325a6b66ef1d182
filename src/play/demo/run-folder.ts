import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { makeFolders } from '../../process/make-folders.ts';

/** The state of a demo in its folder, for later demos and for tests. */
export interface Status {
  readonly phase: string;
  readonly demoPid: number;
  readonly hubPid?: number;
  /** Number of the partners' acknowledged items. */
  readonly acknowledged?: number;
}

/** The settings and logs of a demo stay here until the next one. */
export interface RunFolder {
  readonly path: string;
  /** Where the office puts its files. */
  readonly office: string;
  note(status: Partial<Status>): void;
}

const NAME = /^demo-\d{8}-\d{6}(?:-\d+)?$/;
const STATUS = 'status.json';

/** A fresh folder under HUB_DATA_DIR. */
export function createRunFolder(env: NodeJS.ProcessEnv, nowMs: number): RunFolder {
  const root = resolve(env.HUB_DATA_DIR?.trim() || './data');
  const name = `demo-${new Date(nowMs).toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}`;
  makeFolders(root);
  const path = make(join(realpathSync(root), name));
  let status: Status = { phase: 'starting', demoPid: process.pid };
  const write = (): void => {
    // Readers find the old file or the new one, never half of one.
    writeFileSync(join(path, `${STATUS}.new`), JSON.stringify(status));
    renameSync(join(path, `${STATUS}.new`), join(path, STATUS));
  };
  write();
  const office = join(path, 'office-files');
  mkdirSync(office);
  return {
    path,
    office,
    note(news) {
      status = { ...status, ...news };
      write();
    },
  };
}

/** Two demos may start in the same second. */
function make(path: string): string {
  for (let number = 1; ; number++) {
    const tried = number === 1 ? path : `${path}-${number}`;
    try {
      mkdirSync(tried);
      // Others may pass through it but not read it: PostgreSQL runs as another user when root starts it.
      chmodSync(tried, 0o711);
      return tried;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Removes the folders of earlier demos that have ended, and returns them. */
export function removeOldFolders(folder: RunFolder): readonly string[] {
  const root = join(folder.path, '..');
  const ended = readdirSync(root)
    .filter((name) => NAME.test(name))
    .map((name) => join(root, name))
    .filter((path) => path !== folder.path && hasEnded(readStatus(path)));
  for (const path of ended) rmSync(path, { recursive: true, force: true });
  return ended;
}

function hasEnded(status: Status | undefined): boolean {
  return status !== undefined && ![status.demoPid, status.hubPid].some(isAlive);
}

function readStatus(path: string): Status | undefined {
  try {
    return JSON.parse(readFileSync(join(path, STATUS), 'utf8')) as Status;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
