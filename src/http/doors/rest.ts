import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Context } from 'hono';
import Type from 'typebox';
import { msToInstant } from '#core/dates';
import { quote } from '#core/explain';
import { type Item, readItem } from '#core/item';
import { OPERATIONS } from '#schemas/operations';
import { closed, oneOf } from '#schemas/parts';
import type { KeyEntry } from '../../config.ts';
import type { ItemResult } from '../../ledger/messages.ts';
import type { Accepted, Submission } from '../../steps/accept/submission.ts';
import { type Keys, requireKey } from '../auth.ts';
import { bodyChunks, readBody } from '../body.ts';
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
} from '../json-body.ts';
import { type Line, linesIn, linesOf } from '../lines.ts';
import { brokenOff, Refusal } from '../problem.ts';
import type { AddRoute } from '../route.ts';
import { inTurns } from '../turns.ts';
import { type DoorMeans, note } from './door.ts';

export type DossierOperation = 'dossier.upsert.v1' | 'dossier.progress.v1';

/** Items of one request; a longer list is refused whole, so that nobody has to guess which part was taken. */
const MAX_ITEMS = 1_000;
/** Lines of a stream that are committed together. */
const STREAM_ITEMS = 500;

const PATHS = [
  { path: 'dossiers', operation: 'dossier.upsert.v1', what: 'dossiers' },
  { path: 'progress', operation: 'dossier.progress.v1', what: 'progress events' },
] as const;

/** `POST /api/v1/parties/{party}/dossiers` and `/progress`: one item, an array, or a stream of lines. */
export function addRestDoor(add: AddRoute, means: DoorMeans & { readonly keys: Keys }): void {
  for (const { path, operation, what } of PATHS) {
    const schema = OPERATIONS[operation];
    add(
      {
        method: 'post',
        path: `/api/v1/parties/{party}/${path}`,
        tag: 'Doors',
        summary: `Push ${what}: one, an array of at most ${MAX_ITEMS}, or a stream of lines`,
        description:
          'Acknowledged when committed. A repeat of the same content is harmless. With `Idempotency-Key` a repeated request gets the same receipt for 7 days. Of an item in a list the first 20 problems are told. Lines of a stream are committed some hundred at a time while the rest is still arriving, and answered when it has ended. One that breaks off is refused with `receipt` and `held`: so many of its first items are held. A reply that breaks off is no complete JSON; all of the stream is held then, and may be sent again.',
        scopes: ['dossier:write'],
        headers: { 'Idempotency-Key': IdempotencyKey },
        problems: ['not-found', 'key-reused', 'too-many'],
        body: {
          'application/json': Type.Union([schema, Type.Array(schema, { maxItems: MAX_ITEMS })]),
          'application/x-ndjson': schema,
        },
        replies: {
          200: { description: 'Several items; or one that was a duplicate or stale', schema: Receipt },
          201: { description: 'One item, accepted', schema: Receipt },
          202: { description: 'One item, quarantined', schema: Receipt },
          422: { description: 'One item, invalid', schema: Receipt },
        },
      },
      (c) => restDoor(c, means, means.keys, operation),
    );
  }
}

const IdempotencyKey = Type.String({
  minLength: 1,
  maxLength: 200,
  description: 'the same key and body get the same receipt for 7 days; the same key with another body is refused',
});

const Told = Type.Array(closed({ path: Type.String({ description: 'JSON Pointer' }), message: Type.String() }));
const Receipt = closed(
  {
    receipt: Type.String({ format: 'uuid' }),
    results: Type.Array(
      closed({
        index: Type.Integer(),
        code: Type.Optional(Type.String()),
        outcome: oneOf(['accepted', 'duplicate', 'stale', 'quarantined', 'invalid']),
        problems: Type.Optional(Told),
        warnings: Type.Optional(Told),
      }),
    ),
  },
  { title: 'Receipt' },
);

async function restDoor(c: Context, means: DoorMeans, keys: Keys, operation: DossierOperation): Promise<Response> {
  note(c, { operation, party: c.req.param('party') ?? '' });
  const key = requireKey(c, keys, 'dossier:write');
  note(c, { keyName: key.id });
  const party = partyOf(c, means, key);
  const mediaType = (c.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const request: Request = { c, means, key, party, operation, mediaType };
  if (mediaType === 'application/x-ndjson')
    return c.req.header('idempotency-key') ? wholeStream(request) : stream(request);
  if (mediaType !== 'application/json')
    throw new Refusal(
      'unsupported-media',
      `got the media type ${quote(mediaType)}, expected application/json or application/x-ndjson`,
    );
  const body = await readBody(c, means.maxBodyBytes);
  note(c, { body });
  return means.largeTurns(body.length, async () => submit(request, body, await readJson(operation, body)));
}

interface Request {
  readonly c: Context;
  readonly means: DoorMeans;
  readonly key: KeyEntry;
  readonly party: string;
  readonly operation: DossierOperation;
  readonly mediaType: string;
}

/** Read a body that was kept: for what waits, and to rebuild the index. */
export async function readKept(
  body: Buffer,
  operation: string,
  mediaType: string | undefined,
): Promise<readonly Item[]> {
  if (mediaType !== 'application/x-ndjson') return (await readJson(operation as DossierOperation, body)).items;
  return inTurns(linesIn(body, MAX_ITEM_BYTES), (line) => readLine(operation as DossierOperation, line));
}

function partyOf(c: Context, means: DoorMeans, key: KeyEntry): string {
  const party = c.req.param('party') ?? '';
  if (!means.parties.has(party)) throw new Refusal('not-found', `there is no party ${quote(party)}`);
  if (key.party !== party)
    throw new Refusal('forbidden', `the key ${key.id} is not a key of the party ${quote(party)}`);
  return party;
}

interface ReadBody {
  readonly items: readonly Item[];
  readonly single: boolean;
}

async function readJson(operation: DossierOperation, body: Buffer): Promise<ReadBody> {
  const list = body.length > SMALL_BYTES ? await parseList(body, MAX_ITEMS) : undefined;
  if (!list && body.length > MAX_ITEM_BYTES) throw notAnArray(body);
  const value = list ?? parseWhole(body);
  if (!Array.isArray(value)) return { items: [readItem(operation, value)], single: true };
  if (value.length > MAX_ITEMS) throw tooMany(value.length, 'send more as application/x-ndjson');
  const items = await inTurns(value, (item) => (item === TOO_LARGE ? tooLarge() : readListed(operation, item)));
  return { items, single: false };
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

async function submit(request: Request, body: Buffer, { items, single }: ReadBody): Promise<Response> {
  const { c, means } = request;
  const key = c.req.header('idempotency-key');
  if (key !== undefined) return submitOnce(request, body, items, single, key);
  return reply(c, await means.pipeline.accept(submissionOf(request, body, items)), single);
}

/** The same key and body get the same receipt, whichever process answers and however often. */
async function submitOnce(
  request: Request,
  body: Buffer,
  items: readonly Item[],
  single: boolean,
  key: string,
): Promise<Response> {
  const { c, means, party, operation } = request;
  if (key.length > 200 || key === '')
    throw new Refusal('bad-request', 'the Idempotency-Key has to have 1 to 200 characters');
  const bodyHash = createHash('sha256').update(`${operation}\n`).update(body).digest();
  const idempotency = { party, key, bodyHash, createdAt: msToInstant(means.nowMs()) };
  const first = await means.pipeline.acceptOnce({ ...submissionOf(request, body, items), idempotency });
  if (first.kind === 'other-body')
    throw new Refusal('key-reused', `the Idempotency-Key ${quote(key)} was used with another body`);
  return reply(c, first, single);
}

function submissionOf(
  { means, key, party, operation, mediaType }: Request,
  body: Buffer,
  items: readonly Item[],
  receipt?: string,
): Submission {
  return {
    ...(receipt !== undefined && { receipt }),
    receivedAt: msToInstant(means.nowMs()),
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

/** Results of a stream that are kept in memory, as JSON; where there are more they are read from the ledger again. */
const MAX_RESULTS_BYTES = 1024 * 1024;

/**
 * Lines are committed some hundred at a time while the rest is still arriving. All is answered when it has arrived: many
 * clients read no answer while they send, and so the status still tells of a stream that broke off. However many lines
 * there are, memory holds one part of them, and of one part what became of it.
 */
async function stream(request: Request): Promise<Response> {
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
    for await (const line of linesOf(bodyChunks(c, means.maxBodyBytes), MAX_ITEM_BYTES)) {
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
/** What stands in the message for a line that was too long to be kept. */
const TOO_LONG = Buffer.from('"(a line of more than 1 MiB)"');

async function wholeStream(request: Request): Promise<Response> {
  const body = await readBody(request.c, request.means.maxBodyBytes);
  const lines: Line[] = [];
  for (const line of linesIn(body, MAX_ITEM_BYTES))
    if (lines.push(line) > MAX_ITEMS)
      throw new Refusal('too-many', `got more than ${MAX_ITEMS} items; without an Idempotency-Key a stream has no end`);
  return request.means.largeTurns(body.length, async () => {
    const items = await inTurns(lines, (line) => readLine(request.operation, line));
    return submit(request, body, { items, single: false });
  });
}

function readLine(operation: DossierOperation, { bytes, tooLong }: Line): Item {
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

const STATUS = { accepted: 201, duplicate: 200, stale: 200, quarantined: 202, invalid: 422 } as const;

function reply(c: Context, { receipt, results }: Accepted, single: boolean): Response {
  const status = single ? STATUS[(results[0] as ItemResult).outcome] : 200;
  return c.body(JSON.stringify({ receipt, results }), status, JSON_BODY);
}

const JSON_BODY = { 'Content-Type': 'application/json' };
