import { DAY_MS, msToInstant } from '#core/dates/dates';
import { MOST_ASKED_MS } from '#core/dossier/settle';
import { createBackground } from './concurrency/background.ts';
import { inOrder } from './concurrency/in-order.ts';
import { singleFlight } from './concurrency/single-flight.ts';
import { forgetOldHeartbeats } from './database/heartbeats.ts';
import { makePartitions } from './database/partitions.ts';
import { keyOldRows } from './database/rekey.ts';
import type { Retention } from './erasure/retention.ts';
import { createMaskRound } from './index/mask-again.ts';
import { addFilterWords } from './index/reword.ts';
import { makeDueAfterSetBack } from './ledger/deliveries.ts';
import { forgetNames } from './ledger/dropped-files.ts';
import { forgetEndedSessions } from './ledger/ended-sessions.ts';
import { forgetOldKeys } from './ledger/idempotency.ts';
import { deleteAnonymousRefusals } from './ledger/messages.ts';
import { duePulls, registerPulls, resealCheckpoints, type ScheduledPull } from './ledger/pulls.ts';
import { watchAway } from './observe/away-partners.ts';
import { watchCertificates } from './observe/certificates.ts';
import { closeUnconfigured } from './observe/unconfigured.ts';
import type { Watches } from './observe/watches.ts';
import type { Party } from './parties/party.ts';
import { nextRunMs } from './parties/schedule.ts';
import type { Pipeline } from './pipeline.ts';
import type { HubContext } from './process/hub-context.ts';
import { dropLeftSchema } from './rebuild/schema.ts';
import { recountAfterServices } from './statistics/count-state.ts';

export interface SchedulerDeps {
  readonly pipeline: Pick<Pipeline, 'sweep' | 'pull' | 'files'>;
  readonly parties: ReadonlyMap<string, Party>;
  readonly watches: Watches;
  readonly reconcile: NightlyReconcile;
  readonly statistics: { count(): Promise<void>; recountAfterCalendar(): Promise<void> };
  readonly retention: Pick<Retention, 'round' | 'dropMonths'>;
}

/** The nightly comparison with parties that can be asked. */
export interface NightlyReconcile {
  register(): Promise<void>;
  /** Whether a party is compared. */
  compares(party: string): boolean;
  due(): Promise<readonly string[]>;
  run(party: string): Promise<void>;
  stop(): void;
}

/** Work that repeats. Every process may do it: leases in the database decide which one acts. */
export interface Scheduler {
  start(): Promise<void>;
  stop(): Promise<void>;
}

const SWEEP_MS = 1_000;
const WATCH_MS = 60_000;
const HOUSEKEEPING_MS = 6 * 3_600_000;
const STOPPED_MS = 3_000;
/** Anyone can fill the log of refusals without a key. */
const ANONYMOUS_REFUSALS_MS = 14 * DAY_MS;

export function createScheduler(
  hub: HubContext,
  { retryDelaysMs }: { readonly retryDelaysMs: readonly number[] },
  deps: SchedulerDeps,
): Scheduler {
  const leaving = new AbortController();
  const pulls = pullsOf(deps.parties, hub.nowMs());
  const runs = createRuns(hub);
  const mask = createMaskRound(hub.database, hub.vault, hub.kinds);
  const works = {
    sweep: singleFlight(() => sweep(hub, deps, runs, pulls, mask)),
    watch: singleFlight(() => watch(hub, deps.watches)),
    schedules: singleFlight(() => schedule(hub, deps, retryDelaysMs)),
    key: singleFlight(() => rekey(hub, leaving.signal)),
    retention: singleFlight(() => retain(hub, deps)),
    files: singleFlight(async () => hub.files?.sweep()),
    fetches: singleFlight(async () => hub.fileFetcher?.run()),
    housekeeping: singleFlight(() => housekeeping(hub, deps, pulls)),
  };
  const background = createBackground(hub.telemetry.failed);
  const timers: NodeJS.Timeout[] = [];

  return {
    async start() {
      await works.schedules();
      const every = (ms: number, where: string, work: () => Promise<void>): void => {
        timers.push(setInterval(() => background.run(where, work()), ms));
      };
      every(SWEEP_MS, 'sweep', works.sweep);
      every(WATCH_MS, 'watch', works.watch);
      every(WATCH_MS, 'schedules', works.schedules);
      every(WATCH_MS, 'key old rows', works.key);
      every(WATCH_MS, 'retention', works.retention);
      every(WATCH_MS, 'files', works.files);
      if (hub.fileFetcher) every(SWEEP_MS, 'fetches', works.fetches);
      every(HOUSEKEEPING_MS, 'housekeeping', works.housekeeping);
      background.run('watch', works.watch());
      background.run('key old rows', works.key());
      background.run('housekeeping', works.housekeeping());
    },
    async stop() {
      for (const timer of timers) clearInterval(timer);
      leaving.abort();
      deps.reconcile.stop();
      hub.fileFetcher?.stop();
      const late = new Promise((resolve) => setTimeout(resolve, STOPPED_MS).unref());
      await Promise.race([Promise.all([background.settled(), runs.settled(), hub.fileFetcher?.idle()]), late]);
    },
  };
}

/** The pulls of the parties, each with its next run. */
function pullsOf(parties: ReadonlyMap<string, Party>, nowMs: number): readonly ScheduledPull[] {
  return [...parties.values()].flatMap(({ id, offers, schedules, adapter }) =>
    offers.pulls.map((name) => {
      const schedule = schedules[name] ?? adapter.pull?.[name]?.schedule;
      return { party: id, name, scheduledMs: schedule === undefined ? undefined : nextRunMs(schedule, nowMs) };
    }),
  );
}

/** Long runs beside the sweep, one for each key. */
interface Runs {
  start(where: string, key: string, work: () => Promise<void>): void;
  settled(): Promise<unknown>;
}

function createRuns({ telemetry }: HubContext): Runs {
  const running = new Map<string, Promise<void>>();
  return {
    start(where, key, work) {
      if (running.has(key)) return;
      const run = work()
        .catch((error) => telemetry.failed(where, error))
        .finally(() => running.delete(key));
      running.set(key, run);
    },
    settled: () => Promise.all(running.values()),
  };
}

async function sweep(
  hub: HubContext,
  { pipeline, reconcile, statistics }: SchedulerDeps,
  runs: Runs,
  pulls: readonly ScheduledPull[],
  mask: () => Promise<void>,
): Promise<void> {
  const known = new Set(pulls.map(({ party, name }) => `${party} ${name}`));
  await inOrder(hub.telemetry.failed, {
    sweep: pipeline.sweep,
    async alerts() {
      // A receiver that does not answer would delay what follows.
      runs.start('alerts', 'alerts', hub.alerts.send);
    },
    async 'due pulls'() {
      for (const { party, name } of await duePulls(hub.database, hub.nowMs())) {
        const key = `${party} ${name}`;
        if (known.has(key)) runs.start('pull', key, () => pipeline.pull(party, name));
      }
    },
    async 'left files'() {
      runs.start('left files', 'files', pipeline.files.continueLeft);
    },
    async 'due reconciles'() {
      for (const party of await reconcile.due())
        runs.start('reconcile', `reconcile ${party}`, () => reconcile.run(party));
    },
    count: statistics.count,
    mask,
  });
}

/** Repeated, because the clock may have been set back: what waits for a moment by the former one would wait too long. */
async function schedule(
  { database, nowMs }: HubContext,
  { parties, reconcile }: SchedulerDeps,
  retryDelaysMs: readonly number[],
): Promise<void> {
  await registerPulls(database, pullsOf(parties, nowMs()), nowMs());
  await reconcile.register();
  // Retries are spread over a tenth of their delay.
  const longestMs = 1.1 * Math.max(MOST_ASKED_MS, ...retryDelaysMs);
  for (const party of parties.keys()) await makeDueAfterSetBack(database, party, longestMs, nowMs());
}

/** Following a long chain may take longer than the time to the next watch. */
async function watch(hub: HubContext, { audit, restore, contradictions, replicas }: Watches): Promise<void> {
  const works = {
    audit,
    'database home': restore.watch,
    away: () => watchAway(hub, hub.nowMs()),
    contradictions,
    replicas,
  };
  await Promise.all(
    Object.entries(works).map(([where, work]) => work().catch((error) => hub.telemetry.failed(where, error))),
  );
}

/** Keys what an older version stored in clear: hours of work after an upgrade, otherwise one query of an empty table. */
async function rekey({ database, vault, telemetry }: HubContext, signal: AbortSignal): Promise<void> {
  const rows = (await resealCheckpoints(database, vault)) + (await keyOldRows(database, vault, signal));
  if (rows > 0) telemetry.log.info({ rows }, 'hashes and search words of an older version keyed');
  const reworded = await addFilterWords(database, signal);
  if (reworded > 0)
    telemetry.log.info({ rows: reworded }, 'dossiers of an older version found by the words of filters');
}

/** Erases what is due, part by part: a round takes some seconds, and the next one continues. */
async function retain({ telemetry }: HubContext, { retention }: SchedulerDeps): Promise<void> {
  const { erased = 0, bodies = 0 } = (await retention.round()) ?? {};
  if (erased + bodies > 0) telemetry.log.info({ erased, bodies }, 'retention');
}

async function housekeeping(
  hub: HubContext,
  { parties, watches, retention, reconcile, statistics }: SchedulerDeps,
  pulls: readonly ScheduledPull[],
): Promise<void> {
  const { database, nowMs, telemetry } = hub;
  await inOrder(telemetry.failed, {
    async 'new months'() {
      const missing = await makePartitions(database, nowMs());
      if (missing.length > 0) telemetry.log.info({ missing }, 'tables in use: their new months wait');
    },
    async 'old months'() {
      const dropped = await retention.dropMonths();
      if (dropped.length > 0) telemetry.log.info({ dropped }, 'old months dropped');
    },
    'old refusals': () => deleteAnonymousRefusals(database, nowMs() - ANONYMOUS_REFUSALS_MS),
    'old shapes': watches.shapes.closeOld,
    'old keys': () => forgetOldKeys(database, msToInstant(nowMs())),
    'ended sessions': () => forgetEndedSessions(database, nowMs()),
    'names of files': () => forgetNames(database),
    'old heartbeats': () => forgetOldHeartbeats(database),
    'left rebuild': () => dropLeftSchema(database),
    'new services': () => recountAfterServices(database),
    'new calendar': statistics.recountAfterCalendar,
    certificates: () => watchCertificates(hub, parties),
    'incidents of old settings': () => closeUnconfigured(hub, { parties, pulls, compares: reconcile.compares }),
    async 'files without a dossier'() {
      await hub.files?.removeOrphans();
    },
  });
}
