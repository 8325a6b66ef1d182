import { hash } from 'node:crypto';
import type { Context } from 'hono';
import Type from 'typebox';
import { msToInstant } from '#core/dates/dates';
import { explain } from '#core/explain';
import { CITIZENS, type Kind } from '#core/records/kind';
import { checkOf } from '#core/schema-check';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { closed, oneOf } from '#schemas/parts';
import type { ItemResult } from '../../ledger/messages.ts';
import type { Submission } from '../../ledger/submission.ts';
import type { AppContext } from '../app-context.ts';
import { mediaTypeOf, readBody } from '../body.ts';
import { callerOf } from '../doors/door.ts';
import { idempotencyKeyIn, STATUS_OF } from '../doors/rest/request.ts';
import { parseWhole } from '../json-body.ts';
import { inLanguage, languageOf } from '../language.ts';
import { Refusal, refusalWith } from '../problem.ts';
import { ProblemShown } from '../problem-schema.ts';
import { asSent } from '../sent-schema.ts';

export type SubmitContext = Pick<AppContext, 'pipeline' | 'kinds' | 'nowMs'>;

const LARGEST_BODY = 64 * 1024;
const OUTCOMES = ['accepted', 'duplicate', 'quarantined', 'invalid'] as const;

const Problems = Type.Array(ProblemShown);

/** What a citizen learns of what the hub made of a submission. */
export const Submitted = closed(
  { code: Type.Optional(Type.String()), outcome: oneOf(OUTCOMES), problems: Type.Optional(Problems) },
  { title: 'Submitted' },
);

/** The replies of a route that takes a record from a citizen. */
export const SUBMIT_REPLIES = {
  201: { description: 'Accepted', schema: Submitted },
  202: { description: 'Stored; an operator decides on it', schema: Submitted },
  422: { description: 'Not stored: `problems` says why', schema: Submitted },
};

/** The problems of such a route. */
export const SUBMIT_PROBLEMS = [
  'not-json',
  'bad-request',
  'too-slow',
  'too-large',
  'unsupported-media',
  'too-often',
  'key-reused',
  'unavailable',
] as const;

/** Anybody may send such a body, so it arrives as fast as a form. */
const WITHIN_MS = 30_000;

/**
 * A reader of a small JSON body, which counts for the address of its sender while it arrives.
 *
 * @throws Refusal 400 with all problems, 408 after 30 seconds, 413 over 64 KiB, 415 for another media type, 503 when it must
 * make room for other bodies
 */
export function publicBodyReader<S extends Type.TSchema>(
  { bodies }: Pick<AppContext, 'bodies'>,
  schema: S,
): (c: Context) => Promise<Type.Static<S>> {
  const sent = asSent(schema) as Type.TSchema;
  return async (c) => {
    const body = await bodies.ofAnonymous(c, (load) => readBody(c, LARGEST_BODY, { load, withinMs: WITHIN_MS }));
    const mediaType = mediaTypeOf(c);
    if (mediaType !== 'application/json')
      throw new Refusal(
        'unsupported-media',
        say('media-type', { got: received(mediaType), expected: 'application/json' }),
      );
    const value = parseWhole(body);
    const check = checkOf(sent);
    if (check.Check(value)) return value as Type.Static<S>;
    throw refusalWith(explain(sent, check, value, [], { translated: true }));
  };
}

export const IdempotencyKey = Type.String({
  maxLength: 200,
  description: 'at most 200 characters, unique for each submission such as a UUID; stored for 7 days',
});

/**
 * Accepts a record that a citizen made, as a push of the party of citizens, and answers.
 *
 * @param given what the citizen sent: a repeat under the same Idempotency-Key gets the answer to the first one
 * @throws Refusal 400 for a key that is empty or too long, 409 for one of another submission
 */
export async function submitRecord(
  c: Context,
  { pipeline, kinds, nowMs }: SubmitContext,
  kind: Kind,
  record: object,
  given: object,
): Promise<Response> {
  const body = Buffer.from(JSON.stringify(record));
  const submission = {
    ...callerOf(c),
    receivedAt: msToInstant(nowMs()),
    party: CITIZENS,
    door: 'public',
    operation: kind.operation,
    keyName: undefined,
    mediaType: 'application/json',
    body,
    bodyBytes: body.length,
    items: [kinds.read(kind.operation, record)],
  };
  const results = await acceptUnderKey(pipeline, submission, idempotencyKeyIn(c), given);
  const { code, outcome, problems } = results[0] as ItemResult;
  const shown = { code: outcome === 'invalid' ? undefined : code, outcome, problems };
  return c.json(inLanguage(languageOf(c), shown), STATUS_OF[outcome], { 'Cache-Control': 'no-store' });
}

async function acceptUnderKey(
  pipeline: SubmitContext['pipeline'],
  submission: Submission,
  key: string | undefined,
  given: object,
): Promise<readonly ItemResult[]> {
  if (key === undefined) return (await pipeline.accept(submission)).results;
  const bodyHash = hash('sha256', JSON.stringify(given), 'buffer');
  const { party, receivedAt: createdAt } = submission;
  const first = await pipeline.acceptOnce({ ...submission, idempotency: { party, key, bodyHash, createdAt } });
  if (first.kind === 'other-body')
    throw new Refusal('key-reused', say('idempotency-key-reused', { got: received(key) }));
  return first.results;
}
