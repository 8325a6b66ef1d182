import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  hubWithMinistry,
  MINISTRY,
  OLD_SETTINGS,
  pulled,
  ROUTES,
  rowOf,
  settingsWith,
  TABLE,
} from '../support/bad-deploy.ts';
import { HUB_SECRET, type TestHub } from '../support/hub.ts';
import { lienthongHere, type Ran } from '../support/lienthong.ts';
import { testFolder } from '../support/process.ts';

const configOf = (settings: object) => ({
  parties: {
    'one-stop': { adapter: 'one-stop' },
    portal: { adapter: 'one-stop', settings: { baseUrl: 'http://127.0.0.1:9' } },
    [MINISTRY]: { adapter: MINISTRY, settings, authoritative: true },
  },
  routes: ROUTES,
});

let hub: TestHub;
const folder = testFolder(configOf(OLD_SETTINGS));
const changed = testFolder(configOf(settingsWith(['statusAt', 'updatedAt'])));
const careless = testFolder(configOf(settingsWith('statusAt')));

beforeAll(async () => {
  ({ hub } = await hubWithMinistry({ nowMs: Date.now() - 60_000 }));
  const at = new Date(hub.clock.nowMs).toISOString();
  expect(await pulled(hub, [rowOf(1), rowOf(2, { status: 'DONE' })], at)).toEqual(['accepted', 'accepted']);
  expect(await pulled(hub, [rowOf(3, { status: 'FINISHED' })], at)).toEqual(['quarantined']);
  const { updatedAt, ...row } = rowOf(4);
  expect(await pulled(hub, [{ ...row, statusAt: updatedAt }], at)).toEqual(['invalid']);
});
afterAll(async () => {
  await hub.close();
  for (const one of [folder, changed, careless]) one.remove();
});

function mapping(...args: string[]): Promise<Ran> {
  const env = { DATABASE_URL: hub.databaseUrl, HUB_SECRET, HUB_CONFIG: folder.configPath };
  return lienthongHere(['mapping', 'try', MINISTRY, ...args], env, folder.path);
}

const rowsIn = async () => {
  const counts = ['messages', 'events', 'deliveries', 'quarantine', 'code_entries'].map(
    (table) => `(SELECT count(*) FROM ${table})`,
  );
  return (await hub.hub.database.pool.query(`SELECT ${counts.join(', ')}`)).rows;
};

test('a new line shows what would be read, sent and released, and changes nothing', async () => {
  const before = await rowsIn();
  const tried = await mapping('--line', `${TABLE}:FINISHED=resolved`, '--json');
  expect(tried).toMatchObject({ code: 0, errors: '' });
  expect(JSON.parse(tried.out)).toMatchObject({
    looked: { messages: 3, items: 4, isAll: true },
    counts: { changed: 0, readable: 1, unreadable: 0, otherwise: 0 },
    dossiers: 1,
    recipients: [{ party: 'portal', deliveries: 1 }],
    waiting: { items: 1, deliveries: 0 },
    items: [{ code: rowOf(3).code, kind: 'readable', changes: [{ path: '/status', was: null, would: 'resolved' }] }],
  });
  expect(await rowsIn()).toEqual(before);
});

test('a changed meaning lists each member before and after, personal data masked, also in the CSV file', async () => {
  const csv = join(folder.path, 'effect.csv');
  const tried = await mapping('--line', `${TABLE}:WORKING=resolved`, '--csv', csv);
  expect(tried.code).toBe(0);
  expect(tried.out).toContain('1 would be read with other values');
  expect(tried.out).toMatch(/processing +resolved +1/);
  expect(await mapping('--line', `${TABLE}:WORKING=received`, '--csv', csv)).toMatchObject({
    code: 2,
    errors: expect.stringContaining('effect.csv exists already; --force overwrites it'),
  });
  const wrong = await mapping('--line', 'no-such-table:X=resolved', '--csv', join(folder.path, 'wrong.csv'));
  expect(wrong).toMatchObject({ code: 2, errors: expect.stringContaining('/lines/0/table') });
  const file = readFileSync(csv, 'utf8');
  expect(file.split('\n')[1]).toMatch(
    new RegExp(`^[0-9a-f-]{36},0,${rowOf(1).code},changed,/status,processing,resolved,$`),
  );
  expect(tried.out + file).not.toContain('Nguyễn Văn An');
  expect(await mapping('--line', `${TABLE}:WORKING=resolved`, '--strict')).toMatchObject({ code: 1 });
});

test('personal data needs a reason, and the audit has it', async () => {
  const line = ['--line', `${TABLE}:WORKING=resolved`, '--personal'];
  expect(await mapping(...line)).toMatchObject({ code: 2, out: '', errors: expect.stringContaining('needs --why') });
  const audited = async () =>
    (await hub.hub.database.pool.query('SELECT actor, action, subject, why FROM audit')).rows as readonly object[];
  expect(await audited()).toEqual([]);
  expect(await mapping(...line, '--why', 'Đối chiếu tên')).toMatchObject({ code: 0 });
  const subject = `party ${MINISTRY}: 7 days`;
  const entry = { actor: 'lienthong mapping try', action: 'mapping.try-personal', subject, why: 'Đối chiếu tên' };
  expect(await audited()).toEqual([entry]);
});

test('settings that keep the old field read everything; settings that lose it fail the check', async () => {
  const good = await mapping('--settings', changed.configPath, '--json');
  expect(good.code).toBe(0);
  expect(JSON.parse(good.out).counts).toEqual({ changed: 0, readable: 1, unreadable: 0, otherwise: 0 });
  const bad = await mapping('--settings', careless.configPath, '--json');
  expect(bad.code).toBe(1);
  expect(JSON.parse(bad.out).counts).toEqual({ changed: 0, readable: 1, unreadable: 2, otherwise: 0 });
});

test('wrong use names the option, the value and what was expected', async () => {
  expect(await mapping()).toMatchObject({ code: 2, errors: expect.stringContaining('--line, --remove or --settings') });
  expect(await mapping('--line', 'FINISHED')).toMatchObject({
    code: 2,
    errors: expect.stringContaining('table:code=meaning'),
  });
  expect(await mapping('--line', `${TABLE}:FINISHED=done`)).toMatchObject({
    code: 2,
    errors: expect.stringContaining('/lines/0/to: got "done", expected one of'),
  });
  expect(await mapping('--line', `${TABLE}:X=resolved`, '--days', '0')).toMatchObject({ code: 2 });
  expect(await mapping('--line', `${TABLE}:DONE=resolved`, '--most', '1')).toMatchObject({ code: 2 });
});
