import { SaxesParser } from 'saxes';
import { say } from '#messages/message';
import { guardBeginning, XmlProblem } from './text.ts';

export interface RecordOptions {
  /** The local names from the root to the repeated element; `*` for any one name. */
  readonly path: readonly string[];
  /** The element as written, or its unescaped text if that is a document sent as a string. */
  readonly as?: 'xml' | 'text';
  readonly maxDepth?: number;
  /** The largest size of one record, and of everything else together, in characters. */
  readonly maxRecord?: number;
  readonly maxRest?: number;
}

/** How long the reader works before it yields the event loop. */
const TURN_MS = 10;
/** How many characters decide the kind of a document. */
const HEAD = 1_024;

/**
 * Reads the records of a large document one by one. Holds only one in memory, and yields the event loop. Throws
 * XmlProblem for a DOCTYPE, and for a broken, too deep or too large part when it reaches it.
 *
 * @returns the document without its records
 */
export async function* xmlRecords(chunks: Iterable<string>, options: RecordOptions): AsyncGenerator<string, string> {
  const cutter = new RecordCutter(options);
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

/**
 * Cuts records out of a document that arrives in chunks. The parser finds the tags. A moving window holds the text
 * between them.
 */
class RecordCutter {
  // Without namespaces, because with them the parser takes quadratic time for a deep document.
  private readonly parser = new SaxesParser();
  private readonly options: Required<RecordOptions>;
  /** The open elements, from the root. */
  private readonly names: string[] = [];
  private records: string[] = [];
  /** The part of the document that may still be needed, and its position. */
  private window = '';
  private windowAt = 0;
  /** The text outside records: finished pieces, their length, and the start of the next piece. */
  private readonly rest: string[] = [];
  private restLength = 0;
  private restFrom = 0;
  /** The start of the open record. */
  private recordAt: number | undefined;
  private recordText = '';
  /** The beginning of the document, until it is long enough to decide its kind. */
  private head: string | undefined = '';

  constructor({ path, as = 'xml', maxDepth = 64, maxRecord = 4 * 1024 * 1024, maxRest = 1024 * 1024 }: RecordOptions) {
    this.options = { path, as, maxDepth, maxRecord, maxRest };
    this.parser.on('error', (error) => {
      const [, line, column] = /^(\d+):(\d+)/.exec(error.message) ?? [];
      throw new XmlProblem('broken', say('ill-formed-at', { line: String(line), column: String(column) }));
    });
    this.parser.on('doctype', () => {
      throw new XmlProblem('doctype', say('doctype'));
    });
    this.parser.on('opentagstart', ({ name }) => this.openElement(name));
    this.parser.on('text', (text) => this.addText(text));
    this.parser.on('cdata', (text) => this.addText(text));
    this.parser.on('closetag', () => this.closeElement());
  }

  write(chunk: string): void {
    if (this.head !== undefined && this.head.length + chunk.length < HEAD) this.head += chunk;
    else this.parse((this.head ?? '') + chunk);
    if (this.recordAt !== undefined) this.checkLength(this.recordAt, this.windowAt + this.window.length);
    this.moveWindow();
  }

  /** The records that were finished since the last call. */
  take(): readonly string[] {
    const taken = this.records;
    this.records = [];
    return taken;
  }

  /** @returns the document without its records */
  end(): string {
    if (this.head !== undefined) this.parse(this.head);
    this.parser.close();
    if (this.names.length > 0) throw new XmlProblem('broken', say('cut-off'));
    this.addRest(this.windowAt + this.window.length);
    return this.rest.join('');
  }

  private parse(given: string): void {
    const isFirst = this.head !== undefined;
    if (isFirst) guardBeginning(given);
    this.head = undefined;
    // PHP and JSP pages write blank lines before the XML declaration, where XML allows none.
    const chunk = isFirst ? given.trimStart() : given;
    this.window += chunk;
    this.parser.write(chunk);
  }

  private openElement(name: string): void {
    const { names, windowAt, window } = this;
    names.push(name.slice(name.indexOf(':') + 1));
    if (names.length > this.options.maxDepth)
      throw new XmlProblem('too-deep', say('too-deep', { count: this.options.maxDepth }));
    if (this.recordAt !== undefined || !this.isAtPath()) return;
    this.recordAt = windowAt + window.lastIndexOf('<', this.parser.position - windowAt - 1);
    this.recordText = '';
    this.addRest(this.recordAt);
  }

  private addText(text: string): void {
    if (this.options.as === 'text' && this.isInRecordItself()) this.recordText += text;
  }

  private closeElement(): void {
    const end = this.parser.position;
    if (this.recordAt !== undefined && this.isInRecordItself()) {
      this.checkLength(this.recordAt, end);
      this.records.push(this.options.as === 'text' ? this.recordText : this.cut(this.recordAt, end));
      this.restFrom = end;
      this.recordAt = undefined;
    }
    this.names.pop();
  }

  private isAtPath(): boolean {
    const { path } = this.options;
    return this.names.length === path.length && path.every((name, at) => name === '*' || name === this.names[at]);
  }

  /** Whether the parser is in the record element itself, not in a child. */
  private isInRecordItself(): boolean {
    return this.recordAt !== undefined && this.names.length === this.options.path.length;
  }

  private checkLength(from: number, to: number): void {
    const { maxRecord } = this.options;
    if (to - from > maxRecord) throw new XmlProblem('too-large', say('record-too-large', { count: maxRecord }));
  }

  private addRest(to: number): void {
    const { maxRest } = this.options;
    const piece = this.cut(this.restFrom, to);
    this.restLength += piece.length;
    if (this.restLength > maxRest)
      throw new XmlProblem('too-large', say('too-much-around-records', { count: maxRest }));
    this.rest.push(piece);
    this.restFrom = to;
  }

  /** Drops text from the window that no record and no tag needs. */
  private moveWindow(): void {
    // A tag with an incomplete name begins at the last `<`.
    const open = this.window.lastIndexOf('<');
    const lastTag = this.windowAt + (open < 0 ? this.window.length : open);
    if (this.recordAt === undefined) this.addRest(Math.max(this.restFrom, lastTag));
    const neededFrom =
      this.recordAt === undefined ? this.restFrom : this.options.as === 'text' ? lastTag : this.recordAt;
    this.window = this.window.slice(Math.max(0, neededFrom - this.windowAt));
    this.windowAt = Math.max(this.windowAt, neededFrom);
  }

  private cut(from: number, to: number): string {
    return this.window.slice(from - this.windowAt, to - this.windowAt);
  }
}
