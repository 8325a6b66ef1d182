import type { Item } from '#core/dossier/item';
import type { Outcome } from '#core/dossier/settle';
import type { CodesOf } from '#core/identifiers/codes';
import type { Words } from '#messages/message';
import type { Operation } from '#schemas/operations';
import type { Connection } from './connection.ts';
import type { Outgoing } from './sender.ts';

/** The partner's record of a dossier, compared with the delivery that the hub would send. */
export type Comparison =
  | {
      readonly kind: 'found';
      /** Where the two differ, by the partner's names. Empty if they agree. */
      readonly differences: readonly { readonly path: string; readonly ours: string; readonly theirs: string }[];
      /** The partner's answer, to store as a message. Absent if it cannot be read as one. */
      readonly answer?: { readonly body: Uint8Array; readonly mediaType: string } | undefined;
    }
  | { readonly kind: 'absent' }
  /** The partner answers, and its answer does not say whether it has the record. */
  | { readonly kind: 'untold'; readonly why: Words }
  /** The partner did not answer, or the dossier cannot be written for it now. */
  | { readonly kind: 'failed'; readonly outcome: Outcome };

export interface Reconciler<Settings> {
  /** Why a party with these settings cannot be compared. Undefined if it can. */
  unable?(settings: Settings): string | undefined;
  /** Looks a dossier up at the partner and compares it with the delivery. Changes nothing there. Absent if it takes none. */
  compare?(connection: Connection<Settings>, item: Outgoing<'dossier.upsert.v1'>): Promise<Comparison>;
  /** The operations of other kinds whose records can be looked up too. None by default. */
  readonly records?: readonly Operation[];
  /** The same for a record of one of them. */
  compareRecord?(connection: Connection<Settings>, item: Outgoing): Promise<Comparison>;
  /**
   * The partner decides what becomes of its records, and the hub's newest version comes from there. So only a record that it
   * lacks is sent again.
   */
  readonly theirsDecides?: true;
  /** Reads an answer as a message of the partner. Pure, like a puller's `read`. Absent if answers are no records. */
  read?(body: Uint8Array, settings: Settings, codes: CodesOf): readonly Item[];
}
