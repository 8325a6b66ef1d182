import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dossier, type Partner, type TestHub, testHub, testPartner } from '../support/hub.ts';

describe('deliveries claimed ahead of their calls', () => {
  let partner: Partner;
  let hub: TestHub;
  beforeEach(async () => {
    partner = testPartner();
    hub = await testHub({
      partners: { portal: partner },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
    });
  });
  afterEach(() => hub.close());

  const code = (n: number) => `H60.01-250812-${String(n).padStart(4, '0')}`;
  const push = (count: number) => hub.push(Array.from({ length: count }, (_, n) => dossier({ code: code(n) })));
  const rows = () =>
    hub.hub.database.query
      .selectFrom('deliveries')
      .select(['id', 'state', 'attempts', 'leased_by', 'doubt'])
      .orderBy('id')
      .execute();

  test('are due again, without an attempt or a doubt, when the process ends', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let calls = 0;
    // Quick at first, so that the hub claims ahead; then the partner is silent.
    partner.script.push(
      ...Array.from({ length: 400 }, () => async (items: readonly unknown[]) => {
        if (++calls > 100) await held;
        return items.map(() => ({ kind: 'delivered' as const }));
      }),
    );
    await push(400);
    void hub.deliver();
    await expect.poll(() => calls).toBe(116);
    const ahead = async (): Promise<number> => (await rows()).filter((row) => row.leased_by !== null).length;
    await expect.poll(ahead).toBeGreaterThan(16);
    const ended = hub.hub.pipeline.drain(5_000);
    release();
    await ended;
    const all = await rows();
    const due = all.filter(({ state }) => state === 'due');
    expect(all.filter(({ state }) => state === 'delivered')).toHaveLength(116);
    expect(due).toHaveLength(284);
    expect(due.every(({ attempts, leased_by, doubt }) => attempts === 0 && leased_by === null && !doubt)).toBe(true);
    expect(partner.sent).toHaveLength(116);
  });

  test('are returned unsent when the partner stops answering', async () => {
    let calls = 0;
    const down = { kind: 'unavailable' as const, reason: 'down', message: 'no connection' };
    partner.script.push(
      ...Array.from({ length: 400 }, () => async (items: readonly unknown[]) => {
        const outcome = ++calls > 100 ? down : { kind: 'delivered' as const };
        return items.map(() => outcome);
      }),
    );
    await push(400);
    await hub.deliver();
    // Those under way when the fifth failed, and no more.
    expect(calls).toBeLessThanOrEqual(100 + 5 + 16);
    const all = await rows();
    expect(all.filter(({ state }) => state === 'delivered')).toHaveLength(100);
    expect(all.every(({ leased_by }) => leased_by === null)).toBe(true);
    expect(all.filter(({ attempts }) => attempts > 0)).toHaveLength(calls);
  });
});
