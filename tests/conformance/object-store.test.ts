import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFolderStore } from '../../src/files/folder-store.ts';
import { type ObjectStore, StoreAway } from '../../src/files/object-store.ts';
import { createS3Store } from '../../src/files/s3-store.ts';
import { startS3 } from '../support/s3.ts';

const folder = mkdtempSync(join(tmpdir(), 'lienthong-store-'));
let s3: Awaited<ReturnType<typeof startS3>>;
beforeAll(async () => {
  s3 = await startS3();
});
afterAll(async () => {
  await s3.close();
  rmSync(folder, { recursive: true });
});

const newPlace = (): string => `${randomBytes(32).toString('hex')}.${randomBytes(4).toString('hex')}`;

async function bytesOf(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

function spooled(bytes: Buffer): string {
  const path = join(folder, randomBytes(8).toString('hex'));
  writeFileSync(path, bytes);
  return path;
}

async function placesIn(store: ObjectStore, ms: number): Promise<string[]> {
  const found: string[] = [];
  for await (const place of store.placesBefore(ms)) found.push(place);
  return found.sort();
}

/** Each implementation of the port. */
const STORES: readonly [name: string, make: () => ObjectStore][] = [
  ['folder', () => createFolderStore(join(folder, 'objects'))],
  ['S3 store', () => createS3Store(s3.settings)],
  ['S3 store with a prefix', () => createS3Store({ ...s3.settings, prefix: 'trục/liên-thông/' })],
];

describe.each(STORES)('the %s', (_, make) => {
  test('what is put comes back byte for byte, and leaves the spool', async () => {
    const [store, bytes, place] = [make(), randomBytes(3_000_000), newPlace()];
    const spool = spooled(bytes);
    await store.put(spool, place);
    expect(existsSync(spool)).toBe(false);
    expect((await bytesOf(store.open(place))).equals(bytes)).toBe(true);
  });

  test('a removed place is empty, and may be removed again', async () => {
    const [store, place] = [make(), newPlace()];
    await store.put(spooled(randomBytes(10)), place);
    await store.remove(place);
    await store.remove(place);
    await expect(bytesOf(store.open(place))).rejects.toThrow();
  });

  test('lists its places by their time, and nothing of others', async () => {
    const [store, places] = [make(), Array.from({ length: 5 }, newPlace)];
    for (const place of places) await store.put(spooled(randomBytes(10)), place);
    const found = await placesIn(store, Date.now() + 60_000);
    expect(found).toEqual(expect.arrayContaining([...places].sort()));
    expect(found.filter((place) => !/^[0-9a-f]{64}\.[0-9a-f]{8}$/.test(place))).toEqual([]);
    expect(await placesIn(store, Date.now() - 60_000)).toEqual([]);
  });

  test('says that it can be used', async () => {
    expect(await make().trouble()).toBeUndefined();
  });
});

describe('the S3 store', () => {
  test('repeats a call of a busy store', async () => {
    const [store, bytes, place] = [createS3Store(s3.settings), randomBytes(100_000), newPlace()];
    s3.faults.push({ status: 503 }, { status: 429 });
    await store.put(spooled(bytes), place);
    expect((await bytesOf(store.open(place))).equals(bytes)).toBe(true);
  });

  test('continues to read where a connection broke', async () => {
    const [store, bytes, place] = [createS3Store(s3.settings), randomBytes(2_000_000), newPlace()];
    await store.put(spooled(bytes), place);
    s3.faults.push({ breakAt: 700_000 }, ...Array.from({ length: 6 }, () => ({ breakAt: 100_000 })));
    expect((await bytesOf(store.open(place))).equals(bytes)).toBe(true);
  });

  test.each([
    ['a wrong secret', { secretAccessKey: 'mat-ma-sai-cua-kho' }, '403 SignatureDoesNotMatch'],
    ['an unknown key', { accessKeyId: 'khoa-la' }, '403 InvalidAccessKeyId'],
    ['another bucket', { bucket: 'khac' }, '404 NoSuchBucket'],
  ])('names the reason for %s, asks once, and shows no secret', async (_, given, reason) => {
    const settings = { ...s3.settings, ...given };
    const [store, spool, before] = [createS3Store(settings), spooled(randomBytes(10)), s3.calls.length];
    const error = await store.put(spool, newPlace()).catch((thrown: Error) => thrown);
    expect(error).toBeInstanceOf(StoreAway);
    expect((error as Error).message).toBe(`the store answered ${reason}`);
    expect(s3.calls.length - before).toBe(1);
    expect(existsSync(spool)).toBe(true);
    expect(await store.trouble()).toBe(`the store answered ${reason}`);
  });

  test('says that nobody answers', async () => {
    const store = createS3Store({ ...s3.settings, endpoint: 'http://127.0.0.1:9' });
    expect(await store.trouble()).toBe('no answer from 127.0.0.1:9: ECONNREFUSED');
    await expect(bytesOf(store.open(newPlace()))).rejects.toThrow(StoreAway);
  });

  test('never calls a link-local address', async () => {
    const store = createS3Store({ ...s3.settings, endpoint: 'http://169.254.169.254' });
    expect(await store.trouble()).toBe('no answer from 169.254.169.254: a link-local address');
  });
});
