import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandScene } from '../support/command-scene.ts';
import { dossier } from '../support/hub.ts';
import { lienthongHere } from '../support/lienthong.ts';

const LITERAL = 'mat-ma-viet-thang-trong-tep';
const OPS_KEY = 'bien-moi-truong-cua-tinh-h60';
const OFFICER = 'Hoàng Thị Mai';
const PERSON = { name: 'Đặng Thị Ngọc Lan', phone: '0912345678', address: 'Tổ 9, Minh Xuân' };

const scene = commandScene({
  keys: [
    { id: 'portal', secret: LITERAL, scopes: ['index:read'], person: OFFICER },
    { id: 'ops', secret: '${OPS_KEY}', scopes: ['ops:read'] },
  ],
  parties: {
    'one-stop': {
      adapter: 'one-stop',
      settings: { baseUrl: `https://h60:${LITERAL}@mot-cua.example`, token: LITERAL },
    },
    subscriber: {
      adapter: 'webhook-subscriber',
      settings: { url: 'https://cong.example/hook', secrets: [LITERAL] },
    },
    ministry: {
      adapter: 'rest-ministry',
      settings: {
        system: 'health',
        baseUrl: 'https://lgsp.example/v1',
        headers: { 'Ocp-Apim-Subscription-Key': LITERAL },
        secrets: { maDonViKy: LITERAL },
      },
    },
  },
});

test('a support bundle describes the hub, and holds no secret and no person', async () => {
  const env: Readonly<Record<string, string>> = { ...scene.env(), OPS_KEY };
  const run = (...args: string[]) => lienthongHere(args, env, scene.folder);
  scene.file('dossiers.json', JSON.stringify([dossier({ applicant: PERSON })]));
  expect((await run('import', 'one-stop', 'dossiers.json')).code).toBe(0);

  expect((await run('support-bundle', 'bundle')).code).toBe(0);
  const [name = ''] = readdirSync(join(scene.folder, 'bundle'));
  const file = join(scene.folder, 'bundle', name);
  const text = readFileSync(file, 'utf8');
  const bundle = JSON.parse(text);
  expect(bundle.settings.file.keys).toMatchObject([
    { id: 'portal', secret: '(hidden)' },
    { id: 'ops', secret: '${OPS_KEY}' },
  ]);
  expect(bundle.settings.file.parties['one-stop'].settings.baseUrl).toBe('https://(hidden)@mot-cua.example');
  expect(bundle.settings.file.parties.subscriber.settings).toEqual({
    url: 'https://cong.example/hook',
    secrets: ['(hidden)'],
  });
  expect(bundle.settings.file.parties.ministry.settings).toMatchObject({
    headers: { 'Ocp-Apim-Subscription-Key': '(hidden)' },
    secrets: { maDonViKy: '(hidden)' },
  });
  expect(bundle.lacks).toEqual([]);
  expect(bundle.doctor.map(({ area }: { area: string }) => area)).toContain('database');
  expect(bundle.database.tables.map(({ table }: { table: string }) => table)).toContain('dossiers');
  expect(bundle.database.migrations).toContain('001-ledger-and-index');
  for (const secret of [LITERAL, OPS_KEY, env.HUB_SECRET, OFFICER, ...Object.values(PERSON)])
    expect(text).not.toContain(secret);
  expect(text).not.toContain(new URL(env.DATABASE_URL as string).pathname.slice(1));
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

const UNUSABLE = {
  what: 'a misspelt member and a list of texts',
  text: JSON.stringify({
    keys: [`portal:${LITERAL}`],
    parties: {
      'one-stop': {
        adapter: 'one-stop',
        settings: { baseUrl: 'https://mot-cua.example', tokn: LITERAL, username: 12_345_678 },
      },
      none: { adapter: 'nowhere', settings: { matMa: LITERAL } },
    },
    routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['nobody'] }],
  }),
  file: {
    keys: ['(hidden)'],
    parties: {
      'one-stop': {
        adapter: 'one-stop',
        settings: { baseUrl: 'https://mot-cua.example', tokn: '(hidden)', username: '(hidden)' },
      },
      none: { adapter: 'nowhere', settings: { matMa: '(hidden)' } },
    },
    routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['nobody'] }],
  },
  problem: /\/parties\/one-stop\/settings\/tokn: /,
  lacks: [/^doctor: /],
};
const NOT_JSON = {
  what: 'a file that is not JSON',
  text: `{ "alerts": { "secret": "${LITERAL}"`,
  file: { error: expect.stringMatching(/broken\.config\.json is not JSON$/) },
  problem: /broken\.config\.json cannot be read: it is not JSON from line 1/,
  lacks: [/^doctor: /, /^settings: .* is not JSON$/],
};

test.each([UNUSABLE, NOT_JSON])(
  'with unusable settings a support bundle holds the rest, and says what it lacks: $what',
  async ({ text: settings, file: shown, problem, lacks }) => {
    const HUB_CONFIG = scene.file('broken.config.json', settings);
    const env = { ...scene.env(), HUB_CONFIG, PORT: 'eighty' };
    const { code, out } = await lienthongHere(['support-bundle', 'broken', '--json'], env, scene.folder);
    expect(code).toBe(2);
    const document = JSON.parse(out);
    const text = readFileSync(document.file, 'utf8');
    rmSync(document.file);
    const bundle = JSON.parse(text);
    const expected = lacks.map((one) => expect.stringMatching(one));
    expect([document.lacks, bundle.lacks]).toEqual([expected, expected]);
    expect(bundle.settings.file).toEqual(shown);
    expect(bundle.doctor).toContainEqual({ area: 'settings', level: 'fail', found: expect.stringMatching(problem) });
    expect(bundle.doctor.map(({ found }: { found: string }) => found)).toContain(
      'PORT: got (hidden), expected a port number from 0 to 65535',
    );
    expect(bundle.database.tables.map(({ table }: { table: string }) => table)).toContain('dossiers');
    for (const secret of [LITERAL, '12345678', scene.env().HUB_SECRET]) expect(text).not.toContain(secret);
  },
);

test('a support bundle without a database says so', async () => {
  const env = { ...scene.env(), OPS_KEY, DATABASE_URL: 'postgres://hub:mat-khau@127.0.0.1:1/none' };
  const { code, out, errors } = await lienthongHere(['support-bundle', 'away'], env, scene.folder);
  expect([code, out, errors]).toEqual([0, expect.stringMatching(/it lacks database: .*ECONNREFUSED/), '']);
});
