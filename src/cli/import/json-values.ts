import { brokenItem, type FileItem, MAX_ITEM_BYTES, tooLongItem } from './file-item.ts';

const [NEWLINE, RETURN, SPACE] = [0x0a, 0x0d, 0x20];
const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Streams the items of a JSON text: those of one array, or objects one after another. Counts brackets outside of strings only.
 * Whether an item is valid JSON shows when it is parsed, so a wrong one spoils no other.
 */
export async function* jsonValues(chunks: AsyncIterable<Buffer>): AsyncGenerator<FileItem> {
  const cutter = new ItemCutter();
  for await (const chunk of chunks) yield* cutter.take(chunk);
  yield* cutter.end();
}

/** Cuts a stream of JSON bytes into items. */
class ItemCutter {
  /** 0 outside of everything, 1 directly in the list, more inside an item. */
  #depth = 0;
  #line = 1;
  #itemLine = 1;
  #size = 0;
  #isInString = false;
  #isEscaped = false;
  /** Whether a text of the item has a line end of its own, which JSON does not allow. */
  #hasLineEnd = false;
  #isList = false;
  #isOver = false;
  #parts: Buffer[] = [];

  *take(chunk: Buffer): Generator<FileItem> {
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (byte === NEWLINE) this.#line++;
      if (this.#isInString) {
        this.#passString(byte);
        continue;
      }
      const isBetween = this.#depth === this.#top && this.#size === 0 && from === at;
      if (isBetween && (isBlank(byte) || isMark(byte))) from = at + 1;
      else if (isBetween && byte !== COMMA && byte !== CLOSE_BRACKET) this.#itemLine = this.#line;
      if (isBetween && this.#opensList(byte)) {
        from = at + 1;
        continue;
      }
      const end = this.#opensValue(byte) ? undefined : this.#endOfItem(byte, at);
      if (end === undefined) continue;
      this.#add(chunk, from, end);
      yield* this.#finish();
      from = at + 1;
    }
    this.#add(chunk, from, chunk.length);
  }

  *end(): Generator<FileItem> {
    yield* this.#finish();
    if (this.#isList || this.#depth > 0 || this.#isInString)
      yield brokenItem(this.#line, 'the file ends before its JSON does: it was cut off');
  }

  get #top(): number {
    return this.#isList ? 1 : 0;
  }

  #passString(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) this.#isInString = false;
    if (byte === NEWLINE || byte === RETURN) this.#hasLineEnd = true;
  }

  #opensList(byte: number): boolean {
    if (byte !== OPEN_BRACKET || this.#depth > 0 || this.#isList || this.#isOver) return false;
    this.#isList = true;
    this.#depth = 1;
    return true;
  }

  /** Whether a string, an object or an array begins with this byte. */
  #opensValue(byte: number): boolean {
    if (byte === QUOTE) this.#isInString = true;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#depth++;
    else return false;
    return true;
  }

  /** Where an item ends, when it ends at this byte: before a comma or the end of the list, behind a bracket. */
  #endOfItem(byte: number, at: number): number | undefined {
    if (byte === COMMA && this.#depth === this.#top) return at;
    if (byte === CLOSE_BRACKET && this.#isList && this.#depth === 1) {
      this.#isList = false;
      this.#isOver = true;
      this.#depth = 0;
      return at;
    }
    const isClosing = byte === CLOSE_BRACE || byte === CLOSE_BRACKET;
    return isClosing && this.#depth > this.#top && --this.#depth === 0 ? at + 1 : undefined;
  }

  /** Bytes over the limit count, but the cutter does not store them. */
  #add(chunk: Buffer, from: number, to: number): void {
    if (this.#size <= MAX_ITEM_BYTES && to > from) this.#parts.push(Buffer.from(chunk.subarray(from, to)));
    this.#size += to - from;
  }

  *#finish(): Generator<FileItem> {
    if (this.#size > MAX_ITEM_BYTES) yield tooLongItem(this.#itemLine);
    else if (this.#hasLineEnd) yield brokenItem(this.#itemLine, 'a text has a line end, expected \\n in its place');
    // A line end between the parts of a value is a blank.
    else if (this.#size > 0) yield { line: this.#itemLine, json: oneLine(Buffer.concat(this.#parts)) };
    this.#parts = [];
    this.#size = 0;
    this.#hasLineEnd = false;
  }
}

/** Also a NUL or the end mark of old DOS tools. The reader of lines skips the same bytes. */
function isBlank(byte: number): boolean {
  return byte <= SPACE;
}

/** The bytes of a UTF-8 byte order mark. */
function isMark(byte: number): boolean {
  return byte === 0xef || byte === 0xbb || byte === 0xbf;
}

function oneLine(bytes: Buffer): Buffer {
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === NEWLINE || bytes[at] === RETURN) bytes[at] = SPACE;
  return bytes;
}
