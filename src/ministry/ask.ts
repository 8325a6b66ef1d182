import type { Failure } from '#core/dossier/settle';
import { type Cause, type Problem, whyAll } from '#core/problem';
import { say, textOrWordsOf, type Words } from '#messages/message';
import { sentenceOf } from '#messages/render';
import type { Connection } from '../kit/connection.ts';
import { type About, partnerText } from '../kit/replies.ts';
import { textAt } from '../kit/xml/read-xml.ts';
import type { Answer, NoAnswer } from './answer.ts';
import type { Built } from './fill.ts';
import { type Context, prepare } from './request.ts';
import type { MinistrySettings, Question } from './settings.ts';
import { type Meaning, meaningOf } from './tables.ts';

/** The connection of a party, with the transport for its kind of system. */
export interface Ministry<S extends MinistrySettings = MinistrySettings> extends Connection<S> {
  readonly transport: Transport<S>;
}
/** Adds the transport to a party's connection. */
export const withTransport = <S extends MinistrySettings>(
  transport: Transport<S>,
  connection: Connection<S>,
): Ministry => ({ ...connection, transport }) as Ministry;

/** The call was not carried out, or nobody knows whether it was. */
export type { Failure };
/** The session has ended: the ministry does not recognise it any more. */
export const EXPIRED: Expired = { kind: 'expired' };
export interface Expired {
  readonly kind: 'expired';
  /** The ministry's words, safe to log. */
  readonly message?: string;
}

/** How the hub calls one kind of system. */
export interface Transport<S extends MinistrySettings> {
  /** Makes one call. A result without an answer says whether the call may have been carried out. */
  call(connection: Connection<S>, call: TransportCall): Promise<Answer | NoAnswer | Failure | Expired>;
  /** Whether its requests may hold files: fields with `"as": "base64"`. It checks their places itself. */
  readonly carriesFiles?: true;
  /** The secrets in its settings, apart from the password. */
  secrets(settings: S): readonly string[];
  /** Whether the transport has credentials that expire and that the next call renews. */
  renews?(settings: S): boolean;
}

export interface TransportCall {
  readonly question: Question;
  /** The request that the question's table gave. */
  readonly request: Built;
  /** The path of the records, if the answer has a list. */
  readonly records: string | undefined;
  /** The path of the receipt for a push. */
  readonly reference: string | undefined;
  /** The call only reads, so a repeat does no harm. */
  readonly idempotent: boolean;
  /** The ministry counts its calls, so a broken one is not repeated. */
  readonly isCounted?: boolean | undefined;
  /** The session from the login, if the settings have one. */
  readonly session: string | undefined;
  /** The call is a login. Neither request nor reply is stored. */
  readonly secret: boolean;
  /** Texts that the stored call must not contain. */
  readonly hidden: readonly string[];
  /** The ministry's words, safe to log. */
  shown(text: string): string;
}

export interface AskOptions {
  readonly question: Question;
  readonly context: Context;
  readonly records?: string;
  readonly reference?: string | undefined;
  readonly idempotent: boolean;
  readonly isCounted?: boolean;
  readonly about?: People;
  /** The path of a member that proves success where the answer has no code. */
  readonly proof?: string;
}

/** The dossiers and people whose data must not appear in messages. */
export type People = About | readonly (About | undefined)[] | undefined;

const SESSION = 'session';
type Because = 'ministry-session-ended' | 'ministry-keeps-us-out';
const because = (code: Because, { message: said }: Expired): Words =>
  said === undefined ? say(code) : say(`${code}-said`, { said });
const MINUTES = 10;
/** A session is renewed this long before its end. */
const EARLY_S = 30;
type Login = NonNullable<MinistrySettings['session']>;

/** Asks the ministry one question, after a login if the settings have one. A session that has ended is renewed once. */
export async function ask(ministry: Ministry, asked: AskOptions): Promise<Answer | Failure> {
  const { settings, sessions, transport } = ministry;
  for (let attempt = 1; ; attempt++) {
    const session = settings.session && (await sessions.login(SESSION, () => logIn(ministry)));
    if (session !== undefined && typeof session !== 'string') return session;
    const answer = await once(ministry, asked, session);
    if (!isExpired(answer)) return answer;
    sessions.drop(SESSION, session);
    if (attempt === 2 || (session === undefined && !transport.renews?.(settings)))
      return { kind: 'unavailable', reason: 'credentials', ...sentenceOf(because('ministry-session-ended', answer)) };
  }
}

/**
 * Logs in. The session in the answer proves the login, unless its code is a known failure. Returns the session, or a
 * failure that is not cached, so the next call tries again. If the login fails, the ministry has received nothing yet.
 */
async function logIn(ministry: Ministry): Promise<{ readonly value: string | Failure; readonly ttlMs: number }> {
  const question = ministry.settings.session as Login;
  const asked = { question, context: {}, idempotent: true, proof: question.token };
  const answer = await once(ministry, asked, undefined);
  const failed = (reason: string, words: Words) => ({
    value: { kind: 'unavailable', reason, ...sentenceOf(words) } as const,
    ttlMs: 0,
  });
  if (isExpired(answer)) return failed('credentials', because('ministry-keeps-us-out', answer));
  if ('kind' in answer)
    return answer.kind === 'unavailable'
      ? { value: answer, ttlMs: 0 }
      : failed(answer.reason, say('at-login', { why: textOrWordsOf(answer) }));
  const [verdict, token] = [meaning(ministry, answer), textAt(answer.content, question.token)];
  if (verdict !== 'ok' && (verdict !== undefined || token === undefined))
    return failed('credentials', say('at-login', { why: answerWords(ministry, answer) }));
  if (token === undefined)
    return failed('login-failed', say('at-login', { why: say('answer-lacks', { name: question.token }) }));
  return { value: token, ttlMs: lifetimeMs(question, answer) };
}

/** The lifetime that the answer says, less a moment, or that of the settings. */
function lifetimeMs({ minutes = MINUTES, expiresIn }: Login, { content }: Answer): number {
  const seconds = Number(expiresIn === undefined ? undefined : textAt(content, expiresIn));
  return Number.isFinite(seconds) && seconds > 0 ? Math.max(seconds - EARLY_S, 1) * 1000 : minutes * 60_000;
}

async function once(
  ministry: Ministry,
  { question, context, records, reference, idempotent, isCounted, about, proof }: AskOptions,
  session: string | undefined,
): Promise<Answer | Failure | Expired> {
  const { settings, codes, transport } = ministry;
  const hidden = [...secretsOf(ministry), ...(session ? [session] : [])];
  const { username, password, secrets } = settings;
  const prepared = prepare(question.request, { ...context, username, password, secrets, session }, settings, codes);
  if (prepared.kind === 'stuck') return unmappedRequest(prepared.problems, prepared.cause);
  const shown = (text: string): string => partnerText(text, about, hidden);
  const { request } = prepared;
  const answer = await transport.call(ministry, {
    question,
    request,
    records,
    reference,
    idempotent,
    isCounted,
    session,
    hidden,
    shown,
    secret: question === settings.session,
  });
  if ('kind' in answer) {
    if (answer.kind !== 'no-answer') return answer;
    const { content, ...none } = answer;
    const isProven = proof !== undefined && textAt(content, proof) !== undefined;
    return isProven ? { content, records: [] } : { ...none, kind: 'unknown' };
  }
  const { message } = answer;
  const words = message === undefined ? {} : { message: shown(message) };
  return meaning(ministry, answer) === 'expired' ? { ...EXPIRED, ...words } : { ...answer, ...words };
}

/** A value of ours has no code at the ministry. */
export function unmappedRequest(problems: readonly Problem[], cause: Cause | undefined): Failure {
  const { code, args, message } = whyAll(problems);
  return { kind: 'refused', reason: 'unmapped', message, words: { code, args }, cause };
}

function isExpired(answer: Answer | Failure | Expired): answer is Expired {
  return 'kind' in answer && answer.kind === 'expired';
}

/** What the answer's code means. If the settings name no code, every answer is `ok`. */
export function meaning({ settings, codes }: Ministry, { code, message }: Answer): Meaning | undefined {
  return code === undefined ? 'ok' : meaningOf(settings, codes, code, message);
}

/** The call was not carried out. The hub retries it when the ministry says. */
export function unavailableFor(reason: string, words: Words, { retryAfterMs }: Answer): Failure {
  return { kind: 'unavailable', reason, ...sentenceOf(words), retryAfterMs };
}

/** What the ministry says, as words of the hub. */
export function answerWords(ministry: Ministry, answer: Answer, about?: People): Words {
  return say('partner-says', { said: answerText(ministry, answer, about) });
}

/** The ministry's code and words, safe to log. */
function answerText(ministry: Ministry, { code, message }: Answer, about?: People): string {
  const text = [code, message].filter((part) => part !== undefined).join(': ');
  return partnerText(text, about, secretsOf(ministry));
}

function secretsOf({ settings, transport }: Ministry): readonly string[] {
  const { password, secrets = {} } = settings;
  return [...(password ? [password] : []), ...Object.values(secrets), ...transport.secrets(settings)];
}
