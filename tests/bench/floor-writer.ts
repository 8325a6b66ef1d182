import pg from 'pg';
import { FLOOR_BODY, floorRow, manyRowsStatement, oneRowStatement } from './floor-sql.ts';
import { beWorker } from './workers.ts';

export interface WriteOrder {
  readonly databaseUrl: string;
  readonly connections: number;
  readonly seconds: number;
  /** Rows a statement. */
  readonly many: number;
  /** Distinguishes the codes of this run from others. */
  readonly run: number;
}

export interface Written {
  readonly rows: number;
  readonly perSecond: number;
}

/** Writes the floor's statement from Node, prepared, over and over. */
async function write({ databaseUrl, connections, seconds, many, run }: WriteOrder): Promise<Written> {
  const statement =
    many === 1
      ? { name: 'one', text: oneRowStatement((_, position) => `$${position}`) }
      : { name: 'many', text: manyRowsStatement() };
  const body = many === 1 ? FLOOR_BODY : `[${Array.from({ length: many }, () => FLOOR_BODY).join(',')}]`;
  let number = 0;
  const values = (): unknown[] => {
    const rows = Array.from({ length: many }, () => floorRow(`H60.${run}-250812-${String(number++).padStart(7, '0')}`));
    const [first] = rows as [readonly string[]];
    if (many === 1) return [...first, body];
    return [...first.map((_, column) => rows.map((row) => row[column])), rows.map(() => FLOOR_BODY), body];
  };
  const clients = Array.from({ length: connections }, () => new pg.Client({ connectionString: databaseUrl }));
  await Promise.all(clients.map((client) => client.connect()));
  let rows = 0;
  const began = performance.now();
  await Promise.all(
    clients.map(async (client) => {
      for (; performance.now() < began + seconds * 1000; rows += many)
        await client.query({ ...statement, values: values() });
    }),
  );
  const perSecond = (rows * 1000) / (performance.now() - began);
  await Promise.all(clients.map((client) => client.end()));
  return { rows, perSecond };
}

beWorker(write);
