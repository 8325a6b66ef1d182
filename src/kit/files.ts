import type { Outcome } from '#core/dossier/settle';
import { say } from '#messages/message';
import type { StreamedBody } from './http/exchange.ts';
import { refused } from './outcomes.ts';

type Failure = Extract<Outcome, { kind: 'refused' | 'unavailable' }>;

/** A file that may be passed on: scanned, and whole. */
export interface OpenedFile {
  readonly bytes: number;
  readonly mediaType: string;
  /** Its bytes from the beginning. Throws while it is read if they are damaged. */
  read(): AsyncIterable<Uint8Array>;
}

/** Where files come from. */
export interface FileSource {
  /**
   * Opens the file of a reference such as `sha256:…`, from `documents[].file`.
   *
   * @returns `unavailable` while it waits for the virus scanner, `refused` if it is infected or not stored
   */
  open(reference: string): Promise<OpenedFile | Failure>;
}

/** Files for calls to a partner. */
export interface Files extends FileSource {
  /** Stands in a value for `json`, where the base64 of a file is to be. */
  base64(reference: string): FileText;
  /**
   * Writes a value as JSON in Unicode NFC. With files inside, the body is streamed: no file is ever whole in memory.
   *
   * @returns the failure of the first file that cannot be opened
   */
  json(value: object): Promise<string | StreamedBody | Failure>;
}

/** The place of a file in a value. */
export class FileText {
  readonly reference: string;
  constructor(reference: string) {
    this.reference = reference;
  }
}

export const NO_FILES: FileSource = { open: async () => refused('files-off', say('files-off')) };

export function createFiles({ open }: FileSource): Files {
  return {
    open,
    base64: (reference) => new FileText(reference),
    async json(value) {
      const references: string[] = [];
      const mark = `file-${crypto.randomUUID()}`;
      const text = JSON.stringify(value, (_, member) => {
        if (!(member instanceof FileText)) return member;
        references.push(member.reference);
        return mark;
      }).normalize('NFC');
      if (references.length === 0) return text;
      const files: OpenedFile[] = [];
      for (const reference of references) {
        const file = await open(reference);
        if ('kind' in file) return file;
        files.push(file);
      }
      return streamed(text.split(mark), files, references);
    },
  };
}

function streamed(texts: readonly string[], files: readonly OpenedFile[], references: readonly string[]): StreamedBody {
  const parts = texts.map((text) => Buffer.from(text));
  const ofFiles = files.reduce((sum, { bytes }) => sum + 4 * Math.ceil(bytes / 3), 0);
  return {
    bytes: parts.reduce((sum, { length }) => sum + length, ofFiles),
    shown: texts.map((text, at) => (at === 0 ? text : `(base64 of ${references[at - 1]})${text}`)).join(''),
    async *open() {
      for (const [at, part] of parts.entries()) {
        if (at > 0) yield* inBase64((files[at - 1] as OpenedFile).read());
        yield part;
      }
    },
  };
}

/** Three bytes become four letters, across the borders of chunks. */
async function* inBase64(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes =
      rest.length > 0 ? Buffer.concat([rest, chunk]) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const whole = bytes.length - (bytes.length % 3);
    rest = Buffer.from(bytes.subarray(whole));
    if (whole > 0) yield Buffer.from(bytes.toString('base64', 0, whole), 'latin1');
  }
  if (rest.length > 0) yield Buffer.from(rest.toString('base64'), 'latin1');
}
