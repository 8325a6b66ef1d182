import { nextTurn } from './yielding.ts';

/** One line of a stream, without its end and surrounding blanks; cut at the size limit. */
export interface Line {
  /** From 1; blank lines count. */
  readonly number: number;
  readonly bytes: Buffer;
  readonly tooLong: boolean;
}

interface LineSplitter {
  /** The lines that end in this chunk. */
  take(chunk: Buffer): Generator<Line, void>;
  /** The rest after the last line's end. */
  end(): Generator<Line, void>;
}

const NEWLINE = 0x0a;
/** Bytes up to this one are blank; no others are. */
const SPACE = 0x20;

/**
 * Yields the lines of some bytes, without blank lines. The door and every later reading use this one function, because an item
 * is identified by the number of its line.
 */
export function* linesIn(bytes: Buffer, maxBytes: number): Generator<Line, void> {
  const splitter = createSplitter(maxBytes);
  yield* splitter.take(bytes);
  yield* splitter.end();
}

/** Counts the memory of a line that has begun. A yielded line is its reader's. */
export interface LineMemory {
  hold(bytes: number): void;
  release(bytes: number): void;
}

/** Yields the lines of a stream as they arrive. */
export async function* linesOf(
  chunks: AsyncIterable<Buffer>,
  maxBytes: number,
  memory?: LineMemory,
): AsyncGenerator<Line, void> {
  const splitter = createSplitter(maxBytes, memory);
  for await (const chunk of chunks) {
    yield* splitter.take(chunk);
    // The next chunk may be there already and would not let others run.
    await nextTurn();
  }
  yield* splitter.end();
}

const EMPTY = Buffer.alloc(0);
/** A line that comes in pieces has at least this much room, because each Buffer costs 200 bytes, even for one byte. */
const LEAST_ROOM = 1024;

function createSplitter(maxBytes: number, memory?: LineMemory): LineSplitter {
  let kept = EMPTY;
  let size = 0;
  let number = 1;

  function makeRoom(bytes: number): void {
    if (bytes <= kept.length) return;
    const room = Math.min(Math.max(bytes, 2 * kept.length, LEAST_ROOM), maxBytes + 1);
    memory?.hold(room - kept.length);
    const larger = Buffer.allocUnsafeSlow(room);
    kept.copy(larger);
    kept = larger;
  }

  /** Bytes over the limit are counted, not stored. */
  function keep(part: Buffer, isWhole: boolean): void {
    const stored = part.subarray(0, Math.max(maxBytes + 1 - size, 0));
    if (isWhole) {
      memory?.hold(stored.length);
      kept = Buffer.from(stored);
    } else {
      makeRoom(Math.min(size + stored.length, maxBytes + 1));
      stored.copy(kept, size);
    }
    size += part.length;
  }

  function* finish(): Generator<Line, void> {
    if (size === 0) return;
    const bytes = trimEnd(kept.subarray(0, size));
    // The CR of CR LF belongs to the line's end.
    const tooLong = bytes.length > maxBytes || size > maxBytes + 1;
    memory?.release(kept.length);
    kept = EMPTY;
    size = 0;
    yield { number, bytes: tooLong ? bytes.subarray(0, maxBytes) : bytes, tooLong };
  }

  return {
    *take(chunk) {
      let from = 0;
      while (from < chunk.length) {
        // Skips blank lines and leading blanks at once: there may be millions of them.
        if (size === 0)
          for (; from < chunk.length && (chunk[from] as number) <= SPACE; from++) if (chunk[from] === NEWLINE) number++;
        const found = chunk.indexOf(NEWLINE, from);
        const end = found === -1 ? chunk.length : found;
        keep(chunk.subarray(from, end), size === 0 && found !== -1);
        if (found === -1) return;
        yield* finish();
        number++;
        from = end + 1;
      }
    },
    end: finish,
  };
}

function trimEnd(line: Buffer): Buffer {
  let end = line.length;
  while (end > 0 && (line[end - 1] as number) <= SPACE) end--;
  return line.subarray(0, end);
}
