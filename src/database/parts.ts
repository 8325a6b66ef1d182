import { hash } from 'node:crypto';
import type pg from 'pg';
import { isOtherType } from './failures.ts';
import type { Database } from './pool.ts';
import { binaryRows, type Column, type ColumnType, type Pieces, type Value } from './rows.ts';
import { sendPrepared } from './send.ts';

/**
 * A part of one statement: the rows for one table, as an array. One statement (a WITH of one part for each table) writes all
 * tables of a batch: one round trip, one commit. Measured on 2 cores: three statements a dossier 6.3 k/s, one statement 10.9
 * k/s, 100 dossiers a statement 131 k rows/s.
 */
export interface PartKind<Row> {
  readonly name: string;
  readonly columns: readonly Column<Row>[];
  /** The composite type of its rows; see rowOidsOf. */
  readonly rowType: string;
  readonly sql: PartSql;
  /** Whether `RETURNING` must return each given row. A missing one means that the batch met a concurrent change. */
  readonly guarded: boolean;
}
/**
 * The SQL of a part; it must return rows. `rows` is the source of the given rows, `unnest(…) AS given`, with the part's
 * columns; `before` names the earlier parts of the statement.
 */
export type PartSql = (rows: string, before: readonly string[]) => string;

export interface Part {
  readonly kind: PartKind<unknown>;
  readonly rows: readonly unknown[];
}

type Columns<Row> = Readonly<Record<string, readonly [type: ColumnType, of: (row: Row) => Value]>>;

export function definePart<Row>(
  name: string,
  columns: Columns<Row>,
  sql: PartSql,
  guarded = false,
): (rows: readonly Row[]) => Part {
  const list = Object.entries(columns).map(([column, [type, of]]) => ({ name: column, type, of }));
  const kind: PartKind<Row> = { name, columns: list, rowType: rowTypeOf(name, list), sql, guarded };
  return (rows) => ({ kind: kind as PartKind<unknown>, rows });
}

/**
 * SQL, always true: the condition of a part that runs after these. PostgreSQL runs the parts of a WITH in any order, but finishes
 * those whose rows a condition counts first.
 */
export function afterParts(parts: readonly string[]): string {
  return `${parts.map((part) => `(SELECT count(*) FROM ${part})`).join(' + ') || '0'} >= 0`;
}

/** A plain insert of the given columns. @param json those that the table has as JSON, given as texts */
export function insertInto(table: string, columns: readonly string[], json: readonly string[] = []): PartSql {
  const names = columns.join(', ');
  const values = columns.map((name) => (json.includes(name) ? `${name}::json` : name)).join(', ');
  return (rows) => `INSERT INTO ${table} (${names}) SELECT ${values} FROM ${rows} RETURNING 1`;
}

/** The database throws it when a concurrent write changed a guarded row: read again and retry. */
export const SERIALIZATION_FAILURE = '40001';

/**
 * Writes all parts in one statement, in the given order: a part may read the names of earlier ones. Parts without rows are
 * left out.
 * @throws a PostgreSQL error; 40001 when a guarded part met a concurrent change. Nothing is written then. After a broken
 * connection or a timeout the rows may be written all the same.
 */
export async function writeParts(database: Pick<Database, 'pool' | 'answerMs'>, parts: readonly Part[]): Promise<void> {
  const given = parts.filter((part) => part.rows.length > 0);
  if (given.length === 0) return;
  try {
    await writeGiven(database, given);
  } catch (error) {
    // The database was loaded from a dump under the running hub: its row types have other OIDs.
    if (!isOtherType(error)) throw error;
    known.delete(database.pool);
    await writeGiven(database, given);
  }
}

async function writeGiven(
  { pool, answerMs }: Pick<Database, 'pool' | 'answerMs'>,
  given: readonly Part[],
): Promise<void> {
  const oids = await rowOidsOf(pool, given);
  const { name, text } = statementOf(given);
  const values = given.map(({ kind, rows }) => binaryRows(oids.get(kind.rowType) as number, kind.columns, rows));
  const expected = given.filter((part) => part.kind.guarded).map((part) => int8(part.rows.length));
  await sendPrepared(pool, { name, text, values: [...values, ...expected], answerMs });
}

function int8(value: number): Pieces {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return { size: 8, pieces: [bytes] };
}

const statements = new Map<string, { name: string; text: string }>();

function statementOf(parts: readonly Part[]): { name: string; text: string } {
  const key = parts.map((part) => part.kind.name).join('+');
  const known = statements.get(key);
  if (known) return known;
  const statement = { name: `write ${statements.size} ${key}`.slice(0, 60), text: textOf(parts) };
  statements.set(key, statement);
  return statement;
}

function textOf(parts: readonly Part[]): string {
  let parameter = 0;
  const bodies = parts.map(({ kind }, at) => {
    const before = parts.slice(0, at).map((part) => part.kind.name);
    return `${kind.name} AS (${kind.sql(`unnest($${++parameter}::${kind.rowType}[]) AS given`, before)})`;
  });
  const guards = parts
    .filter(({ kind }) => kind.guarded)
    .map(({ kind }) => `hub_expect((SELECT count(*) FROM ${kind.name}), $${++parameter}::int8, '${kind.name}')`);
  return `WITH ${bodies.join(',\n')}\nSELECT ${guards.length > 0 ? guards.join(', ') : '1'}`;
}

/** The name derives from the columns: two versions of the hub on one database each have their own types. */
function rowTypeOf(name: string, columns: readonly Column<never>[]): string {
  return `hub_row_${name}_${hash('sha256', attributesOf(columns)).slice(0, 8)}`;
}

function attributesOf(columns: readonly Column<never>[]): string {
  return columns.map((column) => `${column.name} ${column.type}`).join(', ');
}

const known = new WeakMap<pg.Pool, Map<string, number>>();

/** The row types of these parts in this database; creates the missing ones. */
async function rowOidsOf(pool: pg.Pool, parts: readonly Part[]): Promise<ReadonlyMap<string, number>> {
  const oids = known.get(pool) ?? new Map<string, number>();
  known.set(pool, oids);
  const unknown = parts.map(({ kind }) => kind).filter(({ rowType }) => !oids.has(rowType));
  if (unknown.length === 0) return oids;
  const found = await findRowTypes(pool, unknown);
  for (const kind of unknown) oids.set(kind.rowType, found.get(kind.rowType) ?? (await makeRowType(pool, kind)));
  return oids;
}

/**
 * The existing ones, in one round trip: a process that starts finds all of them. Reads pg_type, because a session that asks
 * `to_regtype` before it waits for the lock still believes the cached answer afterwards.
 */
async function findRowTypes(pool: pg.Pool, kinds: readonly PartKind<unknown>[]): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ name: string; oid: number }>(
    'SELECT typname AS name, oid FROM pg_type WHERE typname = ANY($1::name[]) AND pg_type_is_visible(oid)',
    [kinds.map(({ rowType }) => rowType)],
  );
  return new Map(rows.map(({ name, oid }) => [name, oid]));
}

/** The advisory lock under which one process creates a type, and the others find it. */
const LOCK = 7_160_006;

async function makeRowType(pool: pg.Pool, { rowType, columns }: PartKind<unknown>): Promise<number> {
  await pool.query(`DO $$ BEGIN
      PERFORM pg_advisory_xact_lock(${LOCK});
      IF to_regtype('${rowType}') IS NULL THEN CREATE TYPE ${rowType} AS (${attributesOf(columns)}); END IF;
    END $$`);
  const { rows } = await pool.query<{ oid: number }>(`SELECT to_regtype('${rowType}')::oid AS oid`);
  return (rows[0] as { oid: number }).oid;
}
