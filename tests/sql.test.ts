import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MONTHLY_TABLES } from '../src/database/partitions.ts';
import { type Database, openDatabase } from '../src/database/pool.ts';
import { tableTypes } from '../src/database/table-types.ts';
import { SCHEMA } from '../src/rebuild/schema.ts';
import { migratedDatabase, type TestDatabase } from './support/database.ts';
import { type Statement, statementsInSource } from './support/statements.ts';

const ROOT = join(import.meta.dirname, '..');

/** Statements that are built when they run: how many each file has, and why. Other tests run them. */
const BUILT: Readonly<Record<string, readonly [count: number, why: string]>> = {
  'src/archive/take-back.ts': [2, 'one statement for each table of a month'],
  'src/database/migrate.ts': [1, 'one statement for each empty table'],
  'src/database/parts.ts': [2, 'the row type is named by a hash of its columns'],
  'src/database/rekey.ts': [4, 'one statement for each table of a list'],
  'src/database/reseal.ts': [2, 'one statement for each table of a list'],
  'src/database/sealed-places.ts': [1, 'one statement for each table of a list'],
  'src/database/send.ts': [1, 'sends what parts.ts puts together'],
  'src/erasure/holds.ts': [1, 'about a dossier or about a record'],
  'src/index/dossier-names.ts': [1, 'a query that is also a condition of lists'],
  'src/index/retained.ts': [2, 'about dossiers or about records of a state'],
  'src/ledger/claim.ts': [1, 'the senders of due deliveries'],
  'src/ledger/deliveries.ts': [2, 'the senders of due deliveries'],
  'src/ledger/evidence.ts': [5, 'about a dossier or about a record'],
  'src/ledger/officer-texts.ts': [3, 'one statement for each column of a list'],
  'src/ledger/replays.ts': [1, 'contains a query that Kysely built'],
  'src/ledger/request-limits.ts': [1, 'sends the statements of rate-limiter-flexible'],
  'src/ledger/settle.ts': [1, 'the senders of due deliveries'],
  'src/play/stage/own-database.ts': [1, 'the database has a random name'],
  'src/play/stage/standby.ts': [1, 'runs what it is given'],
  'src/rebuild/compare.ts': [2, 'read and compare the columns that the database has'],
  'src/rebuild/schema.ts': [1, 'one statement for each table of a list'],
  'src/rebuild/take-over.ts': [2, 'one statement for each table, with the columns that the database has'],
  'src/statistics/agency-facts.ts': [4, 'the spans of a period and the number asked for'],
  'src/statistics/agency-walk.ts': [2, 'the facts and the period asked for'],
  'src/statistics/candidates.ts': [2, 'columns of each counting rule'],
  'src/statistics/code-ranges.ts': [2, 'conditions of a question'],
  'src/statistics/counted.ts': [1, 'columns of each counting rule'],
  'src/statistics/dossiers-reader.ts': [2, 'conditions of a question'],
  'src/statistics/read-settled-later.ts': [1, 'conditions of a question'],
  'src/statistics/read-sums.ts': [1, 'conditions of a question'],
  'src/statistics/report-numbers.ts': [2, 'the conditions that the lists of records share'],
  'src/statistics/report-records.ts': [2, 'by report and number'],
  'src/statistics/sources.ts': [1, 'conditions of a question'],
  'src/statistics/totals.ts': [1, 'columns of each counting rule'],
  'src/statistics/walk.ts': [1, 'conditions of a question'],
};

/** What the parsers of pool.ts make of each type, by its number in pg_type. */
const KINDS: Readonly<Record<number, string>> = {
  ...kinds('boolean', 16),
  ...kinds('number', 20, 21, 23, 26, 701),
  ...kinds('string', 18, 19, 25, 1043, 1184, 1700, 2950, 3614),
  ...kinds('Buffer', 17),
  ...kinds('object', 1082),
  ...kinds('array', 199, 1007, 1009, 1016, 1185, 2951),
  ...kinds('any', 114, 3802),
};

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

it('every raw statement can be prepared and returns the columns of its row type', async () => {
  const statements = statementsInSource();
  const built = statements.filter(({ texts }) => !texts);
  const perFile = Object.fromEntries(Object.entries(BUILT).map(([file, [count]]) => [file, count]));
  expect(countByFile(built), built.map(({ place, unknown }) => `${place} ${unknown}`).join('\n')).toEqual(perFile);
  const client = new pg.Client({ connectionString: copy.url });
  await client.connect();
  // The rows of an archive wait in temporary tables.
  for (const table of MONTHLY_TABLES) await client.query(`CREATE TEMP TABLE staged_${table} (LIKE ${table})`);
  try {
    const wrong: string[] = [];
    for (const statement of statements)
      for (const text of (statement.texts ?? []).flatMap(asPrepared)) {
        const found = await columnsOf(client, text).then(
          (columns) => differences(columns, statement),
          (error: Error) => [error.message],
        );
        wrong.push(...found.map((one) => `${statement.place} ${one}`));
      }
    expect(wrong, wrong.join('\n')).toEqual([]);
    expect(statements.length).toBeGreaterThan(250);
  } finally {
    await client.end();
  }
});

/** A rebuild's schema has the tables of the live one. Several commands in one text are prepared one by one. */
function asPrepared(text: string): readonly string[] {
  const live = text.replaceAll(`${SCHEMA}.`, 'public.');
  return live.startsWith('SET ') ? live.split(/;\s+/) : [live];
}

interface Column {
  readonly name: string;
  readonly dataTypeID: number;
}

/** Parses a statement and asks for its columns; nothing is executed. */
function columnsOf(client: pg.Client, text: string): Promise<readonly Column[]> {
  return new Promise((resolve, reject) => {
    let columns: readonly Column[] = [];
    client.query({
      submit(connection: pg.Connection) {
        connection.parse({ name: '', text, types: [] }, true);
        connection.describe({ type: 'S', name: '' }, true);
        connection.sync();
      },
      handleRowDescription: ({ fields }: { readonly fields: readonly Column[] }) => {
        columns = fields;
      },
      handleReadyForQuery: () => resolve(columns),
      handleError: reject,
    } as unknown as pg.Submittable);
  });
}

function differences(columns: readonly Column[], { members, readsRows }: Statement): readonly string[] {
  const named = columns.filter(({ name }) => name !== '?column?');
  if (!members) return readsRows && named.length > 0 ? ['is read without a row type'] : [];
  const wrong = named.flatMap(({ name, dataTypeID }) => {
    const member = members.get(name);
    if (!member) return [`returns ${name}, which its row type does not have`];
    const kind = KINDS[dataTypeID] ?? `of type ${dataTypeID}`;
    return [kind, member.type].includes('any') || member.type === kind
      ? []
      : [`${name} is ${kind}, not ${member.type}`];
  });
  const returned = new Set(columns.map(({ name }) => name));
  const missing = [...members].filter(([name, { isOptional }]) => !isOptional && !returned.has(name));
  return [...wrong, ...missing.map(([name]) => `does not return ${name}`)];
}

function countByFile(statements: readonly Statement[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { place } of statements) {
    const file = place.replace(/:\d+$/, '');
    counts[file] = (counts[file] ?? 0) + 1;
  }
  return counts;
}

function kinds(kind: string, ...types: readonly number[]): Readonly<Record<number, string>> {
  return Object.fromEntries(types.map((type) => [type, kind]));
}
