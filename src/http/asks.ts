import type { Context } from 'hono';
import Type from 'typebox';
import { cleanCode } from '#core/identifiers/identifiers';
import { problem } from '#core/problem';
import { nfc } from '#core/vietnamese/text';
import { EN } from '#messages/en';
import { say, textOrWordsOf } from '#messages/message';
import { received } from '#messages/received';
import { AGENCY_CODE, closed, DOSSIER_CODE, Instant, SERVICE_CODE } from '#schemas/parts';
import type { AskResult } from '../ask/ask.ts';
import type { KeyEntry, Scope } from '../config/config.ts';
import type { AppContext } from './app-context.ts';
import { requireKey } from './auth.ts';
import { NoParameters } from './lists.ts';
import { orderReader } from './operators/request.ts';
import { Refusal, refusalWith, tooOften } from './problem.ts';
import { type AddRoute, queryReader } from './route.ts';

type AskContext = Pick<AppContext, 'keys' | 'parties' | 'pipeline' | 'requestLimits'>;

const ASK: readonly Scope[] = ['register:ask'];
const sentence = (maxLength: number, description: string) =>
  Type.String({ minLength: 1, maxLength, pattern: '\\S', description });

/** Checked after its blanks and case are cleaned, like every code. */
const code = (kind: 'schema.agency-code' | 'schema.dossier-code' | 'schema.service-code', pattern: string) => ({
  kind,
  pattern,
  schema: Type.String({ minLength: 1, maxLength: 64, description: EN[kind] }),
});
const CODES = {
  agencyCode: code('schema.agency-code', AGENCY_CODE),
  dossierCode: code('schema.dossier-code', DOSSIER_CODE),
  serviceCode: code('schema.service-code', SERVICE_CODE),
} as const;

const Order = closed({
  officer: sentence(100, EN['schema.ask-officer']),
  agencyCode: CODES.agencyCode.schema,
  purpose: sentence(300, EN['schema.ask-purpose']),
  legalBasis: sentence(300, EN['schema.ask-legal-basis']),
  dossierCode: Type.Optional(CODES.dossierCode.schema),
  serviceCode: Type.Optional(CODES.serviceCode.schema),
  values: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), {
      description: EN['schema.ask-values'],
    }),
  ),
});

const Answer = closed(
  {
    id: Type.String({ format: 'uuid', description: 'the ask in the record of the hub' }),
    at: Instant,
    tookMs: Type.Integer(),
    outcome: Type.Enum(['found', 'not-found', 'several'], {
      description: '`several`: more than one record fits, and the hub chooses none',
    }),
    answer: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'the record, by the members of the question' }),
    ),
    unread: Type.Optional(
      Type.Array(Type.String(), { description: "places of the register's record whose values could not be read" }),
    ),
    count: Type.Optional(Type.Integer({ description: 'how many records fit' })),
  },
  { title: 'Answer' },
);

const QuestionShown = closed(
  {
    party: Type.String(),
    partyTitle: Type.String(),
    question: Type.String(),
    title: Type.String({ description: 'what officers call it' }),
    values: Type.Record(Type.String(), Type.Unknown(), { description: 'the JSON Schema of the values' }),
    fromDossier: Type.Array(Type.String(), { description: 'the values that the hub takes from the dossier' }),
    members: Type.Array(Type.String(), { description: 'the members of an answer' }),
  },
  { title: 'Question to a register' },
);

/** Questions that a register answers at once: `POST /api/v1/parties/{party}/ask/{question}`. */
export function addAsks(add: AddRoute, hub: AskContext): void {
  addQuestions(add, hub);
  const read = orderReader(Order);
  add(
    {
      method: 'post',
      path: '/api/v1/parties/{party}/ask/{question}',
      tag: 'Registers',
      summary: 'Ask a register one question, and get its answer at once',
      description:
        'The hub calls the register once and repeats nothing. It records who asked what, for which dossier or service, why, and the ' +
        'outcome. It stores neither the values nor the answer. One officer may ask `askLimitPerHour` questions in an hour. A register ' +
        'that is away, in maintenance or paused is not called: 503. A refusal or an unusable answer: 502. Both name the ask.',
      scopes: ASK,
      problems: ['not-found', 'not-answered'],
      body: { 'application/json': Order },
      replies: { 200: { description: 'What the register answered', schema: Answer } },
    },
    async (c) => {
      const key = requireKey(c, hub.keys, ...ASK);
      const [party, question] = [c.req.param('party') ?? '', c.req.param('question') ?? ''];
      requireAsk(key, party, question);
      const order = orderOf(await read(c));
      const subject = `${key.id} ${order.officer}`;
      await countAsk(hub, subject, order.officer);
      const result = await hub.pipeline.ask({ ...order, party, question, keyName: key.id });
      const isCounted = result.kind === 'asked' || (result.kind === 'invalid' && result.isCounted);
      if (!isCounted) await hub.requestLimits.refund('ask', subject);
      return replyOf(c, result, party, question);
    },
  );
}

function addQuestions(add: AddRoute, { keys, parties }: AskContext): void {
  const read = queryReader(NoParameters);
  add(
    {
      method: 'get',
      path: '/api/v1/asks',
      tag: 'Registers',
      summary: 'The questions that this key may ask, with the schema of their values',
      scopes: ASK,
      asksDatabase: false,
      query: NoParameters,
      replies: {
        200: { description: 'All questions', schema: closed({ items: Type.Array(QuestionShown) }) },
      },
    },
    (c) => {
      const key = requireKey(c, keys, ...ASK);
      read(c);
      const items = [...parties.values()].flatMap(({ id, title, adapter, settings }) =>
        Object.entries(adapter.asks?.questions(settings) ?? {}).map(
          ([question, { values, fromDossier, ...asked }]) => ({
            party: id,
            partyTitle: title,
            question,
            title: asked.title,
            values,
            fromDossier: Object.keys(fromDossier),
            members: asked.members,
          }),
        ),
      );
      return c.json({ items: items.filter(({ party, question }) => mayAsk(key, party, question)) });
    },
  );
}

function mayAsk({ asks }: KeyEntry, party: string, question: string): boolean {
  return asks === undefined || asks.includes(party) || asks.includes(`${party}/${question}`);
}

/** @throws Refusal 403 when the settings of the key name other questions */
function requireAsk(key: KeyEntry, party: string, question: string): void {
  if (mayAsk(key, party, question)) return;
  const got = received(`${party}/${question}`);
  throw new Refusal('forbidden', say('ask-not-allowed', { id: key.id, got, list: key.asks ?? [] }));
}

/** @throws Refusal 400 for a malformed code, and without a dossier and a service */
function orderOf({ values = {}, ...given }: Type.Static<typeof Order>) {
  const codes = {
    agencyCode: cleanCode(given.agencyCode),
    dossierCode: given.dossierCode && cleanCode(given.dossierCode),
    serviceCode: given.serviceCode && cleanCode(given.serviceCode),
  };
  const problems = Object.entries(CODES).flatMap(([member, { kind, pattern }]) => {
    const got = codes[member as keyof typeof CODES];
    const isFit = got === undefined || new RegExp(pattern).test(got);
    return isFit ? [] : [problem(`/${member}`, 'unexpected', { got: received(got), expected: say(kind) })];
  });
  if (codes.dossierCode === undefined && codes.serviceCode === undefined)
    problems.push(problem('/dossierCode', 'dossier-or-service'));
  if (problems.length > 0) throw refusalWith(problems);
  const text = (said: string): string => nfc(said.trim());
  const { officer, purpose, legalBasis } = given;
  return { ...codes, values, officer: text(officer), purpose: text(purpose), legalBasis: text(legalBasis) };
}

/** @throws Refusal 429 */
async function countAsk({ requestLimits }: AskContext, subject: string, officer: string): Promise<void> {
  const seconds = await requestLimits.take('ask', subject);
  if (seconds === undefined) return;
  const why = say('officer-too-often', { officer, most: requestLimits.askPerHour });
  throw tooOften(say('wait', { why, seconds }), seconds);
}

/** How long to wait for a register that does not say it. */
const AWAY_S = 10;

function replyOf(c: Context, result: AskResult, party: string, question: string): Response {
  if (result.kind === 'no-party')
    throw new Refusal('not-found', say('there-is-no', { thing: 'party', got: received(party) }));
  if (result.kind === 'no-question')
    throw new Refusal('not-found', say('no-such-question', { party, got: received(question) }));
  if (result.kind === 'invalid') throw refusalWith(result.problems);
  const { id, at, tookMs, answered } = result;
  if (!('reason' in answered)) {
    const { kind: outcome, ...told } = answered;
    const unread = 'unread' in told && told.unread.length > 0 ? told.unread : undefined;
    return c.json({ id, at, tookMs, outcome, ...told, unread });
  }
  const { kind: outcome, reason } = answered;
  const members = { ask: id, outcome, reason };
  if (outcome !== 'unavailable') throw new Refusal('not-answered', textOrWordsOf(answered), { members });
  const seconds = Math.ceil((answered.retryAfterMs ?? AWAY_S * 1_000) / 1_000);
  throw new Refusal('unavailable', textOrWordsOf(answered), { members, headers: { 'Retry-After': String(seconds) } });
}
