import { createHash, hash } from 'node:crypto';
import type { Context, Hono } from 'hono';
import type Type from 'typebox';
import { explain } from '#core/explain';
import { type Problem, problem } from '#core/problem';
import { checkOf } from '#core/schema-check';
import type { Code } from '#messages/message';
import { inEnglish } from '#messages/render';
import { mapYielding } from '../concurrency/yielding.ts';
import type { Scope } from '../config/config.ts';
import { type Hold, SMALL_PAGE_BYTES, takenStream } from './page-budget.ts';
import { type ProblemKind, refusalWith } from './problem.ts';
import { unstorableIn } from './unstorable.ts';

/** The OpenAPI documentation of a route, written next to its handler. */
export interface RouteDoc {
  readonly method: 'get' | 'post';
  /** With `{name}` for parameters, as in OpenAPI. */
  readonly path: string;
  /** An undocumented path with the same answer, for clients that write it so. */
  readonly alsoAt?: string;
  readonly summary: string;
  readonly description?: string | undefined;
  readonly tag: string;
  /** Scopes of the key. Absent when the route needs no key, or when `access` names other credentials. */
  readonly scopes?: readonly Scope[];
  /** Credentials other than a key. Any one of them is enough. */
  readonly access?: readonly ('session' | 'basic' | 'wsSecurity' | 'mutualTls' | 'callback')[];
  /** Request headers with a meaning here, each a string schema. */
  readonly headers?: Readonly<Record<string, object>>;
  /** Replies have an ETag, and the route honours `If-None-Match`. */
  readonly conditional?: boolean;
  /**
   * Which database may answer. `many`: a replica within the bound. `one`: a replica if the client names a position, because it
   * may ask after a notification. `primary`: always that one. Answers say how fresh they are. Absent: the primary, silently.
   */
  readonly freshness?: 'many' | 'one' | 'primary';
  /** False when the answer does not need the database. */
  readonly asksDatabase?: false;
  /** Problems in addition to those of scopes, parameters and bodies. */
  readonly problems?: readonly ProblemKind[];
  /** Query parameters, each a string schema. */
  readonly query?: Type.TObject;
  /** Request bodies by media type. */
  readonly body?: Readonly<Record<string, object>>;
  /** Replies by status. Without a schema, a reply with a status of 400 or higher is a problem. */
  readonly replies: Readonly<Record<number, ReplyDoc>>;
}

export interface ReplyDoc {
  readonly description: string;
  readonly schema?: object;
  readonly mediaType?: string | readonly string[];
  /** Schemas of the other media types, which a client requests by Accept. */
  readonly also?: Readonly<Record<string, object>>;
}

export type AddRoute = (doc: RouteDoc, handler: (c: Context) => Response | Promise<Response>) => void;

/** Adds routes with their documentation, so that every route has one. */
export function routesOf(app: Hono, docs: RouteDoc[]): AddRoute {
  return (doc, handler) => {
    docs.push(doc);
    const isForOne = doc.method === 'get' && doc.scopes !== undefined && !doc.conditional;
    for (const path of [doc.path, ...(doc.alsoAt ? [doc.alsoAt] : [])])
      app[doc.method](path.replaceAll(/\{(\w+)\}/g, ':$1'), isForOne ? unkept(handler) : handler);
  };
}

/** Forbids caches to store replies that need a key or a certificate. A conditional reply has its own rule. */
function unkept(handler: Parameters<AddRoute>[1]): typeof handler {
  return (c) => {
    c.header('Cache-Control', 'no-store');
    return handler(c);
  };
}

/**
 * A reader of query parameters. It refuses unknown, invalid and repeated parameters by name.
 *
 * @throws Refusal 400 with all problems
 */
export function queryReader<S extends Type.TObject>(schema: S): (c: Context) => Type.Static<S> {
  return (c) => {
    const check = checkOf(schema);
    const given = parametersOf(c);
    const query = Object.fromEntries(given.map(([name, [value]]) => [name, value]).filter(([, value]) => value !== ''));
    const twice = given
      .filter(([, values]) => values.length > 1)
      .map(([name, values]) => problem(`?${name}`, 'given-repeatedly', { count: values.length }));
    if (twice.length > 0 || !check.Check(query)) {
      const wrong = explain(schema, check, query, [], { naming: true, translated: true }).map(ofParameter);
      throw refusalWith([...twice, ...wrong]);
    }
    // Before any query: the database would refuse it without naming the parameter.
    const unstorable = unstorableIn(query);
    if (unstorable.length > 0) throw refusalWith(unstorable.map(ofParameter));
    return query as Type.Static<S>;
  };
}

const OF_PARAMETERS: Readonly<Partial<Record<Code, Code>>> = {
  'unknown-member': 'unknown-parameter',
  'unknown-member-known': 'unknown-parameter-known',
  'unknown-member-near': 'unknown-parameter-near',
};

/** A problem of the query, which is checked as an object with members. */
function ofParameter({ path, code, args }: Problem): Problem {
  return { path: path.replace(/^\//, '?'), ...inEnglish({ code: OF_PARAMETERS[code] ?? code, args }) };
}

/** In the order of the URL. Hono catches an error for each broken escape: 15 KB of them took 15 ms. */
function parametersOf(c: Context): readonly (readonly [name: string, values: readonly string[]])[] {
  const given = new Map<string, string[]>();
  for (const [name, value] of new URL(c.req.url).searchParams) {
    const values = given.get(name);
    if (values) values.push(value);
    else given.set(name, [value]);
  }
  return [...given];
}

/**
 * A reply with the hash of its body as ETag.
 *
 * A version number would be cheaper. But a repair or a restored backup can change the content of a version.
 *
 * @param more additional headers, also for a 304; a Content-Type among them replaces JSON
 */
export function conditional(c: Context, body: string | Buffer<ArrayBuffer>, more: Headers = {}): Response {
  return unlessKnown(c, body, hash('sha256', body, 'base64url'), more);
}

type Headers = Readonly<Record<string, string>>;

/** A list in parts that are JSON together: the head, each item, and the tail. */
export interface WrittenList<Item> {
  readonly head: string;
  readonly items: readonly Item[];
  readonly write: (item: Item) => string;
  readonly tail: string;
}

/** A page of a list whose items are JSON already. */
export function pageInJson(items: readonly string[], next: string | null): WrittenList<string> {
  return { head: '{"items":[', items, write: (json) => json, tail: `],"next":${JSON.stringify(next)}}` };
}

const PART_LENGTH = 256 * 1024;

/**
 * The same for a list that may be megabytes: written and hashed in turns with other requests.
 *
 * @param hold the share of the page in the budget; a large page is streamed, and counts until it is received
 */
export async function conditionalList<Item>(
  c: Context,
  { head, items, write, tail }: WrittenList<Item>,
  more: Headers = {},
  hold?: Hold,
): Promise<Response> {
  const hashing = createHash('sha256');
  const parts: Buffer<ArrayBuffer>[] = [];
  let text = head;
  const cut = (): void => {
    const bytes = Buffer.from(text);
    hashing.update(bytes);
    parts.push(bytes);
    text = '';
  };
  await mapYielding(items.entries(), ([at, item]) => {
    text += `${at > 0 ? ',' : ''}${write(item)}`;
    // One buffer per item would cost as much as all the rest of a short page.
    if (text.length > PART_LENGTH) cut();
  });
  text += tail;
  cut();
  const body = parts.length === 1 ? (parts[0] as Buffer<ArrayBuffer>) : Buffer.concat(parts);
  hold?.resize(body.length);
  return unlessKnown(c, body, hashing.digest('base64url'), more, hold);
}

const ADDED = 'headersOfConditional';

/** Sets further headers of the conditional reply to a request. A second call replaces them. */
export function addToConditional(c: Context, headers: Headers): void {
  c.set(ADDED, headers);
}

/** Answers with plain headers: the Headers object of `c.body` took 4 of 55 µs a read. */
function unlessKnown(
  c: Context,
  body: string | Buffer<ArrayBuffer>,
  digest: string,
  more: Headers,
  hold?: Hold,
): Response {
  const tag = `"${digest.slice(0, 22)}"`;
  const headers: Headers = { ETag: tag, 'Cache-Control': 'private, no-cache', ...c.get(ADDED), ...more };
  const given = c.req.header('if-none-match');
  const isKnown = (one: string): boolean => one === '*' || one.replace(/^W\//, '') === tag;
  if (given?.split(',').some((one) => isKnown(one.trim()))) return new Response(null, { status: 304, headers });
  const whole = { 'Content-Type': 'application/json', ...headers };
  // Hono answers HEAD by GET. Nobody would read its stream.
  if (!hold || typeof body === 'string' || body.length <= SMALL_PAGE_BYTES || c.req.method === 'HEAD')
    return new Response(body, { headers: whole });
  const stream = takenStream(body, hold.keepUntilTaken());
  return new Response(stream, { headers: { ...whole, 'Content-Length': String(body.length) } });
}
