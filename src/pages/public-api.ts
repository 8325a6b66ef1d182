import type { IncomingMessage } from 'node:http';
import type { Context, Hono } from 'hono';
import { withoutUndefined } from '#core/without-undefined';
import type { Say } from './language.ts';

/** A reply of the public API. */
export interface PublicAnswer<Body> {
  readonly status: number;
  readonly body: Body;
  /** After 429, the seconds to wait. */
  readonly waitS: number;
}

/** Calls the public API for JSON. */
export async function callPublic<Body>(
  app: Hono,
  c: Context,
  path: string,
  body?: object,
  idempotencyKey?: string,
): Promise<PublicAnswer<Body>> {
  const response = await callApi(app, c, path, {
    method: body ? 'POST' : 'GET',
    headers: withoutUndefined({
      'Content-Type': body && 'application/json',
      'Idempotency-Key': idempotencyKey || undefined,
    }),
    body: body ? JSON.stringify(body) : null,
  });
  return {
    status: response.status,
    body: (await response.json()) as Body,
    waitS: Number(response.headers.get('retry-after') ?? 60),
  };
}

/** Calls the public API with the citizen's own address, so that its limits apply. */
export async function callApi(app: Hono, c: Context, path: string, init: RequestInit = {}): Promise<Response> {
  const request = new Request(new URL(path, c.req.url), init);
  const forwarded = c.req.header('x-forwarded-for');
  if (forwarded !== undefined) request.headers.set('X-Forwarded-For', forwarded);
  return app.fetch(request, withoutBody(c));
}

/** The citizen's connection, without the stream of the form: the API would read it as its own body. */
function withoutBody(c: Context): object {
  const incoming = (c.env as { readonly incoming?: IncomingMessage } | undefined)?.incoming;
  return incoming ? { incoming: { socket: incoming.socket, headers: incoming.headers } } : {};
}

/** The reason why the API did not answer a page's request: too many requests, or a hub that is busy. */
export function troubleOf(say: Say, { status, waitS }: Pick<PublicAnswer<unknown>, 'status' | 'waitS'>): string {
  if (status === 429)
    return say(
      `Đã gửi quá số lần cho phép. Vui lòng thử lại sau ${waitIn(say, waitS)}.`,
      `There were too many requests. Please try again in ${waitIn(say, waitS)}.`,
    );
  if (status === 503)
    return say(
      'Hệ thống đang bận hoặc đang bảo trì. Vui lòng thử lại sau ít phút.',
      'The system is busy or under maintenance. Please try again in a few minutes.',
    );
  return say('Hệ thống gặp lỗi. Vui lòng thử lại sau.', 'Something went wrong here. Please try again later.');
}

/** The status of a page about such a trouble. */
export function troubleStatus(c: Context, { status, waitS }: Pick<PublicAnswer<unknown>, 'status' | 'waitS'>) {
  if (status !== 429 && status !== 503) return 500;
  c.header('Retry-After', String(status === 429 ? waitS : 5));
  return status;
}

/** A time to wait, in seconds or minutes. */
export function waitIn(say: Say, seconds: number): string {
  if (seconds < 60) return say(`${seconds} giây`, `${seconds} seconds`);
  const minutes = Math.ceil(seconds / 60);
  return say(`${minutes} phút`, minutes === 1 ? 'a minute' : `${minutes} minutes`);
}
