import { afterEach, describe, expect, test } from 'vitest';
import type { Outcome } from '#core/dossier/settle';
import type { Outgoing } from '../../src/kit/sender.ts';
import { dossier, type Partner, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';

const REFUSED: Outcome = { kind: 'refused', reason: 'bad', message: 'data is not valid' };
const DELIVERED: Outcome = { kind: 'delivered' };
const code = (n: number): string => `H60.01-250812-${String(n).padStart(4, '0')}`;

describe('batches', () => {
  let hub: TestHub;
  let partner: Partner;
  const calls: (readonly Outgoing[])[] = [];
  const taken: string[] = [];
  afterEach(() => hub.close());

  /** A partner that takes a call as a whole, unless an item in it is bad. */
  async function start(isBad: (item: Outgoing) => boolean, bad: () => Outcome = () => REFUSED): Promise<void> {
    calls.length = 0;
    taken.length = 0;
    partner = testPartner({ batch: 10, dossiers: 100 });
    const answer = async (items: readonly Outgoing[]): Promise<readonly Outcome[]> => {
      calls.push(items);
      if (items.some(isBad)) return items.map(() => bad());
      taken.push(...items.map((item) => `${item.code} ${(item.record as { status: string }).status}`));
      return items.map(() => DELIVERED);
    };
    partner.script.push(...Array(1_000).fill(answer));
    hub = await testHub({
      partners: { portal: partner },
      routes: ['dossier.upsert.v1', 'dossier.progress.v1'].map((operation) => ({
        from: 'one-stop',
        operation,
        to: ['portal'],
      })),
    });
  }

  const states = async () => {
    const { rows } = await hub.hub.database.pool.query<{ state: string; count: number }>(
      'SELECT state, count(*) FROM deliveries GROUP BY state ORDER BY state',
    );
    return Object.fromEntries(rows.map((row) => [row.state, row.count]));
  };

  test('a hundred dossiers go in one call, each version in a call of its own', async () => {
    await start(() => false);
    const told = (status: string, day: string) =>
      Array.from({ length: 100 }, (_, n) =>
        dossier({ code: code(n), status, statusAt: `2025-08-${day}T08:15:00+07:00` }),
      );
    await hub.push([...told('received', '12'), ...told('processing', '13')]);
    await hub.deliver();
    expect(calls.map((items) => items.length)).toEqual([100, 100]);
    expect(calls.map((items) => new Set(items.map((item) => item.code)).size)).toEqual([100, 100]);
    expect(taken.slice(0, 100).every((one) => one.endsWith('received'))).toBe(true);
    expect(await states()).toEqual({ delivered: 200 });
  });

  test('one bad dossier in a hundred is found and refused alone; the others are delivered once', async () => {
    await start((item) => item.code === code(66));
    await hub.push(Array.from({ length: 100 }, (_, n) => dossier({ code: code(n) })));
    await hub.deliver();
    expect(await states()).toEqual({ delivered: 99, refused: 1 });
    expect(calls.length).toBeLessThanOrEqual(1 + 2 * Math.ceil(Math.log2(100)));
    expect(taken).toHaveLength(99);
    expect(new Set(taken).size).toBe(99);
  });

  test('an item at which the adapter throws is alone in doubt', async () => {
    await start(
      (item) => item.code === code(7),
      () => {
        throw new Error('boom');
      },
    );
    await hub.push(Array.from({ length: 20 }, (_, n) => dossier({ code: code(n) })));
    await hub.deliver();
    expect(await states()).toEqual({ delivered: 19, due: 1 });
    expect(hub.logLines.filter((line) => line.msg === 'failed')).toHaveLength(1);
  });

  test('an item in doubt goes alone: a harmful one delays the others by one attempt at most', async () => {
    await start(
      (item) => item.code === code(3),
      () => ({ kind: 'unknown', reason: 'status-500', message: 'status 500' }),
    );
    await hub.push(Array.from({ length: 10 }, (_, n) => dossier({ code: code(n) })));
    await hub.deliver();
    expect(await states()).toEqual({ due: 10 });
    hub.clock.nowMs += 5_000;
    await hub.deliver();
    expect(await states()).toEqual({ delivered: 9, due: 1 });
    expect(calls.slice(1).every((items) => items.length === 1 && items[0]?.doubt)).toBe(true);
  });

  test('steps of many dossiers share a call, those of one in order, and none before its dossier', async () => {
    await start(() => false);
    await hub.push(Array.from({ length: 6 }, (_, n) => dossier({ code: code(n) })));
    await hub.push(
      Array.from({ length: 18 }, (_, n) =>
        progress({ code: code(n % 6), at: `2025-08-13T0${(n % 3) + 7}:00:00+07:00`, content: `Bước ${n}` }),
      ),
      { what: 'progress' },
    );
    await hub.deliver();
    const steps = calls.filter((items) => items[0]?.operation === 'dossier.progress.v1');
    expect(steps.every((items) => items.length <= 10)).toBe(true);
    expect(steps.length).toBeLessThanOrEqual(6);
    for (let n = 0; n < 6; n++) {
      const told = calls.flat().filter((item) => item.code === code(n));
      expect(told[0]?.operation).toBe('dossier.upsert.v1');
      const contents = told.flatMap((item) => ('content' in item.record ? [item.record.content] : []));
      expect(contents).toEqual([`Bước ${n}`, `Bước ${n + 6}`, `Bước ${n + 12}`]);
    }
  });

  test('calls hold no more dossiers at once than the budget allows', async () => {
    await start(() => false);
    // The worker of this hub has no budget, so the claim of one with a budget is tested directly.
    const { claim } = await import('../../src/ledger/claim.ts');
    await hub.hub.pipeline.drain(5_000);
    await hub.push(Array.from({ length: 50 }, (_, n) => dossier({ code: code(n) })));
    const given = {
      party: 'portal',
      process: 'p',
      nowMs: hub.clock.nowMs,
      leaseMs: 8_000,
      limit: 2,
      atOnce: undefined,
    };
    const carries = new Map([['dossier.upsert.v1', { items: 10, ofOneDossier: 1 }]]);
    expect(await claim(hub.hub.database, { ...given, carries, atOnce: 7 })).toHaveLength(7);
    expect(await claim(hub.hub.database, { ...given, carries, atOnce: 7 })).toHaveLength(0);
    // Two calls of ten.
    expect(await claim(hub.hub.database, { ...given, carries })).toHaveLength(20);
  });
});
