import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { databaseHosts, databaseName } from '#core/identifiers/database-hosts';

/** Which of the hosts of an address takes writes. */
export interface Primary {
  /** The host and database that take writes now. Undefined before the first one was found. */
  readonly name: () => string | undefined;
  /** Waits until a host takes writes. @throws an error with the SQLSTATE 25006 when none does in this time */
  found(withinMs?: number): Promise<void>;
  /** A client that connects to it. */
  readonly Client: typeof pg.Client;
  isAt(client: pg.ClientBase): boolean;
  /** Calls when another host takes writes. */
  onMove(listener: () => void): void;
  close(): Promise<void>;
}

interface Host {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly probe: pg.Pool;
  /** The timeline of a host that takes writes. Undefined: it does not, or does not answer. */
  timeline: number | undefined;
  /** Why it takes no writes. */
  why: string;
  wasAsked: boolean;
}

const EVERY_MS = 500;
const ANSWER_MS = 2_000;
/** Less than the time limit of a connection. */
const FOUND_WITHIN_MS = 4_000;
const READ_ONLY = '25006';

/**
 * Follows the primary of an address with several hosts. Undefined for a single one.
 *
 * Each promotion begins a new timeline. So of several hosts that take writes the one with the highest timeline is the primary, and
 * none with a lower one than before is ever used: it is a primary that came back after another one took over.
 */
export function followPrimary(url: string): Primary | undefined {
  const urls = databaseHosts(url);
  if (urls.length < 2) return undefined;
  const hosts = urls.map(openHost);
  const listeners: (() => void)[] = [];
  const waiting = new Set<() => void>();
  const closing = new AbortController();
  let current: Host | undefined;
  let highest = 0;

  function decide(): void {
    if (current === undefined && !hosts.every(({ wasAsked }) => wasAsked)) return;
    const best = choosePrimary(hosts, current, highest);
    if (!best) return;
    highest = best.timeline ?? highest;
    const isMove = current !== undefined && best !== current;
    current = best;
    if (isMove) for (const listener of listeners) listener();
    for (const go of waiting) go();
  }

  const watched = hosts.map(async (one) => {
    while (!closing.signal.aborted) {
      Object.assign(one, await askHost(one.probe), { wasAsked: true });
      decide();
      await sleep(EVERY_MS, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
    }
  });

  const isReady = (): boolean => current?.timeline !== undefined;
  const found = async (withinMs = FOUND_WITHIN_MS): Promise<void> => {
    for (const until = performance.now() + withinMs; !isReady(); ) {
      const leftMs = until - performance.now();
      if (leftMs <= 0) throw noPrimary(hosts);
      await nextCall(waiting, leftMs);
    }
  };
  return {
    name: () => current?.name,
    found,
    Client: clientAt(async () => {
      await found();
      return current as Host;
    }),
    isAt: (client) => {
      const { host, port } = client as pg.Client;
      return current?.host === host && current.port === port;
    },
    onMove: (listener) => void listeners.push(listener),
    async close() {
      closing.abort();
      await Promise.all([...watched, ...hosts.map(({ probe }) => probe.end())]);
    },
  };
}

/** Waits until the function that it adds is called, at most this long. */
function nextCall(waiting: Set<() => void>, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(go, limitMs);
    function go(): void {
      clearTimeout(timer);
      waiting.delete(go);
      resolve();
    }
    waiting.add(go);
  });
}

interface Asked {
  /** Of a host that takes writes. */
  readonly timeline: number | undefined;
}

/**
 * The host with the highest timeline, unless an earlier answer showed a higher one. With two hosts on one timeline, such as two
 * addresses of one server, the current host stays.
 */
export function choosePrimary<Host extends Asked>(
  hosts: readonly Host[],
  current: Host | undefined,
  highest: number,
): Host | undefined {
  const best = Math.max(...hosts.map(({ timeline = -1 }) => timeline));
  if (best < Math.max(highest, 0)) return undefined;
  return current?.timeline === best ? current : hosts.find(({ timeline }) => timeline === best);
}

function openHost(url: string): Host {
  // The driver reads the address, with its defaults.
  const { host, port } = new pg.Client({ connectionString: url });
  const probe = new pg.Pool({
    connectionString: url,
    max: 1,
    connectionTimeoutMillis: ANSWER_MS,
    query_timeout: ANSWER_MS,
    application_name: 'lienthong',
  });
  probe.on('error', () => undefined);
  probe.on('connect', (client) => client.on('error', () => undefined));
  return { name: databaseName(url), host, port, probe, timeline: undefined, why: 'not asked yet', wasAsked: false };
}

async function askHost(probe: pg.Pool): Promise<Pick<Host, 'timeline' | 'why'>> {
  try {
    const { rows } = await probe.query<{ isReadOnly: boolean }>(
      `SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool AS "isReadOnly"`,
    );
    if (rows[0]?.isReadOnly !== false) return { timeline: undefined, why: 'read-only' };
    const { rows: files } = await probe.query<{ timeline: number }>(
      `SELECT ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int4 AS timeline`,
    );
    return { timeline: files[0]?.timeline, why: 'on an earlier timeline' };
  } catch (error) {
    const { message, code = '' } = error as Error & { code?: string };
    return { timeline: undefined, why: message || code };
  }
}

/** With the reason of each host: a wrong password or certificate looks like a missing primary otherwise. */
function noPrimary(hosts: readonly Host[]): Error {
  const reasons = hosts.map(({ name, why }) => `${name} (${why})`).join(', ');
  return Object.assign(new Error(`no host of DATABASE_URL takes writes: ${reasons}`), { code: READ_ONLY });
}

type Connected = (error?: Error) => void;

/** The driver knows one host. It is set when the client connects. */
function clientAt(primary: () => Promise<{ readonly host: string; readonly port: number }>): typeof pg.Client {
  return class extends pg.Client {
    // biome-ignore lint/suspicious/noExplicitAny: the driver's overloads, with and without a callback
    override connect(done?: any): any {
      // A server that is ending may say so in the packet that opens the session, before the pool listens.
      this.on('error', () => undefined);
      const connected = primary().then(({ host, port }) => {
        Object.assign(this, { host, port });
        return super.connect();
      });
      if (done === undefined) return connected;
      connected.then(() => (done as Connected)(), done as Connected);
    }
  };
}
