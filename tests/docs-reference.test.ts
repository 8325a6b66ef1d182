import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tsBlankSpace from 'ts-blank-space';
import { Value } from 'typebox/value';
import { afterAll, describe, expect, test } from 'vitest';
import restMinistry from '../adapters/rest-ministry/adapter.ts';
import { Settings as RestMinistry, type Settings as RestSettings } from '../adapters/rest-ministry/settings.ts';
import { Settings as SoapMinistry } from '../adapters/soap-ministry/settings.ts';
import { Progress } from '../schemas/dossier.progress.v1.ts';
import { Dossier } from '../schemas/dossier.upsert.v1.ts';
import { Payment } from '../schemas/payment.v1.ts';
import { readPage } from './support/documents.ts';
import { filesUnder } from './support/source-files.ts';

const isInstalled = (command: string): boolean => spawnSync(command, ['--version']).status === 0;

describe('docs/integrate/webhooks.md', () => {
  const blocks = readPage('docs/integrate/webhooks.md').blocks;
  const textOf = (wanted: string): string => blocks.find(({ info }) => info === wanted)?.text ?? '';
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
  const { text: page, blocks } = readPage('docs/adapters/ministries-by-settings.md');
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

  test('each member that a push may send has its place in the tables of members', () => {
    const tables = new Map(
      [...page.matchAll(/^\| (a dossier|a step|a payment)(?:, `([^`]+)`)? \| (`.+`) \|$/gm)].map(
        ([, record = '', within = '', names = '']) => [
          `${record} ${within}`.trim(),
          [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
        ],
      ),
    );
    const records = { 'a dossier': Dossier, 'a step': Progress, 'a payment': Payment };
    const all = new Map(
      Object.entries(records).flatMap(([record, schema]) => membersOf(schema as unknown as Schema, record)),
    );
    expect(tables).toEqual(all);
  });

  test('each example of a party has valid settings', () => {
    const vietnamese = readPage('docs/vi/ket-noi/bo-nganh.md').blocks;
    const examples = [...blocks, ...vietnamese].filter(({ info }) => info === 'json');
    expect(examples.length).toBeGreaterThan(0);
    for (const { text: example } of examples) {
      const { settings } = JSON.parse(example) as { settings: unknown };
      expect([...Value.Errors(RestMinistry, settings)]).toEqual([]);
      expect(restMinistry.settingsProblems?.(settings as RestSettings)).toEqual([]);
    }
  });
});

/** The names of the members of a record, and of the objects and lists within it. */
function membersOf(schema: Schema, key: string): readonly (readonly [string, readonly string[]])[] {
  const { properties = {} } = schema.items ?? schema;
  const inner = Object.entries(properties).flatMap(([name, member]) =>
    (member.items ?? member).properties ? membersOf(member, `${key} ${name}`) : [],
  );
  return [[key, Object.keys(properties)], ...inner];
}

describe('docs/adapters/systems.md', () => {
  const { text: page } = readPage('docs/adapters/systems.md');
  const rows = [...page.matchAll(/^\| \[[^|]+\| (?:code|settings) `([^`]+)` \|.*\| ([\d,]+) \|$/gm)];
  const shown = new Map(rows.map(([, name = '', lines = '']) => [name, Number(lines.replace(',', ''))]));

  test('each adapter and each example of a party has one row', () => {
    const folders = readdirSync('adapters');
    const parties = folders
      .filter((name) => existsSync(join('adapters', name, 'parties')))
      .map((name) => [name, readdirSync(join('adapters', name, 'parties'))] as const);
    const kinds = new Set(parties.map(([name]) => name));
    const wanted = [
      ...folders.filter((name) => !kinds.has(name)),
      ...parties.flatMap(([name, files]) =>
        files.filter((file) => file.endsWith('.json')).map((file) => `${name}/${file.replace('.json', '')}`),
      ),
    ];
    expect([...shown.keys()].toSorted()).toEqual(wanted.toSorted());
    expect(rows).toHaveLength(wanted.length);
  });

  test('the lines of each are within a hundred of the shown ones', () => {
    const wrong = [...shown].filter(([name, lines]) => Math.abs(linesOf(name) - lines) > 100);
    expect(wrong.map(([name]) => [name, linesOf(name)])).toEqual([]);
  });

  function linesOf(name: string): number {
    const [adapter = '', party] = name.split('/');
    const isCode = (file: string): boolean => file.endsWith('.ts') && !/test\.ts$|^simulat/.test(file);
    const files =
      party === undefined ? readdirSync(join('adapters', adapter)).filter(isCode) : [join('parties', `${party}.json`)];
    return files
      .map((file) => readFileSync(join('adapters', adapter, file), 'utf8').split('\n').length)
      .reduce((sum, lines) => sum + lines, 0);
  }
});

describe('docs/operate/scale.md', () => {
  const { text: page } = readPage('docs/operate/scale.md');
  const files = filesUnder('src')
    .map((path) => `src/${path}`)
    .filter((path) => path.endsWith('.ts') && !/\.test\.ts$|^src\/database\/migrations\//.test(path));

  test.each([
    ['one row that counts changes', /UPDATE change_counter|INSERT INTO record_change_counters AS/],
    ['`FOR UPDATE SKIP LOCKED`', /FOR UPDATE(?: OF \w+)?(?: \$\{[^}]*)? ?'?SKIP LOCKED/],
    ['advisory locks of a session', /SELECT pg_(?:try_)?advisory_lock/],
    ['advisory locks of a transaction', /pg_advisory_xact_lock/],
    ['`LOCK TABLE`', /LOCK TABLE/],
    ['row types that are created while it runs', /CREATE TYPE/],
  ])('names where the hub uses %s', (what, statement) => {
    const [, row = ''] = page.split(`\n| ${what} |`);
    const named = [...(row.split('\n')[0] ?? '').matchAll(/`(src\/[^`]+)`/g)].map(([, place]) => place as string);
    const using = files.filter((path) => statement.test(readFileSync(path, 'utf8')));
    expect(using).not.toEqual([]);
    expect(using.filter((path) => !named.some((place) => path.startsWith(place)))).toEqual([]);
    expect(named.filter((place) => !using.some((path) => path.startsWith(place)))).toEqual([]);
  });
});

describe('docs/adapters/kit.md', () => {
  const { text: page } = readPage('docs/adapters/kit.md');

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
  /^(?:session|ask\.…|p(?:ull|ush)\.…(?:\.(?:detail|update|lookUp))?)(?=\.(?:operation|service|request|body|result)\b)/;

/** The settings of a schema by path, with whether each is required wherever it stands. */
function settingsOf(schema: Schema): ReadonlyMap<string, boolean> {
  const found = new Map<string, boolean>();
  const visit = (one: Schema, path: string): void => {
    for (const option of one.anyOf ?? []) visit(option, path);
    for (const [name, member] of Object.entries(one.properties ?? {})) {
      const plain = path === '' ? name : `${path}.${name}`;
      const shared = plain
        .replace(/^(pull|push)\.(?:dossiers|progress|payments)\./, '$1.….')
        .replace(OF_QUESTIONS, '…');
      found.set(shared, (found.get(shared) ?? true) && (one.required ?? []).includes(name));
      visit(member, shared);
    }
    // Questions, their values, and the members of lists have names of their own.
    if (one.patternProperties && /^ask$|^ask\.….values(?:$|\.….fields$)/.test(path)) {
      for (const named of Object.values(one.patternProperties)) visit(named, `${path}.…`);
      return;
    }
    // So do callbacks.
    if (one.patternProperties && /^callbacks\.(?:dossiers|progress)$/.test(path))
      for (const named of Object.values(one.patternProperties)) visit(named, 'callbacks.…');
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
