import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { Context } from 'hono';
import Type from 'typebox';
import { msToInstant } from '#core/dates/dates';
import type { Kind } from '#core/records/kind';
import type { Kinds } from '#core/records/kinds';
import { withoutUndefined } from '#core/without-undefined';
import { say } from '#messages/message';
import { closed } from '#schemas/parts';
import type { CatalogueKind } from '../catalogue/catalogue.ts';
import type { KeyEntry, Scope } from '../config/config.ts';
import type { AppContext } from './app-context.ts';
import { requireKey } from './auth.ts';
import { changesListOf, cursorAfter } from './changes.ts';
import { text, valuesOf } from './lists.ts';
import { Refusal, tooOften } from './problem.ts';
import type { DatabaseReaders } from './reads.ts';
import { type AddRoute, queryReader } from './route.ts';

export type SnapshotContext = Pick<
  AppContext,
  'reads' | 'kinds' | 'keys' | 'feedCursors' | 'signDocument' | 'province' | 'nowMs' | 'isDraining' | 'telemetry'
>;

/** All pages are of one database: another replica may lack what the first one showed. */
type SnapshotSource = SnapshotContext & Pick<DatabaseReaders, 'index' | 'records' | 'catalogue'>;

const READ: readonly Scope[] = ['index:read'];
const NDJSON = 'application/x-ndjson';
/** The form of the lines. A change that older readers cannot understand gets another number. */
const FORM = 1;
/**
 * The limit of parallel snapshots, because each reads the whole database. A slow key leaves slots to
 * others.
 */
const MOST_AT_ONCE = 4;
const MOST_OF_A_KEY = 2;
const TRY_AGAIN_S = 30;
/** A client that reads nothing for this long must not block a slot. */
const STALLED_MS = 60_000;
/** The number of bytes that a slow connection can take within that time. */
const BUFFERED_BYTES = 64 * 1024;
const DOSSIERS_A_PAGE = 200;
/** A service may be a megabyte. */
const ENTRIES_A_PAGE = 20;

const AS_LINES =
  'JSON, one object per line, each with a `kind`. The first line (`snapshot`) has the `form` of the lines (1), the ' +
  'province, the time, whether the `catalogue` is included (with the scope catalogue:read), and the `cursor` of /api/v1/changes ' +
  'after which the changes cover everything that this snapshot may lack. With `kinds`, it also names the other kinds of record, ' +
  'each with its `path` and its own `cursor`, and their lines follow the dossiers. Then follow `service`, `agency`, `field` and `dossier`, each with its ' +
  '`record` exactly as its own URL shows it, with personal data masked, at the time when its page was read. The last line ' +
  '(`end`) has the counts, the SHA-256 of all `bytes` before it, and `signed`: a compact JWS (EdDSA, `typ` ' +
  'lienthong-snapshot.v1+jws, verifiable with /.well-known/jwks.json) over form, at, cursor, counts, bytes and hash. ' +
  'A snapshot without its last line is incomplete. It is compressed by gzip when Accept-Encoding names it.';

const Query = closed({
  kinds: text('`all`, or names of kinds of record such as question, joined by commas; without it, dossiers alone'),
});

/** @throws Refusal 400 for an unknown kind */
function kindsIn({ all }: Kinds, given: string | undefined): readonly Kind[] {
  if (given === undefined) return [];
  const names = new Set(valuesOf('kinds', given, ['all', ...all.map(({ name }) => name)]));
  return all.filter(({ name }) => names.has('all') || names.has(name));
}

/** `GET /api/v1/snapshot`: everything that readers see, for a copy. */
export function addSnapshot(add: AddRoute, hub: SnapshotContext): void {
  const read = queryReader(Query);
  /** The keys of the open snapshots. */
  const open: string[] = [];
  add(
    {
      method: 'get',
      path: '/api/v1/snapshot',
      tag: 'Dossiers',
      summary: 'All dossiers and the catalogue, as signed lines for a copy',
      description: `${AS_LINES} A process of the hub serves ${MOST_AT_ONCE} snapshots at once, ${MOST_OF_A_KEY} of them to one key, as fast as the client reads. It aborts one when the client reads nothing for ${STALLED_MS / 1000} s.`,
      scopes: READ,
      problems: ['too-often'],
      freshness: 'many',
      query: Query,
      headers: { 'Accept-Encoding': { type: 'string', description: 'gzip compresses the reply' } },
      replies: {
        200: {
          description: 'Lines up to the line of the kind `end`',
          mediaType: NDJSON,
          schema: Type.String({ description: 'lines, each a JSON object that ends with a line feed' }),
        },
      },
    },
    async (c) => {
      const key = requireKey(c, hub.keys, ...READ);
      refusePersonal(key);
      const kinds = kindsIn(hub.kinds, read(c).kinds);
      const own = open.filter((id) => id === key.id).length;
      if (own >= MOST_OF_A_KEY || open.length >= MOST_AT_ONCE)
        throw tooOften(say('snapshots-being-read', { count: open.length, own, id: key.id }), TRY_AGAIN_S);
      // Hono answers HEAD by GET. Nobody would read its stream.
      if (c.req.method === 'HEAD') return c.body(null, 200, headersOf(false));
      open.push(key.id);
      const leave = () => void open.splice(open.indexOf(key.id), 1);
      const parts = partsOf({ ...hub, ...hub.reads.of(c) }, key.scopes.includes('catalogue:read'), kinds);
      // A failure of the first read is a refusal, not a stream that breaks off.
      const first = await parts.next().catch((error) => {
        leave();
        throw error;
      });
      return streamed(c, goOn(first.value as Buffer, parts), leave);
    },
  );

  /** The client only sees that the stream breaks off. The reason is in the log. */
  async function* goOn(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
    try {
      yield first;
      yield* rest;
    } catch (error) {
      hub.telemetry.failed('GET /api/v1/snapshot', error);
      throw error;
    } finally {
      await rest.return(undefined);
    }
  }
}

/**
 * Refuses a key with index:personal, which sees all dossiers in full: the copy would soon hold
 * unmasked data.
 */
function refusePersonal({ id, scopes }: KeyEntry): void {
  if (scopes.includes('index:personal')) throw new Refusal('forbidden', say('snapshot-is-masked', { got: id }));
}

type Counts = Readonly<Record<'services' | 'agencies' | 'fields' | 'dossiers', number>>;
const COUNTED = { service: 'services', agency: 'agencies', field: 'fields', dossier: 'dossiers' } as const;

/** The lines in parts. Each is encoded once, for the hash and for the reply. */
async function* partsOf(hub: SnapshotSource, withCatalogue: boolean, kinds: readonly Kind[]): AsyncGenerator<Buffer> {
  const digest = createHash('sha256');
  let bytes = 0;
  const hashed = (text: string): Buffer => {
    const part = Buffer.from(text);
    digest.update(part);
    bytes += part.length;
    return part;
  };
  const counts: Record<keyof Counts, number> = { services: 0, agencies: 0, fields: 0, dossiers: 0 };
  const at = msToInstant(hub.nowMs());
  // Read first: changes committed from now on come after this cursor.
  const cursor = cursorAfter(hub.feedCursors, await hub.index.newestChange());
  const { province = null } = hub;
  const named = await namedKinds(hub, kinds);
  yield hashed(lineOf({ kind: 'snapshot', form: FORM, province, at, cursor, catalogue: withCatalogue, ...named.head }));
  for await (const { kind, records } of oneAhead(pagesOf(hub, withCatalogue, kinds))) {
    if (kind in COUNTED) counts[COUNTED[kind as keyof typeof COUNTED]] += records.length;
    else named.count(kind, records.length);
    yield hashed(records.map((json) => `{"kind":"${kind}","record":${json}}\n`).join(''));
    if (hub.isDraining()) throw new Error('the hub is stopping: the snapshot is incomplete');
  }
  const told = { ...counts, ...named.counts, bytes, sha256: digest.digest('hex') };
  const signed = await hub.signDocument('snapshot', { form: FORM, at, cursor, catalogue: withCatalogue, ...told });
  yield Buffer.from(lineOf({ kind: 'end', ...told, signed }));
}

/** The kinds in the first line, each with the cursor of its own changes, and the counts of their records for the last line. */
async function namedKinds({ feedCursors, records }: SnapshotSource, kinds: readonly Kind[]) {
  const head = await Promise.all(
    kinds.map(async (kind) => {
      const { name, path } = kind;
      return { name, path, cursor: cursorAfter(feedCursors, await records.newestChange(kind), changesListOf(name)) };
    }),
  );
  const counts = Object.fromEntries(kinds.map(({ path }) => [path, 0]));
  const pathOf = new Map(kinds.map(({ name, path }) => [name, path]));
  return {
    head: kinds.length > 0 ? { kinds: head } : {},
    counts,
    count(name: string, many: number): void {
      const path = pathOf.get(name) as string;
      counts[path] = (counts[path] ?? 0) + many;
    },
  };
}

interface Page {
  /** A kind of the catalogue, `dossier`, or a kind of record. */
  readonly kind: string;
  /** JSON */
  readonly records: readonly string[];
}

/** Each page is its own statement, so a slow client holds no transaction and no connection. */
async function* pagesOf(
  { catalogue, index, records }: SnapshotSource,
  withCatalogue: boolean,
  kinds: readonly Kind[],
): AsyncGenerator<Page> {
  if (withCatalogue)
    for (const kind of ['service', 'agency', 'field'] as const satisfies readonly CatalogueKind[])
      for (let after: string | undefined; ; ) {
        const entries = await catalogue.list(kind, {}, ENTRIES_A_PAGE, after);
        yield { kind, records: entries.map(({ record }) => record) };
        if (!entries.isCut && entries.length < ENTRIES_A_PAGE) break;
        after = entries.at(-1)?.key;
      }
  for (let after = ''; ; ) {
    const page = await index.inCodeOrder({}, DOSSIERS_A_PAGE, after, false);
    yield { kind: 'dossier', records: page.map(({ json }) => json) };
    if (!page.isCut && page.length < DOSSIERS_A_PAGE) break;
    after = page.at(-1)?.code ?? '';
  }
  for (const kind of kinds)
    for (let after = ''; ; ) {
      const page = await records.inCodeOrder(kind, {}, DOSSIERS_A_PAGE, after, false);
      yield { kind: kind.name, records: page.map(({ json }) => json) };
      if (!page.isCut && page.length < DOSSIERS_A_PAGE) break;
      after = page.at(-1)?.code ?? '';
    }
}

/** Reads the next page while the client receives the one before. */
async function* oneAhead<T>(pages: AsyncGenerator<T>): AsyncGenerator<T> {
  for (let next = pages.next(); ; ) {
    const { done, value } = await next;
    if (done) return;
    next = pages.next();
    // Its error belongs to the next turn, which a client that leaves never takes.
    next.catch(() => undefined);
    yield value;
  }
}

function lineOf(line: object): string {
  return `${JSON.stringify(line)}\n`;
}

/** Reads a page when the previous one was sent. @param onClose called at the end, whatever the reason */
function streamed(c: Context, parts: AsyncGenerator<Buffer>, onClose: () => void): Response {
  const isZipped = /\bgzip\b(?! *; *q=0(?:\.0*)?(?:[ ,]|$))/i.test(c.req.header('accept-encoding') ?? '');
  const chunks = takenInTime(parts, () => void stream.destroy(new Error('the client read nothing for too long')));
  const source = Readable.from(chunks, { objectMode: false, highWaterMark: BUFFERED_BYTES });
  // Needed when nothing was read: then no generator has started.
  source.once('close', onClose);
  const stream: Readable = isZipped ? pipeline(source, createGzip({ level: 1 }), () => undefined) : source;
  return c.body(Readable.toWeb(stream) as ReadableStream, 200, headersOf(isZipped));
}

async function* takenInTime(parts: AsyncGenerator<Buffer>, end: () => void): AsyncGenerator<Buffer> {
  for await (const bytes of parts)
    for (let at = 0; at < bytes.length; at += BUFFERED_BYTES) {
      const timer = setTimeout(end, STALLED_MS).unref();
      try {
        yield bytes.subarray(at, at + BUFFERED_BYTES);
      } finally {
        clearTimeout(timer);
      }
    }
}

function headersOf(isZipped: boolean): Record<string, string> {
  return withoutUndefined({
    'Content-Type': NDJSON,
    'Cache-Control': 'private, no-store',
    Vary: 'Accept-Encoding',
    // Nginx would read ahead from the hub and store the data on its disk.
    'X-Accel-Buffering': 'no',
    'Content-Encoding': isZipped ? 'gzip' : undefined,
  });
}
