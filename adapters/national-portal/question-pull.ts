import {
  type About,
  type CodesOf,
  fingerprint,
  type InvalidItem,
  type Item,
  inEnglish,
  msToInstant,
  type Outcome,
  type Page,
  quotedText,
  say,
  textOf,
  textOrWordsOf,
  type Words,
} from '#kit';
import { isTemporary, meansNoAnswer, parseReply } from '#mappings/national-portal/envelope';
import { readQuestion } from '#mappings/national-portal/question';
import { codeOfNumber, isNumberOfHub } from '#mappings/national-portal/question-numbers';
import { type Answer, outcomeOfError, said } from './answers.ts';
import { atOnce } from './at-once.ts';
import { call, type Portal } from './client.ts';
import { dialectOf, type Settings } from './settings.ts';

type Stage = 'sent' | 'agencies' | 'answers';
type Row = Readonly<Record<string, unknown>>;

/** The position of a run, and what earlier runs have stored, so that an unchanged answer is stored once. */
interface Checkpoint {
  readonly stage: Stage;
  /** The question after which the answers continue. */
  readonly after?: number | undefined;
  /** Fingerprints of the parts of each list. */
  readonly parts?: Readonly<Record<string, readonly string[]>>;
  /** Answered questions of new or changed parts: the lists show one answer of each. */
  readonly changed?: readonly number[];
  /** Fingerprints of the answers that the lists did not show, by question. */
  readonly answers?: Readonly<Record<string, string>>;
  /** Questions of this run whose answers the portal did not return. */
  readonly failed?: readonly number[];
}

/** A part of a list, as the portal sent its entries, and when the hub asked for it: the entries have no dates. Stored so. */
interface KeptPart {
  readonly service: string;
  readonly heardAt: string;
  readonly reply: string;
}

const LISTS = {
  sent: { service: 'LayDanhSachHoiDapGuiTuDVCQG', next: 'agencies' },
  agencies: { service: 'LayDanhSachHoiDapBoCoQuan', next: 'answers' },
} as const;
/** A part of a list has the questions of this many numbers in a row. */
const NUMBERS_IN_PART = 200;
/** Questions whose answers are asked for in one page. */
const ASKED = 20;
const AT_ONCE = 4;
const LIST_MS = 10 * 60_000;

/** The next page of a run: both lists of questions, then the answers that the lists do not show. */
export async function nextQuestions(portal: Portal, checkpoint: unknown): Promise<Page | Outcome> {
  const at = (checkpoint ?? { stage: 'sent' }) as Checkpoint;
  return at.stage === 'answers' ? answersPage(portal, at) : listPage(portal, at, at.stage);
}

async function listPage(portal: Portal, at: Checkpoint, stage: 'sent' | 'agencies'): Promise<Page | Outcome> {
  const { service, next } = LISTS[stage];
  const list = await fetchList(portal, service);
  if ('outcome' in list) return list.outcome;
  const parts = partsOf(list.entries);
  const prints = parts.map((part) => fingerprint(part.map((entry) => JSON.stringify(entry))));
  const known = new Set(at.parts?.[service] ?? []);
  const news = parts.filter((_, index) => !known.has(prints[index] as string));
  const changed = news.flat().flatMap((entry) => (isUnanswered(entry) ? [] : (ofPortal(entry) ?? [])));
  const checkpointAfter: Checkpoint = {
    ...at,
    stage: next,
    after: undefined,
    parts: { ...at.parts, [service]: prints },
    changed: [...(at.changed ?? []), ...changed],
  };
  return { bodies: news.map((part) => bodyOf(portal, service, part)), checkpoint: checkpointAfter, more: true };
}

/** A list of the portal by number. Entries without one are at the end, where the reader refuses them. */
interface List {
  readonly entries: readonly Row[];
}

async function fetchList(portal: Portal, service: string): Promise<List | { readonly outcome: Outcome }> {
  const answer = await call(portal, { group: 'share', service, effect: 'ask', about: undefined });
  const entries = entriesOf(portal, answer);
  if ('outcome' in entries) return entries;
  return { entries: [...entries.rows].sort((a, b) => sortKey(a) - sortKey(b)) };
}

function sortKey(entry: Row): number {
  return numberOf(entry) ?? Number.POSITIVE_INFINITY;
}

function numberOf(entry: Row): number | undefined {
  const number = Number(textOf(entry.HOIDAPID));
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

/** The parts of a list, by ranges of numbers, so that a new question changes the last part alone. */
function partsOf(entries: readonly Row[]): readonly (readonly Row[])[] {
  const parts = new Map<number, Row[]>();
  for (const entry of entries) {
    const number = numberOf(entry);
    const place = number === undefined ? -1 : Math.floor(number / NUMBERS_IN_PART);
    const part = parts.get(place);
    if (part) part.push(entry);
    else parts.set(place, [entry]);
  }
  return [...parts.values()];
}

async function answersPage(portal: Portal, at: Checkpoint): Promise<Page | Outcome> {
  const open = await portal.sessions.get('questions', () => fetchQuestions(portal));
  if ('outcome' in open) return open.outcome;
  const changed = new Set(at.changed);
  const left = open.entries.filter(
    (entry) => sortKey(entry) > (at.after ?? 0) && (isUnanswered(entry) || changed.has(sortKey(entry))),
  );
  const asked = left.slice(0, ASKED);
  const fetched = await fetchAnswers(portal, asked);
  if ('kind' in fetched) return fetched;
  const { answers, failures } = fetched;
  const prints = new Map(
    answers.map(({ number, entries }) => [String(number), fingerprint(entries.map((one) => JSON.stringify(one)))]),
  );
  const news = answers.filter(({ number }) => at.answers?.[number] !== prints.get(String(number)));
  const bodies =
    news.length > 0
      ? [
          bodyOf(
            portal,
            'LayNoiDungTraLoiTheoCauHoi',
            news.flatMap(({ entries }) => entries),
          ),
        ]
      : [];
  const more = asked.length < left.length;
  const kept = { ...at.answers, ...Object.fromEntries(prints) };
  const failed = [...(at.failed ?? []), ...failures.map(({ number }) => number)];
  const after = asked.at(-1);
  const lacks = failures[0] && say('answers-not-returned', { number: failures[0].number, why: failures[0].why });
  if (more)
    return { bodies, checkpoint: { ...at, after: after && numberOf(after), answers: kept, failed }, more, lacks };
  portal.sessions.drop('questions', open);
  const again = open.entries.filter((entry) => !isUnanswered(entry) && failed.includes(sortKey(entry))).map(sortKey);
  const checkpoint = { stage: 'sent', parts: at.parts, answers: stillOpen(kept, open), changed: again };
  return { bodies, checkpoint, more, lacks: lacks ?? (failed.length === 0 ? false : undefined) };
}

/** Only questions that the lists still show unanswered, so that the checkpoint does not grow without end. */
function stillOpen(answers: Readonly<Record<string, string>>, { entries }: List): Readonly<Record<string, string>> {
  const open = new Set(entries.filter(isUnanswered).map((entry) => String(numberOf(entry))));
  return Object.fromEntries(Object.entries(answers).filter(([number]) => open.has(number)));
}

/** The questions of the portal in both lists. A process that continues a run asks for the lists again. */
async function fetchQuestions(
  portal: Portal,
): Promise<{ readonly value: List | { readonly outcome: Outcome }; readonly ttlMs: number }> {
  const entries: Row[] = [];
  for (const { service } of Object.values(LISTS)) {
    const list = await fetchList(portal, service);
    if ('outcome' in list) return { value: list, ttlMs: 0 };
    entries.push(...list.entries.filter((entry) => ofPortal(entry) !== undefined));
  }
  return { value: { entries: entries.sort((a, b) => sortKey(a) - sortKey(b)) }, ttlMs: LIST_MS };
}

/** The number of a question that the hub did not send there itself. */
function ofPortal(entry: Row): number | undefined {
  const number = numberOf(entry);
  return number === undefined || isNumberOfHub(number) ? undefined : number;
}

function isUnanswered(entry: Row): boolean {
  const hasAnswer = Number(textOf(entry.TRALOIID) ?? 0) > 0 && textOf(entry.NOIDUNGTRALOI) !== undefined;
  return !hasAnswer;
}

interface Answers {
  readonly number: number;
  /** The question's entry with each of its answers. */
  readonly entries: readonly Row[];
}

interface Failure {
  readonly number: number;
  readonly why: Words;
  /** The portal did not answer, or not now. Undefined for its refusal of the question. */
  readonly away: Outcome | undefined;
}

/**
 * The answers to some questions. A question that the portal refuses or does not answer delays no other one, and is
 * asked for again in later runs. If none is answered and the portal returns no list either, the portal is away.
 */
async function fetchAnswers(
  portal: Portal,
  questions: readonly Row[],
): Promise<{ readonly answers: readonly Answers[]; readonly failures: readonly Failure[] } | Outcome> {
  const found = await atOnce(AT_ONCE, questions, (question) => answersOf(portal, question));
  const again = questions.filter((_, at) => isAway(found[at]));
  for (const question of again.length < questions.length ? again : [])
    found[questions.indexOf(question)] = await answersOf(portal, question);
  const failures = found.filter((one) => 'why' in one);
  const [first] = failures;
  if (first?.away && failures.length === questions.length && 'outcome' in (await fetchList(portal, LISTS.sent.service)))
    return first.away;
  return { answers: found.filter((one) => 'entries' in one && one.entries.length > 0) as Answers[], failures };
}

function isAway(found: Answers | Failure | undefined): boolean {
  return found !== undefined && 'why' in found && found.away !== undefined;
}

async function answersOf(portal: Portal, question: Row): Promise<Answers | Failure> {
  const number = numberOf(question) as number;
  const about = askerOf(question);
  const answer = await call(portal, {
    group: 'share',
    service: 'LayNoiDungTraLoiTheoCauHoi',
    args: { cauhoiid: number },
    effect: 'ask',
    about,
  });
  if (answer.kind === 'failed') {
    const { outcome } = answer;
    const told = 'message' in outcome ? textOrWordsOf(outcome) : outcome.kind;
    const why = typeof told === 'string' ? quotedText(told) : told;
    return { number, why, away: outcome };
  }
  if (answer.kind === 'error') {
    if (meansNoAnswer(answer)) return { number, entries: [] };
    const away = isTemporary(answer) ? outcomeOfError(answer, portal.settings, [about]) : undefined;
    return { number, why: said(answer, portal.settings, [about]), away };
  }
  const own = rowsOf(answer).filter(
    ({ TRALOIID, NOIDUNGTRALOI }) =>
      textOf(NOIDUNGTRALOI) !== undefined && textOf(TRALOIID) !== textOf(question.TRALOIID),
  );
  return { number, entries: own.map(({ TRALOIID, NOIDUNGTRALOI }) => ({ ...question, TRALOIID, NOIDUNGTRALOI })) };
}

function askerOf({ HOVATEN, THUDIENTU, SODIENTHOAI, DIACHI }: Row): About {
  return { applicant: [HOVATEN, THUDIENTU, SODIENTHOAI, DIACHI].flatMap((value) => textOf(value) ?? []) };
}

function entriesOf(
  { settings }: Portal,
  answer: Answer,
): { readonly rows: readonly Row[] } | { readonly outcome: Outcome } {
  if (answer.kind === 'failed') return { outcome: answer.outcome };
  if (answer.kind === 'error') return { outcome: outcomeOfError(answer, settings) };
  return { rows: rowsOf(answer) };
}

function rowsOf({ result }: { readonly result: readonly unknown[] }): readonly Row[] {
  return result.map((one) => (typeof one === 'object' && one !== null ? (one as Row) : { got: one }));
}

function bodyOf(portal: Portal, service: string, entries: readonly Row[]): Page['bodies'][number] {
  const reply = JSON.stringify({ error_code: 0, result: entries });
  const kept: KeptPart = { service, heardAt: msToInstant(portal.now()), reply };
  return { body: Buffer.from(JSON.stringify(kept)), mediaType: 'application/json' };
}

/** Reads one stored body of a page. Questions of the hub, which it sent there itself, are left out. */
export function readQuestions(body: Uint8Array, settings: Settings, entered: CodesOf): readonly Item[] {
  const { service, heardAt: receivedAt, reply } = JSON.parse(Buffer.from(body).toString()) as KeptPart;
  const parsed = parseReply(reply);
  if (parsed.kind === 'not-a-reply') return [invalid(say('service-answered-by', { service, what: parsed.why }))];
  if (parsed.kind === 'error')
    return [invalid(say('service-answered-by', { service, what: say('error-code', { code: parsed.code }) }))];
  const { codes } = dialectOf(settings, entered);
  const codeOf = (number: string): string | undefined => codeOfNumber(number, settings.madonvi);
  return parsed.result
    .filter((entry) => !isNumberOfHub(numberOf(entry as Row) ?? 0))
    .map((entry) => withCatalogue(readQuestion(entry, { codes, entered, receivedAt, codeOf })));
}

/** A question for an agency or of a field that nobody knows waits: its sender cannot be asked. */
function withCatalogue(item: Item): Item {
  if (item.kind === 'record') return { ...item, needsCatalogue: true };
  if (item.kind !== 'waiting' || !item.ifAccepted) return item;
  return { ...item, ifAccepted: { ...item.ifAccepted, needsCatalogue: true } };
}

function invalid(words: Words): InvalidItem {
  return { kind: 'invalid', problems: [{ path: '', ...inEnglish(words) }] };
}
