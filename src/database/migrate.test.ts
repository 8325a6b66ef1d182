import { afterAll, beforeAll, expect, test } from 'vitest';
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

test('a look-up by code reads the key of a new database, before there are statistics', async () => {
  const client = await database.pool.connect();
  try {
    await client.query('PREPARE look_up AS SELECT sealed FROM dossiers WHERE code = ANY($1::text[])');
    const { rows } = await client.query(`EXPLAIN EXECUTE look_up('{H60.01-250812-0035}')`);
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('dossiers_pkey');
  } finally {
    client.release();
  }
});
