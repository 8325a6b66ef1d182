import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migratedDatabase, type TestDatabase } from '../support/database.ts';
import { type Block, readPage } from '../support/documents.ts';
import { type HubProcess, startHubProcess, testFolder } from '../support/process.ts';

/** The pages whose commands run here, in this order: later pages read what the first ones push. */
const PAGES = [
  'docs/integrate/rest.md',
  'docs/vi/ket-noi/rest.md',
  'docs/vi/ket-noi/cong-dvcqg.md',
  'docs/integrate/national-portal-dialect.md',
  'docs/integrate/soap.md',
  'docs/integrate/callbacks.md',
  'docs/read/index.md',
  'docs/read/catalogue.md',
  'docs/read/statistics.md',
  'docs/read/evidence.md',
] as const;

const SECRETS = {
  ONE_STOP_KEY: 'one-stop-secret-of-the-documents',
  PORTAL_KEY: 'portal-secret-of-the-documents',
  INSPECTOR_KEY: 'inspector-secret-of-the-documents',
  OPS_KEY: 'ops-secret-of-the-documents',
  CIVIL_STATUS_CALLBACK: 'callback-secret-of-the-documents',
} as const;

const CONFIG = {
  province: { code: 'H60', name: 'Tỉnh Tuyên Quang' },
  keys: [
    { id: 'one-stop', secret: SECRETS.ONE_STOP_KEY, scopes: ['dossier:write'], party: 'one-stop' },
    { id: 'portal', secret: SECRETS.PORTAL_KEY, scopes: ['index:read', 'catalogue:read'] },
    { id: 'inspector', secret: SECRETS.INSPECTOR_KEY, scopes: ['index:read', 'index:personal'] },
    { id: 'ops', secret: SECRETS.OPS_KEY, scopes: ['ops:read', 'ops:body', 'ops:replay', 'ops:configure'] },
  ],
  parties: {
    'one-stop': { adapter: 'one-stop' },
    'civil-status': {
      adapter: 'civil-status',
      settings: {
        tokenUrl: 'http://127.0.0.1:9/token',
        baseUrl: 'http://127.0.0.1:9',
        consumerKey: 'h60',
        consumerSecret: 'demo-secret',
        lgspAccessToken: 'demo-token',
        maTinh: '08',
        maDonVi: '02269',
        callbackSecret: SECRETS.CIVIL_STATUS_CALLBACK,
      },
      pull: { results: '0 0 0 1 1 *' },
      reconcile: false,
    },
  },
};

const isInstalled = (command: string): boolean => spawnSync(command, ['--version']).status === 0;

describe('the commands of the documents', () => {
  const folder = testFolder(CONFIG);
  const place = mkdtempSync(join(tmpdir(), 'lienthong-documents-'));
  let database: TestDatabase;
  let hub: HubProcess;
  beforeAll(async () => {
    database = await migratedDatabase();
    hub = await startHubProcess({
      DATABASE_URL: database.url,
      HUB_SECRET: 'a-secret-of-the-tests-that-is-long-enough',
      HUB_CONFIG: folder.configPath,
    });
  });
  afterAll(async () => {
    hub?.child.kill('SIGKILL');
    await hub?.ended;
    await database?.drop();
    folder.remove();
    rmSync(place, { recursive: true });
  });

  async function run(command: string, args: readonly string[]): Promise<string> {
    const child = spawn(command, args, {
      cwd: place,
      env: { PATH: process.env.PATH ?? '', HOME: place, ...SECRETS },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    const [out, errors, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    expect(status, errors).toBe(0);
    return out;
  }

  function localised(script: string): string {
    return script.replaceAll('http://127.0.0.1:8080', hub.url);
  }

  const needs = ['bash', 'curl', 'openssl'].filter((command) => !isInstalled(command));
  const why = needs.length > 0 ? ` (skipped: ${needs.join(', ')} missing)` : '';

  test.skipIf(why !== '').each(PAGES)(`%s: each command works and answers as shown${why}`, async (page) => {
    const blocks = readPage(page).blocks;
    const commands = blocks.filter(isRequest);
    expect(commands.length).toBeGreaterThan(0);
    for (const block of commands) {
      const out = await run('bash', ['-euo', 'pipefail', '-c', localised(block.text)]);
      const next = blocks[blocks.indexOf(block) + 1];
      if (next?.info === 'json') expectShown(JSON.parse(next.text), out, `${page}\n${block.text}`);
    }
  });

  const php = isInstalled('php') ? '' : ' (skipped: php missing)';
  const soapPages = ['docs/integrate/soap.md', 'docs/vi/ket-noi/soap.md'];
  test.skipIf(php !== '').each(soapPages)(`%s: the PHP examples print what is shown${php}`, async (page) => {
    const blocks = readPage(page).blocks;
    for (const [at, { info, text: script }] of blocks.entries()) {
      if (info !== 'php') continue;
      const file = join(place, 'example.php');
      writeFileSync(file, localised(script));
      expect(withoutMessages(await run('php', [file]))).toBe(withoutMessages(blocks[at + 1]?.text ?? ''));
    }
  });
});

/** A program's output without the words of messages, which may change. */
function withoutMessages(printed: string): string {
  return printed.replaceAll(/: .*/g, '');
}

function isRequest({ info, text: script }: Block): boolean {
  return info === 'sh' && /^(?:.* )?curl /m.test(script) && script.includes('http://127.0.0.1:8080');
}

/** Members whose value differs at each run: only their type is compared. */
const VARYING = new Set(
  [
    'receipt',
    'messageId',
    'cursor',
    'next',
    'changedAt',
    'receivedAt',
    'recordedAt',
    'signed',
    'session',
    'asOf',
  ].concat(['sha256', 'x', 'kid', 'messages', 'until', 'detail', 'message']),
);

function expectShown(shown: unknown, out: string, place: string): void {
  const answer: unknown = JSON.parse(out);
  expect(shapeOf(answer, shown), place).toEqual(shown);
}

/** The shown members of an answer; a varying value of the right type becomes the shown one. */
function shapeOf(answer: unknown, shown: unknown, name = ''): unknown {
  if (
    VARYING.has(name) &&
    typeof answer === typeof shown &&
    (answer === null) === (shown === null) &&
    typeof shown !== 'object'
  )
    return shown;
  if (Array.isArray(answer) && Array.isArray(shown)) return answer.map((item, at) => shapeOf(item, shown[at]));
  if (isObject(answer) && isObject(shown))
    return Object.fromEntries(
      Object.entries(answer)
        .filter(([member]) => member in shown)
        .map(([member, value]) => [member, shapeOf(value, shown[member], member)]),
    );
  return answer;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
