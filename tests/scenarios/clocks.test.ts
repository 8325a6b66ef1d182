import { afterEach, describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/core/dossier/settle.ts';
import { databaseClock } from '../../src/database/clock.ts';
import { type Database, openDatabase } from '../../src/database/pool.ts';
import { makePullsDue } from '../../src/ledger/pulls.ts';
import { testDatabase } from '../support/database.ts';
import { dossier, type TestHub, testHub, testPartner } from '../support/hub.ts';

const ROUTES = [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }];
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
