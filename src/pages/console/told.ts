import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { openText, type Sealing, sealText } from './sealed.ts';
import { type SessionMeans, scopeOf } from './session.ts';

/** What came of an order, and the page where it is said. */
export interface Told {
  readonly to: string;
  readonly text: string;
  readonly isDone: boolean;
}

const COOKIE = 'lienthong-console-told';
const USE = 'console told';

/** For the next page alone: sealed, so that nobody else puts words into a page of ours. */
export function keepTold(c: Context, means: Pick<SessionMeans, 'vault' | 'clients'>, { to, text, isDone }: Told): void {
  const value = sealText(means.vault, USE, { text: text.slice(0, 400), isDone });
  setCookie(c, COOKIE, value, { ...scopeOf(c, means, to.split('?')[0]), maxAge: 60 });
}

/** What was kept for this page; it is said once. */
export function takeTold(
  c: Context,
  means: Pick<SessionMeans, 'clients'> & { readonly vault: Sealing },
): Pick<Told, 'text' | 'isDone'> | undefined {
  const kept = getCookie(c, COOKIE);
  if (kept === undefined) return undefined;
  deleteCookie(c, COOKIE, scopeOf(c, means, c.req.path));
  const { text, isDone } = openText(means.vault, USE, kept) ?? {};
  return typeof text === 'string' ? { text, isDone: isDone === true } : undefined;
}
