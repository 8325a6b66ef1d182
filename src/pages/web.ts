import { setMaxListeners } from 'node:events';
import type { Hono } from 'hono';
import type { WorkingTime } from '#core/dates/working-time';
import type { Rule } from '#core/statistics/rules';
import { say } from '#messages/message';
import { createCatalogueReader } from '../catalogue/read.ts';
import type { ChangeSignal } from '../concurrency/change-signal.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/pool.ts';
import type { Replicas } from '../database/replicas.ts';
import { createApp, createProbes } from '../http/app.ts';
import type { AppContext } from '../http/app-context.ts';
import { createAuditLimit } from '../http/audit-limit.ts';
import { createKeys } from '../http/auth.ts';
import { createBodies } from '../http/bodies.ts';
import { createClients } from '../http/clients.ts';
import { createCursors, createFeedCursors } from '../http/cursor.ts';
import { type Listening, listen } from '../http/listen.ts';
import { refusalOf } from '../http/problem.ts';
import { createReads, type DatabaseReaders, type Reads } from '../http/reads.ts';
import { rememberReports } from '../http/remembered-reports.ts';
import { createSecretGuessLimit } from '../http/secret-guess-limit.ts';
import { createSlots } from '../http/slots.ts';
import { questionOf, type StatisticsQuery } from '../http/statistics-question.ts';
import { createHandlingReader } from '../index/handling-facts.ts';
import { createLookUp } from '../index/look-up.ts';
import { createIndexReader } from '../index/read.ts';
import { createRecordReader } from '../index/record-list.ts';
import { createAudit } from '../ledger/audit.ts';
import { createDelayReader } from '../ledger/delays.ts';
import { createEndedSessions } from '../ledger/ended-sessions.ts';
import { readHubStatus } from '../ledger/hub-status.ts';
import { createNonces } from '../ledger/nonces.ts';
import { createLedgerReader } from '../ledger/read.ts';
import { createRequestLimits } from '../ledger/request-limits.ts';
import { createSavedFilters } from '../ledger/saved-filters.ts';
import { createEvidence, createSignDocument } from '../operator-orders/evidence.ts';
import type { HubContext } from '../process/hub-context.ts';
import type { Queue } from '../queue/port.ts';
import { createCompareAtParty } from '../reconcile/nightly.ts';
import { createStatisticsReports } from '../statistics/statistics.ts';
import { addConsole } from './console/console.ts';
import type { PageContext } from './page-context.ts';
import { addPages, unknownPage } from './pages.ts';

export interface WebDeps
  extends Pick<
    AppContext,
    | 'parties'
    | 'routes'
    | 'codes'
    | 'originals'
    | 'pipeline'
    | 'orders'
    | 'statistics'
    | 'lastWrite'
    | 'retention'
    | 'personErasure'
    | 'reports'
    | 'holds'
    | 'flow'
  > {
  readonly workingTime: WorkingTime;
  readonly queue: Pick<Queue, 'notify'>;
  readonly changes: ChangeSignal;
  readonly replicas: Replicas;
}

/** All HTTP interfaces of the hub: the API, the pages for citizens and the console. */
export interface Web extends Pick<AppContext, 'ledger' | 'evidence'> {
  readonly app: Hono;
  /**
   * Starts to listen. Without the role api, a process answers only probes and metrics. @returns the
   * address
   */
  listen(): Promise<string>;
  /** Lets a proxy send elsewhere, then stops taking new work, and answers open requests. */
  close(): Promise<void>;
}

/**
 * After this time the hub stores and answers the received part of an open stream, then closes its
 * connection.
 */
const STREAMS_MS = 2_500;

export function createWeb(hub: HubContext, config: Config, deps: WebDeps): Web {
  const { province, portalDialect, files: { linkMinutes = LINK_MINUTES } = {} } = config.file;
  const leaving = new AbortController();
  // Each incoming stream adds a listener.
  setMaxListeners(0, leaving.signal);
  let isStopping = false;
  let isDraining = false;
  const access = accessOf(hub, config);
  const primary = { ...databaseReaders(hub, hub.database, deps.workingTime), statistics: deps.statistics };
  const readers = { ...primary, ...ledgerReaders(hub, province, primary) };
  const given = {
    ...hub,
    ...deps,
    ...readers,
    ...access,
    compareAtParty: createCompareAtParty(hub, deps, deps.parties),
    reads: readsOf(hub, access, deps, primary),
    province,
    portalDialect,
    linkMinutes,
    reportingDay: province?.reportingDay,
    maxBodyBytes: config.maxBodyBytes,
    bodies: createBodies(access.clients, config.maxBodyBytes),
    nextChange: deps.changes.next,
    isStopping: () => isStopping,
    isDraining: () => isDraining,
    leaving: leaving.signal,
    unknownPage: unknownPage(province),
  };
  const app = createApp(given);
  addSites(app, hub, given);
  let listening: Listening | undefined;
  return {
    app,
    ledger: readers.ledger,
    evidence: readers.evidence,
    async listen() {
      const onCrowded = (crowd: object): void =>
        hub.log.warn(crowd, 'too many connections: closing those of one address');
      listening = config.roles.includes('api')
        ? await listen(app, { ...config, onCrowded })
        : await listen(createProbes(given), { host: config.host, port: config.probesPort, onCrowded });
      return listening.url;
    },
    async close() {
      isStopping = true;
      await listening?.retire();
      isDraining = true;
      const leave = setTimeout(() => leaving.abort(), STREAMS_MS).unref();
      // Ends the requests that wait for a change.
      deps.changes.notify();
      await listening?.close();
      clearTimeout(leave);
      leaving.abort();
    },
  };
}

/** The readers of the database, and of its replicas. */
function readsOf(hub: HubContext, access: ReturnType<typeof accessOf>, deps: WebDeps, primary: DatabaseReaders): Reads {
  return createReads({
    ...hub,
    ...access,
    primary,
    replicas: deps.replicas,
    readersOf: (database) => ({
      ...databaseReaders(hub, database, deps.workingTime),
      statistics: createStatisticsReports(database),
    }),
  });
}

/** The readers of one database, without its statistics. */
function databaseReaders({ vault, nowMs }: HubContext, database: Database, workingTime: WorkingTime) {
  return {
    index: createIndexReader(database, vault),
    records: createRecordReader(database, vault),
    catalogue: createCatalogueReader(database),
    lookUp: createLookUp(database, vault),
    delays: createDelayReader(database, workingTime, nowMs),
    handlingOf: createHandlingReader(database, vault, workingTime, nowMs),
  };
}

/** The readers that need the primary. */
function ledgerReaders(hub: HubContext, province: Config['file']['province'], { index }: Pick<AppContext, 'index'>) {
  const { database, vault, nowMs } = hub;
  const audit = createAudit(database, nowMs);
  const signDocument = createSignDocument(hub, province);
  return {
    audit,
    signDocument,
    evidence: createEvidence(hub, { index, audit, signDocument }),
    ledger: createLedgerReader(database, vault),
    savedFilters: createSavedFilters(database, nowMs),
  };
}

/** Access control and rate limits. */
function accessOf({ database, vault, nowMs, log }: HubContext, { file }: Config) {
  const onUnnamedProxy = (proxy: string): void =>
    log.warn(
      { proxy },
      'a proxy that `proxies` does not list forwards requests: the hub counts all its clients as one',
    );
  const clients = createClients(file.proxies, onUnnamedProxy, file.clientCertificateHeader);
  const requestLimits = createRequestLimits(database, vault, {
    personPerHour: file.personLimitPerHour,
    askPerHour: file.askLimitPerHour,
  });
  const cursors = createCursors(vault);
  return {
    clients,
    requestLimits,
    keys: createKeys(file.keys ?? [], clients),
    guessLimit: createSecretGuessLimit({ nowMs }, requestLimits, clients),
    useOnce: createNonces(database, nowMs),
    cursors,
    feedCursors: createFeedCursors(vault, cursors),
  };
}

/** Each call may go to another replica. */
function catalogueForVisitors({ forVisitor }: Reads): PageContext['catalogue'] {
  return {
    one: (kind, code) => forVisitor().catalogue.one(kind, code),
    list: (kind, filter, limit, after) => forVisitor().catalogue.list(kind, filter, limit, after),
    count: (kind, filter) => forVisitor().catalogue.count(kind, filter),
    offered: () => forVisitor().catalogue.offered(),
    agencies: () => forVisitor().catalogue.agencies(),
    keys: (kind, filter) => forVisitor().catalogue.keys(kind, filter),
    versionsOf: (kind, code, limit, before) => forVisitor().catalogue.versions.of(kind, code, limit, before),
  };
}

const LINK_MINUTES = 15;
const STATUS_REMEMBERED_MS = 10_000;
/** Each live page reads its part again and again. */
const MOST_LIVE_PAGES = 50;
const LIVE_PAGE_RETRY_S = 30;
const MONTHS = 24;
const MOST_AGENCIES = 20;

/** The first day of the month that began this many months ago, in Vietnam. */
function monthsAgo(nowMs: number, months: number): string {
  const now = new Date(nowMs + 7 * 3_600_000);
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 1)).toISOString().slice(0, 10);
}

function addSites(app: Hono, hub: HubContext, context: Omit<AppContext, 'noteRefusal' | 'pages'>): void {
  const { reads, reportingDay, audit, keys } = context;
  const { nowMs, database } = hub;
  const report = rememberReports(
    (query: StatisticsQuery) => reads.forVisitor().statistics.report(questionOf(query, nowMs(), reportingDay)),
    nowMs,
  );
  addPages(app, {
    ...context,
    refusalOf,
    catalogue: catalogueForVisitors(reads),
    statistics: report,
    status: rememberReports((number) => readHubStatus(database, nowMs(), number), nowMs, STATUS_REMEMBERED_MS),
    monthly: rememberReports((rule: Rule) => {
      const from = monthsAgo(nowMs(), MONTHS - 1);
      return reads.forVisitor().statistics.monthly(questionOf({ from, rule }, nowMs(), reportingDay), MOST_AGENCIES);
    }, nowMs),
  });
  addConsole(app, {
    ...context,
    report,
    refusalOf,
    endedSessions: createEndedSessions(database),
    attempts: createAuditLimit({ audit, nowMs }),
    openStreams: createSlots(MOST_LIVE_PAGES, (key) => ({
      detail: say('streams-open', { count: MOST_LIVE_PAGES, id: key }),
      retryAfterS: LIVE_PAGE_RETRY_S,
    })),
    isKey: (id) => keys.byId(id) !== undefined,
  });
}
