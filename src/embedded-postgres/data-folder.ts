import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { giveFiles, hasName, initdbAccount } from './account.ts';
import { type Cluster, isCluster, ROLE } from './cluster.ts';
import { readIfThere, removeLeftOvers, syncFolder } from './files.ts';
import { SERVER_PROCESS } from './processes.ts';
import { packageVersion, programPath } from './programs.ts';

/**
 * Creates the data folder. It appears only complete: initdb works beside it, and a rename ends the
 * work.
 */
export async function ensureCluster(cluster: Cluster, programs: string): Promise<void> {
  const { dataDir, log } = cluster;
  if (isCluster(dataDir)) return checkCluster(cluster, programs);
  if (fs.existsSync(dataDir) && fs.readdirSync(dataDir).length > 0) {
    throw new Error(`${dataDir} is not empty and not a PostgreSQL data folder; choose another, or move it away`);
  }
  const prefix = `${path.basename(dataDir)}.initdb-`;
  await removeLeftOvers(path.dirname(dataDir), (name) => name.startsWith(prefix), log);
  const began = Date.now();
  const staging = fs.mkdtempSync(path.join(path.dirname(dataDir), prefix));
  try {
    const made = await runInitdb(cluster, programs, staging);
    if (fs.existsSync(dataDir)) fs.rmdirSync(dataDir); // succeeds on an empty folder only
    fs.renameSync(made, dataDir);
    syncFolder(path.dirname(dataDir));
  } finally {
    fs.rmSync(staging, { recursive: true, force: true });
  }
  log({ dataDir, durationMs: Date.now() - began }, 'created the embedded PostgreSQL data folder');
}

async function runInitdb(cluster: Cluster, programs: string, staging: string): Promise<string> {
  const account = initdbAccount(cluster.account);
  // Two closed folders: the outer for the account's group, the inner for the account alone.
  const inner = path.join(staging, 'own');
  const passwordFile = path.join(inner, 'password'); // a copy PostgreSQL's account can read
  const password = readPassword(cluster) || newPassword();
  savePassword(cluster, password); // first, so that no folder appears without a known password
  fs.mkdirSync(inner, { mode: 0o700 });
  fs.writeFileSync(passwordFile, password, { mode: 0o600 });
  const { uid, gid } = account;
  if (uid !== undefined && gid !== undefined) {
    for (const at of [passwordFile, inner]) fs.chownSync(at, uid, gid);
    fs.chownSync(staging, 0, gid);
    fs.chmodSync(staging, 0o710);
  }
  const made = path.join(inner, 'data');
  const flags = ['--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--encoding=UTF8', '--locale=C'];
  const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const options = { ...account, ...SERVER_PROCESS };
  try {
    const initdb = programPath(programs, 'initdb');
    await promisify(execFile)(initdb, ['-D', made, '-U', ROLE, ...flags, ...locale], options);
    if (uid !== cluster.account.uid) giveFiles(made, cluster.account);
    return made;
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    if (stderr.includes('could not look up effective user ID'))
      throw new Error(
        `PostgreSQL cannot run, because user ${uid ?? process.geteuid?.()} has no name in /etc/passwd: run the hub as a user with a name, or set DATABASE_URL`,
        { cause: error },
      );
    throw new Error(`initdb failed: ${stderr || error}`, { cause: error });
  }
}

function checkCluster(cluster: Cluster, programs: string): void {
  const found = fs.readFileSync(path.join(cluster.dataDir, 'PG_VERSION'), 'utf8').trim();
  const major = packageVersion(programs).split('.')[0];
  if (found !== major) throw new Error(`${cluster.dataDir} was made by PostgreSQL ${found}, this one is ${major}`);
  if (readPassword(cluster)) return;
  // The password file was lost, or is missing in the backup. An account that may write the data folder may set a new
  // one.
  if (!hasName(cluster.account))
    throw new Error(
      `${cluster.dataDir}.password is missing, and user ${cluster.account.uid} needs a name to set a new one: run useradd --system --uid ${cluster.account.uid} lienthong-postgres`,
    );
  const password = newPassword();
  const input = `ALTER ROLE ${ROLE} PASSWORD '${password}'\n`;
  const options = { ...cluster.account, ...SERVER_PROCESS, input, encoding: 'utf8' } as const;
  const flags = ['--single', '-D', cluster.dataDir, 'postgres'];
  const { status, stderr } = spawnSync(programPath(programs, 'postgres'), flags, options);
  if (status !== 0 || /\bERROR:/.test(stderr)) {
    throw new Error(`${cluster.dataDir}.password is missing and a new one could not be set: ${stderr}`);
  }
  savePassword(cluster, password); // last: after a kill in between, the next start sets it again
  cluster.log({ dataDir: cluster.dataDir }, 'the password file was missing: the hub set a new password');
}

/** Empty when the file is missing. */
export function readPassword(cluster: Cluster): string {
  return readIfThere(`${cluster.dataDir}.password`).trim();
}

function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

function savePassword(cluster: Cluster, password: string): void {
  fs.writeFileSync(`${cluster.dataDir}.password`, password, { mode: 0o600, flush: true });
  syncFolder(path.dirname(cluster.dataDir));
}
