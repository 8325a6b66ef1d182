import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './ports.ts';
import { openRelay, type Relay } from './relay.ts';

/** Processes of the hub as machines of their own: behind a proxy, each with lines that can be cut. */
export interface Nodes {
  /** The proxy: it sends each connection to the next node that is alive. */
  readonly url: string;
  /** The settings of a node: its own port, and the database behind its own lines. */
  envOf(name: string): Readonly<Record<'PORT' | 'DATABASE_URL', string>>;
  /** Cuts a node off from its clients and from the database for a time. Partners stay in reach. */
  partition(name: string, forMs: number): Promise<void>;
  close(): void;
}

interface Node {
  readonly port: number;
  readonly databaseUrl: string;
  /** From the proxy to the node. */
  readonly front: Relay;
  readonly lines: readonly Relay[];
  isAlive: boolean;
}

const HOST = '127.0.0.1';
const LOOK_MS = 500;
const ANSWERS_WITHIN_MS = 1_000;

export async function openNodes(
  names: readonly string[],
  databaseUrl: string,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Nodes> {
  const nodes = new Map<string, Node>();
  for (const name of names) nodes.set(name, await openNode(databaseUrl));
  const all = [...nodes.values()];
  let turn = 0;
  const proxy = await openRelay(host, port, () => {
    const alive = all.filter(({ isAlive }) => isAlive);
    return alive[turn++ % alive.length]?.front.port;
  });
  const closing = new AbortController();
  for (const node of all) void watch(node, proxy, closing.signal);
  const nodeOf = (name: string): Node => nodes.get(name) as Node;
  return {
    url: `http://${host}:${proxy.port}`,
    envOf: (name) => ({ PORT: String(nodeOf(name).port), DATABASE_URL: nodeOf(name).databaseUrl }),
    async partition(name, forMs) {
      const { lines } = nodeOf(name);
      for (const line of lines) line.cut();
      await sleep(forMs, undefined, { signal: closing.signal }).catch(() => undefined);
      for (const line of lines) line.heal();
    },
    close() {
      closing.abort();
      for (const line of [proxy, ...all.flatMap(({ lines }) => lines)]) line.close();
    },
  };
}

/** Each host of the database's address gets a line of its own. */
async function openNode(databaseUrl: string): Promise<Node> {
  const port = await freePort(HOST, 0);
  const front = await openRelay(HOST, 0, () => port);
  const lines: Relay[] = [];
  let url = databaseUrl;
  for (const [host, , target] of databaseUrl.matchAll(/(127\.0\.0\.1|localhost):(\d+)/g)) {
    const line = await openRelay(HOST, 0, () => Number(target));
    lines.push(line);
    url = url.replace(host, `${HOST}:${line.port}`);
  }
  return { port, databaseUrl: url, front, lines: [front, ...lines], isAlive: false };
}

/** A node that does not answer in time gets no connections, and those that it has end. */
async function watch(node: Node, proxy: Relay, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const reply = await fetch(`http://${HOST}:${node.front.port}/health/live`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWERS_WITHIN_MS)]),
    }).catch(() => undefined);
    node.isAlive = reply?.ok === true;
    if (!node.isAlive) proxy.drop(node.front.port);
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
}
