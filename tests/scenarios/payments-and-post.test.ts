import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf, type TestHub, testHub } from '../support/hub.ts';
import { payment, postalOrder } from '../support/kinds.ts';
import { OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';

const at = (time: string): string => `2025-08-20T${time}:00+07:00`;

describe('payments', () => {
  let hub: TestHub;
  let operator: Operator;
  beforeAll(async () => {
    hub = await testHub({
      routes: [{ from: 'one-stop', operation: 'payment.upsert.v1', to: ['other'] }],
      keys: [...OPERATOR_KEYS],
    });
    operator = operatorOf(hub);
  });
  afterAll(() => hub.close());

  const push = async (given: Record<string, unknown>, party = 'one-stop') =>
    (await hub.push(payment(given), { what: 'payments', party })).results[0];
  const stateOf = async (code: string) => (await hub.read(`/api/v1/payments/${code}`)).body.state;

  test.each([0, -1, 1.5, '50000', null])('an amount is whole đồng above 0: %s is invalid', async (amountVnd) => {
    expect(await push({ code: 'X', amountVnd })).toMatchObject({
      outcome: 'invalid',
      problems: [{ path: '/amountVnd' }],
    });
  });

  test('a paid payment never goes back, in whatever order its states come', async () => {
    await push({ code: 'P1' });
    await push({ code: 'P1', state: 'paid', stateAt: at('10:00'), paidAt: at('10:00') }, 'other');
    expect((await push({ code: 'P1', state: 'pending', stateAt: at('11:00') }, 'other'))?.outcome).toBe('stale');
    expect((await push({ code: 'P1', state: 'failed', stateAt: at('12:00') }))?.outcome).toBe('stale');
    expect((await push({ code: 'P1', state: 'initiated', stateAt: at('09:30') }))?.outcome).toBe('stale');
    expect(await stateOf('P1')).toBe('paid');
    expect((await push({ code: 'P1', state: 'refunded', stateAt: at('13:00') }, 'other'))?.outcome).toBe('accepted');
    expect(await stateOf('P1')).toBe('refunded');
    expect((await push({ code: 'P1', state: 'paid', stateAt: at('14:00') }, 'other'))?.outcome).toBe('stale');
  });

  test('of two states at one moment the further one counts', async () => {
    await push({ code: 'P2' });
    await push({ code: 'P2', state: 'paid', stateAt: at('10:00') });
    await push({ code: 'P2', state: 'pending', stateAt: at('10:00') });
    expect(await stateOf('P2')).toBe('paid');
  });

  test('another amount than the requested one waits for an operator and pays nothing', async () => {
    await push({ code: 'P3' });
    const said = { code: 'P3', state: 'paid', stateAt: at('10:00'), transaction: 'GD-3', amountVnd: 1 };
    for (let time = 0; time < 2; time++)
      expect(await push(said, 'other')).toMatchObject({
        outcome: 'quarantined',
        problems: [{ path: '/amountVnd', code: 'amount-differs' }],
      });
    expect(await stateOf('P3')).toBe('requested');
    expect((await push({ ...said, amountVnd: 50_000 }, 'other'))?.outcome).toBe('accepted');
    expect(await stateOf('P3')).toBe('paid');
  });

  test('a second transaction for a paid payment waits for an operator, who may count it', async () => {
    await push({ code: 'P5' });
    const paid = { code: 'P5', state: 'paid', transaction: 'GD-5' };
    await push({ ...paid, stateAt: at('10:00') }, 'other');
    const second = await push({ ...paid, stateAt: at('10:05'), transaction: 'GD-6' }, 'other');
    expect(second).toMatchObject({ outcome: 'quarantined', problems: [{ code: 'paid-twice' }] });
    const { items } = (await operator.get('quarantine?kind=contradiction&code=P5')).body;
    expect(items).toMatchObject([{ key: 'contradiction:payment P5', items: 1, parties: ['other'] }]);
    await operator.post(`quarantine/${items[0].id}/resolve`, { action: 'release', why: 'đã hoàn lần đầu' });
    expect((await hub.read('/api/v1/payments/P5', 'personal')).body).toMatchObject({ transaction: 'GD-6' });
  });

  test('an address that opens a receipt is for readers of personal data alone', async () => {
    await push({ code: 'P4', receiptUrl: 'https://bienlai.example.test/4' });
    expect((await hub.read('/api/v1/payments/P4')).body).not.toHaveProperty('receiptUrl');
    expect((await hub.read('/api/v1/payments/P4', 'personal')).body).toHaveProperty('receiptUrl');
  });

  test('comes out of a rebuild identical', async () => {
    expect(await hub.hub.rebuild()).toMatchObject({ differences: [], identical: true });
  });
});

describe('postal orders', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub();
  });
  afterAll(() => hub.close());

  const push = async (given: Record<string, unknown>) =>
    (await hub.push(postalOrder(given), { what: 'postal-orders' })).results[0];

  test('there is one for each dossier and direction', async () => {
    expect((await push({ code: 'BC-1' }))?.outcome).toBe('accepted');
    expect(await push({ code: 'BC-2' })).toMatchObject({
      outcome: 'invalid',
      problems: [{ path: '/code', code: 'order-exists' }],
    });
    expect((await push({ code: 'BC-2', direction: 'pick-up' }))?.outcome).toBe('accepted');
    expect((await push({ code: 'BC-3', dossierCode: codeOf(2) }))?.outcome).toBe('accepted');
  });

  test('the first code of a pair in one batch is the one that stays', async () => {
    const batch = ['BC-8', 'BC-9'].map((code) => postalOrder({ code, dossierCode: codeOf(8) }));
    const { results } = await hub.push(batch, { what: 'postal-orders' });
    expect(results.map(({ outcome }) => outcome)).toEqual(['accepted', 'invalid']);
  });

  test('follows its tracking, and ends when it is delivered', async () => {
    const steps = [{ at: at('10:00'), status: 'Đã phát' }];
    await push({ code: 'BC-1', state: 'delivered', stateAt: at('10:00'), steps });
    expect((await push({ code: 'BC-1', state: 'collecting', stateAt: at('11:00') }))?.outcome).toBe('stale');
    expect((await hub.read('/api/v1/postal-orders/BC-1')).body).toMatchObject({ state: 'delivered', steps });
    expect((await hub.read('/api/v1/postal-orders?dossier=H60.01-250812-0035')).body.items).toHaveLength(2);
  });

  test.each([0, 0.5])('money to collect is whole đồng above 0: %s is invalid', async (codAmountVnd) => {
    expect(await push({ code: 'X', dossierCode: codeOf(7), codAmountVnd })).toMatchObject({
      problems: [{ path: '/codAmountVnd' }],
    });
  });

  test('comes out of a rebuild identical', async () => {
    expect(await hub.hub.rebuild()).toMatchObject({ differences: [], identical: true });
  });
});
