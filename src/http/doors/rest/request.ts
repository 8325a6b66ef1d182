import type { Context } from 'hono';
import Type from 'typebox';
import { msToInstant } from '#core/dates/dates';
import type { Item } from '#core/dossier/item';
import { problem } from '#core/problem';
import type { Kinds } from '#core/records/kinds';
import { say } from '#messages/message';
import type { Operation } from '#schemas/operations';
import { type Line, linesIn } from '../../../concurrency/lines.ts';
import { mapYielding } from '../../../concurrency/yielding.ts';
import type { KeyEntry } from '../../../config/config.ts';
import type { Submission } from '../../../ledger/submission.ts';
import {
  decode,
  itemTooLarge,
  MAX_ITEM_BYTES,
  notOne,
  parseList,
  parseValue,
  Repeating,
  SMALL_BYTES,
  STORED,
  STRICT,
  unreadItem,
  valueIn,
  whyNot,
} from '../../json-body.ts';
import { Refusal } from '../../problem.ts';
import { callerOf, type DoorContext } from '../door.ts';

/** Reads one value as the record of an operation. */
export type ReadValue = (value: unknown) => Item;

export function readerOf(kinds: Kinds, operation: string): ReadValue {
  return (value) => kinds.read(operation, value);
}

/** A request from a known sender for a known party. */
export interface Request {
  readonly c: Context;
  readonly hub: DoorContext;
  readonly key: KeyEntry;
  readonly party: string;
  readonly operation: Operation;
  readonly readValue: ReadValue;
  readonly mediaType: string;
}

/** The submission of a request. Later parts of a stream go under the receipt of the first part. */
export function submissionOf(
  { c, hub, key, party, operation, mediaType }: Request,
  body: Buffer,
  items: readonly Item[],
  receipt?: string,
): Submission {
  return {
    receipt,
    ...callerOf(c),
    receivedAt: msToInstant(hub.nowMs()),
    party,
    door: 'rest',
    operation,
    keyName: key.id,
    mediaType,
    body,
    bodyBytes: body.length,
    items,
  };
}

const LONGEST_KEY = 200;

export const IdempotencyKey = Type.String({
  minLength: 1,
  maxLength: LONGEST_KEY,
  description:
    'the same key and body get the same receipt for 7 days; the same key with another body or operation is refused; a stream of lines that has one has at most 1,000 lines',
});

/** The Idempotency-Key of a request. @throws Refusal 400 for one that is empty or too long */
export function idempotencyKeyIn(c: Context): string | undefined {
  const key = c.req.header('idempotency-key');
  if (key !== undefined && (key.length > LONGEST_KEY || key === ''))
    throw new Refusal('bad-request', say('idempotency-key-length'));
  return key;
}

/** The possible results of an item. */
export const OUTCOMES = ['accepted', 'duplicate', 'stale', 'quarantined', 'invalid'] as const;

/** The status of the reply for a single item. */
export const STATUS_OF = { accepted: 201, duplicate: 200, stale: 200, quarantined: 202, invalid: 422 } as const;

export const JSON_BODY = { 'Content-Type': 'application/json' };

/**
 * The limit of items in one request. A longer list is refused as a whole, so its sender need not
 * guess.
 */
export const MAX_ITEMS = 1_000;

export interface ReadBody {
  readonly items: readonly Item[];
  readonly single: boolean;
}

/**
 * @throws Refusal 400 when the body is not JSON, 413 for more than 1,000 items or one that is too
 * large
 */
export async function readJson(readValue: ReadValue, body: Buffer, reading = STRICT): Promise<ReadBody> {
  const read = (item: unknown): Item => readListed(readValue, item);
  const small = body.length > SMALL_BYTES ? undefined : parseValue(body, reading);
  // Cut into items, so that a member that repeats concerns its item alone.
  const isCut = small === undefined || small instanceof Repeating;
  const list = isCut ? await parseList(body, MAX_ITEMS, read, reading) : undefined;
  if (list) return { items: list, single: false };
  if (body.length > MAX_ITEM_BYTES) throw notAnArray(body);
  const value = small ?? parseValue(body, reading);
  if (!Array.isArray(value)) return { items: [unreadItem(value) ?? readValue(value)], single: true };
  if (value.length > MAX_ITEMS) throw tooMany(value.length);
  return { items: await mapYielding(value, read), single: false };
}

/** The limit of reported problems per list item. Without it, a reply could be many times the request. */
const MAX_PROBLEMS = 20;

function readListed(readValue: ReadValue, value: unknown): Item {
  const item = unreadItem(value) ?? readValue(value);
  if (item.kind !== 'invalid' || item.problems.length <= MAX_PROBLEMS) return item;
  const more = problem('', 'problems-left-out', { count: item.problems.length - MAX_PROBLEMS });
  return { ...item, problems: [...item.problems.slice(0, MAX_PROBLEMS), more] };
}

function notAnArray(body: Buffer): Refusal {
  if (!/^\s*\{/.test(body.subarray(0, 100).toString())) return notOne('object-or-array');
  return new Refusal('too-large', say('one-item-too-large', { count: body.length, most: MAX_ITEM_BYTES }));
}

function tooMany(count: number): Refusal {
  return new Refusal('too-many', say('too-many-items-stream', { count, most: MAX_ITEMS }));
}

/** Reads a stored body again, for quarantined items and for a rebuild of the index. */
export async function readKept(
  readValue: ReadValue,
  body: Buffer,
  mediaType: string | undefined,
): Promise<readonly Item[]> {
  if (mediaType !== 'application/x-ndjson') return (await readJson(readValue, body, STORED)).items;
  return mapYielding(linesIn(body, MAX_ITEM_BYTES), (line) => readLine(readValue, line, STORED));
}

/** Reads one line of a stream. A problem concerns that line only. */
export function readLine(readValue: ReadValue, { bytes, tooLong }: Line, reading = STRICT): Item {
  if (tooLong || bytes.equals(TOO_LONG)) return itemTooLarge();
  try {
    return readListed(readValue, valueIn(decode(bytes), reading));
  } catch (error) {
    return {
      kind: 'invalid',
      problems: [problem('', 'line-not-json', { why: whyNot(error as Error) })],
    };
  }
}

/** Replaces a line in the stored message that was too long. */
export const TOO_LONG = Buffer.from('"(a line of more than 1 MiB)"');
