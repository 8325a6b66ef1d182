import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { superviseHub } from '../../src/play/stage/hub-processes.ts';

const COMMAND = join(import.meta.dirname, '..', '..', 'bin', 'lienthong.mjs');
const OWN = {
  parties: { 'bo-moi': { adapter: 'one-stop', title: 'Bộ mới', settings: {} } },
  keys: [{ id: 'bo-moi', secret: 'mat-khau-cua-bo-moi-0001', scopes: ['dossier:write'], party: 'bo-moi' }],
};
const SAMPLES = [
  'dossiers',
  'progress',
  'progress-result',
  'dossiers-list',
  'dossiers-stream',
  'questions',
  'petitions',
  'ratings',
  'postal-orders',
  'payments',
  'dialect',
  'soap',
];

describe('lienthong sandbox', () => {
  let folder: string;
  let child: ChildProcess;
  let url: string;
  /** Each line says that the hub is ready, the first time or after a reset. */
  let ready: AsyncIterator<string>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lienthong-sandbox-'));
    chmodSync(folder, 0o755); // as root, PostgreSQL runs as another user
    const own = join(folder, 'own.json');
    writeFileSync(own, JSON.stringify(OWN));
    const env = { ...process.env, HUB_DATA_DIR: folder, TMPDIR: folder };
    child = spawn(process.execPath, [COMMAND, 'sandbox', '--port', '0', '--with', own], { env, stdio: 'pipe' });
    child.stderr?.resume();
    ready = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
    url = await nextReady();
  });
  afterAll(async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
    expect(readdirSync(folder)).toEqual(['own.json']);
    rmSync(folder, { recursive: true, force: true });
  });

  const nextReady = async (): Promise<string> =>
    /http:\S+(?=\/sandbox)/.exec((await ready.next()).value ?? '')?.[0] ?? '';
  const page = async (): Promise<string> => (await fetch(`${url}/sandbox?lang=en`)).text();
  /** Submits a form of the page as a browser does. Returns the page after it. */
  const submit = async (path: string, fields: Record<string, string> = {}): Promise<string> => {
    const sent = { method: 'POST', headers: { Origin: url, Cookie: 'lang=en' }, body: new URLSearchParams(fields) };
    const answer = await fetch(`${url}${path}`, sent);
    expect(answer.status, path).toBe(200);
    return answer.text();
  };
  const secretOf = async (id: string): Promise<string> =>
    new RegExp(`<code>${id}</code></th><td[^>]*><code>([^<]+)`).exec(await page())?.[1] ?? '';
  const push = (secret: string, code: string): Promise<Response> =>
    fetch(`${url}/api/v1/parties/one-stop/dossiers`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${secret}` },
      body: JSON.stringify({ ...DOSSIER, code }),
    });
  const stateOf = async (id: string): Promise<string> => {
    const { cases } = (await (await fetch(`${url}/sandbox/certificate/one-stop`)).json()) as {
      cases: readonly { id: string; state: string }[];
    };
    return cases.find((one) => one.id === id)?.state ?? '';
  };

  test('each sample of the page is accepted unchanged', async () => {
    for (const id of SAMPLES) {
      const after = await submit(`/sandbox/send/${id}`);
      const [, answer = ''] = /answer<\/h2><pre>([\s\S]*?)<\/pre>/.exec(after) ?? [];
      expect([id, answer.includes('accepted'), /invalid|quarantined/.test(answer)], answer).toEqual([id, true, false]);
    }
    expect(await page()).toContain('national-portal');
  });

  test('a bad day at the door is played, and the certificate says how the system took it', async () => {
    const secret = await secretOf('one-stop');
    expect(await stateOf('retries')).toBe('open');
    await submit('/sandbox/bad-day', { partner: '', day: 'lost-answers' });
    for (let time = 0; time < 5; time++) await expect(push(secret, 'H60.01-250812-9001')).rejects.toThrow();
    expect((await push(secret, 'H60.01-250812-9001')).status).toBe(200);
    expect(await stateOf('retries')).toBe('passed');
    await submit('/sandbox/bad-day', { partner: '', day: 'busy' });
    const busy = await push(secret, 'H60.01-250812-9002');
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([503, '5']);
    await push(secret, 'H60.01-250812-9002');
    expect(await stateOf('waits'), 'it did not wait').toBe('failed');
  });

  test('a partner is down when asked, and an unknown bad day is refused', async () => {
    await submit('/sandbox/bad-day', { partner: 'civil-status', day: 'down' });
    const body = new URLSearchParams({ partner: 'nobody', day: 'down' });
    expect((await fetch(`${url}/sandbox/bad-day`, { method: 'POST', headers: { Origin: url }, body })).status).toBe(
      404,
    );
    expect(
      (await fetch(`${url}/sandbox/reset`, { method: 'POST', headers: { Origin: 'http://other.example' }, body }))
        .status,
    ).toBe(403);
  });

  test('certify ends with 1 while a case is open, and names the parties for an unknown one', async () => {
    const certify = (...args: string[]): Promise<{ code: number; text: string }> =>
      new Promise((resolve) =>
        execFile(process.execPath, [COMMAND, 'certify', '--url', url, ...args], (error, stdout, stderr) =>
          resolve({ code: Number(error?.code ?? 0), text: stdout + stderr }),
        ),
      );
    expect(await certify('one-stop')).toMatchObject({ code: 1, text: expect.stringMatching(/accepts it +passed/) });
    expect(await certify('nobody')).toMatchObject({
      code: 1,
      text: expect.stringContaining('expected one of one-stop'),
    });
    // The last --url counts. Nothing listens on port 9.
    expect(await certify('one-stop', '--url', 'http://127.0.0.1:9')).toMatchObject({
      code: 1,
      text: expect.stringContaining('http://127.0.0.1:9: no sandbox answers'),
    });
  });

  test('a party of the integrator is connected; a reset deletes all data and keeps the secrets', async () => {
    expect(await secretOf('bo-moi')).toBe('mat-khau-cua-bo-moi-0001');
    const secret = await secretOf('portal');
    const read = { headers: { Authorization: `Bearer ${secret}` } };
    expect((await fetch(`${url}/api/v1/dossiers/H60.01-250812-9001`, read)).status).toBe(200);
    const starting = await submit('/sandbox/reset');
    expect(starting).toContain('The hub is starting.');
    const [, style = ''] = /href="(\/pages\/style\.css[^"]*)"/.exec(starting) ?? [];
    expect((await fetch(`${url}${style}`)).status).toBe(200);
    expect(await nextReady()).toBe(url);
    expect(await secretOf('portal')).toBe(secret);
    expect((await fetch(`${url}/api/v1/dossiers/H60.01-250812-9001`, read)).status).toBe(404);
    expect(await stateOf('accepted')).toBe('open');
  });
});

test.each([
  [{ ...OWN, keys: [...OWN.keys, { ...OWN.keys[0], id: 'ops' }] }, '/keys/1/id: got "ops", expected an id other than'],
  [{ ...OWN, route: [] }, '/route: "route" is not a member here, expected one of parties, routes, keys'],
  [{ keys: OWN.keys[0] }, '/keys: got an object, expected a list'],
  [{ parties: [] }, '/parties: got a list of 0, expected an object'],
  [null, '/: got null, expected an object'],
  [
    { parties: { x: { adapter: 'one-stopp' } } },
    '--with /parties/x/adapter: got "one-stopp", expected one of the adapters',
  ],
])('a wrong file of the integrator is refused, with the place in it: %j', async (own, problem) => {
  const folder = mkdtempSync(join(tmpdir(), 'lienthong-sandbox-'));
  const path = join(folder, 'own.json');
  writeFileSync(path, JSON.stringify(own));
  const said = await new Promise<string>((resolve) =>
    execFile(process.execPath, [COMMAND, 'sandbox', '--with', path], { timeout: 90_000 }, (_, __, stderr) =>
      resolve(stderr),
    ),
  );
  rmSync(folder, { recursive: true });
  expect(said).toContain(problem);
});

test('settings that the hub refuses end the sandbox at the first start, with the problem and no removed file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lienthong-sandbox-'));
  const config = join(folder, 'hub.config.json');
  writeFileSync(config, JSON.stringify({ parties: { 'bo-moi': { adapter: 'one-stopp', settings: {} } } }));
  const env = { PATH: process.env.PATH, HUB_CONFIG: config, HUB_DATA_DIR: folder };
  let ends = 0;
  const hub = superviseHub('hub', {
    folder,
    isLogKept: false,
    env,
    mostStarts: 5,
    onLine: () => undefined,
    onEnd: () => ends++,
  });
  const error: Error = await hub.up.then(String, (rejected) => rejected);
  expect(error.message).toContain('/parties/bo-moi/adapter: got "one-stopp", expected one of the adapters');
  expect(error.message).not.toContain('hub.log');
  expect(ends).toBe(1);
  rmSync(folder, { recursive: true });
});

const DOSSIER = {
  serviceCode: '1.004616',
  agencyCode: 'H60.01',
  status: 'received',
  statusAt: '2025-08-12T08:15:00+07:00',
};
