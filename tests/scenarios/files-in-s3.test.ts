import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestHub, testHub } from '../support/hub.ts';
import type { Json } from '../support/json.ts';
import { startS3 } from '../support/s3.ts';

const DAY = 86_400_000;
const pdf = (text: string): Buffer => Buffer.from(`%PDF-1.4\n${text}\n%%EOF\n`);
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('files in an S3 store', () => {
  let hub: TestHub;
  let s3: Awaited<ReturnType<typeof startS3>>;
  const dataDir = mkdtempSync(join(tmpdir(), 'lienthong-files-'));
  beforeAll(async () => {
    s3 = await startS3();
    hub = await testHub({ dataDir, files: { scan: false, store: { ...s3.settings, prefix: 'lienthong/' } } });
  });
  afterAll(async () => {
    await hub.close();
    await s3.close();
    rmSync(dataDir, { recursive: true });
  });

  const pushFile = (bytes: Buffer) => hub.request('POST', '/api/v1/parties/one-stop/files', 'one-stop', bytes);
  const readFile = (bytes: Buffer) => hub.request('GET', `/api/v1/files/${sha256(bytes)}`, 'one-stop');
  const spooled = () => readdirSync(join(dataDir, 'files', 'incoming'));

  test('a pushed file lies in the bucket, sealed, comes back as it was, and goes when nobody uses it', async () => {
    const file = pdf('Đơn đề nghị '.repeat(50_000));
    expect((await pushFile(file)).status).toBe(201);
    const [[key, object] = ['', undefined]] = [...s3.objects];
    expect(key.startsWith(`lienthong/${sha256(file)}.`)).toBe(true);
    expect(object?.bytes.includes('%PDF')).toBe(false);
    expect(Buffer.from(await (await readFile(file)).arrayBuffer()).equals(file)).toBe(true);
    hub.clock.nowMs += DAY + 60_000;
    await hub.hub.files?.sweep();
    expect([...s3.objects]).toEqual([]);
    expect(spooled()).toEqual([]);
  });

  test('HEAD takes no connection of the store, which has 64', async () => {
    const file = pdf('x'.repeat(1_000_000));
    await pushFile(file);
    const before = s3.calls.length;
    for (let n = 0; n < 65; n++) {
      const head = await hub.request('HEAD', `/api/v1/files/${sha256(file)}`, 'one-stop');
      expect([head.status, head.headers.get('content-length')]).toEqual([200, String(file.length)]);
    }
    expect(s3.calls).toHaveLength(before);
    expect(Buffer.from(await (await readFile(file)).arrayBuffer()).equals(file)).toBe(true);
  });

  test('while the store is away nothing is recorded, nothing read half, and no secret shown', async () => {
    const [stored, refused] = [pdf('đã lưu'), pdf('chưa lưu')];
    await pushFile(stored);
    s3.faults.push(...Array(3).fill({ status: 503 }));
    const reply = await pushFile(refused);
    expect([reply.status, reply.headers.get('retry-after')]).toEqual([503, '30']);
    const { detail } = (await reply.json()) as Json;
    expect(detail).toContain('503 SlowDown');
    expect((await readFile(refused)).status).toBe(404);
    s3.faults.push(...Array(3).fill({ status: 503 }));
    expect((await readFile(stored)).status).toBe(503);
    expect((await pushFile(refused)).status).toBe(201);
    expect((await readFile(stored)).status).toBe(200);
    expect(spooled()).toEqual([]);
    expect(JSON.stringify(hub.logLines)).not.toContain(s3.settings.secretAccessKey);
  });
});
