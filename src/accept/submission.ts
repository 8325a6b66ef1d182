import type { Item, RecordItem } from '#core/dossier/item';
import type { Ownership } from '#core/dossier/ownership';
import type { Route } from '#core/dossier/route';
import type { TraceContext } from '#core/identifiers/trace-context';
import type { KnownCodes } from '../catalogue/known-codes.ts';
import type { Database } from '../database/pool.ts';
import type { UuidSource } from '../database/uuid.ts';
import type { RecentCommits } from '../delivery/recent-commits.ts';
import type { IdempotencyRow } from '../ledger/idempotency.ts';
import type { ItemResult, MessageRow } from '../ledger/messages.ts';
import type { Vault } from '../secrets/vault.ts';
import type { Guess } from './guess.ts';

export interface AcceptMeans {
  readonly database: Database;
  readonly vault: Vault;
  readonly routes: readonly Route[];
  readonly knownCodes: KnownCodes;
  readonly ownership: Ownership;
  /** The first moment at which ownership was decided: what was received before counts in full, as it did then. */
  readonly ownedSince: string;
  /** Whether a party tells of a step in several ways; see asFirstTold (core/apply). */
  readonly stepsAreByMoment: (party: string) => boolean;
  readonly uuids: UuidSource;
  /** Absent where guessing does not pay. */
  readonly guess?: Guess;
  /** Where this process also delivers. */
  readonly justKept?: RecentCommits;
}

/** A message with the items that its dialect read. Its id is given when it is applied; see acceptBatch. */
export interface Submission extends Omit<MessageRow, 'id' | 'receipt' | 'results' | 'party'> {
  readonly party: string;
  readonly items: readonly Item[];
  /** The receipt of the stream that this is a later part of; otherwise the message's own id is its receipt. */
  readonly receipt?: string;
  /** Present where the sender gave an Idempotency-Key. */
  readonly idempotency?: Omit<IdempotencyRow, 'receipt'>;
  /** Present where this message lets go an item of an earlier one that waited. */
  readonly again?: ReleasedItem;
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

/** What became of a message. */
export interface Accepted {
  /** The message's own id, where it was kept just now. */
  readonly messageId?: string;
  readonly receipt: string;
  readonly results: readonly ItemResult[];
}

export interface Acceptance {
  /** What became of each submission, in their order. */
  readonly accepted: readonly Accepted[];
  /** How many recorded events were read to judge by. */
  readonly judged: number;
  /** The parties that something is due for now. */
  readonly ring: readonly string[];
  /** The dossiers that were not known before. */
  readonly created: readonly string[];
  /** The causes that what is in the catalogue now has settled. */
  readonly learnt: readonly string[];
}

export function isRecord(item: Item): item is RecordItem {
  return item.kind === 'record';
}

export function isUpsert(item: RecordItem): item is RecordItem<'dossier.upsert.v1'> {
  return item.operation === 'dossier.upsert.v1';
}
