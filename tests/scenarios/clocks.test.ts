import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/core/dossier/settle.ts';
import { databaseClock } from '../../src/database/clock.ts';
import { type Database, openDatabase } from '../../src/database/pool.ts';
import { makePullsDue } from '../../src/ledger/pulls.ts';
import { claimLeftUpload, claimUpload, sealUpload } from '../../src/ledger/uploads.ts';
import { createVault } from '../../src/secrets/vault.ts';
import { testDatabase } from '../support/database.ts';
import { dossier, HUB_SECRET, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { MORNING } from '../support/template.ts';

const ROUTES = [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }];
const HOUR_MS = 3_600_000;
const SKEW_MS = 20_000;
/** What a busy machine adds to a measured difference. */
const BUSY_MS = 5_000;

describe('two processes on one database, whose machines do not agree on the time', () => {
  const closing: TestHub[] = [];
  afterEach(async () => {
    for (const hub of closing.splice(0).reverse()) await hub.close();
  });
  const hubWith = async (partners: Parameters<typeof testHub>[0], aheadMs: number, databaseUrl?: string) => {
    const machineMs = () => Date.now() + aheadMs;
    const hub = await testHub({ routes: ROUTES, ...partners, machineMs, ...(databaseUrl && { databaseUrl }) });
    closing.push(hub);
    return hub;
  };

  test.each([
    ['the one that asks is 20 s ahead', 0, SKEW_MS],
    ['the one on the line is 20 s behind', -SKEW_MS, 0],
  ])('send nothing that the other is just sending: %s', async (_, holder, asker) => {
    const line = held<Outcome>({ kind: 'delivered' });
    const [slow, quick] = [testPartner(), testPartner()];
    slow.script.push(async (items) => {
      await line.answer;
      return items.map(() => ({ kind: 'delivered' }));
    });
    const first = await hubWith({ partners: { portal: slow } }, holder);
    await first.push(dossier());
    const delivering = first.deliver();
    await until(() => slow.sent.length === 1);
    const second = await hubWith({ partners: { portal: quick } }, asker, first.databaseUrl);
    await second.deliver();
    expect(quick.sent).toEqual([]);
    line.release();
    await delivering;
    await second.deliver();
    expect([slow.sent.length, quick.sent.length]).toEqual([1, 0]);
  });

  test('pull a page once, though the other process is 20 s ahead', async () => {
    const asked: string[] = [];
    const line = held<Outcome>({ kind: 'unavailable', reason: 'down', message: 'no connection' });
    const puller = (name: string) => ({
      schedule: '0 0 2 * * *',
      next: () => {
        asked.push(name);
        return line.answer;
      },
      read: () => [],
    });
    const first = await hubWith({ partners: { portal: testPartner({ pull: { all: puller('first') } }) } }, 0);
    await makePullsDue(first.hub.database, 'portal', ['all'], Date.now() - 60_000);
    const pulling = first.hub.pipeline.pull('portal', 'all');
    await until(() => asked.length === 1);
    const partners = { portal: testPartner({ pull: { all: puller('second') } }) };
    const second = await hubWith({ partners }, SKEW_MS, first.databaseUrl);
    await second.hub.pipeline.pull('portal', 'all');
    line.release();
    await pulling;
    expect(asked).toEqual(['first']);
  });

  test('a clock that differs from the database’s is reported in the log', async () => {
    const hub = await hubWith({}, SKEW_MS);
    expect(hub.logLines.filter(({ aheadMs }) => aheadMs !== undefined)).toMatchObject([
      { level: 40, aheadMs: expect.closeTo(SKEW_MS, -4) },
    ]);
  });
});

test('setting a machine’s clock while the hub runs moves nothing', async () => {
  const server = await testDatabase();
  const database: Database = openDatabase(server.url);
  let aheadMs = -3_600_000;
  const clock = await databaseClock(database, () => Date.now() + aheadMs);
  const [before, started] = [clock.nowMs(), performance.now()];
  expect(Math.abs(before - Date.now())).toBeLessThan(BUSY_MS);
  for (const set of [86_400_000, 0, -SKEW_MS]) {
    aheadMs = set;
    // At once, and after the comparison that the jump caused.
    expect(clock.nowMs() - before).toBeLessThan(performance.now() - started + BUSY_MS);
    await clock.compare();
    expect(Math.abs(clock.nowMs() - before - (performance.now() - started))).toBeLessThan(BUSY_MS);
    expect(Math.abs(clock.aheadMs() - set)).toBeLessThan(BUSY_MS);
  }
  clock.close();
  await database.close();
  await server.drop();
});

describe('a database clock that was set back by seven hours', () => {
  let hub: TestHub;
  let ahead: TestHub;
  let partner: ReturnType<typeof testPartner>;
  beforeEach(async () => {
    partner = testPartner();
    hub = await testHub(portal());
    ahead = await testHub({ ...portal(), databaseUrl: hub.databaseUrl, roles: ['api'], nowMs: MORNING + 7 * HOUR_MS });
  });
  afterEach(() => hub.close());
  const portal = () => ({ partners: { portal: partner }, routes: ROUTES });
  const query = (sql: string, values: readonly unknown[] = []) => hub.hub.database.pool.query(sql, [...values]);

  test('keeps no delivery waiting for the former time', async () => {
    const [added, leased, retried, later] = ['0001', '0002', '0003', '0004'].map((n) => `H60.01-250812-${n}`);
    for (const code of [added, leased]) await ahead.push(dossier({ code }));
    await ahead.close();
    const at = (ms: number) => new Date(MORNING + ms).toISOString();
    for (const code of [retried, later]) await hub.push(dossier({ code }));
    await hub.deliver();
    partner.sent.length = 0;
    await query(`UPDATE deliveries SET leased_by = gen_random_uuid(), attempts = 1, token = 1 WHERE subject = $1`, [
      leased,
    ]);
    const retry = `UPDATE deliveries SET state = 'due', next_at = $2, attempts = $3, settled_at = NULL WHERE subject = $1`;
    await query(retry, [retried, at(7 * 24 * HOUR_MS), 1]);
    await query(retry, [later, at(20 * HOUR_MS), 1]);
    const scheduler = await testHub({ ...portal(), databaseUrl: hub.databaseUrl, roles: ['scheduler'] });
    await hub.deliver();
    await scheduler.close();
    const sent = partner.sent.map(({ code, doubt }) => [code, doubt]);
    expect(sent.sort()).toEqual([
      [added, false],
      [leased, true],
      [retried, false],
    ]);
  });

  test('leaves a file that a killed process was storing to another one', async () => {
    await ahead.close();
    const { database } = hub.hub;
    const vault = createVault([HUB_SECRET]);
    const upload = sealUpload(vault, {
      party: 'one-stop',
      receipt: randomUUID(),
      list: 'dossiers',
      place: 'upload',
      who: 'lan',
      name: 'a.xlsx',
      bytes: Buffer.from('a'),
    });
    const at = (hours: number) => claimUpload(database, upload, MORNING + hours * HOUR_MS);
    expect(await at(7)).toBeDefined();
    expect(await at(0)).toBeDefined();
    expect(await at(0)).toBeUndefined();
    expect(await at(-7)).toBeDefined();
    await claimUpload(database, upload, MORNING);
    expect(await claimLeftUpload(database, vault, ['one-stop'], 0, MORNING - 7 * HOUR_MS)).toMatchObject({
      name: 'a.xlsx',
    });
  });
});

/** An answer that is sent on demand. */
function held<T>(value: T): { answer: Promise<T>; release(): void } {
  let release = (): void => undefined;
  const answer = new Promise<T>((resolve) => {
    release = () => resolve(value);
  });
  return { answer, release: () => release() };
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('it did not come to that');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
