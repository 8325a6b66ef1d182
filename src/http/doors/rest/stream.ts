import { Readable } from 'node:stream';
import type { ItemResult } from '../../../ledger/messages.ts';
import { inTurns } from '../../../turns.ts';
import { bodyChunks } from '../../body.ts';
import { MAX_ITEM_BYTES } from '../../json-body.ts';
import { type Line, linesOf } from '../../lines.ts';
import { brokenOff } from '../../problem.ts';
import { readLine, TOO_LONG } from './items.ts';
import { JSON_BODY, type Request, submissionOf } from './request.ts';

/** Lines of a stream that are committed together. */
const STREAM_ITEMS = 500;

/** Results of a stream that are kept in memory, as JSON; where there are more they are read from the ledger again. */
const MAX_RESULTS_BYTES = 1024 * 1024;

/**
 * Lines are committed some hundred at a time while the rest is still arriving. All is answered when it has arrived: many
 * clients read no answer while they send, and so the status still tells of a stream that broke off. However many lines
 * there are, memory holds one part of them, and of one part what became of it.
 */
export async function stream(request: Request): Promise<Response> {
  const { c, means, operation } = request;
  let receipt: string | undefined;
  let held = 0;
  let results: string[] | undefined = [];
  let resultsBytes = 0;
  let part: Line[] = [];
  let partBytes = 0;
  const commit = async (): Promise<void> => {
    const items = await inTurns(part, (line) => readLine(operation, line));
    const body = Buffer.concat(part.flatMap(({ bytes, tooLong }) => [tooLong ? TOO_LONG : bytes, NEWLINE]));
    const accepted = await means.pipeline.accept(submissionOf(request, body, items, receipt));
    receipt = accepted.receipt;
    const json = written(accepted.results, held);
    held += accepted.results.length;
    resultsBytes += json.length;
    if (resultsBytes > MAX_RESULTS_BYTES) results = undefined;
    if (json !== '') results?.push(json);
    part = [];
    partBytes = 0;
  };
  try {
    for await (const line of linesOf(bodyChunks(c, means.maxBodyBytes, means.leaving), MAX_ITEM_BYTES)) {
      part.push(line);
      partBytes += line.bytes.length;
      if (part.length >= STREAM_ITEMS || partBytes > MAX_ITEM_BYTES) await commit();
    }
    if (part.length > 0 || held === 0) await commit();
  } catch (error) {
    throw receipt === undefined ? error : brokenOff(error, held, receipt);
  }
  const parts = results ?? resultsFrom(means.ledger.resultsOf(receipt as string));
  return c.body(streamOf(receipt as string, parts), 200, JSON_BODY);
}

/** What became of items, as the members of a list; the first of them is the `from`th of all. */
function written(results: readonly ItemResult[], from: number): string {
  return results.map((result) => JSON.stringify({ ...result, index: from + result.index })).join(',');
}

async function* resultsFrom(parts: AsyncIterable<readonly ItemResult[]>): AsyncGenerator<string> {
  let count = 0;
  for await (const results of parts) {
    yield written(results, count);
    count += results.length;
  }
}

/** The reply, part by part, as fast as the client reads it. */
function streamOf(receipt: string, parts: Iterable<string> | AsyncIterable<string>): ReadableStream<Uint8Array> {
  async function* whole(): AsyncGenerator<Buffer> {
    let before = `{"receipt":${JSON.stringify(receipt)},"results":[`;
    for await (const part of parts) {
      yield Buffer.from(`${before}${part}`);
      before = ',';
    }
    yield Buffer.from(before === ',' ? ']}' : `${before}]}`);
  }
  return Readable.toWeb(Readable.from(whole(), { objectMode: false })) as ReadableStream<Uint8Array>;
}

const NEWLINE = Buffer.from('\n');
