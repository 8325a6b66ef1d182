import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../../tests/support/database.ts';
import { migrate } from './migrate.ts';
import { makePartitions } from './partitions.ts';
import { type Database, openDatabase } from './pool.ts';

const PROCESSES = 4;
const ROUNDS = 5;
const FIVE_MONTHS_MS = 150 * 86_400_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

// A session remembers that a table is missing, also while it waits for the process that creates it.
test('several processes that find the same months missing create each once', async () => {
  const processes = Array.from({ length: PROCESSES }, () => openDatabase(database.url, { size: 1 }));
  const [first] = processes;
  if (first) await migrate(first, Date.UTC(2030, 0));
  for (let round = 1; round <= ROUNDS; round++) {
    const nowMs = Date.UTC(2030, 0) + round * FIVE_MONTHS_MS;
    const made = await Promise.allSettled(processes.map((one) => makePartitions(one, nowMs)));
    expect(made.filter(({ status }) => status === 'rejected')).toEqual([]);
  }
  await Promise.all(processes.map((one) => one.close()));
});

test('a table that a long read uses gets its months later, and writers do not wait for them', async () => {
  const [reader, writer] = [1, 2].map(() => openDatabase(database.url, { size: 1 })) as [Database, Database];
  const nowMs = Date.UTC(2040, 0);
  await migrate(writer, nowMs);
  const reading = await reader.pool.connect();
  await reading.query('BEGIN');
  await reading.query('SELECT count(*) FROM changes');
  const nextMonth = Date.UTC(2040, 1);
  const made = makePartitions(writer, nextMonth);
  expect(await made).toEqual(['changes_2040_05']);
  await writer.pool.query(
    "INSERT INTO changes (cursor, code, status, status_at, changed_at) VALUES (1, 'x', 'received', now(), now())",
  );
  await reading.query('ROLLBACK');
  reading.release();
  expect(await makePartitions(writer, nextMonth)).toEqual([]);
  await Promise.all([reader, writer].map((one) => one.close()));
});
