import { maskedDossier, writtenTexts } from '#core/masking/masked-record';
import { maskApplicant } from '#core/masking/masking';
import { createMentions, type Mentions, type MentionsOfMany, type Person } from '#core/masking/mentions';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { bytesOf } from './sealed-records.ts';

/** The people whom a record may mention: its applicant, and the earlier ones. */
export function peopleOf({ applicant }: Dossier, former: readonly Person[]): MentionsOfMany {
  return createMentions(applicant ? [applicant, ...former] : former);
}

/**
 * The JSON for readers, as UTF-8. Most records are assembled from the bytes of their JSON. Writing the JSON again would
 * double the cost.
 *
 * @param mentions of its people
 */
export function maskedJson(record: Dossier, freshness: object, mentions: Mentions): Uint8Array {
  const { applicant } = record;
  const texts = writtenTexts(record);
  if (mentions.mayBeIn(texts)) return Buffer.from(JSON.stringify({ ...maskedDossier(record, mentions), freshness }));
  const json = bytesOf(record);
  const cuts: Cut[] = [];
  if (applicant) {
    // Quotes inside a text would be escaped, so this matches only the member.
    const start = json.indexOf(APPLICANT) + APPLICANT.length;
    cuts.push({ start, end: endOfObject(json, start), put: JSON.stringify(maskApplicant(applicant)) });
  }
  cuts.push(...addressesIn(json));
  cuts.push({ start: json.length - 1, end: json.length, put: `,"freshness":${JSON.stringify(freshness)}}` });
  return spliced(json, cuts);
}

const APPLICANT = Buffer.from(',"applicant":');
const ADDRESSES = ['url', 'file'].map((name) => Buffer.from(`"${name}":"`));
const [QUOTE, COMMA, BACKSLASH, BRACE] = ['"', ',', '\\', '}'].map((character) => character.charCodeAt(0));

/** Bytes of a JSON text, and their replacement. */
interface Cut {
  readonly start: number;
  readonly end: number;
  readonly put: string;
}

/** The members with addresses and files of documents and results, each with its comma. */
function addressesIn(json: Buffer): readonly Cut[] {
  const cuts: Cut[] = [];
  // Where the members end that were cut from the beginning of an object.
  let cutUpTo = -1;
  for (const { at, length } of placesOf(json)) {
    const end = endOfText(json, at + length);
    const isFirst = json[at - 1] !== COMMA || at === cutUpTo;
    if (isFirst) cutUpTo = end + 1;
    cuts.push({ start: isFirst ? at : at - 1, end: isFirst && json[end] === COMMA ? end + 1 : end, put: '' });
  }
  return cuts;
}

/** Where the members begin, in order. Most records have none, so each name is searched for once. */
function placesOf(json: Buffer): readonly { readonly at: number; readonly length: number }[] {
  const places = ADDRESSES.flatMap((name) => {
    const found = [];
    for (let at = json.indexOf(name); at >= 0; at = json.indexOf(name, at + 1)) found.push({ at, length: name.length });
    return found;
  });
  return places.sort((one, other) => one.at - other.at);
}

/** Where a text ends, its quote included, from a place inside it. */
function endOfText(json: Buffer, from: number): number {
  let at = from;
  for (; json[at] !== QUOTE; at++) if (json[at] === BACKSLASH) at++;
  return at + 1;
}

/** Where the object that begins at a place ends. It contains texts and no objects. */
function endOfObject(json: Buffer, from: number): number {
  let at = from;
  while (json[at] !== BRACE) at = json[at] === QUOTE ? endOfText(json, at + 1) : at + 1;
  return at + 1;
}

/** A member that came with a later message stands behind those of earlier ones, so the cuts may be in any order. */
function spliced(json: Buffer, given: readonly Cut[]): Uint8Array {
  const cuts = [...given].sort((one, other) => one.start - other.start);
  const bytes = Buffer.allocUnsafe(json.length + 3 * cuts.reduce((length, { put }) => length + put.length, 0));
  let at = 0;
  let from = 0;
  for (const { start, end, put } of cuts) {
    at += json.copy(bytes, at, from, start);
    if (put !== '') at += bytes.write(put, at);
    from = end;
  }
  return bytes.subarray(0, at);
}
