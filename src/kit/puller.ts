import type { Item, RecordItem } from '#core/dossier/item';
import type { Outcome } from '#core/dossier/settle';
import type { CodesOf } from '#core/identifiers/codes';
import type { Progress } from '#schemas/dossier.progress.v1';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Connection } from './connection.ts';

/** One page of a partner's answer, as it came. */
export interface Page {
  readonly bodies: readonly { readonly body: Uint8Array; readonly mediaType: string }[];
  /** Kept together with the page; given back at the next call. */
  readonly checkpoint: unknown;
  /** Whether to ask again at once. */
  readonly more: boolean;
  /** After a complete run: all that the partner has. What it told before and is not among them is no longer in force. */
  readonly complete?: { readonly kind: 'service' | 'agency' | 'field'; readonly codes: readonly string[] };
  /**
   * At the end of what was asked for: why the partner may have records that it did not give, in words for operators
   * without anything personal; false where it has shown that it gives all. Absent where it has shown neither.
   */
  readonly lacks?: string | false | undefined;
}

/** What the hub lets a puller ask it. */
export interface HubQueries {
  /** Dossiers that this party has taken and that are not finished, in code order after `after`. */
  outstanding(limit: number, after: string | undefined): Promise<readonly Dossier[]>;
  /**
   * Dossiers that this party has taken and ended by a callback, after a place in the order of changes (0: the
   * beginning), at most `limit`. Not those of whose end it has told in another way too.
   */
  finished(after: number, limit: number): Promise<FinishedDossiers>;
  /** Those of these steps of the party's that say something which is not in the history of their dossiers. */
  unknownSteps(steps: readonly RecordItem<'dossier.progress.v1'>[]): Promise<ReadonlySet<RecordItem>>;
}

export interface FinishedDossiers {
  /** Each with the step that ended it, as the party said it. */
  readonly dossiers: readonly { readonly dossier: Dossier; readonly said: Progress }[];
  /** Where to go on. */
  readonly after: number;
  /** Whether there may be more already. */
  readonly more: boolean;
}

export interface Puller<Settings> {
  /** When to ask, as cron (with seconds), where the party's configuration does not say. Vietnam time. */
  readonly schedule: string;
  /** Fetch the next page, or say why not (`unavailable` or `refused`). */
  next(connection: Connection<Settings>, checkpoint: unknown, asks: HubQueries): Promise<Page | Outcome>;
  /** The record members that settings fill, each with where it is looked for. Absent where code decides it. Pure. */
  members?(settings: Settings): ReadonlyMap<string, string>;
  /**
   * Read one body. Pure: the same body is read again when something waited or the index is rebuilt, with the codes
   * that operators had entered by then.
   */
  read(body: Uint8Array, settings: Settings, codes: CodesOf): readonly Item[];
}
