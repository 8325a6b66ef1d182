import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { type LoadedAdapter, loadAdapters } from '../../src/parties/load-adapters.ts';
import { readPage } from '../support/documents.ts';
import { lienthongHere } from '../support/lienthong.ts';

const PROVINCE = ['--province', 'H60', '--name', 'Tỉnh Tuyên Quang', '--url', 'https://lienthong.tinh.example'];
const PARTNERS = [
  'one-stop=https://mot-cua.example/api',
  'national-portal=https://adapter.example',
  'tu-phap:civil-status',
];
/** What an officer of the province knows and `init` cannot. */
const KNOWN: Readonly<Record<string, string>> = {
  NATIONAL_PORTAL_USERNAME: 'h60',
  NATIONAL_PORTAL_PASSWORD: 'mat-ma-cua-cong-h60',
  NATIONAL_PORTAL_DSTCODE: 'VN:GOV:000.00.00.G22:vpcpdvcprovider',
  NATIONAL_PORTAL_MADONVI: 'H60',
  TU_PHAP_TOKEN_URL: 'https://lgsp.example/token',
  TU_PHAP_BASE_URL: 'https://lgsp.example/api',
  TU_PHAP_CONSUMER_KEY: 'khoa',
  TU_PHAP_CONSUMER_SECRET: 'mat-ma-cua-lgsp',
  TU_PHAP_LGSP_ACCESS_TOKEN: 'the-cua-lgsp',
  TU_PHAP_MA_TINH: '08',
  TU_PHAP_MA_DON_VI: '1234',
};

describe('the first settings of a province', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lienthong-init-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const initAs = (env: Record<string, string>, args: string[]) =>
    lienthongHere(['init', '--folder', join(folder, 'etc'), ...args], env, folder);
  const init = (...args: string[]) => initAs({}, args);
  const read = (file: string) => readFileSync(join(folder, 'etc', file), 'utf8');
  let adapters: ReadonlyMap<string, LoadedAdapter>;
  beforeAll(async () => {
    adapters = await loadAdapters();
  });

  test.each([
    ['a blank name', ['--province', 'H60', '--name', ' '], /--name is missing/],
    ['a code of no province', ['--province', 'Tuyên Quang'], /--province: got "Tuyên Quang", expected a code/],
    [
      'an unknown adapter',
      [...PROVINCE, '--partner', 'fax'],
      /--partner: got the adapter fax, expected one of .*one-stop/,
    ],
    ['a partner twice', [...PROVINCE, '--partner', 'one-stop', '--partner', 'one-stop'], /one-stop is named twice/],
    [
      'an id whose key another client has',
      [...PROVINCE, '--partner', 'ops:one-stop'],
      /--partner: two settings would be read from OPS_KEY/,
    ],
    [
      'a text that is no address',
      [...PROVINCE, '--partner', 'one-stop=mot-cua'],
      /got the address "mot-cua" for one-stop/,
    ],
  ])('%s is refused, and nothing is written', async (_, args, words) => {
    const { code, errors } = await init(...args);
    expect([code, errors]).toEqual([2, expect.stringMatching(words)]);
    expect(() => read('hub.config.json')).toThrow('ENOENT');
  });

  test('an empty address of the database or of Redis stands for none', async () => {
    const none = join(folder, 'none');
    const { code } = await init(...PROVINCE, '--database-url', '', '--redis-url', '--folder', none);
    expect(code).toBe(0);
    const env = readFileSync(join(none, 'hub.env'), 'utf8');
    expect(env).toContain("# DATABASE_URL=''");
    expect(env).toContain("# REDIS_URL=''");
  });

  test('start the hub once the variables that it lists are filled in', async () => {
    const { out, code } = await init(...PROVINCE, ...PARTNERS.flatMap((one) => ['--partner', one]), '--json');
    expect(code).toBe(0);
    expect([...JSON.parse(out).missing].sort()).toEqual(Object.keys(KNOWN).sort());
    const written = Object.fromEntries(
      [...read('hub.env').matchAll(/^([A-Z_]+)='(.*)'$/gm)].map(([, name, value]) => [name, value]),
    );
    const env = { ...written, ...KNOWN, HUB_CONFIG: join(folder, 'etc', 'hub.config.json') };
    const { file } = loadConfig(env, adapters);
    expect(Object.keys(file.parties ?? {})).toEqual(['one-stop', 'national-portal', 'tu-phap']);
    expect(file.routes).toContainEqual({
      from: 'one-stop',
      operation: 'dossier.upsert.v1',
      to: ['national-portal', 'tu-phap'],
    });
    expect(file.routes).toContainEqual({ from: 'tu-phap', operation: 'dossier.upsert.v1', to: ['one-stop'] });
  });

  test('keep secrets in one file that only its owner reads', () => {
    expect(statSync(join(folder, 'etc', 'hub.env')).mode & 0o777).toBe(0o600);
    const secrets = [...read('hub.env').matchAll(/^(?:HUB_SECRET|\w+_KEY)='(.+)'$/gm)].map(([, secret]) => secret);
    expect(secrets).toHaveLength(4);
    for (const file of ['hub.config.json', 'hub.config.md', 'proxy.conf'])
      for (const secret of secrets) expect(read(file)).not.toContain(secret);
  });

  test('are readable for the user of the service where root has a strict umask, except the secrets', async () => {
    const strict = join(folder, 'strict');
    const umask = process.umask(0o077);
    try {
      expect((await init(...PROVINCE, '--folder', strict)).code).toBe(0);
    } finally {
      process.umask(umask);
    }
    const modes = ['hub.config.json', 'hub.env'].map((file) => statSync(join(strict, file)).mode & 0o777);
    expect(modes).toEqual([0o644, 0o600]);
  });

  test('bring a proxy that passes streams and large files on, as the pages show it', () => {
    const written = read('proxy.conf');
    for (const page of ['docs/operate/install.md', 'docs/vi/van-hanh/cai-dat.md']) {
      const shown = readPage(page).blocks.find(({ info, text }) => info === 'nginx' && text.includes('proxy_pass'));
      const lines = shown?.text.trim().split('\n') ?? [];
      expect(lines).toContain('client_max_body_size 0;');
      for (const line of lines) expect(written).toContain(line.trim());
    }
  });

  test.each([
    [{}, /hub\.env; HUB_CONFIG=\S+\/etc\/hub\.config\.json; set \+a; lienthong doctor$/m],
    [{ npm_lifecycle_event: 'npx' }, /set \+a; npx lienthong doctor$/m],
  ])('name the next command as it was called: %j', async (env: Record<string, string>, says) => {
    rmSync(join(folder, 'etc'), { recursive: true });
    expect((await initAs(env, PROVINCE)).out).toMatch(says);
  });

  test('are never replaced', async () => {
    const before = read('hub.env');
    const { code, errors } = await init(...PROVINCE);
    expect([code, errors]).toEqual([1, expect.stringContaining('already has hub.config.json, hub.env')]);
    expect(read('hub.env')).toBe(before);
  });
});
