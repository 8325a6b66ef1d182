import type { IncomingHttpHeaders } from 'node:http';
import type { SimulatorLedger } from './ledger.ts';

export interface SimulatorRequest {
  readonly method: string;
  readonly path: string;
  /** The decoded values of `{name}` in the route's path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  text(): string;
  /** The body as JSON, undefined if it is not JSON. */
  json(): unknown;
}

export interface SimulatorReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text, bytes, or anything else as JSON. */
  readonly body: unknown;
}

export interface SimulatorContext<State> {
  readonly ledger: SimulatorLedger;
  readonly state: State;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface SimulatorRoute<State> {
  readonly method: string;
  /** Matches exactly, apart from `{name}`, which matches one segment. */
  readonly path: string;
  handle(request: SimulatorRequest, context: SimulatorContext<State>): SimulatorReply | Promise<SimulatorReply>;
}

export interface SimulatorDefinition<State = unknown> {
  readonly routes: readonly SimulatorRoute<State>[];
  /** The partner's memory, created for each started simulator. */
  state?(): State;
  /** Ends all sessions, for the fault `session-expired`. */
  expireSessions?(state: State): void;
}

/** Declares a partner's behaviour, the default export of `adapters/<name>/simulator.ts`. */
export function defineSimulator<State>(definition: SimulatorDefinition<State>): SimulatorDefinition {
  return definition as SimulatorDefinition;
}
