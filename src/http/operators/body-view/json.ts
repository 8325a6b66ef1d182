import { parseExactly } from '#core/exact-json';
import { leavesOf, shownValue } from '#core/masking/body-masking';
import type { Mentions } from '#core/masking/mentions';
import { say, type Words } from '#messages/message';
import { nextTurn } from '../../../concurrency/yielding.ts';
import { AS_IS, parseList, parseValue, parseWithList, SMALL_BYTES } from '../../json-body.ts';
import { Refusal } from '../../problem.ts';
import { type BodyView, noteOf } from './body-view.ts';
import { expanded } from './inside-texts.ts';
import { budgetBeside, MOST_ITEMS, MOST_VALUES, TooDeep, TooLarge, valuesIn } from './limits.ts';
import { showInTurns } from './show-in-turns.ts';

const MOST_IN_A_LIST = 100_000;

/** Shows a JSON body. Undefined when it is not JSON. */
export async function viewJson(body: Buffer, mayBePersonal: boolean, people?: Mentions): Promise<BodyView | undefined> {
  try {
    const beginning = body.length <= SMALL_BYTES ? await beginningOfWhole(parseValue(body, AS_IS)) : await part(body);
    const { note } = beginning;
    return {
      format: 'json',
      text: JSON.stringify(await shown(beginning, mayBePersonal, people), null, 2),
      ...noteOf(note),
    };
  } catch (error) {
    if (error instanceof TooDeep || error instanceof TooLarge) throw error;
    if (error instanceof Refusal && error.kind === 'too-large') throw new TooLarge();
    return undefined;
  }
}

interface Beginning<Value = unknown> {
  readonly value: Value;
  /** The number of values, without those inside texts. */
  readonly values: number;
  readonly note: Words | undefined;
}

async function beginningOfWhole(value: unknown): Promise<Beginning> {
  const values = valuesIn(value);
  if (values <= MOST_VALUES) return { value, values, note: undefined };
  if (Array.isArray(value)) return beginningOfList(value);
  throw new TooLarge();
}

/** The beginning of a large body, parsed in turns with other requests. */
async function part(body: Buffer): Promise<Beginning> {
  const list = await parseList(body, MOST_IN_A_LIST, undefined, AS_IS);
  if (list) return beginningOfList(list);
  const whole = (await parseWithList(body, 'data', MOST_IN_A_LIST, AS_IS)) as { data?: unknown };
  const { data, ...rest } = whole;
  if (!Array.isArray(data)) return beginningOfWhole(whole);
  const own = valuesIn(rest);
  if (own > MOST_VALUES) throw new TooLarge();
  const { value, values, note } = await beginningOfList(data, MOST_VALUES - own);
  return { value: { ...whole, data: value }, values: own + values, note };
}

async function beginningOfList(list: readonly unknown[], most = MOST_VALUES): Promise<Beginning<unknown[]>> {
  const value: unknown[] = [];
  let values = 0;
  for (const item of list.slice(0, MOST_ITEMS)) {
    const own = valuesIn(item);
    const isLarge = typeof item === 'symbol' || own > most;
    const counted = isLarge ? 1 : own;
    if (values + counted > most) break;
    values += counted;
    value.push(isLarge ? '(larger than is shown)' : item);
    // It may have 100,000 members, and so may the next one.
    if (isLarge) await nextTurn();
  }
  const note =
    value.length < list.length ? say('first-items-shown', { count: value.length, all: list.length }) : undefined;
  return { value, values, note };
}

/** Shows a body with one JSON text per line. Undefined when it is not such a body. */
export async function viewLines(
  body: Buffer,
  mayBePersonal: boolean,
  people?: Mentions,
): Promise<BodyView | undefined> {
  const isCut = body.length > SMALL_BYTES;
  const lines = body.toString('utf8', 0, SMALL_BYTES).split('\n');
  // The last line of a part may be incomplete.
  const whole = (isCut && lines.length > 1 ? lines.slice(0, -1) : lines).filter((line) => line.trim() !== '');
  const parsed: unknown[] = [];
  try {
    for (const line of whole.slice(0, MOST_ITEMS)) parsed.push(parseExactly(line));
  } catch {
    return undefined;
  }
  const beginning = await beginningOfList(parsed);
  const text = ((await shown(beginning, mayBePersonal, people)) as unknown[])
    .map((one) => JSON.stringify(one))
    .join('\n');
  const count = beginning.value.length;
  const isAll = !isCut && count === whole.length;
  return { format: 'ndjson', text, ...noteOf(isAll ? undefined : say('first-lines-shown', { count })) };
}

async function shown({ value, values }: Beginning, mayBePersonal: boolean, people?: Mentions): Promise<unknown> {
  const whole = expanded(value, budgetBeside(values));
  await nextTurn();
  // A reply that is only a text is a sentence.
  const name = typeof whole === 'string' ? 'message' : '';
  return shownValue(whole, await showInTurns(leavesOf(whole, name), mayBePersonal, people), name);
}
