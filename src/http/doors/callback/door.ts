import type { Context } from 'hono';
import { msToInstant } from '#core/dates/dates';
import { say } from '#messages/message';
import { inEnglish } from '#messages/render';
import type { CallbackReply, CallbackRequest, CallbackResult } from '../../../kit/callback.ts';
import type { Load } from '../../bodies.ts';
import { bodyChunks, readBody, storedContentType } from '../../body.ts';
import { createUploadSlots, fileRefusal, inFileTime } from '../../file-refusal.ts';
import { MAX_ITEM_BYTES } from '../../json-body.ts';
import { inLanguage, languageOf } from '../../language.ts';
import { Refusal, refusalOf } from '../../problem.ts';
import type { AddRoute } from '../../route.ts';
import type { Slots } from '../../slots.ts';
import { callerOf, note, noteUnanswered } from '../door.ts';
import {
  type Addressed,
  type CallbackDoorContext,
  doorOf,
  type Found,
  type FoundStoring,
  findCallback,
  MAX_ITEMS,
  readItems,
  whyNotFrom,
} from './read.ts';

/** `POST /callbacks/{party}/{name}`: a partner's own messages, in its dialect and with its signature. */
export function addCallbackDoor(add: AddRoute, given: CallbackDoorContext): void {
  const hub: Door = { ...given, uploads: createUploadSlots() };
  add(
    {
      method: 'post',
      path: '/callbacks/{party}/{name}',
      alsoAt: '/callbacks/{party}/{group}/{name}',
      tag: 'Doors',
      summary: 'A message from a partner, in its own dialect',
      description: `The party's adapter defines the body, the signature and the answer. A name may have two segments (such as Document/SyncDocument), or a key after it. The hub verifies the signature before it reads the body. It acknowledges after the commit. A repeat is harmless. At most ${MAX_ITEMS} items and 1 MiB, unless the adapter accepts more.`,
      access: ['callback'],
      problems: ['not-found'],
      body: Object.fromEntries(DIALECTS.map((mediaType) => [mediaType, {}])),
      replies: {
        200: inDialect('The hub stored all items, some perhaps in quarantine'),
        400: inDialect('The body does not inflate, or cannot be stored'),
        401: inDialect("The signature is not valid for the party's adapter"),
        413: inDialect('The body is too large, or has too many items'),
        415: inDialect('The encoding is not supported'),
        429: inDialect('Too many requests with invalid signatures came from this address'),
        422: inDialect('Some items are not records, and were not stored'),
        503: inDialect('The hub cannot store anything at the moment'),
      },
    },
    (c) => callbackDoor(c, hub),
  );
}

/** `uploads`: messages with files, by party. */
type Door = CallbackDoorContext & { readonly uploads: Slots };

const DIALECTS = ['application/json', 'application/xml', 'text/xml', 'text/plain'];
/** The usual status. An adapter may answer 200 instead, if its partner expects only that. */
const inDialect = (what: string) => ({
  description: `${what}; in the partner's dialect`,
  mediaType: DIALECTS,
  schema: {},
});

async function callbackDoor(c: Context, hub: Door): Promise<Response> {
  const { party = '', group, name: last = '' } = c.req.param();
  // OpenCPS ends an address in a blank.
  const segments = (group === undefined ? [last] : [group, last]).map((segment) => segment.trimEnd());
  note(c, { party });
  const found = findCallback(hub, party, segments);
  // An unknown callback of a known party gets the same answer as an unknown party. The last segment may be a key.
  if (!found) throw new Refusal('not-found', say('no-callback', { got: segments[0] ?? '', near: party }));
  const { name } = found;
  note(c, { door: doorOf(name), operation: name });
  try {
    return await hub.bodies.ofAnonymous(c, (load) => answerHeld(c, hub, found, load));
  } catch (error) {
    const { status, words, headers } = refusalOf(error);
    await hub.noteRefusal(c, error);
    return reply(c, found, { kind: 'refused', status, problems: [{ path: '', ...inEnglish(words) }] }, { headers });
  }
}

/** A signed body is small and its sender is a server, so a minute is enough. */
const ARRIVES_MS = 60_000;

/** A body is anonymous until its signature is verified. */
async function answerHeld(c: Context, hub: Door, found: Addressed, load: Load): Promise<Response> {
  const mostBytes = Math.min(hub.maxBodyBytes, found.callback.maxBytes ?? MAX_ITEM_BYTES);
  const { callback, party, name } = found;
  const hasFiles = hub.files !== undefined && callback.inlineFiles !== undefined;
  const before = hasFiles ? await requireSender(c, hub, found, load, NO_BYTES) : undefined;
  const body = hasFiles
    ? await hub.uploads.hold(party.id, () => readWithFiles(c, hub, found, load, mostBytes))
    : await readBody(c, mostBytes, { load, withinMs: ARRIVES_MS });
  // Such a body holds credentials.
  if (!callback.answer) noteUnanswered(c, body);
  const request = before ? { ...before, body } : await requireSender(c, hub, found, load, body);
  if (callback.answer) return written(c, callback.answer(request, party.settings));
  note(c, { body, isKnown: true });
  const result = await load.work(body.length, () => take(c, hub, { party, name, callback }, body));
  return reply(c, found, result, { body });
}

const NO_BYTES = Buffer.alloc(0);

/** @throws Refusal 401 if the adapter does not recognise its partner */
async function requireSender(
  c: Context,
  hub: CallbackDoorContext,
  found: Addressed,
  load: Load,
  body: Buffer,
): Promise<CallbackRequest> {
  const query = new URL(c.req.url).searchParams;
  const request = { headers: c.req.raw.headers, body, nowMs: hub.nowMs(), query, key: found.key };
  const why = whyNotFrom(hub, found, request);
  const owner = `callback ${found.party.id}`;
  await hub.guessLimit.check(c, why === undefined ? { id: owner } : undefined);
  if (why !== undefined) {
    note(c, { forged: { reference: found.callback.referenceIn?.(body, found.party.settings) } });
    throw new Refusal('unauthorized', why, { headers: { 'WWW-Authenticate': 'Callback realm="lienthong"' } });
  }
  load.belongsTo(owner);
  return request;
}

/** The body with references in the places of its files, which are stored while it arrives. */
async function readWithFiles(
  c: Context,
  hub: CallbackDoorContext,
  { callback, party }: Found,
  load: Load,
  mostBytes: number,
): Promise<Buffer> {
  const { member, pathOf } = callback.inlineFiles as NonNullable<Found['callback']['inlineFiles']>;
  const kept: Buffer[] = [];
  let bytes = 0;
  const keep = (part: Buffer): void => {
    bytes += part.length;
    if (bytes > mostBytes) throw new Refusal('too-large', say('body-too-large', { count: mostBytes }));
    load.hold(part.length);
    kept.push(Buffer.from(part));
  };
  const { maxBytes = 0 } = hub.files ?? {};
  const chunks = inFileTime(bodyChunks(c, maxBytes, hub.leaving, load));
  const failed = await hub.files?.takeInline(chunks, { party: party.id, member }, keep);
  if (failed) throw fileRefusal(failed.refused, pathOf(failed.number));
  return Buffer.concat(kept);
}

async function take(c: Context, hub: CallbackDoorContext, found: FoundStoring, body: Buffer): Promise<CallbackResult> {
  await hub.codes.fresh();
  const nowMs = hub.nowMs();
  const items = readItems(hub, found, body, nowMs);
  const { receipt, results } = await hub.pipeline.accept({
    receivedAt: msToInstant(nowMs),
    party: found.party.id,
    door: doorOf(found.name),
    operation: items.find((item) => item.kind === 'record')?.operation ?? found.name,
    keyName: undefined,
    mediaType: storedContentType(c, 100),
    body,
    bodyBytes: body.length,
    ...callerOf(c),
    items,
  });
  const invalid = results.filter(({ outcome }) => outcome === 'invalid');
  if (invalid.length === 0) return { kind: 'held', status: 200, problems: [], receipt };
  return { kind: 'invalid', status: 422, problems: invalid.flatMap(({ problems = [] }) => problems), receipt };
}

function reply(
  c: Context,
  { callback, party }: Found,
  result: CallbackResult,
  { headers = {}, body: sent }: { readonly headers?: Readonly<Record<string, string>>; readonly body?: Buffer },
): Response {
  const problems = inLanguage(languageOf(c), result.problems);
  return written(c, callback.reply({ ...result, problems }, party.settings, sent), headers);
}

function written(
  c: Context,
  { status, body, mediaType = 'application/json' }: CallbackReply,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return c.body(text, status as 200, { ...headers, 'Content-Type': mediaType });
}
