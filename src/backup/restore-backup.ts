import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Fact, Frame, Start } from './frames.ts';
import { tablesOf } from './write-backup.ts';

export interface Restored {
  readonly start: Start;
  readonly rows: Readonly<Record<string, number>>;
}

export interface RestoreOptions {
  /** Throws when the backup does not fit this hub. Nothing is written before. */
  readonly accept: (start: Start) => void;
  /** Creates the tables in the state of these migrations. */
  readonly migrateTo: (migrations: readonly string[]) => Promise<void>;
  readonly connect: () => Promise<pg.PoolClient>;
  readonly tell: (table: string) => void;
}

/**
 * Reads a backup into a database without a hub's data. All rows commit together, so a broken backup leaves none of them.
 * @throws when the database has data, when the backup is broken, or when a count differs from what was written
 */
export async function restoreBackup(frames: AsyncGenerator<Frame>, options: RestoreOptions): Promise<Restored> {
  const first = await nextFact(frames);
  if (first.kind !== 'start') throw new Error('this is not a backup of a hub: its first part is missing');
  const { kind: _, ...start } = first;
  options.accept(start);
  const client = await options.connect();
  try {
    // Before the migrations too: of a hub in use they would change the tables.
    await requireEmpty(client);
    await options.migrateTo(start.migrations);
    await client.query('BEGIN');
    await client.query('SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0');
    await emptyTables(client);
    await makePartitions(client, start);
    const rows = await readTables(client, frames, options.tell);
    await client.query('COMMIT');
    return { start, rows };
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

async function nextFact(frames: AsyncGenerator<Frame>): Promise<Fact> {
  const { value, done } = await frames.next();
  if (done || !('fact' in value)) throw new Error('the backup ends too early, or its parts are out of order');
  return value.fact;
}

/** Tables whose rows say that a hub has worked here. */
const HAS_WORKED = ['messages', 'dossiers', 'audit'];

async function requireEmpty(client: pg.ClientBase): Promise<void> {
  const names = (await tablesOf(client)).map(({ name }) => name);
  for (const name of HAS_WORKED.filter((one) => names.includes(one))) {
    const { rows } = await client.query(`SELECT 1 FROM "${name}" LIMIT 1`);
    if (rows.length > 0) throw new Error(`the database already has rows in ${name}: restore into an empty database`);
  }
}

/** Rows that migrations wrote make room. Triggers would write rows of their own. */
async function emptyTables(client: pg.ClientBase): Promise<void> {
  // A hub may have started meanwhile.
  await requireEmpty(client);
  const names = (await tablesOf(client)).map(({ name }) => name);
  await client.query(`TRUNCATE ${names.map((name) => `"${name}"`).join(', ')}`);
}

async function makePartitions(client: pg.ClientBase, { partitions }: Start): Promise<void> {
  const there = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
     WHERE relispartition AND relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace`,
  );
  for (const { name } of there.rows) await client.query(`DROP TABLE IF EXISTS "${name}" CASCADE`);
  for (const { table, name, bound } of partitions) {
    if (!BOUND.test(bound)) throw new Error('the backup has a bound that no partition of a hub has');
    await client.query(`CREATE TABLE ${quoted(name)} PARTITION OF ${quoted(table)} ${bound}`);
  }
}

const NAME = /^\w{1,63}$/;
/** Literals only: PostgreSQL also takes calls of functions as bounds, and runs them. */
const BOUND = /^(?:DEFAULT|FOR VALUES FROM \('[\w :.+-]+'\) TO \('[\w :.+-]+'\))$/;

/** Anyone can seal a backup for a hub. Its names stand in statements, so they may be nothing else. */
function quoted(name: string): string {
  if (!NAME.test(name)) throw new Error('the backup has a name that no table or column of a hub has');
  return `"${name}"`;
}

async function readTables(
  client: pg.ClientBase,
  frames: AsyncGenerator<Frame>,
  tell: (table: string) => void,
): Promise<Readonly<Record<string, number>>> {
  const rows: Record<string, number> = {};
  for (;;) {
    const fact = await nextFact(frames);
    if (fact.kind === 'end') {
      // Reads the last bytes too: they prove that nothing was cut off.
      if (!(await frames.next()).done) throw new Error('the backup goes on after its end');
      return checked(rows, fact.rows);
    }
    if (fact.kind === 'sequences') {
      for (const [name, value] of Object.entries(fact.values))
        await client.query('SELECT setval($1, $2)', [name, value]);
    } else if (fact.kind === 'table') {
      tell(fact.name);
      rows[fact.name] = await readTable(client, fact, frames);
    } else throw new Error(`the backup has ${fact.kind} where a table was expected`);
  }
}

async function readTable(
  client: pg.ClientBase,
  { name, columns }: Extract<Fact, { kind: 'table' }>,
  frames: AsyncGenerator<Frame>,
): Promise<number> {
  const table = quoted(name);
  await client.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
  let end: Fact | undefined;
  const copy = client.query(copyFrom(`COPY ${table} (${columns.map(quoted).join(', ')}) FROM STDIN`));
  await pipeline(async function* () {
    for (;;) {
      const { value, done } = await frames.next();
      if (done) throw new Error(`the backup ends within the table ${name}`);
      if ('fact' in value) {
        end = value.fact;
        return;
      }
      yield value.bytes;
    }
  }, copy);
  await client.query(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
  if (end?.kind !== 'rows' || end.name !== name || end.rows !== copy.rowCount)
    throw new Error(
      `the backup has ${copy.rowCount} rows of ${name}, expected ${end?.kind === 'rows' ? end.rows : 'their number'}`,
    );
  return end.rows;
}

function checked(
  rows: Readonly<Record<string, number>>,
  written: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const differing = Object.keys(written).filter((name) => rows[name] !== written[name]);
  if (differing.length > 0) throw new Error(`tables of the backup are missing or not whole: ${differing.join(', ')}`);
  return rows;
}
