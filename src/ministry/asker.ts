import Type from 'typebox';
import { PARTIAL_DATE } from '#core/dates/partial-date';
import { serviceKey } from '#core/identifiers/identifiers';
import { withoutUndefined } from '#core/without-undefined';
import { EN } from '#messages/en';
import { say } from '#messages/message';
import { closed } from '#schemas/parts';
import type { Answered, Asked, AskedQuestion, Asker } from '../kit/asker.ts';
import { refused, unknown } from '../kit/outcomes.ts';
import type { About } from '../kit/replies.ts';
import { recordIn } from './answer.ts';
import { answerWords, ask, type Ministry, meaning, type Transport, unavailableFor, withTransport } from './ask.ts';
import { fill } from './fill.ts';
import { expectedOf } from './look-up.ts';
import type { Context } from './request.ts';
import type { AskSettings, MinistrySettings, Value } from './settings.ts';

/** Asks a register what its settings describe: one question, one record. */
export function askerOf<S extends MinistrySettings>(transport: Transport<S>): Asker<S> {
  return {
    questions: ({ ask: asks = {} }) =>
      Object.fromEntries(Object.entries(asks).map(([name, asked]) => [name, questionOf(asked)])),
    ask: (connection, asked) => askRegister(withTransport(transport, connection), asked),
  };
}

function questionOf({ title, values, fields, withinS }: AskSettings): AskedQuestion {
  const given = Object.entries(values);
  return {
    title,
    values: closed(Object.fromEntries(given.map(([name, value]) => [name, optionally(value, schemaOf(value))]))),
    members: Object.keys(fields),
    fromDossier: Object.fromEntries(given.flatMap(([name, { dossier }]) => (dossier ? [[name, dossier]] : []))),
    withinMs: withinS === undefined ? undefined : withinS * 1_000,
  };
}

/** The longest text, unless the settings say otherwise, and the longest list. */
const [LONGEST, MOST] = [200, 100];

function optionally(value: Pick<Value, 'optional'>, schema: Type.TSchema): Type.TSchema {
  return value.optional ? Type.Optional(schema) : schema;
}

function schemaOf(value: Value): Type.TSchema {
  const { as = 'text', fields = {}, label } = value;
  if (as === 'partial-date') return Type.String({ pattern: PARTIAL_DATE, description: EN['partial-date'] });
  if (as === 'text') return textOf(value);
  const members = Object.entries(fields).map(([name, one]) => [name, optionally(one, textOf(one))]);
  return Type.Array(closed(Object.fromEntries(members)), { maxItems: MOST, description: label ?? 'a list of objects' });
}

function textOf({ label, pattern, longest = LONGEST }: Value): Type.TSchema {
  const description = label ?? 'a text';
  return Type.String(withoutUndefined({ minLength: 1, maxLength: longest, description, pattern }));
}

async function askRegister(ministry: Ministry, { question: name, ...asked }: Asked): Promise<Answered> {
  const question = ministry.settings.ask?.[name];
  if (!question) return refused('no-operation', say('no-such-question', { party: ministry.party, got: name }));
  // The register may quote whom it was asked for.
  const about: About = { applicant: textsIn(asked.values) };
  const context = contextOf(asked);
  const answer = await ask(ministry, {
    question,
    context,
    records: question.records,
    about,
    // A read proves itself by its record. Registers count their calls, so none is repeated.
    idempotent: true,
    isCounted: true,
  });
  if ('kind' in answer) return answer;
  const why = answerWords(ministry, answer, about);
  switch (meaning(ministry, answer)) {
    case 'ok':
      return oneOf(ministry, question, context, answer.records);
    case 'none':
      return { kind: 'not-found' };
    case 'busy':
      return unavailableFor('busy', say('ministry-busy', { why }), answer);
    case 'refused':
      return refused('rejected', say('ministry-refuses', { why }));
    default:
      return unknown('answer-unknown', say('ministry-answer-unknown', { why }));
  }
}

/** What a request may use. Some registers take a procedure by its short code alone: the long one has 22 characters. */
function contextOf(asked: Omit<Asked, 'question'>): Context {
  const { serviceCode } = asked;
  return { ...asked, shortServiceCode: serviceCode === undefined ? undefined : serviceKey(serviceCode) };
}

function oneOf(
  ministry: Ministry,
  { fields, match = {} }: AskSettings,
  context: Context,
  records: readonly string[],
): Answered {
  const [text] = records;
  if (text === undefined) return { kind: 'not-found' };
  if (records.length > 1) return { kind: 'several', count: records.length };
  const record = recordIn(text);
  const { settings, codes } = ministry;
  // An answer about somebody else must reach nobody.
  const isAnother = expectedOf(match, context, ministry).words.some(({ ours, theirs }) => {
    const found = theirs(record);
    return ours !== undefined && found !== undefined && found !== ours;
  });
  if (isAnother) return unknown('another-record', say('another-record'));
  const { record: answer, problems } = fill(fields, record, { settings, codes, way: 'read' });
  if (Object.keys(answer).length === 0) return unknown('empty', say('answer-without-members'));
  return { kind: 'found', answer, unread: problems.map(({ path }) => path) };
}

/** All texts of the values, to be hidden in words of the register. */
function textsIn(values: Asked['values']): Readonly<Record<string, string>> {
  const texts = (value: unknown): readonly string[] =>
    typeof value === 'string' ? [value] : Object.values((value as object | null) ?? {}).flatMap(texts);
  return Object.fromEntries(texts(values).map((text, at) => [String(at), text]));
}
