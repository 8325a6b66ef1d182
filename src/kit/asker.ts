import type Type from 'typebox';
import type { Failure } from '#core/dossier/settle';
import type { Connection } from './connection.ts';

/** A question that a partner answers at once, such as who has an identity number. */
export interface AskedQuestion {
  /** The name for officers, in Vietnamese. */
  readonly title: string;
  /** The values that the caller gives. */
  readonly values: Type.TObject;
  /** The members of an answer. */
  readonly members: readonly string[];
  /** Where a value that the caller leaves out stands in the dossier: paths by values. */
  readonly fromDossier: Readonly<Record<string, string>>;
  /** How long the caller waits for everything, logins included. */
  readonly withinMs?: number | undefined;
}

/** One question with its values, and what a register must know about who asks and why. */
export interface Asked {
  /** The id of the ask in the hub's record. */
  readonly id: string;
  readonly question: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** The officer, by the identifier that the register knows. */
  readonly officer: string;
  readonly agencyCode: string;
  readonly purpose: string;
  readonly legalBasis: string;
  readonly dossierCode?: string | undefined;
  readonly serviceCode?: string | undefined;
}

export type Answered =
  /** Exactly one record. `unread` names its places whose values could not be read. They are left out, not guessed. */
  | {
      readonly kind: 'found';
      readonly answer: Readonly<Record<string, unknown>>;
      readonly unread: readonly string[];
    }
  | { readonly kind: 'not-found' }
  /** Several records fit. The hub chooses none. */
  | { readonly kind: 'several'; readonly count: number }
  | Failure;

export interface Asker<Settings> {
  /** The questions of a party with these settings, by name. Pure. */
  questions(settings: Settings): Readonly<Record<string, AskedQuestion>>;
  /**
   * Asks once. A broken call is not repeated, because the partner may have counted it. The values fit the question's
   * schema.
   */
  ask(connection: Connection<Settings>, asked: Asked): Promise<Answered>;
}
