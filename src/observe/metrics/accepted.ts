import { Counter, Histogram, type Registry } from 'prom-client';
import { instantToMs } from '#core/dates/dates';
import type { Item } from '#core/dossier/item';
import type { AcceptedMessage } from '../traces.ts';
import { SOURCE_DELAY_BUCKETS_S } from './source-delay-buckets.ts';

export type AcceptedSubmission = Omit<AcceptedMessage, 'messageId' | 'receipt' | 'results'> & {
  readonly items: readonly Item[];
};
/** `messageId` is absent when the hub stored no message. */
export type AcceptedResult = Pick<AcceptedMessage, 'receipt' | 'results'> & { readonly messageId?: string | undefined };

/** Counts committed messages and their items, and measures the delay from the source to the index. */
export function createAcceptedMetrics(registry: Registry) {
  const registers = [registry];
  const items = new Counter({
    name: 'hub_items_total',
    help: 'Accepted items, by result',
    labelNames: ['party', 'door', 'outcome'],
    registers,
  });
  const batches = new Histogram({
    name: 'hub_accept_batch_messages',
    help: 'Messages committed together',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    registers,
  });
  const toIndex = new Histogram({
    name: 'hub_event_to_index_seconds',
    help: 'Time from an event at its source until the index shows it, by the sending party',
    labelNames: ['party'],
    buckets: SOURCE_DELAY_BUCKETS_S,
    registers,
  });
  return (submissions: readonly AcceptedSubmission[], accepted: readonly AcceptedResult[], atMs: number): void => {
    batches.observe(submissions.length);
    for (const [at, { party, door, items: sent }] of submissions.entries()) {
      const counts = new Map<string, number>();
      for (const { index, outcome } of accepted[at]?.results ?? []) {
        counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
        const eventMs = outcome === 'accepted' ? eventMsOf(sent[index]) : undefined;
        // Clocks differ: an event that seems to lie in the future counts as no delay.
        if (eventMs !== undefined) toIndex.observe({ party }, Math.max(atMs - eventMs, 0) / 1000);
      }
      for (const [outcome, count] of counts) items.inc({ party, door, outcome }, count);
    }
  };
}

/** The time of an item's event. Catalogue entries have none; one that was derived from other dates is a lower bound at best. */
function eventMsOf(item: Item | undefined): number | undefined {
  if (item?.kind !== 'record' || item.inferred) return undefined;
  const { record } = item;
  if ('at' in record) return instantToMs(record.at);
  return 'statusAt' in record ? instantToMs(record.statusAt) : undefined;
}
