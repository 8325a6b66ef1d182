import { say } from '#messages/message';
import { NotTaken } from './not-taken.ts';

/** Takes the bytes of one text. Returns what stands in its place. */
type Take = (bytes: AsyncIterable<Buffer>) => Promise<string>;

const [QUOTE, BACKSLASH, COLON] = ['"', '\\', ':'].map((character) => character.charCodeAt(0));
const ENDS_MEMBER = new Set([...',{}[]'].map((character) => character.charCodeAt(0)));
/** A member with a longer name is not a file. */
const NAME_BYTES = 100;

/**
 * Reads JSON whose members of one name are files in base64, and replaces each by what `take` returns. Neither the body nor
 * a file is ever whole in memory. Blank texts stay. The rest stays byte for byte, and is not checked.
 *
 * @param rest gets the JSON without the files
 * @throws NotTaken for a text that is not base64, and what `take` throws; with the number of the member, from 0
 */
export async function takeInlineFiles(
  chunks: AsyncIterable<Uint8Array>,
  member: string,
  take: (bytes: AsyncIterable<Buffer>, number: number) => Promise<string>,
  rest: (bytes: Buffer) => void,
): Promise<void> {
  const source = createSource(chunks);
  let [isInText, isValue, isEscaped, number] = [false, false, false, 0];
  let name: number[] = [];
  const isFile = (): boolean => isValue && Buffer.from(name).toString() === member;
  while (await source.fill()) {
    const { chunk } = source;
    const from = source.at;
    let at = from;
    for (; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (isInText) {
        if (isEscaped) isEscaped = false;
        else if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) isInText = false;
        if (isInText && !isValue && name.length < NAME_BYTES) name.push(byte);
      } else if (byte === QUOTE) {
        if (isFile()) break;
        isInText = true;
        if (!isValue) name = [];
      } else if (byte === COLON) isValue = true;
      else if (ENDS_MEMBER.has(byte)) isValue = false;
    }
    const isAtFile = at < chunk.length;
    if (isAtFile) at++;
    if (at > from) rest(chunk.subarray(from, at));
    source.at = at;
    if (!isAtFile) continue;
    isValue = false;
    rest(Buffer.from(await placeOf(source, (bytes) => take(bytes, number))));
    number++;
    // The closing quote stays in the source, and begins no text.
    source.at++;
    rest(Buffer.from('"'));
  }
}

/** Takes the text up to its closing quote, which the source stands at then. */
async function placeOf(source: Source, take: Take): Promise<string> {
  if (!(await source.fill())) throw notBase64();
  if (source.chunk[source.at] === QUOTE) return '';
  return take(decoded(source));
}

async function* decoded(source: Source): AsyncGenerator<Buffer> {
  let [letters, isOver] = ['', false];
  let cut = '';
  for (;;) {
    if (!(await source.fill())) throw notBase64();
    const { chunk, at } = source;
    const end = chunk.indexOf(QUOTE as number, at);
    const text = cut + chunk.toString('latin1', at, end < 0 ? chunk.length : end);
    source.at = end < 0 ? chunk.length : end;
    // An escape may be cut by the end of the chunk.
    cut = end < 0 ? (/\\(?:u[0-9a-fA-F]{0,3})?$/.exec(text)?.[0] ?? '') : '';
    letters += unescaped(text.slice(0, text.length - cut.length)).replace(/\s+/g, '');
    const whole = end < 0 ? letters.length - (letters.length % 4) : letters.length;
    const part = letters.slice(0, whole);
    letters = letters.slice(whole);
    if (part !== '') {
      if (isOver || !/^[\w+/-]*={0,2}$/.test(part) || part.replace(/=+$/, '').length % 4 === 1) throw notBase64();
      isOver = part.endsWith('=');
      yield Buffer.from(part, 'base64');
    }
    if (end >= 0) return;
  }
}

/** PHP escapes the slash, .NET the plus sign, and some write line ends. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(u[0-9a-fA-F]{4}|.)/g, (_, one: string) => {
    if (one.length === 5) return String.fromCharCode(Number.parseInt(one.slice(1), 16));
    return { n: '\n', r: '\r', t: '\t', '/': '/' }[one] ?? '\\';
  });
}

const notBase64 = (): NotTaken => new NotTaken('base64', say('file-not-base64'));

interface Source {
  chunk: Buffer;
  at: number;
  /** Whether a byte is left. */
  fill(): Promise<boolean>;
}

function createSource(chunks: AsyncIterable<Uint8Array>): Source {
  const iterator = chunks[Symbol.asyncIterator]();
  const source: Source = {
    chunk: Buffer.alloc(0),
    at: 0,
    async fill() {
      while (source.at >= source.chunk.length) {
        const { done, value } = await iterator.next();
        if (done) return false;
        source.chunk = Buffer.from(value.buffer, value.byteOffset, value.length);
        source.at = 0;
      }
      return true;
    },
  };
  return source;
}
