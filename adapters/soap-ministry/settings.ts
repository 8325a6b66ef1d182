import Type from 'typebox';
import type { SoapService } from '#kit';
import { closed, oneOf } from '#schemas/parts';

const optional = Type.Optional;
const Text = Type.String({ minLength: 1, maxLength: 4_000, description: 'a text' });
const Secret = Type.String({ minLength: 1, maxLength: 4_000, writeOnly: true, description: 'a secret as a text' });
const Address = Type.String({ pattern: '^https?://', maxLength: 500, description: 'an address such as https://…' });
const Name = Type.String({
  pattern: '^[a-z][a-z0-9-]{0,39}$',
  description: 'a name of small letters, digits, hyphens',
});
const Path = Type.String({
  pattern: '^[^\\s.]+(?:\\.[^\\s.]+)*$',
  maxLength: 300,
  description: 'a path such as ChuHoSo.HoTen',
});
/** The first of these that is there. */
const Paths = Type.Union([Path, Type.Array(Path, { minItems: 1, description: 'a list of paths' })]);
const Seconds = (maximum: number) =>
  optional(Type.Number({ exclusiveMinimum: 0, maximum, description: `a number of seconds, at most ${maximum}` }));
/** An object whose names are as free as its kind of names. */
const named = <K extends Type.TSchema, V extends Type.TSchema>(key: K, value: V, description: string) =>
  Type.Record(key, value, { additionalProperties: false, description });
const DATES = [
  ...['instant', 'iso-local', 'iso-local-z', 'yyyyMMddHHmmss', 'yyyyMMdd', 'dd/MM/yyyy HH:mm:ss'],
  ...['dd/MM/yyyy HH:mm', 'dd/MM/yyyy', 'yyyy-MM-dd HH:mm:ss', 'yyyy-MM-dd'],
] as const;
const DateFormat = oneOf(DATES as unknown as ['instant']);

const BY_PATHS = 'an object by paths such as ChuHoSo.HoTen';

/** Where one value comes from, and in which words, form and kind it is on the other side. */
const ONE = {
  from: optional(Paths),
  /** A text that is always the same. */
  value: optional(Type.String({ maxLength: 1_000, description: 'a text of at most 1,000 characters' })),
  /** A table of `codes`. */
  codes: optional(Name),
  date: optional(
    Type.Union([DateFormat, Type.Array(DateFormat, { minItems: 1, description: 'a list of date forms' })]),
  ),
  as: optional(oneOf(['vnd', 'boolean'])),
};
const Leaf = Type.Union([Path, closed(ONE)]);
const Branch = Type.Union([
  Path,
  closed({ ...ONE, each: optional(Path), fields: optional(named(Path, Leaf, BY_PATHS)) }),
]);
const Field = Type.Union([
  Path,
  closed({
    ...ONE,
    each: optional(Path),
    /** A document of `fields`, as a text in one element. */
    text: optional(oneOf(['xml', 'json'])),
    fields: optional(named(Path, Branch, BY_PATHS)),
  }),
]);
export type Field = Type.Static<typeof Field>;
const Request = named(Path, Field, BY_PATHS);
const Fields = named(Path, Branch, BY_PATHS);
export type Fields = Readonly<Record<string, Field>>;

/** Where in the Body the answer is a document in a text; absent where it is elements. */
const Result = closed({ at: Path, form: oneOf(['xml', 'json']) });
const CALL = { operation: Text, request: Request, result: optional(Result) };
const Question = closed(CALL);
export type Question = Type.Static<typeof Question>;

const List = closed({
  ...CALL,
  records: Path,
  fields: Fields,
  /** The event times are worked out from dates of the record: steps that carry the real time go before. */
  inferred: optional(Type.Boolean()),
  period: optional(
    closed({
      startAt: Type.String({
        format: 'date-time',
        description: 'a time with a zone, where the first pull begins, such as 2025-01-01T00:00:00+07:00',
      }),
      overlapS: optional(
        Type.Number({ minimum: 0, maximum: 2_592_000, description: 'a number of seconds, at most 30 days' }),
      ),
      longestH: optional(
        Type.Number({ exclusiveMinimum: 0, maximum: 8_784, description: 'a number of hours, at most a year' }),
      ),
    }),
  ),
  page: optional(
    closed({
      size: Type.Integer({ minimum: 1, maximum: 100_000, description: 'a whole number from 1 to 100000' }),
      first: optional(Type.Integer({ minimum: 0, maximum: 1, description: '0 or 1, the number of the first page' })),
      total: optional(Path),
      next: optional(Path),
    }),
  ),
  detail: optional(closed({ ...CALL, record: Path, fields: Fields })),
});
export type List = Type.Static<typeof List>;

const Push = closed({
  ...CALL,
  update: optional(Question),
  reference: optional(Path),
  lookUp: optional(
    closed({
      ...CALL,
      records: Path,
      match: named(Path, Leaf, BY_PATHS),
      /** What else such a record says of ours: what is compared when nothing is to be told. */
      compare: optional(named(Path, Leaf, BY_PATHS)),
    }),
  ),
});
export type Push = Type.Static<typeof Push>;
export type LookUp = NonNullable<Push['lookUp']>;

const Words = optional(Type.Array(Text, { maxItems: 200, description: 'a list of at most 200 codes' }));
const Security = Type.Union([
  closed({ kind: Type.Literal('basic'), username: Text, password: Secret }),
  closed({ kind: Type.Literal('username-token'), username: Text, password: Secret, form: oneOf(['text', 'digest']) }),
  closed({
    kind: Type.Literal('x509'),
    privateKey: Type.String({ minLength: 1, maxLength: 20_000, writeOnly: true, description: 'a private key in PEM' }),
    certificate: Type.String({ minLength: 1, maxLength: 20_000, description: 'a certificate in PEM' }),
    passphrase: optional(Secret),
  }),
]);

/** What a party says of its system. All that differs from one ministry to the next is here, and none of it in code. */
export const Settings = closed({
  system: Name,
  wsdl: Type.String({ minLength: 1, maxLength: 500, description: 'the address or the path of a WSDL' }),
  endpoint: optional(Address),
  soapVersion: optional(oneOf(['1.1', '1.2'])),
  soapAction: optional(Type.String({ minLength: 1, maxLength: 500, description: 'a SOAPAction' })),
  port: optional(Text),
  security: optional(Security),
  username: optional(Text),
  password: optional(Secret),
  session: optional(
    closed({
      ...CALL,
      token: Path,
      minutes: optional(
        Type.Number({ exclusiveMinimum: 0, maximum: 1_440, description: 'a number of minutes, at most a day' }),
      ),
    }),
  ),
  answer: optional(
    closed({
      code: Paths,
      message: optional(Paths),
      ok: Type.Array(Text, { minItems: 1, maxItems: 200, description: 'a list of 1 to 200 codes' }),
      none: Words,
      expired: Words,
      taken: Words,
      busy: Words,
      refused: Words,
    }),
  ),
  codes: optional(
    named(
      Name,
      Type.Record(
        Type.String(),
        Type.Union([Type.String({ description: 'a code as a text' }), Type.Null()], {
          description: 'a code as a text, or null',
        }),
        {
          description: 'an object of codes',
        },
      ),
      'an object by names of tables, of small letters, digits and hyphens',
    ),
  ),
  pull: optional(closed({ dossiers: optional(List), progress: optional(List) })),
  push: optional(closed({ dossiers: optional(Push), progress: optional(Push) })),
  connectTimeoutS: Seconds(60),
  timeoutS: Seconds(600),
});
export type Settings = Type.Static<typeof Settings>;

export function serviceOf({ wsdl, endpoint, soapVersion, soapAction, port, security }: Settings): SoapService {
  return {
    wsdl,
    ...(endpoint && { endpoint }),
    ...(soapVersion && { version: soapVersion }),
    ...(soapAction && { action: soapAction }),
    ...(port && { port }),
    ...(security && { security }),
  };
}
