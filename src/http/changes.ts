import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import Type from 'typebox';
import { closed } from '#schemas/parts';
import type { Scope } from '../config/config.ts';
import type { Change, IndexReader } from '../index/read.ts';
import type { AppContext } from './app-context.ts';
import { requireKey } from './auth.ts';
import type { Cursors } from './cursor.ts';
import { ChangeItem } from './dossier-replies.ts';
import { Cursor, Limit, numeral, pageOf } from './lists.ts';
import { Refusal } from './problem.ts';
import { type AddRoute, conditional, queryReader } from './route.ts';

export type ChangeReaderContext = Pick<
  AppContext,
  'index' | 'keys' | 'cursors' | 'telemetry' | 'nextChange' | 'isDraining'
>;

const ChangesQuery = closed({
  limit: Limit,
  cursor: Cursor,
  wait: numeral('^(?:[0-9]|[12][0-9]|30)$', 0, 30, 'seconds from 0 to 30'),
});
const EventsQuery = closed({ cursor: Cursor });

const ChangePage = closed({
  ...pageOf(ChangeItem).properties,
  gap: Type.Optional(
    Type.Literal(true, {
      description:
        'where changes after the cursor may be missing: they are older than what is kept, or the database was put back since; who keeps a copy of the index takes a new snapshot',
    }),
  ),
});

const READ: readonly Scope[] = ['index:read'];
const LIST = 'changes';

/** The cursor that follows the change of this number. */
export function changeCursor(cursors: Cursors, place: number): string {
  return cursors.write(LIST, [place]);
}

/** What changed, asked for or told of as it happens. */
export function addChangeReaders(add: AddRoute, hub: ChangeReaderContext): void {
  const { keys, cursors, telemetry } = hub;
  const readChangesQuery = queryReader(ChangesQuery);
  const readEventsQuery = queryReader(EventsQuery);
  const placeOf = (cursor: string | undefined): number => Number(cursors.read(LIST, cursor)?.[0] ?? 0);
  const cursorAt = (place: number): string => changeCursor(cursors, place);
  /** How many streams each key has. */
  const open = new Map<string, number>();
  /** How many questions of each key wait. */
  const waiting = new Map<string, number>();
  const feed = createFeed(hub);
  const shown = (change: Change) => ({ ...change, cursor: cursorAt(change.cursor) });

  add(
    {
      method: 'get',
      path: '/api/v1/changes',
      tag: 'Dossiers',
      summary: 'What changed since a cursor, in the order of commits, without gap or repeat',
      description: `With \`wait\` the answer waits for a change. A key has at most ${MOST_WAITING.toLocaleString('en')} questions that wait at one process.`,
      scopes: READ,
      problems: ['too-often'],
      conditional: true,
      query: ChangesQuery,
      replies: { 200: { description: 'A page; `next` is always given', schema: ChangePage } },
    },
    async (c) => {
      const { id } = requireKey(c, keys, ...READ);
      const { cursor, limit = '100', wait = '0' } = readChangesQuery(c);
      const after = placeOf(cursor);
      // Who begins has seen nothing that it could go on from.
      const isGap = cursor !== undefined && (await isGapAfter(hub.index, after));
      const waitS = isGap ? 0 : Number(wait);
      const changes = await limited(id, waitS, () => feed.after(after, Number(limit), waitS));
      const next = cursorAt(changes.at(-1)?.cursor ?? after);
      return conditional(c, JSON.stringify({ items: changes.map(shown), next, ...(isGap && { gap: true }) }));
    },
  );

  add(
    {
      method: 'get',
      path: '/api/v1/events',
      tag: 'Dossiers',
      summary: 'The same as server-sent events, from then on',
      description:
        'The data of each event is a change, as JSON, and its id the cursor to go on after: in Last-Event-ID, as ' +
        'browsers do by themselves, or as ?cursor=. Without either it begins with the first change there is. An event of the ' +
        'type gap says that changes before the next one may be missing, as gap of /api/v1/changes does. ' +
        `A key has at most ${MOST_STREAMS} of them open at one process.`,
      scopes: READ,
      problems: ['too-often'],
      headers: { 'Last-Event-ID': { type: 'string', description: 'the id of the last event that was received' } },
      query: EventsQuery,
      replies: {
        200: { description: 'Events without an end', mediaType: 'text/event-stream', schema: Type.String() },
      },
    },
    async (c) => {
      const { id } = requireKey(c, keys, ...READ);
      const { cursor } = readEventsQuery(c);
      const from = c.req.header('last-event-id') || cursor;
      const after = placeOf(from);
      if ((open.get(id) ?? 0) >= MOST_STREAMS)
        throw new Refusal('too-often', `the key ${id} has ${MOST_STREAMS} streams open here; end some of them`, {
          headers: { 'Retry-After': String(ALIVE_S) },
        });
      open.set(id, (open.get(id) ?? 0) + 1);
      const leave = () => void open.set(id, (open.get(id) ?? 0) - 1);
      // What cannot be read at all is a refusal, not an empty stream.
      const first = await begun(from === undefined ? undefined : after).catch((error) => {
        leave();
        throw error;
      });
      // Hono answers HEAD by GET, whose stream nobody would read.
      if (c.req.method !== 'HEAD') return streamed(c, (stream) => tell(stream, after, first).finally(leave));
      leave();
      return c.body(null, 200, { 'Content-Type': 'text/event-stream' });
    },
  );

  /** @throws Refusal 429 where the key has too many questions that wait */
  async function limited<Out>(key: string, waitS: number, work: () => Promise<Out>): Promise<Out> {
    if (waitS === 0) return work();
    const count = waiting.get(key) ?? 0;
    if (count >= MOST_WAITING)
      throw new Refusal('too-often', `${MOST_WAITING} questions of the key ${key} wait here already`, {
        headers: { 'Retry-After': String(RETRY_MS / 1_000) },
      });
    waiting.set(key, count + 1);
    try {
      return await work();
    } finally {
      waiting.set(key, (waiting.get(key) ?? 0) - 1);
    }
  }

  /** @param after undefined for who begins: it has seen nothing that it could go on from. */
  async function begun(after: number | undefined): Promise<Told> {
    const isGap = after !== undefined && (await isGapAfter(hub.index, after));
    return { isGap, changes: await hub.index.changes(after ?? 0, PAGE) };
  }

  /** Whoever is cut off, by an error or because the hub leaves, goes on where it was. */
  async function tell(stream: SSEStreamingApi, from: number, first: Told): Promise<void> {
    try {
      await stream.write(`retry: ${RETRY_MS}\n\n`);
      for (let [{ isGap, changes }, after] = [first, from]; !stream.aborted; ) {
        // A comment keeps what stands between from taking the silence for an end.
        const told = changes.length === 0 ? ':\n\n' : changes.map(shown).map(eventOf).join('');
        await stream.write(isGap ? `${GAP}${told}` : told);
        after = changes.at(-1)?.cursor ?? after;
        if (hub.isDraining()) return;
        // Every commit wakes all who are told: what follows at once may come along with what follows a little later.
        if (changes.length < PAGE) await sleep(PAUSE_MS);
        changes = await feed.after(after, PAGE, ALIVE_S, () => stream.aborted);
        // The database was put back meanwhile.
        isGap = changes[0] !== undefined && changes[0].cursor !== after + 1;
      }
    } catch (error) {
      telemetry.failed('GET /api/v1/events', error);
    }
  }
}

function streamed(c: Context, tell: (stream: SSEStreamingApi) => Promise<void>): Response {
  // Nginx would keep events until a buffer is full of them.
  c.header('X-Accel-Buffering', 'no');
  return streamSSE(c, tell);
}

const RETRY_MS = 2_000;
const MOST_STREAMS = 100;
const MOST_WAITING = 2_000;
const PAGE = 200;
const PAUSE_MS = 50;
const ALIVE_S = 15;

interface Told {
  /** Before the first of them some may be missing. */
  readonly isGap: boolean;
  readonly changes: readonly Change[];
}

/** Without an id: who is cut off after it is told again. */
const GAP = 'event: gap\ndata: {}\n\n';

function eventOf(item: { readonly cursor: string }): string {
  return `id: ${item.cursor}\ndata: ${JSON.stringify(item)}\n\n`;
}

/**
 * Changes are numbered without a gap, but for where the database was put back. So one follows that is not the next one
 * only where some are missing, and none follows only after the newest one.
 */
async function isGapAfter(index: IndexReader, after: number): Promise<boolean> {
  const newest = await index.newestChange();
  if (newest === after) return false;
  // What is numbered up to the newest one was committed before this is read.
  const [next] = await index.changes(after, 1);
  return next?.cursor !== after + 1;
}

/** Other processes write too: the feed is looked at again twice a second whatever this one does. */
const LOOK_MS = 500;

interface Waiter {
  readonly after: number;
  readonly wake: () => void;
}

/** Changes for all that wait in this process: one look at the feed serves all, and equal questions share one answer. */
interface Feed {
  /** Changes after a place, waiting for one up to `waitS` seconds. */
  after(after: number, limit: number, waitS: number, isGone?: () => boolean): Promise<readonly Change[]>;
}

function createFeed({ index, nextChange, isDraining }: ChangeReaderContext): Feed {
  const waiting = new Set<Waiter>();
  let asked = new Map<string, Promise<readonly Change[]>>();
  let isWatching = false;

  function read(after: number, limit: number): Promise<readonly Change[]> {
    const question = `${after} ${limit}`;
    const read = asked.get(question) ?? index.changes(after, limit).finally(() => asked.delete(question));
    asked.set(question, read);
    return read;
  }

  /** 2,000 questions that each looked for themselves were 4,000 statements a second. */
  async function watch(): Promise<void> {
    isWatching = true;
    while (waiting.size > 0) {
      await nextChange(LOOK_MS);
      // What cannot be read is told to each by its own look.
      const newest = isDraining() ? Infinity : await index.newestChange().catch(() => Infinity);
      // What was asked before may have missed the newest change.
      asked = new Map();
      for (const { after, wake } of waiting) if (newest > after) wake();
    }
    isWatching = false;
  }

  function wait(after: number, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        waiting.delete(waiter);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      const waiter: Waiter = { after, wake };
      waiting.add(waiter);
      if (!isWatching) void watch();
    });
  }

  return {
    async after(after, limit, waitS, isGone = () => false) {
      const until = performance.now() + waitS * 1000;
      for (;;) {
        const changes = await read(after, limit);
        const leftMs = until - performance.now();
        if (changes.length > 0 || leftMs <= 0 || isDraining() || isGone()) return changes;
        await wait(after, leftMs);
      }
    },
  };
}
