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

/** What the hub says of itself: log lines and metrics, with ids and codes, never with personal data or secrets. */
export interface Telemetry {
  readonly registry: Registry;
  readonly log: Logger;
  /** Show what is not settled, as it is whenever metrics are asked for. Nothing is shown while it cannot be read. */
  watchBacklog(load: () => Promise<readonly Backlog[]>): void;
  /** Show on how many dossiers each party agreed when it was last compared with. */
  watchAgreement(load: () => Promise<readonly LastReconcile[]>): void;
  /** Count the anomalies of the history, as it is whenever metrics are asked for. */
  watchAnomalies(load: () => Promise<readonly AnomalyCount[]>): void;
  /** Messages were committed, and what they changed is in the index, at this moment. */
  accepted(submissions: readonly AcceptedSubmission[], accepted: readonly AcceptedResult[], atMs: number): void;
  attempted(settled: Settled): void;
  /** The headers by which a partner that is called for this attempt finds the trace; none where there are no traces. */
  headersOf(claimed: Claimed): Readonly<Record<string, string>>;
  pulled(party: string, name: string, error: string | undefined): void;
  /** A citizen asked for a dossier. Many who are refused are somebody who guesses. */
  lookedUp(outcome: 'found' | 'not-found' | 'too-often'): void;
  /** A door refused a request; how much of it is in the message log. */
  refused(door: string, kept: 'whole' | 'part' | 'none'): void;
  /** An incident is open (1) or over (0). */
  incident(party: string, kind: string, open: 0 | 1): void;
  /** Something that should not happen went wrong; the hub goes on. */
  failed(where: string, error: unknown): void;
}

type AcceptedSubmission = Omit<AcceptedMessage, 'messageId' | 'receipt' | 'results'> & {
  readonly items: readonly Item[];
};
/** The id is absent where the message was not worth one. */
type AcceptedResult = Pick<AcceptedMessage, 'receipt' | 'results'> & { readonly messageId?: string };

/** From seconds to a month: what matters over there is counted by the day. */
const FROM_SOURCE = [1, 5, 30, 120, 600, 3_600, 14_400, 43_200, 86_400, 3 * 86_400, 7 * 86_400, 30 * 86_400];

/** @param traces where the settings ask for them */
export function createTelemetry(log: Logger, traces?: Traces): Telemetry {
  const registry = new Registry();
  const shared = { registers: [registry] };
  const items = new Counter({
    name: 'hub_items_total',
    help: 'Items taken in, by what became of them',
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
    help: 'Attempts at partners, by outcome and by what follows: delivered, due again, held, refused, parked',
    labelNames: ['party', 'operation', 'outcome', 'follows'],
    ...shared,
  });
  const took = new Histogram({
    name: 'hub_attempt_seconds',
    help: 'How long attempts at partners took',
    labelNames: ['party'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    ...shared,
  });
  const toIndex = new Histogram({
    name: 'hub_event_to_index_seconds',
    help: 'From an event at its source to its being visible in the index, by the party that told of it',
    labelNames: ['party'],
    buckets: FROM_SOURCE,
    ...shared,
  });
  const waited = new Histogram({
    name: 'hub_ack_to_delivered_seconds',
    help: 'From acknowledged to delivered, by the party that it was delivered to',
    labelNames: ['party'],
    buckets: [0.1, 0.5, 1, 2, 5, 30, 300, 3600, 86_400],
    ...shared,
  });
  const toPartner = new Histogram({
    name: 'hub_event_to_partner_seconds',
    help: 'From an event at its source to the acknowledgement of the party that it was delivered to',
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
    help: "Citizens' look-ups, by what they were told",
    labelNames: ['outcome'],
    ...shared,
  });
  const refusals = new Counter({
    name: 'hub_refusals_total',
    help: 'Requests that the doors refused, by how much of them the message log keeps: whole, part, none',
    labelNames: ['door', 'kept'],
    ...shared,
  });
  const incidents = new Gauge({
    name: 'hub_incidents_open',
    help: 'Incidents that are open',
    labelNames: ['party', 'kind'],
    ...shared,
  });
  const failures = new Counter({
    name: 'hub_failures_total',
    help: 'Things that should not happen',
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
          // Clocks differ: what comes before it happened came at once.
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

/** When what an item tells happened; catalogue entries have no such time. */
function eventMsOf(item: Item | undefined): number | undefined {
  if (item?.kind !== 'record') return undefined;
  const { record } = item;
  if ('at' in record) return instantToMs(record.at);
  return 'statusAt' in record ? instantToMs(record.statusAt) : undefined;
}

/** Two gauges of one look at what is not settled. */
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
    help: 'Deliveries that are not settled: due (sent by itself), held (a person must act), behind (a held one)',
    labelNames: ['party', 'state'],
    registers: [registry],
    async collect() {
      this.reset();
      for (const { party, state, count } of await look()) this.set({ party, state }, count);
    },
  });
  new Gauge({
    name: 'hub_oldest_due_seconds',
    help: 'Age of the oldest delivery that is sent by itself and has not got through',
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
    help: 'Dossiers on which both sides agreed, of those that could be judged when the party was last compared with',
    labelNames: ['party'],
    registers: [registry],
    async collect() {
      this.reset();
      for (const { party, agreed, judged } of await load().catch(() => [])) this.set({ party }, agreed / judged);
    },
  });
}

/** Counted in the history itself: each process tells the same number, also of what others recorded. */
function showAnomalies(registry: Registry, load: () => Promise<readonly AnomalyCount[]>): void {
  new Counter({
    name: 'hub_anomalies_total',
    help: 'Events that are not what is expected, in the history that is kept: same-time, transition, reopened, reopened-without-reason, ahead-of-time, not-owner',
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
