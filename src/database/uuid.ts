import { randomFillSync } from 'node:crypto';

/**
 * UUIDv7 (RFC 9562): the first 48 bits are the time, so ids sort by time and an id alone finds its month. Each id is greater
 * than all earlier ones of the same source, and than `after`.
 */
export interface UuidSource {
  next(after?: string): string;
}

export function createUuids(nowMs: () => number): UuidSource {
  let lastMs = 0;
  let counter = 0;
  return {
    next(after) {
      const ms = Math.max(nowMs(), after === undefined ? 0 : msOf(after) + 1);
      if (ms > lastMs) {
        lastMs = ms;
        counter = 0;
      } else if (++counter > 0xfff) {
        lastMs++;
        counter = 0;
      }
      return uuidv7(lastMs, counter);
    },
  };
}

/** The time of a UUIDv7, in epoch milliseconds. */
export function msOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** @param counter 12 bits that order the ids of one millisecond */
function uuidv7(ms: number, counter: number): string {
  const bytes = Buffer.allocUnsafe(16);
  bytes.writeUIntBE(ms, 0, 6);
  bytes.writeUInt16BE(0x7000 | counter, 6);
  bytes.set(randomBytes(), 8);
  bytes[8] = 0x80 | ((bytes[8] as number) & 0x3f);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The smallest UUIDv7 of a moment: a bound of a month. */
export function firstUuidOf(ms: number): string {
  const hex = ms.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-0000-0000-000000000000`;
}

/** Before every id. */
export const NIL_UUID = '00000000-0000-0000-0000-000000000000';

export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text);
}

const pool = Buffer.alloc(4_000);
let used = pool.length;

/** Drawn 4 kB at a time: a call for each id costs ten times the id. */
function randomBytes(): Buffer {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += 8;
  return pool.subarray(used - 8, used);
}
