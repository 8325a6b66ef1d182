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
import { type WrittenFacts, writeQuestion, writeSentAnswer } from '#mappings/national-portal/question';
import { isOfPortal, numberOfCode } from '#mappings/national-portal/question-numbers';
import { firstErrorIn } from '#mappings/national-portal/verdicts';
import type { WireObject } from '#mappings/national-portal/writing';
import type { Question } from '#schemas/question.v1';
import { outcomeOfError, stillInDoubt } from './answers.ts';
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
  const { state, answers = [] } = item.record;
  if (answers.length === 0 || !ANSWERED.has(state)) return nothingToSend(say('no-answer-to-send'));
  const agency = agencyOf(portal, item);
  if ('kind' in agency) return agency;
  const number = numberOfCode(item.code);
  const there = await ask(portal, item, 'LayNoiDungTraLoiTheoCauHoi', { cauhoiid: number });
  if ('outcome' in there) return stillInDoubt(item, there.outcome);
  const known = new Set(there.result.map(({ NOIDUNGTRALOI }) => asCompared(NOIDUNGTRALOI)));
  const missing = answers.filter(({ content }) => !known.has(asCompared(content)));
  if (missing.length === 0) return nothingToSend(say('portal-has-answers'));
  const cuts = createCuts();
  const { answerTitle = 'cb' } = portal.settings.questions ?? {};
  const facts = { number, agencyCode: agency.code };
  const data = missing.map((answer) => writeSentAnswer(answer, facts, answerTitle, cuts.add));
  const refusal = await tell(portal, item, 'DongBoKetQuaHoiDapGuiTuDVCQG', data);
  return refusal ?? delivered(String(number), cuts.note());
}

const ANSWERED: ReadonlySet<string> = new Set<Question['state']>(['answered', 'published']);

/** Sends a question of the province as the public reads it: without its asker, and with numbers and mentions masked. */
async function sendLocal(portal: Portal, item: Item): Promise<Outcome> {
  const question = item.published;
  if (!question) return nothingToSend(say('question-not-public'));
  const agency = agencyOf(portal, item);
  if ('kind' in agency) return agency;
  const { fieldCode } = question;
  if (fieldCode !== undefined && !item.field) return unmapped('field', fieldCode);
  const number = numberOfCode(item.code);
  const facts = { number, agencyCode: agency.code, agencyName: agency.name, fieldCode: item.field?.code };
  const body = written(portal, question, facts);
  if (item.known || item.doubt) {
    const there = await ask(portal, item, 'LayDanhSachHoiDapBoCoQuan', {});
    if ('outcome' in there) return stillInDoubt(item, there.outcome);
    if (there.result.some((one) => isAsWritten(one, body))) return nothingToSend(say('portal-has-question'));
  }
  return (await tell(portal, item, 'DongBoHoiDap', [body])) ?? delivered(String(number));
}

function written(portal: Portal, question: Question, facts: WrittenFacts): WireObject {
  const body = writeQuestion(question, facts);
  const answer = question.answers?.at(-1);
  if (!answer || !portal.settings.questions?.withAnswers) return body;
  return { ...body, TRALOIID: question.answers?.length ?? 1, NOIDUNGTRALOI: answer.content };
}

type Row = Readonly<Record<string, unknown>>;

/** Only the fields that the entry has too: a portal's list may have fewer. */
function isAsWritten(entry: Row, body: WireObject): boolean {
  const fields = Object.entries(body).filter(([field]) => entry[field] !== undefined);
  return (
    String(entry.HOIDAPID) === String(body.HOIDAPID) &&
    fields.every(([field, value]) => asCompared(entry[field]) === asCompared(value))
  );
}

function asCompared(value: unknown): string {
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

async function ask(portal: Portal, item: Item, service: string, args: Row): Promise<Asked> {
  const answer = await call(portal, { group: 'share', service, args, effect: 'ask', about: aboutAsker(item) });
  if (answer.kind === 'failed') return { outcome: answer.outcome };
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
