import { type Connection, type Exchange, type Outcome, refused, retryAfterMs, unavailable, unknown, withoutReply } from '#kit';
import { isSessionError, isTemporary, type PortalError, parseReply } from '#mappings/national-portal/envelope';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { partnerText, textOf } from '#kit';
import { dialectOf, type Settings } from './settings.ts';

export type Portal = Connection<Settings>;

export interface Request {
  /** Dictionaries are at the address for sharing; dossiers and single procedures at the one for integration. */
  readonly group: 'integration' | 'share';
  readonly service: string;
  readonly args?: Readonly<Record<string, unknown>>;
  /** `tell` changes something over there: without an answer it may have happened. */
  readonly effect: 'ask' | 'tell';
}

export type Answer =
  | { readonly kind: 'ok'; readonly result: readonly unknown[]; readonly text: string }
  | PortalError
  /** There is no answer, or none of the portal's; what that means for what was sent. */
  | { readonly kind: 'failed'; readonly outcome: Outcome };

/** Call one service. A session that has ended is renewed once, and the call made once more. */
export async function call(portal: Portal, request: Request): Promise<Answer> {
  const first = await callOnce(portal, request);
  if (first.kind !== 'session-ended') return first;
  portal.sessions.drop(SESSION, first.login);
  const second = await callOnce(portal, request);
  if (second.kind !== 'session-ended') return second;
  return failed(unavailable('session-refused', 'the portal refuses the session that it has just given'));
}

type SessionEnded = { readonly kind: 'session-ended'; readonly login: Login };

async function callOnce(portal: Portal, { group, service, args, effect }: Request): Promise<Answer | SessionEnded> {
  const { settings } = portal;
  const login = await portal.sessions.get(SESSION, () => logIn(portal));
  if (login.kind === 'failed') return login;
  if (login.kind === 'refused') return failed(unavailable('login-refused', said(login.error, settings)));
  const path = (group === 'share' ? settings.sharePath : settings.integrationPath) ?? '/mapi/g';
  const exchange = await post(portal, path, { session: login.session, madonvi: settings.madonvi, service, ...args }, {
    idempotent: effect === 'ask',
  });
  const answer = answerOf(portal, exchange, effect);
  const ended = answer.kind === 'unauthorized' || (answer.kind === 'error' && isSessionError(answer, dialectOf(settings).patterns));
  return ended ? { kind: 'session-ended', login } : (answer as Answer);
}

const SESSION = 'session';
/** A wrong password is not tried again and again: accounts get locked. */
const REFUSED_MS = 60_000;

type Login =
  | { readonly kind: 'session'; readonly session: string }
  | { readonly kind: 'refused'; readonly error: PortalError }
  | { readonly kind: 'failed'; readonly outcome: Outcome };

async function logIn(portal: Portal): Promise<{ value: Login; ttlMs: number }> {
  const { username, password, loginPath = '/mapi/login', sessionMinutes = 10 } = portal.settings;
  const exchange = await post(portal, loginPath, { username, password }, { idempotent: true, secret: true });
  const answer = answerOf(portal, exchange, 'ask');
  if (answer.kind === 'failed') return { value: answer, ttlMs: 0 };
  const session = answer.kind === 'ok' ? textOf(answer.raw.session) : undefined;
  if (session) return { value: { kind: 'session', session }, ttlMs: sessionMinutes * 60_000 };
  if (answer.kind === 'error' && isTemporary(answer)) return { value: failed(unavailable('busy', said(answer, portal.settings))), ttlMs: 0 };
  const error = answer.kind === 'error' ? answer : { kind: 'error' as const, code: answer.kind, message: 'no session was given' };
  return { value: { kind: 'refused', error }, ttlMs: REFUSED_MS };
}

/**
 * Every call, the login too, has these headers and no others (domain 2.1, as OpenCPS sends them). The media type has no
 * charset parameter: JSON knows none, and the security server before the portal compares it as it is. What says that the
 * bytes are UTF-8 is the dialect's own header `Charset`.
 */
function post(
  { http, settings }: Portal,
  path: string,
  body: object,
  options: { readonly idempotent: boolean; readonly secret?: boolean },
): Promise<Exchange> {
  return http.exchange({
    method: 'POST',
    url: `${settings.adapterUrl.replace(/\/+$/, '')}${path}`,
    headers: {
      Accept: 'application/json',
      'Content-Type': 'application/json',
      Charset: 'utf-8',
      dstcode: settings.dstcode,
    },
    body: Buffer.from(JSON.stringify(body)),
    ...options,
  });
}
