import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { seal } from '../backup/seal.ts';
import { rowsOf } from '../backup/write-backup.ts';
import { endSession } from '../database/lost-sessions.ts';
import { MONTHLY_TABLES, type MonthlyTable, monthBounds } from '../database/partitions.ts';
import { syncFolder } from '../process/make-folders.ts';

/** One sealed file of an archive: the rows of a table, as COPY writes them. */
export interface ArchivedFile {
  readonly name: string;
  readonly table: MonthlyTable;
  readonly columns: readonly string[];
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** What an archive says of itself, signed by the hub. */
export interface ArchiveManifest {
  /** `yyyy-MM`, in UTC, like the months of the tables. */
  readonly month: string;
  /** Version of the hub that wrote it. */
  readonly hub: string;
  readonly takenAt: string;
  readonly migrations: readonly string[];
  readonly files: readonly ArchivedFile[];
}

export const MANIFEST = 'manifest.jws';

export interface ArchiveOptions {
  readonly month: string;
  /** It must not exist. */
  readonly folder: string;
  /** The public half of a recovery key: age1… */
  readonly recipient: string;
  readonly hub: string;
  readonly takenAt: string;
  readonly sign: (manifest: ArchiveManifest) => Promise<string>;
  readonly tell: (table: string) => void;
}

/**
 * Writes the messages, events, attempts and changes of a month into a folder: a sealed file for each table, and a signed
 * manifest with their hashes. All are of one snapshot of the database. The folder gets its name when it is whole and durable.
 */
export async function writeArchive(client: pg.PoolClient, options: ArchiveOptions): Promise<ArchiveManifest> {
  const { month, folder, hub, takenAt } = options;
  const part = `${folder}.part`;
  await rm(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true, mode: 0o700 });
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    await client.query('SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0');
    const { rows } = await client.query<{ name: string }>('SELECT name FROM hub_migrations ORDER BY name');
    const files: ArchivedFile[] = [];
    for (const table of MONTHLY_TABLES) {
      options.tell(table);
      files.push(await writeTable(client, table, part, options));
    }
    const manifest = { month, hub, takenAt, migrations: rows.map(({ name }) => name), files };
    await writeFile(join(part, MANIFEST), await options.sign(manifest), { mode: 0o600, flush: true });
    await syncFolder(part);
    await rename(part, folder);
    await syncFolder(dirname(folder));
    await client.query('ROLLBACK');
    return manifest;
  } catch (error) {
    // After a failure of the disk nobody reads the rows any more, and the server would wait without end for a reader.
    endSession(client);
    await rm(part, { recursive: true, force: true });
    throw error;
  }
}

async function writeTable(
  client: pg.ClientBase,
  table: MonthlyTable,
  folder: string,
  { month, recipient }: ArchiveOptions,
): Promise<ArchivedFile> {
  const columns = await columnsOf(client, table);
  const { column, from, to } = monthBounds(table, month);
  const quoted = columns.map((name) => `"${name}"`).join(', ');
  const copy = client.query(
    copyTo(`COPY (SELECT ${quoted} FROM ${table} WHERE ${column} >= '${from}' AND ${column} < '${to}') TO STDOUT`),
  );
  const name = `${table}.copy.age`;
  const hash = createHash('sha256');
  let bytes = 0;
  await writeFile(
    join(folder, name),
    counted(await seal(copy as AsyncIterable<Buffer>, recipient), (chunk) => {
      hash.update(chunk);
      bytes += chunk.length;
    }),
    { mode: 0o600, flush: true },
  );
  return { name, table, columns, rows: await rowsOf(client, copy), bytes, sha256: hash.digest('hex') };
}

async function* counted(chunks: AsyncIterable<Buffer>, count: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    count(chunk);
    yield chunk;
  }
}

/** The columns of a table, in their order. */
export async function columnsOf(client: pg.ClientBase, table: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum`,
    [table],
  );
  return rows.map(({ name }) => name);
}
