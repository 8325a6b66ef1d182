import type { Catalogue } from './catalogue.ts';
import type { KeptQuestion } from './questions.ts';

/** How this stand-in differs from the usual one. */
export interface PortalOptions {
  /** How it writes `error_code`: 0, "0" or "00". */
  readonly style?: 'number' | 'text' | 'padded';
  /** Number of gateways in front. Each wraps the reply in its own `message`. */
  readonly wrapped?: number;
  /** The only valid account. Without it every account is valid. */
  readonly account?: { readonly username: string; readonly password: string };
  /** Fields that are not marked optional must be non-empty, not only present. */
  readonly strict?: boolean;
  /** What `TraCuuHoSo` returns: the record with its steps, the record alone, or only the code. */
  readonly lookup?: 'steps' | 'record' | 'code';
  readonly catalogue?: Catalogue;
  /** The questions that it has at the start: three invented ones by default. */
  readonly questions?: readonly KeptQuestion[];
  /** Its error when it is asked for the answers to a question, of which it has `count`. By default it lists them. */
  readonly answersError?: (number: string, count: number) => string | undefined;
  /**
   * The portal takes the good items of a call and reports each in `result`. `nameless`: it calls that a success, and
   * reports only the bad ones, without their code. Otherwise a call succeeds or fails as a whole.
   */
  readonly each?: boolean | 'nameless';
}

export interface PortalState {
  /** When each session ends, epoch milliseconds. */
  readonly sessions: Map<string, number>;
  readonly dossiers: Map<string, Readonly<Record<string, unknown>>>;
  readonly steps: Map<string, Readonly<Record<string, unknown>>[]>;
  /** By number. */
  readonly questions: Map<string, KeptQuestion>;
  /** Codes of rated dossiers. */
  readonly ratings: Set<string>;
  /** Reported statuses: dossier, status and moment. */
  readonly reports: Set<string>;
  /** How many answers it took. */
  answers: number;
  logins: number;
}

/** The answer of a service before the portal's style is applied. */
export interface Reply {
  readonly code: number;
  readonly message?: string;
  readonly result?: readonly unknown[];
  /** Members beside the result. */
  readonly more?: Readonly<Record<string, unknown>>;
}
