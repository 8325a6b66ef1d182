import { say, textOrWordsOf, type Words, wordsOf } from '#messages/message';
import { wordsText } from '#messages/stored';
import type { Page } from '../kit/puller.ts';
import { recordIn } from './answer.ts';
import { answerWords, ask, type Failure, type Ministry, meaning, unavailableFor } from './ask.ts';
import { frameRows, type Row } from './mapping.ts';
import { prepare } from './request.ts';
import type { Later } from './run.ts';
import type { List } from './settings.ts';

type Detail = NonNullable<List['detail']>;

/** A row, and why its detail failed. Such a row has a `refusal` too, so that it is stored as invalid. */
export interface Asked extends Row {
  readonly failure?: Failure | undefined;
}

/** After this number of failures without an answer, the ministry answers for no record. */
const MANY = 3;
/** The failures of a reply about one record. After any other one the next record would fail too. */
const ITS_OWN = /^(?:status-\d+|busy|credentials|fault-server|html|not-xml)$/;
/** Failures that take long, burden the ministry or may lock an account. Few in a row are enough. */
const COSTLY = /^(?:busy|status-(?:429|503)|credentials|timeout)$/;

/**
 * Asks for the details of each record. A refused or failed detail affects only its own record, unless the ministry answers
 * for none or says when to ask again.
 */
export async function fetchDetails(
  ministry: Ministry,
  detail: Detail | undefined,
  records: readonly string[],
): Promise<readonly Asked[] | Failure> {
  if (!detail) return records.map((text) => ({ text }));
  const rows: Asked[] = [];
  let inRow = 0;
  for (const text of records) {
    const row = await askDetail(ministry, detail, text);
    rows.push(row);
    inRow = row.failure ? inRow + 1 : 0;
    if (row.failure && endsPart(row.failure, inRow)) return row.failure;
  }
  const failures = rows.flatMap(({ failure }) => failure ?? []);
  const [failure] = failures;
  return failure && failures.length === rows.length && failures.length >= MANY ? failure : rows;
}

/** Whether nothing more is asked after a failure. */
function endsPart({ kind, reason, ...failure }: Failure, inRow: number): boolean {
  const saysWhen = 'retryAfterMs' in failure && failure.retryAfterMs !== undefined;
  return (kind === 'unavailable' && (saysWhen || !ITS_OWN.test(reason))) || (inRow >= MANY && COSTLY.test(reason));
}

async function askDetail(ministry: Ministry, detail: Detail, text: string): Promise<Asked> {
  const { record, fields: _, ...question } = detail;
  const answer = await ask(ministry, {
    question,
    context: { row: recordIn(text) },
    records: record,
    idempotent: true,
  });
  if ('kind' in answer) {
    const why = wordsOf(textOrWordsOf(answer));
    return answer.kind === 'refused' ? { text, refusal: wordsText(why) } : failed(text, answer);
  }
  const verdict = meaning(ministry, answer);
  if (verdict === 'ok' && answer.records.length === 1) return { text, detail: answer.records[0] };
  const why = answerWords(ministry, answer);
  if (verdict === 'busy') return failed(text, unavailableFor('busy', why, answer));
  return { text, refusal: wordsText(say('at-detail', { why })) };
}

const failed = (text: string, failure: Failure): Asked => ({
  text,
  failure,
  refusal: wordsText(wordsOfFailure(failure)),
});

function wordsOfFailure(failure: Failure): Words {
  return say('at-detail', { why: textOrWordsOf(failure) });
}

/** The largest number of records that wait for their detail. */
const MOST_LATER = 100;
/** How many of them a run asks for again. */
const AGAIN = 20;
/** A record is given up after this time. It stays invalid in the message log. */
const GIVEN_UP_MS = 7 * 86_400_000;

interface Part extends Pick<Page, 'lacks'> {
  readonly rows: readonly Asked[];
  readonly isEnd: boolean;
}
type AfterPart = Pick<Page, 'bodies' | 'lacks'> & { readonly later?: readonly Later[] | undefined };

/**
 * The records whose detail is still to come after a part. At the end of a run, or if too many wait, it asks for some
 * again, the longest untried first.
 *
 * @param before undefined: none was to come since the last run ended
 * @returns a failure while too many wait; the part comes again then
 */
export async function followLater(
  ministry: Ministry,
  { detail }: List,
  before: readonly Later[] | undefined,
  { rows, lacks, isEnd }: Part,
): Promise<AfterPart | Failure> {
  const [failure] = rows.flatMap((row) => row.failure ?? []);
  if (!before && !failure) return { bodies: [], lacks };
  if (!detail) return { bodies: [], lacks: lacks || false };
  const { waiting, fresh } = laterOf(ministry, detail, before ?? [], rows);
  const isOver = failure !== undefined && waiting.length + fresh.length > MOST_LATER;
  if (!isEnd && !isOver) return { bodies: [], lacks, later: [...waiting, ...fresh] };
  const again = await askAgain(ministry, detail, waiting, isOver ? MOST_LATER : AGAIN);
  const later = [...again.waiting, ...fresh];
  if (failure && later.length > MOST_LATER) return failure;
  const bodies = again.rows.length > 0 ? [frameRows(again.rows)] : [];
  if (!isEnd) return { bodies, lacks, later };
  if (later.length === 0) return { bodies, lacks: lacks || false };
  const why = again.failure ?? failure;
  return { bodies, lacks: lacks || (why && wordsOfFailure(why)), later };
}

/** The records that waited before and were not asked for in this part, and those whose detail has just failed. */
function laterOf(ministry: Ministry, detail: Detail, before: readonly Later[], rows: readonly Asked[]) {
  const keyOf = (text: string): string => questionOf(ministry, detail, text);
  const sinceMs = new Map(before.map((one) => [keyOf(one.text), one.sinceMs]));
  const asked = new Set(rows.map(({ text }) => keyOf(text)));
  const failures = rows.filter(({ failure }) => failure);
  return {
    waiting: before.filter(({ text }) => !asked.has(keyOf(text))),
    fresh: failures.map(({ text }): Later => ({ text, sinceMs: sinceMs.get(keyOf(text)) ?? ministry.now() })),
  };
}

/** The question about a record. Another version of the record has the same one. */
function questionOf({ settings, codes }: Ministry, { request }: Detail, text: string): string {
  const prepared = prepare(request, { row: recordIn(text) }, settings, codes);
  return prepared.kind === 'ready' ? JSON.stringify(prepared.request) : text;
}

interface Again {
  readonly waiting: readonly Later[];
  readonly rows: readonly Asked[];
  readonly failure?: Failure | undefined;
}

/** Asks for details that failed before. Those that fail again wait behind the others. */
async function askAgain(ministry: Ministry, detail: Detail, later: readonly Later[], most: number): Promise<Again> {
  const rows: Asked[] = [];
  const left: Later[] = [];
  let [failure, asked, inRow]: [Failure | undefined, number, number] = [undefined, 0, 0];
  for (const one of later.slice(0, most)) {
    const row = await askDetail(ministry, detail, one.text);
    asked++;
    inRow = row.failure ? inRow + 1 : 0;
    if (!row.failure) {
      rows.push(row);
      continue;
    }
    failure ??= row.failure;
    if (ministry.now() - one.sinceMs < GIVEN_UP_MS) left.push(one);
    if (endsPart(row.failure, inRow)) break;
  }
  return { rows, waiting: [...later.slice(asked), ...left], failure };
}
