import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AFTER_RECEIPT, dossier, type Partner, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { officerAt } from '../support/officer.ts';
import { DOWN, NO, OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';

const CODE = (n: number): string => `H60.01-250812-${String(n).padStart(4, '0')}`;

describe('a system that shall replace another one', () => {
  let hub: TestHub;
  let ops: Operator;
  let old: Partner;
  let next: Partner;
  beforeAll(async () => {
    old = testPartner();
    next = testPartner();
    const route = { from: 'one-stop', operation: 'dossier.upsert.v1' };
    hub = await testHub({
      nowMs: AFTER_RECEIPT,
      partners: { old, next, other: testPartner() },
      routes: [
        { ...route, to: ['old'] },
        { ...route, to: ['next'], share: { from: 0, to: 50 } },
      ],
      keys: [...OPERATOR_KEYS],
    });
    ops = operatorOf(hub);
  });
  afterAll(() => hub.close());
  const compared = async (query: string) => (await ops.get(`parties/old/compared?${query}`)).body;

  test('gets a share of the dossiers, and is compared with the other one event by event', async () => {
    const codes = Array.from({ length: 40 }, (_, n) => CODE(n));
    await hub.push(codes.map((code) => dossier({ code })));
    await hub.deliver();
    const shared = next.sent.map(({ code }) => code);
    expect([old.sent.length, shared.length > 5, shared.length < 35]).toEqual([40, true, true]);
    expect((await compared('with=next')).agreement).toBe(1);
    const officer = officerAt(hub);
    await officer.signIn('ops');
    const { text } = await officer.get('/console/parties/old/compared?with=next');
    expect(text).toContain('100\u00a0% trả lời như nhau.');
    expect(text).toContain('>05/08/2025 08:30:00</time> đến <time datetime="2025-08-12T08:30:00+07:00">');
    // One that only the new one refuses, one that only the old one refuses, and one without an answer of the new one yet.
    const [first, second, third] = shared as [string, string, string];
    const step = (code: string) => dossier({ code, status: 'processing', statusAt: '2025-08-12T08:25:00+07:00' });
    for (const [code, ofOld, ofNext] of [
      [first, { kind: 'delivered' }, NO],
      [second, NO, { kind: 'delivered' }],
      [third, { kind: 'delivered' }, DOWN],
    ] as const) {
      old.script.push(ofOld);
      next.script.push(ofNext);
      await hub.push(step(code));
      await hub.deliver();
    }
    const all = shared.length;
    expect(await compared('with=next')).toEqual({
      party: 'old',
      with: 'next',
      from: '2025-08-05T08:30:00+07:00',
      to: '2025-08-12T08:30:00+07:00',
      agreement: all / (all + 2),
      pairs: expect.arrayContaining([
        expect.objectContaining({
          left: state('delivered'),
          right: state('delivered'),
          deliveries: all,
          dossiers: all,
        }),
        expect.objectContaining({ left: state('delivered'), right: state('none'), deliveries: 40 - all }),
        {
          left: state('delivered'),
          right: state('refused', 'field-too-long'),
          deliveries: 1,
          dossiers: 1,
          sample: [{ code: first, left: expect.any(Number), right: expect.any(Number) }],
        },
        expect.objectContaining({ left: state('refused', 'field-too-long'), right: state('delivered') }),
        expect.objectContaining({ left: state('delivered'), right: state('due'), deliveries: 1 }),
      ]),
      taking: { left: { median: 0, p95: 0 }, right: { median: 0, p95: 0 } },
    });
    expect((await compared('with=next')).pairs).toHaveLength(5);
    expect(await compared('with=other')).toMatchObject({ agreement: null, taking: null });
    expect(await compared('with=next&from=2025-08-13')).toMatchObject({ agreement: null, pairs: [] });
  });

  test('the other party must be a different and existing one', async () => {
    const detailOf = async (path: string) => (await ops.get(path)).body.detail;
    const expected = 'expected one of next, one-stop, other';
    expect(await detailOf('parties/old/compared')).toBe(`?with got nothing, ${expected}`);
    expect(await detailOf('parties/old/compared?with=old')).toBe(`?with got "old", ${expected}`);
    expect(await detailOf('parties/old/compared?with=nobody')).toBe(`?with got "nobody", ${expected}`);
    expect((await ops.get('parties/nobody/compared?with=old')).status).toBe(404);
    expect((await ops.get('parties/old/compared?with=next', 'ops-replay')).status).toBe(403);
  });
});

function state(name: string, reason: string | null = null): object {
  return { state: name, reason };
}
