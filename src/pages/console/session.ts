import { randomBytes } from 'node:crypto';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { ConsoleContext } from './console-context.ts';
import { openText, sealText } from './sealed.ts';

/**
 * What an officer has signed in with. It is in the officer's cookie alone, sealed: every process of the hub opens it. What
 * all of them remember is which ones were ended.
 */
export interface Session {
  /** Of the key, which the interface is asked with: with another secret in the configuration the session is over. */
  readonly secret: string;
  /** Stands in every form of this session, and nobody else knows it. */
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
 * The session of a request; undefined without one, and for one that is over, was ended, is made up or sealed by another
 * secret. Rejects while the database does not say whether it was ended.
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

/** End a session in every process, also for whoever has a copy of its cookie. Without the database it goes on. */
export async function endSession(c: Context, hub: ConsoleContext, token: string): Promise<void> {
  await hub.endedSessions.add(token, hub.nowMs() + LASTS_MS);
  forgetSession(c, hub);
}

/** Take the cookie from this browser. */
export function forgetSession(c: Context, hub: Pick<ConsoleContext, 'clients'>): void {
  deleteCookie(c, COOKIE, scopeOf(c, hub));
}

/** Of all cookies of the console: no script reads them, no other site sends them, and what came by TLS goes by TLS. */
export function scopeOf(c: Context, { clients }: Pick<ConsoleContext, 'clients'>, path = '/console') {
  return {
    ...({ path, httpOnly: true, sameSite: 'Strict' } as const),
    secure: clients.originOf(c).startsWith('https:'),
  };
}
