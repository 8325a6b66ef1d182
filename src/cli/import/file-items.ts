import { createReadStream } from 'node:fs';
import type { Operation } from '#schemas/operations';
import { linesOf } from '../../concurrency/lines.ts';
import { csvRows } from './csv-rows.ts';
import type { ExaminedFile } from './examine-file.ts';
import { type FileItem, MAX_ITEM_BYTES, tooLongItem } from './file-item.ts';
import { jsonValues } from './json-values.ts';

/** Streams the items of a file. `bytesRead` reports progress, `close` ends it early. */
export interface FileReader {
  readonly items: AsyncIterable<FileItem>;
  readonly bytesRead: () => number;
  readonly close: () => void;
}

export function openFile(file: ExaminedFile, operation: Operation): FileReader {
  const stream = createReadStream(file.path);
  const chunks = stream as AsyncIterable<Buffer>;
  const items = {
    csv: () => csvRows(stream, operation, file.firstLine),
    json: () => jsonValues(chunks),
    ndjson: () => lines(chunks),
  }[file.format]();
  return { items, bytesRead: () => stream.bytesRead, close: () => void stream.destroy() };
}

const BYTE_ORDER_MARK = Buffer.from('\ufeff');

async function* lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<FileItem> {
  for await (const { number, bytes, tooLong } of linesOf(chunks, MAX_ITEM_BYTES)) {
    const marked = number === 1 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK);
    const json = marked ? bytes.subarray(3) : bytes;
    if (tooLong) yield tooLongItem(number);
    else if (json.length > 0) yield { line: number, json };
  }
}
