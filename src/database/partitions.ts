import { sql } from 'kysely';
import { isLockNotAvailable } from './failures.ts';
import type { Database } from './pool.ts';
import { firstUuidOf } from './uuid.ts';

/** The tables that only grow, and the column that decides a row's month. */
const COLUMN_OF = { messages: 'id', events: 'recorded_at', attempts: 'at', changes: 'changed_at' } as const;
export type MonthlyTable = keyof typeof COLUMN_OF;
export const MONTHLY_TABLES = Object.keys(COLUMN_OF) as readonly MonthlyTable[];
const MONTHS_AHEAD = 3;
/** The advisory lock for creating and dropping months, shared by all processes of a hub. */
const LOCK = 7_160_001;

/** A partition that the hub needs. Without bounds it takes all rows outside the months. */
interface Partition {
  readonly table: MonthlyTable;
  readonly name: string;
  readonly bounds?: readonly [low: string, high: string];
}

/**
 * Creates the partitions of this month and the next three, and a default one for all other rows, so that a missing month
 * refuses nothing. Safe when several processes do it together. When none is missing, this is one query.
 * @returns the names of those that a table in use does not allow now; they can wait for the next call
 */
export async function makePartitions(database: Database, nowMs: number): Promise<readonly string[]> {
  const left: string[] = [];
  for (const partition of await missingOf(database.query, partitionsAround(nowMs))) {
    const isFree = await whenFree(database, (tx) => makePartition(tx, partition));
    if (!isFree) left.push(partition.name);
  }
  return left;
}

async function makePartition(tx: Tx, partition: Partition): Promise<void> {
  const { table, name, bounds } = partition;
  // Another process may have created it.
  if ((await missingOf(tx, [partition])).length === 0) return;
  if (bounds && (await defaultHolds(tx, table, ...bounds))) return;
  const values = bounds ? `FOR VALUES FROM ('${bounds[0]}') TO ('${bounds[1]}')` : 'DEFAULT';
  await sql.raw(`CREATE TABLE ${name} PARTITION OF ${table} ${values}`).execute(tx);
}

/** While it waits for a long read, such as a backup, every push waits behind it. */
const WAIT = '1s';
/** How often an operator's command waits for a table. */
const TRIES = 20;

/** Changes the partitions of one table, which nobody may use meanwhile. @returns false if the table stays in use */
async function whenFree(database: Database, change: (tx: Tx) => Promise<void>): Promise<boolean> {
  try {
    await database.query.transaction().execute(async (tx) => {
      await sql.raw(`SET LOCAL lock_timeout = '${WAIT}'`).execute(tx);
      await sql`SELECT pg_advisory_xact_lock(${LOCK}::int8)`.execute(tx);
      await change(tx);
    });
    return true;
  } catch (error) {
    if (isLockNotAvailable(error)) return false;
    throw error;
  }
}

function partitionsAround(nowMs: number): readonly Partition[] {
  const months = Array.from({ length: MONTHS_AHEAD + 1 }, (_, ahead) => monthStart(nowMs, ahead));
  return MONTHLY_TABLES.flatMap((table) => [
    ...months.map((from): Partition => {
      const name = `${table}_${new Date(from).toISOString().slice(0, 7).replace('-', '_')}`;
      return { table, name, bounds: [bound(table, from), bound(table, monthStart(from, 1))] };
    }),
    { table, name: `${table}_other` },
  ]);
}

/** Reads pg_class: a session that waited for the lock would still believe its cached answers of `to_regclass`. */
async function missingOf(query: Tx, wanted: readonly Partition[]): Promise<readonly Partition[]> {
  const names = wanted.map(({ name }) => name);
  const { rows } = await sql<{ name: string }>`
    SELECT relname AS name FROM pg_class WHERE relname = ANY(${names}) AND pg_table_is_visible(oid)`.execute(query);
  const existing = new Set(rows.map(({ name }) => name));
  return wanted.filter(({ name }) => !existing.has(name));
}

/**
 * Drops the months that ended more than `months` ago. A rebuild cannot restore data of dropped messages. A table that is in use
 * waits for the next call.
 * @param except months such as `2025_03` that stay
 * @returns the names of the dropped partitions
 */
export async function dropOldPartitions(
  database: Database,
  nowMs: number,
  months: number,
  except: ReadonlySet<string>,
): Promise<readonly string[]> {
  const oldest = new Date(monthStart(nowMs, -months)).toISOString().slice(0, 7).replace('-', '_');
  const { rows } = await sql<{ name: string }>`
    SELECT child.relname AS name FROM pg_inherits
    JOIN pg_class child ON child.oid = inhrelid JOIN pg_class parent ON parent.oid = inhparent
    WHERE parent.relname = ANY(${[...MONTHLY_TABLES]}) AND child.relname ~ '_[0-9]{4}_[0-9]{2}$'
      AND pg_table_is_visible(child.oid)`.execute(database.query);
  const dropped: string[] = [];
  for (const { name } of rows) {
    if (name.slice(-7) >= oldest || except.has(name.slice(-7))) continue;
    const isFree = await whenFree(database, async (tx) => {
      await sql.raw(`DROP TABLE IF EXISTS ${name}`).execute(tx);
    });
    if (isFree) dropped.push(name);
  }
  return dropped;
}

/** The column of a table that decides the month of a row, and the bounds of a month such as `2025-03`, in UTC. */
export function monthBounds(table: MonthlyTable, month: string) {
  const ms = Date.parse(`${month}-01T00:00:00Z`);
  return { column: COLUMN_OF[table], from: bound(table, ms), to: bound(table, monthStart(ms, 1)) };
}

/**
 * Creates the partitions of a past month, such as `2025-03`, where they are missing.
 * @throws when a table stays in use
 */
export async function makeMonth(database: Database, month: string): Promise<void> {
  for (const table of MONTHLY_TABLES) {
    const { from, to } = monthBounds(table, month);
    const partition = { table, name: `${table}_${month.replace('-', '_')}`, bounds: [from, to] } as const;
    let isFree = false;
    for (let tries = 0; tries < TRIES && !isFree; tries++)
      isFree = await whenFree(database, (tx) => makePartition(tx, partition));
    if (!isFree)
      throw new Error(
        `the table ${table} is in use, perhaps by a backup, so it gets no place for ${month}: try again later`,
      );
  }
}

type Tx = Database['query'];

/** A month whose rows already lie in the default partition (after a clock jump) stays there; nothing is moved. */
async function defaultHolds(tx: Tx, table: MonthlyTable, low: string, high: string): Promise<boolean> {
  const { rows } = await sql<{ oid: string | null }>`SELECT to_regclass(${`${table}_other`}) AS oid`.execute(tx);
  if (!rows[0]?.oid) return false;
  const held = await sql
    .raw(
      `SELECT 1 FROM ${table}_other WHERE ${COLUMN_OF[table]} >= '${low}' AND ${COLUMN_OF[table]} < '${high}' LIMIT 1`,
    )
    .execute(tx);
  return held.rows.length > 0;
}

function bound(table: MonthlyTable, ms: number): string {
  return COLUMN_OF[table] === 'id' ? firstUuidOf(ms) : new Date(ms).toISOString();
}

/** The start of a month in UTC, `ahead` months from the month of `ms`. */
function monthStart(ms: number, ahead: number): number {
  const date = new Date(ms);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + ahead, 1);
}
