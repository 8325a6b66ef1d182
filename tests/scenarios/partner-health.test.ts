import { afterEach, describe, expect, test } from 'vitest';
import type { Outcome } from '#core/settle';
import { claim } from '../../src/ledger/claim.ts';
import { pauseParty, resumeParty, takeCalls } from '../../src/ledger/party-states.ts';
import { createPace } from '../../src/steps/pace.ts';
import { dossier, type Partner, type TestHub, testHub, testPartner } from '../support/hub.ts';

const DOWN: Outcome = { kind: 'unavailable', reason: 'econnrefused', message: 'no connection: ECONNREFUSED' };
const ROUTES = [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal', 'slow'] }];

describe('partner health', () => {
  let hub: TestHub;
  afterEach(() => hub.close());

  const codes = (count: number) =>
    Array.from({ length: count }, (_, n) => dossier({ code: `H60.01-250812-${String(n).padStart(4, '0')}` }));
  const incidents = async () =>
    (
      await hub.hub.database.pool.query(
        'SELECT party, kind, cause, closed_at IS NULL AS open FROM incidents ORDER BY id',
      )
    ).rows;

  async function start(partners: Record<string, Partner>): Promise<void> {
    hub = await testHub({
      partners,
      routes: ROUTES.map((route) => ({ ...route, to: route.to.filter((party) => party in partners) })),
      retryDelaysMs: Array(40).fill(1_000),
    });
  }

  test('a partner that is away is left alone after some calls, tried by one, and drained when it is back; one incident, one alert', async () => {
    const portal = testPartner();
    await start({ portal });
    portal.script.push(...Array(200).fill(DOWN));
    await hub.push(codes(60));
    for (let s = 0; s < 5; s++) {
      hub.clock.nowMs += 1_000;
      await hub.deliver();
    }
    const asked = portal.sent.length;
    expect(asked).toBeLessThan(60);
    expect(await incidents()).toEqual([
      { party: 'portal', kind: 'partner-away', cause: expect.stringContaining('ECONNREFUSED'), open: true },
    ]);
    expect(hub.logLines.filter((line) => line.msg === 'incident')).toHaveLength(1);
    hub.clock.nowMs += 10_000;
    await hub.deliver();
    expect(portal.sent.length).toBe(asked + 1);
    portal.script.length = 0;
    hub.clock.nowMs += 10_000;
    await hub.deliver();
    await hub.deliver();
    expect(new Set(portal.sent.map((item) => item.code)).size).toBe(60);
    expect(await incidents()).toMatchObject([{ open: false }]);
    const { rows } = await hub.hub.database.pool.query(
      "SELECT count(*) AS n FROM deliveries WHERE state <> 'delivered'",
    );
    expect(rows[0].n).toBe(0);
  });

  test('a clock that is set back while a partner is left alone does not keep it waiting', async () => {
    const portal = testPartner();
    await start({ portal });
    portal.script.push(...Array(16).fill(DOWN));
    await hub.push(codes(16));
    await hub.deliver();
    expect(await incidents()).toMatchObject([{ kind: 'partner-away', open: true }]);
    hub.clock.nowMs -= 3_600_000;
    await hub.hub.database.pool.query('UPDATE deliveries SET next_at = $1', [new Date(hub.clock.nowMs)]);
    await hub.deliver();
    await hub.deliver();
    expect(portal.sent.length).toBeGreaterThan(16);
    expect(await incidents()).toMatchObject([{ open: false }]);
  });

  test('a slow partner never delays another', async () => {
    const portal = testPartner();
    const slow = testPartner();
    let finish = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    slow.script.push(
      ...Array(40).fill(async (items: readonly unknown[]) => {
        await held;
        return items.map((): Outcome => ({ kind: 'delivered' }));
      }),
    );
    await start({ portal, slow });
    await hub.push(codes(40));
    await hub.hub.pipeline.sweep();
    await expect.poll(() => portal.sent.length).toBe(40);
    expect(slow.sent.length).toBeLessThanOrEqual(16);
    finish();
  });

  test('a paused party is told nothing from that moment, and everything in order when it goes on', async () => {
    const portal = testPartner();
    await start({ portal });
    await pauseParty(hub.hub.database, 'portal', 'officer', hub.clock.nowMs);
    await hub.push(codes(5));
    await hub.deliver();
    expect(portal.sent).toEqual([]);
    await resumeParty(hub.hub.database, 'portal');
    await hub.deliver();
    expect(portal.sent).toHaveLength(5);
  });

  test('when the partner is back, what waited for hours is tried at once, and loses no try by it; what a person must settle stays', async () => {
    const portal = testPartner();
    hub = await testHub({
      partners: { portal },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
      retryDelaysMs: [1_000, 1_000, 1_000, 1_000, 3_600_000, 3_600_000],
    });
    const cause = { kind: 'unmapped', key: 'unmapped:service:1', message: 'no service' } as const;
    portal.script.push({ kind: 'refused', reason: 'unmapped', message: 'no service', cause }, ...Array(5).fill(DOWN));
    const [held, waiting, fresh] = codes(3);
    await hub.push(held);
    await hub.deliver();
    await hub.push(waiting);
    for (let s = 0; s < 5; s++) {
      await hub.deliver();
      hub.clock.nowMs += 1_000;
    }
    const rows = async () =>
      (await hub.hub.database.pool.query('SELECT state, attempts FROM deliveries ORDER BY id')).rows;
    expect(await rows()).toEqual([
      { state: 'due', attempts: 1 },
      { state: 'due', attempts: 5 },
    ]);
    await hub.push(fresh);
    hub.clock.nowMs += 1_000;
    await hub.deliver();
    await expect.poll(rows).toEqual([
      { state: 'due', attempts: 1 },
      { state: 'delivered', attempts: 5 },
      { state: 'delivered', attempts: 1 },
    ]);
    expect(portal.sent).toHaveLength(8);
  });

  test('no more dossiers are leased at once than the budget allows, however many processes ask', async () => {
    await start({ portal: testPartner() });
    await pauseParty(hub.hub.database, 'portal', 'the test', hub.clock.nowMs);
    await hub.push(codes(30));
    await hub.hub.pipeline.idle();
    await resumeParty(hub.hub.database, 'portal');
    const claimers = Array.from({ length: 6 }, (_, n) =>
      claim(hub.hub.database, {
        party: 'portal',
        process: `p${n}`,
        nowMs: hub.clock.nowMs,
        leaseMs: 8_000,
        limit: 16,
        carries: new Map(),
        atOnce: 4,
      }),
    );
    expect((await Promise.all(claimers)).flat()).toHaveLength(4);
    // Nobody extends these leases; let them go, so that closing the hub delivers nothing in doubt.
    await hub.hub.database.pool.query('DELETE FROM deliveries');
  });

  test('the calls of all processes together keep to the budget', async () => {
    await start({ portal: testPartner() });
    const { database } = hub.hub;
    expect(await takeCalls(database, 'portal', 10, 100, hub.clock.nowMs)).toBe(10);
    expect(await takeCalls(database, 'portal', 10, 100, hub.clock.nowMs + 500)).toBe(5);
    expect(await takeCalls(database, 'portal', 10, 100, hub.clock.nowMs + 500)).toBe(0);
    // One that asked before and is served after the others gives nothing twice.
    expect(await takeCalls(database, 'portal', 10, 100, hub.clock.nowMs + 100)).toBe(0);
    expect(await takeCalls(database, 'portal', 10, 100, hub.clock.nowMs + 500)).toBe(0);
    expect(await takeCalls(database, 'portal', 10, 100, hub.clock.nowMs + 60_000)).toBe(10);
    const paces = [1, 2, 3].map(() => createPace(database, 'portal', 50, Date.now));
    const began = performance.now();
    let calls = 0;
    await Promise.all(
      paces.map(async (pace) => {
        while (performance.now() - began < 1_000) {
          await pace();
          calls++;
        }
      }),
    );
    const seconds = (performance.now() - began) / 1000;
    // A second's worth to begin with, then what comes in.
    expect(calls).toBeLessThanOrEqual(50 + 50 * seconds + 3);
    expect(calls).toBeGreaterThan(50);
  });
});
