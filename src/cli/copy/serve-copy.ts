import { type Context, Hono } from 'hono';
import type { Logger } from 'pino';
import { msToInstant } from '#core/dates/dates';
import { cleanCode, isAtOrBelow } from '#core/identifiers/identifiers';
import { matchesSearch } from '#core/vietnamese/search-words';
import { say } from '#messages/message';
import { received } from '#messages/received';
import type { CatalogueKind } from '../../catalogue/catalogue.ts';
import type { CatalogueFilter, CatalogueReader } from '../../catalogue/read.ts';
import type { KeyEntry } from '../../config/config.ts';
import type { Copy } from '../../copy/copy.ts';
import type { EntryPlace } from '../../copy/places.ts';
import { recordIn } from '../../copy/record-lines.ts';
import { type Keys, requireKey } from '../../http/auth.ts';
import { addCatalogueReaders } from '../../http/catalogue.ts';
import { createCursors } from '../../http/cursor.ts';
import { problemResponse, Refusal, refusalOf } from '../../http/problem.ts';
import { conditional, routesOf } from '../../http/route.ts';
import { sameText } from '../../secrets/same-text.ts';

export interface CopyAppOptions {
  readonly copy: Copy;
  readonly key: string;
  readonly nowMs: () => number;
  /** Why the hub did not answer the last request. Undefined when it answered. */
  readonly whyAway: () => string | undefined;
  readonly log: Pick<Logger, 'error'>;
}

/** The HTTP interface of a copy: the hub's answers at the hub's paths, with their age. */
export function createCopyApp(options: CopyAppOptions): Hono {
  const { copy, nowMs, log } = options;
  const app = new Hono();
  const add = routesOf(app, []);
  const keys = keysOf(options);
  app.use('/api/*', async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(ageOf(copy, nowMs()).headers)) c.header(name, value);
  });
  app.get('/api/v1/dossiers/:code', async (c) => {
    requireKey(c, keys, 'index:read');
    if (c.req.query('at')) throw notKept('versions of a dossier');
    return conditional(c, await dossierAs(copy, cleanCode(c.req.param('code'))));
  });
  for (const [path, what] of Object.entries(NOT_KEPT))
    app.get(path, (c) => {
      requireKey(c, keys);
      throw notKept(what);
    });
  const cursors = createCursors(UNSIGNED);
  const clients = { originOf: (c: Context) => new URL(c.req.url).origin };
  const readers = { catalogue: catalogueOf(copy) };
  addCatalogueReaders(add, {
    reads: { of: () => readers },
    keys,
    cursors,
    clients,
    get province() {
      return copy.file.head.province ?? undefined;
    },
  });
  // After the lists of the catalogue, which have names of their own.
  app.get('/api/v1/:list/:code', async (c) => {
    requireKey(c, keys, 'index:read');
    return conditional(c, await recordAs(copy, c.req.param('list'), cleanCode(c.req.param('code'))));
  });
  app.get('/health/live', (c) => c.json({ status: 'live' }));
  app.get('/health/ready', (c) => c.json({ status: 'ready', ...healthOf(options) }));
  app.notFound((c) => problemResponse(c, new Refusal('not-found', say('copy-nothing-at', { path: c.req.path }))));
  app.onError((error, c) => {
    const refusal = refusalOf(error);
    if (refusal.kind === 'internal') log.error({ error: error.message, stack: error.stack }, 'failed');
    return problemResponse(c, refusal);
  });
  return app;
}

const NOT_KEPT = {
  '/api/v1/dossiers': 'lists of dossiers',
  '/api/v1/dossiers/:code/history': 'the history of dossiers',
  '/api/v1/services/:code/history': 'versions of services',
  '/api/v1/fields/:code/history': 'versions of fields',
  '/api/v1/agencies/:code/history': 'versions of agencies',
  '/api/v1/catalogue-changes': 'versions of the catalogue',
  '/api/v1/changes': 'changes',
  '/api/v1/events': 'changes',
  '/api/v1/statistics': 'statistics',
};

function notKept(what: string): Refusal {
  return new Refusal('not-found', say('copy-does-not-store', { what }));
}

function ageOf(copy: Copy, now: number) {
  const ageS = Math.max(0, Math.floor((now - copy.confirmedMs) / 1000));
  const asOf = msToInstant(copy.confirmedMs);
  return { ageS, asOf, headers: { Age: String(ageS), 'Lienthong-As-Of': asOf } };
}

function healthOf({ copy, nowMs, whyAway }: CopyAppOptions): object {
  const { ageS, asOf } = ageOf(copy, nowMs());
  const why = whyAway();
  const { places, head } = copy.file;
  return {
    asOf,
    ageS,
    hub: why === undefined ? 'heard' : 'away',
    why,
    dossiers: places.dossiers,
    catalogue: head.catalogue,
    snapshotAt: head.at,
  };
}

/** The copy knows one key, with the scopes that it has at the hub. */
function keysOf({ copy, key }: CopyAppOptions): Keys {
  const entry = (): KeyEntry => ({
    id: 'copy',
    secret: key,
    scopes: ['index:read', ...(copy.file.head.catalogue ? (['catalogue:read'] as const) : [])],
  });
  const nobody = () => undefined;
  return {
    bySecret: (secret) => (sameText(secret, key) ? entry() : undefined),
    byPassword: nobody,
    byId: nobody,
    senders: new Set(),
    byCertificate: nobody,
    byClient: nobody,
  };
}

/** Finds a dossier as the hub does: by its own code, otherwise by an alias. */
async function dossierAs({ file }: Copy, code: string): Promise<string> {
  const own = file.places.dossier(code);
  if (own) return recordIn('dossier', await file.read(own));
  const codes = file.places.dossiersKnownAs(code).filter((one) => file.places.dossier(one));
  if (codes.length > 1) throw new Refusal('ambiguous', say('code-of-several', { got: code, list: codes }));
  const place = codes[0] === undefined ? undefined : file.places.dossier(codes[0]);
  if (!place) throw new Refusal('not-found', say('there-is-no', { thing: 'dossier', got: received(code) }));
  return recordIn('dossier', await file.read(place));
}

/** Finds a record of another kind by its list and code. */
async function recordAs({ file }: Copy, list: string, code: string): Promise<string> {
  const kind = file.head.kinds?.find(({ path }) => path === list);
  if (!kind) throw new Refusal('not-found', say('copy-nothing-at', { path: `/api/v1/${list}/${code}` }));
  const place = file.places.record(kind.name, code);
  if (!place) throw new Refusal('not-found', say('there-is-no', { thing: kind.name, got: received(code) }));
  return recordIn(kind.name, await file.read(place));
}

/** The size of a page of the hub. */
const PAGE_BYTES = 4 * 1024 * 1024;

/** The first places that fit into a page, at least one. */
function fitting(places: readonly EntryPlace[]): readonly EntryPlace[] {
  let bytes = 0;
  let count = 0;
  for (const place of places) {
    bytes += place.bytes;
    if (count > 0 && bytes > PAGE_BYTES) break;
    count++;
  }
  return places.slice(0, count);
}

/** No route of a copy shows it. */
const BESIDE = { changedAt: '' };

function catalogueOf(copy: Copy): Pick<CatalogueReader, 'one' | 'list'> {
  return {
    async one(kind, code) {
      const { file } = copy;
      const place = file.places.entry(kind, code);
      return place && { ...BESIDE, key: place.key, record: JSON.parse(recordIn(kind, await file.read(place))) };
    },
    async list(kind, filter, limit, after) {
      const { file } = copy;
      const found = file.places
        .entries(kind)
        .filter((one) => (after === undefined || one.key > after) && fits(kind, one, filter));
      const page = fitting(found.slice(0, limit));
      // All reads start before the first await: after it the file may be a new one.
      const lines = await Promise.all(page.map((place) => file.read(place)));
      const entries = page.map(({ key }, at) => ({ ...BESIDE, key, record: recordIn(kind, lines[at] as Buffer) }));
      return Object.assign(entries, { isCut: page.length < Math.min(limit, found.length) });
    },
  };
}

/** Filters as the hub does: fields and agencies are found by their own codes too. */
function fits(
  kind: CatalogueKind,
  { key, facts }: EntryPlace,
  { q, field, agency, level, audience, inForce }: CatalogueFilter,
): boolean {
  const agencies = kind === 'agency' ? [key] : facts.agencies;
  return (
    (q === undefined || matchesSearch(facts.words, q)) &&
    (field === undefined || (kind === 'field' ? key : facts.fieldCode) === field) &&
    (agency === undefined || agencies.some((one) => isAtOrBelow(one, agency))) &&
    (level === undefined || facts.levels.includes(level)) &&
    (audience === undefined || facts.audiences.includes(audience)) &&
    (inForce === undefined || facts.inForce === inForce)
  );
}

/** Cursors protect nothing here, because a valid key may read the whole list. So cursors of the hub work too. */
const UNSIGNED: Parameters<typeof createCursors>[0] = {
  sign: (_, text) => `${text}.copy`,
  verify(_, signed) {
    const text = signed.slice(0, Math.max(signed.lastIndexOf('.'), 0));
    try {
      return Array.isArray(JSON.parse(Buffer.from(text, 'base64url').toString())) ? text : undefined;
    } catch {
      return undefined;
    }
  },
};
