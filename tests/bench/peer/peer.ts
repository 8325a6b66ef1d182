import { indexProblems } from '../ledger-check.ts';
import { type LoadOrder, pushedCodes } from '../load.ts';
import { type Bench, type Measurement, replyProblems, type Sample } from '../measurement.ts';
import { startWorker } from '../workers.ts';
import type { PeerOrder, PeerState } from './server.ts';

const WHAT = 'a service written by hand with Fastify and pg (tests/bench/peer)';

/** The ratio of each is that of the peer to the hub: at 0.67 the hub does 1.5 times as much. */
export const PEERS: readonly Measurement[] = [
  {
    name: 'peer-16',
    what: `${WHAT}: one dossier a request, 16 connections`,
    floor: 'single-16',
    run: (bench) => push(bench, 16, 1),
  },
  { name: 'peer-64', what: `${WHAT}: 64 connections`, floor: 'single-64', run: (bench) => push(bench, 64, 1) },
  {
    name: 'peer-arrays-100',
    what: `${WHAT}: arrays of 100, 4 connections; dossiers`,
    floor: 'arrays-100',
    run: (bench) => push(bench, 4, 100),
  },
];

/** Empty tables, a warm-up, and the check of the ledger that the hub's measurements have. */
async function push(bench: Bench, connections: number, many: number): Promise<Sample> {
  const { writing, loader, secrets, warmUpSeconds, seconds } = bench;
  await writing.empty();
  await writing.settle();
  const peer = startWorker<PeerOrder, PeerState>('tests/bench/peer/server.ts');
  const ask = () => peer.ask({ databaseUrl: writing.url, secret: secrets.writer });
  try {
    const { url } = await ask();
    const series = bench.newSeries();
    const work = { kind: 'push', series, many } as const;
    const order: Omit<LoadOrder, 'seconds' | 'first'> = { url, secret: secrets.writer, connections, work };
    const warm = await loader.ask({ ...order, first: 0, seconds: warmUpSeconds });
    const { cpuSeconds: before } = await ask();
    const result = await loader.ask({ ...order, first: warm.next, seconds });
    const { cpuSeconds } = await ask();
    const acknowledged = pushedCodes(series, many, [...warm.answered, ...result.answered]);
    return {
      perSecond: result.perSecond * many,
      p50Ms: result.p50Ms,
      p95Ms: result.p95Ms,
      p99Ms: result.p99Ms,
      hubMicros: ((cpuSeconds - before) * 1e6) / (result.answered.length * many),
      problems: [...replyProblems(warm), ...replyProblems(result), ...(await indexProblems(writing, acknowledged))],
    };
  } finally {
    peer.stop();
  }
}
