import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { startLienthong } from '../support/lienthong.ts';
import { testFolder } from '../support/process.ts';

const SECRET = 'a-secret-of-the-tests-that-is-long-enough';

const folder = testFolder({
  parties: { 'one-stop': { adapter: 'one-stop' } },
});
let database: Awaited<ReturnType<typeof testDatabase>>;
let pool: pg.Pool;
let env: Record<string, string>;
beforeAll(async () => {
  database = await testDatabase();

  pool = new pg.Pool({ connectionString: database.url, max: 2 });
  pool.on('error', () => undefined);
  env = { DATABASE_URL: database.url, HUB_SECRET: SECRET, HUB_CONFIG: folder.configPath };
});
afterAll(async () => {
  await pool.end();
  await database.drop();
  folder.remove();
});

const lienthong = (...args: string[]) => startLienthong(args, env, folder.path).ended;

describe('doctor', () => {
  test('a hub that is well: 0, and what it looked at', async () => {
    expect(await lienthong('migrate')).toMatchObject({ code: 0 });
    const { code, out } = await lienthong('doctor', '--json');
    const { findings, fail } = JSON.parse(out) as { fail: number; findings: { area: string; level: string }[] };
    expect({ code, fail }).toEqual({ code: 0, fail: 0 });
    const areas = new Set(findings.map(({ area }) => area));
    expect(areas).toEqual(new Set(['settings', 'secrets', 'database', 'disk', 'queue', 'partners', 'work']));
  });

  test('a server that loses what is acknowledged, tables of before, and a partner that is away: 1, with what to do', async () => {
    const empty = await testDatabase();
    const name = new URL(empty.url).pathname.slice(1);
    await pool.query(`ALTER DATABASE ${name} SET synchronous_commit = off`);
    const settings = { baseUrl: 'http://127.0.0.1:1', token: 'changeme' };
    const sick = testFolder({ parties: { 'one-stop': { adapter: 'one-stop', settings } } });
    const ran = await startLienthong(
      ['doctor'],
      { ...env, DATABASE_URL: empty.url, HUB_CONFIG: sick.configPath },
      sick.path,
    ).ended;
    expect(ran.code).toBe(1);
    for (const says of [
      /fail {2}database {2}synchronous_commit is off/,
      /→ set synchronous_commit = on/,
      /warn {2}database {2}\d+ migrations are to be applied: 001-/,
      /fail {2}partners {2}one-stop: http:\/\/127\.0\.0\.1:1 does not answer/,
      /warn {2}secrets {3}\/parties\/one-stop\/settings\/token: it is a default/,
    ])
      expect(ran.out).toMatch(says);
    expect(ran.out).not.toContain('changeme');
    sick.remove();
    await empty.drop();
  });

  test('a key that anybody guesses is refused, as at the start: 2', async () => {
    const keys = [{ id: 'portal', secret: 'changeme123', scopes: ['index:read'] }];
    const weak = testFolder({ keys });
    const { code, errors } = await startLienthong(['doctor'], { ...env, HUB_CONFIG: weak.configPath }, weak.path).ended;
    expect(code).toBe(2);
    expect(errors).toMatch(/\/keys\/0\/secret: it is a default that anybody tries first/);
    expect(errors).not.toContain('changeme123');
    weak.remove();
  });
});
