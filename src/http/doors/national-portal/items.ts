import type { Item } from '#core/dossier/item';
import type { CodesOf } from '#core/identifiers/codes';
import { cleanCode } from '#core/identifiers/identifiers';
import { problem } from '#core/problem';
import { codesWith } from '#mappings/national-portal/codes';
import { readDossier } from '#mappings/national-portal/dossier';
import { readProgress } from '#mappings/national-portal/progress';
import { readQuestion, readSentAnswer } from '#mappings/national-portal/question';
import { codeOfNumber, codeOfOwnNumber } from '#mappings/national-portal/question-numbers';
import { readRating } from '#mappings/national-portal/rating';
import { readStatusReport } from '#mappings/national-portal/status-report';
import { isAbsent, kindOf, plainText } from '#mappings/national-portal/values';
import { say } from '#messages/message';
import type { RatingPayload } from '#schemas/rating-payload';
import { mapYielding } from '../../../concurrency/yielding.ts';
import { AS_IS, parseWithList, unreadItem } from '../../json-body.ts';
import { Refusal } from '../../problem.ts';

/** The name of the dialect, for this door and for adapters that speak it. */
export const DIALECT = 'national-portal';

/** One call of the dialect: its arguments next to `session`, `service` and `madonvi`. */
export type Call = Readonly<Record<string, unknown>>;

/**
 * An argument of a call as text, by the first of these names that is present. Empty when none is.
 *
 * @throws Refusal when it is neither text nor a number
 */
export function argumentOf(given: Call, ...names: readonly [string, ...string[]]): string {
  const name = names.find((one) => given[one] !== undefined && given[one] !== null);
  if (name === undefined) return '';
  const text = plainText(given[name]);
  if (text === undefined)
    throw new Refusal(
      'bad-request',
      say('of-place', {
        path: name,
        problem: say('unexpected', { got: kindOf(given[name]), expected: say('a-text') }),
      }),
    );
  return text;
}

/** The limit of items in one call. */
export const MAX_ITEMS = 1_000;

/** What a call does not say itself. */
export interface CallFacts {
  readonly party: string;
  /** When the hub received the call. */
  readonly receivedAt: string;
  readonly province: string | undefined;
  /** The form of ratings; absent where the settings do not describe it. */
  readonly ratings?: RatingPayload | undefined;
  /** The operators' entries in the party's code tables. */
  readonly entered: CodesOf;
}

/** Reads a stored body again, for quarantined items and for a rebuild of the index. */
export async function readKept(body: Buffer, operation: string, facts: CallFacts): Promise<readonly Item[]> {
  const kept = (await parseWithList(body, 'data', MAX_ITEMS, AS_IS)) as Call;
  return mapYielding(listOf(kept.data), (item) => readItemOf(operation, item, kept, facts));
}

/** One item of `data`, as its operation reads it. */
export function readItemOf(operation: string, item: unknown, { madonvi, service }: Call, facts: CallFacts): Item {
  const unread = unreadItem(item) ?? (isDeeperThan(DEEPEST, item) ? TOO_DEEP : undefined);
  if (unread) return unread;
  const codes = codesWith(facts.entered);
  // In the dialect, an empty text means no value.
  const agency = cleanCode(plainText(isAbsent(madonvi) ? facts.province : madonvi) ?? '');
  if (operation === 'rating.upsert.v1') return facts.ratings ? readRating(item, facts.ratings) : UNREADABLE_RATING;
  if (service === REPORT_STATUS) return readStatusReport(item, { agency, codes });
  if (operation === 'dossier.progress.v1') return readProgress(item, { codes });
  if (operation !== 'question.upsert.v1') return readDossier(item, { madonvi: agency, codes });
  const { party, receivedAt, entered } = facts;
  if (service === SEND_ANSWERS)
    return readSentAnswer(item, { codes, receivedAt, codeOf: (number) => codeOfNumber(number, facts.province) });
  const codeOf = (number: string): string | undefined => codeOfOwnNumber(number, party);
  return readQuestion(item, { codes, entered, receivedAt, madonvi: agency, codeOf });
}

/** Real items are far less deep. Fields without a rule are copied by recursion, which a text of 20 KB could exhaust. */
const DEEPEST = 100;
const TOO_DEEP: Item = { kind: 'invalid', problems: [problem('', 'nested-too-deep', { count: DEEPEST })] };

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}

/** A stored rating whose form is no longer in the settings. */
const UNREADABLE_RATING: Item = {
  kind: 'invalid',
  problems: [problem('', 'service-not-configured', { service: 'DongBoDanhGia', setting: 'portalDialect.ratings' })],
};

/** The service that reports the status of one dossier. */
export const REPORT_STATUS = 'DongBoTrangThaiHoSo';
/** The service that sends answers to questions. */
export const SEND_ANSWERS = 'DongBoKetQuaHoiDapGuiTuDVCQG';

/** The items of a stored body, as their sender wrote them. */
export async function originalItems(body: Buffer): Promise<readonly unknown[]> {
  return listOf(((await parseWithList(body, 'data', MAX_ITEMS, AS_IS)) as Call).data);
}

/** Some clients send a single item without a list. */
export function listOf(data: unknown): readonly unknown[] {
  if (Array.isArray(data)) return data;
  return data === undefined || data === null ? [] : [data];
}
