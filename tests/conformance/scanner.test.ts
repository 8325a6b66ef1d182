import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createClamd } from '../../src/files/clamd.ts';
import { createIcap } from '../../src/files/icap.ts';
import { type Scanner, type Verdict, write } from '../../src/files/scanner.ts';
import { EICAR, startClamd } from '../support/clamd.ts';
import { startIcap } from '../support/icap.ts';

interface Running {
  readonly scanner: Scanner;
  close(): Promise<unknown>;
}

async function withClamd(): Promise<Running> {
  const { url, close } = await startClamd();
  return { scanner: createClamd(url), close };
}

async function withIcap(form?: Parameters<typeof startIcap>[0]): Promise<Running> {
  const { url, close } = await startIcap(form);
  return { scanner: createIcap(url), close };
}

const MODULES = '/usr/lib/x86_64-linux-gnu/c_icap';
const hasCicap = spawnSync('c-icap', ['-V']).error === undefined && existsSync(join(MODULES, 'srv_echo.so'));

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The server c-icap with its service echo, which returns each file as it is, with 200. */
async function withCicap(): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'lienthong-c-icap-'));
  const port = await freePort();
  const settings = [
    `PidFile ${folder}/pid`,
    `CommandsSocket ${folder}/ctl`,
    `Port 127.0.0.1:${port}`,
    `ServerLog ${folder}/server.log`,
    `AccessLog ${folder}/access.log`,
    `TmpDir ${folder}`,
    `ModulesDir ${MODULES}`,
    `ServicesDir ${MODULES}`,
    'LoadMagicFile /etc/c-icap/c-icap.magic',
    'StartServers 1',
    'MaxServers 1',
    'Service echo srv_echo.so',
  ];
  writeFileSync(join(folder, 'c-icap.conf'), `${settings.join('\n')}\n`);
  const child: ChildProcess = spawn('c-icap', ['-N', '-f', join(folder, 'c-icap.conf')], { stdio: 'ignore' });
  const scanner = createIcap(`icap://127.0.0.1:${port}/echo`);
  const isUp = vi.waitFor(async () => expect(await scanner.isThere()).toBe(true), 8_000);
  await isUp.catch((error) => {
    child.kill('SIGTERM');
    throw error;
  });
  return {
    scanner,
    async close() {
      child.kill('SIGTERM');
      await new Promise((resolve) => child.once('close', resolve));
      rmSync(folder, { recursive: true });
    },
  };
}

const SCANNERS: readonly { name: string; start: () => Promise<Running>; names?: string }[] = [
  { name: 'clamd', start: withClamd },
  { name: 'ICAP', start: withIcap },
  { name: 'ICAP with X-Virus-ID', start: () => withIcap('X-Virus-ID') },
  { name: 'ICAP with a page alone', start: () => withIcap('page'), names: 'HTTP 403' },
];

describe.each(SCANNERS)('the scanner $name', ({ start, names = 'Eicar-Test-Signature' }) => {
  let running: Running | undefined;
  beforeAll(async () => {
    running = await start();
  });
  afterAll(() => running?.close());

  async function verdictOf(...chunks: readonly Buffer[]): Promise<Verdict | undefined> {
    const scan = (running as Running).scanner.begin();
    for (const chunk of chunks) await scan.add(chunk);
    return scan.end();
  }
  const pdf = Buffer.from('%PDF-1.4\n');

  test('is there, and finds nothing in a clean file of any size', async () => {
    expect(await running?.scanner.isThere()).toBe(true);
    expect(await verdictOf(pdf)).toEqual({ kind: 'clean' });
    expect(await verdictOf(pdf, Buffer.alloc(0), ...Array.from({ length: 30 }, () => randomBytes(100_000)))).toEqual({
      kind: 'clean',
    });
  });

  test('names the virus, also one across two chunks', async () => {
    const virus = Buffer.from(EICAR);
    expect(await verdictOf(pdf, virus)).toEqual({ kind: 'infected', found: names });
    expect(await verdictOf(pdf, virus.subarray(0, 30), virus.subarray(30))).toEqual({ kind: 'infected', found: names });
  });

  test('a scan that is broken off leaves the next one alone', async () => {
    const scan = running?.scanner.begin();
    await scan?.add(pdf);
    scan?.abort();
    expect(await scan?.end()).toBeUndefined();
    expect(await verdictOf(pdf)).toEqual({ kind: 'clean' });
  });
});

test.skipIf(!hasCicap)(
  `c-icap takes the request, and its service that scans nothing finds no file clean${hasCicap ? '' : ' (skipped: no c-icap)'}`,
  async () => {
    const { scanner, close } = await withCicap();
    try {
      const scan = scanner.begin();
      await scan.add(Buffer.from('%PDF-1.4'));
      expect(await scan.end()).toBeUndefined();
    } finally {
      await close();
    }
  },
);

describe.each([
  ['clamd', () => createClamd('clamd://127.0.0.1:9')],
  ['ICAP', () => createIcap('icap://127.0.0.1:9/avscan')],
])('without %s', (_, make) => {
  test('a file is unscanned, and nobody is there', async () => {
    const scan = make().begin();
    await scan.add(Buffer.from('%PDF-1.4\n'));
    expect(await scan.end()).toBeUndefined();
    expect(await make().isThere()).toBe(false);
  });
});

test.each(['ICAP/1.0 404 Service not found', 'ICAP/1.0 500 Error', 'HTTP/1.1 200 OK', 'ICAP/1.0 200 OK'])(
  'the answer %s says nothing of a file',
  async (status) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () => socket.end(`${status}\r\nISTag: "x"\r\n\r\n`));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const scan = createIcap(`icap://127.0.0.1:${port}/avscan`).begin();
    await scan.add(Buffer.from(EICAR));
    expect(await scan.end()).toBeUndefined();
    await new Promise((resolve) => server.close(resolve));
  },
);

test('a scanner that reads slowly gathers no listeners on its connection', async () => {
  const socket = Object.assign(new EventEmitter(), { destroyed: false, writable: true, write: () => false });
  for (let n = 0; n < 20; n++) {
    const written = write(socket as unknown as Socket, ['x']);
    setImmediate(() => socket.emit('drain'));
    await written;
  }
  expect(socket.eventNames()).toEqual([]);
});
