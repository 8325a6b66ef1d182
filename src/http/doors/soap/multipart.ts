import { randomUUID } from 'node:crypto';
import { type XmlDocument, XmlElement } from 'libxml2-wasm';
import { drain } from '#core/drain';
import { say, type Words } from '#messages/message';
import { received } from '#messages/received';
import { Refusal } from '../../problem.ts';
import { elementsIn } from './elements.ts';
import { decodeXml } from './encoding.ts';
import { parse } from './envelope.ts';
import { lookOver, MAX_TEXT_BYTES } from './guard.ts';
import type { MediaType } from './media-type.ts';
import { readMediaType } from './media-type.ts';

const XOP = 'http://www.w3.org/2004/08/xop/include';
const MAX_PARTS = 100;
const MAX_HEADER_BYTES = 8 * 1024;
/** The limit of an envelope with attachments, which is assembled as a whole. */
const MAX_ROOT_BYTES = 256 * 1024;

interface Part {
  readonly headers: ReadonlyMap<string, string>;
  readonly content: Buffer;
}

/** The envelope of a message. For MTOM, the root part with the contents of its xop:Include elements. */
export interface Root {
  readonly bytes: Buffer;
  readonly charset: string | undefined;
}

/**
 * Finds the envelope in an MTOM message (multipart/related).
 *
 * @throws Refusal 400 when a part is missing, has another length than it states, or ends early
 */
export function rootOf(body: Buffer, media: MediaType): Root {
  if (media.type !== 'multipart/related') return { bytes: body, charset: media.parameters.get('charset') };
  const parts = partsOf(body, media.parameters.get('boundary') ?? '');
  const start = media.parameters.get('start');
  const root = start === undefined ? parts[0] : parts.find((part) => idOf(part) === bare(start));
  if (!root) throw refused(say('mtom-part-missing', { got: received(start ?? '') }));
  const { parameters } = readMediaType(root.headers.get('content-type'));
  const charset = parameters.get('charset');
  const xml = decodeXml(root.content, charset);
  return xml.includes(XOP) ? { bytes: putTogether(xml, parts), charset: undefined } : { bytes: root.content, charset };
}

function partsOf(body: Buffer, boundary: string): readonly Part[] {
  if (!/^[\x21-\x7e](?:[\x20-\x7e]{0,68}[\x21-\x7e])?$/.test(boundary))
    throw refused(say('mtom-boundary', { got: received(boundary) }));
  const mark = `--${boundary}`;
  let at = body.indexOf(mark);
  if (at === -1) throw refused(say('mtom-boundary-absent'));
  const parts: Part[] = [];
  for (;;) {
    const begin = at + mark.length;
    if (body.toString('latin1', begin, begin + 2) === '--') return parts;
    const end = body.indexOf(`\r\n${mark}`, begin);
    if (end === -1) throw refused(say('mtom-ends-early'));
    if (parts.push(partOf(body.subarray(begin, end))) > MAX_PARTS)
      throw refused(say('mtom-parts', { most: MAX_PARTS }));
    at = end + 2;
  }
}

function partOf(bytes: Buffer): Part {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1 || end > MAX_HEADER_BYTES) throw refused(say('mtom-part-headers', { count: MAX_HEADER_BYTES }));
  const lines = bytes
    .toString('latin1', 0, end)
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = new Map(
    lines.map((line) => [line.split(':', 1)[0]?.trim().toLowerCase() ?? '', line.slice(line.indexOf(':') + 1).trim()]),
  );
  const content = bytes.subarray(end + 4);
  const declared = headers.get('content-length');
  if (declared !== undefined && Number(declared) !== content.length)
    throw refused(say('mtom-part-length', { got: received(declared), count: content.length }));
  const encoding = headers.get('content-transfer-encoding')?.toLowerCase() ?? 'binary';
  if (encoding === 'base64') return { headers, content: Buffer.from(content.toString('latin1'), 'base64') };
  if (['binary', '8bit', '7bit'].includes(encoding)) return { headers, content };
  throw refused(say('mtom-transfer-encoding', { got: received(encoding) }));
}

/** XOP: each Include is replaced by the base64 text of its part. */
function putTogether(root: Buffer, parts: readonly Part[]): Buffer {
  if (root.length > MAX_ROOT_BYTES) throw refused(say('mtom-envelope-large', { count: MAX_ROOT_BYTES }));
  drain(lookOver(root));
  const document = parse(root);
  try {
    const includes = includesIn(document, parts);
    // The parser sees only marks: with 18 MB of text in it, it blocked the process for half a second.
    const mark = randomUUID();
    for (const { include, parent } of includes) {
      parent.addText(mark);
      include.remove();
    }
    const [before = '', ...between] = document.toString({ format: false }).split(mark);
    const texts = between.map((after, at) => `${includes[at]?.part.content.toString('base64')}${after}`);
    return Buffer.from([before, ...texts].join(''));
  } finally {
    document.dispose();
  }
}

interface Include {
  readonly include: XmlElement;
  readonly parent: XmlElement;
  readonly part: Part;
}

/**
 * Collects all Include elements before any is replaced.
 *
 * A nested one would be lost with its parent. Several that refer to the same part could expand a message to
 * gigabytes.
 */
function includesIn(document: XmlDocument, parts: readonly Part[]): readonly Include[] {
  const byId = new Map(parts.toReversed().map((part) => [idOf(part), part]));
  const met = new Set<Part>();
  return document.find('//xop:Include', { xop: XOP }).map((include) => {
    if (!(include instanceof XmlElement) || !include.parent) throw refused(say('xop-whole-envelope'));
    const { parent } = include;
    if (elementsIn(parent).length > 1 || elementsIn(include).length > 0) throw refused(say('xop-not-alone'));
    const href = include.attr('href')?.value ?? '';
    const part = byId.get(idIn(href));
    if (!part) throw refused(say('mtom-part-missing', { got: received(href) }));
    if (met.size === met.add(part).size) throw refused(say('xop-part-twice', { got: received(href) }));
    // Base64 adds a third to the length.
    if (part.content.length > (MAX_TEXT_BYTES / 4) * 3)
      throw refused(say('xop-part-large', { got: received(href), count: MAX_TEXT_BYTES }));
    return { include, parent, part };
  });
}

/** The Content-ID in a `cid:` URL. */
function idIn(href: string): string {
  try {
    return decodeURIComponent(href.replace(/^cid:/, ''));
  } catch {
    throw refused(say('xop-reference', { got: received(href) }));
  }
}

function idOf(part: Part): string | undefined {
  const id = part.headers.get('content-id');
  return id === undefined ? undefined : bare(id);
}

function bare(id: string): string {
  return id.replaceAll(/^\s*<|>\s*$/g, '');
}

function refused(why: Words): Refusal {
  return new Refusal('bad-request', say('mtom-not-usable', { why }));
}
