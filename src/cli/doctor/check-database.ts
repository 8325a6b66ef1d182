import { waitsForAll, waitsForDisks } from '../../database/heartbeats.ts';
import { lackingOf, newerOf, storedMigrations, whyNoTables, whyTooNew } from '../../database/migrate.ts';
import type { Database } from '../../database/pool.ts';
import { type Finding, findingsOf, type Level } from './finding.ts';

const finding = findingsOf('database');
const MIN_VERSION = 150_000;

/** Checks that acknowledged data is durable here, and that times can be trusted. */
export async function checkDatabase(database: Database, nowMs: () => number): Promise<readonly Finding[]> {
  const settings = await settingsOf(database);
  return [
    checkVersion(settings),
    ...checkHosts(database, settings),
    checkWrites(settings),
    ...checkDurability(settings),
    ...checkCleaning(settings),
    settings.server_encoding === 'UTF8'
      ? finding('ok', 'its encoding is UTF8')
      : finding('fail', `its encoding is ${settings.server_encoding}`, 'create the database again with ENCODING UTF8'),
    await checkClock(database, nowMs),
    await checkMigrations(database),
    ...(await checkRoom(database)),
  ];
}

/** Whether a table exists: doctor also looks at the databases of older versions, and at new ones. */
export async function hasTable({ pool }: Pick<Database, 'pool'>, table: string): Promise<boolean> {
  const { rows } = await pool.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [table]);
  return rows[0]?.there === true;
}

function checkHosts(database: Database, settings: Settings): readonly Finding[] {
  const host = database.host();
  if (host === undefined) return [];
  return [finding('ok', `of the hosts in DATABASE_URL, ${host} takes writes`), standbyFinding(settings)];
}

const MAY_LACK = 'when a standby takes over, it may lack what was acknowledged last';

/** With several hosts a standby may take over. */
export function standbyFinding({ synchronous_standby_names: standbys, synchronous_commit: commit }: Settings): Finding {
  if (!standbys)
    return finding(
      'warn',
      `synchronous_standby_names is empty: ${MAY_LACK}`,
      'name the standby that may take over in synchronous_standby_names',
    );
  if (!waitsForDisks(commit))
    return finding(
      'warn',
      `synchronous_commit is ${commit}: ${MAY_LACK}`,
      'set synchronous_commit = on, also where ALTER DATABASE or ALTER ROLE set it',
    );
  const found = `synchronous_standby_names is ${standbys}`;
  if (waitsForAll(standbys)) return finding('ok', `commits wait for a standby: ${found}`);
  return finding(
    'warn',
    `${found}, and commits do not wait for all of them: ${MAY_LACK}`,
    'name only the one that may take over. Otherwise the hub treats each take-over as a restored database',
  );
}

/** Autovacuum runs only with both on. */
const CLEANING = ['autovacuum', 'track_counts'] as const;
const NAMES = [
  'server_version',
  'server_version_num',
  'fsync',
  'synchronous_commit',
  'synchronous_standby_names',
  'full_page_writes',
  'server_encoding',
  'in_hot_standby',
  'transaction_read_only',
  ...CLEANING,
];
type Settings = Readonly<Record<string, string>>;

async function settingsOf(database: Database): Promise<Settings> {
  const { rows } = await database.pool.query<{ name: string; setting: string }>(
    'SELECT name, setting FROM pg_settings WHERE name = ANY($1)',
    [NAMES],
  );
  return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
}

function checkVersion({ server_version: version, server_version_num: number }: Settings): Finding {
  if (Number(number) >= MIN_VERSION) return finding('ok', `PostgreSQL ${version}`);
  return finding('fail', `PostgreSQL ${version}, expected 15 or newer`, 'upgrade the server');
}

/** As `/health/ready` says to senders. */
function checkWrites({ in_hot_standby: inRecovery, transaction_read_only: readOnly }: Settings): Finding {
  if (inRecovery === 'on')
    return finding(
      'fail',
      'it is in recovery, as a standby is: it takes no writes',
      'name the primary in DATABASE_URL',
    );
  if (readOnly === 'on')
    return finding(
      'fail',
      'it is read-only: it takes no writes',
      'set default_transaction_read_only = off, also where ALTER DATABASE or ALTER ROLE set it',
    );
  return finding('ok', 'it takes writes');
}

function checkDurability(settings: Settings): readonly Finding[] {
  return ['fsync', 'synchronous_commit', 'full_page_writes'].map((name) =>
    settings[name] === 'off'
      ? finding(
          'fail',
          `${name} is off: after a crash, what was acknowledged may be gone`,
          `set ${name} = on in postgresql.conf`,
        )
      : finding('ok', `${name} is ${settings[name]}`),
  );
}

function checkCleaning(settings: Settings): readonly Finding[] {
  return CLEANING.map((name) =>
    settings[name] === 'off'
      ? finding(
          'warn',
          `${name} is off: nothing cleans up dead rows, and tables and indexes grow for ever`,
          `set ${name} = on in postgresql.conf and reload it; until then run VACUUM (ANALYZE) each day`,
        )
      : finding('ok', `${name} is ${settings[name]}`),
  );
}

const WARN_S = 1;
const FAIL_S = 30;

/** A running hub uses the database's clock; partners and people use the machine's. */
async function checkClock(database: Database, nowMs: () => number): Promise<Finding> {
  // The first query may wait for a connection, so it is not measured.
  await database.pool.query('SELECT 1');
  const before = nowMs();
  const { rows } = await database.pool.query<{ ms: number }>(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms',
  );
  const differenceS = ((rows[0] as { ms: number }).ms - (before + nowMs()) / 2) / 1000;
  return clockFinding(differenceS);
}

/** @param differenceS how far the database's clock is ahead, in seconds */
export function clockFinding(differenceS: number): Finding {
  const size = Math.abs(differenceS);
  const level: Level = size > FAIL_S ? 'fail' : size > WARN_S ? 'warn' : 'ok';
  const text = `its clock and this machine's differ by ${size.toFixed(1)} s`;
  return level === 'ok'
    ? finding(level, text)
    : finding(level, text, 'let both machines take their time from one NTP server');
}

async function checkMigrations(database: Database): Promise<Finding> {
  const stored = await storedMigrations(database);
  const tooNew = whyTooNew(stored);
  if (tooNew !== undefined) return finding('fail', tooNew);
  const newer = newerOf(stored).map(({ name }) => name);
  if (newer.length > 0) return newerFinding(newer);
  const pending = lackingOf(stored);
  if (pending.length === 0) return finding('ok', 'its tables are of this version');
  const why = await whyNoTables(database);
  if (why) return finding('fail', `${pending.length} migrations cannot be applied: ${why[0]}`, why[1]);
  return finding(
    'warn',
    `${pending.length} migrations are to be applied: ${pending.join(', ')}`,
    'lienthong migrate applies them; so does the next start',
  );
}

function newerFinding(newer: readonly string[]): Finding {
  const found = `its tables are of a newer version: they have ${newer.join(', ')}, and this version may run on them`;
  return finding('warn', found, 'install that version or a later one');
}

interface Bloat {
  readonly table: string;
  readonly live: number;
  readonly dead: number;
}

const MANY_DEAD = 50_000;

/** The size of a database and of the buffers of its server, in bytes and as PostgreSQL writes them. */
interface Room {
  readonly bytes: number;
  readonly size: string;
  readonly bufferBytes: number;
  readonly buffers: string;
}

async function checkRoom({ pool }: Database): Promise<readonly Finding[]> {
  const { rows: sizes } = await pool.query<Room>(
    `SELECT bytes::float8, pg_size_pretty(bytes) AS size,
       pg_size_bytes(current_setting('shared_buffers'))::float8 AS "bufferBytes", current_setting('shared_buffers') AS buffers
     FROM pg_database_size(current_database()) AS bytes`,
  );
  const room = sizes[0] as Room;
  const { rows } = await pool.query<Bloat>(
    `SELECT relname AS table, n_live_tup AS live, n_dead_tup AS dead FROM pg_stat_user_tables
     WHERE n_dead_tup > $1 AND n_dead_tup > n_live_tup / 4 ORDER BY n_dead_tup DESC LIMIT 5`,
    [MANY_DEAD],
  );
  return [
    finding('info', `it takes ${room.size}`),
    ...buffersFinding(room),
    ...rows.map(({ table, live, dead }) =>
      finding(
        'warn',
        `${table} has ${dead} dead rows beside ${live}`,
        `VACUUM (ANALYZE) ${table} now; does a session that is open for long keep it from being cleaned up?`,
      ),
    ),
  ];
}

const GIB = 1024 ** 3;

/** A new server has 128 MB of buffers, which is little for a province. */
export function buffersFinding({ bytes, size, bufferBytes, buffers }: Room): readonly Finding[] {
  if (bytes < 4 * GIB || bufferBytes >= GIB / 2) return [];
  return [
    finding(
      'warn',
      `shared_buffers is ${buffers}, and the database takes ${size}`,
      'give PostgreSQL a quarter of the memory of its machine, in huge pages: docs/operate/scale.md',
    ),
  ];
}
