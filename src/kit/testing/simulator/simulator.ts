import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SimulatorDefinition, SimulatorReply, SimulatorRequest } from './definition.ts';
import { createFaultQueue, type Fault, type FaultQueue, isFault } from './faults.ts';
import { createLedger, type SimulatorLedger } from './ledger.ts';
import { createOutage, listen } from './outage.ts';
import { insteadOf, readRequest, write, writeWhole } from './wire.ts';

export type {
  SimulatorContext,
  SimulatorDefinition,
  SimulatorReply,
  SimulatorRequest,
  SimulatorRoute,
} from './definition.ts';
export { defineSimulator } from './definition.ts';
export type { Fault } from './faults.ts';
export type { LedgerEntry, SimulatorLedger } from './ledger.ts';

export interface SimulatorOptions {
  readonly host?: string;
  readonly port?: number;
  readonly now?: () => number;
}

export interface Simulator {
  readonly url: string;
  readonly ledger: SimulatorLedger;
  /** The requests that arrived, as `METHOD /path`. */
  requests(): readonly string[];
  /** Adds a fault after earlier ones. Resolves when it is in force. */
  fault(fault: Fault): Promise<void>;
  /** Ends all faults. */
  clearFaults(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts a partner's stand-in, a real HTTP server. Under `/__simulator/` a test in another process adds faults (`POST
 * faults`), reads the ledger (`GET ledger`) and resets it (`POST reset`).
 */
export async function startSimulator(
  definition: SimulatorDefinition,
  options: SimulatorOptions = {},
): Promise<Simulator> {
  const { host = '127.0.0.1', port = 0, now = Date.now } = options;
  const partner = createPartner(definition, now);
  const server = http.createServer((incoming, outgoing) => {
    void respond(partner, incoming, outgoing, fault).catch(() => outgoing.destroy());
  });
  await listen(server, host, port);
  const openPort = (server.address() as AddressInfo).port;
  const outage = createOutage(server, host, openPort);

  async function fault(asked: Fault): Promise<void> {
    if (asked.kind === 'down') await outage.begin(asked.forMs);
    else partner.faults.add(asked);
  }

  return {
    url: `http://${host}:${openPort}`,
    ledger: partner.ledger,
    requests: () => partner.requests,
    fault,
    async clearFaults() {
      partner.faults.clear();
      await outage.end();
    },
    close: outage.close,
  };
}

interface Partner {
  readonly definition: SimulatorDefinition;
  readonly patterns: readonly RegExp[];
  readonly ledger: SimulatorLedger;
  readonly faults: FaultQueue;
  readonly now: () => number;
  state: unknown;
  requests: string[];
}

function createPartner(definition: SimulatorDefinition, now: () => number): Partner {
  return {
    definition,
    patterns: definition.routes.map((route) => patternOf(route.path)),
    ledger: createLedger(),
    faults: createFaultQueue(),
    now,
    state: definition.state?.(),
    requests: [],
  };
}

async function respond(
  partner: Partner,
  incoming: http.IncomingMessage,
  outgoing: http.ServerResponse,
  addFault: (fault: Fault) => Promise<void>,
): Promise<void> {
  const request = await readRequest(incoming);
  if (request.path.startsWith('/__simulator/')) return writeWhole(outgoing, control(partner, request, addFault));
  partner.requests.push(`${request.method} ${request.path}`);
  const fault = partner.faults.take(request.path);
  if (fault?.kind === 'session-expired') partner.definition.expireSessions?.(partner.state);
  const instead = fault && insteadOf(fault);
  if (instead === 'reset') outgoing.destroy();
  else if (instead) writeWhole(outgoing, instead);
  else await write(outgoing, await handle(partner, request), fault);
}

async function handle(partner: Partner, request: SimulatorRequest): Promise<SimulatorReply> {
  const { definition, patterns, ledger, now, state } = partner;
  for (const [at, route] of definition.routes.entries()) {
    const match = route.method === request.method ? patterns[at]?.exec(request.path) : undefined;
    if (match) return route.handle({ ...request, params: decoded(match.groups ?? {}) }, { ledger, state, now });
  }
  return { status: 404, body: `nothing here for ${request.method} ${request.path}` };
}

function control(
  partner: Partner,
  request: SimulatorRequest,
  addFault: (fault: Fault) => Promise<void>,
): SimulatorReply {
  const { ledger, faults, requests } = partner;
  switch (`${request.method} ${request.path}`) {
    case 'GET /__simulator/ledger':
      return { body: { count: ledger.count(), repeats: ledger.repeats(), entries: ledger.entries(), requests } };
    case 'POST /__simulator/faults': {
      const asked = [request.json()].flat();
      if (!asked.every(isFault)) return { status: 400, body: { error: 'not a fault that this simulator knows' } };
      // `down` stops listening, so the answer goes out first.
      for (const one of asked) one.kind === 'down' ? setTimeout(() => void addFault(one), 20) : void addFault(one);
      return { status: 202, body: { faults: asked } };
    }
    case 'POST /__simulator/reset':
      faults.clear();
      ledger.clear();
      partner.state = partner.definition.state?.();
      partner.requests = [];
      return { body: {} };
    default:
      return { status: 404, body: { error: 'no such control' } };
  }
}

function patternOf(path: string): RegExp {
  const escaped = path.replace(/[.*+?^$()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
}

function decoded(params: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, decodeURIComponent(value)]));
}
