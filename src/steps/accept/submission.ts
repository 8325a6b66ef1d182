import type { Item, RecordItem } from '#core/item';
import type { Route } from '#core/route';
import type { KnownCodes } from '../../catalogue/known-codes.ts';
import type { Database } from '../../database/pool.ts';
import type { IdempotencyRow } from '../../ledger/idempotency.ts';
import type { ItemResult, MessageRow } from '../../ledger/messages.ts';
import type { Vault } from '../../vault.ts';

export interface AcceptMeans {
  readonly database: Database;
  readonly vault: Vault;
  readonly routes: readonly Route[];
  readonly knownCodes: KnownCodes;
  /** Whether a party owns the truth of its dossiers; see DossierEvent. */
  readonly isAuthoritative: (party: string) => boolean;
}

/** A message with the items that its dialect read. */
export interface Submission extends Omit<MessageRow, 'results' | 'party'> {
  readonly party: string;
  readonly items: readonly Item[];
  /** Present where the sender gave an Idempotency-Key. */
  readonly idempotency?: IdempotencyRow;
  /** Present where the message is kept already and one waiting item of it is tried again: its place and its row. */
  readonly again?: { readonly item: number; readonly quarantineId: number; readonly causeKey: string };
}

export interface Acceptance {
  /** The results of each submission, in their order. */
  readonly results: readonly (readonly ItemResult[])[];
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
