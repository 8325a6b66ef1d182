import type { Item } from '#core/dossier/item';
import type { TraceContext } from '#core/identifiers/trace-context';
import type { IdempotencyRow } from './idempotency.ts';
import type { ItemResult, MessageRow } from './messages.ts';

/** A message with the items that its dialect read. Its id is given when it is applied; see acceptBatch. */
export interface Submission extends Omit<MessageRow, 'id' | 'receipt' | 'results' | 'party'> {
  readonly party: string;
  readonly items: readonly Item[];
  /** The receipt of the stream that this is a later part of; otherwise the message's own id is its receipt. */
  readonly receipt?: string;
  /** Present where the sender gave an Idempotency-Key. */
  readonly idempotency?: Omit<IdempotencyRow, 'receipt'>;
  /** Present if this message releases a waiting item of an earlier message. */
  readonly released?: ReleasedItem;
  /** Where the sender said which trace of its own it belongs to. */
  readonly caller?: TraceContext;
}

/** The item that waited: where it stands, since when it is held, and the row that it waited in. */
export interface ReleasedItem {
  readonly messageId: string;
  readonly item: number;
  readonly receivedAt: string;
  readonly quarantineId: number;
  readonly causeKey: string;
}

/** The result of a message. */
export interface Accepted {
  /** The message's own id, where it was kept just now. */
  readonly messageId?: string;
  readonly receipt: string;
  readonly results: readonly ItemResult[];
}
