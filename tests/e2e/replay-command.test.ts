import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dossier, type Partner, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { lienthongHere, type Ran, startLienthong } from '../support/lienthong.ts';
import { NO } from '../support/operator.ts';

let hub: TestHub;
let partner: Partner;

beforeAll(async () => {
  partner = testPartner();
  const routes = [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }];
  hub = await testHub({ partners: { portal: partner }, routes, nowMs: Date.now() - 60_000 });
  partner.script.push(NO, NO, NO);
  await hub.push([1, 2, 3].map((n) => dossier({ code: `H60.01-250812-000${n}` })));
  await hub.deliver();
  hub.clock.nowMs = Date.now() + 600_000;
});
afterAll(() => hub.close());

const env = () => ({ DATABASE_URL: hub.databaseUrl, HUB_SECRET: 'a-secret-of-the-tests-that-is-long-enough' });

function replay(...args: string[]): Promise<Ran> {
  return startLienthong(['replay', ...args], env(), import.meta.dirname).ended;
}

test('lienthong replay shows a preview, and delivers with --run and a reason', async () => {
  const preview = await replay('--state', 'refused', '--json');
  const here = (...args: string[]) => lienthongHere(['replay', ...args], env(), import.meta.dirname);
  const withoutWhy = await here('--state', 'refused', '--run');
  const blankWhy = await here('--state', 'refused', '--run', '--why', '  ');
  const withoutFilter = await here();
  expect((await here('--state', 'refused')).out).toMatch(/^3 would be delivered again\n(.*\n)+nothing was changed/);
  expect(JSON.parse(preview.out)).toMatchObject({
    outcomes: { replayed: 3 },
    parties: [{ party: 'portal', deliveries: 3 }],
  });
  for (const refused of [withoutWhy, blankWhy])
    expect(refused).toMatchObject({ code: 2, errors: 'lienthong: --run needs --why\n' });
  expect(withoutFilter).toMatchObject({ code: 2, errors: expect.stringContaining('--party, --state') });
  await hub.deliver();
  expect(partner.sent).toHaveLength(3);
  const run = await replay('--state', 'refused', '--run', '--why', 'the portal is mended', '--json');
  expect(run.code).toBe(0);
  expect(JSON.parse(run.out)).toMatchObject({
    state: 'done',
    total: 3,
    outcomes: { replayed: 3 },
    who: 'lienthong replay',
  });
  await hub.deliver();
  expect(partner.sent.slice(3).map((item) => item.doubt)).toEqual([true, true, true]);
});

test('lienthong backfill shows a preview, and sends with --run and a reason', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lienthong-'));
  await writeFile(
    join(folder, 'hub.config.json'),
    JSON.stringify({
      parties: {
        'one-stop': { adapter: 'one-stop' },
        new: { adapter: 'one-stop', settings: { baseUrl: 'http://127.0.0.1:9' } },
      },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['new'] }],
    }),
  );
  const here = (...args: string[]) => lienthongHere(args, env(), folder);
  const spaced = await here('backfill', 'new', '--kind', 'question', '--state', 'received, assigned');
  expect(spaced.errors).toContain('no route of HUB_CONFIG leads question.upsert.v1 to new');
  const preview = await here('backfill', 'new', '--status', 'received', '--json');
  const blankWhy = await here('backfill', 'new', '--run', '--why', ' ');
  const alone = await here('compare', 'portal', 'new', '--from', '2020-01-01');
  expect(JSON.parse(preview.out)).toMatchObject({ looked: { dossiers: 3, isAll: true }, never: 3, older: 0 });
  expect(blankWhy).toMatchObject({ code: 2, errors: 'lienthong: --run needs --why\n' });
  expect(alone).toMatchObject({ code: 2, out: expect.stringContaining('(3 dossiers): portal delivered, new none: ') });
  const run = await here('backfill', 'new', '--run', '--why', 'the system is new');
  expect(run).toMatchObject({ code: 0, out: expect.stringMatching(/^run \d+ done: 3 added\n$/) });
  const { rows } = await hub.hub.database.pool.query(`SELECT subject, doubt FROM deliveries WHERE party = 'new'`);
  expect(rows.map(({ subject }) => subject).sort()).toEqual([1, 2, 3].map((n) => `H60.01-250812-000${n}`));
  expect(rows.every(({ doubt }) => doubt)).toBe(true);
  await rm(folder, { recursive: true });
});

test('lienthong replay --run reports the result of its own order, whatever others fail', async () => {
  const { pool } = hub.hub.database;
  await hub.push(dossier({ code: 'H60.01-250812-0009', note: 'Nguyá»…n VÄ�n An' }));
  await pool.query(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'as in the test' USING ERRCODE = '53100'; END $$`);
  await pool.query(`CREATE TRIGGER fail BEFORE INSERT ON messages FOR EACH ROW WHEN (NEW.door = 'release')
    EXECUTE FUNCTION fail()`);
  // A resolution that fails, and an earlier run that cannot continue.
  await pool.query(
    `INSERT INTO resolutions (cause_key, parties, action, who, why, at, until)
     SELECT cause_key, ARRAY[party], 'release', 'ops', 'it is right', now(), now() + interval '1 hour' FROM quarantine`,
  );
  await pool.query(`INSERT INTO replays (who, why, at, filter, per_second, next_at, outcomes)
    VALUES ('ops', 'again', now(), '{}', 1, now() - interval '1 hour', '{}')`);
  await pool.query(`CREATE TRIGGER fail BEFORE UPDATE ON replays FOR EACH ROW WHEN (NEW.who = 'ops')
    EXECUTE FUNCTION fail()`);
  const run = await replay('--party', 'portal', '--run', '--why', 'the portal is mended', '--json');
  expect(run).toMatchObject({ code: 0, errors: expect.stringContaining('as in the test') });
  expect(JSON.parse(run.out)).toMatchObject({ state: 'done', total: 3 });
});
