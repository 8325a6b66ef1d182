import type { IncomingHttpHeaders } from 'node:http';
import type { SimulatorLedger } from './ledger.ts';

export interface SimulatorRequest {
  readonly method: string;
  readonly path: string;
  /** What stands at the `{name}` places of the route's path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  text(): string;
  /** The body as JSON, undefined where it is none. */
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
  /** Exact, but for `{name}`, which stands for one segment. */
  readonly path: string;
  handle(request: SimulatorRequest, means: SimulatorContext<State>): SimulatorReply | Promise<SimulatorReply>;
}

export interface SimulatorDefinition<State = unknown> {
  readonly routes: readonly SimulatorRoute<State>[];
  /** What the partner remembers, made anew for each simulator that is started. */
  state?(): State;
  /** End all sessions, for the fault `session-expired`. */
  expireSessions?(state: State): void;
}

/** Declare how a partner behaves; the default export of `adapters/<name>/simulator.ts`. */
export function defineSimulator<State>(definition: SimulatorDefinition<State>): SimulatorDefinition {
  return definition as SimulatorDefinition;
}
