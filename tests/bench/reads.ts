import { fold } from '#core/vietnamese/text';
import { createDossiers } from './dossiers.ts';
import { indexProblems } from './ledger-check.ts';
import { type LoadOrder, pushedCodes, type Work } from './load.ts';
import { type Bench, type Measurement, replyProblems, type Sample, sampleOf } from './measurement.ts';
import { startWorker } from './workers.ts';

/** Reads of dossiers, and their floor. */
export const READS: readonly Measurement[] = [
  {
    name: 'floor-read',
    what: 'bare Hono + pg, one prepared statement a request, pool of 10, 32 connections',
    reads: true,
    async run(bench) {
      const reader = startWorker<{ databaseUrl: string }, string>('tests/bench/floor-reader.ts');
      try {
        await bench.reading.settle();
        const url = await reader.ask({ databaseUrl: bench.reading.url });
        const { perSecond, p50Ms, p95Ms, p99Ms, problems } = await ask(bench, url, 32, readWork(bench));
        return { perSecond, p50Ms, p95Ms, p99Ms, problems };
      } finally {
        reader.stop();
      }
    },
  },
  {
    name: 'read-32',
    what: 'GET /api/v1/dossiers/{code}, random codes, 32 connections',
    floor: 'floor-read',
    reads: true,
    run: (bench) => read(bench, 32, readWork(bench)),
  },
  {
    name: 'list-q',
    what: 'GET /api/v1/dossiers?q= by code, tail of a code, rare and common names, limit 50, 4 connections',
    reads: true,
    run: (bench) => read(bench, 4, { kind: 'search', texts: searchTexts(bench) }),
  },
  {
    name: 'changes-1000',
    what: 'GET /api/v1/changes, page after page of 1,000, one connection; changes',
    reads: true,
    async run(bench) {
      const limit = 1_000;
      const count = Math.floor(bench.indexed.count / limit) * limit;
      return read(bench, 1, { kind: 'changes', count, limit }, limit);
    },
  },
];

function readWork({ indexed: { series, count } }: Bench): Work {
  return { kind: 'read', series, count };
}

async function read(bench: Bench, connections: number, work: Work, many = 1): Promise<Sample> {
  await bench.reading.settle();
  const hub = await bench.startHub(bench.reading, 'api');
  try {
    const { result, problems, cpuBefore } = await ask(bench, hub.url, connections, work, hub.cpuSeconds);
    return { ...sampleOf(result, many, hub, cpuBefore), problems: [...problems, ...hub.complaints] };
  } finally {
    await hub.stop();
  }
}

async function ask(
  { loader, secrets, warmUpSeconds, seconds }: Bench,
  url: string,
  connections: number,
  work: Work,
  cpuSeconds: () => number | undefined = () => undefined,
) {
  const order: Omit<LoadOrder, 'seconds'> = { url, secret: secrets.reader, connections, first: 0, work };
  const warm = await loader.ask({ ...order, seconds: warmUpSeconds });
  const cpuBefore = cpuSeconds();
  const result = await loader.ask({ ...order, seconds });
  return { ...result, result, cpuBefore, problems: [...replyProblems(warm), ...replyProblems(result)] };
}

const COMMON = ['nguyen', 'Nguyễn', 'nguyen van', 'tran thi', 'Nguyễn Thị', 'dang thi ngoc anh'];
const TEXTS = 50;

/** As people search: by the whole code or its end, by the whole name with and without marks, and too vaguely. */
function searchTexts({ indexed }: Bench): readonly string[] {
  const { codeOf, nameOf } = createDossiers(indexed.series);
  return Array.from({ length: TEXTS }, (_, at) => {
    const n = Math.floor(((at + 0.5) * indexed.count) / TEXTS);
    const name = nameOf(n);
    const tail = codeOf(n).slice(codeOf(n).indexOf('-') + 1);
    return [codeOf(n), tail, name, fold(name), COMMON[at % COMMON.length] as string];
  }).flat();
}

const ARRAY = 100;

/** Fills the index for reads through the door, once for all rounds. */
export async function fillIndex(bench: Bench): Promise<void> {
  const { reading, indexed, loader, secrets } = bench;
  const hub = await bench.startHub(reading, 'api');
  try {
    const work = { kind: 'push', series: indexed.series, many: ARRAY } as const;
    const end = Math.ceil(indexed.count / ARRAY);
    const order = { url: hub.url, secret: secrets.writer, connections: 4, seconds: 3_600, first: 0, end, work };
    const result = await loader.ask(order);
    const problems = [
      ...replyProblems(result),
      ...(await indexProblems(reading, pushedCodes(indexed.series, ARRAY, result.answered))),
    ];
    if (problems.length > 0) throw new Error(`the index could not be filled: ${problems.join('; ')}`);
  } finally {
    await hub.stop();
  }
  await reading.rows('VACUUM ANALYZE');
}
