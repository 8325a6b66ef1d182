import { afterAll, beforeAll, expect, test } from 'vitest';
import { dossier, type Partner, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { type Ran, startLienthong } from '../support/lienthong.ts';
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

function replay(...args: string[]): Promise<Ran> {
  const env = { DATABASE_URL: hub.databaseUrl, HUB_SECRET: 'a-secret-of-the-tests-that-is-long-enough' };
  return startLienthong(['replay', ...args], env, import.meta.dirname).ended;
}

test('lienthong replay shows first what it would do, and does it when it is told to and why', async () => {
  const [preview, withoutWhy, withoutFilter] = await Promise.all([
    replay('--state', 'refused', '--json'),
    replay('--state', 'refused', '--run'),
    replay(),
  ]);
  expect(JSON.parse(preview.out)).toMatchObject({
    outcomes: { replayed: 3 },
    parties: [{ party: 'portal', deliveries: 3 }],
  });
  expect(withoutWhy).toMatchObject({ code: 2, errors: 'lienthong: --run needs --why\n' });
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
