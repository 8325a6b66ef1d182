import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { commandScene } from '../support/command-scene.ts';
import { lienthongHere } from '../support/lienthong.ts';

describe('lienthong upgrade --check', () => {
  const scene = commandScene();
  const check = (...more: string[]) => scene.here('upgrade', '--check', ...more);
  /** As if the database were of the version before these migrations, which `LIKE` names. */
  const lacking = (names: string) => scene.query('DELETE FROM hub_migrations WHERE name LIKE $1', [names]);

  beforeAll(async () => {
    expect(await check()).toMatchObject({ code: 0, out: expect.stringContaining('the database is empty') });
    expect(await scene.here('migrate')).toMatchObject({ code: 0 });
  });

  test('with nothing to migrate ends with 0', async () => {
    expect(await check()).toMatchObject({ code: 0, out: expect.stringContaining('nothing is to be migrated') });
  });

  test('names what is new, and ends with 0 while older processes may run beside', async () => {
    await lacking('%-notes-of-migrations');
    const { code, out } = await check();
    expect(code).toBe(0);
    expect(out).toContain('1 migration is pending');
    expect(out).toContain('-notes-of-migrations: The database says which older versions may run on it.');
    expect(out).toContain('beside old processes: yes');
    expect(await scene.count("hub_migrations WHERE name LIKE '%-notes-of-migrations'")).toBe(0);
  });

  test('ends with 1 and the reason when older processes must stop, and estimates by the rows', async () => {
    await lacking('039-%');
    await lacking('04_-%');
    await scene.query("UPDATE pg_class SET reltuples = 3000000 WHERE oid = 'dossiers'::regclass");
    const { code, out } = await check('--json');
    expect(code).toBe(1);
    const found = JSON.parse(out);
    expect(found).toMatchObject({ beside: false, dossiers: 3_000_000 });
    expect(found.settings).toContainEqual(expect.stringContaining('retention is new'));
    expect(found.pending.map(({ name }: { name: string }) => name)).toContain('040-erasures');
    expect(found.seconds).toBeGreaterThan(10);
    const text = (await check()).out;
    expect(text).toMatch(/040-erasures: Personal data ends.* Takes about \d+ (s|min)\./);
    expect(text).toContain('  040-erasures: it could write data again that was erased meanwhile');
    expect(text).toMatch(/the first start takes about \d+ (s|min) longer/);
  });

  test('ends with 2 without an embedded database, creates none, and says when no file was checked', async () => {
    const { DATABASE_URL: _, ...embedded } = scene.env() as Record<string, string>;
    const dataDir = join(scene.folder, 'no-data');
    const none = await lienthongHere(['upgrade', '--check'], { ...embedded, HUB_DATA_DIR: dataDir }, scene.folder);
    expect(none).toMatchObject({ code: 2, errors: expect.stringContaining('no embedded database in') });
    expect(existsSync(dataDir)).toBe(false);
    const named = { ...scene.env(), HUB_CONFIG: join(scene.folder, 'none.json') };
    expect(await lienthongHere(['upgrade', '--check'], named, scene.folder)).toMatchObject({
      code: 2,
      errors: expect.stringContaining('none.json does not exist'),
    });
    const elsewhere = join(scene.folder, 'elsewhere');
    mkdirSync(elsewhere);
    const { HUB_CONFIG: __, ...unset } = scene.env() as Record<string, string>;
    const unnamed = await lienthongHere(['upgrade', '--check'], unset, elsewhere);
    expect(unnamed.out).toContain('there is no configuration file');
  });

  test('ends with 2 for settings that this version refuses, for tables of a newer version, and without --check', async () => {
    const wrong = scene.file('wrong.json', '{ "parties": { "one-stop": { "adapter": "none-such" } } }');
    const refused = await lienthongHere(['upgrade', '--check'], { ...scene.env(), HUB_CONFIG: wrong }, scene.folder);
    expect(refused).toMatchObject({ code: 2, errors: expect.stringContaining('none-such') });
    expect((await scene.here('upgrade')).code).toBe(2);
    await scene.query("INSERT INTO hub_migrations (name, timestamp) VALUES ('999-of-tomorrow', 'x')");
    const { code, errors } = await check();
    expect([code, errors]).toEqual([2, expect.stringContaining('made by a newer version of the hub')]);
  });
});
