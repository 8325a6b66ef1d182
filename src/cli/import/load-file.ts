import { createHash } from 'node:crypto';
import { msToInstant } from '#core/dates/dates';
import type { Item } from '#core/dossier/item';
import { maskedMembers } from '#core/masking/masking';
import type { Problem } from '#core/problem';
import type { KeyedSubmission } from '../../accept/once.ts';
import { type DossierOperation, readKept } from '../../http/doors/rest/items.ts';
import type { ItemResult } from '../../ledger/messages.ts';
import type { Pipeline } from '../../pipeline.ts';
import { UsageError } from '../run-command.ts';
import type { ExaminedFile } from './examine-file.ts';
import type { FileItem } from './file-item.ts';
import { openFile } from './file-items.ts';

export const OUTCOMES = ['accepted', 'duplicate', 'stale', 'quarantined', 'invalid'] as const;
/** Items by what became of them; with warnings are some of those that are held. */
export type Tally = Record<(typeof OUTCOMES)[number] | 'withWarnings', number>;

/** An item that is not applied, or is so with warnings, and where it stands in its file. */
export interface Told extends Pick<ItemResult, 'code' | 'outcome' | 'problems' | 'warnings'> {
  readonly file: string;
  readonly line: number;
}

export interface LoadOptions {
  readonly pipeline: Pick<Pipeline, 'acceptOnce'>;
  readonly party: string;
  readonly operation: DossierOperation;
  readonly nowMs: () => number;
  readonly tell: (told: Told) => void;
  /** Bytes of the file that were read. */
  readonly onProgress: (bytes: number) => void;
}

/** Items of one message, and their bytes at the most (but for one item). */
const BATCH_ITEMS = 500;
const BATCH_BYTES = 4 * 1024 * 1024;

/**
 * Take a file's items in as a push by the party, some hundred a message, in their order. Each message has a key of the
 * file's content and its place in it: begun again after a kill, the file loses and doubles nothing, and what was taken
 * before is told as it was then (for seven days, as with any Idempotency-Key; later a repeat is a duplicate).
 *
 * @throws when a message could not be kept; all before it are
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

/** Whether there is no item in a file, before anything is taken. @throws UsageError where its first row is none */
export async function isEmpty(file: ExaminedFile, operation: DossierOperation): Promise<boolean> {
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
  { pipeline, party, operation, nowMs }: LoadOptions,
  { sha256, format }: ExaminedFile,
  place: number,
  batch: readonly FileItem[],
): Promise<readonly ItemResult[]> {
  const body = Buffer.concat(batch.flatMap(({ json }) => [json, NEWLINE]));
  const receivedAt = msToInstant(nowMs());
  const submission: KeyedSubmission = {
    ...{ receivedAt, party, door: 'import', operation, keyName: undefined, mediaType: 'application/x-ndjson' },
    ...{ body, bodyBytes: body.length, items: await itemsOf(batch, body, operation) },
    idempotency: {
      party,
      key: `import:${operation}:${format}:${sha256}:${place}`,
      bodyHash: createHash('sha256').update(body).digest(),
      createdAt: receivedAt,
    },
  };
  const once = await pipeline.acceptOnce(submission);
  if (once.kind === 'done') return once.results;
  throw new Error('this file was taken in by another version of this command, which cut it otherwise');
}

const NEWLINE = Buffer.from('\n');

/** Read as the kept message is read again; what is wrong with the file is told in its own words. */
async function itemsOf(
  batch: readonly FileItem[],
  body: Buffer,
  operation: DossierOperation,
): Promise<readonly Item[]> {
  const read = await readKept(body, operation, 'application/x-ndjson');
  return batch.map(({ problem, json }, at) => {
    if (problem !== undefined) return { kind: 'invalid', problems: [{ path: '', message: problem }] };
    const item = read[at] as Item;
    const masked = maskedIn(json);
    return masked.length === 0 ? item : { kind: 'invalid', problems: masked, ...codeOf(item) };
  });
}

/**
 * What `export` has masked: taken in, it would stand in the place of what people are called. Here and not at the doors,
 * where a partner may have nothing else to tell of people than what it masked itself.
 */
function maskedIn(json: Buffer): readonly Problem[] {
  if (!json.includes('*')) return [];
  const applicant = applicantOf(json);
  if (typeof applicant !== 'object' || applicant === null) return [];
  return maskedMembers(applicant as Readonly<Record<string, unknown>>).map((member) => ({
    path: `/applicant/${member}`,
    message: 'is masked, as export writes it without --personal; expected the value in full, as with --personal --why',
  }));
}

/** Of an item that may be no JSON, or not of an object. */
function applicantOf(json: Buffer): unknown {
  try {
    return (JSON.parse(json.toString()) as { applicant?: unknown } | null)?.applicant;
  } catch {
    return undefined;
  }
}

function codeOf(item: Item): { code?: string } {
  const code = item.kind === 'record' ? (item.record as { code?: string }).code : item.code;
  return code === undefined ? {} : { code };
}
