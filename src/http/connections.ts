import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { networkOf } from './clients.ts';

/** The state of a connection: no request yet, a request in progress, or idle between two requests. */
export type Doing = 'new' | 'busy' | 'resting';

export interface ConnectionLimit {
  /** The limit of open connections. Beyond it, the address with the most loses one. */
  readonly most: number;
  readonly doing: (socket: Socket) => Doing;
  /** Called when connections are closed for room, at most once in ten minutes. */
  readonly onCrowded: (crowd: Crowd) => void;
}

export interface Crowd {
  readonly connections: number;
  readonly address: string;
  readonly ofAddress: number;
}

const TELL_EVERY_MS = 600_000;

/**
 * Closes connections before the process runs out of file descriptors.
 *
 * Without free descriptors the hub could not accept connections, reach its database, or report this. The
 * newcomer is always accepted. The address with most connections loses one: first one without a request, then an
 * idle one, oldest first.
 */
export function limitConnections(server: Server, { most, doing, onCrowded }: ConnectionLimit): void {
  /** In the order of arrival. */
  const byAddress = new Map<string, Set<Socket>>();
  let connections = 0;
  let toldAtMs = Number.NEGATIVE_INFINITY;

  function makeRoom(newcomer: Socket): void {
    const [address, sockets] = largestOf(byAddress);
    if (performance.now() - toldAtMs > TELL_EVERY_MS) {
      toldAtMs = performance.now();
      onCrowded({ connections, address, ofAddress: sockets.size });
    }
    dispensableOf(sockets, newcomer, doing)?.destroy();
  }

  server.on('connection', (socket) => {
    const address = networkOf(socket.remoteAddress ?? '');
    const sockets = byAddress.get(address) ?? new Set();
    byAddress.set(address, sockets);
    sockets.add(socket);
    connections++;
    socket.once('close', () => {
      connections--;
      sockets.delete(socket);
      if (sockets.size === 0) byAddress.delete(address);
    });
    if (connections > most) makeRoom(socket);
  });
}

function largestOf(byAddress: ReadonlyMap<string, ReadonlySet<Socket>>): readonly [string, ReadonlySet<Socket>] {
  let largest: readonly [string, ReadonlySet<Socket>] = ['', new Set()];
  for (const one of byAddress) if (one[1].size > largest[1].size) largest = one;
  return largest;
}

function dispensableOf(
  sockets: ReadonlySet<Socket>,
  newcomer: Socket,
  doing: ConnectionLimit['doing'],
): Socket | undefined {
  let resting: Socket | undefined;
  let oldest: Socket | undefined;
  for (const socket of sockets) {
    if (socket === newcomer || socket.destroyed) continue;
    const does = doing(socket);
    if (does === 'new') return socket;
    if (does === 'resting') resting ??= socket;
    oldest ??= socket;
  }
  return resting ?? oldest;
}

/** More connections would only cost memory. */
const MOST_CONNECTIONS = 5_000;
/** File descriptors for the hub itself: database, partners, threads, logs. */
const OWN_FILES = { least: 64, most: 256, share: 0.4 };

/** The number of connections for which this process has file descriptors. */
export function connectionsFor(openFiles = openFilesLimit()): number {
  const own = Math.min(Math.max(openFiles * OWN_FILES.share, OWN_FILES.least), OWN_FILES.most);
  return Math.max(16, Math.min(Math.floor(openFiles - own), MOST_CONNECTIONS));
}

/** Infinity when the system reports no limit. */
function openFilesLimit(): number {
  try {
    return Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? Infinity);
  } catch {
    return Infinity;
  }
}
