import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import Type from 'typebox';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { closed } from '#schemas/parts';
import type { Scope } from '../config/config.ts';
import type { Change } from '../index/read.ts';
import type { RecordChange } from '../index/record-changes.ts';
import type { AppContext } from './app-context.ts';
import { requireKey } from './auth.ts';
import { ChangeFeed, type ChangeSource, isGapAfter } from './change-feed.ts';
import type { FeedCursors } from './cursor.ts';
import { ChangeItem, RecordChangeItem } from './dossier-replies.ts';
import { Cursor, numeral, pageOf, text } from './lists.ts';
import { wrongParameter } from './problem.ts';
import { type AddRoute, conditional, queryReader } from './route.ts';
import { createSlots } from './slots.ts';

export type ChangeReaderContext = Pick<
  AppContext,
  'index' | 'records' | 'kinds' | 'keys' | 'feedCursors' | 'telemetry' | 'nextChange' | 'isDraining'
>;

const KIND = text('a kind of record such as question; without it, the changes of dossiers');
/** A change is small, and a client that catches up reads many. */
const MOST_CHANGES = 1_000;
const ChangesQuery = closed({
  kind: KIND,
  limit: numeral('^(?:[1-9][0-9]{0,2}|1000)$', 1, MOST_CHANGES, 'a number from 1 to 1000'),
  cursor: Cursor,
  wait: numeral('^(?:[0-9]|[12][0-9]|30)$', 0, 30, 'seconds from 0 to 30'),
});
const EventsQuery = closed({ kind: KIND, cursor: Cursor });

const ChangePage = closed(
  {
    ...pageOf(Type.Union([ChangeItem, RecordChangeItem])).properties,
    gap: Type.Optional(
      Type.Literal(true, {
        description:
          'present when changes after the cursor may be missing, because they are no longer stored or the database was restored; a client with a copy of the index must take a new snapshot',
      }),
    ),
  },
  { title: 'ChangePage' },
);

const READ: readonly Scope[] = ['index:read'];
const LIST = 'changes';

/** The cursor that follows the change of this number. */
export function cursorAfter(cursors: FeedCursors, place: number, list = LIST): string {
  return cursors.write(list, [place])[0] as string;
}

/** The name of the cursors of a kind's changes. */
export function changesListOf(kind: string): string {
  return `${LIST} ${kind}`;
}

type AnyChange = Change | RecordChange;

/** The changes of dossiers, or of one kind of record. */
interface Feed {
  /** The name of its cursors. */
  readonly list: string;
  readonly source: ChangeSource<AnyChange>;
  readonly feed: ChangeFeed<AnyChange>;
}

/** @throws Refusal 400 for an unknown kind */
type FeedOf = (kind: string | undefined) => Feed;

function feedsOf(hub: ChangeReaderContext): FeedOf {
  const { index, records, kinds } = hub;
  const made = (list: string, source: ChangeSource<AnyChange>): Feed => ({
    list,
    source,
    feed: new ChangeFeed(source, hub),
  });
  const ofDossiers = made(LIST, index);
  const ofKinds = new Map(
    kinds.all.map((kind) => [
      kind.name,
      made(changesListOf(kind.name), {
        changes: (after, limit) => records.changes(kind, after, limit),
        newestChange: () => records.newestChange(kind),
      }),
    ]),
  );
  return (kind) => {
    if (kind === undefined) return ofDossiers;
    const found = ofKinds.get(kind);
    if (!found)
      throw wrongParameter('kind', 'unexpected', {
        got: received(kind),
        expected: say('one-of', { list: [...ofKinds.keys()] }),
      });
    return found;
  };
}

/** The changes after a cursor, as pages and as an event stream. */
export function addChangeReaders(add: AddRoute, hub: ChangeReaderContext): void {
  const feedOf = feedsOf(hub);
  addChanges(add, hub, feedOf);
  addEvents(add, hub, feedOf);
}

const MOST_WAITING = 2_000;
const RETRY_MS = 2_000;

function addChanges(add: AddRoute, { keys, feedCursors }: ChangeReaderContext, feedOf: FeedOf): void {
  const read = queryReader(ChangesQuery);
  const waiting = createSlots(MOST_WAITING, (key) => ({
    detail: say('polls-wait', { count: MOST_WAITING, id: key }),
    retryAfterS: RETRY_MS / 1_000,
  }));
  add(
    {
      method: 'get',
      path: '/api/v1/changes',
      tag: 'Dossiers',
      summary: 'The changes after a cursor, in commit order, without gaps or repeats',
      description: `With \`wait\`, the hub waits for a change before it answers. A key may have at most ${MOST_WAITING.toLocaleString('en')} waiting requests per process.`,
      scopes: READ,
      problems: ['too-often'],
      conditional: true,
      freshness: 'primary',
      query: ChangesQuery,
      replies: { 200: { description: 'A page; `next` is always present', schema: ChangePage } },
    },
    async (c) => {
      const { id } = requireKey(c, keys, ...READ);
      const { kind, cursor, limit = '100', wait = '0' } = read(c);
      const { list, source, feed } = feedOf(kind);
      const from = feedCursors.read(list, cursor);
      const after = from ?? 0;
      const { isGap, changes: found } = await pageAfter(source, from, Number(limit));
      const load = () => feed.after(after, Number(limit), Number(wait));
      const isWaiting = found.length === 0 && !isGap && wait !== '0';
      const changes = isWaiting ? await waiting.hold(id, load) : found;
      const items = shown(feedCursors, list, changes);
      const next = items.at(-1)?.cursor ?? cursorAfter(feedCursors, after, list);
      return conditional(c, JSON.stringify({ items, next, gap: isGap || isJump(from, changes) || undefined }));
    },
  );
}

/** The changes with cursors of their list. */
function shown(cursors: FeedCursors, list: string, changes: readonly AnyChange[]) {
  const places = changes.map(({ cursor }) => cursor);
  const written = cursors.write(list, places);
  return changes.map((change, at) => ({ ...change, cursor: written[at] as string }));
}

interface FeedPage {
  /** Whether changes before the first of these may be missing. */
  readonly isGap: boolean;
  readonly changes: readonly AnyChange[];
}

/** @param from undefined for a client without a cursor: it has seen nothing, so it misses nothing */
async function pageAfter(source: Feed['source'], from: number | undefined, limit: number): Promise<FeedPage> {
  const changes = await source.changes(from ?? 0, limit);
  const isGap = changes.length > 0 ? isJump(from, changes) : from !== undefined && (await isGapAfter(source, from));
  return { isGap, changes };
}

/** Changes are numbered without gaps, unless the database was restored from a backup. */
function isJump(from: number | undefined, [first]: readonly AnyChange[]): boolean {
  return from !== undefined && first !== undefined && first.cursor !== from + 1;
}

const MOST_STREAMS = 100;
const PAGE = 200;
const PAUSE_MS = 50;
const ALIVE_S = 15;

function addEvents(add: AddRoute, hub: ChangeReaderContext, feedOf: FeedOf): void {
  const { keys, feedCursors } = hub;
  const read = queryReader(EventsQuery);
  const open = createSlots(MOST_STREAMS, (key) => ({
    detail: say('streams-open', { count: MOST_STREAMS, id: key }),
    retryAfterS: ALIVE_S,
  }));
  add(
    {
      method: 'get',
      path: '/api/v1/events',
      tag: 'Dossiers',
      summary: 'The changes as server-sent events',
      description:
        'The data of each event is a change as JSON. Its id is the cursor for resuming: in Last-Event-ID, as ' +
        'browsers do automatically, or as ?cursor=. Without a cursor, the stream begins with the first stored change. An event of the ' +
        'type gap means that changes before the next one may be missing, like gap of /api/v1/changes. ' +
        `A key may have at most ${MOST_STREAMS} open streams per process.`,
      scopes: READ,
      problems: ['too-often'],
      headers: { 'Last-Event-ID': { type: 'string', description: 'the id of the last received event' } },
      freshness: 'primary',
      query: EventsQuery,
      replies: {
        200: { description: 'An endless stream of events', mediaType: 'text/event-stream', schema: Type.String() },
      },
    },
    async (c) => {
      const { id } = requireKey(c, keys, ...READ);
      const { kind, cursor } = read(c);
      const feed = feedOf(kind);
      const last = c.req.header('last-event-id');
      const from = last ? feedCursors.read(feed.list, last, 'Last-Event-ID') : feedCursors.read(feed.list, cursor);
      const after = from ?? 0;
      const leave = open.take(id);
      // An error of the first read is a refusal, not an empty stream.
      const first = await pageAfter(feed.source, from, PAGE).catch((error) => {
        leave();
        throw error;
      });
      // Hono answers HEAD by GET. Nobody would read its stream.
      if (c.req.method !== 'HEAD')
        return streamed(c, (stream) => sendEvents(stream, hub, feed, { after, first }).finally(leave));
      leave();
      return c.body(null, 200, { 'Content-Type': 'text/event-stream' });
    },
  );
}

/** Sends changes until the client or the hub leaves. The client resumes from the last received id. */
async function sendEvents(
  stream: SSEStreamingApi,
  { feedCursors, telemetry, isDraining }: ChangeReaderContext,
  { list, feed }: Feed,
  from: { readonly after: number; readonly first: FeedPage },
): Promise<void> {
  try {
    await stream.write(`retry: ${RETRY_MS}\n\n`);
    let { isGap, changes } = from.first;
    let { after } = from;
    while (!stream.aborted) {
      // A comment keeps proxies from closing a silent connection.
      const events = shown(feedCursors, list, changes).map(eventOf).join('') || ':\n\n';
      await stream.write(isGap ? `${GAP}${events}` : events);
      after = changes.at(-1)?.cursor ?? after;
      if (isDraining()) return;
      // Every commit wakes all streams. A short pause lets several changes go out together.
      if (changes.length < PAGE) await sleep(PAUSE_MS);
      changes = await feed.after(after, PAGE, ALIVE_S, () => stream.aborted);
      // A gap here means that the database was restored in the meantime.
      isGap = isJump(after, changes);
    }
  } catch (error) {
    telemetry.failed('GET /api/v1/events', error);
  }
}

function streamed(c: Context, send: (stream: SSEStreamingApi) => Promise<void>): Response {
  // Nginx would hold events back until a buffer is full.
  c.header('X-Accel-Buffering', 'no');
  return streamSSE(c, send);
}

/** Has no id, so that a client that reconnects after it receives the gap event again. */
const GAP = 'event: gap\ndata: {}\n\n';

function eventOf(item: object & { readonly cursor: string }): string {
  return `id: ${item.cursor}\ndata: ${JSON.stringify(item)}\n\n`;
}
