import { setTimeout as sleep } from 'node:timers/promises';
import { countDeliveries, drain } from './drain.ts';
import { watchFeed } from './feed.ts';
import { pushUndelivered } from './fill-backlog.ts';
import type { AxiosDone, AxiosOrder } from './floor-axios.ts';
import { compare, indexProblems } from './ledger-check.ts';
import { type LoadOrder, type LoadResult, pushedCodes } from './load.ts';
import { type Bench, latenciesOf, type Measurement, replyProblems, type Sample, sampleOf } from './measurement.ts';
import { type Partner, type PartnerKind, startPartner } from './partner.ts';
import { startWorker } from './workers.ts';

const ALL_ROLES = 'api,worker,scheduler';
/** The hub's limit of concurrent calls to one partner. */
const CALLS_AT_ONCE = 16;
const PEAK_SHARE = 0.7;

/** Deliveries: how soon, how fast, and with how large a backlog. */
export const DELIVERIES: readonly Measurement[] = [
  {
    name: 'steady-70',
    what: `all roles delivering to a national portal as in portal-16, one dossier a request at ${PEAK_SHARE * 100} % of the rate that is taken and delivered in a closed loop; an open model, latencies from the planned moments`,
    run: (bench) => withPartner((partner) => steady(bench, partner), 'national-portal'),
  },
  {
    name: 'floor-axios',
    what: `bare axios tells the fast partner of dossiers, one a call, ${CALLS_AT_ONCE} at once, with nothing kept`,
    run: (bench) => withPartner((partner) => floorByAxios(bench, partner)),
  },
  {
    name: 'drain',
    what: 'deliveries that came due while nobody delivered, to the same partner, one a call; from its first to its last',
    floor: 'floor-axios',
    run: (bench) => withPartner((partner) => drainDue(bench, partner)),
  },
  {
    name: 'backlog',
    what: 'all roles with a large backlog due, at a fast partner that then goes away; deliveries claimed and made',
    floor: 'drain',
    backlogged: true,
    run: (bench) => withPartner((partner) => holdBacklog(bench, partner)),
  },
];

async function withPartner(run: (partner: Partner) => Promise<Sample>, kind?: PartnerKind): Promise<Sample> {
  const partner = await startPartner(kind);
  return run(partner).finally(() => partner.stop());
}

/** First the rate that the hub holds with delivery on, then seven tenths of it, whether answers come or not. */
async function steady(bench: Bench, partner: Partner): Promise<Sample> {
  const { writing, loader, secrets, seconds } = bench;
  await writing.empty();
  await writing.settle();
  const hub = await bench.startHub(writing, ALL_ROLES, partner.party);
  const series = bench.newSeries();
  const order = { url: hub.url, secret: secrets.writer, work: { kind: 'push', series, many: 1 } } as const;
  try {
    const warm = await loader.ask({ ...order, connections: 16, first: 0, seconds: bench.warmUpSeconds });
    const warmed = await drain(writing);
    const flooded = await peakOf(bench, { ...order, connections: 16, first: warm.next, seconds });
    const feed = await watchFeed(hub.url, secrets.reader);
    const cpuBefore = hub.cpuSeconds();
    const rate = Math.max(1, Math.floor(flooded.perSecond * PEAK_SHARE));
    const result = await loader
      .ask({ ...order, connections: 64, rate, first: flooded.result.next, seconds })
      .finally(() => feed.end());
    const sample = sampleOf(result, 1, hub, cpuBefore);
    const drained = await drain(writing);
    const runs = [warm, flooded.result, result];
    const acknowledged = pushedCodes(
      series,
      1,
      runs.flatMap(({ answered }) => answered),
    );
    const taken = new Map((await partner.taken()).map(({ code, atMs }) => [code, atMs]));
    const codes = pushedCodes(series, 1, result.answered);
    return {
      ...sample,
      parts: [
        { name: 'peak with delivery on', perSecond: flooded.perSecond },
        { name: 'acknowledged to visible', ...latenciesOf(since(result, codes, feed.seenAtMs)) },
        { name: 'acknowledged to delivered', ...latenciesOf(since(result, codes, taken)) },
      ],
      problems: [
        ...runs.flatMap(replyProblems),
        ...warmed,
        ...flooded.problems,
        ...drained,
        ...missing('the change feed', codes, feed.seenAtMs),
        ...(await indexProblems(writing, acknowledged)),
        ...(await partner.problems(acknowledged)),
        ...hub.complaints,
      ],
    };
  } finally {
    await hub.stop();
  }
}

/** Acknowledged and delivered: the number of requests at full speed, over the time until nothing is due. */
async function peakOf(
  { loader, writing }: Bench,
  order: LoadOrder,
): Promise<{ readonly perSecond: number; readonly result: LoadResult; readonly problems: readonly string[] }> {
  const began = performance.now();
  const result = await loader.ask(order);
  const problems = await drain(writing);
  return { perSecond: (result.answered.length * 1000) / (performance.now() - began), result, problems };
}

/** Time from each acknowledgement to its arrival elsewhere; the three clocks are one machine's. */
function since({ answeredAtMs }: LoadResult, codes: readonly string[], at: ReadonlyMap<string, number>): number[] {
  return codes.flatMap((code, n) => {
    const atMs = at.get(code);
    return atMs === undefined ? [] : [Math.max(0, atMs - (answeredAtMs[n] as number))];
  });
}

function missing(where: string, codes: readonly string[], at: ReadonlyMap<string, number>): readonly string[] {
  const lacking = codes.filter((code) => !at.has(code));
  return lacking.length > 0 ? [`${where} lacks ${lacking.length}, such as ${lacking[0]}`] : [];
}

async function floorByAxios(bench: Bench, partner: Partner): Promise<Sample> {
  const teller = startWorker<AxiosOrder, AxiosDone>('tests/bench/floor-axios.ts');
  try {
    const order = { url: partner.url, connections: CALLS_AT_ONCE };
    const warm = await teller.ask({ ...order, seconds: bench.warmUpSeconds, series: bench.newSeries() });
    const done = await teller.ask({ ...order, seconds: bench.seconds, series: bench.newSeries() });
    return {
      perSecond: done.perSecond,
      hubMicros: (done.cpuSeconds * 1e6) / done.answered.length,
      problems: compareKeys(await partner.taken(), warm.answered.length + done.answered.length),
    };
  } finally {
    teller.stop();
  }
}

/** The floor repeats its keys with each series: there are as many dossiers as answers. */
function compareKeys(taken: readonly { readonly times: number }[], answered: number): readonly string[] {
  const times = taken.reduce((sum, one) => sum + one.times, 0);
  return times === answered ? [] : [`the partner took ${times} dossiers, ${answered} were answered`];
}

async function drainDue(bench: Bench, partner: Partner): Promise<Sample> {
  const { writing, due } = bench;
  await writing.empty();
  const { acknowledged, problems } = await pushUndelivered(bench, writing, bench.newSeries(), due);
  await writing.settle();
  const hub = await bench.startHub(writing, ALL_ROLES, partner.party);
  try {
    const began = hub.cpuSeconds();
    const { count: before } = await partner.count();
    const drained = await drain(writing, DRAINS_WITHIN_MS);
    const used = hub.cpuSeconds();
    const { count, firstAtMs, lastAtMs } = await partner.count();
    return {
      perSecond: (count * 1000) / (lastAtMs - firstAtMs),
      ...(began !== undefined &&
        used !== undefined && { hubMicros: ((used - began) * 1e6) / Math.max(1, count - before) }),
      rssMb: hub.maxRssMb(),
      problems: [
        ...problems,
        ...drained,
        ...(await indexProblems(writing, acknowledged)),
        ...(await partner.problems(acknowledged)),
        ...hub.complaints,
      ],
    };
  } finally {
    await hub.stop();
  }
}

const DRAINS_WITHIN_MS = 600_000;

/** Half of the time the partner accepts, then it is away; the rest is the next round's. */
async function holdBacklog(bench: Bench, partner: Partner): Promise<Sample> {
  const { database } = bench.backlog;
  await database.settle();
  const deliveredBefore = await countDeliveries(database, `state = 'delivered'`);
  const hub = await bench.startHub(database, ALL_ROLES, partner.party);
  let sample: Omit<Sample, 'problems'>;
  try {
    const { count: before } = await partner.count();
    const cpuBefore = hub.cpuSeconds();
    await sleep(bench.seconds * 1_000);
    const cpuAfter = hub.cpuSeconds();
    const { count, firstAtMs, lastAtMs } = await partner.count();
    await partner.leave();
    await sleep(bench.seconds * 1_000);
    sample = {
      perSecond: (count * 1000) / (lastAtMs - firstAtMs),
      rssMb: hub.maxRssMb(),
      ...(cpuBefore !== undefined &&
        cpuAfter !== undefined && { hubMicros: ((cpuAfter - cpuBefore) * 1e6) / Math.max(1, count - before) }),
    };
  } finally {
    await hub.stop();
  }
  return {
    ...sample,
    problems: [...(await keptProblems(bench, partner, deliveredBefore)), ...hub.complaints],
  };
}

/** Whether the hub's books show exactly the partner's dossiers as delivered, each once. */
async function keptProblems(bench: Bench, partner: Partner, before: number): Promise<readonly string[]> {
  const rows = await bench.backlog.database.rows<{ key: string }>(
    `SELECT 'lienthong-' || id AS key FROM deliveries WHERE state = 'delivered' ORDER BY settled_at OFFSET $1`,
    [before],
  );
  const taken = (await partner.taken()).map(({ key, times }) => ({ code: key, times }));
  return compare(
    'the partner',
    taken,
    rows.map(({ key }) => key),
  );
}
