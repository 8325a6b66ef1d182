import type { Item } from '#core/dossier/item';
import { readItem } from '#core/dossier/item';
import { say } from '#messages/message';
import { inSteps } from '../../../concurrency/steps.ts';
import { mapYielding } from '../../../concurrency/yielding.ts';
import { MAX_ITEM_BYTES, SMALL_BYTES, TOO_LARGE, unreadItem } from '../../json-body.ts';
import { Refusal } from '../../problem.ts';
import { decodeXml } from './encoding.ts';
import { type Envelope, readEnvelope } from './envelope.ts';
import { type Layout, lookOver } from './guard.ts';
import { readMediaType } from './media-type.ts';
import { rootOf } from './multipart.ts';
import { readPlain } from './plain.ts';
import type { OperationName } from './wsdl.ts';

/** The push operations and what they carry. */
export const PUSHES: Readonly<Partial<Record<OperationName, 'dossier.upsert.v1' | 'dossier.progress.v1'>>> = {
  PushDossiers: 'dossier.upsert.v1',
  PushProgress: 'dossier.progress.v1',
};

/** The envelope of a body as UTF-8, whatever its encoding. */
export function xmlOf(body: Buffer, contentType: string | undefined): Buffer {
  const { bytes, charset } = rootOf(body, readMediaType(contentType));
  return decodeXml(bytes, charset);
}

/** An opened envelope: its sender and operation. Its content is read on request. */
export interface Message {
  readonly head: Omit<Envelope, 'values' | 'problems'>;
  /** @throws Refusal 422 with place, line and reason when the message violates the XSD */
  values(): Generator<void, readonly unknown[]>;
}

/**
 * Opens an envelope.
 *
 * Above 256 KiB it is read in parts, each an envelope with the same head and tail and some of the items. The
 * head is read first, so the hub does no work for unauthorised senders. Reading in parts saves memory and keeps
 * other requests from waiting.
 */
export function* openEnvelope(xml: Buffer): Generator<void, Message> {
  const plain = xml.length <= SMALL_BYTES && readPlain(xml);
  if (plain) return { head: plain, values: () => readWhole(plain) };
  const layout = yield* lookOver(xml);
  if (xml.length <= SMALL_BYTES) {
    const envelope = readEnvelope(xml);
    return { head: envelope, values: () => readWhole(envelope) };
  }
  const { head, tail } = surroundings(xml, layout);
  return {
    head: readEnvelope(Buffer.concat([head, tail]), { headOnly: true }),
    values: () => readParts(xml, layout, head, tail),
  };
}

/** Reads the items of a stored body again, for quarantined items and for a rebuild of the index. */
export async function readKept(
  body: Buffer,
  operation: string,
  mediaType: string | undefined,
): Promise<readonly Item[]> {
  const { values } = await inSteps(openEnvelope(xmlOf(body, mediaType)));
  return mapYielding(await inSteps(values()), (value) => readValue(operation as 'dossier.upsert.v1', value));
}

export function readValue(operation: 'dossier.upsert.v1' | 'dossier.progress.v1', value: unknown): Item {
  return unreadItem(value) ?? readItem(operation, value);
}

const PART_BYTES = 64 * 1024;
const MAX_AROUND_BYTES = 64 * 1024;

function surroundings(xml: Buffer, { items }: Layout): { head: Buffer; tail: Buffer } {
  const head = xml.subarray(0, items[0]?.start ?? xml.length);
  const tail = xml.subarray(items.at(-1)?.end ?? xml.length);
  if (head.length + tail.length > MAX_AROUND_BYTES)
    throw new Refusal(
      'bad-request',
      say('envelope-limit', { what: say('bytes-around-items', { count: MAX_AROUND_BYTES }) }),
    );
  return { head, tail };
}

function* readWhole(envelope: Envelope): Generator<void, readonly unknown[]> {
  yield;
  return valuesIn(envelope);
}

function* readParts(xml: Buffer, { items }: Layout, head: Buffer, tail: Buffer): Generator<void, readonly unknown[]> {
  const values: unknown[] = [];
  let from = head.length;
  let linesBefore = 0;
  for (let at = 0; at < items.length; ) {
    let upTo = at;
    // The bytes between two items belong to the later one, so the parts cover everything.
    while (upTo < items.length && endOf(upTo) - from <= PART_BYTES) upTo++;
    if (upTo === at) upTo++;
    const end = endOf(upTo - 1);
    if (end - from > MAX_ITEM_BYTES) values.push(TOO_LARGE);
    else {
      const bytes = Buffer.concat([head, xml.subarray(from, end), tail]);
      const part = readPlain(bytes) ?? readEnvelope(bytes, { before: { lines: linesBefore, items: at } });
      for (const value of valuesIn(part)) values.push(value);
    }
    linesBefore += linesIn(xml.subarray(from, end));
    [at, from] = [upTo, end];
    yield;
  }
  return values;

  function endOf(index: number): number {
    return items[index]?.end as number;
  }
}

function valuesIn({ operation, values, problems }: Envelope): readonly unknown[] {
  const [first] = problems;
  if (!first) return values;
  const { path, code, args } = first;
  const problem = { code, args };
  const why = path === '' ? problem : say('of-place', { path, problem });
  throw new Refusal('invalid', say('not-as-schema', { operation, why }), { problems });
}

function linesIn(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) lines++;
  return lines;
}
