import { afterEach, beforeEach, expect, test } from 'vitest';
import { closeIncidents, openIncident } from '../../src/ledger/incidents.ts';
import { type TestHub, testHub, testPartner } from '../support/hub.ts';

const MINUTE_MS = 60_000;
let hub: TestHub;
beforeEach(async () => {
  hub = await testHub({
    partners: { portal: testPartner() },
    entries: { portal: { title: 'Cổng của tỉnh' } },
    roles: ['api'],
  });
});
afterEach(() => hub.close());

const page = async (language = 'vi') => {
  hub.clock.nowMs += MINUTE_MS;
  const reply = await hub.request('GET', `/status?lang=${language}`);
  expect(reply.status).toBe(200);
  return (await reply.text()).replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');
};

test('a visitor without a key sees which connection is interrupted and since when, and never why', async () => {
  expect(await page()).toContain('Mọi kết nối đang hoạt động.');
  const incident = { party: 'portal', kind: 'partner-away', cause: 'no connection to 10.1.2.3' } as const;
  await openIncident(hub.hub.database, incident, hub.clock.nowMs);
  await openIncident(hub.hub.database, { ...incident, kind: 'audit-broken' }, hub.clock.nowMs);
  const shown = await page();
  expect(shown).toContain('1 kết nối gián đoạn');
  expect(shown).toMatch(/Cổng của tỉnh mất kết nối 21\/08\/2025 08:31/);
  expect(shown).not.toContain('10.1.2.3');
  expect(shown).not.toContain('nhật ký');
  expect(await page('en')).toMatch(/Cổng của tỉnh no connection 21\/08\/2025 08:31/);
});

test('an interruption that is over stays for 30 days, with its duration', async () => {
  await openIncident(hub.hub.database, { party: 'portal', kind: 'pull-failed', cause: 'x' }, hub.clock.nowMs);
  hub.clock.nowMs += 95 * MINUTE_MS;
  await closeIncidents(hub.hub.database, 'portal', ['pull-failed'], hub.clock.nowMs);
  const shown = await page();
  expect(shown).toContain('mọi kết nối hoạt động');
  expect(shown).toMatch(/không lấy được dữ liệu 21\/08\/2025 08:30 21\/08\/2025 10:05 1 giờ 35 phút/);
  hub.clock.nowMs += 31 * 24 * 60 * MINUTE_MS;
  expect(await page()).not.toContain('không lấy được dữ liệu');
});

test('an interruption that lasted for weeks stays for 30 days after its end', async () => {
  await openIncident(hub.hub.database, { party: 'portal', kind: 'pull-failed', cause: 'x' }, hub.clock.nowMs);
  hub.clock.nowMs += 40 * 24 * 60 * MINUTE_MS;
  await closeIncidents(hub.hub.database, 'portal', ['pull-failed'], hub.clock.nowMs);
  expect(await page()).toMatch(/không lấy được dữ liệu 21\/08\/2025 08:30 30\/09\/2025 08:30/);
  hub.clock.nowMs += 31 * 24 * 60 * MINUTE_MS;
  expect(await page()).not.toContain('không lấy được dữ liệu');
});

test('a time without any process counts against the time available, planned or not', async () => {
  const at = (minutes: number): string => new Date(hub.clock.nowMs + minutes * MINUTE_MS).toISOString();
  await hub.hub.database.pool.query('DELETE FROM process_runs');
  await hub.hub.database.pool.query(
    `INSERT INTO process_runs (roles, started_at, seen_at, ended_at)
     VALUES ('{api}', $1, $2, $2), ('{api}', $3, $4, NULL), ('{api}', $5, $6, NULL)`,
    [at(-100), at(-90), at(-80), at(-50), at(-40), at(1)],
  );
  const shown = await page();
  expect(shown).toContain('80,19 % thời gian hoạt động');
  expect(shown).toMatch(
    /07:40 21\/08\/2025 07:50 10 phút sự cố 21\/08\/2025 07:00 21\/08\/2025 07:10 10 phút có kế hoạch/,
  );
});

test('a hub that is younger than 30 days says since when it counts', async () => {
  expect(await page()).toMatch(/100 % thời gian hoạt động từ 21\/08\/2025 08:3\d/);
  await hub.hub.database.pool.query('UPDATE process_runs SET started_at = $1', [
    new Date(hub.clock.nowMs - 31 * 24 * 60 * MINUTE_MS).toISOString(),
  ]);
  expect(await page()).toContain('thời gian hoạt động trong 30 ngày qua');
});
