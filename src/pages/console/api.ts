import type { Hono } from 'hono';
import { withoutUndefined } from '#core/without-undefined';
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
  get<Body>(path: string, query?: Readonly<Record<string, string | undefined>>): Promise<Answer<Body>>;
  post<Body>(path: string, body: object): Promise<Answer<Body>>;
  /** A file for the browser, or the problem. */
  file(path: string): Promise<Response | Pick<Answer<unknown>, 'problem'>>;
}

/** @param language of the sentences in the replies */
export function createApi(app: Pick<Hono, 'fetch'>, secret: string, language: Language): Api {
  // Without the officer's connection: its body is the form.
  async function send(method: string, path: string, body?: object): Promise<Response> {
    const headers = withoutUndefined({
      Authorization: `Bearer ${secret}`,
      'Accept-Language': language,
      'Content-Type': body && 'application/json',
    });
    const request = new Request(`http://hub.invalid/api/v1/ops/${path}`, {
      method,
      headers,
      body: body ? JSON.stringify(body) : null,
    });
    return app.fetch(request);
  }
  async function ask<Body>(method: string, path: string, body?: object): Promise<Answer<Body>> {
    const response = await send(method, path, body);
    const told = (await response.json()) as Body & Problem;
    return response.ok
      ? { status: response.status, body: told, problem: undefined }
      : { status: response.status, body: undefined, problem: told };
  }
  return {
    get: (path, query = {}) => ask('GET', `${path}${queryText(query)}`),
    post: (path, body) => ask('POST', path, body),
    async file(path) {
      const response = await send('GET', path);
      return response.ok ? response : { problem: (await response.json()) as Problem };
    },
  };
}

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

/** `?name=value…` of the given parameters. */
export function queryText(query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((one): one is [string, string] => one[1] !== undefined && one[1] !== '');
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
}

/** Encodes a value as one segment of a path. */
export const segment = encodeURIComponent;
