import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { Context } from 'hono';
import Type from 'typebox';
import { msToInstant } from '#core/dates/dates';
import { quote } from '#core/explain';
import type { CatalogueKind } from '../catalogue/catalogue.ts';
import type { KeyEntry, Scope } from '../config/config.ts';
import type { AppContext } from './app-context.ts';
import { requireKey } from './auth.ts';
import { changeCursor } from './changes.ts';
import { Refusal } from './problem.ts';
import type { AddRoute } from './route.ts';

export type SnapshotContext = Pick<
  AppContext,
  'index' | 'catalogue' | 'keys' | 'cursors' | 'attest' | 'province' | 'nowMs' | 'isDraining' | 'telemetry'
>;

const READ: readonly Scope[] = ['index:read'];
const NDJSON = 'application/x-ndjson';
/** The form of its lines; what readers of an older one would not understand gets another number. */
const FORM = 1;
/** Each has the database read from one end to the other. A slow key leaves places to others. */
const MOST_AT_ONCE = 4;
const MOST_OF_A_KEY = 2;
const TRY_AGAIN_S = 30;
/** A reader that takes nothing for so long keeps its place from others. */
const STALLED_MS = 60_000;
/** What a slow line takes within that time. */
const BUFFERED_BYTES = 64 * 1024;
const DOSSIERS_A_PAGE = 200;
/** A service may be a megabyte. */
const ENTRIES_A_PAGE = 20;

const AS_LINES =
  'JSON, one object a line, each with a `kind`. The first line (`snapshot`) says what it is: the `form` of the lines (1), the ' +
  'province, the moment, whether the `catalogue` is in it (with the scope catalogue:read), and the `cursor` of /api/v1/changes ' +
  'after which everything is told that this snapshot may lack. Then come `service`, `agency`, `field` and `dossier`, each with its ' +
  '`record` exactly as its own address shows it, personal data masked; each is as it was when its page was read. The last line ' +
  '(`end`) has the counts, the SHA-256 of all `bytes` before it, and `signed`: a compact JWS (EdDSA, `typ` ' +
  'lienthong-snapshot.v1+jws, to be checked with /.well-known/jwks.json) over form, at, cursor, counts, bytes and hash. ' +
  'One without its last line has broken off. Compressed by gzip where Accept-Encoding names it.';

/** `GET /api/v1/snapshot`: all that readers see, to keep a copy of it. */
export function addSnapshot(add: AddRoute, hub: SnapshotContext): void {
  /** The keys of those that are being read. */
  const open: string[] = [];
  add(
    {
      method: 'get',
      path: '/api/v1/snapshot',
      tag: 'Dossiers',
      summary: 'All dossiers, and the catalogue, as signed lines to keep a copy of',
      description: `${AS_LINES} A process of the hub gives ${MOST_AT_ONCE} at once, ${MOST_OF_A_KEY} of them to one key, each as fast as it is taken; one of which nothing is taken for ${STALLED_MS / 1000} s is broken off.`,
      scopes: READ,
      problems: ['too-often'],
      headers: { 'Accept-Encoding': { type: 'string', description: 'gzip: then it is compressed' } },
      replies: {
        200: {
          description: 'Lines to the one of the kind `end`',
          mediaType: NDJSON,
          schema: Type.String({ description: 'lines, each a JSON object that ends with a line feed' }),
        },
      },
    },
    async (c) => {
      const key = requireKey(c, hub.keys, ...READ);
      refusePersonal(key);
      const own = open.filter((id) => id === key.id).length;
      if (own >= MOST_OF_A_KEY || open.length >= MOST_AT_ONCE)
        throw new Refusal(
          'too-often',
          `${open.length} snapshots are being read here, ${own} of them with the key ${key.id}; ask again later`,
          { headers: { 'Retry-After': String(TRY_AGAIN_S) } },
        );
      // Hono answers HEAD by GET, whose stream nobody would read.
      if (c.req.method === 'HEAD') return c.body(null, 200, headersOf(false));
      open.push(key.id);
      const leave = () => void open.splice(open.indexOf(key.id), 1);
      const texts = textsOf(hub, key.scopes.includes('catalogue:read'));
      // What cannot be read at all is a refusal, not a stream that breaks off.
      const first = await texts.next().catch((error) => {
        leave();
        throw error;
      });
      return streamed(c, goOn(first.value as string, texts), leave);
    },
  );

  /** Whoever reads sees it break off; why, the log says. */
  async function* goOn(first: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
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

/** Such a key is shown all dossiers in full: a copy that is kept by it would not be masked for long. */
function refusePersonal({ id, scopes }: KeyEntry): void {
  if (scopes.includes('index:personal'))
    throw new Refusal(
      'forbidden',
      `the key ${quote(id)} has index:personal, and a snapshot is masked: take a key without that scope`,
    );
}

type Counts = Readonly<Record<'services' | 'agencies' | 'fields' | 'dossiers', number>>;
const COUNTED = { service: 'services', agency: 'agencies', field: 'fields', dossier: 'dossiers' } as const;

/** The lines, some at a time. */
async function* textsOf(hub: SnapshotContext, withCatalogue: boolean): AsyncGenerator<string> {
  const digest = createHash('sha256');
  let bytes = 0;
  const hashed = (text: string): string => {
    digest.update(text);
    bytes += Buffer.byteLength(text);
    return text;
  };
  const counts: Record<keyof Counts, number> = { services: 0, agencies: 0, fields: 0, dossiers: 0 };
  const at = msToInstant(hub.nowMs());
  // Before anything else is read: what is committed from now on is told after this cursor.
  const cursor = changeCursor(hub.cursors, await hub.index.newestChange());
  const { province = null } = hub;
  yield hashed(lineOf({ kind: 'snapshot', form: FORM, province, at, cursor, catalogue: withCatalogue }));
  for await (const { kind, records } of pagesOf(hub, withCatalogue)) {
    counts[COUNTED[kind]] += records.length;
    yield hashed(records.map((json) => `{"kind":"${kind}","record":${json}}\n`).join(''));
    if (hub.isDraining()) throw new Error('the hub is stopping: the snapshot breaks off');
  }
  const told = { ...counts, bytes, sha256: digest.digest('hex') };
  const signed = await hub.attest('snapshot', { form: FORM, at, cursor, catalogue: withCatalogue, ...told });
  yield lineOf({ kind: 'end', ...told, signed });
}

interface Page {
  readonly kind: keyof typeof COUNTED;
  /** JSON */
  readonly records: readonly string[];
}

/** Each page is a statement of its own: however slowly it is taken, no transaction and no connection is held for it. */
async function* pagesOf({ catalogue, index }: SnapshotContext, withCatalogue: boolean): AsyncGenerator<Page> {
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
    if (!page.isCut && page.length < DOSSIERS_A_PAGE) return;
    after = page.at(-1)?.code ?? '';
  }
}

function lineOf(line: object): string {
  return `${JSON.stringify(line)}\n`;
}

/** A page is read when the one before it was taken. @param onClose when it has ended, whatever ends it */
function streamed(c: Context, texts: AsyncGenerator<string>, onClose: () => void): Response {
  const isZipped = /\bgzip\b(?! *; *q=0(?:\.0*)?(?:[ ,]|$))/i.test(c.req.header('accept-encoding') ?? '');
  const chunks = takenInTime(texts, () => void stream.destroy(new Error('nothing was taken for too long')));
  const source = Readable.from(chunks, { objectMode: false, highWaterMark: BUFFERED_BYTES });
  // Also where nothing was taken: then none of the generators has begun.
  source.once('close', onClose);
  const stream: Readable = isZipped ? pipeline(source, createGzip({ level: 1 }), () => undefined) : source;
  return c.body(Readable.toWeb(stream) as ReadableStream, 200, headersOf(isZipped));
}

async function* takenInTime(texts: AsyncGenerator<string>, end: () => void): AsyncGenerator<Buffer> {
  for await (const text of texts) {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += BUFFERED_BYTES) {
      const timer = setTimeout(end, STALLED_MS).unref();
      try {
        yield bytes.subarray(at, at + BUFFERED_BYTES);
      } finally {
        clearTimeout(timer);
      }
    }
  }
}

function headersOf(isZipped: boolean): Record<string, string> {
  return {
    'Content-Type': NDJSON,
    'Cache-Control': 'private, no-store',
    Vary: 'Accept-Encoding',
    // Nginx would take it off the hub as fast as it can, and keep it on its disk.
    'X-Accel-Buffering': 'no',
    ...(isZipped && { 'Content-Encoding': 'gzip' }),
  };
}
