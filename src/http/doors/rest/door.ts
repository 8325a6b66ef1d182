import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import Type from 'typebox';
import { msToInstant } from '#core/dates/dates';
import type { Item } from '#core/dossier/item';
import type { Kinds } from '#core/records/kinds';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { OPERATIONS, type Operation } from '#schemas/operations';
import { closed, oneOf } from '#schemas/parts';
import { type Line, linesIn } from '../../../concurrency/lines.ts';
import { mapYielding } from '../../../concurrency/yielding.ts';
import type { Scope } from '../../../config/config.ts';
import type { ItemResult } from '../../../ledger/messages.ts';
import type { Accepted } from '../../../ledger/submission.ts';
import { type Keys, requireKey, requireScopes } from '../../auth.ts';
import type { Load } from '../../bodies.ts';
import { mediaTypeOf, readBody } from '../../body.ts';
import { MAX_ITEM_BYTES } from '../../json-body.ts';
import { inLanguage, languageOf } from '../../language.ts';
import { Refusal } from '../../problem.ts';
import { ProblemShown } from '../../problem-schema.ts';
import type { AddRoute } from '../../route.ts';
import { asSent } from '../../sent-schema.ts';
import { type DoorContext, note, partyOf } from '../door.ts';
import { addReceipts, type ReceiptContext } from './receipts.ts';
import {
  IdempotencyKey,
  idempotencyKeyIn,
  JSON_BODY,
  MAX_ITEMS,
  OUTCOMES,
  type ReadBody,
  type Request,
  readerOf,
  readJson,
  readLine,
  STATUS_OF,
  submissionOf,
} from './request.ts';
import { stream } from './stream.ts';

/** The kind of items that one address takes. */
interface Pushed {
  readonly path: string;
  readonly operation: Operation;
  readonly what: string;
  readonly scope: Scope;
  readonly schema: object;
}

const OF_DOSSIERS: readonly Pushed[] = [
  { path: 'dossiers', operation: 'dossier.upsert.v1', what: 'dossiers' } as const,
  { path: 'progress', operation: 'dossier.progress.v1', what: 'progress events' } as const,
].map((one) => ({ ...one, scope: 'dossier:write', schema: OPERATIONS[one.operation] }));

/** Dossiers and their steps, and each kind of record. */
function pushedOf({ all }: Kinds): readonly Pushed[] {
  const ofKinds = all.map(({ path, operation, names, scope, schema }) => ({
    path,
    operation,
    what: names.en[1],
    scope,
    schema,
  }));
  return [...OF_DOSSIERS, ...ofKinds];
}

/**
 * `POST /api/v1/parties/{party}/dossiers`, `/progress` and an address for each kind of record, and the receipt of a push.
 *
 * The body is one item, an array, or a stream of lines.
 */
export function addRestDoor(add: AddRoute, hub: DoorContext & ReceiptContext): void {
  addReceipts(add, hub);
  for (const pushed of pushedOf(hub.kinds)) {
    const { path, what, scope } = pushed;
    const schema = asSent(pushed.schema) as Type.TSchema;
    add(
      {
        method: 'post',
        path: `/api/v1/parties/{party}/${path}`,
        tag: 'Doors',
        summary: `Push ${what}: one, an array of at most ${MAX_ITEMS}, or a stream of lines`,
        description:
          'The hub acknowledges after the commit. A repeat of the same content is harmless. With `Idempotency-Key`, a repeated request gets the same receipt for 7 days, and a stream may have at most 1,000 lines. A key of a portal may send a limited number of questions, petitions and ratings of one person in an hour (429). For each item of a list, the reply has the first 20 problems. The hub commits a few hundred lines of a stream at a time, and answers when the stream has ended. It refuses a stream that breaks off or has 5,000 invalid lines in a row. The refusal has `receipt` and `held`, the number of stored items from the start of the stream. A reply that breaks off is incomplete JSON. The hub has then stored the whole stream, and the client may send it again.',
        scopes: [scope],
        headers: { 'Idempotency-Key': IdempotencyKey },
        problems: ['not-found', 'key-reused', 'too-many', 'invalid'],
        body: {
          'application/json': Type.Union([schema, Type.Array(schema, { maxItems: MAX_ITEMS })]),
          'application/x-ndjson': schema,
        },
        replies: {
          200: { description: 'Several items, or one that was a duplicate or stale', schema: Receipt },
          201: { description: 'One item, accepted', schema: Receipt },
          202: { description: 'One item, quarantined', schema: Receipt },
          422: {
            description:
              'One item, invalid. Or a problem with `receipt` and `held`: a stream with too many invalid lines',
            schema: Receipt,
          },
        },
      },
      (c) => restDoor(c, hub, hub.keys, pushed),
    );
  }
}

const Problems = Type.Array(ProblemShown);
const Receipt = closed(
  {
    receipt: Type.String({ format: 'uuid' }),
    results: Type.Array(
      closed(
        {
          index: Type.Integer({ description: 'position of the item in the request' }),
          code: Type.Optional(Type.String()),
          outcome: oneOf(OUTCOMES),
          problems: Type.Optional(Problems),
          warnings: Type.Optional(Problems),
        },
        { title: 'ItemResult' },
      ),
    ),
  },
  { title: 'Receipt' },
);

async function restDoor(c: Context, hub: DoorContext, keys: Keys, { operation, scope }: Pushed): Promise<Response> {
  note(c, { operation, party: c.req.param('party') ?? '' });
  const key = requireKey(c, keys);
  note(c, { keyName: key.id });
  requireScopes(key, scope);
  const party = partyOf(c, hub, key);
  const mediaType = mediaTypeOf(c);
  const readValue = readerOf(hub.kinds, operation);
  const request: Request = { c, hub, key, party, operation, readValue, mediaType };
  if (mediaType === 'application/x-ndjson')
    return idempotencyKeyIn(c) === undefined ? stream(request) : wholeStream(request);
  if (mediaType !== 'application/json')
    throw new Refusal(
      'unsupported-media',
      say('media-type', { got: received(mediaType), expected: 'application/json, application/x-ndjson' }),
    );
  return hub.bodies.ofKey(key.id, async (load) => {
    const body = await readBody(c, hub.maxBodyBytes, { load });
    note(c, { body });
    return load.work(body.length, async () => submit(request, body, await readJson(readValue, body)));
  });
}

async function submit(request: Request, body: Buffer, { items, single }: ReadBody): Promise<Response> {
  const { c, hub } = request;
  const key = idempotencyKeyIn(c);
  if (key !== undefined) return submitOnce(request, body, items, single, key);
  return reply(c, await hub.pipeline.accept(submissionOf(request, body, items)), single);
}

/**
 * The same key, operation and body get the same receipt from every process, however often they are
 * sent.
 */
async function submitOnce(
  request: Request,
  body: Buffer,
  items: readonly Item[],
  single: boolean,
  key: string,
): Promise<Response> {
  const { c, hub, party, operation } = request;
  const bodyHash = createHash('sha256').update(`${operation}\n`).update(body).digest();
  const idempotency = { party, key, bodyHash, createdAt: msToInstant(hub.nowMs()) };
  const first = await hub.pipeline.acceptOnce({ ...submissionOf(request, body, items), idempotency });
  if (first.kind === 'other-body')
    throw new Refusal('key-reused', say('idempotency-key-reused', { got: received(key) }));
  return reply(c, first, single);
}

function wholeStream(request: Request): Promise<Response> {
  return request.hub.bodies.ofKey(request.key.id, (load) => wholeStreamHeld(request, load));
}

async function wholeStreamHeld(request: Request, load: Load): Promise<Response> {
  const body = await readBody(request.c, request.hub.maxBodyBytes, { load });
  const lines: Line[] = [];
  for (const line of linesIn(body, MAX_ITEM_BYTES))
    if (lines.push(line) > MAX_ITEMS)
      throw new Refusal('too-many', say('idempotent-stream-too-long', { most: MAX_ITEMS }));
  return load.work(body.length, async () => {
    const items = await mapYielding(lines, (line) => readLine(request.readValue, line));
    return submit(request, body, { items, single: false });
  });
}

function reply(c: Context, { receipt, results }: Accepted, single: boolean): Response {
  const status = single ? STATUS_OF[(results[0] as ItemResult).outcome] : 200;
  return c.body(JSON.stringify({ receipt, results: inLanguage(languageOf(c), results) }), status, JSON_BODY);
}
