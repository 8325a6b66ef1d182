import type { Context } from 'hono';
import Type from 'typebox';
import { explain } from '#core/explain';
import { checkOf } from '#core/schema-check';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { closed } from '#schemas/parts';
import type { AppContext } from '../app-context.ts';
import { mediaTypeOf, readBody } from '../body.ts';
import { parseWhole } from '../json-body.ts';
import { Purpose } from '../lists.ts';
import { Refusal, refusalWith } from '../problem.ts';
import { unstorableIn } from '../unstorable.ts';

export type OperatorContext = Pick<
  AppContext,
  | 'ledger'
  | 'orders'
  | 'catalogue'
  | 'parties'
  | 'keys'
  | 'cursors'
  | 'audit'
  | 'evidence'
  | 'retention'
  | 'holds'
  | 'savedFilters'
  | 'personErasure'
  | 'flow'
  | 'compareAtParty'
  | 'statistics'
  | 'reportingDay'
  | 'routes'
  | 'index'
  | 'delays'
  | 'kinds'
  | 'records'
  | 'nowMs'
  | 'telemetry'
  | 'pipeline'
  | 'bodies'
  | 'maxBodyBytes'
  | 'leaving'
>;

export const OPS = '/api/v1/ops';
export const TAG = 'Operation';

export const Why = Type.String({
  minLength: 1,
  maxLength: 1_000,
  pattern: '\\S',
  description: 'why, in a sentence that is not blank',
});
export const Code = Type.String({
  minLength: 1,
  maxLength: 60,
  pattern: '\\S',
  description: 'a code of 1 to 60 characters',
});

/**
 * The parameter that asks for bodies. Each read of a body is audited, so a client can also decline
 * it.
 */
export const BodyQuery = closed({
  body: Type.Optional(
    Type.Enum(['yes', 'no'], {
      description: 'no: without bodies, whatever the key allows, and without an audit entry',
    }),
  ),
  why: Purpose,
});

export type ReadBodyQuery = (c: Context) => Type.Static<typeof BodyQuery>;

const LARGEST_ORDER = 64 * 1024;

/**
 * A reader of JSON bodies of orders. A missing body is an empty object, whatever its media type.
 *
 * @throws Refusal 400 with all problems and their paths, 415 for a body of another media type
 */
export function orderReader<S extends Type.TSchema>(schema: S): (c: Context) => Promise<Type.Static<S>> {
  return async (c) => {
    const body = await readBody(c, LARGEST_ORDER);
    const mediaType = mediaTypeOf(c);
    if (body.length > 0 && mediaType !== 'application/json')
      throw new Refusal(
        'unsupported-media',
        say('media-type', { got: received(mediaType), expected: 'application/json' }),
      );
    const value = body.length === 0 ? {} : parseWhole(body);
    const check = checkOf(schema);
    const problems = check.Check(value) ? unstorableIn(value) : explain(schema, check, value, [], { translated: true });
    if (problems.length > 0) throw refusalWith(problems);
    return value as Type.Static<S>;
  };
}

/** Runs a reader of query parameters over body members, and converts parameter names in its refusals. */
export function ofBody<Filter>(read: () => Filter): Filter {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Refusal) || error.problems.length === 0) throw error;
    throw refusalWith(error.problems.map((one) => ({ ...one, path: one.path.replace(/^\?/, '/') })));
  }
}

/** The number in the path. @throws Refusal 404 for other text, which names nothing */
export function idOf(c: Context, what: string): number {
  const text = c.req.param('id') ?? '';
  if (!/^[1-9]\d{0,14}$/.test(text)) throw none(what, text);
  return Number(text);
}

export function none(thing: string, id: string | number): Refusal {
  return new Refusal('not-found', say('there-is-no', { thing, got: id }));
}
