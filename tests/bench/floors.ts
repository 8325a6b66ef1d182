import { join } from 'node:path';
import type { SoapOrder, SoapState } from './floor-soap.ts';
import { FLOOR_COUNTS, FLOOR_TABLES } from './floor-sql.ts';
import type { WriteOrder, Written } from './floor-writer.ts';
import { type Bench, type Measurement, replyProblems, type Sample } from './measurement.ts';
import { findPgbench, writeByPgbench } from './pgbench.ts';
import { startWorker } from './workers.ts';

const PGBENCH = findPgbench();

/** The same by hand: one statement for message, 40-column row, event and delivery, and nothing around it; and node-soap. */
export const FLOORS: readonly Measurement[] = [
  {
    name: 'floor-single',
    what: `one row a commit, 16 connections, by ${PGBENCH ? 'pgbench -M prepared -j 2' : 'Node and pg (there is no pgbench here)'}`,
    run: (bench) => (PGBENCH ? floorByPgbench(bench, PGBENCH, 16) : floorByNode(bench, 16, 1)),
  },
  {
    name: 'floor-unnest',
    what: 'UNNEST of 100 rows a commit, 4 connections, by Node and pg; rows',
    run: (bench) => floorByNode(bench, 4, 100),
  },
  {
    name: 'floor-soap-50',
    what: 'soap.createServerless alone with a handler that keeps nothing, 50 dossiers an envelope, 4 connections; dossiers',
    run: (bench) => floorBySoap(bench, 4, 50),
  },
];

/** The speed of node-soap for the same envelopes, without any further work. */
async function floorBySoap(bench: Bench, connections: number, many: number): Promise<Sample> {
  const server = startWorker<SoapOrder, SoapState>('tests/bench/floor-soap.ts');
  try {
    const { url, cpuSeconds: cpuBefore } = await server.ask({});
    const work = { kind: 'soap', series: bench.newSeries(), many, path: '/soap' } as const;
    const order = { url, secret: bench.secrets.writer, connections, work };
    const warm = await bench.loader.ask({ ...order, first: 0, seconds: bench.warmUpSeconds });
    const result = await bench.loader.ask({ ...order, first: warm.next, seconds: bench.seconds });
    const dossiers = (warm.answered.length + result.answered.length) * many;
    const { cpuSeconds } = await server.ask({});
    return {
      perSecond: result.perSecond * many,
      p50Ms: result.p50Ms,
      p95Ms: result.p95Ms,
      p99Ms: result.p99Ms,
      hubMicros: ((cpuSeconds - cpuBefore) * 1e6) / dossiers,
      problems: [...replyProblems(warm), ...replyProblems(result)],
    };
  } finally {
    server.stop();
  }
}

function floorByPgbench(bench: Bench, pgbench: string, connections: number): Promise<Sample> {
  const scriptPath = join(bench.folder, 'floor.sql');
  return floor(bench, (seconds, run) =>
    writeByPgbench({ pgbench, databaseUrl: bench.writing.url, scriptPath, connections, seconds, run }),
  );
}

async function floorByNode(bench: Bench, connections: number, many: number): Promise<Sample> {
  const writer = startWorker<WriteOrder, Written>('tests/bench/floor-writer.ts');
  try {
    return await floor(bench, (seconds, run) =>
      writer.ask({ databaseUrl: bench.writing.url, connections, seconds, many, run }),
    );
  } finally {
    writer.stop();
  }
}

/** Like the hub's measurements: empty tables, a warm-up, and a count of the stored rows. */
async function floor(
  { writing, warmUpSeconds, seconds }: Bench,
  write: (seconds: number, run: number) => Promise<Written>,
): Promise<Sample> {
  await writing.empty();
  await writing.rows(FLOOR_TABLES);
  await writing.settle();
  const warm = await write(warmUpSeconds, 1);
  const { rows, perSecond } = await write(seconds, 2);
  const [counts = {}] = await writing.rows<Record<string, number>>(FLOOR_COUNTS);
  await writing.empty();
  const problems = Object.entries(counts).flatMap(([table, count]) =>
    count === warm.rows + rows ? [] : [`${table}: ${count} rows of ${warm.rows + rows}`],
  );
  return { perSecond, problems };
}
