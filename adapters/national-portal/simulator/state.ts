import type { Catalogue } from './catalogue.ts';

/** How this stand-in differs from the usual one. */
export interface PortalOptions {
  /** How it writes `error_code`: 0, "0" or "00". */
  readonly style?: 'number' | 'text' | 'padded';
  /** Gateways before it: each wraps the reply in the `message` of its own. */
  readonly wrapped?: number;
  /** The only account that it takes; any when it is absent. */
  readonly account?: { readonly username: string; readonly password: string };
  /** All fields that are not marked optional have to say something, not only to be there. */
  readonly strict?: boolean;
  /** `TraCuuHoSo` returns the record and its steps; the first alone, or no more than the code. */
  readonly lookup?: 'steps' | 'record' | 'code';
  readonly catalogue?: Catalogue;
  /** It takes the good ones of a call and says in `result` what became of each; otherwise all or nothing. */
  readonly each?: boolean;
}

export interface PortalState {
  /** When each session ends, epoch milliseconds. */
  readonly sessions: Map<string, number>;
  readonly dossiers: Map<string, Readonly<Record<string, unknown>>>;
  readonly steps: Map<string, Readonly<Record<string, unknown>>[]>;
  logins: number;
}

/** What a service of the portal answers, before it is written in its style. */
export interface Reply {
  readonly code: number;
  readonly message?: string;
  readonly result?: readonly unknown[];
  /** What stands beside the result. */
  readonly more?: Readonly<Record<string, unknown>>;
}
