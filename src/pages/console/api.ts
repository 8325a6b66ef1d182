import type { Hono } from 'hono';
import { attachment, type Upload } from '../../http/upload.ts';
import type { Language } from '../language.ts';
import type { Listed } from './records.ts';

/** A reply of the operators' API. */
export interface Answer<Body> {
  readonly status: number;
  /** The requested content. Undefined when the request was refused. */
  readonly body: Body | undefined;
  /** Why the request was refused. */
  readonly problem: Problem | undefined;
}

/** A problem (RFC 9457) with the extra members of this API. */
export interface Problem {
  readonly status: number;
  readonly detail: string;
  readonly decided?: { readonly action: string; readonly to?: string; readonly who: string; readonly at: string };
}

/**
 * The operators' API, called with the officer's key like any other client. Paths are below
 * /api/v1/ops/.
 */
export interface Api {
  get<Body>(path: string, query?: Query): Promise<Answer<Body>>;
  post<Body>(path: string, body: object): Promise<Answer<Body>>;
  /** Uploads a file. A refused file has a report, too. */
  upload<Body>(path: string, query: Query, file: Pick<Upload, 'name' | 'bytes'>): Promise<Answer<Body>>;
  /** A file for the browser, or the problem. */
  file(path: string): Promise<Response | Pick<Answer<unknown>, 'problem'>>;
}

/**
 * @param language of the sentences in the replies
 * @param origin of the hub as the officer's browser addresses it; links in files begin with it
 */
export function createApi(app: Pick<Hono, 'fetch'>, secret: string, language: Language, origin = NO_ORIGIN): Api {
  // Without the officer's connection: its body is the form.
  async function send(
    method: string,
    path: string,
    body: string | Uint8Array<ArrayBuffer> | null,
    of: object = {},
  ): Promise<Response> {
    const headers = { Authorization: `Bearer ${secret}`, 'Accept-Language': language, ...of };
    return app.fetch(new Request(`${origin}/api/v1/ops/${path}`, { method, headers, body }));
  }
  // By the media type, because the report of a refused file is no problem document.
  async function read<Body>(response: Response): Promise<Answer<Body>> {
    const content = (await response.json()) as Body & Problem;
    const { status } = response;
    return response.headers.get('Content-Type')?.startsWith('application/problem+json')
      ? { status, body: undefined, problem: content }
      : { status, body: content, problem: undefined };
  }
  return {
    get: async (path, query = {}) => read(await send('GET', `${path}${queryText(query)}`, null)),
    async post(path, body) {
      return read(await send('POST', path, JSON.stringify(body), { 'Content-Type': 'application/json' }));
    },
    async upload(path, query, { name, bytes }) {
      const headers = { 'Content-Disposition': attachment(name) };
      return read(await send('POST', `${path}${queryText(query)}`, bytes as Uint8Array<ArrayBuffer>, headers));
    },
    async file(path) {
      const response = await send('GET', path, null);
      return response.ok ? response : { problem: (await response.json()) as Problem };
    },
  };
}

/** Where no reply has links. */
const NO_ORIGIN = 'http://hub.invalid';

/** Reads a whole list, page by page, so that a screen can show a total. */
export async function everyPage<Item>(
  api: Api,
  path: string,
  query: Readonly<Record<string, string | undefined>> = {},
): Promise<Answer<readonly Item[]>> {
  const items: Item[] = [];
  for (let cursor: string | undefined; ; ) {
    const { body, ...rest } = await api.get<Listed<Item>>(path, { ...query, limit: '200', cursor });
    if (!body) return { ...rest, body };
    items.push(...body.items);
    if (body.next === null) return { ...rest, body: items };
    cursor = body.next;
  }
}

/** Each looks at 10,000 rows. */
const MOST_EMPTY_PAGES = 20;

/** A page of a list that looks at a bounded number of rows for a page: the first one with items, of some that have none. */
export async function pageWithItems<Item>(
  api: Api,
  path: string,
  query: Readonly<Record<string, string | undefined>>,
): Promise<Answer<Listed<Item>>> {
  let page = await api.get<Listed<Item>>(path, query);
  for (let empty = 0; empty < MOST_EMPTY_PAGES && page.body?.items.length === 0 && page.body.next !== null; empty++)
    page = await api.get<Listed<Item>>(path, { ...query, cursor: page.body.next });
  return page;
}

/** `?name=value…` of the given parameters. */
export function queryText(query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((one): one is [string, string] => one[1] !== undefined && one[1] !== '');
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
}

type Query = Readonly<Record<string, string | undefined>>;

/** Encodes a value as one segment of a path. */
export const segment = encodeURIComponent;
