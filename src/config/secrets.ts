import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolders } from '../process/make-folders.ts';

const MIN_BYTES = 32;
/** The advice for an unusable data folder. */
export const OTHER_FOLDER = 'give HUB_DATA_DIR a folder that this user may write to, or open that one';
const ADVICE = 'openssl rand -base64 48';

/**
 * HUB_SECRET, then its predecessors (HUB_SECRET_OLD, comma-separated): newest first. With the embedded database the hub
 * creates one in `<dataDir>/secret`. A given database needs a given one, because other processes and a restored backup must
 * use the same.
 * @param mayCreate false: nothing is written. Without a database there is nothing to read either, and a secret of this process
 *   alone will do. With one, a missing secret is a problem: a command would seal the data with the new one, or back it up.
 * @param tell is called with each problem; none shows a secret
 */
export function loadSecrets(
  env: Readonly<Record<string, string | undefined>>,
  dataDir: string,
  databaseUrl: string | undefined,
  mayCreate: boolean,
  tell: (problem: string) => unknown,
): readonly [string, ...string[]] {
  const secret = env.HUB_SECRET?.trim();
  const old = (env.HUB_SECRET_OLD ?? '').split(',').flatMap((text) => text.trim() || []);
  for (const text of old) tellWeakness('HUB_SECRET_OLD', text, tell);
  if (secret) {
    tellWeakness('HUB_SECRET', secret, tell);
    return [secret, ...old];
  }
  if (databaseUrl === undefined) return [keptSecret(dataDir, mayCreate, tell), ...old];
  tell(`HUB_SECRET: is missing; it is required with DATABASE_URL; make one with: ${ADVICE}`);
  return ['', ...old];
}

function tellWeakness(name: string, secret: string, tell: (problem: string) => unknown): void {
  const size = Buffer.byteLength(secret);
  if (size < MIN_BYTES) tell(`${name}: expected at least ${MIN_BYTES} bytes, got ${size}`);
  // 32 random hexadecimal digits have fewer than 8 different ones once in some 10 million times.
  else if (new Set(secret).size < 8 || /^(?:change|default|secret|password|123456)/i.test(secret))
    tell(`${name}: expected random bytes, got a text that can be guessed; try: ${ADVICE}`);
}

/** The secret beside the data, readable by the hub's user only; created on the first start. */
function keptSecret(dataDir: string, mayCreate: boolean, tell: (problem: string) => unknown): string {
  const path = join(dataDir, 'secret');
  try {
    if (!mayCreate) {
      const kept = readSecret(path);
      if (kept === undefined && hasDatabase(dataDir))
        tell(
          `HUB_SECRET: is missing, and so is ${path}, expected the secret of the database in ${dataDir}; load the variables of the hub in this shell`,
        );
      return kept ?? newSecret();
    }
    makeFolders(dataDir);
    return readSecret(path) ?? makeSecret(path);
  } catch (error) {
    const isOfSystem = (error as NodeJS.ErrnoException).code !== undefined;
    tell(`HUB_SECRET: cannot be kept in ${path}: ${(error as Error).message}${isOfSystem ? `; ${OTHER_FOLDER}` : ''}`);
    return '';
  }
}

/** The files of the embedded database, or the file that names their folder. */
function hasDatabase(dataDir: string): boolean {
  return ['postgres', 'postgres.place'].some((name) => existsSync(join(dataDir, name)));
}

function readSecret(path: string): string | undefined {
  try {
    const secret = readFileSync(path, 'utf8').trim();
    if (Buffer.byteLength(secret) >= MIN_BYTES) return secret;
    throw new Error('its secret is incomplete; restore the file from a backup');
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined;
    throw error;
  }
}

const newSecret = (): string => randomBytes(48).toString('base64');

/** Appears whole and once: when two processes start together, both use the first one's. */
function makeSecret(path: string): string {
  const mine = `${path}.${randomBytes(6).toString('hex')}`;
  writeFileSync(mine, newSecret(), { mode: 0o600, flag: 'wx', flush: true });
  try {
    linkSync(mine, path);
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error;
  } finally {
    rmSync(mine, { force: true });
  }
  return readFileSync(path, 'utf8').trim();
}
