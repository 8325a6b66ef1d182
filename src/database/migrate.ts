import { setTimeout as sleep } from 'node:timers/promises';
import { type Migration, type MigrationResultSet, Migrator, sql } from 'kysely';
import { isLockNotAvailable } from './failures.ts';
import * as m001 from './migrations/001-ledger-and-index.ts';
import * as m002 from './migrations/002-partners.ts';
import * as m003 from './migrations/003-operators.ts';
import * as m004 from './migrations/004-reconcile.ts';
import * as m005 from './migrations/005-watch.ts';
import * as m006 from './migrations/006-soap-nonces.ts';
import * as m007 from './migrations/007-anomalies.ts';
import * as m008 from './migrations/008-replay-counts.ts';
import * as m009 from './migrations/009-look-up-tries.ts';
import * as m010 from './migrations/010-counted.ts';
import * as m011 from './migrations/011-audit-chain.ts';
import * as m012 from './migrations/012-ended-sessions.ts';
import * as m013 from './migrations/013-catalogue-versions.ts';
import * as m014 from './migrations/014-database-homes.ts';
import * as m015 from './migrations/015-late-until-ended.ts';
import * as m016 from './migrations/016-backfills.ts';
import * as m017 from './migrations/017-parts-of-dossiers.ts';
import * as m018 from './migrations/018-ownership.ts';
import * as m019 from './migrations/019-keyed-hashes.ts';
import * as m020 from './migrations/020-mask-of-version.ts';
import * as m021 from './migrations/021-refusals-of-strangers.ts';
import * as m022 from './migrations/022-held-deliveries.ts';
import * as m024 from './migrations/024-request-limit-names.ts';
import * as m025 from './migrations/025-structured-causes.ts';
import * as m026 from './migrations/026-late-history.ts';
import * as m027 from './migrations/027-words.ts';
import * as m028 from './migrations/028-records.ts';
import * as m029 from './migrations/029-running-totals.ts';
import * as m030 from './migrations/030-mask-of-records.ts';
import * as m031 from './migrations/031-filter-words.ts';
import * as m032 from './migrations/032-facts.ts';
import * as m033 from './migrations/033-records-of-dossiers.ts';
import * as m034 from './migrations/034-heartbeats.ts';
import * as m035 from './migrations/035-counted-records.ts';
import * as m036 from './migrations/036-shorter-sums.ts';
import * as m037 from './migrations/037-received-days.ts';
import * as m038 from './migrations/038-process-runs.ts';
import * as m039 from './migrations/039-field-totals.ts';
import * as m040 from './migrations/040-erasures.ts';
import * as m041 from './migrations/041-packed-dossiers.ts';
import * as m042 from './migrations/042-flow-totals.ts';
import * as m043 from './migrations/043-saved-filters.ts';
import * as m044 from './migrations/044-late-counts.ts';
import * as m045 from './migrations/045-asks.ts';
import * as m046 from './migrations/046-notes-of-migrations.ts';
import * as m047 from './migrations/047-ownership-rules.ts';
import * as m048 from './migrations/048-found-deliveries.ts';
import * as m049 from './migrations/049-delivery-times.ts';
import * as m050 from './migrations/050-short-pauses.ts';
import * as m051 from './migrations/051-erased-reasons.ts';
import * as m052 from './migrations/052-files.ts';
import * as m053 from './migrations/053-mapping-changes.ts';
import * as m054 from './migrations/054-party-files.ts';
import * as m055 from './migrations/055-file-fetches.ts';
import * as m056 from './migrations/056-dropped-files.ts';
import * as m057 from './migrations/057-uploads.ts';
import * as m058 from './migrations/058-corrections.ts';
import * as m059 from './migrations/059-sender-of-deliveries.ts';
import * as m060 from './migrations/060-words-by-time.ts';
import * as m061 from './migrations/061-fact-totals.ts';
import * as m062 from './migrations/062-words-merged-apart.ts';
import * as m063 from './migrations/063-words-by-day.ts';
import * as m064 from './migrations/064-counting-goes-on.ts';
import * as m065 from './migrations/065-masked-version.ts';
import * as m066 from './migrations/066-counted-alike.ts';
import * as m067 from './migrations/067-rare-matches.ts';
import * as m068 from './migrations/068-events-of-messages.ts';
import * as m069 from './migrations/069-masks-and-ends.ts';
import * as m070 from './migrations/070-ends-of-owners.ts';
import * as m071 from './migrations/071-masks-of-earlier-people.ts';
import * as m072 from './migrations/072-calendar-of-counts.ts';
import { makePartitions } from './partitions.ts';
import type { Database } from './pool.ts';

/** The migrations of this version by name. A released name or migration never changes. */
export const MIGRATIONS = {
  '001-ledger-and-index': m001,
  '002-partners': m002,
  '003-operators': m003,
  '004-reconcile': m004,
  '005-watch': m005,
  '006-soap-nonces': m006,
  '007-anomalies': m007,
  '008-replay-counts': m008,
  '009-look-up-tries': m009,
  '010-counted': m010,
  '011-audit-chain': m011,
  '012-ended-sessions': m012,
  '013-catalogue-versions': m013,
  '014-database-homes': m014,
  '015-late-until-ended': m015,
  '016-backfills': m016,
  '017-parts-of-dossiers': m017,
  '018-ownership': m018,
  '019-keyed-hashes': m019,
  '020-mask-of-version': m020,
  '021-refusals-of-strangers': m021,
  '022-held-deliveries': m022,
  '024-request-limit-names': m024,
  '025-structured-causes': m025,
  '026-late-history': m026,
  '027-words': m027,
  '028-records': m028,
  '029-running-totals': m029,
  '030-mask-of-records': m030,
  '031-filter-words': m031,
  '032-facts': m032,
  '033-records-of-dossiers': m033,
  '034-heartbeats': m034,
  '035-counted-records': m035,
  '036-shorter-sums': m036,
  '037-received-days': m037,
  '038-process-runs': m038,
  '039-field-totals': m039,
  '040-erasures': m040,
  '041-packed-dossiers': m041,
  '042-flow-totals': m042,
  '043-saved-filters': m043,
  '044-late-counts': m044,
  '045-asks': m045,
  '046-notes-of-migrations': m046,
  '047-ownership-rules': m047,
  '048-found-deliveries': m048,
  '049-delivery-times': m049,
  '050-short-pauses': m050,
  '051-erased-reasons': m051,
  '052-files': m052,
  '053-mapping-changes': m053,
  '054-party-files': m054,
  '055-file-fetches': m055,
  '056-dropped-files': m056,
  '057-uploads': m057,
  '058-corrections': m058,
  '059-sender-of-deliveries': m059,
  '060-words-by-time': m060,
  '061-fact-totals': m061,
  '062-words-merged-apart': m062,
  '063-words-by-day': m063,
  '064-counting-goes-on': m064,
  '065-masked-version': m065,
  '066-counted-alike': m066,
  '067-rare-matches': m067,
  '068-events-of-messages': m068,
  '069-masks-and-ends': m069,
  '070-ends-of-owners': m070,
  '071-masks-of-earlier-people': m071,
  '072-calendar-of-counts': m072,
} satisfies Readonly<Record<string, Migration>>;
export type MigrationName = keyof typeof MIGRATIONS;

/**
 * Migrates the tables to this version. Forward only; safe when several processes start together (Kysely holds an advisory
 * lock). Also creates the monthly partitions around `nowMs`. Tables of a newer version stay unchanged.
 *
 * While it waits for a table that a long statement uses, such as a backup, everything else would wait behind it. So it gives up
 * soon, and tries again until the table is free.
 * @param onWait called before each further try
 * @returns the names of the newly applied migrations
 * @throws when one fails, or when this version may not run on the tables of a newer one
 */
export async function migrate(
  database: Database,
  nowMs: number,
  onWait: () => void = () => undefined,
): Promise<readonly string[]> {
  const stored = await storedMigrations(database);
  const why = whyTooNew(stored);
  if (why !== undefined) throw new Error(why);
  // Kysely first reads the columns of every table, which took 20 ms of PostgreSQL at each start.
  const added = lackingOf(stored).length === 0 ? [] : await migrateToLatest(database, onWait);
  await makePartitions(database, nowMs);
  return added;
}

async function migrateToLatest(database: Database, onWait: () => void): Promise<readonly string[]> {
  let { error, results } = await migrateOnce(database);
  while (isLockNotAvailable(error)) {
    onWait();
    await sleep(AGAIN_MS);
    ({ error, results } = await migrateOnce(database));
  }
  if (error) throw new Error(`the database could not be migrated: ${inWords(error as Error)}`, { cause: error });
  await forgetEmptyTables(database);
  return (results ?? []).filter((result) => result.status === 'Success').map((result) => result.migrationName);
}

const LOCK_WAIT = '2s';
const AGAIN_MS = 5_000;

/** All migrations are one transaction. Those of large tables, and waiting for another process that migrates, take long. */
function migrateOnce({ query }: Database): Promise<MigrationResultSet> {
  return query.connection().execute(async (db) => {
    const settings = ['statement_timeout', 'lock_timeout', 'client_connection_check_interval'];
    await sql.raw(`SET statement_timeout = 0; SET lock_timeout = '${LOCK_WAIT}'`).execute(db);
    // So that the server ends the work of a killed process. Not every system can.
    await sql
      .raw(`SET client_connection_check_interval = '10s'`)
      .execute(db)
      .catch(() => undefined);
    try {
      return await migratorOf(db).migrateToLatest();
    } finally {
      for (const name of settings) await sql.raw(`RESET ${name}`).execute(db);
    }
  });
}

/**
 * Migrations end with ANALYZE. Of an empty table the planner then knows that it has no rows, and any index is as good as another:
 * the look-up by code read all of `dossiers_received_day` until autovacuum came, so a first load slowed to a third within 50,000
 * dossiers. TRUNCATE makes the number of rows unknown again. PostgreSQL does not allow it for a table to which another one refers.
 * Each table has a transaction of its own, because the locks of several could meet those of a process that started earlier and
 * writes. A table that is in use for longer stays as it is: autovacuum comes to it.
 */
async function forgetEmptyTables({ pool }: Database): Promise<void> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT oid::regclass::text AS name FROM pg_class
     WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND reltuples = 0
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND confrelid = pg_class.oid)`,
  );
  for (const { name } of rows)
    await pool.query(`DO $$ BEGIN
      SET LOCAL lock_timeout = '2s';
      LOCK TABLE ${name} IN ACCESS EXCLUSIVE MODE;
      IF NOT EXISTS (SELECT FROM ${name}) THEN TRUNCATE ${name}; END IF;
    EXCEPTION WHEN lock_not_available THEN NULL;
    END $$`);
}

function inWords({ message, code }: Error & { code?: string }): string {
  if (code === '3F000') return `${message}; ${NO_SCHEMA}`;
  const mayNot = code === '42501' && message.includes('for schema');
  return mayNot ? `${message}; ${NO_CREATE}` : message;
}

/** What to do where the tables cannot be made. */
const NO_SCHEMA = 'reset search_path of the database and of its role, or name an existing schema there';
const NO_CREATE = 'make its role the owner of the database, or GRANT CREATE ON SCHEMA … TO it';

/** Why the role cannot make the tables of a migration, and what to do. Undefined: it can. */
export async function whyNoTables({ pool }: Pick<Database, 'pool'>): Promise<readonly [string, string] | undefined> {
  const { rows } = await pool.query<{ schema: string | null; path: string; may: boolean | null }>(
    `SELECT current_schema() AS schema, current_setting('search_path') AS path,
       has_schema_privilege(current_schema(), 'CREATE') AS may`,
  );
  const [{ schema, path, may } = { schema: null, path: '', may: null }] = rows;
  if (schema === null) return [`search_path is ${path}, which names no schema of the database`, NO_SCHEMA];
  return may ? undefined : [`its role may create nothing in the schema ${schema}`, NO_CREATE];
}

/** A migration in the database, as the version that applied it described it. */
export interface StoredMigration {
  readonly name: string;
  /** Null: not described. A version that does not know it must not run on its tables then. */
  readonly change: string | null;
  /** What an older version would do wrong on its tables. */
  readonly stopOlder: string | null;
}

/** The migrations in the database. None: it is empty. */
export async function storedMigrations({ query }: Database): Promise<readonly StoredMigration[]> {
  const there = await sql<{ is: boolean }>`SELECT to_regclass('hub_migrations') IS NOT NULL AS is`.execute(query);
  if (!there.rows[0]?.is) return [];
  // Of a row as JSON, because the table of an older version lacks the columns.
  const { rows } = await sql<StoredMigration>`
    SELECT name, row ->> 'change' AS change, row ->> 'stop_older' AS "stopOlder"
    FROM (SELECT name, to_jsonb(m) AS row FROM hub_migrations m) noted ORDER BY name`.execute(query);
  return rows;
}

/** Those that this version does not know. */
export function newerOf(stored: readonly StoredMigration[]): readonly StoredMigration[] {
  return stored.filter(({ name }) => !Object.hasOwn(MIGRATIONS, name));
}

/** Those of this version that the database lacks, in their order. */
export function lackingOf(stored: readonly StoredMigration[]): readonly MigrationName[] {
  const names = new Set(stored.map(({ name }) => name));
  return (Object.keys(MIGRATIONS) as MigrationName[]).filter((name) => !names.has(name)).sort();
}

/**
 * Why this version must not run on these tables: a newer hub may have changed them in a way that this version would misread.
 * Undefined: it may run.
 */
export function whyTooNew(stored: readonly StoredMigration[]): string | undefined {
  const newer = newerOf(stored);
  const against = newer.filter(({ change, stopOlder }) => change === null || stopOlder !== null);
  const names = newer.map(({ name }) => name).join(', ');
  const advice = 'start that version or a later one';
  if (against.length > 0) {
    const whys = against.flatMap(({ name, stopOlder }) => (stopOlder === null ? [] : [`${name}: ${stopOlder}`]));
    const why = whys.length > 0 ? ` (an older version must not run on ${whys.join('; ')})` : '';
    return `the database was made by a newer version of the hub: it has ${names}, which this version does not know${why}; ${advice}`;
  }
  const lacking = lackingOf(stored).join(', ');
  if (newer.length === 0 || lacking === '') return undefined;
  return `the database was made by another line of versions: it has ${names}, and lacks ${lacking}; ${advice}`;
}

/**
 * Creates the tables in the state after exactly these migrations, for a backup of that state.
 * @throws when this version lacks one of them, or would apply others as well
 */
export async function migrateTo(database: Database, names: readonly string[]): Promise<void> {
  const known = Object.keys(MIGRATIONS).sort();
  const last = [...names].sort().at(-1);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0 || last === undefined)
    throw new Error(
      `this version does not know the migrations ${unknown.join(', ')}: use the version that wrote the backup`,
    );
  const more = (await storedMigrations(database)).filter(({ name }) => !names.includes(name));
  if (more.length > 0)
    throw new Error(
      `the database already has tables of a later version, with ${more.at(-1)?.name}: restore into an empty database`,
    );
  const { error } = await migratorOf(database.query).migrateTo(last);
  if (error) throw new Error(`the tables could not be created: ${inWords(error as Error)}`, { cause: error });
  const pending: readonly string[] = lackingOf(await storedMigrations(database));
  const differing = known.filter((name) => pending.includes(name) === names.includes(name));
  if (differing.length > 0)
    throw new Error(
      `the tables cannot be created as they were: ${differing.join(', ')} differ; use the version that wrote the backup`,
    );
}

function migratorOf(db: Database['query']): Migrator {
  return new Migrator({
    db,
    provider: { getMigrations: async () => MIGRATIONS },
    migrationTableName: 'hub_migrations',
    migrationLockTableName: 'hub_migrations_lock',
  });
}
