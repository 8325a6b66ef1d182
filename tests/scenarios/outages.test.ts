import { afterEach, describe, expect } from 'vitest';
import { casesOf, sampled } from '../support/depth.ts';
import { codeOf } from '../support/hub.ts';
import { type SimulatedPortal, simulatedPortal } from '../support/simulated-portal.ts';

const BUDGET = 20;
const SECOND = 1_000;
const HOUR = 3_600_000;

describe('outages', () => {
  let world: SimulatedPortal;
  afterEach(() => world.close());

  const OUTAGES: readonly (readonly [string, number])[] = [
    ['10 s', 10 * SECOND],
    ['1 min', 60 * SECOND],
    ['1 h', HOUR],
    ['24 h', 24 * HOUR],
    ['72 h', 72 * HOUR],
  ];
  sampled.each(casesOf(OUTAGES, ([name]) => name === '24 h'))(
    'a portal that is away for %s gets everything once and in order, within its budget',
    async (_, outageMs) => {
      world = await simulatedPortal(BUDGET);
      await world.newDossiers(0, 5);
      await world.work();
      expect(await world.due()).toBe(0);
      const lastMs = world.calls.at(-1);
      await world.portal.fault({ kind: 'down', forMs: 600_000 });
      await world.newDossiers(5, 25);
      const away = 3;
      for (let part = 0; part < away; part++) {
        await world.work();
        await world.newDossiers(30 + part * 10, 10);
        await world.newSteps([part, part + 10], part);
        world.pass(Math.max(outageMs / away, SECOND));
      }
      expect(await world.due()).toBeGreaterThan(50);
      expect(world.calls.at(-1)).toBe(lastMs);
      await world.portal.clearFaults();
      const backMs = world.hub.clock.nowMs;
      const before = world.calls.length;
      for (let tries = 0; (await world.due()) > 0 && tries < 200; tries++) {
        world.pass(SECOND);
        await world.work();
      }

      // Nothing failed for good, and nothing waits for hours when the portal is back.
      expect((await world.states()).map(({ state }) => state)).toEqual(['delivered']);
      expect(world.hub.clock.nowMs - backMs).toBeLessThan(3 * 60 * SECOND);
      // Each once, and none before its predecessor.
      expect(world.portal.ledger.repeats()).toBe(0);
      for (let n = 0; n < 60; n++) expect(told(n)).toEqual(expectedOf(n));
      // In any period there were no more calls than the budget allows, plus one second's worth; a process takes a fifth of that
      // at a time.
      expect(mostOver(world.calls.slice(before))).toBeLessThanOrEqual(BUDGET * 1.2);
    },
  );

  /** A dossier in the portal's own book. */
  function told(n: number): readonly string[] {
    return world.portal.ledger
      .entries()
      .filter(({ key }) => key === codeOf(n))
      .map(({ kind, content }) => {
        const { TrangThaiHoSo, NoiDungXuLy } = content as Record<string, string>;
        return kind === 'dossier' ? `dossier ${TrangThaiHoSo}` : `step ${NoiDungXuLy}`;
      });
  }

  function expectedOf(n: number): readonly string[] {
    const steps = [...Array(3).keys()]
      .filter((part) => part === n || part + 10 === n)
      .map((part) => `step Bước ${part}`);
    return steps.length > 0 ? ['dossier 2', 'dossier 4', ...steps] : ['dossier 2'];
  }

  /** The largest excess of calls over the budget in any period. */
  function mostOver(times: readonly number[]): number {
    let most = 0;
    for (const [from, fromMs] of times.entries())
      for (let to = from; to < times.length; to++)
        most = Math.max(most, to - from + 1 - (((times[to] as number) - fromMs) / SECOND) * BUDGET);
    return most;
  }
});
