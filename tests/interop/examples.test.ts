import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { migratedDatabase, type TestDatabase } from '../support/database.ts';
import { type HubProcess, startHubProcess, testFolder } from '../support/process.ts';

const EXAMPLES = join(import.meta.dirname, '..', '..', 'docs', 'integrate', 'examples');

interface Language {
  readonly name: string;
  /** A command that succeeds where the language is installed, and the Debian packages that install it. */
  readonly needs: readonly [command: string, ...given: string[]];
  readonly packages: string;
  readonly build?: readonly (readonly [command: string, ...given: string[]])[];
  readonly hub: readonly [command: string, ...given: string[]];
  /** Starts the receiver of webhooks. */
  readonly receiver: (port: number, inbox: string) => readonly [command: string, ...given: string[]];
  readonly checksReceipts: boolean;
}

const file = (...path: string[]): string => join(EXAMPLES, ...path);
const MONO = '/usr/lib/mono/4.5';
const LIBRARIES = ['System.Net.Http', 'System.Runtime.Serialization', 'System.Xml', 'System.Xml.Linq'];

const LANGUAGES: readonly Language[] = [
  {
    name: 'Python',
    needs: ['python3', '--version'],
    packages: 'python3',
    hub: ['python3', file('python', 'hub.py')],
    receiver: (port, inbox) => ['python3', file('python', 'webhook.py'), `${port}`, inbox],
    checksReceipts: false,
  },
  {
    name: 'PHP',
    needs: ['php', '-r', 'exit(extension_loaded("sodium") ? 0 : 1);'],
    packages: 'php-cli',
    hub: ['php', file('php', 'hub.php')],
    receiver: (port) => ['php', '-S', `127.0.0.1:${port}`, file('php', 'webhook.php')],
    checksReceipts: true,
  },
  {
    name: 'Java',
    needs: ['javac', '--version'],
    packages: 'default-jdk-headless',
    build: [['javac', '-d', '.', file('java', 'Hub.java'), file('java', 'Json.java'), file('java', 'Webhook.java')]],
    hub: ['java', 'Hub'],
    receiver: (port, inbox) => ['java', 'Webhook', `${port}`, inbox],
    checksReceipts: true,
  },
  {
    name: 'C#',
    needs: ['sh', '-c', `mcs --version && ls ${LIBRARIES.map((name) => `${MONO}/${name}.dll`).join(' ')}`],
    packages:
      'mono-mcs libmono-system-net-http4.0-cil libmono-system-runtime-serialization4.0-cil libmono-system-xml-linq4.0-cil',
    build: [
      ['mcs', `-r:${LIBRARIES.join(',')}`, '-out:hub.exe', file('csharp', 'Hub.cs')],
      ['mcs', '-out:webhook.exe', file('csharp', 'Webhook.cs')],
    ],
    hub: ['mono', 'hub.exe'],
    receiver: (port, inbox) => ['mono', 'webhook.exe', `${port}`, inbox],
    checksReceipts: false,
  },
];

const SECRETS = { 'one-stop': 'examples-secret-of-the-one-stop', portal: 'examples-secret-of-the-portal' } as const;
const WEBHOOK_SECRET = `whsec_${Buffer.from('mat-ma-webhook-cua-cac-vi-du').toString('base64')}`;

let database: TestDatabase;
let hub: HubProcess;
/** Stands before the hub and spoils the next requests. */
let network: Network;
/** The subscriber of the hub: hands each webhook to the example under test. */
let relay: Relay;
let folder: ReturnType<typeof testFolder>;

beforeAll(async () => {
  relay = await startRelay();
  folder = testFolder({
    keys: [
      { id: 'one-stop', secret: SECRETS['one-stop'], scopes: ['dossier:write'], party: 'one-stop' },
      { id: 'portal', secret: SECRETS.portal, scopes: ['index:read'] },
    ],
    parties: {
      'one-stop': { adapter: 'one-stop' },
      subscriber: { adapter: 'webhook-subscriber', settings: { url: relay.url, secrets: [WEBHOOK_SECRET] } },
    },
    routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['subscriber'] }],
  });
  database = await migratedDatabase();
  hub = await startHubProcess({
    DATABASE_URL: database.url,
    HUB_SECRET: 'a-secret-of-the-tests-that-is-long-enough',
    HUB_CONFIG: folder.configPath,
  });
  network = await startNetwork(hub.url);
});
afterAll(async () => {
  network?.server.close();
  hub?.child.kill('SIGKILL');
  await hub?.ended;
  relay?.server.close();
  await database?.drop();
  folder?.remove();
});

describe.each(LANGUAGES)('the example in $name', (language) => {
  const [command, ...given] = language.needs;
  const why = spawnSync(command, given).status === 0 ? '' : ` (skipped: apt-get install ${language.packages})`;
  const place = mkdtempSync(join(tmpdir(), 'lienthong-examples-'));
  const inPlace = (name: string): string => join(place, name);
  afterAll(() => rmSync(place, { recursive: true }));
  beforeAll(() => {
    if (why !== '') return;
    for (const [compiler, ...options] of language.build ?? []) execFileSync(compiler, options, { cwd: place });
  });
  beforeEach(() => {
    network.faults.length = 0;
    network.requests.length = 0;
  });

  let last = 0;
  const nextCode = (): string => `H60.${LANGUAGES.indexOf(language) + 1}-250812-${String(++last).padStart(4, '0')}`;
  const run = (key: keyof typeof SECRETS, ...options: readonly string[]): Promise<Ran> =>
    execute([...language.hub, ...options], place, { HUB_URL: network.url, HUB_KEY: SECRETS[key] });
  const push = (body: unknown, key: string, name = 'dossier.json'): Promise<Ran> => {
    writeFileSync(inPlace(name), JSON.stringify(body));
    return run('one-stop', 'push', name, key);
  };

  test.skipIf(why)(`pushes once through a lost answer and a busy hub, and prints every outcome${why}`, async () => {
    const [taken, doubtful, wrong] = [nextCode(), nextCode(), nextCode()];
    network.faults.push('lost-answer', 'busy');
    const items = [dossier(taken), dossier(doubtful, { note: BROKEN_TEXT }), dossier(wrong, { status: 'done' })];
    const { status, out, errors } = await push(items, `${language.name}-1`);
    const lines = out.trimEnd().split('\n');
    const firstReceipt = (JSON.parse(network.lost.at(-1) ?? '{}') as { receipt: string }).receipt;
    expect(lines.filter((line) => !line.startsWith('  '))).toEqual([
      `${taken} accepted`,
      `${doubtful} quarantined`,
      `${wrong} invalid`,
      `receipt ${firstReceipt}`,
    ]);
    // The answer to a repeat comes from the hub's log, which keeps only the form of a wrong value.
    expect(out).toContain('  /status: got "aaaa", expected one of submitted');
    expect(out).toContain('  /note: ');
    expect(errors).toMatch(/^no answer.*; next attempt in 5 s\nthe hub answered 503; next attempt in 1 s\n$/);
    expect(status).toBe(1);
    expect(network.requests).toEqual(
      Array.from({ length: 3 }, () => `POST /api/v1/parties/one-stop/dossiers ${language.name}-1`),
    );
    expect(await inHub(`/${taken}/history`)).toMatchObject({ items: [{ status: 'received' }] });
    expect(await inHub(`/${doubtful}`)).toMatchObject({ status: 404 });
  });

  test.skipIf(why)(`reports a repeat as a duplicate, and does not repeat what the hub refuses${why}`, async () => {
    const code = nextCode();
    expect(await push(dossier(code), `${language.name}-2`)).toMatchObject({ status: 0 });
    const again = await push(dossier(code), `${language.name}-3`);
    expect(again).toMatchObject({ status: 0, out: expect.stringMatching(`^${code} duplicate\n`) });
    network.requests.length = 0;
    const reused = await push(dossier(code, { status: 'processing' }), `${language.name}-2`);
    expect(reused).toMatchObject({ status: 1, out: expect.stringMatching(/^refused 409 key-reused: \S/), errors: '' });
    expect(network.requests).toHaveLength(1);
    expect(await inHub(`/${code}`)).toMatchObject({ status: 'received' });
  });

  test.skipIf(why)(`reads a dossier after a 429, and says that another one is missing${why}`, async () => {
    const code = nextCode();
    await push(dossier(code), `${language.name}-4`);
    network.faults.push('too-often');
    const { applicant } = (await inHub(`/${code}`)) as { applicant: { name: string } };
    expect(await run('portal', 'read', code)).toEqual({
      status: 0,
      out: `${code} received 2025-08-12T08:15:00+07:00 ${applicant.name}\n`,
      errors: 'the hub answered 429; next attempt in 1 s\n',
    });
    expect(await run('portal', 'read', 'H60.9-250812-9999')).toMatchObject({
      status: 1,
      out: expect.stringMatching(/^refused 404 not-found: /),
    });
  });

  test.skipIf(why)(`follows the changes from the stored cursor, each once${why}`, async () => {
    const [first, second] = [nextCode(), nextCode()];
    await push(dossier(first), `${language.name}-5`);
    const before = await run('portal', 'follow', 'cursor.txt', '1');
    expect(before.status, before.errors).toBe(0);
    expect(before.out.split('\n').filter((line) => line === `changed ${first} received`)).toHaveLength(1);
    await push(dossier(second), `${language.name}-6`);
    expect((await run('portal', 'follow', 'cursor.txt', '1')).out).toBe(`changed ${second} received\n`);
    expect((await run('portal', 'follow', 'cursor.txt', '1')).out).toBe('');
  });

  const noProof = why || (language.checksReceipts ? '' : ' (skipped: the standard library has no Ed25519)');
  test.skipIf(noProof)(`proves by a receipt which file the hub received${noProof}`, async () => {
    const { out } = await push(dossier(nextCode()), `${language.name}-7`);
    const receipt = /^receipt (\S+)$/m.exec(out)?.[1] as string;
    const proof = await run('one-stop', 'receipt', receipt, 'dossier.json');
    expect(proof).toEqual({ status: 0, out: `receipt ${receipt} proves dossier.json\n`, errors: '' });
    writeFileSync(inPlace('other.json'), '{}');
    expect(await run('one-stop', 'receipt', receipt, 'other.json')).toMatchObject({
      status: 1,
      out: `receipt ${receipt} does not prove other.json\n`,
    });
  });

  let receiver: ChildProcess | undefined;
  afterEach(() => {
    relay.target = undefined;
    receiver?.kill('SIGKILL');
  });
  test.skipIf(why)(`stores each genuine webhook once, and refuses forged and old ones${why}`, async () => {
    const inbox = mkdtempSync(inPlace('inbox-'));
    const port = await freePort();
    const [starts, ...options] = language.receiver(port, inbox);
    receiver = spawn(starts, options, {
      cwd: place,
      env: { PATH: process.env.PATH, WEBHOOK_SECRETS: `whsec_b2xk ${WEBHOOK_SECRET} `, WEBHOOK_INBOX: inbox },
      stdio: 'ignore',
    });
    const post = (message: Message): Promise<number> => deliver(`http://127.0.0.1:${port}/`, message);
    await expect.poll(() => post({ body: '{}', headers: {} }).catch(() => 0), { timeout: 60_000 }).toBe(401);

    const code = nextCode();
    relay.target = `http://127.0.0.1:${port}/`;
    await push(dossier(code), `${language.name}-8`);
    await expect.poll(() => relay.messages.get(code)?.status, { timeout: 60_000 }).toBe(204);
    const message = relay.messages.get(code) as Message;
    const stored = join(inbox, `${message.headers['webhook-id']}.json`);
    expect(JSON.parse(readFileSync(stored, 'utf8'))).toMatchObject({ type: 'dossier.changed', data: { code } });

    expect(await post(message)).toBe(204);
    expect(await post(forged(message))).toBe(401);
    expect(await post(old(message))).toBe(401);
    expect(await post(withoutKey(message))).toBe(401);
    expect(readdirSync(inbox)).toEqual([`${message.headers['webhook-id']}.json`]);
  });
});

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly errors: string;
}

function execute([command = '', ...given]: readonly string[], cwd: string, env: Record<string, string>): Promise<Ran> {
  return new Promise((resolve) =>
    execFile(command, given, { cwd, env: { PATH: process.env.PATH, HOME: cwd, ...env } }, (error, out, errors) =>
      resolve({ status: error ? Number(error.code) : 0, out, errors }),
    ),
  );
}

function dossier(code: string, members: object = {}): object {
  return {
    code,
    serviceCode: '1.013225',
    agencyCode: 'H60.01',
    status: 'received',
    statusAt: '2025-08-12T08:15:00+07:00',
    applicant: { name: 'Đặng Thị Ánh "Tuyết" \\ Út', identityNumber: '001000000001' },
    ...members,
  };
}

/** Nobody can repair it with certainty. */
const BROKEN_TEXT = 'Nguy?n V?n \uFFFD\u00C3';

async function inHub(path: string): Promise<unknown> {
  const headers = { Authorization: `Bearer ${SECRETS.portal}` };
  return (await fetch(`${hub.url}/api/v1/dossiers${path}`, { headers })).json();
}

interface Network {
  readonly server: Server;
  readonly url: string;
  /** What happens to the next requests. */
  readonly faults: ('lost-answer' | 'busy' | 'too-often')[];
  /** Method, path and Idempotency-Key. */
  readonly requests: string[];
  /** Answers that never arrived. */
  readonly lost: string[];
}

async function startNetwork(target: string): Promise<Network> {
  const [faults, requests, lost]: [Network['faults'], string[], string[]] = [[], [], []];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const key = request.headers['idempotency-key'];
    requests.push(`${request.method} ${request.url}${key === undefined ? '' : ` ${String(key)}`}`);
    const fault = faults.shift();
    if (fault === 'busy' || fault === 'too-often') {
      response.writeHead(fault === 'busy' ? 503 : 429, { 'Retry-After': '1' }).end('<html>');
      return;
    }
    const answer = await fetch(`${target}${request.url}`, {
      method: request.method ?? 'GET',
      headers: headersOf(request, ['authorization', 'content-type', 'accept', 'idempotency-key']),
      body: request.method === 'POST' ? body : null,
    });
    const answered = await answer.text();
    if (fault === 'lost-answer') {
      lost.push(answered);
      response.socket?.destroy();
    } else
      response.writeHead(answer.status, { 'Content-Type': answer.headers.get('Content-Type') ?? '' }).end(answered);
  });
  return { server, url: await listening(server), faults, requests, lost };
}

interface Message {
  readonly body: string;
  readonly headers: Record<string, string>;
}

interface Relay {
  readonly server: Server;
  readonly url: string;
  /** The receiver under test; without one the relay takes the message. */
  target: string | undefined;
  /** What the receiver got and answered, by the code of the dossier. */
  readonly messages: Map<string, Message & { readonly status: number }>;
}

async function startRelay(): Promise<Relay> {
  const server = createServer(async (request, response) => {
    const names = ['content-type', 'webhook-id', 'webhook-timestamp', 'webhook-signature'];
    const message = { body: await text(request), headers: headersOf(request, names) };
    const status = relay.target ? await deliver(relay.target, message).catch(() => 503) : 204;
    relay.messages.set((JSON.parse(message.body) as { data: { code: string } }).data.code, { ...message, status });
    response.writeHead(status).end();
  });
  return { server, url: await listening(server), target: undefined, messages: new Map() };
}

async function deliver(url: string, { body, headers }: Message): Promise<number> {
  return (await fetch(url, { method: 'POST', body, headers })).status;
}

function forged({ body, headers }: Message): Message {
  return { body: body.replace('"received"', '"resolved"'), headers: { ...headers, 'webhook-id': 'lienthong-forged' } };
}

/** Genuine, but six minutes old. */
function old(message: Message): Message {
  const timestamp = `${Number(message.headers['webhook-timestamp']) - 360}`;
  return signed(message, 'lienthong-old', timestamp, Buffer.from(WEBHOOK_SECRET.slice(6), 'base64'));
}

/** Signed with an empty key, as anybody can. A stray blank in the list of secrets must not make it a known one. */
function withoutKey(message: Message): Message {
  return signed(message, 'lienthong-without-key', message.headers['webhook-timestamp'] as string, Buffer.alloc(0));
}

function signed({ body }: Message, id: string, timestamp: string, key: Buffer): Message {
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    body,
    headers: {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signature}`,
    },
  };
}

function headersOf({ headers }: IncomingMessage, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (headers[name] ? [[name, String(headers[name])]] : [])));
}

function listening(server: Server): Promise<string> {
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
  );
}

/** These receivers do not choose a port of their own. */
async function freePort(): Promise<number> {
  const probe = createServer();
  const url = await listening(probe);
  await new Promise((resolve) => probe.close(resolve));
  return Number(new URL(url).port);
}
