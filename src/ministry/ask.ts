import type { Outcome } from '#core/dossier/settle';
import type { Cause, Problem } from '#core/problem';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Connection } from '../kit/connection.ts';
import { partnerText } from '../kit/replies.ts';
import { textAt } from '../kit/xml/read-xml.ts';
import type { Answer, NoAnswer } from './answer.ts';
import { type Context, prepare } from './request.ts';
import type { MinistrySettings, Question } from './settings.ts';
import type { Built } from './source.ts';
import { type Meaning, meaningOf } from './tables.ts';

/** A ministry's system: its party's connection, and the way in which it is spoken to. */
export interface Ministry<S extends MinistrySettings = MinistrySettings> extends Connection<S> {
  readonly transport: Transport<S>;
}
/** A party's connection, to be spoken to in this way. */
export const withTransport = <S extends MinistrySettings>(
  transport: Transport<S>,
  connection: Connection<S>,
): Ministry => ({ ...connection, transport }) as Ministry;

/** Not done, or not known to be. */
export type Failure = Exclude<Outcome, { kind: 'delivered' }>;
/** It does not know us any more: a session has ended. */
export const EXPIRED: Expired = { kind: 'expired' };
export interface Expired {
  readonly kind: 'expired';
  /** The ministry's words, fit for logs. */
  readonly message?: string;
}

/** How a kind of systems is spoken to. */
export interface Transport<S extends MinistrySettings> {
  /** Ask once. What comes without an answer says whether it may have been done all the same. */
  call(connection: Connection<S>, call: TransportCall): Promise<Answer | NoAnswer | Failure | Expired>;
  /** What of its settings nobody may be shown, besides the password. */
  secrets(settings: S): readonly string[];
  /** Whether it has something of its own that ends, and is given another one when it asks again. */
  renews?(settings: S): boolean;
}

export interface TransportCall {
  readonly question: Question;
  /** Filled by the question's table. */
  readonly request: Built;
  /** Where the records are that are picked out one by one. */
  readonly records: string | undefined;
  /** Where the receipt stands of what is told. */
  readonly reference: string | undefined;
  /** It asks, so that asking twice does no harm; otherwise it tells. */
  readonly idempotent: boolean;
  /** What it has let us in by, where it is logged in to. */
  readonly session: string | undefined;
  /** It logs in: neither what is asked nor what is answered is kept. */
  readonly secret: boolean;
  /** Texts that are not kept of the call. */
  readonly hidden: readonly string[];
  /** The ministry's words, fit for logs. */
  shown(text: string): string;
}

export interface AskOptions {
  readonly question: Question;
  readonly context: Context;
  readonly records?: string;
  readonly reference?: string | undefined;
  readonly idempotent: boolean;
  /** Whose dossier it is about, so that nothing of the applicant is told. */
  readonly dossier?: Dossier | undefined;
}

const SESSION = 'session';
const ENDED = 'the ministry says that our session has ended';
const because = (what: string, { message }: Expired): string => (message === undefined ? what : `${what}: ${message}`);
const MINUTES = 10;

/** Ask the ministry one question, logged in where it wants that. A session that has ended is renewed, once. */
export async function ask(ministry: Ministry, asked: AskOptions): Promise<Answer | Failure> {
  const { settings, sessions, transport } = ministry;
  for (let attempt = 1; ; attempt++) {
    const session = settings.session && (await sessions.get(SESSION, () => logIn(ministry)));
    if (session !== undefined && typeof session !== 'string') return session;
    const answer = await once(ministry, asked, session);
    if (!isExpired(answer)) return answer;
    sessions.drop(SESSION, session);
    if (attempt === 2 || (session === undefined && !transport.renews?.(settings)))
      return { kind: 'unavailable', reason: 'credentials', message: because(ENDED, answer) };
  }
}

/** A session, or why there is none; that is not kept, the next caller tries anew. Nothing was told to the ministry yet. */
async function logIn(ministry: Ministry): Promise<{ readonly value: string | Failure; readonly ttlMs: number }> {
  const question = ministry.settings.session as NonNullable<MinistrySettings['session']>;
  const answer = await once(ministry, { question, context: {}, idempotent: true }, undefined);
  const failed = (reason: string, message: string) => ({
    value: { kind: 'unavailable', reason, message } as const,
    ttlMs: 0,
  });
  if (isExpired(answer)) return failed('credentials', because('the ministry does not let us in', answer));
  if ('kind' in answer)
    return answer.kind === 'unavailable'
      ? { value: answer, ttlMs: 0 }
      : failed(answer.reason, `logging in: ${answer.message}`);
  if (meaning(ministry, answer) !== 'ok') return failed('credentials', `logging in: ${answerText(ministry, answer)}`);
  const token = textAt(answer.content, question.token);
  if (token === undefined) return failed('login-failed', `logging in: the answer has no ${question.token}`);
  return { value: token, ttlMs: (question.minutes ?? MINUTES) * 60_000 };
}

async function once(
  ministry: Ministry,
  { question, context, records, reference, idempotent, dossier }: AskOptions,
  session: string | undefined,
): Promise<Answer | Failure | Expired> {
  const { settings, codes, transport } = ministry;
  const hidden = [...secretsOf(ministry), ...(session ? [session] : [])];
  const { username, password } = settings;
  const prepared = prepare(question.request, { ...context, username, password, session }, settings, codes);
  if (prepared.kind === 'stuck') return unmappedRequest(prepared.problems, prepared.cause);
  const shown = (text: string): string => partnerText(text, dossier, hidden);
  const { request } = prepared;
  const answer = await transport.call(ministry, {
    ...{ question, request, records, reference, idempotent, session, hidden, shown },
    secret: question === settings.session,
  });
  if ('kind' in answer)
    return answer.kind === 'no-answer' ? { kind: 'unknown', reason: answer.reason, message: answer.message } : answer;
  const { message } = answer;
  const words = message === undefined ? {} : { message: shown(message) };
  return meaning(ministry, answer) === 'expired' ? { ...EXPIRED, ...words } : { ...answer, ...words };
}

/** Something of ours has no word over there. */
export function unmappedRequest(problems: readonly Problem[], cause: Cause | undefined): Failure {
  const message = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return { kind: 'refused', reason: 'unmapped', message, ...(cause && { cause }) };
}

function isExpired(answer: Answer | Failure | Expired): answer is Expired {
  return 'kind' in answer && answer.kind === 'expired';
}

/** What the ministry says of what was asked; where the settings name no code, an answer is enough. */
export function meaning({ settings, codes }: Ministry, { code }: Answer): Meaning | undefined {
  return code === undefined ? 'ok' : meaningOf(settings, codes, code);
}

/** It was not done, and is to be asked again: when the ministry says. */
export function unavailableFor(reason: string, message: string, { retryAfterMs }: Answer): Failure {
  return { kind: 'unavailable', reason, message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/** What the ministry says, fit for logs. */
export function answerText(ministry: Ministry, { code, message }: Answer, dossier?: Dossier): string {
  const text = [code, message].filter((part) => part !== undefined).join(': ');
  return `it says ${partnerText(text, dossier, secretsOf(ministry))}`;
}

function secretsOf({ settings, transport }: Ministry): readonly string[] {
  return [...(settings.password ? [settings.password] : []), ...transport.secrets(settings)];
}
