import {
  type Cause,
  type Connection,
  callSoap,
  fold,
  type Outcome,
  type Problem,
  partnerText,
  type SoapFailure,
  secretsOfSecurity,
  soapOutcome,
  textAt,
} from '#kit';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { type Answer, pickingOf, readAnswer } from './answer.ts';
import { type Context, prepare } from './request.ts';
import { type Question, type Settings, serviceOf } from './settings.ts';
import { type Meaning, meaningOf } from './tables.ts';

export type Ministry = Connection<Settings>;
/** Not done, or not known to be. */
export type Failure = Exclude<Outcome, { kind: 'delivered' }>;

export interface Asked {
  readonly question: Question;
  readonly context: Context;
  /** Where the records are that are picked out one by one. */
  readonly records?: string;
  readonly idempotent: boolean;
  /** Whose dossier it is about, so that nothing of the applicant is told. */
  readonly dossier?: Dossier | undefined;
}

const SESSION = 'session';
const MINUTES = 10;

/** Ask the ministry one question, logged in where it wants that. A session that has ended is renewed, once. */
export async function ask(connection: Ministry, asked: Asked): Promise<Answer | Failure> {
  const { settings, sessions } = connection;
  for (let attempt = 1; ; attempt++) {
    const session = settings.session && (await sessions.get(SESSION, () => logIn(connection)));
    if (session !== undefined && typeof session !== 'string') return session;
    const answer = await once(connection, asked, session);
    if (!isExpired(answer)) return answer;
    sessions.drop(SESSION, session);
    if (attempt === 2 || session === undefined)
      return { kind: 'unavailable', reason: 'credentials', message: 'the ministry says that our session has ended' };
  }
}

/** A session, or why there is none; that is not kept, the next caller tries anew. Nothing was told to the ministry yet. */
async function logIn(connection: Ministry): Promise<{ readonly value: string | Failure; readonly ttlMs: number }> {
  const question = connection.settings.session as NonNullable<Settings['session']>;
  const answer = await once(connection, { question, context: {}, idempotent: true }, undefined);
  const failed = (reason: string, message: string) => ({
    value: { kind: 'unavailable', reason, message } as const,
    ttlMs: 0,
  });
  if (isExpired(answer)) return failed('credentials', 'the ministry does not let us in');
  if ('kind' in answer)
    return answer.kind === 'unavailable'
      ? { value: answer, ttlMs: 0 }
      : failed(answer.reason, `logging in: ${answer.message}`);
  if (meaning(connection, answer) !== 'ok')
    return failed('credentials', `logging in: ${said(connection.settings, answer)}`);
  const token = textAt(answer.content, question.token);
  if (token === undefined) return failed('login-failed', `logging in: the answer has no ${question.token}`);
  return { value: token, ttlMs: (question.minutes ?? MINUTES) * 60_000 };
}

const EXPIRED = { kind: 'expired' } as const;
type Expired = typeof EXPIRED;

async function once(
  connection: Ministry,
  { question, context, records, idempotent, dossier }: Asked,
  session: string | undefined,
): Promise<Answer | Failure | Expired> {
  const { settings, codes, now } = connection;
  const hidden = secretsOf(settings, session);
  const { username, password } = settings;
  const prepared = prepare(question.request, { ...context, username, password, session }, settings, codes);
  if (prepared.kind === 'stuck') return stuck(prepared.problems, prepared.cause);
  const result = await callSoap(connection, serviceOf(settings), {
    operation: question.operation,
    args: prepared.args,
    pick: pickingOf(question, records),
    idempotent,
    hide: hidden,
  });
  if (result.kind !== 'answer') {
    if (isExpiredFault(settings, result)) return EXPIRED;
    return soapOutcome(result, (text) => partnerText(text, dossier, hidden), now());
  }
  const answer = await readAnswer(result, question, settings, records);
  if ('kind' in answer) return { kind: 'unknown', reason: answer.reason, message: answer.message };
  return meaning(connection, answer) === 'expired' ? EXPIRED : answer;
}

/** Something of ours has no word over there. */
export function stuck(problems: readonly Problem[], cause: Cause | undefined): Failure {
  const message = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return { kind: 'refused', reason: 'unmapped', message, ...(cause && { cause }) };
}

function isExpired(answer: Answer | Failure | Expired): answer is Expired {
  return 'kind' in answer && answer.kind === 'expired';
}

/** Some say it by a fault: its code or words then hold one of those that the settings list. */
function isExpiredFault({ answer }: Settings, result: SoapFailure): boolean {
  if (result.kind !== 'fault') return false;
  const words = fold(`${result.fault.code} ${result.fault.reason}`);
  return (answer?.expired ?? []).some((one) => words.includes(fold(one)));
}

/** What the ministry says of what was asked; where the settings name no code, an answer is enough. */
export function meaning({ settings, codes }: Ministry, { code }: Answer): Meaning | undefined {
  return code === undefined ? 'ok' : meaningOf(settings, codes, code);
}

/** What the ministry says, fit for logs. */
export function said(settings: Settings, { code, message }: Answer, dossier?: Dossier): string {
  const text = [code, message].filter((part) => part !== undefined).join(': ');
  return `it says ${partnerText(text, dossier, secretsOf(settings, undefined))}`;
}

function secretsOf({ password, security }: Settings, session: string | undefined): readonly string[] {
  return [...(password ? [password] : []), ...(session ? [session] : []), ...secretsOfSecurity(security)];
}
