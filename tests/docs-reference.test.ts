import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import tsBlankSpace from 'ts-blank-space';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Settings as RestMinistry } from '../adapters/rest-ministry/settings.ts';
import { Settings as SoapMinistry } from '../adapters/soap-ministry/settings.ts';
import { migratedDatabase, type TestDatabase } from './support/database.ts';
import { type DocumentBlock, fencedBlocks } from './support/document-blocks.ts';
import { type HubProcess, startHubProcess, testFolder } from './support/process.ts';

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
        ...{ tokenUrl: 'http://127.0.0.1:9/token', baseUrl: 'http://127.0.0.1:9', consumerKey: 'h60' },
        ...{ consumerSecret: 'demo-secret', lgspAccessToken: 'demo-token', maTinh: '08', maDonVi: '02269' },
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
    const blocks = fencedBlocks(readFileSync(page, 'utf8'));
    const commands = blocks.filter(isRequest);
    expect(commands.length).toBeGreaterThan(0);
    for (const block of commands) {
      const out = await run('bash', ['-euo', 'pipefail', '-c', localised(block.text)]);
      const next = blocks[blocks.indexOf(block) + 1];
      if (next?.language === 'json') expectShown(JSON.parse(next.text), out, `${page}:${next.line}`);
    }
  });

  const php = isInstalled('php') ? '' : ' (skipped: php missing)';
  const soapPages = ['docs/integrate/soap.md', 'docs/vi/ket-noi/soap.md'];
  test.skipIf(php !== '').each(soapPages)(`%s: the PHP examples print what is shown${php}`, async (page) => {
    const blocks = fencedBlocks(readFileSync(page, 'utf8'));
    for (const [at, { language, text: script }] of blocks.entries()) {
      if (language !== 'php') continue;
      const file = join(place, 'example.php');
      writeFileSync(file, localised(script));
      expect(withoutMessages(await run('php', [file]))).toBe(withoutMessages(blocks[at + 1]?.text ?? ''));
    }
  });
});

describe('docs/integrate/webhooks.md', () => {
  const blocks = fencedBlocks(readFileSync('docs/integrate/webhooks.md', 'utf8'));
  const textOf = (wanted: string): string => blocks.find(({ language }) => language === wanted)?.text ?? '';
  const secret = 'whsec_c2ltdWxhdGVkLXN1YnNjcmliZXItb2YtdGVzdHM=';
  const [head = '', body = ''] = textOf('http').trimEnd().split('\n\n');
  const headers = Object.fromEntries(
    head
      .split('\n')
      .slice(1)
      .map((line) => line.split(': ') as [string, string]),
  );
  const now = Number(headers['webhook-timestamp']);
  const place = mkdtempSync(join(tmpdir(), 'lienthong-webhooks-'));
  afterAll(() => rmSync(place, { recursive: true }));

  test('the TypeScript example accepts the message that is shown, and no other', async () => {
    const file = join(place, 'webhook.mjs');
    writeFileSync(file, tsBlankSpace(textOf('ts')));
    const { isFromHub } = (await import(file)) as {
      isFromHub(headers: Headers, body: Uint8Array, secrets: readonly string[], nowMs: number): boolean;
    };
    const check = (text: string, secrets: readonly string[], at: number): boolean =>
      isFromHub(new Headers(headers), Buffer.from(text), secrets, at * 1000);
    expect(check(body, ['another', secret], now)).toBe(true);
    expect(check(`${body} `, [secret], now)).toBe(false);
    expect(check(body, ['another'], now)).toBe(false);
    expect(check(body, [secret], now + 301)).toBe(false);
  });

  const php = isInstalled('php') ? '' : ' (skipped: php missing)';
  test.skipIf(php !== '')(`the PHP example accepts the message that is shown, and no other${php}`, () => {
    writeFileSync(join(place, 'webhook.php'), textOf('php'));
    const check = (text: string, secrets: readonly string[], at: number): string => {
      const script =
        '[, $given] = $argv; require "webhook.php"; $g = json_decode($given, true); echo json_encode(isFromHub($g["headers"], $g["text"], $g["secrets"], $g["at"]));';
      const given = JSON.stringify({ headers, text, secrets, at });
      return spawnSync('php', ['-r', script, '--', given], { cwd: place, encoding: 'utf8' }).stdout;
    };
    expect(check(body, ['another', secret], now)).toBe('true');
    expect(check(`${body} `, [secret], now)).toBe('false');
    expect(check(body, ['another'], now)).toBe('false');
    expect(check(body, [secret], now + 301)).toBe('false');
  });
});

describe('docs/adapters/ministries-by-settings.md', () => {
  const page = readFileSync('docs/adapters/ministries-by-settings.md', 'utf8');
  const rows = [...page.matchAll(/^\| `([^`]+)` \| (both|REST|SOAP) \|[^|]+\| (yes|no) \|/gm)];
  const shown = rows.map(([, path, adapter, required]) => `${path} · ${adapter} · ${required}`);

  test('each setting of both schemas has one row, with its adapter and whether it is required', () => {
    const rest = settingsOf(RestMinistry as unknown as Schema);
    const soap = settingsOf(SoapMinistry as unknown as Schema);
    const all = [...new Set([...rest.keys(), ...soap.keys()])].map((path) => {
      const adapter = rest.has(path) && soap.has(path) ? 'both' : rest.has(path) ? 'REST' : 'SOAP';
      const isRequired = [rest.get(path), soap.get(path)].every((required) => required !== false);
      return `${path} · ${adapter} · ${isRequired ? 'yes' : 'no'}`;
    });
    expect(shown.toSorted()).toEqual(all.toSorted());
  });

  test('each value that a setting may have is named', () => {
    const values = [...valuesOf(RestMinistry as unknown as Schema), ...valuesOf(SoapMinistry as unknown as Schema)];
    expect(values.filter((value) => !page.includes(`\`${value}\``))).toEqual([]);
  });

  test('each example of a party has valid settings', () => {
    const examples = fencedBlocks(page).filter(({ language }) => language === 'json');
    expect(examples.length).toBeGreaterThan(0);
    for (const { text: example } of examples) {
      const { settings } = JSON.parse(example) as { settings: unknown };
      expect([...Value.Errors(RestMinistry, settings)]).toEqual([]);
    }
  });
});

describe('docs/adapters/kit.md', () => {
  const page = readFileSync('docs/adapters/kit.md', 'utf8');

  test.each([
    ['#kit', 'src/kit/index.ts'],
    ['#ministry', 'src/ministry/index.ts'],
    ['#kit/testing', 'src/kit/testing/index.ts'],
  ])('each name of %s has one line', (door, file) => {
    const sections = page.split(/^## /m).filter((section) => section.startsWith(`\`${door}\``));
    const shown = [...sections.join('').matchAll(/^\| `(\w+)` \| \S/gm)].map(([, name = '']) => name);
    expect(shown.toSorted()).toEqual(exportedBy(readFileSync(file, 'utf8')).toSorted());
  });
});

/** The names that a file of re-exports gives. */
function exportedBy(source: string): readonly string[] {
  return [...source.matchAll(/^export (?:type )?(?:\{([^}]*)\}|\* as (\w+))/gm)].flatMap(([, names, whole]) =>
    whole ? [whole] : (names ?? '').split(',').flatMap((name) => /(\w+)\s*$/.exec(name)?.[1] ?? []),
  );
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
}

/** Members that each question has, wherever it stands. */
const OF_QUESTIONS =
  /^(?:session|p(?:ull|ush)\.…(?:\.(?:detail|update|lookUp))?)(?=\.(?:operation|request|body|result)\b)/;

/** The settings of a schema by path, with whether each is required wherever it stands. */
function settingsOf(schema: Schema): ReadonlyMap<string, boolean> {
  const found = new Map<string, boolean>();
  const visit = (one: Schema, path: string): void => {
    for (const option of one.anyOf ?? []) visit(option, path);
    for (const [name, member] of Object.entries(one.properties ?? {})) {
      const plain = path === '' ? name : `${path}.${name}`;
      const shared = plain.replace(/^(pull|push)\.(?:dossiers|progress)\./, '$1.….').replace(OF_QUESTIONS, '…');
      found.set(shared, (found.get(shared) ?? true) && (one.required ?? []).includes(name));
      visit(member, shared);
    }
    // All tables of fields are made of the same fields.
    if (one.patternProperties && /\.(?:request|fields|match|compare)$/.test(path) && !path.startsWith('field.'))
      for (const field of Object.values(one.patternProperties)) visit(field, 'field');
  };
  visit(schema, '');
  return found;
}

function valuesOf(schema: Schema): readonly string[] {
  const inner = [
    ...Object.values(schema.properties ?? {}),
    ...Object.values(schema.patternProperties ?? {}),
    ...(schema.anyOf ?? []),
    ...(schema.items ? [schema.items] : []),
  ];
  const own = [...(schema.enum ?? []), ...(schema.const === undefined ? [] : [schema.const])].map(String);
  return [...new Set([...own, ...inner.flatMap(valuesOf)])];
}

/** What a program prints, without the words of messages: these may change. */
function withoutMessages(printed: string): string {
  return printed.replaceAll(/: .*/g, '');
}

function isRequest({ language, text: script }: DocumentBlock): boolean {
  return language === 'sh' && /^(?:.* )?curl /m.test(script) && script.includes('http://127.0.0.1:8080');
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

/** What an answer has of the members that are shown; a varying value that has the type of the shown one becomes the shown one. */
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
