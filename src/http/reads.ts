import type { Context } from 'hono';
import { msToInstant } from '#core/dates/dates';
import { type Position, positionText, readPosition } from '#core/identifiers/position';
import type { Replica, Replicas } from '../database/replicas.ts';
import type { AppContext } from './app-context.ts';
import { bearerOf, type Keys } from './auth.ts';
import { type AddRoute, addToConditional, type RouteDoc } from './route.ts';

/** The readers of one database: the primary, or a replica. */
export type DatabaseReaders = Pick<
  AppContext,
  'index' | 'records' | 'catalogue' | 'statistics' | 'delays' | 'handlingOf' | 'lookUp'
>;

/** Which database answers reads. */
export interface Reads {
  /** The readers for a request. A route without `freshness` reads from the primary. */
  of(c: Context): DatabaseReaders;
  /** The readers for a visitor without a key. */
  forVisitor(): DatabaseReaders;
  /** Adds routes whose answers say how fresh they are. */
  routed(add: AddRoute): AddRoute;
}

interface ReadsContext extends Pick<AppContext, 'keys' | 'nowMs' | 'telemetry'> {
  readonly replicas: Replicas;
  readonly primary: DatabaseReaders;
  readonly readersOf: (database: Replica['database']) => DatabaseReaders;
}

export const AS_OF = 'Lienthong-As-Of';
export const POSITION = 'Lienthong-Position';

export function createReads(hub: ReadsContext): Reads {
  const { replicas, primary, keys, nowMs, telemetry } = hub;
  const ofReplica = new Map(replicas.all.map((one) => [one, hub.readersOf(one.database)]));
  const chosen = new WeakMap<Context, DatabaseReaders>();
  const hasReplicas = replicas.all.length > 0;

  function readersAt(replica: Replica | undefined): DatabaseReaders {
    telemetry.readAt(replica?.name ?? 'primary');
    const there = replica && ofReplica.get(replica);
    return there ? withFallback(there, primary, failuresAt(replica, hub)) : primary;
  }

  function chooseFor(c: Context, { freshness, conditional }: RouteDoc): void {
    const replica = hasReplicas ? replicaFor(c, freshness, replicas, keys) : undefined;
    const readers = readersAt(replica);
    if (replica) chosen.set(c, readers);
    // Before the read: the answer may be fresher.
    const asOf = msToInstant(nowMs() - (replica?.lagMs() ?? 0));
    if (conditional) addToConditional(c, { [AS_OF]: asOf });
    else c.header(AS_OF, asOf);
  }

  return {
    of: (c) => chosen.get(c) ?? primary,
    forVisitor: () => readersAt(replicas.choose()),
    routed: (add) => (doc, handler) => {
      const { method, freshness } = doc;
      if (freshness === undefined && (method === 'get' || !hasReplicas)) return add(doc, handler);
      add(doc, async (c) => {
        if (freshness !== undefined) chooseFor(c, doc);
        const response = await handler(c);
        // After the commit, and after the read: it covers what this answer acknowledges or shows.
        if (hasReplicas) response.headers.set(POSITION, positionText(replicas.position()));
        return response;
      });
    },
  };
}

/**
 * A client that names a position gets an answer that is at least as fresh. Without one, a key that may write reads from the
 * primary, whichever process took its last push. So does the read of one thing: a notification may have caused it.
 */
function replicaFor(c: Context, freshness: RouteDoc['freshness'], replicas: Replicas, keys: Keys): Replica | undefined {
  if (freshness === 'primary') return undefined;
  const text = c.req.header(POSITION.toLowerCase());
  if (text !== undefined) {
    const position: Position | undefined = readPosition(text);
    return position && replicas.choose(position);
  }
  return freshness === 'one' || mayWrite(c, keys) ? undefined : replicas.choose();
}

function mayWrite(c: Context, keys: Keys): boolean {
  const secret = bearerOf(c);
  const key = secret === undefined ? keys.byClient(c)?.key : keys.bySecret(secret);
  return key?.scopes.some((scope) => scope.endsWith(':write')) === true;
}

/** The failures of one request at its replica. */
interface Failures {
  any(): boolean;
  add(error: unknown): void;
}

function failuresAt(replica: Replica, { replicas, telemetry }: ReadsContext): Failures {
  let hasFailed = false;
  return {
    any: () => hasFailed,
    add(error) {
      hasFailed = true;
      telemetry.replicaFailed(replica.name);
      replicas.failed(replica, error);
    },
  };
}

/**
 * A read that fails at the replica is answered by the primary, and so are the later reads of the request: the replica may lack
 * what the primary showed, such as the changes before the cursor of a snapshot.
 */
function withFallback<Part extends object>(there: Part, here: Part, failures: Failures): Part {
  const members = Object.entries(there).map(([name, member]) => {
    const other = here[name as keyof Part];
    if (typeof member !== 'function') return [name, withFallback(member, other as typeof member, failures)];
    const ask = member as (...given: unknown[]) => Promise<unknown>;
    const askHere = other as typeof ask;
    const asked: typeof ask = (...given) => {
      if (failures.any()) return askHere(...given);
      return ask(...given).catch((error) => {
        failures.add(error);
        return askHere(...given);
      });
    };
    return [name, asked];
  });
  return Object.fromEntries(members) as Part;
}
