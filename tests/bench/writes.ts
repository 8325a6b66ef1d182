import type { BenchDatabase } from './databases.ts';
import { countDeliveries, drain } from './drain.ts';
import type { HubProcess } from './hub-process.ts';
import { indexProblems } from './ledger-check.ts';
import { type LoadOrder, pushedCodes } from './load.ts';
import { type Bench, type Measurement, replyProblems, type Sample, sampleOf } from './measurement.ts';
import { type Partner, startPartner } from './partner.ts';

/** Pushes of dossiers through the REST door, and through the SOAP door. */
export const WRITES: readonly Measurement[] = [
  {
    name: 'single-16',
    what: 'one dossier a request, 16 connections, role api',
    floor: 'floor-single',
    run: (bench) => push(bench, 16, 1),
  },
  {
    name: 'single-64',
    what: 'one dossier a request, 64 connections, role api',
    floor: 'floor-single',
    run: (bench) => push(bench, 64, 1),
  },
  {
    name: 'arrays-100',
    what: 'arrays of 100, 4 connections, role api; dossiers',
    floor: 'floor-unnest',
    run: (bench) => push(bench, 4, 100),
  },
  {
    name: 'all-roles-16',
    what: 'as single-16, with all roles, delivering to the fast partner beside it, one a call',
    floor: 'single-16',
    async run(bench) {
      const partner = await startPartner();
      return push(bench, 16, 1, { partner }).finally(() => partner.stop());
    },
  },
  {
    name: 'portal-16',
    what: 'as all-roles-16, the fast partner being a national portal, which takes up to ten a call in data[]',
    floor: 'single-16',
    async run(bench) {
      const partner = await startPartner('national-portal');
      return push(bench, 16, 1, { partner }).finally(() => partner.stop());
    },
  },
  {
    name: 'two-processes-16',
    what: 'as all-roles-16, with the roles worker and scheduler in a process of their own, on Redis where REDIS_URL names one',
    floor: 'single-16',
    async run(bench) {
      const partner = await startPartner();
      return push(bench, 16, 1, { partner, apart: true }).finally(() => partner.stop());
    },
  },
  {
    name: 'soap-single-16',
    what: 'one dossier an envelope, 16 connections, role api',
    floor: 'single-16',
    run: (bench) => push(bench, 16, 1, { soapPath: SOAP_PATH }),
  },
  {
    name: 'soap-50',
    what: '50 dossiers an envelope, 4 connections, role api; dossiers',
    floor: 'floor-soap-50',
    run: (bench) => push(bench, 4, 50, { soapPath: SOAP_PATH }),
  },
];

const SOAP_PATH = '/soap/v1/one-stop';

interface Way {
  /** With a partner the hub has all roles, and everything must have arrived there at the end. */
  readonly partner?: Partner;
  /** Whether another process delivers. */
  readonly apart?: boolean;
  /** The SOAP door's path; otherwise it is the REST door. */
  readonly soapPath?: string;
}

async function push(bench: Bench, connections: number, many: number, way: Way = {}): Promise<Sample> {
  const { partner, soapPath } = way;
  const { writing, loader, secrets } = bench;
  await writing.empty();
  await writing.settle();
  const hub = await startHubs(bench, way);
  try {
    const series = bench.newSeries();
    const order: Omit<LoadOrder, 'seconds' | 'first'> = {
      url: hub.url,
      secret: secrets.writer,
      connections,
      work: soapPath === undefined ? { kind: 'push', series, many } : { kind: 'soap', series, many, path: soapPath },
    };
    const warm = await loader.ask({ ...order, first: 0, seconds: bench.warmUpSeconds });
    const cpuBefore = hub.cpuSeconds();
    const result = await loader.ask({ ...order, first: warm.next, seconds: bench.seconds });
    const sample = sampleOf(result, many, hub, cpuBefore);
    const drained = partner && (await drainTimed(writing));
    const acknowledged = pushedCodes(series, many, [...warm.answered, ...result.answered]);
    return {
      ...sample,
      rssMb: hub.maxRssMb(),
      ...(drained?.perSecond && { drainPerSecond: drained.perSecond }),
      problems: [
        ...replyProblems(warm),
        ...replyProblems(result),
        ...(drained?.problems ?? []),
        ...(await indexProblems(writing, acknowledged)),
        ...((await partner?.problems(acknowledged)) ?? []),
        ...hub.complaints,
      ],
    };
  } finally {
    await hub.stop();
  }
}

async function startHubs({ startHub, writing }: Bench, { partner, apart = false }: Way): Promise<HubProcess> {
  if (!partner) return startHub(writing, 'api');
  if (!apart) return startHub(writing, 'api,worker,scheduler', partner.party);
  const both = [
    await startHub(writing, 'api', partner.party),
    await startHub(writing, 'worker,scheduler', partner.party),
  ] as const;
  const [{ url }] = both;
  return {
    url,
    maxRssMb: () => Math.max(...both.map((one) => one.maxRssMb() ?? 0)) || undefined,
    cpuSeconds: () => both.reduce((sum, one) => sum + (one.cpuSeconds() ?? 0), 0) || undefined,
    get complaints() {
      return both.flatMap((one) => one.complaints);
    },
    stop: async () => void (await Promise.all(both.map((one) => one.stop()))),
  };
}

/** A smaller backlog makes the time meaningless. */
const TELLING = 500;

interface Drained {
  readonly perSecond?: number;
  readonly problems: readonly string[];
}

async function drainTimed(database: BenchDatabase): Promise<Drained> {
  const began = performance.now();
  const backlog = await countDeliveries(database, `state = 'due'`);
  const problems = await drain(database);
  const seconds = (performance.now() - began) / 1000;
  return { ...(backlog >= TELLING && problems.length === 0 && { perSecond: backlog / seconds }), problems };
}
