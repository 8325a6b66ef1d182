import { createHash } from 'node:crypto';
import { msToInstant } from '#core/dates';
import type { Item } from '#core/item';
import { type DossierOperation, readKept } from '../../http/doors/rest/items.ts';
import type { ItemResult } from '../../ledger/messages.ts';
import type { KeyedSubmission, Pipeline } from '../../pipeline.ts';
import type { ExaminedFile } from './examine-file.ts';
import type { FileItem } from './file-item.ts';
import { openFile } from './file-items.ts';

export const OUTCOMES = ['accepted', 'duplicate', 'stale', 'quarantined', 'invalid'] as const;
export type Tally = Record<(typeof OUTCOMES)[number], number>;

/** An item that is not applied, with where it stands in its file. */
export interface Told extends Pick<ItemResult, 'code' | 'outcome' | 'problems'> {
  readonly file: string;
  readonly line: number;
}

export interface LoadMeans {
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
export async function loadFile(means: LoadMeans, file: ExaminedFile): Promise<Tally> {
  const tally: Tally = { accepted: 0, duplicate: 0, stale: 0, quarantined: 0, invalid: 0 };
  const { items, bytesRead } = openFile(file, means.operation);
  let place = 0;
  for await (const batch of batchesOf(items)) {
    const results = await take(means, file, place++, batch);
    for (const [at, { code, outcome, problems }] of results.entries()) {
      tally[outcome]++;
      if (outcome !== 'quarantined' && outcome !== 'invalid') continue;
      const { line } = batch[at] as FileItem;
      means.tell({ file: file.path, line, ...(code && { code }), outcome, ...(problems && { problems }) });
    }
    means.onProgress(bytesRead());
  }
  return tally;
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
  { pipeline, party, operation, nowMs }: LoadMeans,
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
  return batch.map(({ problem }, at) =>
    problem === undefined ? (read[at] as Item) : { kind: 'invalid', problems: [{ path: '', message: problem }] },
  );
}
