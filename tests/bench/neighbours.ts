import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchDatabase } from './databases.ts';
import { type LoadOrder, type LoadResult, pushedCodes } from './load.ts';
import { type Bench, latenciesOf, type Measurement, replyProblems, type Sample } from './measurement.ts';
import { type Partner, partyOf, startPartner } from './partner.ts';
import { startWorker } from './workers.ts';

const PARTIES = 20;
/** Small, so that the flood and not this load is what fills the machine. */
const PER_SECOND = 100;
const SLOW = `partner-${PARTIES}`;
const FLOODED = 'partner-1';
/** Dossiers of one array of the flood. */
const MANY = 100;
const DELIVERED_WITHIN_MS = 60_000;
const LOOK_MS = 200;
/** In which the connections of the load are accepted. */
const LEAD_SECONDS = 1;

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
  const { writing, loader, secrets, warmUpSeconds } = bench;
  const seconds = bench.seconds + LEAD_SECONDS;
  await writing.empty();
  await writing.settle();
  const parties = Array.from({ length: PARTIES }, (_, at) =>
    partyOf('one-stop', at === PARTIES - 1 ? `${partner.url}/slow` : partner.url),
  );
  const hub = await bench.startHub(writing, 'api,worker,scheduler', parties);
  const flooder = startWorker<LoadOrder, LoadResult>('tests/bench/load.ts');
  const prober = startWorker<LoadOrder, LoadResult>('tests/bench/load.ts');
  try {
    const series = bench.newSeries();
    const work = { kind: 'push', series, many: 1 } as const;
    const order = {
      url: hub.url,
      secret: secrets.writer,
      connections: 64,
      rate: PER_SECOND,
      leadSeconds: LEAD_SECONDS,
      work,
    };
    const warm = await loader.ask({ ...order, first: 0, seconds: warmUpSeconds });
    const probe = { ...order, first: 0, seconds, work: { kind: 'probe' } } as const;
    const askBoth = (first: number) => Promise.all([loader.ask({ ...order, first, seconds }), prober.ask(probe)]);
    const [calm, calmProbe] = await askBoth(warm.next);
    const flood = flooder.ask({
      url: hub.url,
      secret: secrets.flooder,
      connections: 4,
      first: 0,
      seconds: warmUpSeconds + 2 * seconds + 1,
      givesWay: true,
      work: { kind: 'push', series: bench.newSeries(), many: MANY, party: 'flooder' },
    });
    await sleep(warmUpSeconds * 1_000);
    const aloneFromMs = Date.now();
    await sleep(seconds * 1_000);
    const besideFromMs = Date.now();
    const [disturbed, disturbedProbe] = await askBoth(calm.next);
    const flooded = await flood;
    const runs = [calm, disturbed].map((result) => acknowledgedAt(result, pushedCodes(series, 1, result.answered)));
    const { others, neighbours } = await placesOf(writing);
    const arrived = await arrivals(
      partner,
      [others, neighbours].flatMap((codes) => runs.map((run) => run.filter(([code]) => codes.has(code)))),
    );
    const [before, during, nearBefore, nearDuring] = arrived as [Arrivals, Arrivals, Arrivals, Arrivals];
    return {
      perSecond: disturbed.perSecond,
      ...pickLatencies(disturbed),
      rssMb: hub.maxRssMb(),
      parts: [
        { name: 'flood alone, dossiers', perSecond: rateOf(flooded, aloneFromMs, seconds) },
        { name: 'flood beside the others, dossiers', perSecond: rateOf(flooded, besideFromMs, seconds) },
        { name: 'health probe, before', ...pickLatencies(calmProbe) },
        { name: 'health probe, with slow party and flood', ...pickLatencies(disturbedProbe) },
        { name: 'acknowledged, before', ...pickLatencies(calm) },
        { name: 'acknowledged to delivered, before', ...latenciesOf(before.ms) },
        { name: 'acknowledged to delivered, with slow party and flood', ...latenciesOf(during.ms) },
        { name: 'the same to the party that gets the flood, before', ...latenciesOf(nearBefore.ms) },
        { name: 'the same to the party that gets the flood, with slow party and flood', ...latenciesOf(nearDuring.ms) },
      ],
      problems: [
        ...[warm, calm, calmProbe, disturbed, disturbedProbe, flooded].flatMap(replyProblems),
        ...arrived.flatMap(({ problems }) => problems),
        ...hub.complaints,
      ],
    };
  } finally {
    flooder.stop();
    prober.stop();
    await hub.stop();
  }
}

/** The dossiers of the parties that feel neither the slow one nor the flood, and those of the party that gets the flood. */
async function placesOf(database: BenchDatabase) {
  const rows = await database.rows<{ code: string; party: string }>(
    `SELECT d.subject AS code, d.party FROM deliveries d JOIN messages m ON m.id = d.message_id
     WHERE m.party = 'one-stop' AND d.party <> $1`,
    [SLOW],
  );
  const codesOf = (isWanted: (party: string) => boolean) =>
    new Set(rows.flatMap(({ code, party }) => (isWanted(party) ? [code] : [])));
  return { others: codesOf((party) => party !== FLOODED), neighbours: codesOf((party) => party === FLOODED) };
}

/** The dossiers a second that were answered in a period. */
function rateOf({ answeredAtMs }: LoadResult, fromMs: number, seconds: number): number {
  const toMs = fromMs + seconds * 1_000;
  return (answeredAtMs.filter((ms) => ms >= fromMs && ms < toMs).length * MANY) / seconds;
}

interface Arrivals {
  readonly ms: readonly number[];
  readonly problems: readonly string[];
}

type Acknowledged = readonly [code: string, atMs: number];

function acknowledgedAt({ answeredAtMs }: LoadResult, codes: readonly string[]): readonly Acknowledged[] {
  return codes.map((code, at) => [code, answeredAtMs[at] as number]);
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
