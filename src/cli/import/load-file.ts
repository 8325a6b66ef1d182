import { createHash } from 'node:crypto';
import { msToInstant } from '#core/dates/dates';
import type { Item } from '#core/dossier/item';
import { hasMask, maskedMembers } from '#core/masking/masking';
import { type Problem, problem as problemOf } from '#core/problem';
import type { Kinds } from '#core/records/kinds';
import type { Operation } from '#schemas/operations';
import type { KeyedSubmission } from '../../accept/once.ts';
import { readerOf, readKept } from '../../http/doors/rest/request.ts';
import type { ItemResult } from '../../ledger/messages.ts';
import type { Pipeline } from '../../pipeline.ts';
import { UsageError } from '../run-command.ts';
import type { ExaminedFile } from './examine-file.ts';
import type { FileItem } from './file-item.ts';
import { openFile } from './file-items.ts';

export const OUTCOMES = ['accepted', 'duplicate', 'stale', 'quarantined', 'invalid'] as const;
/** Counts of items by outcome; those with warnings are among the stored ones. */
export type Tally = Record<(typeof OUTCOMES)[number] | 'withWarnings', number>;

/** An item that was not applied or has warnings, with its place in the file. */
export interface Told extends Pick<ItemResult, 'code' | 'outcome' | 'problems' | 'warnings'> {
  readonly file: string;
  readonly line: number;
}

export interface LoadOptions {
  readonly pipeline: Pick<Pipeline, 'acceptOnce'>;
  readonly kinds: Kinds;
  readonly party: string;
  readonly operation: Operation;
  readonly nowMs: () => number;
  readonly tell: (told: Told) => void;
  /** Called with the number of bytes read. */
  readonly onProgress: (bytes: number) => void;
}

/** Limits of one message: items, and bytes (except for a single larger item). */
const BATCH_ITEMS = 500;
const BATCH_BYTES = 4 * 1024 * 1024;

/**
 * Imports a file's items as pushes by the party, up to 500 in a message, in their order. Each message has a key of the
 * file's content and its position. So a repeated run after a kill loses and doubles nothing, and reports earlier results as
 * they were (for seven days, as with any Idempotency-Key; later a repeat is a duplicate).
 * @throws when a message could not be stored; all earlier ones are
 */
export async function loadFile(options: LoadOptions, file: ExaminedFile): Promise<Tally> {
  const tally: Tally = { accepted: 0, duplicate: 0, stale: 0, quarantined: 0, invalid: 0, withWarnings: 0 };
  const { items, bytesRead } = openFile(file, options.operation);
  let place = 0;
  for await (const batch of batchesOf(items)) {
    const results = await take(options, file, place++, batch);
    for (const [at, { index: _, ...result }] of results.entries()) {
      tally[result.outcome]++;
      if (result.warnings) tally.withWarnings++;
      else if (isApplied(result)) continue;
      options.tell({ file: file.path, line: (batch[at] as FileItem).line, ...result });
    }
    options.onProgress(bytesRead());
  }
  return tally;
}

export function isApplied({ outcome }: Pick<ItemResult, 'outcome'>): boolean {
  return outcome !== 'quarantined' && outcome !== 'invalid';
}

/**
 * Whether a file holds no item; checked before anything is imported.
 * @throws UsageError when its first row is unusable
 */
export async function isEmpty(file: ExaminedFile, operation: Operation): Promise<boolean> {
  const { items, close } = openFile(file, operation);
  try {
    for await (const _ of items) return false;
    return true;
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`${file.path}: ${error.message}`) : error;
  } finally {
    close();
  }
}

async function* batchesOf(items: AsyncIterable<FileItem>): AsyncGenerator<readonly FileItem[]> {
  let batch: FileItem[] = [];
  let bytes = 0;
  for await (const item of items) {
    if (batch.length === BATCH_ITEMS || (batch.length > 0 && bytes + item.json.length > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += item.json.length;
  }
  if (batch.length > 0) yield batch;
}

async function take(
  { pipeline, kinds, party, operation, nowMs }: LoadOptions,
  { sha256, format }: ExaminedFile,
  place: number,
  batch: readonly FileItem[],
): Promise<readonly ItemResult[]> {
  const body = Buffer.concat(batch.flatMap(({ json }) => [json, NEWLINE]));
  const receivedAt = msToInstant(nowMs());
  const submission: KeyedSubmission = {
    receivedAt,
    party,
    door: 'import',
    operation,
    keyName: undefined,
    mediaType: 'application/x-ndjson',
    body,
    bodyBytes: body.length,
    items: await itemsOf(kinds, batch, body, operation),
    idempotency: {
      party,
      key: `import:${operation}:${format}:${sha256}:${place}`,
      bodyHash: createHash('sha256').update(body).digest(),
      createdAt: receivedAt,
    },
  };
  const once = await pipeline.acceptOnce(submission);
  if (once.kind === 'done') return once.results;
  throw new Error(
    'another version of this command imported this file, and cut it differently: add an empty line at its end and import it again, items that arrived already are duplicates',
  );
}

const NEWLINE = Buffer.from('\n');

/** Reads items as the stored message will be read again. Faults of the file are reported in the file's own terms. */
async function itemsOf(
  kinds: Kinds,
  batch: readonly FileItem[],
  body: Buffer,
  operation: Operation,
): Promise<readonly Item[]> {
  const read = await readKept(readerOf(kinds, operation), body, 'application/x-ndjson');
  const people = kinds.of(operation)?.people ?? ['applicant'];
  return batch.map(({ problem, json }, at) => {
    if (problem !== undefined) return { kind: 'invalid', problems: [problemOf('', 'quoted-text', { said: problem })] };
    const item = read[at] as Item;
    const masked = maskedIn(json, people);
    return masked.length === 0 ? item : { kind: 'invalid', problems: masked, ...codeOf(item) };
  });
}

/**
 * Values masked by `export`. Imported, they would replace real names. Checked here and not at the doors, where a partner may
 * only have data that it masked itself.
 */
function maskedIn(json: Buffer, people: readonly string[]): readonly Problem[] {
  const record = json.includes('*') ? membersOf(json) : {};
  return Object.entries(record).flatMap(([name, value]) => {
    const isPerson = people.includes(name) && typeof value === 'object' && value !== null;
    const masked = isPerson ? maskedMembers(value as Members).map((member) => `/${name}/${member}`) : [];
    return (isPerson ? masked : maskedTexts(value, `/${name}`)).map((path) => problemOf(path, 'masked-value'));
  });
}

type Members = Readonly<Record<string, unknown>>;

/** The paths of texts with a mask. */
function maskedTexts(value: unknown, path: string): readonly string[] {
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, one]) => maskedTexts(one, `${path}/${name}`));
  return typeof value === 'string' && hasMask(value) ? [path] : [];
}

/** Nothing of an item that is invalid JSON or no object. */
function membersOf(json: Buffer): Members {
  try {
    const value: unknown = JSON.parse(json.toString());
    return typeof value === 'object' && value !== null ? (value as Members) : {};
  } catch {
    return {};
  }
}

function codeOf(item: Item): { code?: string } {
  const code = item.kind === 'record' ? (item.record as { code?: string }).code : item.code;
  return code === undefined ? {} : { code };
}
