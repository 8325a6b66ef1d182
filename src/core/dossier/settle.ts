import type { Sentence, Words } from '#messages/message';
import type { Cause } from '../problem.ts';

/** The outcome of one attempt, named by the next action. */
export type Outcome =
  /** The partner has the record. A note tells operators what was cut or left out, without personal data. */
  | {
      readonly kind: 'delivered';
      readonly reference?: string | undefined;
      readonly note?: string;
      /** The words of the note. */
      readonly words?: Words | undefined;
      /** Nothing was sent. The note says why. */
      readonly reason?: typeof NOTHING_NEW;
      /** What the partner's answer says of the record, such as where the citizen pays. See `answers` of the adapter. */
      readonly answer?: PartnerAnswer | undefined;
    }
  /** The partner will never accept it in this form, so an operator must act. With a cause it waits in quarantine. */
  | ({ readonly kind: 'refused'; readonly reason: string; readonly cause?: Cause | undefined } & Sentence)
  /** The partner has certainly not received it. The hub retries. */
  | ({
      readonly kind: 'unavailable';
      readonly reason: string;
      readonly retryAfterMs?: number | undefined;
      /** The partner asks for no more calls. The party pauses, and due deliveries wait until it is resumed. */
      readonly pauses?: true;
    } & Sentence)
  /** The partner may have received it. Look up before sending again. */
  | ({ readonly kind: 'unknown'; readonly reason: string; readonly retryAfterMs?: number | undefined } & Sentence);

export type Failure = Exclude<Outcome, { kind: 'delivered' }>;

/**
 * The reason of a delivery that is settled as delivered although nothing was sent. Queries for sent versions skip it.
 */
export const NOTHING_NEW = 'nothing-told';

/** The hub still fetches a file that the delivery carries. */
export const FILE_FETCHING = 'file-fetching';

/** The record is held for a decision, and its partner may have it. */
export const HELD_IN_DOUBT = 'held';

/** The hub cannot open the stored content, such as without a former secret. */
export const UNREADABLE = 'unreadable';

/** The hub could not read the rate limit of the party, and has sent nothing. */
export const RATE_LIMIT = 'rate-limit';

/** The adapter threw at this record. */
export const ADAPTER_BUG = 'adapter-bug';

/** Reasons by which a delivery waits for the hub. They say nothing about the partner. */
const HUB_WAITS: readonly string[] = [
  FILE_FETCHING,
  'file-unscanned',
  'file-store-away',
  HELD_IN_DOUBT,
  UNREADABLE,
  RATE_LIMIT,
];

export function waitsForHub(outcome: Outcome): boolean {
  return outcome.kind === 'unavailable' && HUB_WAITS.includes(outcome.reason);
}

/**
 * The outcome of an item from that of its attempt. If the item was in doubt, an attempt that did not get through says nothing
 * about the one before. A stop, and what makes the hub itself wait, stay what they are.
 */
export function keepingDoubt({ doubt }: { readonly doubt: boolean }, outcome: Outcome): Outcome {
  const isOfPartner = outcome.kind === 'unavailable' && !asksToPause(outcome) && !waitsForHub(outcome);
  return doubt && isOfPartner ? { ...outcome, kind: 'unknown' } : outcome;
}

/** Reasons by which a partner answers that it cannot take the record yet. They prove that it is up. */
const NOT_YET: readonly string[] = ['dossier-unknown', 'not-ended'];

export function isNotYet(outcome: Outcome): boolean {
  return (outcome.kind === 'unavailable' || outcome.kind === 'unknown') && NOT_YET.includes(outcome.reason);
}

/**
 * Reasons by which the partner itself fails at a record, or the adapter does. While others get through, such a record would open
 * the breaker again and again, and never be parked. 502, 503 and 504 come from a server in front of a partner that is away.
 */
const FAILS_AT_RECORD: readonly string[] = ['status-500', 'status-501', 'fault', 'fault-server', ADAPTER_BUG];

/** Reasons of waiting deliveries for which the return of a partner that was away changes nothing. */
export const WAITS_ANYWAY: readonly string[] = [...HUB_WAITS, ...NOT_YET, ...FAILS_AT_RECORD];

/**
 * Whether the record goes out later: after a failure, or once the cause of its refusal is settled. Later records of its
 * dossier wait for it, so that they cannot overtake.
 */
export function isSentLater(outcome: Outcome): boolean {
  if (outcome.kind === 'refused') return outcome.cause !== undefined;
  return outcome.kind !== 'delivered';
}

/** The partner answered with a code that no table explains. It may have the record. */
export const ANSWER_UNKNOWN = 'answer-unknown';

/** The reason of an item that was not sent because an earlier one of its call failed. */
export const BEHIND_ANOTHER = 'waits';

/** An answer that the hub accepts as a message of the partner. */
export interface PartnerAnswer {
  /** The adapter's reader of it. */
  readonly name: string;
  readonly body: string;
}

export type Settlement =
  | { readonly state: 'delivered' }
  | { readonly state: 'refused' }
  | { readonly state: 'parked' }
  | {
      readonly state: 'due';
      readonly afterMs: number;
      readonly doubt: boolean;
      /** It was not sent, so its attempt does not count. */
      readonly isUnsent?: boolean;
    }
  /** Held until an operator has settled the cause. Later deliveries of the same dossier to the party wait too. */
  | { readonly state: 'held'; readonly cause: Cause; readonly doubt: boolean };

/**
 * The settlement after an attempt. Doubt from before remains after an attempt that did not get through.
 *
 * @param attempts the number of attempts, this one included
 * @param doubt whether the partner may have received it in an earlier attempt
 * @param delaysMs the delays between attempts, in order; after the last one the delivery is parked
 * @param random a number in [0, 1) that spreads the retries of many deliveries over a tenth of the delay
 */
export function settle(
  outcome: Outcome,
  { attempts, doubt }: { readonly attempts: number; readonly doubt: boolean },
  delaysMs: readonly number[],
  random: number,
): Settlement {
  if (outcome.kind === 'delivered') return { state: 'delivered' };
  if (outcome.kind === 'refused') {
    const { cause, reason } = outcome;
    return cause ? { state: 'held', cause, doubt: doubt || reason === ANSWER_UNKNOWN } : { state: 'refused' };
  }
  // Due after the pause. Not at once, in case storing the pause failed.
  if (asksToPause(outcome)) return { state: 'due', afterMs: PAUSED_MS, doubt };
  const delayMs = delaysMs[attempts - 1];
  if (delayMs === undefined) return { state: 'parked' };
  const spreadMs = Math.round(delayMs * (1 + random / 10));
  const askedMs = Math.min(outcome.retryAfterMs || 0, MOST_ASKED_MS);
  return { state: 'due', afterMs: Math.max(spreadMs, askedMs), doubt: doubt || outcome.kind === 'unknown' };
}

/** The settlement of an item that was not sent, because an earlier one of its call failed. It goes out after that one. */
export function settleUnsent({ doubt }: { readonly doubt: boolean }, [delayMs]: readonly number[]): Settlement {
  return { state: 'due', afterMs: delayMs ?? 0, doubt, isUnsent: true };
}

/** Whether the partner asks for no more calls. */
export function asksToPause(outcome: Outcome): outcome is Pausing {
  return outcome.kind === 'unavailable' && outcome.pauses === true;
}

export type Pausing = Extract<Outcome, { kind: 'unavailable' }> & { readonly pauses: true };

const PAUSED_MS = 5_000;

/** The hub retries after a day at most. Some partners send a `Retry-After` of centuries. */
export const MOST_ASKED_MS = 86_400_000;
