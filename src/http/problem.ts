import type { Context } from 'hono';
import type { Problem } from '#core/problem';
import { isOutcomeUnknown, isOvertaken, isUnavailable } from '../database/failures.ts';

/** Maps each kind of refusal to its status and title. No other place does (RFC 9457). */
const KINDS = {
  'not-json': [400, 'The body is not what its media type says'],
  'bad-request': [400, 'The request is not usable'],
  unauthorized: [401, 'A valid key is needed'],
  forbidden: [403, 'The key does not allow this'],
  'not-found': [404, 'There is no such thing'],
  'method-not-allowed': [405, 'This cannot be done here'],
  ambiguous: [409, 'The code names several things'],
  'key-reused': [409, 'The Idempotency-Key was used with another body or operation'],
  decided: [409, 'It was decided otherwise'],
  'too-slow': [408, 'The body did not arrive in time'],
  'too-large': [413, 'The body is too large'],
  'too-many': [413, 'There are too many items'],
  'unsupported-media': [415, 'The media type or encoding is not supported'],
  invalid: [422, 'Some values are not usable'],
  'too-often': [429, 'Too many requests'],
  internal: [500, 'Something went wrong in the hub'],
  unavailable: [503, 'The hub cannot keep anything at the moment'],
} as const satisfies Record<string, readonly [number, string]>;
export type ProblemKind = keyof typeof KINDS;

/** The URL that explains a kind of problem. */
export const typeOf = (kind: ProblemKind): string => `/docs#problem-${kind}`;
/** All kinds with their status and title, for the documentation. */
export const PROBLEM_KINDS = Object.entries(KINDS).map(([kind, [status, title]]) => ({
  kind: kind as ProblemKind,
  status,
  title,
}));

/** A refusal. Thrown anywhere in a route, and answered as `application/problem+json`. */
export class Refusal extends Error {
  readonly kind: ProblemKind;
  readonly problems: readonly Problem[];
  readonly headers: Readonly<Record<string, string>>;
  /** Additional members of the answer. */
  readonly members: Readonly<Record<string, unknown>>;
  constructor(
    kind: ProblemKind,
    detail: string,
    more: {
      problems?: readonly Problem[];
      headers?: Readonly<Record<string, string>>;
      members?: Readonly<Record<string, unknown>>;
      cause?: unknown;
    } = {},
  ) {
    super(detail, { cause: more.cause });
    this.kind = kind;
    this.problems = more.problems ?? [];
    this.headers = more.headers ?? {};
    this.members = more.members ?? {};
  }
  get status(): number {
    return KINDS[this.kind][0];
  }
}

/** 400 for one query parameter, in the common form. */
export function wrongParameter(name: string, message: string): Refusal {
  const problem = { path: `?${name}`, message };
  return new Refusal('bad-request', `${problem.path} ${problem.message}`, { problems: [problem] });
}

export function problemResponse(c: Context, refusal: Refusal): Response {
  const [status, title] = KINDS[refusal.kind];
  const body = {
    type: typeOf(refusal.kind),
    title,
    status,
    detail: refusal.message,
    ...(refusal.problems.length > 0 && { problems: refusal.problems }),
    ...refusal.members,
  };
  return c.body(JSON.stringify(body), status, { 'Content-Type': 'application/problem+json', ...refusal.headers });
}

/**
 * Converts any error to a refusal: retryable when the database is unavailable, otherwise an internal
 * error.
 */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  // U+0000 in a path or a parameter. PostgreSQL cannot store such text.
  if ((error as { code?: string }).code === '22021')
    return new Refusal('bad-request', 'a text of the request has a character that no text here can have');
  if (isOvertaken(error))
    return new Refusal('unavailable', `${CONFLICT}; nothing of this request was kept, send it again`, {
      headers: { 'Retry-After': '2' },
    });
  if (isUnavailable(error))
    return new Refusal(
      'unavailable',
      `${AWAY}; ${isOutcomeUnknown(error) ? NOT_KNOWN : 'nothing of this request was kept, send it again'}`,
      {
        headers: { 'Retry-After': '5' },
      },
    );
  return new Refusal('internal', `${IN_LOG}; nothing of this request was kept`);
}

const CONFLICT = 'other requests were changing the same dossiers all the time';
const AWAY = 'the database does not answer';
const NOT_KNOWN = 'whether this request was kept is not known: send it again, which does no harm if it was';
const IN_LOG = 'the error is in the log';

/**
 * The refusal of a stream whose beginning is committed. It has the receipt and the number of stored
 * items.
 */
export function brokenOff(error: unknown, held: number, receipt: string): Refusal {
  const { kind, message, problems, headers } = refusalOf(error);
  const isAway = kind === 'unavailable' && !(error instanceof Refusal);
  const why = isOvertaken(error) ? CONFLICT : isAway ? AWAY : kind === 'internal' ? IN_LOG : message;
  const rest = isOutcomeUnknown(error) ? 'of the rest that is not known' : 'the rest is not';
  const detail = `${why}; the first ${held} items are held under the receipt ${receipt}, ${rest}: send it, or all of it, again`;
  return new Refusal(kind, detail, { problems, headers, members: { receipt, held }, cause: error });
}
