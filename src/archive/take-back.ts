import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { unseal } from '../backup/seal.ts';
import { lockErasures, unlockErasures } from '../database/erasure-lock.ts';
import { type MonthlyTable, makeMonth, monthBounds } from '../database/partitions.ts';
import type { Database } from '../database/pool.ts';
import { type ArchivedFile, type ArchiveManifest, columnsOf } from './write-archive.ts';

export interface TakeBackOptions {
  readonly folder: string;
  /** The recovery key. */
  readonly secret: string;
  /** Removes data from the staged rows that was erased since. They are in `staged_messages`, `staged_events` and so on. */
  readonly eraseStaged: (client: pg.PoolClient) => Promise<number>;
  /** Writes the audit entry, which commits together with the rows. */
  readonly writeAudit: (client: pg.PoolClient, taken: TakenBack) => Promise<void>;
  readonly tell: (table: string) => void;
}

export interface TakenBack {
  /** New rows, by table. Rows that the database has stay as they are. */
  readonly rows: Readonly<Record<MonthlyTable, number>>;
  /** Events whose personal data was erased after the archive was written. */
  readonly erasedAgain: number;
}

/**
 * Puts the rows of a checked archive back into the database, beside a hub that serves. All commit together. Erasures wait
 * meanwhile: one that ran beside it would not see these rows.
 */
export async function takeBack(
  database: Database,
  manifest: ArchiveManifest,
  options: TakeBackOptions,
): Promise<TakenBack> {
  await makeMonth(database, manifest.month);
  const client = await database.pool.connect();
  let isWhole = false;
  try {
    await lockErasures(client);
    const taken = await inOneTransaction(client, manifest, options);
    await unlockErasures(client);
    isWhole = true;
    return taken;
  } finally {
    // The end of the session frees the lock.
    client.release(!isWhole);
  }
}

async function inOneTransaction(
  client: pg.PoolClient,
  { month, files }: ArchiveManifest,
  { folder, secret, eraseStaged, writeAudit, tell }: TakeBackOptions,
): Promise<TakenBack> {
  await client.query('BEGIN');
  try {
    await client.query('SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0');
    for (const file of files) {
      tell(file.table);
      await stage(client, file, unseal(createReadStream(join(folder, file.name)), secret));
    }
    const erasedAgain = await eraseStaged(client);
    const rows = {} as Record<MonthlyTable, number>;
    for (const { table, columns } of files) {
      const quoted = columns.map((name) => `"${name}"`).join(', ');
      const { rowCount } = await client.query(
        `INSERT INTO ${table} (${quoted}) SELECT ${quoted} FROM staged_${table} ON CONFLICT DO NOTHING`,
      );
      rows[table] = rowCount ?? 0;
    }
    // In an empty hub the next change must follow those of the archive.
    await client.query(
      'UPDATE change_counter SET value = greatest(value, (SELECT coalesce(max(cursor), 0) FROM staged_changes))',
    );
    // The removal of old bodies has passed this month.
    await client.query(`UPDATE body_removal SET after = least(after, $1::text) WHERE what = 'messages'`, [
      monthBounds('messages', month).from,
    ]);
    await writeAudit(client, { rows, erasedAgain });
    await client.query('COMMIT');
    return { rows, erasedAgain };
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function stage(
  client: pg.PoolClient,
  { name, table, columns, rows }: ArchivedFile,
  chunks: AsyncGenerator<Buffer>,
): Promise<void> {
  const known = new Set(await columnsOf(client, table));
  const unknown = columns.filter((column) => !known.has(column));
  if (unknown.length > 0)
    throw new Error(
      `${name}: has the columns ${unknown.join(', ')}, which this version does not know: use a later one`,
    );
  await client.query(`CREATE TEMP TABLE staged_${table} (LIKE ${table}) ON COMMIT DROP`);
  const copy = client.query(
    copyFrom(`COPY staged_${table} (${columns.map((one) => `"${one}"`).join(', ')}) FROM STDIN`),
  );
  await pipeline(chunks, copy);
  if (copy.rowCount !== rows) throw new Error(`${name}: has ${copy.rowCount} rows, expected ${rows}`);
}
