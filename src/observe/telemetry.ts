import type { Logger } from 'pino';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { instantToMs } from '#core/dates/dates';
import type { Item } from '#core/dossier/item';
import { maskNamesIn } from '#core/masking/masking';
import type { AnomalyCount } from '../ledger/anomalies.ts';
import type { Backlog } from '../ledger/backlog.ts';
import type { Claimed } from '../ledger/claim.ts';
import type { LastReconcile } from '../ledger/reconciles.ts';
import type { Settled } from '../ledger/settle.ts';
import type { AcceptedMessage, Traces } from './traces.ts';

/** The hub's own log lines and metrics: ids and codes, never personal data or secrets. */
export interface Telemetry {
  readonly registry: Registry;
  readonly log: Logger;
  /** Adds metrics of unsettled deliveries, read on each scrape. They are absent while the read fails. */
  watchBacklog(load: () => Promise<readonly Backlog[]>): void;
  /** Adds metrics of the dossiers on which each party agreed at its last reconciliation. */
  watchAgreement(load: () => Promise<readonly LastReconcile[]>): void;
  /** Adds a metric of the anomalies in the history, read on each scrape. */
  watchAnomalies(load: () => Promise<readonly AnomalyCount[]>): void;
  /** Records committed messages. Their changes are in the index at this time. */
  accepted(submissions: readonly AcceptedSubmission[], accepted: readonly AcceptedResult[], atMs: number): void;
  attempted(settled: Settled): void;
  /** The trace headers for a call to a partner. Empty when traces are off. */
  headersOf(claimed: Claimed): Readonly<Record<string, string>>;
  pulled(party: string, name: string, error: string | undefined): void;
  /** Counts a citizen's look-up. Many refusals indicate a client that guesses. */
  lookedUp(outcome: 'found' | 'not-found' | 'too-often'): void;
  /** Counts a request that a door refused, by how much of it the message log stores. */
  refused(door: string, kept: 'whole' | 'part' | 'none'): void;
  /** Shows an incident as open (1) or closed (0). */
  incident(party: string, kind: string, open: 0 | 1): void;
  /** Logs and counts an unexpected error. The hub continues. */
  failed(where: string, error: unknown): void;
}

type AcceptedSubmission = Omit<AcceptedMessage, 'messageId' | 'receipt' | 'results'> & {
  readonly items: readonly Item[];
};
/** `messageId` is absent when the hub stored no message. */
type AcceptedResult = Pick<AcceptedMessage, 'receipt' | 'results'> & { readonly messageId?: string };

/** From a second to a month. Sources that report late do so by days. */
const FROM_SOURCE = [1, 5, 30, 120, 600, 3_600, 14_400, 43_200, 86_400, 3 * 86_400, 7 * 86_400, 30 * 86_400];

/** @param traces undefined when traces are off */
export function createTelemetry(log: Logger, traces?: Traces): Telemetry {
  const registry = new Registry();
  const shared = { registers: [registry] };
  const items = new Counter({
    name: 'hub_items_total',
    help: 'Accepted items, by result',
    labelNames: ['party', 'door', 'outcome'],
    ...shared,
  });
  const batches = new Histogram({
    name: 'hub_accept_batch_messages',
    help: 'Messages committed together',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    ...shared,
  });
  const attempts = new Counter({
    name: 'hub_attempts_total',
    help: 'Delivery attempts, by outcome and next state: delivered, due again, held, refused, parked',
    labelNames: ['party', 'operation', 'outcome', 'follows'],
    ...shared,
  });
  const took = new Histogram({
    name: 'hub_attempt_seconds',
    help: 'Duration of delivery attempts',
    labelNames: ['party'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    ...shared,
  });
  const toIndex = new Histogram({
    name: 'hub_event_to_index_seconds',
    help: 'Time from an event at its source until the index shows it, by the sending party',
    labelNames: ['party'],
    buckets: FROM_SOURCE,
    ...shared,
  });
  const waited = new Histogram({
    name: 'hub_ack_to_delivered_seconds',
    help: 'Time from acknowledgement to delivery, by the receiving party',
    labelNames: ['party'],
    buckets: [0.1, 0.5, 1, 2, 5, 30, 300, 3600, 86_400],
    ...shared,
  });
  const toPartner = new Histogram({
    name: 'hub_event_to_partner_seconds',
    help: 'Time from an event at its source until the receiving party acknowledges it',
    labelNames: ['party'],
    buckets: FROM_SOURCE,
    ...shared,
  });
  const pulls = new Counter({
    name: 'hub_pulls_total',
    help: 'Runs of pulls',
    labelNames: ['party', 'name', 'result'],
    ...shared,
  });
  const lookUps = new Counter({
    name: 'hub_look_ups_total',
    help: "Citizens' look-ups, by result",
    labelNames: ['outcome'],
    ...shared,
  });
  const refusals = new Counter({
    name: 'hub_refusals_total',
    help: 'Requests that the doors refused, by how much of them the message log stores: whole, part, none',
    labelNames: ['door', 'kept'],
    ...shared,
  });
  const incidents = new Gauge({
    name: 'hub_incidents_open',
    help: 'Open incidents',
    labelNames: ['party', 'kind'],
    ...shared,
  });
  const failures = new Counter({
    name: 'hub_failures_total',
    help: 'Unexpected errors',
    labelNames: ['where'],
    ...shared,
  });
  return {
    registry,
    log,
    watchBacklog: (load) => showBacklog(registry, load),
    watchAgreement: (load) => showAgreement(registry, load),
    watchAnomalies: (load) => showAnomalies(registry, load),
    accepted(submissions, accepted, atMs) {
      batches.observe(submissions.length);
      for (const [at, { party, door, items: told }] of submissions.entries()) {
        const counts = new Map<string, number>();
        for (const { index, outcome } of accepted[at]?.results ?? []) {
          counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
          const eventMs = outcome === 'accepted' ? eventMsOf(told[index]) : undefined;
          // Clocks differ: an event that seems to lie in the future counts as no delay.
          if (eventMs !== undefined) toIndex.observe({ party }, Math.max(atMs - eventMs, 0) / 1000);
        }
        for (const [outcome, count] of counts) items.inc({ party, door, outcome }, count);
      }
      if (traces)
        for (const [at, { messageId, ...kept }] of accepted.entries())
          if (messageId !== undefined)
            traces.accepted({ ...(submissions[at] as AcceptedSubmission), ...kept, messageId }, atMs);
    },
    attempted(settled) {
      const { claimed, outcome, settlement, at, tookMs, eventAt } = settled;
      const { id, party, operation, subject, messageId, attempts: number, createdAt } = claimed;
      attempts.inc({ party, operation, outcome: outcome.kind, follows: settlement.state });
      took.observe({ party }, tookMs / 1000);
      if (outcome.kind === 'delivered') {
        const atMs = instantToMs(at);
        waited.observe({ party }, (atMs - instantToMs(createdAt)) / 1000);
        if (eventAt) toPartner.observe({ party }, Math.max(atMs - instantToMs(eventAt), 0) / 1000);
      }
      const why = outcome.reason === undefined ? {} : { reason: outcome.reason };
      log.info(
        {
          delivery: id,
          party,
          operation,
          subject,
          message: messageId,
          attempt: number,
          outcome: outcome.kind,
          ...why,
          follows: settlement.state,
          tookMs,
        },
        'attempt',
      );
      traces?.attempted(settled);
    },
    headersOf: (claimed): Readonly<Record<string, string>> =>
      traces ? { traceparent: traces.traceparentOf(claimed) } : {},
    lookedUp: (outcome) => lookUps.inc({ outcome }),
    pulled(party, name, error) {
      pulls.inc({ party, name, result: error === undefined ? 'complete' : 'failed' });
      log.info({ party, name, ...(error !== undefined && { error: maskNamesIn(error) }) }, 'pull');
    },
    refused: (door, kept) => refusals.inc({ door, kept }),
    incident: (party, kind, open) => incidents.set({ party, kind }, open),
    failed(where, error) {
      failures.inc({ where: where.split(' ')[0] as string });
      const { message, code, stack } = error as Error & { code?: string };
      log.error({ where, error: message, code, stack }, 'failed');
    },
  };
}

/** The time of an item's event. Catalogue entries have none. */
function eventMsOf(item: Item | undefined): number | undefined {
  if (item?.kind !== 'record') return undefined;
  const { record } = item;
  if ('at' in record) return instantToMs(record.at);
  return 'statusAt' in record ? instantToMs(record.statusAt) : undefined;
}

/** Shows two gauges from one query of unsettled deliveries. */
function showBacklog(registry: Registry, load: () => Promise<readonly Backlog[]>): void {
  let loading: Promise<readonly Backlog[]> | undefined;
  const look = (): Promise<readonly Backlog[]> => {
    loading ??= load()
      .catch(() => [])
      .finally(() => {
        loading = undefined;
      });
    return loading;
  };
  new Gauge({
    name: 'hub_deliveries',
    help: 'Unsettled deliveries: due (the hub sends them), held (a person must act), behind (they wait for a held one)',
    labelNames: ['party', 'state'],
    registers: [registry],
    async collect() {
      this.reset();
      for (const { party, state, count } of await look()) this.set({ party, state }, count);
    },
  });
  new Gauge({
    name: 'hub_oldest_due_seconds',
    help: 'Age of the oldest due delivery',
    labelNames: ['party'],
    registers: [registry],
    async collect() {
      this.reset();
      for (const { party, state, oldestS } of await look()) if (state === 'due') this.set({ party }, oldestS);
    },
  });
}

function showAgreement(registry: Registry, load: () => Promise<readonly LastReconcile[]>): void {
  new Gauge({
    name: 'hub_reconcile_agreement_ratio',
    help: 'Share of comparable dossiers on which both sides agreed at the last reconciliation with the party',
    labelNames: ['party'],
    registers: [registry],
    async collect() {
      this.reset();
      for (const { party, agreed, judged } of await load().catch(() => [])) this.set({ party }, agreed / judged);
    },
  });
}

/** Counted in the stored history itself, so that every process reports the same number. */
function showAnomalies(registry: Registry, load: () => Promise<readonly AnomalyCount[]>): void {
  new Counter({
    name: 'hub_anomalies_total',
    help: 'Anomalies in the stored history: same-time, transition, reopened, reopened-without-reason, ahead-of-time, not-owner',
    labelNames: ['party', 'kind'],
    registers: [registry],
    async collect() {
      const counts = await load().catch(() => undefined);
      if (!counts) return;
      this.reset();
      for (const { party, kind, count } of counts) this.inc({ party, kind }, count);
    },
  });
}
