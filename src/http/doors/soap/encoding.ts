import { isAscii, isUtf8 } from 'node:buffer';
import { encodingOf, type XmlEncoding } from '#core/xml-encoding';
import { say, type Words } from '#messages/message';
import { received } from '#messages/received';
import { Refusal } from '../../problem.ts';

/**
 * Converts an XML document in UTF-8 or UTF-16 to UTF-8 without a byte order mark.
 *
 * @param charset the charset of the media type, if it has one
 * @throws Refusal 400 when a declared character set does not match the bytes, or some bytes are invalid; decoded
 * wrongly, Vietnamese text would be lost
 */
export function decodeXml(bytes: Buffer, charset: string | undefined): Buffer {
  const { found, bom } = encodingOf(bytes);
  const xml = found === 'utf-8' ? bytes.subarray(bom) : toUtf8(bytes.subarray(bom), found);
  if (found === 'utf-8' && !isUtf8(xml)) throw refused(say('bytes-not-of-charset', { charset: 'UTF-8' }));
  const declared = DECLARATION.exec(xml.toString('latin1', 0, 200))?.[1];
  for (const [where, label] of [
    ['the media type', charset],
    ['the XML declaration', declared],
  ] as const)
    if (label !== undefined && !agrees(label.toLowerCase(), found, xml))
      throw refused(say('charset-said-by', { what: where, got: received(label), charset: found.toUpperCase() }));
  if (found !== 'utf-8' && bom === 0 && charset === undefined && declared === undefined)
    throw refused(say('charset-undeclared', { charset: found.toUpperCase() }));
  return xml;
}

const DECLARATION = /^<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9._:-]+)["']/;

function toUtf8(bytes: Buffer, found: XmlEncoding): Buffer {
  if (bytes.length % 2 !== 0) throw refused(say('odd-bytes', { charset: found.toUpperCase() }));
  const text = (found === 'utf-16be' ? Buffer.from(bytes).swap16() : bytes).toString('utf16le');
  if (/\p{Surrogate}/u.test(text)) throw refused(say('half-alone'));
  return Buffer.from(text);
}

/** Character sets that extend ASCII. For pure ASCII bytes, they all mean the same. */
const ASCII_SETS = new Set(['us-ascii', 'ascii', 'iso-8859-1', 'latin1', 'windows-1252', 'windows-1258']);

function agrees(label: string, found: XmlEncoding, xml: Buffer): boolean {
  if (found !== 'utf-8') return label === 'utf-16' || label === found;
  return label === 'utf-8' || label === 'utf8' || (ASCII_SETS.has(label) && isAscii(xml));
}

function refused(why: Words): Refusal {
  return new Refusal('not-json', say('charset-unclear', { why }));
}
