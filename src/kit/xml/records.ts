import { SaxesParser } from 'saxes';
import { guardBeginning, XmlProblem } from './text.ts';

export interface RecordOptions {
  /** The names from the root to the repeated element, without prefixes; `*` for any one name. */
  readonly path: readonly string[];
  /** The element as it stands there, or the text in it (unescaped, as a document that is sent as a string). */
  readonly as?: 'xml' | 'text';
  readonly maxDepth?: number;
  /** The longest that one record may be, and the longest that all the rest may be, in characters. */
  readonly maxRecord?: number;
  readonly maxRest?: number;
}

/** How long the reader works before others get their turn. */
const TURN_MS = 10;
/** Characters by which the kind of a document is judged. */
const HEAD = 1_024;

/**
 * Read the records of a large document one by one, whatever their number: only one is held, and the event loop gets its
 * turn. Throws XmlProblem for a DOCTYPE, and for what is broken, too deep or too large, when it comes to it.
 *
 * @returns the document without its records
 */
export async function* xmlRecords(chunks: Iterable<string>, options: RecordOptions): AsyncGenerator<string, string> {
  const cutter = createCutter(options);
  let rested = performance.now();
  for (const chunk of chunks) {
    cutter.write(chunk);
    yield* cutter.take();
    if (performance.now() - rested < TURN_MS) continue;
    await new Promise((resolve) => setImmediate(resolve));
    rested = performance.now();
  }
  const rest = cutter.end();
  yield* cutter.take();
  return rest;
}

interface Cutter {
  write(chunk: string): void;
  /** What was found since the last time. */
  take(): readonly string[];
  end(): string;
}

/** The parser says where tags are; the texts between are cut out of a window that moves along. */
function createCutter({
  path,
  as = 'xml',
  maxDepth = 64,
  maxRecord = 4 * 1024 * 1024,
  maxRest = 1024 * 1024,
}: RecordOptions): Cutter {
  // Without namespaces: with them it takes quadratic time for a deep document.
  const parser = new SaxesParser();
  const names: string[] = [];
  const rest: string[] = [];
  let [found, window, windowAt, restFrom, recordAt, text, restLength] = [[] as string[], '', 0, 0, -1, '', 0];
  const cut = (from: number, to: number): string => window.slice(from - windowAt, to - windowAt);
  const leave = (to: number): void => {
    const piece = cut(restFrom, to);
    restLength += piece.length;
    if (restLength > maxRest) throw new XmlProblem('too-large', `it has over ${maxRest} characters beside its records`);
    rest.push(piece);
    restFrom = to;
  };
  const measure = (to: number): void => {
    if (to - recordAt > maxRecord)
      throw new XmlProblem('too-large', `one of its records has over ${maxRecord} characters`);
  };
  const isRecord = (): boolean =>
    names.length === path.length && path.every((name, at) => name === '*' || name === names[at]);

  parser.on('error', (error) => {
    const [, line, column] = /^(\d+):(\d+)/.exec(error.message) ?? [];
    throw new XmlProblem('broken', `it is not well-formed, line ${line}, column ${column}`);
  });
  parser.on('doctype', () => {
    throw new XmlProblem('doctype', 'it has a DOCTYPE, which is refused');
  });
  parser.on('opentagstart', ({ name }) => {
    names.push(name.slice(name.indexOf(':') + 1));
    if (names.length > maxDepth) throw new XmlProblem('too-deep', `its elements are nested over ${maxDepth} deep`);
    if (recordAt >= 0 || !isRecord()) return;
    recordAt = windowAt + window.lastIndexOf('<', parser.position - windowAt - 1);
    text = '';
    leave(recordAt);
  });
  const hear = (more: string): void => {
    if (as === 'text' && recordAt >= 0 && names.length === path.length) text += more;
  };
  parser.on('text', hear);
  parser.on('cdata', hear);
  parser.on('closetag', () => {
    if (recordAt >= 0 && names.length === path.length) {
      measure(parser.position);
      found.push(as === 'text' ? text : cut(recordAt, parser.position));
      restFrom = parser.position;
      recordAt = -1;
    }
    names.pop();
  });

  // Held back until there is enough of it to be judged by.
  let head: string | undefined = '';
  const feed = (chunk: string): void => {
    if (head !== undefined) guardBeginning(chunk);
    head = undefined;
    window += chunk;
    parser.write(chunk);
  };
  return {
    write(chunk) {
      if (head !== undefined && head.length + chunk.length < HEAD) head += chunk;
      else feed((head ?? '') + chunk);
      if (recordAt >= 0) measure(windowAt + window.length);
      // A tag whose name is not whole yet begins at the last `<`.
      const open = window.lastIndexOf('<');
      const lastTag = windowAt + (open < 0 ? window.length : open);
      if (recordAt < 0) leave(Math.max(restFrom, lastTag));
      const keepFrom = recordAt < 0 ? restFrom : as === 'text' ? lastTag : recordAt;
      window = window.slice(Math.max(0, keepFrom - windowAt));
      windowAt = Math.max(windowAt, keepFrom);
    },
    take() {
      const taken = found;
      found = [];
      return taken;
    },
    end() {
      if (head !== undefined) feed(head);
      parser.close();
      if (names.length > 0) throw new XmlProblem('broken', 'it ends before its last element does');
      leave(windowAt + window.length);
      return rest.join('');
    },
  };
}
