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
  /** The result of `SHAPE` for it. */
  readonly shape: string;
  readonly bytes: number;
  /** Statements that reset a copy to the template's rows and to what a hub creates by itself. */
  readonly dropMade: string;
  readonly reset: string;
}

const CATALOGS =
  'class attribute attrdef constraint index inherits namespace proc trigger type rewrite policy extension default_acl'.split(
    ' ',
  );

/** The same for each copy until a table, a function, a right or a setting of the database changes, whatever its rows are. */
export const SHAPE = `
  SELECT concat_ws(' ',
    ${CATALOGS.map((name) => `(SELECT concat(count(*), '@', max(xmin::text::bigint)) FROM pg_${name})`).join(', ')},
    (SELECT concat(datdba, datacl, datallowconn, datconnlimit) FROM pg_database WHERE datname = current_database()),
    (SELECT count(*) FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase WHERE datname = current_database())
  ) AS shape, pg_database_size(current_database())::float8 AS bytes`;

export async function makeTemplate(server: string): Promise<Template> {
  const run = randomBytes(4).toString('hex');
  const name = `test_${run}_template`;
  await execute(server, `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`);
  const database = openDatabase(urlOf(server, name), { size: 2 });
  try {
    await migrate(database, MORNING);
    const { rows } = await database.pool.query<{ shape: string; bytes: number }>(SHAPE);
    const shape = rows[0] as { shape: string; bytes: number };
    const dropMade = await dropMadeOf(database.pool);
    return { run, name, ...shape, dropMade, reset: await resetOf(database.pool) };
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

/** As its clock advances a hub creates months, and row types with the first rows of each kind. */
async function dropMadeOf(pool: pg.Pool): Promise<string> {
  const made = `SELECT CASE relkind WHEN 'c' THEN 'TYPE ' ELSE 'TABLE ' END || oid::regclass AS name FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND (relkind = 'c' OR relkind = 'r' AND relispartition)`;
  const { rows } = await pool.query<{ name: string }>(made);
  const known = rows.map(({ name }) => pg.escapeLiteral(name.split(' ')[1] as string)).join(', ');
  return `DO $$ DECLARE made text; BEGIN
    FOR made IN ${made} AND relname NOT IN (${known}) LOOP EXECUTE 'DROP ' || made; END LOOP;
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
  // In the replica role neither foreign keys nor the guards of the history apply.
  return ['SET session_replication_role = replica', EMPTY, ...statements.flat(), 'SELECT pg_stat_reset()'].join('; ');
}

/**
 * Empties each table with inserted rows since the last reset, by the counts that ended sessions left. Opening all tables with
 * their indexes takes longer than the rest of a reset.
 */
const EMPTY = `DO $$ DECLARE used text; BEGIN
    FOR used IN SELECT oid::regclass FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_stat_get_tuples_inserted(oid) > 0
    LOOP EXECUTE 'DELETE FROM ' || used; END LOOP;
  END $$`;

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
