import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase } from '../../tests/support/database.ts';
import { definePart, writeParts } from './parts.ts';
import { type Database, openDatabase } from './pool.ts';

interface Row {
  readonly text: string | undefined;
  readonly bytes: Uint8Array | undefined;
  readonly small: number | undefined;
  readonly large: number | undefined;
  readonly flag: boolean | undefined;
  readonly id: string | undefined;
  readonly at: string | number | undefined;
}

let database: Database;
let other: Database;
let drop: () => Promise<void>;
beforeAll(async () => {
  const made = await testDatabase();
  drop = made.drop;
  database = openDatabase(made.url);
  other = openDatabase(made.url);
  await database.pool.query(
    'CREATE TABLE kept (n serial, text text, bytes bytea, small int4, large int8, flag bool, id uuid, at timestamptz)',
  );
});
afterAll(async () => {
  await other.close();
  await database.close();
  await drop();
});

const part = definePart<Row>(
  'kept',
  {
    text: ['text', (row) => row.text],
    bytes: ['bytea', (row) => row.bytes],
    small: ['int4', (row) => row.small],
    large: ['int8', (row) => row.large],
    flag: ['bool', (row) => row.flag],
    id: ['uuid', (row) => row.id],
    at: ['timestamptz', (row) => row.at],
  },
  (rows) =>
    `INSERT INTO kept (text, bytes, small, large, flag, id, at) SELECT text, bytes, small, large, flag, id, at FROM ${rows} RETURNING 1`,
);

async function kept(): Promise<readonly Row[]> {
  const { rows } = await database.pool.query('SELECT text, bytes, small, large, flag, id, at FROM kept ORDER BY n');
  await database.pool.query('TRUNCATE kept');
  return rows;
}

const NOTHING: Row = {
  text: undefined,
  bytes: undefined,
  small: undefined,
  large: undefined,
  flag: undefined,
  id: undefined,
  at: undefined,
};

/** Byte by byte, toEqual would take half a minute. */
function shown(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : (value ?? null);
}

test('each written value comes back unchanged, whatever its type, size and letters', async () => {
  const rows: Row[] = [
    {
      text: 'H60.01-250812-0035',
      bytes: Buffer.from([0, 255, 10]),
      small: 2_147_483_647,
      large: Number.MAX_SAFE_INTEGER,
      flag: true,
      id: '01a20ec3-f008-7405-9412-5646a9d483d9',
      at: '2025-08-12T08:15:00.045+07:00',
    },
    {
      text: 'Nguyễn Thị Ánh',
      bytes: Buffer.alloc(0),
      small: -1,
      large: -4_294_967_297,
      flag: false,
      id: 'ffffffff-ffff-7fff-bfff-ffffffffffff',
      at: '1969-12-31T23:59:59+07:00',
    },
    { ...NOTHING, text: '' },
    { ...NOTHING, text: 'large, and more behind it', bytes: Buffer.alloc(5_000, 8), small: 3, flag: true },
    { ...NOTHING, text: `${'đ'.repeat(100_000)} "quoted" \\ 'and' 𝒰`, bytes: Buffer.alloc(700_000, 7) },
  ];
  await writeParts(database, [part(rows)]);
  const read = await kept();
  for (const [at, row] of rows.entries())
    for (const [name, value] of Object.entries(row))
      expect(shown(read[at]?.[name as keyof Row]), `${name} of row ${at}`).toBe(shown(value));
});

test('instants are written the same from text and from milliseconds', async () => {
  const at = '2025-02-28T23:59:59.999+07:00';
  await writeParts(database, [
    part([
      { ...NOTHING, at },
      { ...NOTHING, at: Date.parse(at) },
    ]),
  ]);
  expect((await kept()).map((row) => row.at)).toEqual([at, at]);
});

test('processes that create a row type at the same moment both write', async () => {
  const parts = Array.from({ length: 60 }, (_, n) =>
    definePart<string>(
      `fresh${n}`,
      { text: ['text', (text) => text] },
      (rows) => `INSERT INTO kept (text) SELECT text FROM ${rows} RETURNING 1`,
    ),
  );
  // Both sessions exist already, so the other process can only interfere between look-up and creation.
  for (const [n, fresh] of parts.entries())
    await Promise.all([database, other, database, other].map((one, at) => writeParts(one, [fresh([`${n} ${at}`])])));
  expect((await kept()).length).toBe(60 * 4);
});
