import { instantToMs } from '#core/dates';

/** The PostgreSQL types that whole columns are sent in. Instants are sent as `timestamptz`, texts of JSON as `text`. */
export type ColumnType = 'text' | 'bytea' | 'int4' | 'int8' | 'bool' | 'uuid' | 'timestamptz';
type Value = string | number | boolean | Uint8Array | null | undefined;

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

/**
 * One column of many rows as a PostgreSQL array in binary form.
 *
 * A batch is sent as one array a column. In text form every byte string would double and every quote be escaped, which
 * costs more than the rest of a batch together; `pg` sends a Buffer as it is.
 */
export function binaryArray(type: ColumnType, values: readonly Value[]): Buffer {
  if (values.length === 0) return header(type, 12, 0, 0);
  let size = 20;
  let nulls = 0;
  for (const value of values) {
    size += 4;
    if (value === null || value === undefined) nulls = 1;
    else size += sizeOf(type, value);
  }
  const bytes = header(type, size, 1, nulls);
  bytes.writeInt32BE(values.length, 12);
  bytes.writeInt32BE(1, 16);
  let at = 20;
  for (const value of values) at = write(bytes, at, type, value);
  return bytes;
}

function header(type: ColumnType, size: number, dimensions: number, nulls: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  bytes.writeInt32BE(dimensions, 0);
  bytes.writeInt32BE(nulls, 4);
  bytes.writeInt32BE(OID[type], 8);
  return bytes;
}

const FIXED: Partial<Record<ColumnType, number>> = { bool: 1, int4: 4, int8: 8, timestamptz: 8, uuid: 16 };

function sizeOf(type: ColumnType, value: NonNullable<Value>): number {
  const fixed = FIXED[type];
  if (fixed !== undefined) return fixed;
  return typeof value === 'string' ? Buffer.byteLength(value) : (value as Uint8Array).length;
}

function write(bytes: Buffer, at: number, type: ColumnType, value: Value): number {
  if (value === null || value === undefined) return bytes.writeInt32BE(-1, at);
  const start = at + 4;
  const end = writeValue(bytes, start, type, value);
  bytes.writeInt32BE(end - start, at);
  return end;
}

function writeValue(bytes: Buffer, at: number, type: ColumnType, value: NonNullable<Value>): number {
  switch (type) {
    case 'text':
      return at + bytes.write(value as string, at);
    case 'bytea':
      bytes.set(value as Uint8Array, at);
      return at + (value as Uint8Array).length;
    case 'bool':
      return bytes.writeUInt8(value ? 1 : 0, at);
    case 'int4':
      return bytes.writeInt32BE(value as number, at);
    case 'int8':
      return bytes.writeBigInt64BE(BigInt(value as number | string), at);
    case 'uuid':
      return at + bytes.write((value as string).replaceAll('-', ''), at, 'hex');
    case 'timestamptz': {
      const ms = typeof value === 'number' ? value : instantToMs(value as string);
      return bytes.writeBigInt64BE(BigInt(ms - EPOCH_2000_MS) * 1000n, at);
    }
  }
}
