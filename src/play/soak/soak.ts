import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { waitForCatalogue } from '../clients/catalogue.ts';
import { createHubClient } from '../clients/hub-client.ts';
import { patient } from '../clients/reading.ts';
import { SINK } from '../participants/participants.ts';
import { table } from '../report-text.ts';
import type { StageDatabase } from '../stage/database.ts';
import { playOnStage, type Stage } from '../stage/stage.ts';
import { withJanitor } from '../stage/start-janitor.ts';
import { makeTemporaryFolder } from '../stage/temporary-folder.ts';
import { SoakLoad } from './load.ts';
import { judgementOf, type Trend, verdictOf } from './trend.ts';
import { createWatch } from './watch.ts';

/** Samples latencies, memory, handles and tables. Exit code 1 when one of them is not flat. */
const { minutes, share } = new Command('npm run soak --')
  .description(
    'Runs the hub at a share of its peak rate with delivery on, while portals read. Dead rows are judged where the server has autovacuum on.',
  )
  .option('--minutes <number>', 'duration of the load', positive, 15)
  .option('--share <number>', 'share of the peak rate, which is measured first', positive, 0.7)
  .parse()
  .opts<{ minutes: number; share: number }>();

const PEAK_SECONDS = 15;
const LOOK_MS = 3_000;
const DRAINS_WITHIN_MS = 120_000;
/** The first part, in which caches and heaps fill, is not sampled. */
const WARM_UP_SHARE = 0.15;

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

/** An API and a worker. Their line for each attempt would dominate the measurement. */
const PROCESSES = { api: 'api', worker: 'worker,scheduler' };
const SETTINGS = { LOG_LEVEL: 'warn', NODE_OPTIONS: '--max-semi-space-size=16' };
const ROUTES = [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: [SINK] }];

async function soak(): Promise<boolean> {
  if (!existsSync('/proc/self/fd')) throw new Error('memory and handles are read from /proc, which is not here');
  const plan = {
    env: { ...process.env, ...SETTINGS },
    // The portal has the catalogue, without which the codes of the load are unknown.
    participants: ['national-portal', SINK] as const,
    routes: ROUTES,
    processes: PROCESSES,
    mostStarts: 1,
    port: 0,
    signal: stop.signal,
    say: (line: string) => console.error(line),
  };
  return withJanitor((janitor) =>
    playOnStage(janitor, { ...plan, folder: makeTemporaryFolder(process.env, 'lienthong-soak-', janitor) }, watch),
  );
}

async function watch({
  url,
  secrets,
  hubs,
  deaths,
  database,
}: Stage<'national-portal' | typeof SINK>): Promise<boolean> {
  const catalogue = await waitForCatalogue(
    patient(createHubClient(url, stop.signal), stop.signal),
    secrets,
    stop.signal,
  );
  const [service, agency] = [catalogue.services[0], catalogue.agencies[0]];
  if (!service || !agency) throw new Error('the catalogue is empty');
  const load = new SoakLoad({
    url,
    secret: secrets['one-stop'],
    readerSecret: secrets.portal,
    serviceCode: service.code,
    agencyCode: agency.code,
  });
  const peak = await peakOf(load, database);
  const perSecond = Math.max(1, Math.round(peak * share));
  console.error(`holds ${Math.round(peak)} a second with delivery on; ${perSecond} a second for ${minutes} min`);
  const seconds = minutes * 60;
  await load.steady(perSecond, seconds * WARM_UP_SHARE, stop.signal);
  load.begin();
  const autovacuum = await hasAutovacuum(database);
  if (!autovacuum) console.error('autovacuum is off at this server: dead rows cannot be judged; set autovacuum = on');
  const processes = Object.fromEntries(hubs.map(({ name, pid }) => [name, pid]));
  const watched = createWatch({ processes, database, load, autovacuum }, perSecond);
  const until = performance.now() + seconds * (1 - WARM_UP_SHARE) * 1_000;
  const steady = load.steady(perSecond, seconds * (1 - WARM_UP_SHARE), stop.signal);
  while (performance.now() < until && deaths.length === 0 && !stop.signal.aborted) {
    await sleep(LOOK_MS);
    console.error(await watched.look());
  }
  if (stop.signal.aborted) throw new Error('interrupted');
  // A hub that has ended answers nothing.
  if (deaths.length > 0) stop.abort();
  await steady;
  const trends = watched.trends();
  console.log(textOf(trends, perSecond));
  console.log(timesText(load));
  for (const one of deaths) console.log(one);
  return trends.every(({ flat }) => flat) && deaths.length === 0;
}

async function hasAutovacuum(database: StageDatabase): Promise<boolean> {
  const [setting] = await database.rows<{ on: boolean }>(`SELECT current_setting('autovacuum')::boolean AS on`);
  return setting?.on === true;
}

/** Acknowledged and delivered: the number of requests at full speed, over the time until nothing is due. */
async function peakOf(load: SoakLoad, database: StageDatabase): Promise<number> {
  await load.flood(3);
  await drained(database);
  const began = performance.now();
  const acknowledged = await load.flood(PEAK_SECONDS);
  await drained(database);
  return acknowledged / ((performance.now() - began) / 1_000);
}

async function drained(database: StageDatabase): Promise<void> {
  for (const until = performance.now() + DRAINS_WITHIN_MS; performance.now() < until; await sleep(100)) {
    const [due] = await database.rows<{ n: number }>(`SELECT count(*)::int AS n FROM deliveries WHERE state = 'due'`);
    if (due?.n === 0) return;
  }
  throw new Error(`the backlog was not drained within ${DRAINS_WITHIN_MS / 1000} s`);
}

function textOf(trends: readonly Trend[], perSecond: number): string {
  const rows = trends.map((trend) => [
    trend.name,
    rounded(trend.first),
    rounded(trend.last),
    rounded(trend.slopePerHour),
    trend.most === undefined ? '' : rounded(trend.most),
    trend.unit,
    judgementOf(trend),
  ]);
  return [
    '',
    `${perSecond} dossiers a second for ${minutes} min`,
    '',
    table(['', 'first quarter', 'last quarter', 'slope an hour', 'at most', '', ''], rows),
    '',
    verdictOf(trends),
  ].join('\n');
}

/** Of the whole sampled load: a window has too few reads for their p99. */
function timesText(load: SoakLoad): string {
  const rows = [...load.times()].map(([kind, times]) => [
    kind,
    String(times.count),
    ...[0.5, 0.95, 0.99, 1].map((share) => rounded(times.quantileMs(share))),
  ]);
  return ['', table(['ms', 'requests', 'p50', 'p95', 'p99', 'slowest'], rows)].join('\n');
}

function rounded(value: number): string {
  return value.toFixed(Math.abs(value) < 10 ? 1 : 0);
}

function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError(`Got ${text}, expected a number over 0.`);
}

process.exitCode = await soak().then(
  (flat) => (flat ? 0 : 1),
  (error: Error) => {
    console.error(stop.signal.aborted ? 'interrupted' : error.stack);
    return stop.signal.aborted ? 130 : 1;
  },
);
