import { Readable } from 'node:stream';
import type { Language } from '#messages/message';
import { say } from '#messages/message';
import { type Line, linesOf } from '../../../concurrency/lines.ts';
import { mapYielding } from '../../../concurrency/yielding.ts';
import type { ItemResult } from '../../../ledger/messages.ts';
import type { Load } from '../../bodies.ts';
import { bodyChunks } from '../../body.ts';
import { MAX_ITEM_BYTES } from '../../json-body.ts';
import { inLanguage, languageOf } from '../../language.ts';
import { brokenOff, Refusal } from '../../problem.ts';
import { JSON_BODY, type Request, readLine, submissionOf, TOO_LONG } from './request.ts';

/** The number of lines in one commit. */
const STREAM_ITEMS = 500;

/** The memory limit for the results of a stream, as JSON. Beyond it, the ledger is read again. */
const MAX_RESULTS_BYTES = 1024 * 1024;

/** The limit of invalid lines in a row. 300,000 of them took 17 s. */
const MAX_INVALID = 5_000;

/** The overhead of a line in memory. */
const LINE_BYTES = 100;

/**
 * Receives a stream of lines, and commits a few hundred at a time while the rest arrives.
 *
 * The answer comes at the end: many clients do not read while they send, and so the status can still report a
 * stream that broke off. Memory holds one part of the lines and one part of the results.
 */
export function stream(request: Request): Promise<Response> {
  return request.hub.bodies.ofKey(request.key.id, (load) => streamHeld(request, load));
}

async function streamHeld(request: Request, load: Load): Promise<Response> {
  const { c, hub } = request;
  const decided = createDecided(request, load);
  let part: Line[] = [];
  let partBytes = 0;
  const commit = async (): Promise<void> => {
    await decided.commit(part);
    load.release(partBytes + part.length * LINE_BYTES);
    part = [];
    partBytes = 0;
  };
  try {
    for await (const line of linesOf(bodyChunks(c, hub.maxBodyBytes, hub.leaving, load), MAX_ITEM_BYTES, load)) {
      load.hold(line.bytes.length + LINE_BYTES);
      part.push(line);
      partBytes += line.bytes.length;
      if (part.length >= STREAM_ITEMS || partBytes > MAX_ITEM_BYTES) await commit();
    }
    if (part.length > 0 || decided.held() === 0) await commit();
  } catch (error) {
    const receipt = decided.receipt();
    throw receipt === undefined ? error : brokenOff(error, decided.held(), receipt);
  }
  const receipt = decided.receipt() as string;
  const parts = decided.results() ?? resultsFrom(hub.ledger.resultsOf(receipt), languageOf(c));
  return c.body(streamOf(receipt, parts), 200, JSON_BODY);
}

/** The results of a stream so far. */
interface Decided {
  /** @throws Refusal 422 once too many lines in a row are invalid. These lines are stored too. */
  commit(part: readonly Line[]): Promise<void>;
  receipt(): string | undefined;
  /** The number of items. */
  held(): number;
  /** Undefined when there are too many results for memory. */
  results(): readonly string[] | undefined;
}

function createDecided(request: Request, load: Load): Decided {
  const { c, hub, readValue } = request;
  const language = languageOf(c);
  let receipt: string | undefined;
  let held = 0;
  let invalidInRow = 0;
  let results: string[] | undefined = [];
  let resultsBytes = 0;

  function keep(json: string): void {
    if (results === undefined || json === '') return;
    resultsBytes += json.length;
    if (resultsBytes <= MAX_RESULTS_BYTES) {
      load.hold(json.length);
      results.push(json);
      return;
    }
    load.release(resultsBytes - json.length);
    results = undefined;
  }

  return {
    async commit(part) {
      const items = await mapYielding(part, (line) => readLine(readValue, line));
      const body = Buffer.concat(part.flatMap(({ bytes, tooLong }) => [tooLong ? TOO_LONG : bytes, NEWLINE]));
      const accepted = await hub.pipeline.accept(submissionOf(request, body, items, receipt));
      receipt = accepted.receipt;
      const json = written(inLanguage(language, accepted.results), held);
      held += accepted.results.length;
      keep(json);
      for (const { outcome } of accepted.results) {
        invalidInRow = outcome === 'invalid' ? invalidInRow + 1 : 0;
        if (invalidInRow >= MAX_INVALID) throw tooManyInvalid();
      }
    },
    receipt: () => receipt,
    held: () => held,
    results: () => results,
  };
}

function tooManyInvalid(): Refusal {
  return new Refusal('invalid', say('invalid-lines-in-a-row', { count: MAX_INVALID }));
}

/** The results of items, as members of a list that begins at number `from`. */
function written(results: readonly ItemResult[], from: number): string {
  return results.map((result) => JSON.stringify({ ...result, index: from + result.index })).join(',');
}

async function* resultsFrom(parts: AsyncIterable<readonly ItemResult[]>, language: Language): AsyncGenerator<string> {
  let count = 0;
  for await (const results of parts) {
    yield written(inLanguage(language, results), count);
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
