import { isUtf8 } from 'node:buffer';
import { say, type Words } from '#messages/message';
import { render } from '#messages/render';

/** Why a text is not acceptable XML. The message names the place and none of the content. */
export class XmlProblem extends Error {
  readonly reason: 'charset' | 'doctype' | 'html' | 'not-xml' | 'broken' | 'too-deep' | 'too-large';
  readonly words: Words;
  constructor(reason: XmlProblem['reason'], words: Words) {
    super(render(words, 'en'));
    this.reason = reason;
    this.words = words;
  }
}

/** Bytes that are decoded at a time. */
const CHUNK_BYTES = 64 * 1024;

/**
 * The real character set of XML or JSON. A byte order mark wins. Next, valid UTF-8 is read as UTF-8: text in an old encoding is
 * never valid UTF-8 by chance, and servers often declare the wrong set. Then the reply's media type counts, then the
 * document's own declaration. Throws XmlProblem if the declared set cannot be right, because the text would be garbled.
 */
export function charsetOf(bytes: Uint8Array, contentType = ''): string {
  const marked = markedAs(bytes);
  if (marked) return marked;
  if (isUtf8(bytes)) return 'utf-8';
  const head = Buffer.from(bytes.subarray(0, 200)).toString('latin1');
  const said = [
    /charset\s*=\s*["']?([\w.:-]+)/i.exec(contentType)?.[1],
    /^\s*<\?xml[^>]{0,150}encoding\s*=\s*["']([\w.:-]+)/i.exec(head)?.[1],
  ].flatMap((name) => (name === undefined ? [] : name.toLowerCase()));
  const charset = said.find((name) => name !== 'utf-8' && name !== 'utf8' && name !== 'us-ascii');
  if (charset === undefined)
    throw new XmlProblem(
      'charset',
      said[0] ? say('charset-not-quoted-text', { charset: said[0] }) : say('not-in-charset', { charset: 'UTF-8' }),
    );
  if (!isKnown(charset)) throw new XmlProblem('charset', say('charset-unknown', { got: charset }));
  return charset;
}

/** Decodes bytes chunk by chunk. Throws XmlProblem at the first byte outside the character set. */
export function* decoded(bytes: Uint8Array, charset: string): Generator<string> {
  const decoder = new TextDecoder(charset, { fatal: true });
  try {
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES)
      yield decoder.decode(bytes.subarray(at, at + CHUNK_BYTES), { stream: true });
    yield decoder.decode();
  } catch (error) {
    if (error instanceof XmlProblem) throw error;
    throw new XmlProblem('charset', say('bytes-not-of-charset', { charset }));
  }
}

/** A whole body of JSON or XML as text. Undefined if its bytes do not fit its character set. */
export function textOfBody(bytes: Uint8Array, contentType?: string): string | undefined {
  try {
    return [...decoded(bytes, charsetOf(bytes, contentType))].join('');
  } catch (error) {
    if (error instanceof XmlProblem) return undefined;
    throw error;
  }
}

/** Splits a text into chunks for a parser. */
export function* parts(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += CHUNK_BYTES) yield text.slice(at, at + CHUNK_BYTES);
}

/** Refuses a DOCTYPE, and everything that does not begin as XML, before a parser sees it. */
export function guardBeginning(head: string): void {
  const at = afterProlog(head);
  const begins = head.slice(at, at + 40);
  if (/^<!doctype\s+html|^<html/i.test(begins)) throw new XmlProblem('html', say('html-page'));
  if (/^<!doctype/i.test(begins)) throw new XmlProblem('doctype', say('doctype'));
  if (!/^<[\p{L}_:]/u.test(begins)) throw new XmlProblem('not-xml', say(at >= head.length ? 'empty' : 'not-xml'));
}

/** The index of the first tag, after blanks, comments and processing instructions. */
function afterProlog(head: string): number {
  let at = head.charCodeAt(0) === 0xfeff ? 1 : 0;
  for (;;) {
    while (at < head.length && /\s/.test(head[at] as string)) at++;
    const close = head.startsWith('<?', at) ? '?>' : head.startsWith('<!--', at) ? '-->' : undefined;
    if (!close) return at;
    const end = head.indexOf(close, at + 2);
    if (end < 0) return at;
    at = end + close.length;
  }
}

const BEGINNINGS: ReadonlySet<number | undefined> = new Set([...'<{['].map((one) => one.charCodeAt(0)));

function markedAs(bytes: Uint8Array): string | undefined {
  const [a, b, c] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8';
  // UTF-16 shows by its byte order mark, or by a zero beside the first `<`, `{` or `[`.
  if ((a === 0xff && b === 0xfe) || (BEGINNINGS.has(a) && b === 0)) return 'utf-16le';
  if ((a === 0xfe && b === 0xff) || (a === 0 && BEGINNINGS.has(b))) return 'utf-16be';
  return undefined;
}

function isKnown(charset: string): boolean {
  try {
    return new TextDecoder(charset).encoding !== '';
  } catch {
    return false;
  }
}

const UNWRITABLE = /[\p{Cc}\p{Cs}\ufffe\uffff]/gu;

/** Removes the characters that XML 1.0 cannot express: control characters and lone surrogates. */
export function writable(text: string): string {
  return text.replace(UNWRITABLE, (one) => ('\t\n\r'.includes(one) ? one : ''));
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Escapes a text for an element or an attribute. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] as string);
}
