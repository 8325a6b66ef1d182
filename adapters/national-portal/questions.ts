import {
  type About,
  delivered,
  nothingToSend,
  type Outcome,
  type Outgoing,
  say,
  sendInOrder,
  textOf,
  unknownAgency,
  unmapped,
} from '#kit';
import { isTemporary, meansNoAnswer, type PortalError } from '#mappings/national-portal/envelope';
import { type WrittenFacts, writeQuestion, writeSentAnswer } from '#mappings/national-portal/question';
import { isOfPortal, numberOfCode } from '#mappings/national-portal/question-numbers';
import { firstErrorIn } from '#mappings/national-portal/verdicts';
import type { WireObject } from '#mappings/national-portal/writing';
import type { Question } from '#schemas/question.v1';
import { outcomeOfError } from './answers.ts';
import { call, type Portal } from './client.ts';
import { createCuts } from './cuts.ts';

type Item = Outgoing<'question.upsert.v1'>;

/**
 * Sends questions one after the other: of a question that was asked on the portal the missing answers, of any other one the
 * question itself, once it is public.
 */
export function sendQuestions(portal: Portal, items: readonly Item[]): Promise<readonly Outcome[]> {
  return sendInOrder(items, (item) => (isOfPortal(item.code) ? sendAnswers(portal, item) : sendLocal(portal, item)));
}

const aboutAsker = ({ record }: Item): About => ({ applicant: record.asker });

/**
 * The portal is asked for its answers first, so that an answer is sent once for each text, whatever was lost before. Its own
 * answers have its number as their id.
 */
async function sendAnswers(portal: Portal, item: Item): Promise<Outcome> {
  if (answersToSend(item).length === 0) return nothingToSend(say('no-answer-to-send'));
  const agency = agencyOf(portal, item);
  if ('kind' in agency) return agency;
  const number = numberOfCode(item.code);
  const missing = await missingAnswers(portal, item);
  if ('outcome' in missing) return missing.outcome;
  if (missing.length === 0) return nothingToSend(say('portal-has-answers'));
  const cuts = createCuts();
  const { answerTitle = 'cb' } = portal.settings.questions ?? {};
  const facts = { number, agencyCode: agency.code };
  const data = missing.map((answer) => writeSentAnswer(answer, facts, answerTitle, cuts.add));
  const refusal = await tell(portal, item, 'DongBoKetQuaHoiDapGuiTuDVCQG', data);
  return refusal ?? delivered(String(number), cuts.note());
}

type Answers = NonNullable<Question['answers']>;

function answersToSend({ record: { state, answers = [] } }: Item): Answers {
  return ANSWERED.has(state) ? answers : [];
}

/**
 * The answers of a question that the portal lacks. The portal has not published how it says that it has none. So any
 * lasting error means that, unless an answer of the hub may be there: a second one would be a repeat.
 */
export async function missingAnswers(portal: Portal, item: Item): Promise<Answers | { readonly outcome: Outcome }> {
  const args = { cauhoiid: numberOfCode(item.code) };
  const mayHaveSent = item.known || item.doubt;
  const isNone = (error: PortalError): boolean => meansNoAnswer(error) || !(mayHaveSent || isTemporary(error));
  const there = await ask(portal, item, 'LayNoiDungTraLoiTheoCauHoi', args, isNone);
  if ('outcome' in there) return there;
  const known = new Set(there.result.map(({ NOIDUNGTRALOI }) => asCompared(NOIDUNGTRALOI)));
  return answersToSend(item).filter(({ content }) => !known.has(asCompared(content)));
}

const ANSWERED: ReadonlySet<string> = new Set<Question['state']>(['answered', 'published']);

/** Sends a question of the province as the public reads it: without its asker, and with numbers and mentions masked. */
async function sendLocal(portal: Portal, item: Item): Promise<Outcome> {
  const prepared = prepareLocal(portal, item);
  if (!prepared) return nothingToSend(say('question-not-public'));
  if ('kind' in prepared) return prepared;
  const { number, body } = prepared;
  if (item.known || item.doubt) {
    const there = await ask(portal, item, 'LayDanhSachHoiDapBoCoQuan', {});
    if ('outcome' in there) return there.outcome;
    if (there.result.some((one) => isOf(one, number) && differingFields(one, body).length === 0))
      return nothingToSend(say('portal-has-question'));
  }
  return (await tell(portal, item, 'DongBoHoiDap', [body])) ?? delivered(String(number));
}

/** A question as the portal gets it. Undefined for one that is not public. */
export function prepareLocal(
  portal: Portal,
  item: Item,
): { readonly number: number; readonly body: WireObject } | Outcome | undefined {
  const question = item.published;
  if (!question) return undefined;
  const agency = agencyOf(portal, item);
  if ('kind' in agency) return agency;
  const { fieldCode } = question;
  if (fieldCode !== undefined && !item.field) return unmapped('field', fieldCode);
  const number = numberOfCode(item.code);
  const facts = { number, agencyCode: agency.code, agencyName: agency.name, fieldCode: item.field?.code };
  return { number, body: written(portal, question, facts) };
}

function written(portal: Portal, question: Question, facts: WrittenFacts): WireObject {
  const body = writeQuestion(question, facts);
  const answer = question.answers?.at(-1);
  if (!answer || !portal.settings.questions?.withAnswers) return body;
  return { ...body, TRALOIID: question.answers?.length ?? 1, NOIDUNGTRALOI: answer.content };
}

export type Row = Readonly<Record<string, unknown>>;

/** Whether an entry of the portal's lists has this number. */
export function isOf(entry: Row, number: number): boolean {
  return String(entry.HOIDAPID) === String(number);
}

/** The fields in which an entry differs. Only those that the entry has: a portal's list may have fewer. */
export function differingFields(entry: Row, body: WireObject): readonly string[] {
  const fields = Object.keys(body).filter((field) => entry[field] !== undefined);
  return fields.filter((field) => asCompared(entry[field]) !== asCompared(body[field]));
}

export function asCompared(value: unknown): string {
  return (textOf(value) ?? '').replace(/\s+/g, ' ');
}

/** The portal's code and name for the agency of a question; the province's own where it names none. */
function agencyOf(
  portal: Portal,
  { record, agency }: Item,
): { readonly code: string; readonly name: string } | Outcome {
  if (record.agencyCode === undefined) return { code: portal.settings.madonvi, name: '' };
  return agency ?? unknownAgency(record.agencyCode);
}

type Asked = { readonly result: readonly Row[] } | { readonly outcome: Outcome };

/** @param isNone whether an error of the portal means that it has nothing */
export async function ask(
  portal: Portal,
  item: Item,
  service: string,
  args: Row,
  isNone: (error: PortalError) => boolean = () => false,
): Promise<Asked> {
  const answer = await call(portal, { group: 'share', service, args, effect: 'ask', about: aboutAsker(item) });
  if (answer.kind === 'failed') return { outcome: answer.outcome };
  if (answer.kind === 'error' && isNone(answer)) return { result: [] };
  if (answer.kind === 'error') return { outcome: outcomeOfError(answer, portal.settings, [aboutAsker(item)]) };
  return { result: answer.result.filter((one): one is Row => typeof one === 'object' && one !== null) };
}

/** Sends items of one question. Undefined when the portal has taken them. */
async function tell(
  portal: Portal,
  item: Item,
  service: string,
  data: readonly WireObject[],
): Promise<Outcome | undefined> {
  const about = aboutAsker(item);
  const answer = await call(portal, { group: 'integration', service, args: { data }, effect: 'tell', about });
  if (answer.kind === 'failed') return answer.outcome;
  const error = answer.kind === 'error' ? answer : firstErrorIn(answer.result);
  return error && outcomeOfError(error, portal.settings, [about]);
}
