import { createHash, hash } from 'node:crypto';
import type { Context, Hono } from 'hono';
import type Type from 'typebox';
import { Compile } from 'typebox/compile';
import { explain } from '#core/explain';
import { mapYielding } from '../concurrency/yielding.ts';
import type { Scope } from '../config/config.ts';
import { type Hold, SMALL_BYTES, takenStream } from './page-budget.ts';
import { type ProblemKind, Refusal } from './problem.ts';

/** What the OpenAPI document says of a route; it stands beside its handler. */
export interface RouteDoc {
  readonly method: 'get' | 'post';
  /** With `{name}` for parameters, as in OpenAPI. */
  readonly path: string;
  /** A path that answers the same and is not told of, for those who write it so. */
  readonly alsoAt?: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  /** Scopes of the key; absent where no key is needed, or where `access` says what is. */
  readonly scopes?: readonly Scope[];
  /** Ways to say who one is, other than a key: any one of them is enough. */
  readonly access?: readonly ('session' | 'basic' | 'wsSecurity' | 'mutualTls' | 'callback')[];
  /** Request headers that mean something here, each a string schema. */
  readonly headers?: Readonly<Record<string, object>>;
  /** Replies have an ETag, and `If-None-Match` is heard. */
  readonly conditional?: boolean;
  /** false: the answer is known while the database is away, too. */
  readonly asksDatabase?: false;
  /** Problems besides those that follow from scopes, parameters and bodies. */
  readonly problems?: readonly ProblemKind[];
  /** Query parameters, each a string schema. */
  readonly query?: Type.TObject;
  /** Request bodies by media type. */
  readonly body?: Readonly<Record<string, object>>;
  /** Replies by status: what it means, and the schema of JSON replies. Without a schema one from 400 on is a problem. */
  readonly replies: Readonly<Record<number, ReplyDoc>>;
}

export interface ReplyDoc {
  readonly description: string;
  readonly schema?: object;
  readonly mediaType?: string | readonly string[];
  /** Schemas of the other media types that it is given in to who asks for them by Accept. */
  readonly also?: Readonly<Record<string, object>>;
}

export type AddRoute = (doc: RouteDoc, handler: (c: Context) => Response | Promise<Response>) => void;

/** Routes are added with their documentation, so that none is without. */
export function routesOf(app: Hono, docs: RouteDoc[]): AddRoute {
  return (doc, handler) => {
    docs.push(doc);
    const isForOne = doc.method === 'get' && doc.scopes !== undefined;
    for (const path of [doc.path, ...(doc.alsoAt ? [doc.alsoAt] : [])])
      app[doc.method](path.replaceAll(/\{(\w+)\}/g, ':$1'), isForOne ? unkept(handler) : handler);
  };
}

/** What only a key may see nobody keeps on the way, who came by a certificate either, unless the answer says otherwise. */
function unkept(handler: Parameters<AddRoute>[1]): typeof handler {
  return (c) => {
    c.header('Cache-Control', 'no-store');
    return handler(c);
  };
}

/**
 * A reader of query parameters: unknown ones, wrong values and what is given twice are refused, each with its name.
 *
 * @throws Refusal 400 with all problems
 */
export function queryReader<S extends Type.TObject>(schema: S): (c: Context) => Type.Static<S> {
  const check = Compile(schema);
  return (c) => {
    const given = parametersOf(c);
    const query = Object.fromEntries(given.map(([name, [value]]) => [name, value]).filter(([, value]) => value !== ''));
    const twice = given
      .filter(([, values]) => values.length > 1)
      .map(([name, values]) => ({ path: `?${name}`, message: `is given ${values.length} times, expected once` }));
    if (twice.length === 0 && check.Check(query)) return query as Type.Static<S>;
    const wrong = explain(schema, check, query, [], true).map(({ path, message }) => ({
      path: path.replace(/^\//, '?'),
      message: message.replace(' is not a member here', ' is no parameter here'),
    }));
    const problems = [...twice, ...wrong];
    throw new Refusal('bad-request', problems.map(({ path, message }) => `${path} ${message}`).join('; '), {
      problems,
    });
  };
}

/** In the order of the address. Hono catches an error for each escape that is broken: 15 KB of them took 15 ms. */
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
 * A reply with the hash of its body as ETag. A version would tell it without the body, and not that a repair, or a backup
 * that was put back, has made something else of the same version.
 *
 * @param more headers besides, also of a 304; a Content-Type among them stands for JSON
 */
export function conditional(c: Context, body: string | Buffer<ArrayBuffer>, more: Headers = {}): Response {
  return unlessKnown(c, body, hash('sha256', body, 'base64url'), more);
}

type Headers = Readonly<Record<string, string>>;

/** What stands before the items of a list, each item, and what stands behind them: JSON all together. */
export interface WrittenList<Item> {
  readonly head: string;
  readonly items: readonly Item[];
  readonly write: (item: Item) => string;
  readonly tail: string;
}

const PART_LENGTH = 256 * 1024;

/**
 * The same reply of a list that may be megabytes: written and hashed in turns with other requests.
 *
 * @param hold what the page holds of the budget: a large one is sent as fast as it is taken, and counts until then
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
    // One buffer for each item would cost as much as all else of a short page.
    if (text.length > PART_LENGTH) cut();
  });
  text += tail;
  cut();
  const body = parts.length === 1 ? (parts[0] as Buffer<ArrayBuffer>) : Buffer.concat(parts);
  hold?.resize(body.length);
  return unlessKnown(c, body, hashing.digest('base64url'), more, hold);
}

function unlessKnown(
  c: Context,
  body: string | Buffer<ArrayBuffer>,
  digest: string,
  more: Headers,
  hold?: Hold,
): Response {
  const tag = `"${digest.slice(0, 22)}"`;
  const headers = { ETag: tag, 'Cache-Control': 'private, no-cache', ...more };
  const given = c.req.header('if-none-match');
  const isKnown = (one: string): boolean => one === '*' || one.replace(/^W\//, '') === tag;
  if (given?.split(',').some((one) => isKnown(one.trim()))) return c.body(null, 304, headers);
  const whole = { 'Content-Type': 'application/json', ...headers };
  // Nobody would read the stream of a HEAD, which Hono answers by GET.
  if (!hold || typeof body === 'string' || body.length <= SMALL_BYTES || c.req.method === 'HEAD')
    return c.body(body, 200, whole);
  const stream = takenStream(body, hold.keepUntilTaken());
  return c.body(stream, 200, { ...whole, 'Content-Length': String(body.length) });
}
