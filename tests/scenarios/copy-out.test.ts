import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeArchive } from '../../src/archive/write-archive.ts';
import { type Fact, framesOf } from '../../src/backup/frames.ts';
import { makeRecoveryKey } from '../../src/backup/seal.ts';
import { backupFrames } from '../../src/backup/write-backup.ts';
import { type Database, openDatabase } from '../../src/database/pool.ts';
import { migratedDatabase, type TestDatabase } from '../support/database.ts';
import { lineTo } from '../support/line-to.ts';

const MONTH = '2025-08';
const ROWS = 60;
/** More than the buffers between the server and a reader hold. */
const ROW_BYTES = 256 * 1024;
const ABOUT = { hub: 'test', settings: { config: null, environment: {} } };
const FULL_DISK = '/dev/full';

describe('rows that are copied out of the database', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lienthong-copy-out-'));
  let tables: TestDatabase;
  let line: Awaited<ReturnType<typeof lineTo>>;
  let database: Database;
  /** Over the line. */
  let farDatabase: Database;
  let recipient: string;
  beforeAll(async () => {
    tables = await migratedDatabase();
    line = await lineTo(tables.url);
    database = openDatabase(tables.url, { size: 2 });
    farDatabase = openDatabase(line.url, { size: 1 });
    ({ recipient } = await makeRecoveryKey());
    await database.pool.query(
      `INSERT INTO attempts (delivery_id, number, at, took_ms, outcome, wire)
       SELECT n, 1, '2025-08-15', 1, 'delivered', decode(repeat('ab', ${ROW_BYTES}), 'hex') FROM generate_series(1, ${ROWS}) n`,
    );
  });
  afterAll(async () => {
    await database.close();
    await farDatabase.close();
    line.close();
    await tables.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  const withClient = async <T>({ pool }: Database, work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    const client = await pool.connect();
    try {
      return await work(client);
    } finally {
      client.release();
    }
  };
  const archive = (from: Database, name: string, tell: (table: string) => void = () => undefined) =>
    withClient(from, (client) =>
      writeArchive(client, {
        ...{ month: MONTH, folder: join(folder, name), recipient, hub: 'test', takenAt: '2025-09-01T00:00:00Z' },
        sign: async () => 'signed',
        tell,
      }),
    );
  const factsOf = (): Promise<readonly Fact[]> =>
    withClient(farDatabase, async (client) => {
      const facts: Fact[] = [];
      for await (const frame of framesOf(backupFrames(client, ABOUT, () => undefined)))
        if ('fact' in frame) facts.push(frame.fact);
      return facts;
    });
  const openTransactions = async (): Promise<number> => {
    const { rows } = await database.pool.query<{ count: number }>(
      `SELECT count(*)::int4 AS count FROM pg_stat_activity
       WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()`,
    );
    return rows[0]?.count as number;
  };

  test('are counted, although their number comes in a later packet than the last row', async () => {
    line.splitCopies();
    const facts = await factsOf();
    expect(facts).toContainEqual({ kind: 'rows', name: 'attempts', rows: ROWS });
    expect(facts.at(-1)).toMatchObject({ kind: 'end', rows: { attempts: ROWS } });
    const { files } = await archive(farDatabase, 'split');
    expect(files.find(({ table }) => table === 'attempts')).toMatchObject({ rows: ROWS });
  });

  test('end an archive with an error where the disk is full, and leave no transaction open', async () => {
    const full = archive(database, 'full', (table) =>
      symlinkSync(FULL_DISK, join(folder, 'full.part', `${table}.copy.age`)),
    );
    await expect(full).rejects.toThrow('ENOSPC');
    expect(readdirSync(folder)).not.toContain('full.part');
    await expect.poll(openTransactions).toBe(0);
  });
});
