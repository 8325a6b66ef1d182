import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dossier, holdAnswers, type Partner, type TestHub, testHub, testPartner } from '../support/hub.ts';

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

  test('start one after another, so that other work of the process gets its turn between', async () => {
    let turn = 0;
    let isOver = false;
    const count = (): void => {
      turn++;
      if (!isOver) setImmediate(count);
    };
    const calls: number[] = [];
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    partner.script.push(
      ...Array.from({ length: 16 }, () => async (items: readonly unknown[]) => {
        calls.push(turn);
        await held;
        return items.map(() => ({ kind: 'delivered' as const }));
      }),
    );
    await push(16);
    count();
    const delivered = hub.deliver();
    await expect.poll(() => calls).toHaveLength(16);
    isOver = true;
    release();
    await delivered;
    const inOneTurn = calls.map((one) => calls.filter((other) => other === one).length);
    expect(Math.max(...inOneTurn)).toBeLessThanOrEqual(2);
  });
});

describe('a partner to whom one sender has sent much', () => {
  test('gets the dossiers of another sender in turn with those, each once and in order', async () => {
    const partner = testPartner();
    const operation = 'dossier.upsert.v1';
    const hub = await testHub({
      partners: { portal: partner },
      routes: ['one-stop', 'other'].map((from) => ({ from, operation, to: ['portal'] })),
    });
    try {
      const of = (ministry: string, count: number, status: string) =>
        Array.from({ length: count }, (_, n) =>
          dossier({ code: `${ministry}-250812-${String(n).padStart(4, '0')}`, agencyCode: ministry, status }),
        );
      // The first calls last until both have sent, however long that takes.
      const answer = holdAnswers(partner, 16);
      await hub.push(of('H60.01', 300, 'received'));
      await hub.push(of('G09.01', 3, 'received'), { party: 'other' });
      await hub.push(of('G09.01', 3, 'processing'), { party: 'other' });
      answer();
      await hub.deliver();
      const sent = partner.sent.map(({ record }) => record as { code: string; status: string });
      const places = sent.flatMap(({ code }, at) => (code.startsWith('G09') ? [at] : []));
      expect(places).toHaveLength(6);
      expect(places[2]).toBeLessThan(40);
      expect(new Set(sent.map(({ code, status }) => `${code} ${status}`)).size).toBe(306);
      expect(sent).toHaveLength(306);
      for (const code of of('G09.01', 3, 'received').map((one) => one.code))
        expect(sent.filter((one) => one.code === code).map(({ status }) => status)).toEqual(['received', 'processing']);
    } finally {
      await hub.close();
    }
  });
});
