import pg from 'pg';

type Session = pg.Client & {
  // What the types of a client leave out.
  readonly processID: number;
  readonly connection: { parsedStatements: object };
  readonly _queryable: boolean;
  readonly readyForQuery: boolean;
  ref(): void;
  unref(): void;
};

interface Kept {
  /** Of the pool that opened it, as JSON. */
  readonly settings: string;
  readonly session: Session;
  /** Since the reset of its database. Before it, a hub that starts again gets new sessions, as after the end of its process. */
  readonly isOffered: boolean;
}

/** Ended sessions of hubs, by the address of their database. */
const kept = new Map<string, readonly Kept[]>();

/** Ends under way, which no pool waits for. */
const ending = new Map<string, Set<Promise<void>>>();

/** Most hubs open no more at once. */
const SAME_SETTINGS = 2;

/**
 * Keeps the sessions that hubs of this process end on a database, and gives them to its next hub. A hub's new sessions cost
 * twice as much as its statements: PostgreSQL starts a process for each, which reads the catalogue again for each table.
 */
export function keepSessions(url: string): void {
  if (!kept.has(url)) kept.set(url, []);
}

/** The kept sessions of a database, all idle and reset. */
export async function keptSessions(url: string): Promise<readonly Session[]> {
  await Promise.all(ending.get(url) ?? []);
  return (kept.get(url) ?? []).map(({ session }) => session);
}

/** Offers the sessions of a database that was reset. */
export function offerSessions(url: string): void {
  kept.set(
    url,
    (kept.get(url) ?? []).map((one) => ({ ...one, isOffered: true })),
  );
}

/** Ends the kept sessions, and keeps no others of this database. */
export async function endSessions(url: string): Promise<void> {
  const sessions = await keptSessions(url);
  kept.delete(url);
  await Promise.all(sessions.map(endNow));
}

const { Client } = pg;
const endNow = (session: Session): Promise<void> => end.call(session);
const end: (this: pg.Client) => Promise<void> = Client.prototype.end;

function without(url: string, session: Session): readonly Kept[] {
  return (kept.get(url) ?? []).filter((one) => one.session !== session);
}

function take(url: string, settings: string): Session | undefined {
  const session = kept
    .get(url)
    ?.find((one) => one.isOffered && one.settings === settings && one.session._queryable)?.session;
  if (!session) return undefined;
  kept.set(url, without(url, session));
  session.removeAllListeners();
  // Until its new pool listens, a turn later: a test may end all sessions of the server.
  session.on('error', () => undefined);
  session.ref();
  return Object.assign(session, { connect: (done: () => void) => void setImmediate(done) });
}

/** A pool ends what is idle for ten seconds and opens others: a hub that lives for minutes ends hundreds. */
const isFull = (url: string, settings: string): boolean =>
  (kept.get(url) ?? []).filter((one) => one.settings === settings).length >= SAME_SETTINGS;

/** @returns false when the session must end: it is broken or at work, or its database keeps no more */
async function keep(url: string, settings: string, session: Session): Promise<boolean> {
  if (!kept.has(url) || isFull(url, settings) || !session._queryable || !session.readyForQuery) return false;
  if (session.getTransactionStatus() !== 'I') return false;
  try {
    await session.query('DISCARD ALL');
    // The reset of the database asks which tables were written.
    await session.query('SELECT pg_stat_force_next_flush()');
  } catch {
    return false;
  }
  if (!kept.has(url) || isFull(url, settings)) return false;
  session.connection.parsedStatements = {};
  session.removeAllListeners();
  session.on('error', () => kept.has(url) && kept.set(url, without(url, session)));
  session.unref();
  kept.set(url, [...without(url, session), { settings, session, isOffered: false }]);
  return true;
}

function open(url: string, settings: string, config: pg.ClientConfig): Session {
  const session = new Client(config) as unknown as Session;
  const endOrKeep = (done?: () => void): Promise<void> | undefined => {
    const all = ending.get(url) ?? new Set();
    const ended = keep(url, settings, session)
      .then((isKept) => (isKept ? undefined : endNow(session)))
      .finally(() => all.delete(ended));
    ending.set(url, all.add(ended));
    if (!done) return ended;
    void ended.then(done, done);
    return undefined;
  };
  return Object.assign(session, { end: endOrKeep });
}

/** The pools of a hub make their clients with this one. */
const HubClient: typeof pg.Client = new Proxy(Client, {
  construct(target, args, newTarget) {
    const [config] = args as [pg.PoolConfig | string | undefined];
    const isOfPool = newTarget === HubClient && typeof config === 'object' && config.max !== undefined;
    const isOfHub = isOfPool && config.application_name === 'lienthong';
    // The schema of a rebuild is dropped after it.
    const url = isOfHub && !config.options?.includes('search_path') ? config.connectionString : undefined;
    if (!url || !kept.has(url)) return Reflect.construct(target, args, newTarget);
    const settings = JSON.stringify(config);
    return take(url, settings) ?? open(url, settings, config as pg.ClientConfig);
  },
});
Object.assign(pg, { Client: HubClient });
