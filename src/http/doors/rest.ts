import { createHash } from 'node:crypto';
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
import { linesOf } from '../json-items.ts';
import { Refusal } from '../problem.ts';
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
          'Acknowledged when committed. A repeat of the same content is harmless. With `Idempotency-Key` a repeated request gets the same receipt for 7 days. Lines of a stream are committed some hundred at a time while the rest is still arriving.',
        scopes: ['dossier:write'],
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
  if (mediaType === 'application/x-ndjson')
    return body
      .toString()
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => readLine(operation as DossierOperation, Buffer.from(line)));
  const value: unknown = JSON.parse(body.toString());
  return (Array.isArray(value) ? value : [value]).map((item) => readItem(operation as DossierOperation, item));
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
  const items = await inTurns(value, (item) => (item === TOO_LARGE ? tooLarge() : readItem(operation, item)));
  return { items, single: false };
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

/** Lines are committed some hundred at a time while the rest is still arriving. */
async function stream(request: Request): Promise<Response> {
  const { c, means, operation } = request;
  let receipt: string | undefined;
  const results: ItemResult[] = [];
  let part: Buffer[] = [];
  let partBytes = 0;
  const commit = async (): Promise<void> => {
    const items = await inTurns(part, (line) => readLine(operation, line));
    const body = Buffer.concat(part.flatMap((line) => [line, NEWLINE]));
    const before = results.length;
    const accepted = await means.pipeline.accept(submissionOf(request, body, items, receipt));
    receipt = accepted.receipt;
    for (const result of accepted.results) results.push({ ...result, index: before + result.index });
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
  return reply(c, { receipt: receipt as string, results }, false);
}

const NEWLINE = Buffer.from('\n');
/** What stands in the message for a line that was too long to be kept. */
const TOO_LONG = Buffer.from('"(a line of more than 1 MiB)"');

async function wholeStream(request: Request): Promise<Response> {
  const body = await readBody(request.c, request.means.maxBodyBytes);
  const lines = body
    .toString()
    .split('\n')
    .filter((line) => line.trim() !== '');
  if (lines.length > MAX_ITEMS) throw tooMany(lines.length, 'without an Idempotency-Key a stream has no end');
  const items = await inTurns(lines, (line) => readLine(request.operation, Buffer.from(line)));
  return submit(request, body, { items, single: false });
}

function readLine(operation: DossierOperation, line: Buffer): Item {
  if (line.equals(TOO_LONG)) return tooLarge();
  try {
    return readItem(operation, JSON.parse(decode(line)));
  } catch (error) {
    return {
      kind: 'invalid',
      problems: [{ path: '', message: `the line is not valid JSON: ${whyNot(error as Error)}` }],
    };
  }
}

function trim(line: Buffer): Buffer {
  let end = line.length;
  while (end > 0 && (line[end - 1] as number) <= 0x20) end--;
  return line.subarray(0, end);
}

const STATUS = { accepted: 201, duplicate: 200, stale: 200, quarantined: 202, invalid: 422 } as const;

function reply(c: Context, { receipt, results }: Accepted, single: boolean): Response {
  const status = single ? STATUS[(results[0] as ItemResult).outcome] : 200;
  return c.body(JSON.stringify({ receipt, results }), status, { 'Content-Type': 'application/json' });
}
