import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { afterAll, expect, test, vi } from 'vitest';
import { testHub } from '../support/hub.ts';
import { lienthongHere, startLienthong } from '../support/lienthong.ts';

const folder = mkdtempSync(join(tmpdir(), 'lienthong-copy-command-'));
afterAll(() => rmSync(folder, { recursive: true }));

const KEY = 'copy-secret-of-the-tests';
const copy = (from: string, env: Record<string, string> = { COPY_KEY: KEY }) =>
  lienthongHere(['copy', '--from', from, '--folder', './copy', '--port', '0'], env, folder);

/** Answers each request the same while `work` runs. */
async function answering<T>(status: number, body: string, work: (url: string) => Promise<T>): Promise<T> {
  const server = createServer((_, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    return await work(url);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

test('a copy that cannot begin says why, leaves no partial copy, and never shows its key', async () => {
  const gone = await answering(200, '', async (url) => url);
  const refused = JSON.stringify({ detail: 'the Authorization header has no valid Bearer key' });
  const ran = {
    'COPY_KEY is not set': await copy(gone, {}),
    'expected an address such as': await copy('hub.example'),
    'expected no name and password': await copy('https://name:word@hub.example'),
    'the hub does not answer: ECONNREFUSED; ./copy holds no copy yet': await copy(gone),
    'the hub knows no key with the secret in COPY_KEY': await answering(401, refused, (url) => copy(url)),
    'it does not begin like a snapshot': await answering(200, '<html>', (url) => copy(url)),
    'it broke off before its last line': await answering(200, '', (url) => copy(url)),
  };
  for (const [why, { errors }] of Object.entries(ran)) expect(errors).toContain(why);
  expect(Object.values(ran).map(({ code }) => code)).toEqual([2, 2, 2, 1, 1, 1, 1]);
  expect(JSON.stringify(ran)).not.toContain(KEY);
  expect(readdirSync(join(folder, 'copy'))).toEqual([]);
});

test('with --json stdout is one document: the address of a copy that listens, or why it cannot begin', async () => {
  const keys = [{ id: 'copy', secret: KEY, scopes: ['index:read' as const, 'catalogue:read' as const] }];
  const hub = await testHub({ keys });
  const server = serve({ fetch: hub.hub.app.fetch, port: 0, hostname: '127.0.0.1' });
  await vi.waitUntil(() => server.listening);
  const from = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const args = ['copy', '--from', from, '--folder', './copy-json', '--port', '0', '--json'];
  const { child, ended } = startLienthong(args, { COPY_KEY: KEY }, folder);
  let out = '';
  child.stdout?.on('data', (chunk) => {
    out += chunk;
  });
  try {
    await vi.waitUntil(() => /^\}$/m.test(out), { timeout: 60_000 });
    const { url, ...about } = JSON.parse(out);
    expect(about).toEqual({ from, dossiers: 0, pid: child.pid });
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0, out, errors: expect.stringContaining('"msg":"listening"') });
  } finally {
    child.kill('SIGKILL');
    server.close();
    await hub.close();
  }
  const refused = await lienthongHere(['copy', '--from', from, '--folder', './copy', '--json'], {}, folder);
  expect([refused.code, JSON.parse(refused.out).error]).toEqual([2, expect.stringContaining('COPY_KEY is not set')]);
});
