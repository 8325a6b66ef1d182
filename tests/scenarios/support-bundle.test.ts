import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandScene } from '../support/command-scene.ts';
import { dossier } from '../support/hub.ts';
import { lienthongHere } from '../support/lienthong.ts';

const LITERAL = 'mat-ma-viet-thang-trong-tep';
const PERSON = { name: 'Đặng Thị Ngọc Lan', phone: '0912345678', address: 'Tổ 9, Minh Xuân' };

const scene = commandScene({
  keys: [
    { id: 'portal', secret: LITERAL, scopes: ['index:read'] },
    { id: 'ops', secret: '${OPS_KEY}', scopes: ['ops:read'] },
  ],
  parties: {
    'one-stop': {
      adapter: 'one-stop',
      settings: { baseUrl: `https://h60:${LITERAL}@mot-cua.example`, token: LITERAL },
    },
  },
});

test('a support bundle describes the hub, and holds no secret and no person', async () => {
  const env: Readonly<Record<string, string>> = { ...scene.env(), OPS_KEY: 'bien-moi-truong-cua-tinh-h60' };
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
  expect(bundle.doctor.map(({ area }: { area: string }) => area)).toContain('database');
  expect(bundle.database.tables.map(({ table }: { table: string }) => table)).toContain('dossiers');
  expect(bundle.database.migrations).toContain('001-ledger-and-index');
  for (const secret of [LITERAL, env.OPS_KEY, env.HUB_SECRET, ...Object.values(PERSON)])
    expect(text).not.toContain(secret);
  expect(text).not.toContain(new URL(env.DATABASE_URL as string).pathname.slice(1));
  expect(statSync(file).mode & 0o777).toBe(0o600);
});
