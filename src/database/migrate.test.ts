import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../../tests/support/database.ts';
import { migrate } from './migrate.ts';
import { type Database, openDatabase } from './pool.ts';

let made: TestDatabase;
let database: Database;
beforeAll(async () => {
  made = await testDatabase();
  database = openDatabase(made.url, { size: 1 });
  await migrate(database, Date.now());
});
afterAll(async () => {
  await database.close();
  await made.drop();
});

const lookUpPlan = async (): Promise<string> => {
  const client = await database.pool.connect();
  try {
    await client.query('DEALLOCATE ALL; PREPARE look_up AS SELECT sealed FROM dossiers WHERE code = ANY($1::text[])');
    const { rows } = await client.query(`EXPLAIN EXECUTE look_up('{H60.01-250812-0035}')`);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  } finally {
    client.release();
  }
};

test('a look-up by code reads the key of a new database, before there are statistics', async () => {
  expect(await lookUpPlan()).toContain('dossiers_pkey');
});

describe('an upgrade after VACUUM ANALYZE of a database with empty tables', () => {
  const NEWEST = [
    '065-masked-version',
    '066-counted-alike',
    '067-rare-matches',
    '068-events-of-messages',
    '069-masks-and-ends',
    '070-ends-of-owners',
    '071-masks-of-earlier-people',
    '072-calendar-of-counts',
  ];
  const undo = async (): Promise<void> => {
    await database.pool.query(
      `ALTER TABLE records DROP COLUMN masked_version; ALTER TABLE counted_state DROP COLUMN calendar; CREATE INDEX records_stale_mask ON records (subject);
       DROP INDEX messages_outcome, audit_at, records_final, record_events_message`,
    );
    await database.pool.query('DELETE FROM hub_migrations WHERE name = ANY($1)', [NEWEST]);
    await database.pool.query('VACUUM ANALYZE');
  };

  test('works, also where other tables refer to them, and look-ups read their key again', async () => {
    await undo();
    expect(await migrate(database, Date.now())).toEqual(NEWEST);
    expect(await lookUpPlan()).toContain('dossiers_pkey');
  });

  test('lets others use a table that a long statement keeps from it, and is done after that', async () => {
    await undo();
    const [reader, writer] = [new pg.Client(made.url), new pg.Client(made.url)];
    await Promise.all([reader.connect(), writer.connect()]);
    await reader.query('BEGIN; SELECT FROM records');
    let waits = 0;
    const done = migrate(database, Date.now(), () => {
      waits++;
    });
    await expect.poll(() => waits).toBe(1);
    await writer.query("SET statement_timeout = '1s'; UPDATE records SET state = state");
    await reader.query('COMMIT');
    expect(await done).toEqual(NEWEST);
    await Promise.all([reader.end(), writer.end()]);
  });

  test('waits for another process that migrates, longer than any statement may take', async () => {
    await undo();
    const other = new pg.Client(made.url);
    await other.connect();
    await other.query('SELECT pg_advisory_lock(3853314791062309107)');
    const hasty = openDatabase(`${made.url}?statement_timeout=100`, { size: 1 });
    const done = migrate(hasty, Date.now());
    await sleep(500);
    await other.end();
    expect(await done).toEqual(NEWEST);
    await hasty.close();
  });

  test('does not wait for a long reader', async () => {
    await undo();
    const reader = new pg.Client(made.url);
    await reader.connect();
    await reader.query('BEGIN; SELECT FROM aliases');
    expect(await migrate(database, Date.now())).toEqual(NEWEST);
    await reader.end();
  });
});
