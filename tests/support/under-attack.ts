import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { dossier } from './hub.ts';
import type { HubProcess } from './process.ts';

/** How a hub fared during an attack. */
export interface Fared {
  /** The highest memory, above that before the attack. */
  readonly addedMb: number;
  /** The slowest `/health/live`, and the slowest push of a healthy sender. */
  readonly liveMs: number;
  readonly pushMs: number;
  /** Statuses of the healthy sender's pushes. */
  readonly statuses: ReadonlySet<number>;
  readonly pushes: number;
}

const TICKS_A_SECOND = 100;

/** Watches a hub, and a sender that pushes a dossier every 100 ms from its own address, while `attack` runs. */
export async function faring(
  hub: HubProcess,
  sender: { readonly party: string; readonly secret: string; readonly address: string },
  attack: () => Promise<unknown>,
): Promise<Fared> {
  const { pid } = hub.child;
  const beforeMb = memoryMb(pid as number, 'VmRSS');
  // The peak from now on.
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const statuses = new Set<number>();
  let [liveMs, pushMs, pushes, isOver] = [0, 0, 0, false];
  const watching = (async () => {
    while (!isOver) {
      const at = performance.now();
      await asked(`${hub.url}/health/live`);
      liveMs = Math.max(liveMs, performance.now() - at);
      await sleep(50);
    }
  })();
  const sending = (async () => {
    while (!isOver) {
      const at = performance.now();
      const headers = {
        Authorization: `Bearer ${sender.secret}`,
        'Content-Type': 'application/json',
        'X-Forwarded-For': sender.address,
      };
      const body = JSON.stringify(dossier({ code: `H60.02-250812-${String(pushes++).padStart(4, '0')}` }));
      statuses.add(
        await asked(`${hub.url}/api/v1/parties/${sender.party}/dossiers`, { method: 'POST', headers }, body),
      );
      pushMs = Math.max(pushMs, performance.now() - at);
      await sleep(100);
    }
  })();
  try {
    await attack();
  } finally {
    isOver = true;
    await Promise.all([watching, sending]);
  }
  const addedMb = memoryMb(pid as number, 'VmHWM') - beforeMb;
  return { addedMb, liveMs, pushMs, statuses, pushes };
}

/** Resolves when a hub has read all sent bytes: no data waits in the system on its connections. */
export async function readAll({ url }: HubProcess, mostMs = 60_000): Promise<void> {
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, '0');
  const until = performance.now() + mostMs;
  const waiting = () =>
    readFileSync('/proc/net/tcp', 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .some(([, local = '', remote = '', state, queues = '']) => {
        const [sent, received] = queues.split(':').map((count) => Number.parseInt(count, 16));
        // 0A listens.
        if (state === '0A') return false;
        return (local.endsWith(`:${port}`) && received !== 0) || (remote.endsWith(`:${port}`) && sent !== 0);
      });
  do await sleep(500);
  while (waiting() && performance.now() < until);
}

/** A hub's share of one processor during this time. */
export async function processorsOf({ child: { pid } }: HubProcess, ms: number): Promise<number> {
  const before = ticksOf(pid as number);
  await sleep(ms);
  return (ticksOf(pid as number) - before) / TICKS_A_SECOND / (ms / 1_000);
}

/** On a separate connection, so that it shares nothing with the attackers of this process. */
function asked(url: string, options: http.RequestOptions = {}, body = ''): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { ...options, agent: false }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    });
    request.once('error', reject).end(body);
  });
}

function memoryMb(pid: number, name: 'VmRSS' | 'VmHWM'): number {
  return Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;
}

/** User and system time, for the process with all its threads. */
function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

/** A connection that sends on demand and reads the answers. */
export interface RawClient {
  readonly socket: net.Socket;
  /** The status of the first answer; undefined when the connection ends without one. */
  readonly status: Promise<number | undefined>;
}

export function rawClient(url: string, write: readonly (string | Buffer)[], localAddress?: string): RawClient {
  const { hostname, port } = new URL(url);
  const socket = net.connect({ host: hostname, port: Number(port), ...(localAddress && { localAddress }) });
  socket.on('error', () => undefined);
  for (const part of write) socket.write(part);
  const status = new Promise<number | undefined>((resolve) => {
    socket.once('data', (answer) => {
      resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(answer.toString('latin1'))?.[1]));
      socket.resume();
    });
    socket.once('close', () => resolve(undefined));
  });
  return { socket, status };
}

/** The head of a POST with a length; the body may be shorter. */
export function postHead(path: string, bytes: number, headers: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries({ Host: 'hub.test', 'Content-Length': String(bytes), ...headers });
  return `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}
