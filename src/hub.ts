import { setMaxListeners } from 'node:events';
import type { Hono } from 'hono';
import type { Logger } from 'pino';
import { createWorkingTime } from '#core/dates/working-time';
import { createOwnership } from '#core/dossier/ownership';
import { workingCalendar } from '#mappings/working-days/calendar';
import type { Operation } from '#schemas/operations';
import { createCatalogueReader } from './catalogue/read.ts';
import { createChangeSignal } from './concurrency/change-signal.ts';
import { type Config, embeddedFolder, ROLES } from './config/config.ts';
import { type Clock, databaseClock } from './database/clock.ts';
import { migrate } from './database/migrate.ts';
import { type Database, openDatabase, refuseOtherSettings, type Waits } from './database/pool.ts';
import { keyOldRows } from './database/rekey.ts';
import { unopenedMessages } from './database/reseal.ts';
import { dataFolderOf } from './embedded-postgres/cluster.ts';
import { createApp, createProbes } from './http/app.ts';
import { createAuditLimit } from './http/audit-limit.ts';
import { createKeys } from './http/auth.ts';
import { createClients } from './http/clients.ts';
import { createCursors } from './http/cursor.ts';
import { createReaders, DOOR_TABLES, ORIGINALS } from './http/doors/readers.ts';
import { type Listening, listen } from './http/listen.ts';
import { refusalOf } from './http/problem.ts';
import { rememberReports } from './http/remembered-reports.ts';
import { createSecretGuessLimit } from './http/secret-guess-limit.ts';
import { questionOf } from './http/statistics-question.ts';
import { createLookUp } from './index/look-up.ts';
import { createMaskRound, maskStale } from './index/mask-again.ts';
import { createOriginals } from './index/originals.ts';
import { createIndexReader } from './index/read.ts';
import { countAnomalies } from './ledger/anomalies.ts';
import { createAudit } from './ledger/audit.ts';
import { loadBacklog } from './ledger/backlog.ts';
import { createCodeEntries } from './ledger/code-entries.ts';
import { createDelayReader } from './ledger/delays.ts';
import { createEndedSessions } from './ledger/ended-sessions.ts';
import { createNonces } from './ledger/nonces.ts';
import { loadOwnedSince } from './ledger/ownership.ts';
import { registerParties } from './ledger/party-states.ts';
import { resealCheckpoints } from './ledger/pulls.ts';
import { createLedgerReader, type LedgerReader } from './ledger/read.ts';
import { lastReconciles } from './ledger/reconciles.ts';
import { createTries } from './ledger/tries.ts';
import { createAlerts } from './observe/alerts.ts';
import { createAuditWatch } from './observe/audit-watch.ts';
import { createLastWrite } from './observe/last-write.ts';
import { createPayloadShapes } from './observe/payload-shapes.ts';
import { createRestoreWatch, reportRestore } from './observe/restore-watch.ts';
import { createTelemetry } from './observe/telemetry.ts';
import { createAttest, createEvidence, type MakeEvidence } from './operator-orders/evidence.ts';
import { createOrders, type Orders } from './operator-orders/orders.ts';
import { addConsole } from './pages/console/console.ts';
import { addPages, unknownPage } from './pages/pages.ts';
import { createParties, rightsOf } from './parties/from-config.ts';
import type { LoadedAdapter } from './parties/load-adapters.ts';
import type { Party } from './parties/party.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import type { HubContext } from './process/hub-context.ts';
import { createInProcessQueue } from './queue/in-process.ts';
import type { Queue } from './queue/port.ts';
import { type RebuildOptions, type RebuildReport, rebuildIndex } from './rebuild/rebuild.ts';
import { createNightly } from './reconcile/nightly.ts';
import { type ReconcileOptions, type ReconcileReport, reconcileParty } from './reconcile/reconcile.ts';
import { createScheduler } from './scheduler.ts';
import { createVault, type Vault } from './secrets/vault.ts';
import { createStatistics } from './statistics/statistics.ts';

/** What the world gives a hub, to be replaced in tests. */
export interface HubOverrides extends Waits {
  /** A time that is made up. Without it the hub goes by the database's clock. */
  readonly nowMs?: () => number;
  /** What this machine takes for the time. */
  readonly machineMs?: () => number;
  readonly random?: () => number;
  readonly queue?: Queue;
  /** How often a worker without the scheduler's sweep looks for itself what is due; false for never. */
  readonly lookMs?: number | false;
}

export interface Hub {
  readonly app: Hono;
  readonly pipeline: Pipeline;
  readonly database: Database;
  readonly parties: ReadonlyMap<string, Party>;
  /** Begin to answer (role api; the others: probes and metrics), to deliver (worker) and to ring (scheduler). Resolves with the address. */
  start(): Promise<string>;
  /** Take nothing new, finish what is under way, let go of everything. */
  stop(): Promise<void>;
  /** What operators see and order, over HTTP and by commands. */
  readonly ledger: LedgerReader;
  readonly orders: Orders;
  /** The signed evidence of a dossier; who looks is kept in the audit. */
  readonly evidence: MakeEvidence;
  /** Build the index anew from the messages, beside the live one, and compare; see rebuildIndex. */
  rebuild(options?: RebuildOptions): Promise<RebuildReport>;
  /** Compare what we hold and told with what a party has; see reconcileParty. */
  reconcile(party: string, options?: ReconcileOptions): Promise<ReconcileReport>;
}

/**
 * Put a hub together. The database is migrated; nothing runs yet.
 *
 * @param config that loadConfig has held against the adapters
 * @param databaseUrl of the given or the embedded database
 */
export async function createHub(
  config: Config,
  databaseUrl: string,
  adapters: ReadonlyMap<string, LoadedAdapter>,
  log: Logger,
  overrides: HubOverrides = {},
): Promise<Hub> {
  const { random = Math.random, lookMs = LOOK_MS } = overrides;
  const { file, roles } = config;
  const traces = config.traces && (await import('./observe/traces.ts')).createTraces(config.traces, log);
  const telemetry = createTelemetry(log, traces);
  const routes = (file.routes ?? []).map((route) => ({ ...route, operation: route.operation as Operation }));
  const database = openDatabase(databaseUrl, overrides);
  const vault = createVault(config.secrets);
  const codes = createCodeEntries(database);
  const asked = embeddedFolder(config);
  const folder = asked && dataFolderOf(asked);
  let clock: Clock | undefined;
  let nowMs: () => number;
  let parties: ReadonlyMap<string, Party>;
  let ownedSince: string;
  const ownership = createOwnership(rightsOf(config, adapters), routes);
  try {
    await refuseOtherSettings(database);
    clock = overrides.nowMs ? undefined : await databaseClock(database, overrides.machineMs ?? Date.now);
    nowMs = clock?.nowMs ?? (overrides.nowMs as () => number);
    tellClock(clock, log);
    parties = createParties(config, adapters, database, codes, nowMs);
    for (const { adapter } of parties.values()) await adapter.load?.();
    const applied = await migrate(database, nowMs());
    if (applied.length > 0) log.info({ applied }, 'migrated');
    await refuseOtherSecret(database, vault);
    ownedSince = await loadOwnedSince(database);
    await registerParties(database, [...parties.keys()]);
    // Before anything is kept or told.
    await reportRestore({ database, telemetry, nowMs, folder });
  } catch (error) {
    clock?.close();
    await Promise.all([database.close(), traces?.close()]);
    throw error;
  }
  telemetry.watchBacklog(() => loadBacklog(database, nowMs()));
  const queue = overrides.queue ?? (await createQueue(config, log));
  const changed = createChangeSignal();
  const alerts = createAlerts({ database, telemetry, nowMs, webhook: file.alerts });
  const home = createRestoreWatch({ database, alerts, telemetry, nowMs, folder });
  const shapes = createPayloadShapes({ database, alerts, telemetry, nowMs });
  const readers = createReaders(file.province?.code, codes);
  const originals = createOriginals(database, vault, ORIGINALS);
  const lastWrite = createLastWrite(nowMs);
  const hub: HubContext = { database, vault, nowMs, random, log, telemetry, alerts };
  const pipeline = createPipeline(hub, {
    queue,
    delivers: roles.includes('worker'),
    parties,
    routes,
    ownership,
    ownedSince,
    readers,
    codes,
    originals,
    isDoubtful: home.isDoubtful,
    retryDelaysMs: config.retryDelaysMs,
    shapes,
    lastWrite,
    onCommit: changed.notify,
  });
  const reconciling = { codes, originals, pipeline, queue };
  telemetry.watchAgreement(() => lastReconciles(database));
  telemetry.watchAnomalies(() => countAnomalies(database));
  const workingTime = createWorkingTime(workingCalendar(file.province));
  const statistics = createStatistics({ database, nowMs, telemetry }, workingTime);
  const rounds = createScheduler({
    pipeline,
    reconcile: createNightly(hub, reconciling, parties),
    database,
    parties,
    nowMs,
    telemetry,
    alerts,
    shapes,
    retentionMonths: file.retentionMonths,
    count: statistics.count,
    mask: createMaskRound(database, vault),
    watchAudit: createAuditWatch({ database, vault, alerts, telemetry, nowMs }),
    watchHome: home.watch,
    keyOldRows: async (signal) =>
      (await resealCheckpoints(database, vault)) + (await keyOldRows(database, vault, signal)),
  });
  const ledger = createLedgerReader(database, vault);
  const orders = createOrders(hub, {
    queue,
    parties,
    codes,
    routes,
    ownership,
    doorTables: DOOR_TABLES,
    readersWith: (other) => createReaders(file.province?.code, other),
    runner: pipeline.orders,
  });
  const reportingDay = file.province?.reportingDay;
  const clients = createClients(
    file.proxies,
    (proxy) =>
      log.warn(
        { proxy },
        'requests are forwarded by a proxy that `proxies` does not name: who comes by it is taken for one client',
      ),
    file.clientCertificateHeader,
  );
  let draining = false;
  const isDraining = (): boolean => draining;
  const leaving = new AbortController();
  // Each stream that arrives listens.
  setMaxListeners(0, leaving.signal);
  const keys = createKeys(file.keys ?? [], clients);
  const tries = createTries(database, vault);
  const guessLimit = createSecretGuessLimit({ nowMs }, tries, clients);
  const cursors = createCursors(vault);
  const catalogue = createCatalogueReader(database);
  const index = createIndexReader(database, vault);
  const audit = createAudit(database, nowMs);
  const attest = createAttest(hub, file.province);
  const evidence = createEvidence(hub, { index, audit, attest });
  const app = createApp({
    pipeline,
    telemetry,
    database,
    parties,
    vault,
    nowMs,
    province: file.province,
    keys,
    guessLimit,
    clients,
    useOnce: createNonces(database, nowMs),
    cursors,
    index,
    lookUp: createLookUp(database, vault),
    tries,
    catalogue,
    statistics,
    reportingDay,
    delays: createDelayReader(database, workingTime, nowMs),
    audit,
    attest,
    evidence,
    codes,
    originals,
    routes,
    ledger,
    orders,
    maxBodyBytes: config.maxBodyBytes,
    nextChange: changed.next,
    isDraining,
    leaving: leaving.signal,
    lastWrite,
    unknownPage: unknownPage(file.province),
  });
  addPages(app, {
    nowMs,
    telemetry,
    province: file.province,
    catalogue,
    cursors,
    refusalOf,
    statistics: rememberReports((query) => statistics.report(questionOf(query, nowMs(), reportingDay)), nowMs),
    reportingDay,
  });
  addConsole(app, {
    vault,
    nowMs,
    telemetry,
    province: file.province,
    clients,
    guessLimit,
    refusalOf,
    endedSessions: createEndedSessions(database),
    attempts: createAuditLimit({ audit, nowMs }),
    isKey: (id) => keys.byId(id) !== undefined,
  });
  let listening: Listening | undefined;
  let looking: NodeJS.Timeout | undefined;
  const look = (): Promise<void> => pipeline.deliverDue().catch((error) => telemetry.failed('look', error));

  return {
    app,
    pipeline,
    database,
    parties,
    ledger,
    orders,
    evidence,
    async rebuild(options) {
      // What an older hub masked would differ, and the scheduler writes it again anyway.
      await maskStale(database, vault);
      return rebuildIndex({ live: database, vault, parties, readers, codes, ownership, ownedSince, nowMs }, options);
    },
    async reconcile(id, options) {
      const party = parties.get(id);
      if (!party) throw new Error(`there is no party ${JSON.stringify(id)}`);
      return reconcileParty(hub, reconciling, party, options);
    },
    async start() {
      if (config.redisUrl === undefined && roles.length < ROLES.length)
        log.warn({ roles }, 'without REDIS_URL other processes find new work by looking for it alone, seconds later');
      if (roles.includes('worker')) await queue.listen((party) => pipeline.deliver(party));
      if (roles.includes('scheduler')) await rounds.start();
      else if (roles.includes('worker') && lookMs !== false) looking = setInterval(() => void look(), lookMs);
      const onCrowded = (crowd: object): void =>
        log.warn(crowd, 'too many connections: those of one address are closed');
      listening = roles.includes('api')
        ? await listen(app, { ...config, onCrowded })
        : await listen(createProbes({ database, telemetry, isDraining, lastWrite }), {
            ...{ host: config.host, port: config.probesPort },
            onCrowded,
          });
      return listening.url;
    },
    async stop() {
      const startedMs = performance.now();
      draining = true;
      clearInterval(looking);
      setTimeout(() => leaving.abort(), STREAMS_MS).unref();
      // Who waits for a change is answered now.
      changed.notify();
      await Promise.all([rounds.stop(), listening?.close()]);
      await pipeline.drain(startedMs + DRAINED_MS - performance.now());
      await queue.close();
      for (const party of parties.values()) party.close();
      clock?.close();
      await Promise.all([database.close(), traces?.close()]);
    },
  };
}

/**
 * Where Redis is away, full or read-only, no ring of another process is heard. A process with the scheduler goes on by its
 * sweep; one that only works has to look for itself.
 */
const LOOK_MS = 3_000;

/** A stream that has not ended by then is told how much of it is held, before its connection is closed (listen.ts). */
const STREAMS_MS = 2_500;

/** Of the ten seconds in which a process has to end: what is let go of after that takes up to three. */
const DRAINED_MS = 6_500;

/** With another secret nothing that is kept could be opened, and what comes would be sealed with a wrong one. */
async function refuseOtherSecret(database: Database, vault: Vault): Promise<void> {
  const { looked, unopened } = (await unopenedMessages(database, vault, 100)).newest;
  if (unopened > 0)
    throw new Error(
      `${unopened} of the newest ${looked} messages are encrypted with a secret that neither HUB_SECRET nor HUB_SECRET_OLD gives; give the one of before in HUB_SECRET_OLD`,
    );
}

const CLOCKS_DIFFER_MS = 1_000;

function tellClock(clock: Clock | undefined, log: Logger): void {
  const aheadMs = Math.round(clock?.aheadMs() ?? 0);
  if (Math.abs(aheadMs) > CLOCKS_DIFFER_MS)
    log.warn({ aheadMs }, "this machine's clock is not the database's: the hub goes by the database's");
}

/** Bull takes a tenth of a start: without Redis it is not loaded. */
async function createQueue(config: Config, log: Logger): Promise<Queue> {
  if (config.redisUrl === undefined) return createInProcessQueue();
  const { createBullQueue } = await import('./queue/bull.ts');
  return createBullQueue({ url: config.redisUrl, log: (fields, message) => log.warn(fields, message) });
}
