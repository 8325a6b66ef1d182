import type { Cause } from '../problem.ts';

/** The outcome of one attempt, named by the next action. */
export type Outcome =
  /** The partner has it. With a note it was not told all of it: what operators are to know, without personal data. */
  | {
      readonly kind: 'delivered';
      readonly reference?: string;
      readonly note?: string;
      /** There was nothing to tell; the note says why. */
      readonly reason?: typeof NOTHING_NEW;
    }
  /** The partner will never take it as it is: a person must act. With a cause it waits in quarantine. */
  | { readonly kind: 'refused'; readonly reason: string; readonly message: string; readonly cause?: Cause }
  /** The partner has certainly not taken it: try again. */
  | {
      readonly kind: 'unavailable';
      readonly reason: string;
      readonly message: string;
      readonly retryAfterMs?: number;
      /** Of what was sent: it wants to be called no more. The party is paused, and what is due waits until it is resumed. */
      readonly pauses?: true;
    }
  /** The partner may have taken it: look up before sending again. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly message: string };

/** The reason of a delivery that is settled as delivered although nothing was sent. Queries for sent versions skip it. */
export const NOTHING_NEW = 'nothing-told';

export type Settlement =
  | { readonly state: 'delivered' }
  | { readonly state: 'refused' }
  | { readonly state: 'parked' }
  | { readonly state: 'due'; readonly afterMs: number; readonly doubt: boolean }
  /** Held until a person has settled the cause; what comes after it for the same dossier and party waits too. */
  | { readonly state: 'held'; readonly cause: Cause };

/**
 * What follows an attempt.
 *
 * @param attempts how many attempts were made, this one included
 * @param delaysMs the delays between attempts, in order; after the last one the delivery is parked
 * @param random a number in [0, 1): spreads the retries of many deliveries over a tenth of the delay
 */
export function settle(outcome: Outcome, attempts: number, delaysMs: readonly number[], random: number): Settlement {
  if (outcome.kind === 'delivered') return { state: 'delivered' };
  if (outcome.kind === 'refused') return outcome.cause ? { state: 'held', cause: outcome.cause } : { state: 'refused' };
  // Due when the pause is over; not at once, for the case that the pause could not be kept.
  if (asksToPause(outcome)) return { state: 'due', afterMs: PAUSED_MS, doubt: false };
  const delayMs = delaysMs[attempts - 1];
  if (delayMs === undefined) return { state: 'parked' };
  const spreadMs = Math.round(delayMs * (1 + random / 10));
  const askedMs = outcome.kind === 'unavailable' ? Math.min(outcome.retryAfterMs || 0, MOST_ASKED_MS) : 0;
  return { state: 'due', afterMs: Math.max(spreadMs, askedMs), doubt: outcome.kind === 'unknown' };
}

/** Whether the partner wants to be called no more. */
export function asksToPause(outcome: Outcome): outcome is Pausing {
  return outcome.kind === 'unavailable' && outcome.pauses === true;
}

export type Pausing = Extract<Outcome, { kind: 'unavailable' }> & { readonly pauses: true };

const PAUSED_MS = 5_000;

/** A partner that asks for more than a day is asked again after a day: some send a `Retry-After` of centuries. */
const MOST_ASKED_MS = 86_400_000;
