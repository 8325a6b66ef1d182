import { type About, type Connection, type Exchange, say, textOf, unavailable } from '#kit';
import { isSessionError, isTemporary, type PortalError } from '#mappings/national-portal/envelope';
import { type Answer, answerOf, type Effect, type Failed, failed, said } from './answers.ts';
import { dialectOf, type Settings } from './settings.ts';

export type Portal = Connection<Settings>;

export interface Request {
  /** Dictionaries use the address for sharing. Dossiers and single procedures use the address for integration. */
  readonly group: 'integration' | 'share';
  readonly service: string;
  readonly args?: Readonly<Record<string, unknown>>;
  readonly effect: Effect;
  /** The record whose personal data a failure message must not repeat. */
  readonly about: About | undefined;
}

/** Calls one service. If the session has ended, logs in once and repeats the call. */
export async function call(portal: Portal, request: Request): Promise<Answer> {
  const first = await callOnce(portal, request);
  if (first.kind !== 'session-ended') return first;
  portal.sessions.drop(SESSION, first.login);
  const second = await callOnce(portal, request);
  if (second.kind !== 'session-ended') return second;
  return failed(unavailable('session-refused', say('session-refused-at-once')));
}

interface SessionEnded {
  readonly kind: 'session-ended';
  readonly login: Login;
}

async function callOnce(
  portal: Portal,
  { group, service, args, effect, about }: Request,
): Promise<Answer | SessionEnded> {
  const { settings } = portal;
  const login = await portal.sessions.login<Login>(
    SESSION,
    () => logIn(portal),
    (session) => ({ kind: 'session', session }),
  );
  if (login.kind === 'failed') return login;
  if (login.kind === 'refused') return failed(unavailable('login-refused', said(login.error, settings, [about])));
  const path = (group === 'share' ? settings.sharePath : settings.integrationPath) ?? '/mapi/g';
  const body = { session: login.session, madonvi: settings.madonvi, service, ...args };
  const exchange = await post(portal, path, body, {
    idempotent: effect === 'ask',
    hide: [login.session, settings.password],
  });
  const answer = answerOf(exchange, effect, portal.now());
  if (answer.kind === 'unauthorized') return { kind: 'session-ended', login };
  const ended = answer.kind === 'error' && isSessionError(answer, dialectOf(settings).sessionEnded, body);
  return ended ? { kind: 'session-ended', login } : answer;
}

const SESSION = 'session';

type Login =
  | { readonly kind: 'session'; readonly session: string }
  | { readonly kind: 'refused'; readonly error: PortalError }
  | Failed;

/** A rejected login is not repeated within this time: accounts get locked. */
const REFUSED_MS = 60_000;

async function logIn(portal: Portal): Promise<{ readonly value: Login; readonly ttlMs: number }> {
  const { username, password, loginPath = '/mapi/login', sessionMinutes = 10 } = portal.settings;
  const exchange = await post(portal, loginPath, { username, password }, { idempotent: true, secret: true });
  const answer = answerOf(exchange, 'ask', portal.now());
  if (answer.kind === 'failed') return { value: answer, ttlMs: 0 };
  const session = answer.kind === 'ok' ? textOf(answer.raw.session) : undefined;
  if (session) return { value: { kind: 'session', session }, ttlMs: sessionMinutes * 60_000 };
  if (answer.kind === 'error')
    return { value: { kind: 'refused', error: answer }, ttlMs: isTemporary(answer) ? 0 : REFUSED_MS };
  const without = unavailable('login-refused', say('answer-lacks', { name: 'session' }));
  return { value: failed(without), ttlMs: REFUSED_MS };
}

/**
 * Every call, the login too, has these headers (domain 2.1, as OpenCPS sends them). The media type has no charset,
 * because JSON defines none and a gateway may compare the header literally. The dialect's own header `Charset` names
 * UTF-8.
 */
function post(
  { http, settings }: Portal,
  path: string,
  body: object,
  options: { readonly idempotent: boolean; readonly secret?: boolean; readonly hide?: readonly string[] },
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
