import type { Logger } from 'pino';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { instantToMs } from '#core/dates';
import type { Backlog } from './ledger/backlog.ts';
import type { ItemResult } from './ledger/messages.ts';
import type { Settled } from './ledger/settle.ts';

/** What the hub says of itself: log lines and metrics, with ids and codes, never with personal data or secrets. */
export interface Telemetry {
  readonly registry: Registry;
  readonly log: Logger;
  /** Show what is not settled, as it is whenever metrics are asked for. Nothing is shown while it cannot be read. */
  watchBacklog(load: () => Promise<readonly Backlog[]>): void;
  accepted(
    submissions: readonly { readonly party: string; readonly door: string }[],
    accepted: readonly { readonly results: readonly ItemResult[] }[],
  ): void;
  attempted(settled: Settled): void;
  pulled(party: string, name: string, error: string | undefined): void;
  /** An incident is open (1) or over (0). */
  incident(party: string, kind: string, open: 0 | 1): void;
  /** Something that should not happen went wrong; the hub goes on. */
  failed(where: string, error: unknown): void;
}

export function createTelemetry(log: Logger): Telemetry {
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
  const waited = new Histogram({
    name: 'hub_delivered_after_seconds',
    help: 'From acknowledged to delivered',
    labelNames: ['party'],
    buckets: [0.1, 0.5, 1, 2, 5, 30, 300, 3600, 86_400],
    ...shared,
  });
  const pulls = new Counter({
    name: 'hub_pulls_total',
    help: 'Runs of pulls',
    labelNames: ['party', 'name', 'result'],
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
    watchBacklog(load) {
      new Gauge({
        name: 'hub_deliveries',
        help: 'Deliveries that are not settled: due (sent by itself), held (a person must act), behind (a held one)',
        labelNames: ['party', 'state'],
        ...shared,
        async collect() {
          this.reset();
          for (const { party, state, count } of await load().catch(() => [])) this.set({ party, state }, count);
        },
      });
    },
    accepted(submissions, accepted) {
      batches.observe(submissions.length);
      for (const [at, submission] of submissions.entries())
        for (const { outcome } of accepted[at]?.results ?? [])
          items.inc({ party: submission.party, door: submission.door, outcome });
    },
    attempted({ claimed, outcome, settlement, at, tookMs }) {
      const { id, party, operation, subject, attempts: number, createdAt } = claimed;
      attempts.inc({ party, operation, outcome: outcome.kind, follows: settlement.state });
      took.observe({ party }, tookMs / 1000);
      if (outcome.kind === 'delivered') waited.observe({ party }, (instantToMs(at) - instantToMs(createdAt)) / 1000);
      const why = outcome.kind === 'delivered' ? {} : { reason: outcome.reason };
      log.info(
        {
          delivery: id,
          party,
          operation,
          subject,
          attempt: number,
          outcome: outcome.kind,
          ...why,
          follows: settlement.state,
          tookMs,
        },
        'attempt',
      );
    },
    pulled(party, name, error) {
      pulls.inc({ party, name, result: error === undefined ? 'complete' : 'failed' });
      log.info({ party, name, ...(error !== undefined && { error }) }, 'pull');
    },
    incident: (party, kind, open) => incidents.set({ party, kind }, open),
    failed(where, error) {
      failures.inc({ where: where.split(' ')[0] as string });
      const { message, code, stack } = error as Error & { code?: string };
      log.error({ where, error: message, code, stack }, 'failed');
    },
  };
}
