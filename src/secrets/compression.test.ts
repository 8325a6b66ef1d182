import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import lz4 from 'lz4-napi';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { compress, expand } from './compression.ts';
import { FIRST_DICTIONARY } from './compression-dictionary.ts';

const DICTIONARY = Buffer.from(FIRST_DICTIONARY);
const RECORD = Buffer.from(
  JSON.stringify(
    JSON.parse(readFileSync('fixtures/dossier.upsert.v1/valid-every-member.json', 'utf8')).record as object,
  ),
);
const again = (bytes: Uint8Array): Buffer => expand(Buffer.from(compress('body', bytes)));

describe('compression', () => {
  afterEach(() => {
    vi.doUnmock('lz4-napi');
    vi.resetModules();
  });

  test('every value comes back byte for byte, and LZ4 itself reads what was written', () => {
    for (let round = 0; round < 300; round++) {
      const random = hash('sha512', `${round}`, 'buffer');
      const pieces = Array.from({ length: round % 32 }, (_, at) => {
        const [place, length] = [random.readUInt16LE(at) % RECORD.length, random.readUInt16LE(at * 2) % 400];
        return at % 2 === 0 ? RECORD.subarray(place, place + length) : Buffer.alloc(length, random[at]);
      });
      const value = Buffer.concat(pieces);
      expect(again(value).equals(value)).toBe(true);
      const compressed = Buffer.from(compress('body', value));
      if (compressed[0] === 0 && compressed[1] === 1)
        expect(lz4.uncompressSync(compressed.subarray(2), DICTIONARY).equals(value)).toBe(true);
    }
  });

  test('values that begin with a zero byte, small and empty values come back', () => {
    for (const bytes of [[], [0], [0, 0, 7], [0, 1, 255, 255, 255, 255], [1], [123, 125]])
      expect([...again(Uint8Array.from(bytes))]).toEqual(bytes);
  });

  test('a record takes less than half of its bytes', () => {
    expect(compress('record', RECORD).length).toBeLessThan(RECORD.length / 2);
  });

  test('values of older versions and values over the limits stay as they are', () => {
    expect(expand(RECORD)).toBe(RECORD);
    const large = Buffer.alloc(16 * 1024 + 1, '{"code":"H60.01"},');
    expect(compress('record', large)).toBe(large);
    expect(compress('body', large).length).toBeLessThan(1_000);
    const body = Buffer.alloc(1024 * 1024 + 1, 'a');
    expect(compress('body', body)).toBe(body);
  });

  test('a value that an earlier version compressed stays readable for ever', () => {
    expect(expand(Buffer.from(STORED, 'base64')).toString()).toBe(STORED_TEXT);
  });

  test('without the native library large values are written and read all the same', async () => {
    const large = Buffer.concat(Array.from({ length: 200 }, (_, at) => Buffer.concat([RECORD, Buffer.from([at])])));
    const native = Buffer.from(compress('body', large));
    vi.resetModules();
    vi.doMock('lz4-napi', () => {
      throw new Error('no binary for this platform');
    });
    const without = await import('./compression.ts');
    expect(without.expand(native).equals(large)).toBe(true);
    const byHand = Buffer.from(without.compress('body', large));
    expect(byHand.length).toBeLessThan(large.length / 20);
    expect(lz4.uncompressSync(byHand.subarray(2), DICTIONARY).equals(large)).toBe(true);
  });
});

const STORED_TEXT =
  '{"code":"H60.01-250812-0035","serviceCode":"1.001193.000.00.00.H60","agencyCode":"H60.01","channel":"online","status":"received","statusAt":"2025-08-12T08:15:00+07:00","applicant":{"kind":"citizen","name":"Nguyễn Văn An"},"onlinePayment":"none"}';
const STORED =
  'AAH4AAAACckD4DAxLTI1MDgxMi0wMDM18QIM1wNQMDExOTNzBhIuAwAgSDYSAgKYAwPWBQASBBAwrgMGOwgPgAMjKDE1UgMP2AIbnlbEg24gQW4iffgAYG5vbmUifQ==';
