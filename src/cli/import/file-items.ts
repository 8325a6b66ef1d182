import { createReadStream } from 'node:fs';
import type { DossierOperation } from '../../http/doors/rest.ts';
import { linesOf } from '../../http/json-items.ts';
import { csvRows } from './csv-rows.ts';
import type { ExaminedFile } from './examine-file.ts';
import { type FileItem, MAX_ITEM_BYTES, tooLongItem } from './file-item.ts';
import { jsonValues } from './json-values.ts';

/** The items of a file, while it is read; `bytesRead` tells how far. */
export interface FileReader {
  readonly items: AsyncIterable<FileItem>;
  readonly bytesRead: () => number;
}

export function openFile(file: ExaminedFile, operation: DossierOperation): FileReader {
  const stream = createReadStream(file.path);
  const chunks = stream as AsyncIterable<Buffer>;
  const items = {
    csv: () => csvRows(stream, operation, file.firstLine),
    json: () => jsonValues(chunks),
    ndjson: () => lines(chunks),
  }[file.format]();
  return { items, bytesRead: () => stream.bytesRead };
}

const BYTE_ORDER_MARK = Buffer.from('\ufeff');

async function* lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<FileItem> {
  let at = 0;
  for await (const { line, tooLong } of linesOf(chunks, MAX_ITEM_BYTES)) {
    at++;
    const marked = at === 1 && line.subarray(0, 3).equals(BYTE_ORDER_MARK);
    const json = Buffer.from((marked ? line.subarray(3) : line).toString().trim());
    if (tooLong) yield tooLongItem(at);
    else if (json.length > 0) yield { line: at, json };
  }
}
