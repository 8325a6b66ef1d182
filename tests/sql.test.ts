import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, openDatabase } from '../src/database/pool.ts';
import { tableTypes } from '../src/database/table-types.ts';
import { migratedDatabase, type TestDatabase } from './support/database.ts';

const ROOT = join(import.meta.dirname, '..');

let copy: TestDatabase;
let database: Database;

beforeAll(async () => {
  copy = await migratedDatabase();
  database = openDatabase(copy.url, { size: 1 });
});

afterAll(async () => {
  await database.close();
  await copy.drop();
});

it('the types of the tables are those of the migrated database', async () => {
  const committed = readFileSync(join(ROOT, 'src/database/tables.ts'), 'utf8');
  expect(committed, 'run: npm run tables').toBe(await tableTypes(database.pool));
});
