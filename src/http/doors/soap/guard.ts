import { say, type Words } from '#messages/message';
import { Refusal } from '../../problem.ts';

/** The position of a part in the bytes of an envelope. */
export interface Slice {
  readonly start: number;
  readonly end: number;
}

/** The elements inside the operation, each with its own bytes. */
export interface Layout {
  readonly items: readonly Slice[];
}

const MAX_ITEMS = 1_000;
/** The limit of blocks in the Header and operations in the Body, which are read before authentication. */
const MAX_AROUND = 500;
const MAX_DEPTH = 200;
const MAX_ATTRIBUTES = 64;
export const MAX_TEXT_BYTES = 1024 * 1024;
const MAX_TAG_BYTES = 64 * 1024;
/** The number of bytes scanned before other requests get a turn. */
const STEP_BYTES = 1024 * 1024;
/** The depths of Envelope, Header or Body, block or operation, and item. */
const [BODY_DEPTH, BLOCK_DEPTH, ITEM_DEPTH] = [2, 3, 4];

/**
 * Scans an envelope before a parser reads it, in one pass without memory for content.
 *
 * It refuses anything that would cost a parser much time or memory. It returns the positions of the items, so
 * that a large envelope can be read in parts. It yields regularly, so that its caller can serve other requests.
 *
 * @param xml UTF-8; only the parser checks whether it is well-formed
 * @throws Refusal 400 for a document type declaration or an exceeded limit, 413 for more than 1,000 items
 */
export function* lookOver(xml: Buffer): Generator<void, Layout> {
  const items: Slice[] = [];
  let [depth, bodies, around, at, rested, itemStart] = [0, 0, 0, 0, 0, 0];
  let inBody = false;
  for (;;) {
    const open = xml.indexOf(LESS, at);
    if ((open === -1 ? xml.length : open) - at > MAX_TEXT_BYTES)
      throw limit(say('text-of-bytes', { count: MAX_TEXT_BYTES }));
    if (open === -1) return { items };
    const tag = tagAt(xml, open);
    at = tag.end;
    if (tag.kind === 'open' || tag.kind === 'empty') {
      if (++depth > MAX_DEPTH) throw limit(say('depth-of-elements', { count: MAX_DEPTH }));
      if (depth === BODY_DEPTH && isBody(xml, open)) {
        inBody = true;
        // With two Bodies, two parsers could read different ones.
        if (++bodies > 1) throw new Refusal('bad-request', say('more-than-one', { thing: 'Envelope', name: 'Body' }));
      }
      if ((!inBody || depth === BLOCK_DEPTH) && ++around > MAX_AROUND)
        throw limit(say('elements-around-items', { count: MAX_AROUND }));
      itemStart = depth === ITEM_DEPTH ? open : itemStart;
    }
    if (tag.kind === 'close' || tag.kind === 'empty') {
      if (inBody && depth === ITEM_DEPTH) {
        if (items.push({ start: itemStart, end: at }) > MAX_ITEMS)
          throw new Refusal('too-many', say('more-items-than', { count: MAX_ITEMS }));
      }
      if (depth === BODY_DEPTH) inBody = false;
      depth--;
    }
    if (at - rested > STEP_BYTES) {
      rested = at;
      yield;
    }
  }
}

const [LESS, GREATER, SLASH, BANG, QUESTION, QUOTE, APOSTROPHE] = [0x3c, 0x3e, 0x2f, 0x21, 0x3f, 0x22, 0x27];

interface Tag {
  readonly kind: 'open' | 'close' | 'empty' | 'aside';
  readonly end: number;
}

function tagAt(xml: Buffer, open: number): Tag {
  const next = xml[open + 1];
  if (next === SLASH) return { kind: 'close', end: after(xml, '>', open) };
  if (next === QUESTION) return { kind: 'aside', end: after(xml, '?>', open) };
  if (next !== BANG) return startTagAt(xml, open);
  if (xml.toString('latin1', open, open + 4) === '<!--') return { kind: 'aside', end: after(xml, '-->', open + 4) };
  if (xml.toString('latin1', open, open + 9) !== '<![CDATA[')
    throw new Refusal('bad-request', say('doctype-in-envelope'));
  const end = after(xml, ']]>', open + 9);
  if (end - open > MAX_TEXT_BYTES) throw limit(say('text-of-bytes', { count: MAX_TEXT_BYTES }));
  return { kind: 'aside', end };
}

function after(xml: Buffer, ending: string, from: number): number {
  const at = xml.indexOf(ending, from);
  if (at === -1) throw new Refusal('not-json', say('envelope-not-xml', { why: say('ends-in-a-tag') }));
  return at + ending.length;
}

/** A `>` inside quotes does not end the tag. Each quoted value is an attribute. */
function startTagAt(xml: Buffer, open: number): Tag {
  let attributes = 0;
  for (let at = open + 1; at < xml.length; at++) {
    const byte = xml[at] as number;
    if (byte === GREATER) return { kind: xml[at - 1] === SLASH ? 'empty' : 'open', end: at + 1 };
    if (byte === QUOTE || byte === APOSTROPHE) {
      if (++attributes > MAX_ATTRIBUTES) throw limit(say('attributes', { count: MAX_ATTRIBUTES }));
      at = after(xml, byte === QUOTE ? '"' : "'", at + 1) - 1;
    }
    if (at - open > MAX_TAG_BYTES) throw limit(say('tag-of-bytes', { count: MAX_TAG_BYTES }));
  }
  throw new Refusal('not-json', say('envelope-not-xml', { why: say('ends-in-a-tag') }));
}

function isBody(xml: Buffer, open: number): boolean {
  const name = /^<([^\s/>]+)/.exec(xml.toString('latin1', open, open + 200))?.[1] ?? '';
  return name.slice(name.indexOf(':') + 1) === 'Body';
}

function limit(what: Words): Refusal {
  return new Refusal('bad-request', say('envelope-limit', { what }));
}
