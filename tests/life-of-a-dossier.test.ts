import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import adapter from '../adapters/webhook-subscriber/adapter.ts';
import { SIMULATOR_SECRET } from '../adapters/webhook-subscriber/simulator.ts';
import type { Adapter } from '../src/kit/adapter.ts';
import { type Calls, callsOf } from './support/calls.ts';
import { ROOT, readPage } from './support/documents.ts';
import { codeOf, dossier, type TestHub, testHub } from './support/hub.ts';
import { sourceFile } from './support/source-files.ts';

/** Files beside the way: they answer a question of a listed file. */
const NOT_COUNTED: Readonly<Record<string, readonly string[]>> = {
  'pure functions': ['src/core/', 'src/messages/', 'src/kinds/'],
  'know nothing of the hub': ['src/concurrency/', 'src/secrets/', 'src/process/'],
  'receive facts': ['src/observe/', 'src/delivery/health.ts'],
  'statements and rows of one table, for the listed file that calls them': [
    'src/catalogue/',
    'src/database/',
    'src/index/',
    'src/ledger/',
  ],
  'read the request': [
    'src/http/clients.ts',
    'src/http/doors/door.ts',
    'src/http/doors/rest/request.ts',
    'src/http/inflate-body.ts',
    'src/http/json-body.ts',
    'src/http/language.ts',
  ],
  'limits persons, and lets dossiers pass': ['src/http/person-limit.ts'],
  'answer for one item, and wait for nothing': [
    'src/accept/accept-deps.ts',
    'src/accept/aliases.ts',
    'src/accept/erased-item.ts',
    'src/accept/fair-choice.ts',
    'src/accept/optimism.ts',
    'src/accept/rows.ts',
    'src/accept/unknown-codes.ts',
  ],
  'have nothing to do for this dossier': [
    'src/accept/entry-item.ts',
    'src/accept/file-addresses.ts',
    'src/accept/named-files.ts',
    'src/accept/records.ts',
    'src/delivery/answers.ts',
    'src/delivery/change.ts',
    'src/delivery/entry-outgoing.ts',
    'src/delivery/fetched-files.ts',
    'src/delivery/ready-calls.ts',
    'src/delivery/record-outgoing.ts',
  ],
  'look for items that waited for this dossier, after the commit': ['src/accept/waiting.ts', 'src/accept/release.ts'],
  'the connection and the rest of the adapter': ['src/kit/', 'src/parties/', 'adapters/webhook-subscriber/'],
};

const MOST_FILES = 12;

interface Row {
  readonly number: number;
  readonly file: string;
  /** The number of the calling file, and the name under which it received the function. */
  readonly caller: number | undefined;
  readonly as: string | undefined;
  readonly functions: readonly string[];
}

const page = readPage('docs/concepts/life-of-a-dossier.md');
const [toIndex = [], toPartner = [], toLedger = []] = [
  '### From the door to the index row',
  '### From there to a partner',
  '### From the answer to the ledger',
].map(rowsUnder);
const rows = [...toIndex, ...toPartner, ...toLedger];

function rowsUnder(heading: string): readonly Row[] {
  const section = page.text.split(`\n${heading}\n`)[1]?.split(/\n##/)[0] ?? '';
  return [...section.matchAll(/^\| (\d+) \| `([^`]+)` \| ([^|]+) \| ([^|]+) \|/gm)].map(
    ([, number, file = '', callers = '', functions = '']) => ({
      number: Number(number),
      file,
      caller: /^\d+/.test(callers) ? Number.parseInt(callers, 10) : undefined,
      as: /as `([^`]+)`/.exec(callers)?.[1],
      functions: [...functions.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    }),
  );
}

describe('the files that a dossier passes', () => {
  test('are at most 12 on each half of the way, and exist', () => {
    expect(rows.map(({ number }) => number)).toEqual(rows.map((_, at) => at + 1));
    for (const half of [toIndex, toPartner]) {
      expect(half.length).toBeGreaterThan(5);
      expect(half.length).toBeLessThanOrEqual(MOST_FILES);
    }
    expect(rows.filter(({ file }) => !existsSync(join(ROOT, file)))).toEqual([]);
  });

  test('are each called by the file that is named, by import or as a given function', () => {
    const wrong = rows.slice(1).filter(({ file, caller = 0, as, number }) => {
      const from = rows[caller - 1]?.file;
      if (from === undefined || caller >= number) return true;
      if (as !== undefined) return !readFileSync(join(ROOT, from), 'utf8').includes(as);
      return !sourceFile(from).imports.some(({ target, typesOnly }) => target === file && !typesOnly);
    });
    expect(wrong).toEqual([]);
  });
});

describe('a dossier', () => {
  let hub: TestHub;
  let calls: Calls;
  const partner = http.createServer((request, response) => request.resume().on('end', () => response.end('{}')));
  const received: string[] = [];
  partner.on('request', ({ url }) => received.push(String(url)));

  beforeAll(async () => {
    await new Promise<void>((resolve) => partner.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(partner.address() as AddressInfo).port}/hook`;
    hub = await testHub({
      partners: { portal: { sent: [], script: [], adapter: adapter as unknown as Adapter } },
      entries: { portal: { settings: { url, secrets: [SIMULATOR_SECRET] } } },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
    });
    const watched = rows.flatMap(({ file, functions }) => functions.map((name) => `${file} ${name}`));
    calls = await callsOf(new Set(watched), pushAndDeliver);
  });
  afterAll(async () => {
    await hub.close();
    partner.close();
    partner.closeAllConnections();
  });

  let pushed = 0;
  async function pushAndDeliver(): Promise<void> {
    pushed++;
    // Not its first status: the hub looks whether it knows the dossier.
    const item = dossier({ code: codeOf(pushed), status: 'processing' });
    const { status } = await hub.push(item, { headers: { 'Idempotency-Key': `push-${pushed}` } });
    expect(status).toBe(201);
    await vi.waitFor(() => expect(received.length).toBe(pushed), 30_000);
    await hub.hub.pipeline.idle();
  }

  test('passes these files, in this order', () => {
    for (const way of [toIndex, [...toPartner, ...toLedger]]) {
      const wanted = way.flatMap(({ file, functions }) => functions.map((name) => `${file} ${name}`));
      let at = 0;
      for (const one of calls.order) if (one === wanted[at]) at++;
      expect(wanted.slice(at), `calls: ${calls.order.join(', ')}`).toEqual([]);
    }
  });

  test('passes no other file that waits, writes or decides', () => {
    const listed = new Set(rows.map(({ file }) => file));
    const files = [...calls.functions.keys()].filter((file) => /^(?:src|adapters)\//.test(file) && !listed.has(file));
    const notCounted = Object.values(NOT_COUNTED).flat();
    expect(files.filter((file) => !notCounted.some((beginning) => file.startsWith(beginning)))).toEqual([]);
    expect(notCounted.filter((beginning) => !existsSync(join(ROOT, beginning)))).toEqual([]);
  });
});
