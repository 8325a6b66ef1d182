import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../../tests/support/database.ts';
import { migrate } from './migrate.ts';
import { makePartitions } from './partitions.ts';
import { openDatabase } from './pool.ts';

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
