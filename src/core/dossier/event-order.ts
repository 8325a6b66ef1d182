import type { DossierEvent } from './event.ts';
import { progressOf } from './status.ts';

/** The members that decide an event's position among the events of its dossier. */
export type EventPlace = Pick<DossierEvent, 'at' | 'inferred' | 'status' | 'seq' | 'messageId' | 'item'>;

/**
 * Orders events by the source's time. At the same time, a real time comes before a derived one. Of two real times, the less
 * advanced status comes first, so that the further one wins. Two derived times keep their order of arrival. An event that
 * waited in quarantine counts by its arrival, so it undoes no event that arrived meanwhile.
 */
export function inEventOrder(a: EventPlace, b: EventPlace): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  if (a.inferred !== b.inferred) return a.inferred ? 1 : -1;
  if (a.inferred) return inOrderOfArrival(a, b);
  return progressOf(a.status) - progressOf(b.status) || inOrderOfArrival(a, b);
}

function inOrderOfArrival(a: EventPlace, b: EventPlace): number {
  if (a.messageId === undefined || b.messageId === undefined) return a.seq - b.seq;
  if (a.messageId !== b.messageId) return a.messageId < b.messageId ? -1 : 1;
  return (a.item ?? 0) - (b.item ?? 0) || a.seq - b.seq;
}
