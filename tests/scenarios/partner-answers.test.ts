import { afterEach, describe, expect, test } from 'vitest';
import { type SimulatedPortal, simulatedPortal } from '../support/simulated-portal.ts';

const BUDGET = 20;
const SECOND = 1_000;

describe('the answers of a portal', () => {
  let world: SimulatedPortal;
  afterEach(() => world.close());

  test('after a lost answer to a batch each dossier is looked up first: none is sent twice', async () => {
    world = await simulatedPortal(BUDGET);
    await world.newDossiers(0, 10);
    await world.work();
    expect(world.portal.ledger.count('dossier')).toBe(10);
    await world.portal.fault({ kind: 'drop-reply' });
    await world.newDossiers(10, 10);
    await world.work();
    expect(world.portal.ledger.count('dossier')).toBe(20);
    expect(await world.due()).toBe(10);
    world.pass(10 * SECOND);
    await world.work();
    expect(await world.states()).toEqual([{ state: 'delivered', count: 20 }]);
    expect(world.portal.ledger.count('dossier')).toBe(20);
  });

  test.each([
    ['a maintenance page with status 200', { kind: 'html', times: 1 }],
    ['an empty answer', { kind: 'empty', times: 1 }],
    [
      'an error that says it will pass',
      { kind: 'status', status: 200, body: { error_code: -1, message: 'Hệ thống quá tải' } },
    ],
    ['a session that ends in mid-batch', { kind: 'session-expired', times: 1 }],
    ['429 with Retry-After', { kind: 'status', status: 429, headers: { 'retry-after': '7' }, body: '' }],
  ] as const)('%s loses nothing and repeats nothing', async (_, fault) => {
    world = await simulatedPortal(BUDGET);
    await world.newDossiers(0, 3);
    await world.work();
    await world.portal.fault(fault);
    await world.newDossiers(3, 10);
    for (let s = 0; (await world.due()) > 0 && s < 60; s++) {
      await world.work();
      world.pass(SECOND);
    }
    expect(await world.states()).toEqual([{ state: 'delivered', count: 13 }]);
    expect([world.portal.ledger.count('dossier'), world.portal.ledger.repeats()]).toEqual([13, 0]);
  });

  test('a portal that asks to wait is left alone that long, for all dossiers', async () => {
    world = await simulatedPortal(BUDGET);
    await world.newDossiers(0, 3);
    await world.work();
    const askedMs = world.hub.clock.nowMs;
    await world.portal.fault({ kind: 'status', status: 429, headers: { 'retry-after': '30' }, body: '' });
    await world.newDossiers(3, 1);
    await world.work();
    const before = world.calls.length;
    await world.newDossiers(4, 5);
    for (let s = 0; (await world.due()) > 0 && s < 60; s++) {
      world.pass(SECOND);
      await world.work();
    }
    expect((world.calls[before] as number) - askedMs).toBeGreaterThanOrEqual(30 * SECOND);
    expect(await world.states()).toEqual([{ state: 'delivered', count: 9 }]);
  });
});
