import type pg from 'pg';
import { type CopyToStreamQuery, to as copyTo } from 'pg-copy-streams';
import { bytesFrame, type Fact, factFrame, type Partition, type Start } from './frames.ts';

export interface BackupProgress {
  readonly table: string;
  readonly doneTables: number;
  readonly tables: number;
}

/**
 * The frames of a backup: every table of the hub in one snapshot of the database, while it serves. Unlogged tables hold
 * counters of limits only, and are left out.
 */
export async function* backupFrames(
  client: pg.ClientBase,
  about: Pick<Start, 'hub' | 'settings'>,
  tell: (progress: BackupProgress) => void,
): AsyncGenerator<Buffer> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    await client.query('SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0');
    yield factFrame(await startOf(client, about));
    const tables = await tablesOf(client);
    const rows: Record<string, number> = {};
    for (const [doneTables, { name, columns }] of tables.entries()) {
      tell({ table: name, doneTables, tables: tables.length });
      yield factFrame({ kind: 'table', name, columns });
      const quoted = columns.map((column) => `"${column}"`).join(', ');
      // A query, because COPY of a partitioned table itself is not allowed.
      const copy = client.query(copyTo(`COPY (SELECT ${quoted} FROM "${name}") TO STDOUT`));
      for await (const chunk of copy as AsyncIterable<Buffer>) yield bytesFrame(chunk);
      const count = await rowsOf(client, copy);
      rows[name] = count;
      yield factFrame({ kind: 'rows', name, rows: count });
    }
    yield factFrame({ kind: 'sequences', values: await sequencesOf(client) });
    yield factFrame({ kind: 'end', rows });
  } finally {
    await client.query('ROLLBACK');
  }
}

/**
 * How many rows a COPY has sent. Its stream ends at the last row, and the server tells their number after that: a statement that
 * follows has its turn when the number is there.
 */
export async function rowsOf(client: pg.ClientBase, copy: CopyToStreamQuery): Promise<number> {
  await client.query('SELECT 1');
  return copy.rowCount;
}

async function startOf(client: pg.ClientBase, about: Pick<Start, 'hub' | 'settings'>): Promise<Fact> {
  const taken = await client.query<{ at: string }>(
    `SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at`,
  );
  const migrations = await client.query<{ name: string }>('SELECT name FROM hub_migrations ORDER BY name');
  const partitions = await client.query<Partition>(
    `SELECT parent.relname AS table, child.relname AS name, pg_get_expr(child.relpartbound, child.oid) AS bound
     FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid JOIN pg_class parent ON parent.oid = inhparent
     WHERE parent.relkind = 'p' AND child.relkind IN ('r', 'p') AND parent.relnamespace = current_schema()::regnamespace
     ORDER BY child.relname`,
  );
  return {
    kind: 'start',
    ...about,
    takenAt: taken.rows[0]?.at as string,
    migrations: migrations.rows.map(({ name }) => name),
    partitions: partitions.rows,
  };
}

export interface StoredTable {
  readonly name: string;
  /** Generated columns are not stored. */
  readonly columns: readonly string[];
  /** Tables whose rows its rows refer to. */
  readonly refersTo: readonly string[];
}

/**
 * The tables of the hub, each after those that it refers to: rows are restored in this order. The table of migrations is
 * left out, because the migrations themselves make it.
 */
export async function tablesOf(client: pg.ClientBase): Promise<readonly StoredTable[]> {
  const { rows } = await client.query<StoredTable>(
    `SELECT c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns,
       ARRAY(SELECT f.confrelid::regclass::text FROM pg_constraint f WHERE f.conrelid = c.oid AND f.contype = 'f'
             AND f.confrelid <> c.oid) AS "refersTo"
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND c.relpersistence = 'p' AND c.relname NOT LIKE 'hub\\_migrations%'
     GROUP BY c.oid, c.relname ORDER BY c.relname`,
  );
  const ordered = new Set<StoredTable>();
  const add = (table: StoredTable): void => {
    for (const name of table.refersTo) {
      const other = rows.find((row) => row.name === name);
      if (other && !ordered.has(other)) add(other);
    }
    ordered.add(table);
  };
  for (const row of rows) add(row);
  return [...ordered];
}

async function sequencesOf(client: pg.ClientBase): Promise<Readonly<Record<string, string>>> {
  const { rows } = await client.query<{ name: string; value: string }>(
    `SELECT sequencename AS name, last_value::text AS value FROM pg_sequences
     WHERE schemaname = current_schema() AND last_value IS NOT NULL ORDER BY 1`,
  );
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}
