import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import axios from 'axios';
import type { SimulatorReply, SimulatorRequest } from '../../kit/testing/simulator/definition.ts';
import { createFaultQueue, type RequestFault } from '../../kit/testing/simulator/faults.ts';
import { insteadOf, readRequest, write, writeWhole } from '../../kit/testing/simulator/wire.ts';
import { contentHashOf, type PushedItem, partyOfLogin, pushOf, resultsOf } from './pushes.ts';

/** A push that came through the door, and what became of it. */
export interface SeenPush {
  /** By a clock that never steps, finer than a millisecond: the next push may come within one. */
  readonly atMs: number;
  readonly party: string;
  /** The same content has the same hash. */
  readonly hash: string;
  /** Undefined: the sender got no answer, or only a part of it, and cannot know what became of the push. */
  readonly status: number | undefined;
  readonly retryAfterS: number | undefined;
  /** What the hub said of its items, whether or not the answer arrived. */
  readonly items: readonly PushedItem[];
}

export interface SandboxDoor {
  /** Where the hub listens; undefined while it restarts. */
  hubUrl: string | undefined;
  /** Oldest first, at most the newest 10,000. */
  readonly pushes: readonly SeenPush[];
  add(fault: RequestFault): void;
  clear(): void;
  handle(incoming: IncomingMessage, outgoing: ServerResponse): void;
}

const MOST_PUSHES = 10_000;
/** Of the national dialect. A system may log in for each push. */
const MOST_SESSIONS = 200;

/** The address of the sandbox: passes requests on to the hub, plays its bad days, and notes each push. */
export function createDoor(): SandboxDoor {
  const faults = createFaultQueue();
  const sessions = new Map<string, string>();
  const pushes: SeenPush[] = [];

  async function pushed(request: SimulatorRequest, party: string, outgoing: ServerResponse): Promise<void> {
    const atMs = performance.now();
    const fault = faults.take(request.path);
    const instead = fault && insteadOf(fault);
    const reply = instead ?? (await forwarded(door.hubUrl, request));
    const answered = finished(outgoing).then(
      () => true,
      () => false,
    );
    if (reply === 'reset') outgoing.destroy();
    else await write(outgoing, reply, instead ? undefined : fault);
    const { status = 200, headers = {} } = reply === 'reset' ? {} : reply;
    pushes.push({
      atMs,
      party,
      hash: contentHashOf(request),
      status: (await answered) ? status : undefined,
      retryAfterS: headers['retry-after'] === undefined ? undefined : Number(headers['retry-after']),
      items: reply === 'reset' || instead ? [] : resultsOf(request, reply),
    });
    pushes.splice(0, pushes.length - MOST_PUSHES);
  }

  async function posted(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await readRequest(incoming);
    const party = pushOf(request, sessions);
    if (party !== undefined) return pushed(request, party, outgoing);
    const reply = await forwarded(door.hubUrl, request);
    const login = partyOfLogin(request, reply);
    if (login) sessions.set(login.session, login.party);
    const [oldest] = sessions.keys();
    if (sessions.size > MOST_SESSIONS && oldest !== undefined) sessions.delete(oldest);
    writeWhole(outgoing, reply);
  }

  const door: SandboxDoor = {
    hubUrl: undefined,
    pushes,
    add: faults.add,
    clear() {
      faults.clear();
      sessions.clear();
      pushes.length = 0;
    },
    handle(incoming, outgoing) {
      if (incoming.method === 'POST') posted(incoming, outgoing).catch(() => outgoing.destroy());
      else streamed(door.hubUrl, incoming, outgoing);
    },
  };
  return door;
}

const RESTARTS: SimulatorReply = {
  status: 503,
  headers: { 'retry-after': '5' },
  body: { title: 'the sandbox restarts its hub' },
};

/** The hub's answer, as it sent it. */
async function forwarded(
  hubUrl: string | undefined,
  { method, path, query, headers, body }: SimulatorRequest,
): Promise<SimulatorReply> {
  if (hubUrl === undefined) return RESTARTS;
  const { 'content-length': _, connection: _connection, ...sent } = headers;
  const answer = await axios.request<ArrayBuffer>({
    url: `${hubUrl}${path}${query.size > 0 ? `?${query}` : ''}`,
    method,
    headers: sent as Record<string, string>,
    data: body,
    responseType: 'arraybuffer',
    decompress: false,
    maxRedirects: 0,
    proxy: false,
    validateStatus: () => true,
  });
  const { 'transfer-encoding': _encoding, connection: _closed, ...got } = answer.headers;
  return { status: answer.status, headers: got as Record<string, string>, body: Buffer.from(answer.data) };
}

/** Reads may be endless streams, so nothing is collected. */
function streamed(hubUrl: string | undefined, incoming: IncomingMessage, outgoing: ServerResponse): void {
  if (hubUrl === undefined) {
    writeWhole(outgoing, RESTARTS);
    return;
  }
  const { url = '/', method, headers } = incoming;
  const asked = http.request(`${hubUrl}${url}`, { method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  asked.on('error', () => outgoing.destroy());
  outgoing.on('close', () => asked.destroy());
  incoming.pipe(asked);
}
