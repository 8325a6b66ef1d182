import { Counter, Histogram, type Registry } from 'prom-client';
import { instantToMs } from '#core/dates/dates';
import type { Settled } from '../../ledger/settle.ts';
import { SOURCE_DELAY_BUCKETS_S } from './source-delay-buckets.ts';

/** Counts delivery attempts, and measures their duration and the delay of what they delivered. */
export function createAttemptMetrics(registry: Registry) {
  const registers = [registry];
  const attempts = new Counter({
    name: 'hub_attempts_total',
    help: 'Delivery attempts, by outcome and next state: delivered, due again, held, refused, parked',
    labelNames: ['party', 'operation', 'outcome', 'follows'],
    registers,
  });
  const took = new Histogram({
    name: 'hub_attempt_seconds',
    help: 'Duration of delivery attempts',
    labelNames: ['party'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers,
  });
  const waited = new Histogram({
    name: 'hub_ack_to_delivered_seconds',
    help: 'Time from acknowledgement to delivery, by the receiving party',
    labelNames: ['party'],
    buckets: [0.1, 0.5, 1, 2, 5, 30, 300, 3600, 86_400],
    registers,
  });
  const toPartner = new Histogram({
    name: 'hub_event_to_partner_seconds',
    help: 'Time from an event at its source until the receiving party acknowledges it',
    labelNames: ['party'],
    buckets: SOURCE_DELAY_BUCKETS_S,
    registers,
  });
  return ({ claimed, outcome, settlement, at, tookMs, eventAt }: Settled): void => {
    const { party, operation, createdAt } = claimed;
    attempts.inc({ party, operation, outcome: outcome.kind, follows: settlement.state });
    took.observe({ party }, tookMs / 1000);
    if (outcome.kind !== 'delivered') return;
    const atMs = instantToMs(at);
    waited.observe({ party }, (atMs - instantToMs(createdAt)) / 1000);
    if (eventAt) toPartner.observe({ party }, Math.max(atMs - instantToMs(eventAt), 0) / 1000);
  };
}
