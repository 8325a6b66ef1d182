import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { instantToMs } from '#core/dates/dates';
import { maskErrorText, maskNamesIn } from '#core/masking/masking';
import { createRepeats } from '#core/repeats';
import { render } from '#messages/render';
import type { ReplicaState } from '../database/replicas.ts';
import type { AnomalyCount } from '../ledger/anomalies.ts';
import type { Backlog } from '../ledger/backlog.ts';
import type { Claimed } from '../ledger/claim.ts';
import type { LastReconcile } from '../ledger/reconciles.ts';
import type { Settled } from '../ledger/settle.ts';
import { type AcceptedResult, type AcceptedSubmission, createAcceptedMetrics } from './metrics/accepted.ts';
import { createAttemptMetrics } from './metrics/attempts.ts';
import { createCounts, createFileCount } from './metrics/counts.ts';
import { createFlowCounter, type FlowCounter } from './metrics/flow-counter.ts';
import {
  showAgreement,
  showAnomalies,
  showBacklog,
  showBackup,
  showErased,
  showIncidents,
  showQuarantine,
  showReplicas,
  showRetention,
  withinScrape,
} from './metrics/stored.ts';
import type { Traces } from './traces.ts';

/** The hub's own log lines and metrics: ids and codes, never personal data or secrets. */
export interface Telemetry {
  readonly registry: Registry;
  /** Counts messages and attempts for the console. */
  readonly flow: FlowCounter;
  readonly log: Logger;
  /** Adds metrics of unsettled deliveries, read on each scrape. They are absent while the read fails. */
  watchBacklog(load: () => Promise<readonly Backlog[]>): void;
  /** Adds a metric of what waits for a decision. */
  watchQuarantine(load: Parameters<typeof showQuarantine>[1]): void;
  /** Adds metrics of the dossiers on which each party agreed at its last reconciliation. */
  watchAgreement(load: () => Promise<readonly LastReconcile[]>): void;
  /** Adds a metric of the open incidents, read on each scrape. */
  watchIncidents(load: Parameters<typeof showIncidents>[1]): void;
  /** Adds a metric of the anomalies in the history, read on each scrape. */
  watchAnomalies(load: () => Promise<readonly AnomalyCount[]>): void;
  /** Adds metrics of the replicas. */
  watchReplicas(states: () => readonly ReplicaState[]): void;
  /** Logs that a replica came into use or went out of use. */
  replicaChanged(state: ReplicaState): void;
  /** Counts a read by the database that was chosen for it. */
  readAt(target: string): void;
  /** Counts a read that the primary answered in place of a replica. */
  replicaFailed(replica: string): void;
  /** Adds a metric of what is due to be erased. */
  watchRetention(load: Parameters<typeof showRetention>[1]): void;
  /** Adds a metric of the age of the newest backup. */
  watchBackup(load: Parameters<typeof showBackup>[1]): void;
  /** Adds a metric of the erased dossiers and records. */
  watchErased(load: Parameters<typeof showErased>[1]): void;
  /** Records committed messages. Their changes are in the index at this time. */
  accepted(submissions: readonly AcceptedSubmission[], accepted: readonly AcceptedResult[], atMs: number): void;
  attempted(settled: Settled): void;
  /** The trace headers for a call to a partner. Empty when traces are off. */
  headersOf(claimed: Claimed): Readonly<Record<string, string>>;
  pulled(party: string, name: string, error: string | undefined): void;
  /** Counts a citizen's look-up. Many refusals indicate a client that guesses. */
  lookedUp(outcome: 'found' | 'not-found' | 'too-often'): void;
  /** Counts a file that arrived, by what became of it. */
  fileArrived(party: string, result: string): void;
  /** Counts and logs a question to a register. The log has neither values nor officer. */
  asked(ask: AskedLine): void;
  /** Counts a request that a door refused, by how much of it the message log stores. */
  refused(door: string, kept: 'whole' | 'part' | 'none'): void;
  /** Logs and counts an unexpected error. The hub continues. An equal error of a place is logged once a minute. */
  failed(where: string, error: unknown): void;
}

/** A question to a register, as the log shows it. */
export interface AskedLine {
  readonly ask: string;
  readonly party: string;
  readonly question: string;
  readonly outcome: string;
  readonly reason?: string | undefined;
  readonly tookMs: number;
}

/** @param traces undefined when traces are off */
export function createTelemetry(log: Logger, traces?: Traces): Telemetry {
  const registry = new Registry();
  const countAccepted = createAcceptedMetrics(registry);
  const countAttempt = createAttemptMetrics(registry);
  const flow = createFlowCounter();
  const repeats = createRepeats(() => performance.now());
  const { pulls, lookUps, asks, askSeconds, refusals, failures, reads, replicaFailures } = createCounts(registry);
  return {
    registry,
    flow,
    log,
    watchBacklog: (load) => showBacklog(registry, withinScrape(load)),
    watchQuarantine: (load) => showQuarantine(registry, withinScrape(load)),
    watchAgreement: (load) => showAgreement(registry, withinScrape(load)),
    watchIncidents: (load) => showIncidents(registry, withinScrape(load)),
    watchAnomalies: (load) => showAnomalies(registry, withinScrape(load)),
    watchReplicas: (states) => showReplicas(registry, states),
    replicaChanged({ name, lagMs, why }) {
      const lag = { replica: name, lagS: Math.round(lagMs) / 1_000 };
      if (why) log.warn({ ...lag, why: render(why, 'en') }, 'replica out of use: the primary answers its reads');
      else log.info(lag, 'replica in use');
    },
    readAt: (target) => reads.inc({ target }),
    replicaFailed: (replica) => replicaFailures.inc({ replica }),
    watchRetention: (load) => showRetention(registry, withinScrape(load)),
    watchBackup: (load) => showBackup(registry, withinScrape(load)),
    watchErased: (load) => showErased(registry, withinScrape(load)),
    accepted(submissions, accepted, atMs) {
      countAccepted(submissions, accepted, atMs);
      flow.accepted(submissions, accepted, atMs);
      if (traces) traceAccepted(traces, submissions, accepted, atMs);
    },
    attempted(settled) {
      countAttempt(settled);
      flow.attempted(settled, instantToMs(settled.at));
      logAttempt(log, settled);
      traces?.attempted(settled);
    },
    headersOf: (claimed): Readonly<Record<string, string>> =>
      traces ? { traceparent: traces.traceparentOf(claimed) } : {},
    lookedUp: (outcome) => lookUps.inc({ outcome }),
    fileArrived: createFileCount(registry),
    asked({ party, question, outcome, tookMs, ...line }) {
      asks.inc({ party, question, outcome });
      askSeconds.observe({ party }, tookMs / 1_000);
      log.info({ ...line, party, question, outcome, tookMs }, 'ask');
    },
    pulled(party, name, error) {
      pulls.inc({ party, name, result: error === undefined ? 'complete' : 'failed' });
      log.info({ party, name, error: error !== undefined ? maskNamesIn(error) : undefined }, 'pull');
    },
    refused: (door, kept) => refusals.inc({ door, kept }),
    failed(where, error) {
      failures.inc({ where: where.split(' ')[0] as string });
      logFailure(log, repeats, where, error as Error);
    },
  };
}

/** While the database is away, each schedule fails each second. The stack tells two faults of one place apart. */
function logFailure(log: Logger, repeats: ReturnType<typeof createRepeats>, where: string, error: Error): void {
  const { message, code, stack } = error as Error & { code?: string };
  const heldBack = repeats(`${where}: ${message} ${stack}`);
  if (heldBack === undefined) return;
  // An adapter that fails may quote what it could not read.
  const shown = maskErrorText(message);
  const repeated = heldBack > 0 ? heldBack : undefined;
  log.error({ where, error: shown, code, stack: stack?.replace(message, () => shown), repeated }, 'failed');
}

function traceAccepted(
  traces: Traces,
  submissions: readonly AcceptedSubmission[],
  accepted: readonly AcceptedResult[],
  atMs: number,
): void {
  for (const [at, { messageId, ...result }] of accepted.entries())
    if (messageId !== undefined)
      traces.accepted({ messageId, ...(submissions[at] as AcceptedSubmission), ...result }, atMs);
}

function logAttempt(log: Logger, { claimed, outcome, settlement, tookMs }: Settled): void {
  log.info(
    {
      delivery: claimed.id,
      party: claimed.party,
      operation: claimed.operation,
      subject: claimed.subject,
      message: claimed.messageId,
      attempt: claimed.attempts,
      outcome: outcome.kind,
      reason: outcome.reason,
      follows: settlement.state,
      tookMs,
    },
    'attempt',
  );
}
