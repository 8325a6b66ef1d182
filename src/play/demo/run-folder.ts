import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { startEmbeddedPostgres } from '../../embedded-postgres/start.ts';
import { makeFolders } from '../../process/make-folders.ts';

/** The state of a run in its folder, for later runs and for tests. */
export interface Status {
  readonly phase: string;
  readonly demoPid: number;
  readonly hubPid?: number;
  readonly hubUrl?: string;
  /** Number of the partners' acknowledged items. */
  readonly acknowledged?: number;
  /** The real place of the embedded database, if there is one. */
  readonly databaseFolder?: string;
}

export interface Folder {
  readonly path: string;
  note(status: Partial<Status>): void;
  status(): Status;
}

const NAME = /^demo-\d{8}-\d{6}(?:-\d+)?$/;
const STATUS = 'status.json';

/** A fresh folder under HUB_DATA_DIR. */
export function createFolder(env: NodeJS.ProcessEnv, nowMs: number): Folder {
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
  return {
    path,
    note(news) {
      status = { ...status, ...news };
      write();
    },
    status: () => status,
  };
}

/** Two demos may start in the same second. */
function make(path: string): string {
  for (let number = 1; ; number++) {
    const tried = number === 1 ? path : `${path}-${number}`;
    try {
      mkdirSync(tried);
      return tried;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Removes the folders of earlier runs that have ended, and returns them. */
export async function removeOldFolders(folder: Folder): Promise<readonly string[]> {
  const root = join(folder.path, '..');
  const removed: string[] = [];
  for (const name of readdirSync(root).filter((one) => NAME.test(one))) {
    const path = join(root, name);
    const status = readStatus(path);
    if (path === folder.path || !status || [status.demoPid, status.hubPid].some(isAlive)) continue;
    await stopDatabase(status);
    rmSync(path, { recursive: true, force: true });
    if (status.databaseFolder) removeDatabase(status.databaseFolder);
    removed.push(path);
  }
  return removed;
}

/** A killed hub leaves its embedded server running. The next one to start it takes it over, and may stop it. */
export async function stopDatabase({ databaseFolder }: Status): Promise<void> {
  if (!databaseFolder || !existsSync(join(databaseFolder, 'postmaster.pid'))) return;
  await (await startEmbeddedPostgres({ dataDir: databaseFolder })).stop();
}

/** It may lie outside of the run's folder if PostgreSQL's own user cannot reach that. */
function removeDatabase(databaseFolder: string): void {
  for (const part of ['', '.password', '.log', '.log.1', '.owner'])
    rmSync(`${databaseFolder}${part}`, { recursive: true, force: true });
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
