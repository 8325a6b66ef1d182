import Type from 'typebox';
import { PARTIAL_FORMATS } from '#core/dates/partial-date';
import { STATUSES } from '#schemas/dossier.upsert.v1';
import { closed, oneOf } from '#schemas/parts';
import { PAYMENT_STATES } from '#schemas/payment.v1';
import { timeouts } from '../kit/http/timeouts.ts';

const optional = Type.Optional;
export const settingText = Type.String({ minLength: 1, maxLength: 4_000, description: 'a text' });
export const secretText = Type.String({
  minLength: 1,
  maxLength: 4_000,
  writeOnly: true,
  description: 'a secret as a text',
});
export const settingName = Type.String({
  pattern: '^[a-z][a-z0-9-]{0,39}$',
  description: 'a name of small letters, digits, hyphens',
});
const Path = Type.String({
  pattern: '^[^\\s.]+(?:\\.[^\\s.]+)*$',
  maxLength: 300,
  description: 'a path such as ChuHoSo.HoTen',
});
/** The first path with a value counts. */
const Paths = Type.Union([Path, Type.Array(Path, { minItems: 1, description: 'a list of paths' })]);
/** Where a list is, or `.` for the answer itself as a list of one. */
export const Place = Type.Union([Path, Type.Literal('.')]);
/** An object with free names that match `key`. */
const named = <K extends Type.TSchema, V extends Type.TSchema>(key: K, value: V, description: string) =>
  Type.Record(key, value, { additionalProperties: false, description });
const DATES = [
  'instant',
  'epoch-ms',
  'epoch-s',
  'iso-local',
  'iso-local-z',
  'yyyyMMddHHmmss',
  'yyyyMMdd',
  'dd/MM/yyyy HH:mm:ss',
  'dd/MM/yyyy HH:mm',
  'dd/MM/yyyy',
  'd/M/yyyy H:mm:ss',
  'd/M/yyyy H:mm',
  'd/M/yyyy',
  'dd-MM-yyyy HH:mm:ss',
  'dd-MM-yyyy',
  'MM/dd/yyyy HH:mm:ss',
  'MM/dd/yyyy',
  'yyyy-MM-dd HH:mm:ss',
  'yyyy-MM-dd',
] as const;
const DateFormat = oneOf(DATES as unknown as ['instant']);
const PartialFormat = oneOf(PARTIAL_FORMATS);

const BY_PATHS = 'an object by paths such as ChuHoSo.HoTen';

/** Where one value comes from, and its code table, form and type on the other side. */
const ONE = {
  from: optional(Paths),
  /** A constant, or the default beside `from`. In requests null means nil. */
  value: optional(
    Type.Union([Type.String({ maxLength: 1_000, description: 'a text of at most 1,000 characters' }), Type.Null()], {
      description: 'a text of at most 1,000 characters, or null',
    }),
  ),
  /** A table of `codes`. */
  codes: optional(settingName),
  date: optional(
    Type.Union([DateFormat, Type.Array(DateFormat, { minItems: 1, description: 'a list of date forms' })]),
  ),
  /** A date whose day or month may be unknown. It has no time and becomes no instant. */
  partialDate: optional(
    Type.Union([PartialFormat, Type.Array(PartialFormat, { minItems: 1, description: 'a list of date forms' })]),
  ),
  /** Several texts become one, with this between them. Without it they are an error. */
  join: optional(Type.String({ minLength: 1, maxLength: 10, description: 'a text of at most 10 characters' })),
  as: optional(oneOf(['vnd', 'boolean', 'number', 'sum', 'bare-capitals', 'phone-84', 'base64', 'file'])),
};
/** The members of a field that say how it gets one value. */
export const OF_ONE_VALUE = Object.keys(ONE) as readonly (keyof typeof ONE)[];
const Wanted = named(
  Path,
  Type.Union([
    settingText,
    Type.Array(settingText, { minItems: 1, maxItems: 100, description: 'a list of at most 100 texts' }),
  ]),
  BY_PATHS,
);
/** A list, and which of its elements count. */
const LIST = {
  /** One entry for each element there. */
  each: optional(Place),
  /** The list whose elements hold the one value. */
  of: optional(Path),
  /** Only elements of `each` or `of` whose members have these texts. */
  where: optional(Wanted),
};
const Leaf = Type.Union([Path, closed({ ...ONE, of: LIST.of, where: LIST.where })]);
/** A sentence with the names of `fields` in braces. */
const Template = optional(
  Type.String({ minLength: 1, maxLength: 1_000, description: 'a text with names in braces, such as Hồ sơ {code}' }),
);
const Branch = Type.Union([
  Path,
  closed({ ...ONE, ...LIST, template: Template, fields: optional(named(Path, Leaf, BY_PATHS)) }),
]);
const Field = Type.Union([
  Path,
  closed({
    ...ONE,
    ...LIST,
    /** A document of `fields`, as a text in one element. */
    text: optional(oneOf(['xml', 'json'])),
    template: Template,
    fields: optional(named(Path, Branch, BY_PATHS)),
  }),
]);
export type Field = Type.Static<typeof Field>;
const Request = named(Path, Field, BY_PATHS);
const Match = named(Path, Leaf, BY_PATHS);
export const settingFields = named(Path, Branch, BY_PATHS);
export type Fields = Readonly<Record<string, Field>>;

/** Where the answer contains a document as text, and its form. Absent if the answer itself is the document. */
const Result = closed({ at: Path, form: oneOf(['xml', 'json']) });

const Period = closed({
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
});
const PageBy = closed({
  size: Type.Integer({ minimum: 1, maximum: 100_000, description: 'a whole number from 1 to 100000' }),
  first: optional(Type.Integer({ minimum: 0, maximum: 1, description: '0 or 1, the number of the first page' })),
  total: optional(Path),
  next: optional(Path),
});
const statusName = (names: readonly string[]) =>
  Type.String({ pattern: `^(?:${names.join('|')})$`, description: 'a status' });
const RegularExpression = Type.String({
  minLength: 1,
  maxLength: 200,
  format: 'regex',
  description: 'a regular expression',
});
const CodeList = optional(Type.Array(settingText, { maxItems: 200, description: 'a list of at most 200 codes' }));
/** What a code means where the answer's words have this text. */
const Saying = closed({
  code: settingText,
  text: settingText,
  is: oneOf(['ok', 'none', 'expired', 'taken', 'busy', 'refused']),
});
const AnswerBy = closed({
  code: optional(Paths),
  /** Its first group is the code, where the code is one part of the text. Another text is the code itself. */
  pattern: optional(RegularExpression),
  message: optional(Paths),
  ok: CodeList,
  none: CodeList,
  expired: CodeList,
  taken: CodeList,
  busy: CodeList,
  refused: CodeList,
  says: optional(Type.Array(Saying, { maxItems: 50, description: 'a list of at most 50 codes with a text' })),
});
export const settingCodes = named(
  settingName,
  Type.Record(
    Type.String(),
    Type.Union([Type.String({ description: 'a code as a text' }), Type.Null()], {
      description: 'a code as a text, or null',
    }),
    { description: 'an object of codes' },
  ),
  'an object by names of tables, of small letters, digits and hyphens',
);

const ValueName = Type.String({
  pattern: '^[a-z][A-Za-z0-9]{0,39}$',
  description: 'a name of letters and digits that begins with a small letter',
});
const PLAIN_VALUE = {
  /** Its name for officers, in problems of a wrong value. */
  label: optional(Type.String({ minLength: 1, maxLength: 120, description: 'a text of at most 120 characters' })),
  pattern: optional(RegularExpression),
  longest: optional(Type.Integer({ minimum: 1, maximum: 1_000, description: 'a number of characters, at most 1000' })),
  optional: optional(Type.Boolean()),
};
/** A value that the caller of a question gives. */
const Value = closed({
  ...PLAIN_VALUE,
  as: optional(oneOf(['text', 'partial-date', 'list'])),
  /** Where the hub takes it from, if the caller names a dossier and leaves it out. */
  dossier: optional(Path),
  /** The members of each entry of a list. */
  fields: optional(named(ValueName, closed(PLAIN_VALUE), 'an object of values by name')),
});
export type Value = Type.Static<typeof Value>;

const Minutes = Type.Number({
  exclusiveMinimum: 0,
  maximum: 1_440,
  description: 'a number of minutes, at most a day',
});

const CallbackName = Type.String({
  pattern: '^[A-Za-z][A-Za-z0-9-]{0,79}$',
  description: 'a name of letters, digits and hyphens that begins with a letter',
});
/** One callback: where its key stands, its records, and their fields. */
const Called = closed({
  /** Where the key stands: at the end of the path, `?name` in the query, `@name` in a header. */
  keyIn: optional(
    Type.String({
      pattern: "^(?:path|\\?[A-Za-z0-9_-]{1,100}|@[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100})$",
      description: 'path, ?name of a parameter, or @name of a header',
    }),
  ),
  records: optional(Place),
  fields: settingFields,
  inferred: optional(Type.Boolean()),
});
const CalledByName = named(CallbackName, Called, 'an object by names of callbacks, of letters, digits and hyphens');
/** The addresses where the system pushes to the hub. */
const Callbacks = closed({
  key: secretText,
  /** The hub's answers: everything is stored, or not. */
  reply: closed({ done: Request, failed: Request }),
  dossiers: optional(CalledByName),
  progress: optional(CalledByName),
});

/** How records of one kind are sent. Their statuses have these names. */
function pushOf<const N extends readonly string[], Q extends Type.TProperties>(
  names: N,
  question: Q,
  records: typeof Path | typeof Place,
) {
  return closed({
    ...question,
    /** Only records in these statuses are sent. */
    statuses: optional(
      Type.Array(oneOf(names as unknown as [...N]), { minItems: 1, maxItems: 10, description: 'a list of statuses' }),
    ),
    /** Only records that have a value at each of these places are sent. */
    needs: optional(Type.Array(Path, { minItems: 1, maxItems: 10, description: 'a list of paths' })),
    /** Only records of the latest hours are sent. */
    withinH: optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 8_784, description: 'a number of hours, at most a year' }),
    ),
    /** Other operations, for records in a status. */
    when: optional(named(statusName(names), closed(question), 'an object by statuses')),
    update: optional(closed(question)),
    reference: optional(Path),
    /** `compare`: more members of such a record, compared only by a reconciliation. */
    lookUp: optional(closed({ ...question, records, match: Match, compare: optional(Match) })),
  });
}

/**
 * The settings that describe one ministry's system. Everything that differs between ministries is here, not in code.
 *
 * @param call the members that name an operation of such a system, at least `operation`
 * @param own how the system is reached, and our credentials there
 * @param records the schema for the path of records in its answers
 */
export function ministrySettings<C extends Type.TProperties, O extends Type.TProperties>(
  call: C,
  own: O,
  records: typeof Path | typeof Place = Path,
) {
  const question = { ...call, request: Request, result: optional(Result) };
  const list = closed({
    ...question,
    records,
    fields: settingFields,
    /** The event times are derived from dates of the record. Steps with the real time take precedence. */
    inferred: optional(Type.Boolean()),
    period: optional(Period),
    page: optional(PageBy),
    detail: optional(closed({ ...question, record: records, fields: settingFields })),
  });
  const pushing = <const N extends readonly string[]>(names: N) => pushOf(names, question, records);
  const push = pushing(STATUSES);
  const asked = closed({
    ...question,
    title: Type.String({ minLength: 1, maxLength: 120, description: 'a text of at most 120 characters' }),
    values: named(ValueName, Value, 'an object of values by name'),
    records,
    fields: Request,
    /** Members by which the record is the one that was asked for. */
    match: optional(Match),
    withinS: optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 120, description: 'a number of seconds, at most 120' }),
    ),
  });
  return closed({
    system: settingName,
    ...own,
    username: optional(settingText),
    password: optional(secretText),
    /** Secrets that stand in the body of requests, by the names under which requests use them. */
    secrets: optional(named(ValueName, secretText, 'an object of secrets by name')),
    session: optional(
      closed({
        ...question,
        token: Path,
        minutes: optional(Minutes),
        /** Where the answer says after how many seconds the session ends. */
        expiresIn: optional(Path),
      }),
    ),
    answer: optional(AnswerBy),
    codes: optional(settingCodes),
    pull: optional(closed({ dossiers: optional(list), progress: optional(list) })),
    push: optional(
      closed({ dossiers: optional(push), progress: optional(push), payments: optional(pushing(PAYMENT_STATES)) }),
    ),
    callbacks: optional(Callbacks),
    ask: optional(named(settingName, asked, 'an object by names of questions, of small letters, digits and hyphens')),
    ...timeouts(600),
  });
}

export type MinistrySettings = Type.Static<
  ReturnType<typeof ministrySettings<{ operation: typeof settingText }, Record<never, never>>>
>;
export type List = NonNullable<NonNullable<MinistrySettings['pull']>['dossiers']>;
/** The part of a list that says how its records are read. */
export type MappedList = Pick<List, 'fields' | 'inferred'> & Partial<Pick<List, 'detail'>>;
/** The part of the settings that says how records are read, wherever they come from. */
export interface MappedSettings extends Pick<MinistrySettings, 'system' | 'codes' | 'callbacks'> {
  readonly pull?:
    | { readonly dossiers?: MappedList | undefined; readonly progress?: MappedList | undefined }
    | undefined;
}
/** What the hub pushes to a ministry: the names in `push`. */
export type Pushed = keyof NonNullable<MinistrySettings['push']>;
export type Push = NonNullable<NonNullable<MinistrySettings['push']>[Pushed]>;
export type LookUp = NonNullable<Push['lookUp']>;
export type Question = NonNullable<Push['update']>;
export type CallbackSettings = NonNullable<MinistrySettings['callbacks']>;
export type AskSettings = NonNullable<MinistrySettings['ask']>[string];
