import type { Item } from '#core/dossier/item';
import type { TraceContext } from '#core/identifiers/trace-context';
import type { IdempotencyRow } from './idempotency.ts';
import type { ItemResult, MessageRow } from './messages.ts';

/** A message with the items that its dialect read. acceptBatch assigns its id. */
export interface Submission extends Omit<MessageRow, 'id' | 'receipt' | 'results' | 'party'> {
  readonly party: string;
  readonly items: readonly Item[];
  /** The receipt of the stream, if this is a later part of it. Otherwise the message's own id is its receipt. */
  readonly receipt?: string | undefined;
  /** Present if the sender gave an Idempotency-Key. */
  readonly idempotency?: Omit<IdempotencyRow, 'receipt'>;
  /** Present if this message releases a waiting item of an earlier message. */
  readonly released?: ReleasedItem;
  /** Present if this message replaces what an earlier one said, by another reading of its item. */
  readonly correction?: ReadItem | undefined;
  /** The version of the record that an officer saw. The commit refuses the item if the record has another one. */
  readonly seenVersion?: number;
  /** By item: the SHA-256 of the files that it names. Absent if no item names one. */
  readonly files?: readonly (readonly string[])[];
  /** The sender's trace, if it named one. */
  readonly caller?: TraceContext;
}

/** An item of an earlier message: its position, and when it arrived. */
export interface ReadItem {
  readonly messageId: string;
  readonly item: number;
  readonly receivedAt: string;
}

/** A released item, and its quarantine row. */
export interface ReleasedItem extends ReadItem {
  readonly quarantineId: number;
  readonly causeKind: string;
  readonly causeKey: string;
  /** An operator decided that the held record goes on. */
  readonly isJudged: boolean;
}

/** The result of a message. */
export interface Accepted {
  /** The message's own id, if it was stored by this call. */
  readonly messageId?: string | undefined;
  readonly receipt: string;
  readonly results: readonly ItemResult[];
}
