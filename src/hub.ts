import type { Hono } from 'hono';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Kinds } from '#core/records/kinds';
import { createChangeSignal } from './concurrency/change-signal.ts';
import { type Config, ROLES } from './config/config.ts';
import { retentionPlan } from './config/retention.ts';
import type { Database } from './database/pool.ts';
import type { Replicas } from './database/replicas.ts';
import { createPersonErasure, type PersonErasure } from './erasure/erase-person.ts';
import { createHolds, type Holds } from './erasure/holds.ts';
import { createRetention, type Retention } from './erasure/retention.ts';
import { type FoundationOptions, openFoundation } from './foundation/open-foundation.ts';
import { codeReadings, createReaders, ORIGINALS } from './http/doors/readers.ts';
import { createOriginals } from './index/originals.ts';
import { loadOwnership } from './ledger/ownership.ts';
import type { LedgerReader } from './ledger/read.ts';
import { createFlowKeeper } from './observe/flow.ts';
import { createUptime } from './observe/uptime.ts';
import { createWatches } from './observe/watches.ts';
import type { MakeEvidence } from './operator-orders/evidence.ts';
import { createOrders, type Orders } from './operator-orders/orders.ts';
import { createWeb } from './pages/web.ts';
import { rightsOf, routesOf } from './parties/from-config.ts';
import type { LoadedAdapter } from './parties/load-adapters.ts';
import type { Party } from './parties/party.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import type { HubContext } from './process/hub-context.ts';
import { createLifecycle, type Lifecycle } from './process/lifecycle.ts';
import { createQueue } from './queue/create-queue.ts';
import type { Queue } from './queue/port.ts';
import { createRebuild, type Rebuild } from './rebuild/rebuild.ts';
import { createNightly, createReconcile, type Reconcile } from './reconcile/nightly.ts';
import { createReports, type Reports } from './reports/reports.ts';
import { createScheduler } from './scheduler.ts';
import { createStatistics, type Statistics } from './statistics/statistics.ts';

/** Overrides for tests. */
export interface HubOverrides extends FoundationOptions {
  readonly queue?: Queue;
  /** How often a worker without the scheduler's sweep looks for due deliveries; false for never. */
  readonly lookMs?: number | false;
}

export interface Hub extends Lifecycle, Pick<HubContext, 'files' | 'fileFetcher'> {
  readonly app: Hono;
  readonly pipeline: Pipeline;
  readonly database: Database;
  readonly parties: ReadonlyMap<string, Party>;
  readonly replicas: Replicas;
  /** What `/metrics` shows. A process adds its memory and event loop. */
  readonly metrics: Registry;
  /** The kinds of record beside dossiers. */
  readonly kinds: Kinds;
  /** Queries for operators, over HTTP and by commands. */
  readonly ledger: LedgerReader;
  readonly orders: Orders;
  /** The counts of dossiers. */
  readonly statistics: Pick<Statistics, 'report' | 'count'>;
  /** The signed evidence of a dossier. The audit records who asks. */
  readonly evidence: MakeEvidence;
  /** Builds the index again from the messages, beside the live one, and compares. */
  readonly rebuild: Rebuild;
  /** Compares what the hub holds and sent with what a party has. */
  readonly reconcile: Reconcile;
  /** Erases personal data whose time is over. */
  readonly retention: Retention;
  /** Keeps what must stay for a procedure of law. */
  readonly holds: Holds;
  readonly personErasure: PersonErasure;
  readonly reports: Reports;
}

/**
 * Composes a hub. The database is migrated; nothing runs yet.
 *
 * @param config that loadConfig checked against the adapters
 * @param databaseUrl of the given or the embedded database
 */
export async function createHub(
  config: Config,
  databaseUrl: string,
  adapters: ReadonlyMap<string, LoadedAdapter>,
  log: Logger,
  overrides: HubOverrides = {},
): Promise<Hub> {
  const { file, roles, secrets } = config;
  const foundation = await openFoundation(config, databaseUrl, adapters, log, overrides);
  const { hub, store, heartbeats, replicas, reporting, codes, parties, ownedSince, folder, workingTime } = foundation;
  const { database, vault, nowMs, telemetry, kinds } = hub;
  const routes = routesOf(config);
  const { ownership, rules } = await loadOwnership(database, rightsOf(config, adapters), routes, nowMs());
  const queue = overrides.queue ?? (await createQueue(config.redisUrl, log));
  const changes = createChangeSignal();
  const watches = createWatches({ ...hub, folder, heartbeats, replicas });
  const { lastWrite, shapes } = watches;
  const readers = createReaders(kinds, file, codes);
  const originals = createOriginals(database, vault, ORIGINALS);
  const statistics = createStatistics(hub, workingTime);
  const shared = { queue, parties, routes, ownership, ownedSince, codes, readers, originals, lastWrite, shapes };
  const pipeline = createPipeline(hub, {
    ...shared,
    delivers: roles.includes('worker'),
    isDoubtful: watches.restore.isDoubtful,
    retryDelaysMs: config.retryDelaysMs,
    onCommit: changes.notify,
    statistics,
  });
  const { accept, orders: runner } = pipeline;
  const orders = createOrders(hub, { ...shared, ...codeReadings(kinds, file), runner, accept });
  const compared = { codes, originals, pipeline, queue };
  const reconcile = createNightly(hub, compared, parties);
  const retention = createRetention(hub, retentionPlan(file.retention, file.retentionMonths));
  const scheduler = createScheduler(hub, config, { pipeline, parties, watches, reconcile, statistics, retention });
  const flow = createFlowKeeper(hub);
  const reports = createReports(statistics, file.province, parties, nowMs);
  const erasing = { retention, holds: createHolds(hub), personErasure: createPersonErasure(hub) };
  const services = { ...erasing, reports, orders, statistics };
  const web = createWeb(hub, config, { ...shared, ...services, flow, pipeline, workingTime, changes, replicas });
  const working = { flow, queue, pipeline, scheduler, web, parties, store, heartbeats, replicas, reporting };
  const asked = { roles, isUnnotified: isUnnotified(config), lookMs: overrides.lookMs, log, onFault: telemetry.failed };
  return {
    app: web.app,
    pipeline,
    database,
    parties,
    replicas,
    metrics: telemetry.registry,
    kinds,
    ledger: web.ledger,
    evidence: web.evidence,
    rebuild: createRebuild(hub, { ...shared, lanes: { databaseUrl, secrets, file, rules } }),
    reconcile: createReconcile(hub, compared, parties),
    ...services,
    files: hub.files,
    fileFetcher: hub.fileFetcher,
    ...createLifecycle({ ...working, ...asked, uptime: createUptime(hub, roles) }),
  };
}

/** Whether processes with other roles run without Redis, which would notify them of new work. */
function isUnnotified({ redisUrl, roles }: Config): boolean {
  return redisUrl === undefined && roles.length < ROLES.length;
}
