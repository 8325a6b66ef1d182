import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import { TextDecoder } from 'node:util';
import { UsageError } from '../run-command.ts';

export const FORMATS = ['json', 'ndjson', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

export interface ExaminedFile {
  readonly path: string;
  readonly bytes: number;
  /** Hash of the content, hexadecimal: it recognises the same file under any name. */
  readonly sha256: string;
  readonly format: Format;
  /** The first line with text, without a byte order mark. */
  readonly firstLine: string;
}

/**
 * Reads a file through once, before any item is imported.
 * @throws UsageError when it cannot be read or is not UTF-8: a wrong guess of an old encoding would spoil names
 */
export async function examineFile(path: string, format: Format | undefined): Promise<ExaminedFile> {
  const hash = createHash('sha256');
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let bytes = 0;
  let head = '';
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
      if (bytes === 0) refuseUtf16(path, chunk);
      hash.update(chunk);
      const text = decodeChunk(decoder, path, chunk, bytes);
      if (head.length < HEAD_CHARACTERS) head += text.slice(0, HEAD_CHARACTERS);
      bytes += chunk.length;
    }
    decodeChunk(decoder, path, undefined, bytes);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`);
  }
  head = head.trimStart();
  if (head === '') throw new UsageError(`${path} is empty`);
  const firstLine = head.split(/\r\n|\n|\r/, 1)[0] as string;
  return { path, bytes, sha256: hash.digest('hex'), format: format ?? formatOf(path, head), firstLine };
}

const CHUNK_BYTES = 1024 * 1024;
const HEAD_CHARACTERS = 64 * 1024;

function refuseUtf16(path: string, start: Buffer): void {
  const mark = start.subarray(0, 2).toString('hex');
  if (mark === 'fffe' || mark === 'feff')
    throw new UsageError(`${path} is UTF-16, expected UTF-8: save it again as "CSV UTF-8" or as UTF-8 text`);
}

function decodeChunk(decoder: TextDecoder, path: string, chunk: Buffer | undefined, at: number): string {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined });
  } catch {
    throw new UsageError(
      `${path} is not UTF-8 (a wrong byte after ${at} bytes or later); nothing was taken. Convert it from its encoding first, e.g.: iconv -f WINDOWS-1258 -t UTF-8`,
    );
  }
}

/** Formats by file extension. */
export const EXTENSIONS: Readonly<Record<string, Format>> = {
  '.csv': 'csv',
  '.json': 'json',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
};

const READ: typeof EXTENSIONS = { ...EXTENSIONS, '.tsv': 'csv' };

function formatOf(path: string, head: string): Format {
  const [start] = head;
  const byContent = start === '[' || start === '{' ? 'json' : undefined;
  const byName: Format | undefined = READ[extname(path).toLowerCase()];
  // A file named JSON that does not begin like JSON is something else.
  const found = byName === 'json' ? byContent : (byName ?? byContent);
  if (!found) throw new UsageError(`${path}: the name does not tell the format; add --format ${FORMATS.join('|')}`);
  return found;
}
