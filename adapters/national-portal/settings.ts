import Type from 'typebox';
import { type CodesOf, NO_CODES, timeouts } from '#kit';
import {
  type CodeOverrides,
  type Codes,
  createCodes,
  REPLY_PATTERNS,
  type ReplyPattern,
} from '#mappings/national-portal/codes';
import { STATUSES } from '#schemas/dossier.upsert.v1';
import { AgencyCode, closed, oneOf, ServiceCode } from '#schemas/parts';
import { RatingPayload } from '#schemas/rating-payload';

const Path = Type.String({ pattern: '^/', maxLength: 500, description: 'a path that begins with /' });
const Word = Type.String({ minLength: 1, maxLength: 500, description: 'a text' });
/** Sessions end after about ten minutes, and a call carries at most ten steps (domain 2.1, 2.2). */
const UpToTen = Type.Integer({ minimum: 1, maximum: 10, description: 'a whole number from 1 to 10' });

export const Settings = closed({
  adapterUrl: Type.String({ pattern: '^https?://', maxLength: 500, description: 'an address such as https://…' }),
  loginPath: Type.Optional(Path),
  integrationPath: Type.Optional(Path),
  sharePath: Type.Optional(Path),
  username: Word,
  password: Type.String({ minLength: 1, maxLength: 500, writeOnly: true, description: 'a secret as a text' }),
  dstcode: Word,
  madonvi: AgencyCode,
  sessionMinutes: Type.Optional(UpToTen),
  ...timeouts(),
  statuses: Type.Optional(
    Type.Record(Type.String({ pattern: '^[0-9]{1,3}$' }), oneOf(STATUSES), {
      additionalProperties: false,
      description: 'an object of our statuses by national code of at most three digits',
    }),
  ),
  chunk: Type.Optional(UpToTen),
  dossierChunk: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 100, description: 'a whole number of dossiers from 1 to 100' }),
  ),
  lookup: Type.Optional(Word),
  progressField: Type.Optional(Word),
  questions: Type.Optional(
    closed({
      answerTitle: Type.Optional(Word),
      withAnswers: Type.Optional(Type.Boolean({ description: 'true or false' })),
    }),
  ),
  statusReports: Type.Optional(
    closed({
      services: Type.Array(ServiceCode, { description: 'a list of procedure codes' }),
      type: Type.Optional(Word),
    }),
  ),
  ratings: Type.Optional(RatingPayload),
  sessionErrors: Type.Optional(
    closed({
      codes: Type.Optional(Type.Array(Word, { description: 'a list of error codes' })),
      texts: Type.Optional(Type.Array(Word, { description: 'a list of pieces of messages' })),
    }),
  ),
});
export type Settings = Type.Static<typeof Settings>;

/** One party's dialect: the shared tables with the party's own entries over them. */
export interface Dialect {
  readonly codes: Codes;
  /** How the portal says that a session has ended. */
  readonly sessionEnded: ReplyPattern;
}

const dialects = new WeakMap<Settings, WeakMap<CodesOf, Dialect>>();

/**
 * The dialect of a party, cached by settings and tables.
 *
 * @param entered the operators' entries in the code tables, needed where codes are read or written
 */
export function dialectOf(settings: Settings, entered: CodesOf = NO_CODES): Dialect {
  const ofSettings = dialects.get(settings) ?? new WeakMap<CodesOf, Dialect>();
  dialects.set(settings, ofSettings);
  const dialect = ofSettings.get(entered) ?? createDialect(settings, entered);
  ofSettings.set(entered, dialect);
  return dialect;
}

function createDialect(settings: Settings, entered: CodesOf): Dialect {
  const overrides: CodeOverrides = settings.statuses ? { status: settings.statuses } : {};
  const { session } = REPLY_PATTERNS;
  const { codes = [], texts = [] } = settings.sessionErrors ?? {};
  return {
    codes: createCodes(overrides, entered),
    sessionEnded: { codes: [...session.codes, ...codes], texts: [...session.texts, ...texts] },
  };
}
