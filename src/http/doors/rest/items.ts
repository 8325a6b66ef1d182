import { type Item, readItem } from '#core/dossier/item';
import { type Line, linesIn } from '../../../concurrency/lines.ts';
import { mapYielding } from '../../../concurrency/yielding.ts';
import {
  decode,
  MAX_ITEM_BYTES,
  notOne,
  parseList,
  parseWhole,
  SMALL_BYTES,
  TOO_LARGE,
  tooLarge,
  whyNot,
} from '../../json-body.ts';
import { Refusal } from '../../problem.ts';

export type DossierOperation = 'dossier.upsert.v1' | 'dossier.progress.v1';

/** Items of one request; a longer list is refused whole, so that nobody has to guess which part was taken. */
export const MAX_ITEMS = 1_000;
export interface ReadBody {
  readonly items: readonly Item[];
  readonly single: boolean;
}

/** @throws Refusal 400 for what is not JSON, 413 for more than 1,000 items or one that is too large */
export async function readJson(operation: DossierOperation, body: Buffer): Promise<ReadBody> {
  const read = (item: unknown): Item => (item === TOO_LARGE ? tooLarge() : readListed(operation, item));
  const list = body.length > SMALL_BYTES ? await parseList(body, MAX_ITEMS, read) : undefined;
  if (list) return { items: list, single: false };
  if (body.length > MAX_ITEM_BYTES) throw notAnArray(body);
  const value = parseWhole(body);
  if (!Array.isArray(value)) return { items: [readItem(operation, value)], single: true };
  if (value.length > MAX_ITEMS) throw tooMany(value.length, 'send more as application/x-ndjson');
  return { items: await mapYielding(value, read), single: false };
}

/** Problems that are told of one item of a list: with all of them the answer could be many times what was sent. */
const MAX_PROBLEMS = 20;

function readListed(operation: DossierOperation, value: unknown): Item {
  const item = readItem(operation, value);
  if (item.kind !== 'invalid' || item.problems.length <= MAX_PROBLEMS) return item;
  const more = { path: '', message: `${item.problems.length - MAX_PROBLEMS} more problems are not told` };
  return { ...item, problems: [...item.problems.slice(0, MAX_PROBLEMS), more] };
}

function notAnArray(body: Buffer): Refusal {
  if (!/^\s*\{/.test(body.subarray(0, 100).toString())) return notOne('object or one array of objects');
  return new Refusal('too-large', `one item of ${body.length} bytes is larger than ${MAX_ITEM_BYTES} bytes`);
}

function tooMany(count: number, instead: string): Refusal {
  return new Refusal('too-many', `got ${count} items, expected at most ${MAX_ITEMS}; ${instead}`);
}

/** Read a body that was kept: for what waits, and to rebuild the index. */
export async function readKept(
  body: Buffer,
  operation: string,
  mediaType: string | undefined,
): Promise<readonly Item[]> {
  if (mediaType !== 'application/x-ndjson') return (await readJson(operation as DossierOperation, body)).items;
  return mapYielding(linesIn(body, MAX_ITEM_BYTES), (line) => readLine(operation as DossierOperation, line));
}

/** One line of a stream; what is wrong with it is its own. */
export function readLine(operation: DossierOperation, { bytes, tooLong }: Line): Item {
  if (tooLong || bytes.equals(TOO_LONG)) return tooLarge();
  try {
    return readListed(operation, JSON.parse(decode(bytes)));
  } catch (error) {
    return {
      kind: 'invalid',
      problems: [{ path: '', message: `the line is not valid JSON: ${whyNot(error as Error)}` }],
    };
  }
}

/** What stands in the message for a line that was too long to be kept. */
export const TOO_LONG = Buffer.from('"(a line of more than 1 MiB)"');
