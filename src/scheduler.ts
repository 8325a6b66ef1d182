import { msToInstant } from '#core/dates/dates';
import { dropOldPartitions, makePartitions } from './database/partitions.ts';
import type { Database } from './database/pool.ts';
import { forgetEndedSessions } from './ledger/ended-sessions.ts';
import { forgetOldKeys } from './ledger/idempotency.ts';
import { forgetStrangersRefusals } from './ledger/messages.ts';
import { duePulls, registerPulls } from './ledger/pulls.ts';
import type { Alerts } from './observe/alerts.ts';
import { watchAway } from './observe/away-partners.ts';
import { watchCertificates } from './observe/certificates.ts';
import type { PayloadShapes } from './observe/payload-shapes.ts';
import type { Telemetry } from './observe/telemetry.ts';
import type { Party } from './parties/party.ts';
import type { Pipeline } from './pipeline.ts';
import { recountAfterServices } from './statistics/counted.ts';

export interface SchedulerDeps {
  readonly pipeline: Pipeline;
  readonly database: Database;
  readonly parties: ReadonlyMap<string, Party>;
  readonly nowMs: () => number;
  readonly telemetry: Telemetry;
  readonly alerts: Alerts;
  readonly shapes: PayloadShapes;
  /** Months that messages, events, attempts and changes are kept; undefined keeps them. */
  readonly retentionMonths: number | undefined;
  readonly reconcile: NightlyReconcile;
  /** Count what changed since the last time. */
  readonly count: () => Promise<void>;
  /** Mask again what an older hub masked. */
  readonly mask: () => Promise<void>;
  /** See createAuditWatch. */
  readonly watchAudit: () => Promise<void>;
  /** See HomeWatch. */
  readonly watchHome: () => Promise<void>;
  /** Key what an older version stored in clear, until none is left or the signal is aborted. @returns how many rows */
  readonly keyOldRows: (signal: AbortSignal) => Promise<number>;
}

/** Comparing with the parties that can be asked, in the night. */
export interface NightlyReconcile {
  register(): Promise<void>;
  due(): Promise<readonly string[]>;
  run(party: string): Promise<void>;
  stop(): void;
}

/** What the scheduler does again and again. Every process may do it: the ledger's leases say who acts. */
export interface Scheduler {
  start(): Promise<void>;
  stop(): Promise<void>;
}

const SWEEP_MS = 1_000;
const WATCH_MS = 60_000;
const HOUSEKEEPING_MS = 6 * 3_600_000;
/** Anybody can fill what is kept of strangers. */
const STRANGERS_REFUSALS_MS = 14 * 86_400_000;

export function createScheduler(means: SchedulerDeps): Scheduler {
  const { pipeline, database, parties, nowMs, telemetry, alerts, retentionMonths, reconcile } = means;
  const pulls = [...parties.values()].flatMap((party) =>
    Object.keys(party.adapter.pull ?? {}).map((name) => ({ party: party.id, name })),
  );
  const known = new Set(pulls.map((pull) => `${pull.party} ${pull.name}`));
  const pulling = new Map<string, Promise<void>>();
  const timers: NodeJS.Timeout[] = [];
  let sweeping: Promise<void> | undefined;

  /** One that fails holds up none of the others. */
  async function sweep(): Promise<void> {
    const works = {
      sweep: pipeline.sweep,
      alerts: alerts.send,
      'due pulls': startPulls,
      'due reconciles': startReconciles,
      count: means.count,
      mask: means.mask,
    };
    for (const [where, work] of Object.entries(works)) await work().catch((error) => telemetry.failed(where, error));
  }

  async function startPulls(): Promise<void> {
    for (const { party, name } of await duePulls(database, nowMs())) {
      const key = `${party} ${name}`;
      if (!known.has(key) || pulling.has(key)) continue;
      const run = pipeline
        .pull(party, name)
        .catch((error) => telemetry.failed('pull', error))
        .finally(() => pulling.delete(key));
      pulling.set(key, run);
    }
  }

  async function startReconciles(): Promise<void> {
    for (const party of await reconcile.due()) {
      const key = `reconcile ${party}`;
      if (pulling.has(key)) continue;
      const run = reconcile
        .run(party)
        .catch((error) => telemetry.failed('reconcile', error))
        .finally(() => pulling.delete(key));
      pulling.set(key, run);
    }
  }

  async function housekeeping(): Promise<void> {
    await makePartitions(database, nowMs());
    if (retentionMonths !== undefined) {
      const dropped = await dropOldPartitions(database, nowMs(), retentionMonths);
      if (dropped.length > 0) telemetry.log.info({ dropped }, 'old months dropped');
    }
    await forgetStrangersRefusals(database, nowMs() - STRANGERS_REFUSALS_MS);
    await means.shapes.closeOld();
    await forgetOldKeys(database, msToInstant(nowMs()));
    await forgetEndedSessions(database, nowMs());
    await recountAfterServices(database.pool);
    await watchCertificates({ database, alerts, nowMs }, parties);
  }

  let watching: Promise<unknown> | undefined;
  /** Following a long chain may take longer than until the next time. */
  function watch(): void {
    const works = {
      audit: means.watchAudit,
      'database home': means.watchHome,
      away: () => watchAway(means, nowMs()),
    };
    watching ??= Promise.all(
      Object.entries(works).map(([where, work]) => work().catch((error) => telemetry.failed(where, error))),
    ).finally(() => {
      watching = undefined;
    });
  }

  let keying: Promise<void> | undefined;
  const leaving = new AbortController();
  /** Hours of work after an upgrade; otherwise one question to an empty table. */
  function keyOldRows(): void {
    keying ??= means
      .keyOldRows(leaving.signal)
      .then((rows) => {
        if (rows > 0) telemetry.log.info({ rows }, 'hashes and search words of an older version keyed');
      })
      .catch((error) => telemetry.failed('key old rows', error))
      .finally(() => {
        keying = undefined;
      });
  }

  let keeping: Promise<void> = Promise.resolve();
  function keepHouse(): void {
    keeping = housekeeping().catch((error) => telemetry.failed('housekeeping', error));
  }

  function every(ms: number, work: () => Promise<void>): void {
    timers.push(setInterval(() => void work(), ms));
  }

  return {
    async start() {
      await registerPulls(database, pulls, nowMs());
      await reconcile.register();
      every(SWEEP_MS, async () => {
        // A sweep that takes longer than its time is not started twice.
        sweeping ??= sweep().finally(() => {
          sweeping = undefined;
        });
        await sweeping;
      });
      every(WATCH_MS, async () => watch());
      watch();
      every(WATCH_MS, async () => keyOldRows());
      keyOldRows();
      every(HOUSEKEEPING_MS, async () => keepHouse());
      keepHouse();
    },
    async stop() {
      for (const timer of timers) clearInterval(timer);
      leaving.abort();
      reconcile.stop();
      await Promise.race([
        Promise.all([sweeping, ...pulling.values(), keeping, watching, keying]),
        new Promise((resolve) => setTimeout(resolve, 3_000).unref()),
      ]);
    },
  };
}
