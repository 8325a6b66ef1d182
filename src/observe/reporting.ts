import type { Logger } from 'pino';
import { instantToMs } from '#core/dates/dates';
import { fewAtOnce } from '../concurrency/batch-calls.ts';
import type { TraceSettings } from '../config/config.ts';
import type { Database } from '../database/pool.ts';
import { countAnomalies } from '../ledger/anomalies.ts';
import { loadBacklog } from '../ledger/backlog.ts';
import { countErased } from '../ledger/erasures.ts';
import { openIncidents } from '../ledger/incidents.ts';
import { lastBackupAt } from '../ledger/process-runs.ts';
import { loadQuarantineAges } from '../ledger/quarantine.ts';
import { lastReconciles } from '../ledger/reconciles.ts';
import { createTelemetry, type Telemetry } from './telemetry.ts';

/** Log, metrics and traces of one process. */
export interface Reporting {
  readonly telemetry: Telemetry;
  /** Sends the last traces. */
  close(): Promise<void>;
}

/** Loads OpenTelemetry only when the settings ask for traces. */
export async function createReporting(log: Logger, settings: TraceSettings | undefined): Promise<Reporting> {
  const traces = settings && (await import('./traces.ts')).createTraces(settings, log);
  return { telemetry: createTelemetry(log, traces), close: async () => traces?.close() };
}

/** Pushes need the same connections. One alone would delay a scrape while the database does not answer. */
const MOST_QUERIES = 2;

/** Adds metrics that are read from the database. */
export function showDatabase(telemetry: Telemetry, database: Database, nowMs: () => number): void {
  const few = fewAtOnce(MOST_QUERIES);
  telemetry.watchBacklog(() => few(() => loadBacklog(database, nowMs())));
  telemetry.watchQuarantine(() => few(() => loadQuarantineAges(database, nowMs())));
  telemetry.watchIncidents(() => few(() => openIncidents(database)));
  telemetry.watchAgreement(() => few(() => lastReconciles(database)));
  telemetry.watchAnomalies(() => few(() => countAnomalies(database)));
  telemetry.watchErased(() => few(() => countErased(database)));
  telemetry.watchBackup(() => few(() => backupAgeS(database, nowMs())));
}

async function backupAgeS(database: Database, nowMs: number): Promise<number | undefined> {
  const at = await lastBackupAt(database);
  return at === undefined ? undefined : Math.max(nowMs - instantToMs(at), 0) / 1_000;
}
