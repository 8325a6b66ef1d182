import { setTimeout as sleep } from 'node:timers/promises';
import { type LoadOrder, type LoadResult, pushedCodes } from './load.ts';
import { type Bench, latenciesOf, type Measurement, replyProblems, type Sample } from './measurement.ts';
import { type Partner, partyOf, startPartner } from './partner.ts';
import { startWorker } from './workers.ts';

const PARTIES = 20;
/** Small, so that the flood and not this load is what fills the machine. */
const PER_SECOND = 100;
const SLOW = `partner-${PARTIES}`;
const DELIVERED_WITHIN_MS = 30_000;
const LOOK_MS = 200;

/** Whether a party feels what another one does. */
export const NEIGHBOURS: readonly Measurement[] = [
  {
    name: 'twenty-parties',
    what: `all roles delivering to ${PARTIES} parties, ${PER_SECOND} dossiers a second one a request; then again while one party answers after 60 s and another sender floods the hub with arrays; times of the ${PARTIES - 2} others`,
    async run(bench) {
      const partner = await startPartner();
      return measure(bench, partner).finally(() => partner.stop());
    },
  },
];

/** The first party gets what the flooder sends, the last one is slow. */
async function measure(bench: Bench, partner: Partner): Promise<Sample> {
  const { writing, loader, secrets, seconds, warmUpSeconds } = bench;
  await writing.empty();
  await writing.settle();
  const parties = Array.from({ length: PARTIES }, (_, at) =>
    partyOf('one-stop', at === PARTIES - 1 ? `${partner.url}/slow` : partner.url),
  );
  const hub = await bench.startHub(writing, 'api,worker,scheduler', parties);
  const flooder = startWorker<LoadOrder, LoadResult>('load.ts');
  try {
    const series = bench.newSeries();
    const work = { kind: 'push', series, many: 1 } as const;
    const order = { url: hub.url, secret: secrets.writer, connections: 64, rate: PER_SECOND, work };
    const warm = await loader.ask({ ...order, first: 0, seconds: warmUpSeconds });
    const calm = await loader.ask({ ...order, first: warm.next, seconds });
    const flood = flooder.ask({
      url: hub.url,
      secret: secrets.flooder,
      connections: 4,
      first: 0,
      seconds: seconds + 1,
      work: { kind: 'push', series: bench.newSeries(), many: 100, party: 'flooder' },
    });
    await sleep(500);
    const disturbed = await loader.ask({ ...order, first: calm.next, seconds });
    const flooded = await flood;
    const slow = await writing.rows<{ code: string }>('SELECT subject AS code FROM deliveries WHERE party = $1', [
      SLOW,
    ]);
    const isOther = notAmong(slow.map(({ code }) => code));
    const runs = [calm, disturbed].map((result) => acknowledgedAt(result, pushedCodes(series, 1, result.answered)));
    const [before, during] = (await arrivals(
      partner,
      runs.map((run) => run.filter(isOther)),
    )) as [Arrivals, Arrivals];
    return {
      perSecond: disturbed.perSecond,
      ...pickLatencies(disturbed),
      rssMb: hub.maxRssMb(),
      parts: [
        { name: 'flood of the other sender, dossiers', perSecond: flooded.perSecond * 100 },
        { name: 'acknowledged, before', ...pickLatencies(calm) },
        { name: 'acknowledged to delivered, before', ...latenciesOf(before.ms) },
        { name: 'acknowledged to delivered, with slow party and flood', ...latenciesOf(during.ms) },
      ],
      problems: [
        ...[warm, calm, disturbed, flooded].flatMap(replyProblems),
        ...before.problems,
        ...during.problems,
        ...hub.complaints,
      ],
    };
  } finally {
    flooder.stop();
    await hub.stop();
  }
}

interface Arrivals {
  readonly ms: readonly number[];
  readonly problems: readonly string[];
}

type Acknowledged = readonly [code: string, atMs: number];

function acknowledgedAt({ answeredAtMs }: LoadResult, codes: readonly string[]): readonly Acknowledged[] {
  return codes.map((code, at) => [code, answeredAtMs[at] as number]);
}

function notAmong(codes: readonly string[]): (one: Acknowledged) => boolean {
  const some = new Set(codes);
  return ([code]) => !some.has(code);
}

/** Waits until the partner has every dossier of the runs. Its clock and the load's are one machine's. */
async function arrivals(partner: Partner, runs: readonly (readonly Acknowledged[])[]): Promise<readonly Arrivals[]> {
  for (const until = performance.now() + DELIVERED_WITHIN_MS; ; await sleep(LOOK_MS)) {
    const taken = new Map((await partner.taken()).map(({ code, atMs }) => [code, atMs]));
    const isOver = performance.now() > until;
    const isComplete = runs.flat().every(([code]) => taken.has(code));
    if (isComplete || isOver)
      return runs.map((run) => {
        const lacking = run.filter(([code]) => !taken.has(code));
        return {
          ms: run.flatMap(([code, atMs]) => {
            const arrivedAtMs = taken.get(code);
            return arrivedAtMs === undefined ? [] : [Math.max(0, arrivedAtMs - atMs)];
          }),
          problems: lacking.length > 0 ? [`${lacking.length} were not delivered, such as ${lacking[0]?.[0]}`] : [],
        };
      });
  }
}

function pickLatencies({ p50Ms, p95Ms, p99Ms, p999Ms }: LoadResult) {
  return { p50Ms, p95Ms, p99Ms, p999Ms };
}
