import type { Outcome } from '#core/dossier/settle';
import { say } from '#messages/message';
import { sha256Hex } from './fingerprint.ts';
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
  /**
   * Writes parts as multipart/form-data (RFC 7578), each file with its bytes. The same parts give the same body.
   *
   * @returns the failure of the first file that cannot be opened
   */
  multipart(parts: readonly FormPart[]): Promise<Multipart | Failure>;
}

/** A field of a form: its name, and the place of a file or a value that is written as a text. */
export type FormPart = readonly [name: string, value: unknown];

export interface Multipart {
  readonly contentType: string;
  readonly body: StreamedBody;
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
    multipart: (parts) => multipartOf(open, parts),
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

async function multipartOf(open: FileSource['open'], parts: readonly FormPart[]): Promise<Multipart | Failure> {
  const pieces: (string | (OpenedFile & { readonly reference: string }))[] = [];
  const written = parts.map(([name, value]) => [name, value instanceof FileText ? value.reference : String(value)]);
  // Without a random part, so that a repeat is the same request. No file can hold the hash of its own hash.
  const boundary = `lienthong-${sha256Hex(JSON.stringify(written)).slice(0, 32)}`;
  for (const [name, value] of parts) {
    const disposition = `--${boundary}\r\nContent-Disposition: form-data; name="${inQuotes(name)}"`;
    if (!(value instanceof FileText)) {
      pieces.push(`${disposition}\r\n\r\n${String(value).normalize('NFC')}\r\n`);
      continue;
    }
    const { reference } = value;
    const file = await open(reference);
    if ('kind' in file) return file;
    const fileName = `${reference.slice(-16)}${EXTENSIONS[file.mediaType] ?? ''}`;
    pieces.push(`${disposition}; filename="${fileName}"\r\nContent-Type: ${file.mediaType}\r\n\r\n`);
    pieces.push({ ...file, reference }, '\r\n');
  }
  pieces.push(`--${boundary}--\r\n`);
  const bodies = pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece));
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: {
      bytes: bodies.reduce((sum, one) => sum + ('read' in one ? one.bytes : one.length), 0),
      shown: pieces.map((piece) => (typeof piece === 'string' ? piece : `(bytes of ${piece.reference})`)).join(''),
      async *open() {
        for (const one of bodies)
          if ('read' in one) yield* one.read();
          else yield one;
      },
    },
  };
}

/** A name in a header, as browsers write it (HTML, multipart/form-data encoding). */
function inQuotes(name: string): string {
  return name.replace(/[\r\n"]/g, (one) => encodeURIComponent(one));
}

/** Some systems know a file by its extension alone. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  'application/pdf': '.pdf',
  'image/jpeg': '.jpg',
  'image/png': '.png',
  'image/tiff': '.tif',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': '.docx',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': '.xlsx',
  'application/vnd.oasis.opendocument.text': '.odt',
  'application/rtf': '.rtf',
  'application/zip': '.zip',
  'application/xml': '.xml',
  'text/plain': '.txt',
};

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
