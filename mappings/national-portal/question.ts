import { formatLocal, parseLocal } from '#core/dates/dates';
import type { Item, RecordItem } from '#core/dossier/item';
import { type CodesOf, NO_CODES } from '#core/identifiers/codes';
import { cleanCode } from '#core/identifiers/identifiers';
import { problem, unmappedCause } from '#core/problem';
import { nfc } from '#core/vietnamese/text';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { inEnglish } from '#messages/render';
import { AGENCY_CODE, FIELD_CODE } from '#schemas/parts';
import type { Question } from '#schemas/question.v1';
import { CODES, type Codes } from './codes.ts';
import { LISTED_ANSWER, QUESTION, QUESTION_OF_ANSWER, SENT_ANSWER } from './fields.ts';
import { finishReading, finishReport, notAnObject } from './finish.ts';
import { readFields } from './reading.ts';
import { type Raw, type Reading, startReading } from './reading-notes.ts';
import { isAbsent, isObject, plainText, readText } from './values.ts';
import { type OnCut, type WireObject, writeFields } from './writing.ts';

/** What the item of a question does not say itself. */
export interface QuestionFacts {
  readonly codes?: Codes;
  /** The operators' entries in the tables `agency` and `field`: the sender's code to that of the catalogue. */
  readonly entered?: CodesOf;
  /** When the hub received the call. It stands for the date of a question, which the dialect does not have. */
  readonly receivedAt: string;
  /** The code of the question with this `HOIDAPID`. Undefined if that is not the number of a question. */
  readonly codeOf: (number: string) => string | undefined;
  /** The agency of a question that names none. */
  readonly madonvi?: string;
}

/**
 * Reads a question of `DongBoHoiDap` or of the portal's lists (domain 2.7). An answer in it publishes the question, unless
 * `TRANGTHAI` makes it private. An agency or a field whose code is not one of ours waits for an operator.
 */
export function readQuestion(raw: unknown, facts: QuestionFacts): Item {
  if (!isObject(raw)) return notAnObject(raw, 'question');
  const reading = startReading(facts.codes ?? CODES);
  const given = withOneSpelling(raw);
  const { receivedAt } = facts;
  const record = readFields(reading, QUESTION, given, '', '');
  const answer = isAbsent(given.NOIDUNGTRALOI)
    ? undefined
    : readFields(reading, LISTED_ANSWER, given, '', '/answers/0');
  const coded = readCodes(reading, given, record, facts);
  const visibility = record.visibility ?? 'public';
  const item = finishReading(reading, 'question.upsert.v1', {
    ...coded,
    code: readNumber(reading, given, facts),
    state: answer ? (visibility === 'public' ? 'published' : 'answered') : 'received',
    stateAt: receivedAt,
    askedAt: receivedAt,
    answers: answer && [{ ...answer, ...answerId(answer.id), at: receivedAt }],
  });
  return marked(item, { isRelayed: true, standIns: ['state', 'stateAt', 'askedAt', 'answers/at'] });
}

/** Reads an item of `DongBoKetQuaHoiDapGuiTuDVCQG`: an answer to a question that the hub has. */
export function readSentAnswer(raw: unknown, facts: QuestionFacts): Item {
  if (!isObject(raw)) return notAnObject(raw, 'answer');
  const reading = startReading(facts.codes ?? CODES);
  readFields(reading, QUESTION_OF_ANSWER, raw, '', '');
  const answer = readFields(reading, SENT_ANSWER, raw, '', '/answers/0');
  if (isAbsent(raw.NOIDUNGTRALOI))
    reading.problems.push(problem('/NOIDUNGTRALOI', 'missing', { expected: say('a-text') }));
  const day = readDay(reading, raw);
  const item = finishReport(reading, 'question.upsert.v1', {
    code: readNumber(reading, raw, facts),
    state: 'answered',
    stateAt: day ?? facts.receivedAt,
    answers: [{ ...answer, at: day ?? facts.receivedAt }],
  });
  // A day is no time: an answer on the day of its question follows it, and the same words on another day are the same answer.
  return marked(item, { standIns: ['state', 'stateAt', 'answers/at'] });
}

type Marks = Pick<RecordItem, 'isRelayed' | 'standIns'>;

function marked(item: Item, marks: Marks): Item {
  if (item.kind === 'record') return { ...item, ...marks };
  if (item.kind !== 'waiting' || !item.ifAccepted) return item;
  return { ...item, ifAccepted: { ...item.ifAccepted, ...marks } };
}

/** `DongBoHoiDap` spells `MaLinhVuc`, and the lists `MALINHVUC` (domain-2 1.2). */
function withOneSpelling(raw: Raw): Raw {
  const { MaLinhVuc, ...given } = raw;
  return isAbsent(given.MALINHVUC) ? { ...given, MALINHVUC: MaLinhVuc } : raw;
}

function readNumber(reading: Reading, raw: Raw, { codeOf }: QuestionFacts): string | undefined {
  const text = isAbsent(raw.HOIDAPID) ? '' : (readText(reading, raw.HOIDAPID, '/HOIDAPID') ?? '');
  const code = codeOf(text);
  if (code === undefined && !reading.problems.some(({ path }) => path === '/HOIDAPID')) {
    const expected = say('a-question-number');
    reading.problems.push(
      text === ''
        ? problem('/HOIDAPID', 'missing', { expected })
        : problem('/HOIDAPID', 'unexpected', { got: received(text), expected }),
    );
  }
  return code;
}

/** `0` and a blank mean that an answer has no id yet. */
function answerId(id: unknown): object {
  return id === undefined || id === '0' ? { id: undefined } : {};
}

const TABLES = {
  agency: { member: 'agencyCode', path: '/MADONVI', shape: new RegExp(AGENCY_CODE) },
  field: { member: 'fieldCode', path: '/MALINHVUC', shape: new RegExp(FIELD_CODE) },
} as const;

/** The record with our codes for its agency and its field. A code without a meaning waits: it never hides a question. */
function readCodes(
  reading: Reading,
  raw: Raw,
  record: Readonly<Record<string, unknown>>,
  { entered = NO_CODES, madonvi }: QuestionFacts,
): object {
  const coded: Record<string, unknown> = { ...record };
  if (isAbsent(raw.MADONVI) && madonvi) coded.agencyCode = madonvi;
  for (const [table, { member, path, shape }] of Object.entries(TABLES)) {
    if (coded[member] === undefined) continue;
    const given = cleanCode(String(coded[member]));
    const code = entered(table).get(given) ?? given;
    coded[member] = code;
    if (shape.test(code)) continue;
    delete coded[member];
    const words = say('no-table-entry', { table, got: received(given) });
    reading.unmapped.push({ path, cause: unmappedCause(table, given, words) });
  }
  return coded;
}

const FORMS = ['dd/MM/yyyy', 'dd/MM/yyyy HH:mm:ss', 'dd/MM/yyyy HH:mm', 'yyyyMMddHHmmss'] as const;

/** `NGAYTRALOI`: a day such as 12/08/2025, with a time in some systems. Undefined without a date. */
function readDay(reading: Reading, raw: Raw): string | undefined {
  const text = isAbsent(raw.NGAYTRALOI) ? undefined : readText(reading, raw.NGAYTRALOI, '/NGAYTRALOI');
  if (text === undefined) return undefined;
  const dates = FORMS.map((form) => parseLocal(form, text));
  const found = dates.find((date) => 'instant' in date);
  if (found && 'instant' in found) return found.instant;
  const [first] = dates;
  if (first && 'error' in first) reading.problems.push({ path: '/NGAYTRALOI', ...inEnglish(first.error) });
  return undefined;
}

/** What a question is to a receiver of this dialect. */
export interface WrittenFacts {
  readonly number: number;
  readonly agencyName?: string | undefined;
  readonly codes?: Codes;
  /** The receiver's code for an agency or a field. */
  readonly agencyCode?: string | undefined;
  readonly fieldCode?: string | undefined;
}

/** Writes an item of `DongBoHoiDap`: exactly the fields that are known, nothing of the asker (domain-2 1.2). */
export function writeQuestion({ content }: Question, facts: WrittenFacts): WireObject {
  const { number, agencyName = '', agencyCode = '', fieldCode = '' } = facts;
  return { HOIDAPID: number, MaLinhVuc: fieldCode, NOIDUNG: nfc(content), MADONVI: agencyCode, TENDONVI: agencyName };
}

/** Writes an entry of the lists of questions, with the newest answer. */
export function writeListedQuestion(
  question: Question,
  { number, agencyName, codes = CODES }: WrittenFacts,
): WireObject {
  const answers = writeAnswers(question);
  const newest = answers.at(-1) ?? { TRALOIID: 0, NOIDUNGTRALOI: '' };
  const written = writeFields(codes, QUESTION, { visibility: 'public', ...question });
  return { ...written, HOIDAPID: number, TENDONVI: agencyName ?? '', ...newest };
}

/** Writes the entries of `LayNoiDungTraLoiTheoCauHoi`. `TRALOIID` is a number above 0. */
export function writeAnswers({ answers = [] }: Question): readonly WireObject[] {
  return answers.map(({ id, content }, at) => ({
    TRALOIID: id !== undefined && /^[1-9]\d{0,14}$/.test(id) ? Number(id) : at + 1,
    NOIDUNGTRALOI: content,
  }));
}

type Answer = NonNullable<Question['answers']>[number];

/** Writes an item of `DongBoKetQuaHoiDapGuiTuDVCQG`. */
export function writeSentAnswer(
  answer: Answer,
  { number, agencyCode = '' }: WrittenFacts,
  title: string,
  onCut?: OnCut,
): WireObject {
  const { NGUOITRALOI = '', NOIDUNGTRALOI = '', CHUCVUNGUOITRALOI } = writeFields(CODES, SENT_ANSWER, answer, onCut);
  return {
    HOIDAPID: String(number),
    MADONVI: agencyCode,
    NGUOITRALOI,
    CHUCVUNGUOITRALOI: CHUCVUNGUOITRALOI || title,
    NGAYTRALOI: formatLocal('dd/MM/yyyy', answer.at),
    NOIDUNGTRALOI,
  };
}

/** The number of a question in a call, as text. */
export function numberText(raw: unknown): string {
  return isObject(raw) ? (plainText(raw.HOIDAPID) ?? '') : '';
}
