import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { migrate } from '../../src/database/migrate.ts';
import { openDatabase } from '../../src/database/pool.ts';

/** The start of a test hub's clock. */
export const MORNING = Date.parse('2025-08-21T08:30:00+07:00');

/** A database with the tables of this version, created once a run, and the statements that reset a copy of it. */
export interface Template {
  /** The databases of this run are named `test_<run>_…`. */
  readonly run: string;
  /** Has no sessions: copying it takes less time than migrating an empty database. */
  readonly name: string;
  /** The results of `SHAPE` and `USED` for it. */
  readonly shape: string;
  readonly settings: string;
  readonly bytes: number;
  /** Drops what a hub creates by itself. */
  readonly dropMade: string;
  /** Statements that reset a copy to the template's rows, after the tables that `USED` names were emptied. */
  readonly reset: string;
}

const CATALOGS =
  'class attribute attrdef constraint index inherits namespace proc trigger type rewrite policy extension default_acl'
    .split(' ')
    .map((name) => `pg_${name}`);

/** Row types stay: a hub finds or creates the same ones with its first rows (`writeParts`). */
const WITHOUT_ROW_TYPES: Readonly<Record<string, string>> = {
  pg_class: "WHERE relkind <> 'c'",
  pg_attribute: "WHERE attrelid NOT IN (SELECT oid FROM pg_class WHERE relkind = 'c')",
  pg_type: 'WHERE typrelid = 0 AND typelem = 0',
};

/** The same for each copy until a table, a function or a right in it changes, whatever its rows are. */
export const SHAPE = `
  SELECT concat_ws(' ', ${CATALOGS.map(
    (name) => `(SELECT concat(count(*), '@', max(xmin::text::bigint)) FROM ${name} ${WITHOUT_ROW_TYPES[name] ?? ''})`,
  ).join(', ')}) AS shape`;

/**
 * The work of ended sessions in a database since its last reset, by their counts, and its settings. Opening all tables with
 * their indexes, or reading `SHAPE`, takes longer than the rest of a reset.
 */
export const USED = `
  SELECT (SELECT bool_or(pg_stat_get_tuples_inserted(oid) + pg_stat_get_tuples_updated(oid) + pg_stat_get_tuples_deleted(oid) > 0)
      FROM unnest('{${CATALOGS}}'::regclass[]) AS oid) AS "isReshaped",
    (SELECT string_agg('DELETE FROM ' || oid::regclass, '; ') FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_stat_get_tuples_inserted(oid) > 0) AS emptying,
    (SELECT concat_ws(' ', datdba, datacl, datallowconn, datconnlimit,
        (SELECT count(*) FROM pg_db_role_setting WHERE setdatabase = pg_database.oid))
      FROM pg_database WHERE datname = current_database()) AS settings,
    pg_database_size(current_database())::float8 AS bytes`;

export interface Used {
  readonly isReshaped: boolean;
  readonly emptying: string | null;
  readonly settings: string;
  readonly bytes: number;
}

export async function makeTemplate(server: string): Promise<Template> {
  const run = randomBytes(4).toString('hex');
  const name = `test_${run}_template`;
  await execute(server, `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`);
  const database = openDatabase(urlOf(server, name), { size: 2 });
  try {
    await migrate(database, MORNING);
    const { shape } = (await database.pool.query<{ shape: string }>(SHAPE)).rows[0] as { shape: string };
    const { settings, bytes } = (await database.pool.query<Used>(USED)).rows[0] as Used;
    const dropMade = await dropMadeOf(database.pool);
    return { run, name, shape, settings, bytes, dropMade, reset: await resetOf(database.pool) };
  } finally {
    await database.close();
  }
}

/** Drops the template, and the remaining copies of the run. */
export async function dropDatabasesOf(server: string, { run }: Template): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    const { rows } = await client.query(`SELECT datname FROM pg_database WHERE datname LIKE 'test\\_${run}\\_%'`);
    for (const { datname } of rows) await client.query(`DROP DATABASE IF EXISTS ${datname} WITH (FORCE)`);
  } finally {
    await client.end();
  }
}

/** As its clock advances a hub creates months. */
async function dropMadeOf(pool: pg.Pool): Promise<string> {
  const months = `SELECT oid::regclass::text AS name FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relispartition`;
  const { rows } = await pool.query<{ name: string }>(months);
  const known = rows.map(({ name }) => pg.escapeLiteral(name)).join(', ');
  return `DO $$ DECLARE made text; BEGIN
    FOR made IN ${months} AND relname NOT IN (${known}) LOOP EXECUTE 'DROP TABLE ' || made; END LOOP;
  END $$`;
}

async function resetOf(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query<{ name: string; kind: string }>(
    `SELECT oid::regclass::text AS name, relkind AS kind FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S') ORDER BY relname`,
  );
  const statements = await Promise.all(
    rows.map(async ({ name, kind }) => {
      if (kind === 'S') return [`SELECT setval('${name}', 1, false)`];
      const { rows: kept } = await pool.query(`SELECT json_agg(t)::text AS rows FROM ${name} t`);
      if (kept[0].rows === null) return [];
      const json = pg.escapeLiteral(kept[0].rows);
      return [
        `DELETE FROM ${name}`,
        `INSERT INTO ${name} SELECT * FROM json_populate_recordset(NULL::${name}, ${json})`,
      ];
    }),
  );
  return [...statements.flat(), 'SELECT pg_stat_reset()'].join('; ');
}

/** The address of another database on the same server. */
export function urlOf(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

export async function execute(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
