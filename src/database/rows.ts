import { instantToMs } from '#core/dates/dates';

/**
 * The PostgreSQL types of sent values. Instants are sent as `timestamptz`, JSON texts as `text`; a text may be given as its
 * UTF-8.
 */
export type ColumnType = 'text' | 'bytea' | 'int4' | 'int8' | 'bool' | 'uuid' | 'timestamptz';
export type Value = string | number | boolean | Uint8Array | null | undefined;

export interface Column<Row> {
  readonly name: string;
  readonly type: ColumnType;
  readonly of: (row: Row) => Value;
}

const OID: Readonly<Record<ColumnType, number>> = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int4: 23,
  text: 25,
  timestamptz: 1184,
  uuid: 2950,
};
const EPOCH_2000_MS = 946_684_800_000;
const TWO_TO_32 = 2 ** 32;

/** The buffer for rows of unknown size. It is used only between two awaits, so one serves all. */
const USUAL_BYTES = 256 * 1024;
let scratch = Buffer.allocUnsafeSlow(USUAL_BYTES);

/** Byte strings of this size are sent from their place, without a copy. */
const LARGE_BYTES = 4 * 1024;
let large: { readonly at: number; readonly value: Uint8Array }[] = [];
let largeBytes = 0;

/** Bytes in pieces, to send one after another; `size` is their total. Large pieces are the given values themselves. */
export interface Pieces {
  readonly size: number;
  readonly pieces: readonly Uint8Array[];
}

/**
 * Rows as a PostgreSQL array of a composite type, in binary form: the value of a parameter. In text form every byte string
 * would double and every quote be escaped. One array of rows instead of one a column takes the server a third of the time
 * (8 rows of 74 columns: 100 µs against 300) and the hub half.
 * @param rowOid of the composite type; its attributes are these columns, in this order
 */
export function binaryRows<Row>(rowOid: number, columns: readonly Column<Row>[], rows: readonly Row[]): Pieces {
  large = [];
  largeBytes = 0;
  let at = writeInt4(writeInt4(writeInt4(0, rows.length === 0 ? 0 : 1), 0), rowOid);
  if (rows.length > 0) at = writeInt4(writeInt4(at, rows.length), 1);
  for (const row of rows) at = writeRow(at, columns, row);
  const written = { size: at + largeBytes, pieces: piecesOf(Buffer.from(scratch.subarray(0, at))) };
  large = [];
  if (scratch.length > 16 * USUAL_BYTES) scratch = Buffer.allocUnsafeSlow(USUAL_BYTES);
  return written;
}

/** The written bytes, with the large values in their places. */
function piecesOf(bytes: Buffer): readonly Uint8Array[] {
  let from = 0;
  const pieces: Uint8Array[] = [];
  for (const { at, value } of large) {
    pieces.push(bytes.subarray(from, at), value);
    from = at;
  }
  return [...pieces, bytes.subarray(from)];
}

function writeRow<Row>(start: number, columns: readonly Column<Row>[], row: Row): number {
  const before = largeBytes;
  let at = writeInt4(start + 4, columns.length);
  for (const { type, of } of columns) {
    at = writeInt4(at, OID[type]);
    const value = of(row);
    if (value === null || value === undefined) {
      at = writeInt4(at, -1);
      continue;
    }
    if (typeof value === 'object' && value.length >= LARGE_BYTES) {
      at = writeInt4(at, value.length);
      large.push({ at, value });
      largeBytes += value.length;
      continue;
    }
    const end = writeValue(at + 4, type, value);
    writeInt4(at, end - at - 4);
    at = end;
  }
  writeInt4(start, at - start - 4 + largeBytes - before);
  return at;
}

function writeValue(at: number, type: ColumnType, value: NonNullable<Value>): number {
  switch (type) {
    case 'text':
      return typeof value === 'string' ? writeText(at, value) : writeBytes(at, value as Uint8Array);
    case 'bytea':
      return writeBytes(at, value as Uint8Array);
    case 'bool':
      makeRoom(at + 1);
      scratch[at] = value ? 1 : 0;
      return at + 1;
    case 'int4':
      return writeInt4(at, value as number);
    case 'int8':
      return writeInt8(at, Number(value));
    case 'uuid':
      return writeUuid(at, value as string);
    case 'timestamptz': {
      const ms = typeof value === 'number' ? value : instantToMs(value as string);
      return writeInt8(at, (ms - EPOCH_2000_MS) * 1000);
    }
  }
}

function writeBytes(start: number, value: Uint8Array): number {
  makeRoom(start + value.length);
  scratch.set(value, start);
  return start + value.length;
}

/** Most texts are short and ASCII; a loop takes a third of the time of the call then. */
function writeText(start: number, value: string): number {
  makeRoom(start + value.length * 3);
  if (value.length > 48) return start + scratch.write(value, start);
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code > 0x7f) return start + scratch.write(value, start);
    scratch[start + at] = code;
  }
  return start + value.length;
}

/** @param value a whole number below 2^53: ids, counts, microseconds of our time */
function writeInt8(at: number, value: number): number {
  const high = Math.floor(value / TWO_TO_32);
  return writeInt4(writeInt4(at, high), value - high * TWO_TO_32);
}

function writeInt4(at: number, value: number): number {
  makeRoom(at + 4);
  scratch[at] = value >>> 24;
  scratch[at + 1] = value >>> 16;
  scratch[at + 2] = value >>> 8;
  scratch[at + 3] = value;
  return at + 4;
}

const DASH = 0x2d;

function writeUuid(start: number, value: string): number {
  makeRoom(start + 16);
  let at = start;
  for (let from = 0; from < value.length; from += 2) {
    if (value.charCodeAt(from) === DASH) from++;
    scratch[at++] = (nibble(value.charCodeAt(from)) << 4) | nibble(value.charCodeAt(from + 1));
  }
  return at;
}

/** The value of a hexadecimal digit. */
function nibble(code: number): number {
  return code < 0x40 ? code - 0x30 : (code | 0x20) - 0x57;
}

function makeRoom(size: number): void {
  if (size <= scratch.length) return;
  const larger = Buffer.allocUnsafeSlow(Math.max(size, scratch.length * 2));
  larger.set(scratch);
  scratch = larger;
}
