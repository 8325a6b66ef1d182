import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import { msToInstant } from '#core/dates';
import { quote } from '#core/explain';
import { type Item, readItem } from '#core/item';
import type { KeyEntry } from '../../config.ts';
import { uuidv7 } from '../../database/uuid.ts';
import type { ItemResult } from '../../ledger/messages.ts';
import type { Submission } from '../../steps/accept.ts';
import { type Keys, requireKey } from '../auth.ts';
import { bodyChunks, readBody } from '../body.ts';
import { linesOf, sliceArray } from '../json-items.ts';
import { Refusal } from '../problem.ts';
import { type DoorMeans, note } from './door.ts';

export type DossierOperation = 'dossier.upsert.v1' | 'dossier.progress.v1';

/** Items of one request; a longer list is refused whole, so that nobody has to guess which part was taken. */
const MAX_ITEMS = 1_000;
const MAX_ITEM_BYTES = 1024 * 1024;
/** Lines of a stream that are committed together. */
const STREAM_ITEMS = 500;
/** What is smaller is parsed in one go: it takes a few milliseconds. */
const SMALL_BYTES = 256 * 1024;
/** How long items are worked on before other requests get their turn. */
const TURN_MS = 8;

/** `POST /api/v1/parties/{party}/dossiers` and `/progress`: one item, an array, or a stream of lines. */
export async function restDoor(c: Context, means: DoorMeans, keys: Keys, operation: DossierOperation): Promise<Response> {
  note(c, { operation, party: c.req.param('party') ?? '' });
  const key = requireKey(c, keys, 'dossier:write');
  note(c, { keyName: key.id });
  const party = partyOf(c, means, key);
  const mediaType = (c.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const request: Request = { c, means, key, party, operation, mediaType };
  if (mediaType === 'application/x-ndjson') return c.req.header('idempotency-key') ? wholeStream(request) : stream(request);
  if (mediaType !== 'application/json')
    throw new Refusal('unsupported-media', `got the media type ${quote(mediaType)}, expected application/json or application/x-ndjson`);
  const body = await readBody(c, means.maxBodyBytes);
  note(c, { body });
  return submit(request, body, await readJson(operation, body));
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
export function readKept(body: Buffer, operation: string, mediaType: string | undefined): readonly Item[] {
  if (mediaType === 'application/x-ndjson') return body.toString().split('\n').filter((line) => line.trim() !== '').map((line) => readLine(operation as DossierOperation, Buffer.from(line)));
  const value: unknown = JSON.parse(body.toString());
  return (Array.isArray(value) ? value : [value]).map((item) => readItem(operation as DossierOperation, item));
}

function partyOf(c: Context, means: DoorMeans, key: KeyEntry): string {
  const party = c.req.param('party') ?? '';
  if (!means.parties.has(party)) throw new Refusal('not-found', `there is no party ${quote(party)}`);
  if (key.party !== party) throw new Refusal('forbidden', `the key ${key.id} is not a key of the party ${quote(party)}`);
  return party;
}

interface ReadBody {
  readonly items: readonly Item[];
  readonly single: boolean;
}

async function readJson(operation: DossierOperation, body: Buffer): Promise<ReadBody> {
  if (body.length > SMALL_BYTES) return readLargeJson(operation, body);
  const value = parse(body);
  if (!Array.isArray(value)) return { items: [readItem(operation, value)], single: true };
  if (value.length > MAX_ITEMS) throw tooMany(value.length);
  return { items: await inTurns(value, (item) => readItem(operation, item)), single: false };
}

async function readLargeJson(operation: DossierOperation, body: Buffer): Promise<ReadBody> {
  const slices = await sliceArray(body, nextTurn);
  if (!slices) {
    if (body.length > MAX_ITEM_BYTES) throw notAnArray(body);
    return { items: [readItem(operation, parse(body))], single: true };
  }
  if (slices.length > MAX_ITEMS) throw tooMany(slices.length);
  // All is parsed before any is taken: a body that is not JSON at its end is not JSON.
  const values = await inTurns(slices, ({ start, end }) => (end - start > MAX_ITEM_BYTES ? tooLong() : { value: parse(body.subarray(start, end)) }));
  return { items: await inTurns(values, (read) => ('value' in read ? readItem(operation, read.value) : read)), single: false };
}

function notAnArray(body: Buffer): Refusal {
  const object = /^\s*\{/.test(body.subarray(0, 100).toString());
  return object
    ? new Refusal('too-large', `one dossier of ${body.length} bytes is larger than ${MAX_ITEM_BYTES} bytes`)
    : new Refusal('not-json', 'the body is not valid JSON: expected one object or one array of objects');
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (error) {
    throw new Refusal('not-json', `the body is not valid JSON: ${reasonOf(error as Error)}`);
  }
}

/** Wrong bytes are refused: replaced by U+FFFD they would be lost. A byte order mark is passed over. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** V8 quotes a piece of the body in its message; the piece may be personal. */
function reasonOf(error: Error): string {
  if (error instanceof TypeError) return 'it is not UTF-8';
  return /position \d+/.exec(error.message)?.[0] ?? 'it ends too early';
}

function tooMany(count: number): Refusal {
  return new Refusal('too-many', `got ${count} items, expected at most ${MAX_ITEMS}; send more as application/x-ndjson`);
}

function tooLong(): Item {
  return { kind: 'invalid', problems: [{ path: '', message: `the item is larger than ${MAX_ITEM_BYTES} bytes` }] };
}

async function submit(request: Request, body: Buffer, { items, single }: ReadBody): Promise<Response> {
  const { c, means } = request;
  const id = uuidv7(means.nowMs());
  const key = c.req.header('idempotency-key');
  if (key !== undefined) return submitOnce(request, body, items, single, id, key);
  const results = await means.pipeline.accept(submissionOf(request, id, id, body, items));
  return reply(c, id, results, single);
}

/** The same key and body get the same receipt, whichever process answers and however often. */
async function submitOnce(request: Request, body: Buffer, items: readonly Item[], single: boolean, id: string, key: string): Promise<Response> {
  const { c, means, party, operation } = request;
  if (key.length > 200 || key === '') throw new Refusal('bad-request', 'the Idempotency-Key has to have 1 to 200 characters');
  const bodyHash = createHash('sha256').update(`${operation}\n`).update(body).digest();
  const idempotency = { party, key, bodyHash, receipt: id, createdAt: msToInstant(means.nowMs()) };
  const first = await means.pipeline.acceptOnce({ ...submissionOf(request, id, id, body, items), idempotency });
  if (first.kind === 'other-body') throw new Refusal('key-reused', `the Idempotency-Key ${quote(key)} was used with another body`);
  return reply(c, first.receipt, first.results, single);
}

function submissionOf({ means, key, party, operation, mediaType }: Request, id: string, receipt: string, body: Buffer, items: readonly Item[]): Submission {
  return {
    id,
    receipt,
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

/** Lines are committed some hundred at a time while the rest is still arriving. */
async function stream(request: Request): Promise<Response> {
  const { c, means, operation } = request;
  const receipt = uuidv7(means.nowMs());
  const results: ItemResult[] = [];
  let part: Buffer[] = [];
  let partBytes = 0;
  const commit = async (): Promise<void> => {
    const items = await inTurns(part, (line) => readLine(operation, line));
    const id = results.length === 0 ? receipt : uuidv7(means.nowMs());
    const body = Buffer.concat(part.flatMap((line) => [line, NEWLINE]));
    const before = results.length;
    for (const result of await means.pipeline.accept(submissionOf(request, id, receipt, body, items))) results.push({ ...result, index: before + result.index });
    part = [];
    partBytes = 0;
  };
  for await (const { line, tooLong: cut } of linesOf(bodyChunks(c), MAX_ITEM_BYTES)) {
    const trimmed = trim(line);
    if (trimmed.length === 0) continue;
    part.push(cut ? TOO_LONG : trimmed);
    partBytes += trimmed.length;
    if (part.length >= STREAM_ITEMS || partBytes > MAX_ITEM_BYTES) await commit();
  }
  if (part.length > 0 || results.length === 0) await commit();
  return reply(c, receipt, results, false);
}

const NEWLINE = Buffer.from('\n');
/** What stands in the message for a line that was too long to be kept. */
const TOO_LONG = Buffer.from('"(a line of more than 1 MiB)"');

async function wholeStream(request: Request): Promise<Response> {
  const body = await readBody(request.c, request.means.maxBodyBytes);
  const lines = body.toString().split('\n').filter((line) => line.trim() !== '');
  if (lines.length > MAX_ITEMS) throw new Refusal('too-many', `got ${lines.length} lines, expected at most ${MAX_ITEMS} together with an Idempotency-Key`);
  const items = await inTurns(lines, (line) => readLine(request.operation, Buffer.from(line)));
  return submit(request, body, { items, single: false });
}

function readLine(operation: DossierOperation, line: Buffer): Item {
  if (line === TOO_LONG || line.equals(TOO_LONG)) return tooLong();
  try {
    return readItem(operation, JSON.parse(utf8.decode(line)));
  } catch (error) {
    return { kind: 'invalid', problems: [{ path: '', message: `the line is not valid JSON: ${reasonOf(error as Error)}` }] };
  }
}

function trim(line: Buffer): Buffer {
  let end = line.length;
  while (end > 0 && (line[end - 1] as number) <= 0x20) end--;
  return line.subarray(0, end);
}

const STATUS = { accepted: 201, duplicate: 200, stale: 200, quarantined: 202, invalid: 422 } as const;

function reply(c: Context, receipt: string, results: readonly ItemResult[], single: boolean): Response {
  const status = single ? STATUS[(results[0] as ItemResult).outcome] : 200;
  return c.body(JSON.stringify({ receipt, results }), status, { 'Content-Type': 'application/json' });
}

/** Work on many things without keeping other requests waiting for more than a few milliseconds. */
async function inTurns<In, Out>(inputs: readonly In[], work: (input: In) => Out): Promise<Out[]> {
  const outs: Out[] = [];
  let began = performance.now();
  for (const input of inputs) {
    outs.push(work(input));
    if (performance.now() - began > TURN_MS) {
      await nextTurn();
      began = performance.now();
    }
  }
  return outs;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
