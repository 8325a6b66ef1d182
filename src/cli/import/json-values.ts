import { brokenItem, type FileItem, MAX_ITEM_BYTES, tooLongItem } from './file-item.ts';

const [TAB, NEWLINE, RETURN, SPACE] = [0x09, 0x0a, 0x0d, 0x20];
const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * The items of a JSON text, one by one while it is read: those of one array, or objects one after another. Brackets are
 * counted outside of strings; whether an item is JSON shows when it is parsed, and a wrong one spoils no other.
 */
export async function* jsonValues(chunks: AsyncIterable<Buffer>): AsyncGenerator<FileItem> {
  const cutter = createCutter();
  for await (const chunk of chunks) yield* cutter.take(chunk);
  yield* cutter.end();
}

function createCutter() {
  /** 0 outside of everything, 1 directly in the list, more inside an item. */
  let [depth, line, itemLine, size] = [0, 1, 1, 0];
  let [inString, escaped, isList, isOver] = [false, false, false, false];
  let kept: Buffer[] = [];

  function keep(chunk: Buffer, from: number, to: number): void {
    // What goes over the limit is counted, not kept.
    if (size <= MAX_ITEM_BYTES && to > from) kept.push(Buffer.from(chunk.subarray(from, to)));
    size += to - from;
  }

  function* finish(): Generator<FileItem> {
    if (size > MAX_ITEM_BYTES) yield tooLongItem(itemLine);
    // Between the parts of a value a line end is a blank; within a string there is none.
    else if (size > 0) yield { line: itemLine, json: oneLine(Buffer.concat(kept)) };
    kept = [];
    size = 0;
  }

  function* take(chunk: Buffer): Generator<FileItem> {
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (byte === NEWLINE) line++;
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
        continue;
      }
      const top = isList ? 1 : 0;
      const isBetween = depth === top && size === 0 && from === at;
      if (isBetween && (isBlank(byte) || isMark(byte))) from = at + 1;
      else if (isBetween && byte !== COMMA && byte !== CLOSE_BRACKET) itemLine = line;
      if (byte === QUOTE) inString = true;
      else if (byte === OPEN_BRACKET && depth === 0 && !isList && !isOver && isBetween) {
        [isList, depth, from] = [true, 1, at + 1];
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
      else if (byte === COMMA && depth === top) {
        keep(chunk, from, at);
        yield* finish();
        from = at + 1;
      } else if (byte === CLOSE_BRACKET && isList && depth === 1) {
        keep(chunk, from, at);
        yield* finish();
        [isList, isOver, depth, from] = [false, true, 0, at + 1];
      } else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && depth > top && --depth === 0) {
        keep(chunk, from, at + 1);
        yield* finish();
        from = at + 1;
      }
    }
    keep(chunk, from, chunk.length);
  }

  function* end(): Generator<FileItem> {
    yield* finish();
    if (isList || depth > 0 || inString) yield brokenItem(line, 'the file ends before its JSON does: it was cut off');
  }
  return { take, end };
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === NEWLINE || byte === RETURN || byte === TAB;
}

/** The bytes of a UTF-8 byte order mark. */
function isMark(byte: number): boolean {
  return byte === 0xef || byte === 0xbb || byte === 0xbf;
}

function oneLine(bytes: Buffer): Buffer {
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === NEWLINE || bytes[at] === RETURN) bytes[at] = SPACE;
  return bytes;
}
