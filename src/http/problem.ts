import type { Context } from 'hono';
import { type Problem, problem } from '#core/problem';
import { EN } from '#messages/en';
import { type Code, type Given, quotedText, say, type Words } from '#messages/message';
import { render } from '#messages/render';
import { isOutcomeUnknown, isOvertaken, isUnavailable, unavailability } from '../database/failures.ts';
import { inLanguage, languageOf } from './language.ts';

/** The status of each kind of refusal. No other place has it (RFC 9457). The titles are in the catalogues. */
const KINDS = {
  'not-json': 400,
  'bad-request': 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  'method-not-allowed': 405,
  ambiguous: 409,
  'key-reused': 409,
  decided: 409,
  changed: 409,
  erased: 409,
  expired: 410,
  'too-slow': 408,
  'too-large': 413,
  'too-many': 413,
  'unsupported-media': 415,
  invalid: 422,
  'too-often': 429,
  internal: 500,
  'not-answered': 502,
  unavailable: 503,
} as const satisfies Record<string, number>;
export type ProblemKind = keyof typeof KINDS;

/** The URL that explains a kind of problem. */
export const typeOf = (kind: ProblemKind): string => `/docs#problem-${kind}`;
/** All kinds with their status and title, for the documentation. */
export const PROBLEM_KINDS = Object.entries(KINDS).map(([kind, status]) => ({
  kind: kind as ProblemKind,
  status,
  title: EN[`title.${kind as ProblemKind}`],
}));

/** A refusal. Thrown anywhere in a route, and answered as `application/problem+json`. */
export class Refusal extends Error {
  readonly kind: ProblemKind;
  /** The problem as a value. The error's message is its English sentence. */
  readonly words: Words;
  readonly problems: readonly Problem[];
  readonly headers: Readonly<Record<string, string>>;
  /** Additional members of the answer. */
  readonly members: Readonly<Record<string, unknown>>;
  constructor(
    kind: ProblemKind,
    detail: string | Words,
    more: {
      problems?: readonly Problem[];
      headers?: Readonly<Record<string, string>>;
      members?: Readonly<Record<string, unknown>>;
      cause?: unknown;
    } = {},
  ) {
    const words = typeof detail === 'string' ? quotedText(detail) : detail;
    super(render(words, 'en'), { cause: more.cause });
    this.kind = kind;
    this.words = words;
    this.problems = more.problems ?? [];
    this.headers = more.headers ?? {};
    this.members = more.members ?? {};
  }
  get status(): number {
    return KINDS[this.kind];
  }
}

/** 400 for one query parameter, in the common form. */
export function wrongParameter<C extends Code>(name: string, code: C, ...args: Given<C>): Refusal {
  return refusalWith([problem(`?${name}`, code, ...args)]);
}

/** 400 with these problems, which are also its detail. */
export function refusalWith(problems: readonly Problem[]): Refusal {
  const list = problems.map(({ path, code, args }) =>
    say('of-place', { path: path || say('the-body'), problem: { code, args } }),
  );
  return new Refusal('bad-request', say('problems', { problems: list }), { problems });
}

/** 429 for a client that may try again after these seconds. */
export function tooOften(detail: Words, seconds: number): Refusal {
  return new Refusal('too-often', detail, { headers: { 'Retry-After': String(seconds) } });
}

export function problemResponse(c: Context, refusal: Refusal): Response {
  const { kind, words, problems, members, headers } = refusal;
  const status = KINDS[kind];
  const language = languageOf(c);
  const body = {
    type: typeOf(kind),
    title: render(say(`title.${kind}`), language),
    status,
    detail: render(words, language),
    code: words.code,
    args: words.args,
    problems: problems.length > 0 ? inLanguage(language, problems) : undefined,
    ...members,
  };
  return c.body(JSON.stringify(body), status, {
    'Content-Type': 'application/problem+json',
    'Content-Language': language,
    'Cache-Control': 'no-store',
    ...headers,
  });
}

/**
 * Converts any error to a refusal: retryable when the database is unavailable, otherwise an internal
 * error.
 */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  // U+0000 in a path or a parameter. PostgreSQL cannot store such text.
  if ((error as { code?: string }).code === '22021') return new Refusal('bad-request', say('character-not-storable'));
  if (isOvertaken(error))
    return new Refusal('unavailable', say('nothing-kept', { why: say('conflict') }), {
      headers: { 'Retry-After': '2' },
    });
  if (isUnavailable(error))
    return new Refusal(
      'unavailable',
      say(isOutcomeUnknown(error) ? 'perhaps-kept' : 'nothing-kept', { why: say(unavailability(error)) }),
      {
        headers: { 'Retry-After': '5' },
      },
    );
  return new Refusal('internal', say('nothing-kept-for-now', { why: say('error-in-log') }));
}

/**
 * The refusal of a stream whose beginning is committed. It has the receipt and the number of stored
 * items.
 */
export function brokenOff(error: unknown, held: number, receipt: string): Refusal {
  const { kind, words, problems, headers } = refusalOf(error);
  const isAway = kind === 'unavailable' && !(error instanceof Refusal);
  const ofHub = kind === 'internal' ? say('error-in-log') : words;
  const why = isOvertaken(error) ? say('conflict') : isAway ? say(unavailability(error)) : ofHub;
  const detail = say(isOutcomeUnknown(error) ? 'rest-perhaps-held' : 'rest-not-held', { why, count: held, receipt });
  return new Refusal(kind, detail, { problems, headers, members: { receipt, held }, cause: error });
}
