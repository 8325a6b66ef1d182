import { randomBytes } from 'node:crypto';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { Clients } from '../../http/clients.ts';
import { openText, type Sealing, sealText } from './sealed.ts';

/** What an officer has signed in with. It is in the officer's cookie alone, sealed: every process of the hub opens it. */
export interface Session {
  /** Of the key, which the interface is asked with: with another secret in the configuration the session is over. */
  readonly secret: string;
  /** Stands in every form of this session, and nobody else knows it. */
  readonly token: string;
  readonly endsAtMs: number;
}

export interface SessionMeans {
  readonly vault: Sealing;
  readonly clients: Pick<Clients, 'originOf'>;
  readonly nowMs: () => number;
}

const COOKIE = 'lienthong-console';
const USE = 'console session';
const LASTS_MS = 8 * 3_600_000;

export function beginSession(c: Context, means: SessionMeans, secret: string): void {
  const token = randomBytes(18).toString('base64url');
  const session: Session = { secret, token, endsAtMs: means.nowMs() + LASTS_MS };
  setCookie(c, COOKIE, sealText(means.vault, USE, session), { ...scopeOf(c, means), maxAge: LASTS_MS / 1_000 });
}

/** The session of a request; undefined without one, and for one that is over, made up or sealed by another secret. */
export function sessionOf(c: Context, { vault, nowMs }: Pick<SessionMeans, 'vault' | 'nowMs'>): Session | undefined {
  const { secret, token, endsAtMs } = openText(vault, USE, getCookie(c, COOKIE)) ?? {};
  if (typeof secret !== 'string' || typeof token !== 'string' || typeof endsAtMs !== 'number') return undefined;
  return endsAtMs > nowMs() ? { secret, token, endsAtMs } : undefined;
}

export function endSession(c: Context, means: Pick<SessionMeans, 'clients'>): void {
  deleteCookie(c, COOKIE, scopeOf(c, means));
}

/** Of all cookies of the console: no script reads them, no other site sends them, and what came by TLS goes by TLS. */
export function scopeOf(c: Context, { clients }: Pick<SessionMeans, 'clients'>, path = '/console') {
  return {
    ...({ path, httpOnly: true, sameSite: 'Strict' } as const),
    secure: clients.originOf(c).startsWith('https:'),
  };
}
