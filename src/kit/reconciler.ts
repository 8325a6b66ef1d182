import type { Item } from '#core/dossier/item';
import type { Outcome } from '#core/dossier/settle';
import type { CodesOf } from '#core/identifiers/codes';
import type { Connection } from './connection.ts';
import type { Outgoing } from './sender.ts';

/** What a partner has of a dossier, against what it would be told. */
export type Comparison =
  | {
      readonly kind: 'found';
      /** Where it is not as it would be told: places in the partner's own terms. Empty where both agree. */
      readonly differences: readonly { readonly path: string; readonly ours: string; readonly theirs: string }[];
      /** The partner's answer, to be taken in as a message of its own; absent where it cannot be read as one. */
      readonly answer?: { readonly body: Uint8Array; readonly mediaType: string };
    }
  | { readonly kind: 'absent' }
  /** It could not be asked, or the dossier cannot be written for it today. */
  | { readonly kind: 'failed'; readonly outcome: Outcome };

export interface Reconciler<Settings> {
  /** Why a party with these settings cannot be asked; absent, or undefined, where it can. */
  unable?(settings: Settings): string | undefined;
  /** Look a dossier up at the partner, and compare it with what it would be told. Changes nothing over there. */
  compare(connection: Connection<Settings>, item: Outgoing<'dossier.upsert.v1'>): Promise<Comparison>;
  /** Read an answer as a message of the partner's; pure, as a puller's. Absent where answers are no records. */
  read?(body: Uint8Array, settings: Settings, codes: CodesOf): readonly Item[];
}
