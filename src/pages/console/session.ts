import { randomBytes } from 'node:crypto';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { ConsoleContext } from './console-context.ts';
import { openText, sealText } from './sealed.ts';

/**
 * A signed-in officer. The session is sealed in the officer's cookie, and every process can open it.
 *
 * The processes share only the list of ended sessions.
 */
export interface Session {
  /** The secret of the officer's key. If the configuration gets another secret, the session ends. */
  readonly secret: string;
  /** In every form of this session. Nobody else knows it. */
  readonly token: string;
  readonly endsAtMs: number;
}

const COOKIE = 'lienthong-console';
const USE = 'console session';
const LASTS_MS = 8 * 3_600_000;

export function beginSession(c: Context, hub: ConsoleContext, secret: string): void {
  const token = randomBytes(18).toString('base64url');
  const session: Session = { secret, token, endsAtMs: hub.nowMs() + LASTS_MS };
  setCookie(c, COOKIE, sealText(hub.vault, USE, session), { ...scopeOf(c, hub), maxAge: LASTS_MS / 1_000 });
}

/**
 * The session of a request.
 *
 * Undefined without a cookie, with an invalid one, and after the session expired or was ended. Rejects while the
 * database cannot say whether it was ended.
 */
export async function sessionOf(
  c: Context,
  { vault, endedSessions, nowMs }: Pick<ConsoleContext, 'vault' | 'endedSessions' | 'nowMs'>,
): Promise<Session | undefined> {
  const { secret, token, endsAtMs } = openText(vault, USE, getCookie(c, COOKIE)) ?? {};
  if (typeof secret !== 'string' || typeof token !== 'string' || typeof endsAtMs !== 'number') return undefined;
  if (endsAtMs <= nowMs() || (await endedSessions.has(token))) return undefined;
  return { secret, token, endsAtMs };
}

/** Ends a session in every process, even for a copy of the cookie. Has no effect without the database. */
export async function endSession(c: Context, hub: ConsoleContext, token: string): Promise<void> {
  await hub.endedSessions.add(token, hub.nowMs() + LASTS_MS);
  forgetSession(c, hub);
}

/** Deletes the cookie in this browser. */
export function forgetSession(c: Context, hub: Pick<ConsoleContext, 'clients'>): void {
  deleteCookie(c, COOKIE, scopeOf(c, hub));
}

/**
 * The scope of all console cookies: not readable by scripts, same site only, and TLS only where TLS
 * is used.
 */
export function scopeOf(c: Context, { clients }: Pick<ConsoleContext, 'clients'>, path = '/console') {
  return {
    path,
    httpOnly: true,
    sameSite: 'Strict' as const,
    secure: clients.originOf(c).startsWith('https:'),
  };
}
