import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { linesOf } from '../concurrency/lines.ts';
import { syncFolder } from '../process/make-folders.ts';
import { createPlaces, type Place, type Places } from './places.ts';
import { kindOf, type Mark, type SnapshotHead } from './record-lines.ts';

/**
 * A file of lines that grows at its end.
 *
 * Each part ends with a mark: the cursor that the part reaches and the CRC-32 of its bytes. A part without a
 * mark, or with a wrong sum, was not fully written and is dropped.
 */
export interface CopyFile {
  readonly head: SnapshotHead;
  readonly mark: Mark;
  readonly places: Places;
  /** The size of the file, with outdated lines. */
  readonly bytes: number;
  read(place: Place): Promise<Buffer>;
  /** Appends lines and a mark. Either all of them are on the disk, or none counts. */
  append(lines: readonly string[], mark: Mark): Promise<void>;
  /** The newest line of each record, in file order. */
  newestLines(): AsyncGenerator<Buffer>;
  close(): Promise<void>;
}

/** The file could not be read or written. */
export class FileFailed extends Error {}

const READ_BYTES = 1024 * 1024;
const WRITE_BYTES = 1024 * 1024;
/** More than any record that a hub accepts. */
const LONGEST_LINE = 512 * 1024 * 1024;

/** Opens a file and drops an incomplete last part. Undefined when the file is missing or unusable. */
export async function openCopyFile(path: string): Promise<CopyFile | undefined> {
  const handle = await open(path, 'r+').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw failed(path, 'read', error);
  });
  if (!handle) return undefined;
  const { size } = await handle.stat();
  const seen = await scan(handle, size);
  if (seen && size === seen.end) return copyFile(path, handle, seen);
  // The index may hold lines that are dropped here, so it is built again.
  if (seen) await handle.truncate(seen.end);
  const whole = seen && (await scan(handle, seen.end));
  if (whole) return copyFile(path, handle, whole);
  await handle.close();
  return undefined;
}

/** An unfinished file. It replaces the current file when it is complete. */
export interface CopyFileDraft {
  write(line: Buffer): Promise<void>;
  /** Puts the draft in the place of the current file. */
  finish(head: SnapshotHead, mark: Mark): Promise<CopyFile>;
  abandon(): Promise<void>;
}

/** Removes the draft of a process that was killed. It may be as large as the file itself. */
export function removeDraft(path: string): Promise<void> {
  return rm(draftOf(path), { force: true });
}

function draftOf(path: string): string {
  return `${path}.part`;
}

export async function draftCopyFile(path: string): Promise<CopyFileDraft> {
  const part = draftOf(path);
  await removeDraft(path);
  const handle = await open(part, 'wx+', 0o600).catch((error) => {
    throw failed(part, 'written', error);
  });
  const places = createPlaces();
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let end = 0;
  let sum = 0;

  async function flush(): Promise<void> {
    const bytes = Buffer.concat(waiting);
    waiting = [];
    waitingBytes = 0;
    sum = crc32(bytes, sum);
    await writeAll(part, handle, bytes, end - bytes.length);
  }

  return {
    async write(line) {
      places.take(line, end);
      waiting.push(line, NEWLINE);
      waitingBytes += line.length + 1;
      end += line.length + 1;
      if (waitingBytes >= WRITE_BYTES) await flush();
    },
    async finish(head, mark) {
      await flush();
      const bytes = Buffer.from(markLine(mark, sum));
      await writeAll(part, handle, bytes, end);
      try {
        await handle.datasync();
        await rename(part, path);
        await syncFolder(dirname(path));
      } catch (error) {
        throw failed(part, 'written', error);
      }
      return copyFile(path, handle, { head, mark, places, end: end + bytes.length });
    },
    async abandon() {
      await handle.close();
      await rm(part, { force: true });
    },
  };
}

interface Seen {
  readonly head: SnapshotHead;
  readonly mark: Mark;
  readonly places: Places;
  /** The position after the last mark. */
  readonly end: number;
}

function copyFile(path: string, handle: FileHandle, seen: Seen): CopyFile {
  let { mark, end } = seen;
  const { head, places } = seen;
  return {
    head,
    get mark() {
      return mark;
    },
    places,
    get bytes() {
      return end;
    },
    async read({ offset, bytes }) {
      const buffer = Buffer.allocUnsafe(bytes);
      const { bytesRead } = await handle.read(buffer, 0, bytes, offset);
      if (bytesRead < bytes) throw failed(path, 'read', new Error('it is shorter than it was'));
      return buffer;
    },
    async append(lines, next) {
      const part = lines.map((line) => `${line}\n`).join('');
      const bytes = Buffer.from(part + markLine(next, crc32(part)));
      try {
        await writeAll(path, handle, bytes, end);
        await handle.datasync();
      } catch (error) {
        // Bytes after the last mark do not count. If truncating fails, the next part overwrites them.
        await handle.truncate(end).catch(() => undefined);
        throw error instanceof FileFailed ? error : failed(path, 'written', error);
      }
      for (const line of lines) {
        const inFile = Buffer.from(line);
        places.take(inFile, end);
        end += inFile.length + 1;
      }
      end += Buffer.byteLength(markLine(next, crc32(part)));
      mark = next;
    },
    async *newestLines() {
      let offset = 0;
      for await (const bytes of linesIn(handle)) {
        if (places.isNewest(bytes, offset)) yield bytes;
        offset += bytes.length + 1;
      }
    },
    close: () => handle.close(),
  };
}

/** Reads the file up to its last complete part. Undefined when even the first part is incomplete. */
async function scan(handle: FileHandle, size: number): Promise<Seen | undefined> {
  const places = createPlaces();
  let head: SnapshotHead | undefined;
  let last: { readonly mark: Mark; readonly end: number } | undefined;
  let offset = 0;
  let sum = 0;
  try {
    for await (const line of linesIn(handle)) {
      const kind = kindOf(line);
      if (kind === 'mark') {
        const { crc, ...mark } = JSON.parse(line.toString());
        const end = offset + line.length + 1;
        if (crc !== sum || end > size) break;
        last = { mark, end };
        sum = 0;
      } else {
        if (offset === 0) head = kind === 'snapshot' ? JSON.parse(line.toString()) : undefined;
        places.take(line, offset);
        sum = crc32(NEWLINE, crc32(line, sum));
      }
      offset += line.length + 1;
    }
  } catch {
    // An incomplete line.
  }
  return head && last && { head, places, ...last };
}

async function* linesIn(handle: FileHandle): AsyncGenerator<Buffer> {
  for await (const { bytes } of linesOf(chunksIn(handle), LONGEST_LINE)) yield bytes;
}

/** Not a Node stream: leaving a stream early closes the file, whatever autoClose says. */
async function* chunksIn(handle: FileHandle): AsyncGenerator<Buffer> {
  for (let at = 0; ; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

const NEWLINE = Buffer.from('\n');

function markLine(mark: Mark, crc: number): string {
  return `${JSON.stringify({ kind: 'mark', ...mark, crc })}\n`;
}

async function writeAll(path: string, handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  try {
    for (let at = 0; at < bytes.length; )
      at += (await handle.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
  } catch (error) {
    throw failed(path, 'written', error);
  }
}

export function failed(path: string, what: 'written' | 'read', error: unknown): FileFailed {
  return new FileFailed(`${path} could not be ${what}: ${(error as Error).message}`, { cause: error });
}
