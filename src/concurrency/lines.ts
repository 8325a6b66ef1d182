import { nextTurn } from './yielding.ts';

/** One line of a stream of lines, without its end and the blanks around it; cut where it is too long. */
export interface Line {
  /** 1 for the first; lines of blanks count. */
  readonly number: number;
  readonly bytes: Buffer;
  readonly tooLong: boolean;
}

interface LineSplitter {
  /** The lines that end in this chunk. */
  take(chunk: Buffer): Generator<Line, void>;
  /** What stands after the last line's end. */
  end(): Generator<Line, void>;
}

const NEWLINE = 0x0a;
/** This and what is below it counts as blank; nothing else does. */
const SPACE = 0x20;

/**
 * The lines of some bytes. Lines of blanks are none. What is split at the door, and what is split again when it was
 * kept, goes by this alone: the place of a line among the others is what an item is known by.
 */
export function* linesIn(bytes: Buffer, maxBytes: number): Generator<Line, void> {
  const splitter = createSplitter(maxBytes);
  yield* splitter.take(bytes);
  yield* splitter.end();
}

/** The lines of a stream, as they arrive. */
export async function* linesOf(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Line, void> {
  const splitter = createSplitter(maxBytes);
  for await (const chunk of chunks) {
    yield* splitter.take(chunk);
    // A chunk that is there already does not wait for its turn.
    await nextTurn();
  }
  yield* splitter.end();
}

function createSplitter(maxBytes: number): LineSplitter {
  let kept: Buffer[] = [];
  let size = 0;
  let number = 1;

  /** What goes over the limit is counted, not kept. */
  function keep(part: Buffer): void {
    if (part.length > 0 && size <= maxBytes) kept.push(Buffer.from(part.subarray(0, maxBytes + 1 - size)));
    size += part.length;
  }

  function* finish(): Generator<Line, void> {
    if (size === 0) return;
    const bytes = trimEnd(kept.length === 1 ? (kept[0] as Buffer) : Buffer.concat(kept));
    // The CR of CR LF ends the line, it is not of it.
    const tooLong = bytes.length > maxBytes || size > maxBytes + 1;
    kept = [];
    size = 0;
    yield { number, bytes: tooLong ? bytes.subarray(0, maxBytes) : bytes, tooLong };
  }

  return {
    *take(chunk) {
      let from = 0;
      while (from < chunk.length) {
        // Blank lines, and blanks before a line, are passed over in one go: there may be millions of them.
        if (size === 0)
          for (; from < chunk.length && (chunk[from] as number) <= SPACE; from++) if (chunk[from] === NEWLINE) number++;
        const found = chunk.indexOf(NEWLINE, from);
        const end = found === -1 ? chunk.length : found;
        keep(chunk.subarray(from, end));
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
