import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Kind } from '#core/records/kind';
import { createRecordReader } from '../../src/index/record-list.ts';
import { createVault } from '../../src/secrets/vault.ts';
import { planRowsOf } from '../bench/scale/plan-rows.ts';
import { codeOf, dossier, HUB_SECRET, type Partner, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { payment, postalOrder, rating } from '../support/kinds.ts';
import { OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';

const at = (time: string): string => `2025-08-20T${time}:00+07:00`;

describe('a payment and its dossier move together', () => {
  let hub: TestHub;
  let portal: Partner;
  beforeAll(async () => {
    portal = testPartner({ any: true });
    hub = await testHub({
      partners: { portal },
      routes: [
        { from: 'one-stop', operation: 'payment.upsert.v1', to: ['other'] },
        { from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] },
        { from: 'one-stop', operation: 'dossier.progress.v1', to: ['portal'] },
      ],
    });
  });
  afterAll(() => hub.close());

  const pay = async (n: number, given: Record<string, unknown>, party = 'one-stop') =>
    (await hub.push(payment({ dossierCode: codeOf(n), ...given }), { what: 'payments', party })).results[0];
  const statusOf = async (n: number) => (await hub.read(`/api/v1/dossiers/${codeOf(n)}`)).body.status;
  const file = (n: number, given: object = {}) =>
    hub.push(dossier({ code: codeOf(n), status: 'processing', statusAt: at('08:00'), ...given }));

  test('a demand stops the dossier, and a reported payment resumes it', async () => {
    await file(21);
    await pay(21, { code: 'M1', stateAt: at('09:00') });
    expect(await statusOf(21)).toBe('payment-required');
    await pay(21, { code: 'M1', stateAt: at('09:30'), state: 'pending' }, 'other');
    expect(await statusOf(21)).toBe('payment-required');
    await pay(21, { code: 'M1', stateAt: at('10:00'), state: 'paid' }, 'other');
    expect(await statusOf(21)).toBe('processing');
    const { items } = (await hub.read(`/api/v1/dossiers/${codeOf(21)}/history`)).body;
    expect(items.slice(-2)).toMatchObject([
      { status: 'payment-required', content: 'Yêu cầu nộp 50.000 đồng.', party: 'one-stop' },
      { status: 'processing', content: 'Đã nộp 50.000 đồng.', party: 'other', movedStatus: true },
    ]);
    await hub.deliver();
    const told = portal.sent.filter(({ operation }) => operation === 'dossier.upsert.v1');
    expect(told.map(({ record }) => (record as { status?: string }).status).at(-1)).toBe('processing');
  });

  test('a repeat moves nothing, and a late demand does not stop a dossier that was paid for', async () => {
    await file(22);
    await pay(22, { code: 'M2', stateAt: at('09:00') });
    await pay(22, { code: 'M2', stateAt: at('10:00'), state: 'paid' });
    const before = (await hub.read(`/api/v1/dossiers/${codeOf(22)}/history`)).body.items.length;
    await pay(22, { code: 'M2', stateAt: at('10:00'), state: 'paid' });
    await pay(22, { code: 'M2', stateAt: at('09:40'), state: 'pending' });
    expect(await statusOf(22)).toBe('processing');
    expect((await hub.read(`/api/v1/dossiers/${codeOf(22)}/history`)).body.items).toHaveLength(before);
  });

  test('a payment that its platform reports at the moment of the demand resumes the dossier', async () => {
    await file(30);
    await pay(30, { code: 'M30', stateAt: at('09:00') });
    await pay(30, { code: 'M30', stateAt: at('09:00'), state: 'paid' }, 'other');
    expect((await hub.read(`/api/v1/dossiers/${codeOf(30)}`)).body).toMatchObject({
      status: 'processing',
      statusAt: '2025-08-20T09:00:01+07:00',
    });
  });

  test('of two demands the last payment lets the dossier go on, also in one batch', async () => {
    await file(23);
    const both = [
      { code: 'M3', stateAt: at('09:00') },
      { code: 'M4', stateAt: at('09:01') },
    ].map((given) => payment({ dossierCode: codeOf(23), ...given }));
    await hub.push(both, { what: 'payments' });
    await pay(23, { code: 'M3', stateAt: at('10:00'), state: 'paid' });
    expect(await statusOf(23)).toBe('payment-required');
    await pay(23, { code: 'M4', stateAt: at('10:05'), state: 'paid' });
    expect(await statusOf(23)).toBe('processing');
  });

  test.each([
    [36, 'failed'],
    [37, 'cancelled'],
  ])('the last open demand lets the dossier go on when another one was paid: %i %s', async (n, state) => {
    await file(n);
    await pay(n, { code: `M${n}A`, stateAt: at('09:00'), state: 'initiated' });
    await pay(n, { code: `M${n}B`, stateAt: at('09:10') });
    await pay(n, { code: `M${n}B`, stateAt: at('10:00'), state: 'paid' }, 'other');
    expect(await statusOf(n)).toBe('payment-required');
    // A late report of an earlier moment: the work resumes at the payment.
    await pay(n, { code: `M${n}A`, stateAt: at('09:30'), state }, 'other');
    const { status, statusAt } = (await hub.read(`/api/v1/dossiers/${codeOf(n)}`)).body;
    expect({ status, statusAt }).toEqual({ status: 'processing', statusAt: at('10:00') });
  });

  test('a demand that fails keeps the dossier stopped, whatever was paid before it', async () => {
    await file(38);
    await pay(38, { code: 'M38A', stateAt: at('08:30'), state: 'paid' });
    await pay(38, { code: 'M38B', stateAt: at('09:00') });
    await pay(38, { code: 'M38B', stateAt: at('09:30'), state: 'failed' });
    expect(await statusOf(38)).toBe('payment-required');
  });

  test('a payment that names its dossier by another code moves it too', async () => {
    const alias = 'G22.99-20250812-0031';
    await file(31, { aliases: [{ party: 'one-stop', code: alias }] });
    await pay(31, { code: 'M31', dossierCode: alias, stateAt: at('09:00') });
    expect(await statusOf(31)).toBe('payment-required');
    await pay(31, { code: 'M31', dossierCode: alias, stateAt: at('10:00'), state: 'paid' });
    expect(await statusOf(31)).toBe('processing');
    expect(await hub.hub.rebuild()).toMatchObject({ differences: [], identical: true });
  });

  test('of two demands under two codes of a dossier, the last payment moves it on', async () => {
    const alias = 'G22.99-20250812-0034';
    await file(34, { aliases: [{ party: 'one-stop', code: alias }] });
    await pay(34, { code: 'M34', dossierCode: alias, stateAt: at('09:00') });
    await pay(34, { code: 'M35', stateAt: at('09:01') });
    await pay(34, { code: 'M34', dossierCode: alias, stateAt: at('10:00'), state: 'paid' });
    expect(await statusOf(34)).toBe('payment-required');
    await pay(34, { code: 'M35', stateAt: at('10:05'), state: 'paid' });
    expect(await statusOf(34)).toBe('processing');
  });

  test('a demand counts that is older than the code by which it names the dossier', async () => {
    const alias = 'G22.99-20250812-0035';
    await file(35);
    await pay(35, { code: 'M36', dossierCode: alias, stateAt: at('09:00') });
    await pay(35, { code: 'M37', stateAt: at('09:01') });
    const aliases = [{ party: 'one-stop', code: alias }];
    await file(35, { status: 'payment-required', statusAt: at('09:30'), aliases });
    await pay(35, { code: 'M37', stateAt: at('10:00'), state: 'paid' });
    expect(await statusOf(35)).toBe('payment-required');
    await pay(35, { code: 'M36', dossierCode: alias, stateAt: at('10:05'), state: 'paid' });
    expect(await statusOf(35)).toBe('processing');
    expect(await hub.hub.rebuild()).toMatchObject({ differences: [], identical: true });
  });

  test('a payment under an alias of two dossiers moves neither, and a rating under it is refused', async () => {
    const alias = 'G22.99-20250812-0032';
    const aliasAt = (party: string) => ({ aliases: [{ party, code: alias }] });
    const [status, statusAt] = ['processing', at('08:00')];
    await file(32, aliasAt('one-stop'));
    await hub.push(dossier({ code: codeOf(33), status, statusAt, ...aliasAt('other') }), { party: 'other' });
    await pay(32, { code: 'M32', dossierCode: alias, stateAt: at('09:00') });
    expect([await statusOf(32), await statusOf(33)]).toEqual([status, status]);
    const done = { status: 'resolved', statusAt: at('10:00') };
    await hub.push(dossier({ code: codeOf(32), ...done }));
    await hub.push(dossier({ code: codeOf(33), ...done }), { party: 'other' });
    const { results } = await hub.push(rating({ dossierCode: alias }), { what: 'ratings' });
    expect(results).toMatchObject([{ outcome: 'invalid', problems: [{ code: 'no-result' }] }]);
    expect(await hub.hub.rebuild()).toMatchObject({ differences: [], identical: true });
  });

  test.each([
    [24, 'resolved'],
    [25, 'withdrawn'],
    [26, 'submitted'],
  ])('a demand leaves a dossier that is not in work: %s', async (n, status) => {
    await file(n, { status });
    await pay(n, { code: `M${n}`, stateAt: at('09:00') });
    expect(await statusOf(n)).toBe(status);
  });

  test('a result that the post delivered is returned, and picked-up papers move nothing', async () => {
    const post = (n: number, direction: string) =>
      hub.push(
        postalOrder({ code: `B${n}`, dossierCode: codeOf(n), direction, state: 'delivered', stateAt: at('11:00') }),
        { what: 'postal-orders' },
      );
    await file(28, { status: 'resolved' });
    await file(29, { status: 'resolved' });
    await post(28, 'return');
    await post(29, 'pick-up');
    expect([await statusOf(28), await statusOf(29)]).toEqual(['returned', 'resolved']);
  });

  test('a claim of another party moves no dossier', async () => {
    await file(27);
    await pay(27, { code: 'M27', stateAt: at('09:00') });
    const stranger = await pay(27, { code: 'M28', stateAt: at('10:00'), state: 'paid' }, 'other');
    expect(stranger?.outcome).toBe('quarantined');
    expect(await statusOf(27)).toBe('payment-required');
  });

  test('a rebuild moves the same dossiers', async () => {
    expect(await hub.hub.rebuild({ lanes: 3 })).toMatchObject({ differences: [], identical: true });
  });
});

describe('payments of one dossier that two processes receive at one instant', () => {
  let first: TestHub;
  let second: TestHub;
  let gate: pg.Client;
  beforeAll(async () => {
    const routes = { routes: [{ from: 'one-stop', operation: 'payment.upsert.v1' as const, to: ['other'] }] };
    first = await testHub(routes);
    second = await testHub({ ...routes, databaseUrl: first.databaseUrl });
    gate = new pg.Client({ connectionString: first.databaseUrl });
    await gate.connect();
  });
  afterAll(async () => {
    await gate.end();
    await second.close();
    await first.close();
  });

  const push = async (hub: TestHub, n: number, given: Record<string, unknown>, party = 'one-stop') =>
    (await hub.push(payment({ dossierCode: codeOf(n), ...given }), { what: 'payments', party })).results[0];
  const paid = (hub: TestHub, n: number, code: string, time: string) =>
    push(hub, n, { code, stateAt: at(time), state: 'paid' }, 'other');

  /** Lets all of them read the index before one of them can write to it. */
  async function atOneInstant(...all: readonly (() => Promise<unknown>)[]): Promise<void> {
    await gate.query('BEGIN');
    await gate.query('LOCK TABLE records IN SHARE ROW EXCLUSIVE MODE');
    const done = Promise.all(all.map((one) => one()));
    const waiting = `SELECT count(DISTINCT pid)::int AS n FROM pg_locks WHERE NOT granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    await expect.poll(async () => (await gate.query(waiting)).rows[0].n).toBe(all.length);
    await gate.query('COMMIT');
    await done;
  }

  async function demanded(n: number, ...codes: readonly string[]): Promise<void> {
    await first.push(dossier({ code: codeOf(n), status: 'processing', statusAt: at('08:00') }));
    for (const code of codes) await push(first, n, { code, stateAt: at('09:00') });
    expect(await statusOf(n)).toBe('payment-required');
  }

  const statusOf = async (n: number) => (await first.read(`/api/v1/dossiers/${codeOf(n)}`)).body.status;

  test('the last of two payments lets the dossier go on', async () => {
    await demanded(51, 'I1', 'I2');
    await atOneInstant(
      () => paid(first, 51, 'I1', '10:00'),
      () => paid(second, 51, 'I2', '10:01'),
    );
    expect(await statusOf(51)).toBe('processing');
  });

  test('a new demand stops the dossier, whatever is paid at that instant', async () => {
    await demanded(52, 'I3');
    await atOneInstant(
      () => paid(first, 52, 'I3', '10:00'),
      () => push(second, 52, { code: 'I4', stateAt: at('10:01') }),
    );
    expect(await statusOf(52)).toBe('payment-required');
    await paid(second, 52, 'I4', '10:05');
    expect(await statusOf(52)).toBe('processing');
  });

  test('a rebuild moves the same dossiers', async () => {
    expect(await first.hub.rebuild()).toMatchObject({ differences: [], identical: true });
  });
});

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

  test('a second transaction for a paid payment waits until an operator counts it', async () => {
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

  test('a payment that was cancelled before waits until an operator counts it', async () => {
    await push({ code: 'P6' });
    await push({ code: 'P6', state: 'cancelled', stateAt: at('10:00') });
    const paid = { code: 'P6', state: 'paid', stateAt: at('10:05'), transaction: 'GD-6' };
    expect(await push(paid, 'other')).toMatchObject({
      outcome: 'quarantined',
      problems: [{ path: '/state', code: 'paid-after-cancel' }],
    });
    expect(await stateOf('P6')).toBe('cancelled');
    const { items } = (await operator.get('quarantine?kind=contradiction&code=P6')).body;
    await operator.post(`quarantine/${items[0].id}/resolve`, { action: 'release', why: 'công dân đã nộp' });
    expect(await stateOf('P6')).toBe('paid');
  });

  test('a payment stays paid when an earlier cancellation comes late', async () => {
    await push({ code: 'P7' });
    await push({ code: 'P7', state: 'paid', stateAt: at('10:05') }, 'other');
    await push({ code: 'P7', state: 'cancelled', stateAt: at('10:00') });
    expect(await stateOf('P7')).toBe('paid');
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

  test('an order whose direction was corrected leaves its place, within a batch too', async () => {
    const ACCEPTED = { outcome: 'accepted' };
    const moved = (code: string, number: number) =>
      [
        { code, direction: 'pick-up' },
        { code, direction: 'return', stateAt: at('10:00') },
        { code: `AC-${number}`, direction: 'pick-up' },
      ].map((one) => postalOrder({ ...one, dossierCode: codeOf(number) }));
    for (const one of moved('BC-4', 4)) expect((await push(one))?.outcome).toBe('accepted');
    const { results } = await hub.push(moved('BC-5', 5), { what: 'postal-orders' });
    expect(results).toMatchObject([ACCEPTED, ACCEPTED, ACCEPTED]);
    // One that is stored already.
    const [beginning, ...later] = moved('BC-6', 6);
    await push(beginning as Record<string, unknown>);
    expect((await hub.push(later, { what: 'postal-orders' })).results).toMatchObject([ACCEPTED, ACCEPTED]);
  });

  test('two stored orders do not change places within a batch', async () => {
    const order = (code: string, number: number, hour: string) =>
      postalOrder({ code, dossierCode: codeOf(number), stateAt: at(hour) });
    await hub.push([order('BC-20', 20, '09:00'), order('BC-21', 21, '09:00')], { what: 'postal-orders' });
    const batch = [order('BC-21', 22, '10:00'), order('BC-20', 21, '10:00'), order('BC-21', 20, '11:00')];
    const { results } = await hub.push(batch, { what: 'postal-orders' });
    expect(results.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted', 'invalid']);
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

describe('payments and postal orders that operators look at', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub({ keys: [...OPERATOR_KEYS], stillAfterDays: { 'postal-order': 2 } });
    const file = (n: number, status: string) => dossier({ code: codeOf(n), status, statusAt: at('08:00') });
    await hub.push([
      file(31, 'processing'),
      file(32, 'withdrawn'),
      file(33, 'payment-required'),
      file(34, 'processing'),
      file(35, 'resolved'),
    ]);
    const pay = (n: number, given: object = {}) => payment({ code: `TP${n}`, dossierCode: codeOf(n), ...given });
    await hub.push(
      [
        pay(31, { stateAt: at('09:00') }),
        pay(32),
        pay(33, { stateAt: at('07:00'), state: 'paid' }),
        pay(35),
        pay(36, { agencyCode: '003.02.01.H60' }),
      ],
      { what: 'payments' },
    );
    const post = (n: number, given: object) =>
      postalOrder({ code: `BG${n}`, dossierCode: codeOf(n), stateAt: at('16:00'), ...given });
    await hub.push(
      [
        post(31, { stateAt: '2025-08-18T09:00:00+07:00' }),
        post(34, {}),
        post(35, { stateAt: '2025-08-11T09:00:00+07:00', state: 'delivered' }),
      ],
      { what: 'postal-orders' },
    );
  });
  afterAll(() => hub.close());

  const list = async (query = '') => {
    const { items } = (await operatorOf(hub).get(`troubled-records${query}`)).body;
    return items.map(({ code, why }: { code: string; why: string }) => [code, why]);
  };

  test('are those that do not agree with their dossier and those that do not move, the oldest first', async () => {
    expect(await list()).toEqual([
      ['BG31', 'still'],
      ['TP33', 'disagrees'],
      ['TP32', 'disagrees'],
      ['TP36', 'no-dossier'],
    ]);
    expect(await list('?why=disagrees')).toEqual([
      ['TP33', 'disagrees'],
      ['TP32', 'disagrees'],
    ]);
    expect(await list('?kind=postal-order')).toEqual([['BG31', 'still']]);
  });

  test('are found by an agency above theirs, also by a code of the 2016 era', async () => {
    expect(await list('?agency=000.02.01.H60')).toEqual([['TP36', 'no-dossier']]);
    expect(await list('?agency=000.03.01.H60')).toEqual([]);
  });

  test('come page by page, and with the status of the dossier', async () => {
    const ops = operatorOf(hub);
    const first = (await ops.get('troubled-records?limit=2')).body;
    expect(first.items[1]).toMatchObject({ code: 'TP33', state: 'paid', dossierStatus: 'payment-required' });
    const rest = (await ops.get(`troubled-records?limit=2&cursor=${encodeURIComponent(first.next)}`)).body;
    expect(rest.items.map(({ code }: { code: string }) => code)).toEqual(['TP32', 'TP36']);
  });

  test('are found without a look at payments that are done and agree', async () => {
    const done = Array.from({ length: 200 }, (_, n) => ({ code: `TX${n}`, dossierCode: codeOf(34), state: 'paid' }));
    await hub.push(done.map(payment), { what: 'payments' });
    await hub.hub.database.pool.query('ANALYZE records, dossiers');
    const all = await list();
    for (const why of ['still', 'disagrees']) {
      const { rows, worst } = await planRowsOf(() => list(`?why=${why}`));
      expect(rows, worst).toBeLessThan(100);
    }
    expect(all).toContainEqual(['TP33', 'disagrees']);
    expect(all.filter(([code]: [string]) => code.startsWith('TX'))).toEqual([]);
  });

  test('days off do not count as days without a new state', async () => {
    const { nowMs } = hub.clock;
    // Friday afternoon: the order of Wednesday 16:00 has stood still for less than two working days.
    hub.clock.nowMs = Date.parse('2025-08-22T15:00:00+07:00');
    expect((await list('?kind=postal-order')).map(([code]: [string]) => code)).toEqual(['BG31']);
    hub.clock.nowMs = Date.parse('2025-08-25T09:00:00+07:00');
    expect((await list('?kind=postal-order')).map(([code]: [string]) => code)).toEqual(['BG31', 'BG34']);
    hub.clock.nowMs = nowMs;
  });

  test('agree with their dossier while another payment is open under another of its codes', async () => {
    const code = 'G22.99-20250812-0042';
    const aliases = [{ party: 'one-stop', code }];
    await hub.push(dossier({ code: codeOf(42), status: 'payment-required', statusAt: at('08:00'), aliases }));
    await hub.push(
      [
        payment({ code: 'TP43', dossierCode: code, stateAt: at('16:00') }),
        payment({ code: 'TP42', dossierCode: codeOf(42), stateAt: at('07:00'), state: 'paid' }),
      ],
      { what: 'payments' },
    );
    expect(await list('?kind=payment&why=disagrees')).not.toContainEqual(['TP42', 'disagrees']);
  });

  test('are cancelled demands whose dossier still waits for a payment', async () => {
    await hub.push(dossier({ code: codeOf(44), status: 'processing', statusAt: at('08:00') }));
    const demand = { code: 'TP44', dossierCode: codeOf(44) };
    await hub.push(payment({ ...demand, stateAt: at('09:00') }), { what: 'payments' });
    await hub.push(payment({ ...demand, stateAt: at('10:00'), state: 'cancelled' }), { what: 'payments' });
    expect(await list('?why=disagrees')).toContainEqual(['TP44', 'disagrees']);
  });

  test('agree with none of two dossiers that have their code as an alias', async () => {
    const [code, status, statusAt] = ['G22.99-20250812-0040', 'withdrawn', at('08:00')];
    for (const [n, party] of [
      [40, 'one-stop'],
      [41, 'other'],
    ] as const)
      await hub.push(dossier({ code: codeOf(n), status, statusAt, aliases: [{ party, code }] }), { party });
    await hub.push(payment({ code: 'TP40', dossierCode: code }), { what: 'payments' });
    const listed = await list('?kind=payment');
    expect(listed.filter(([one]: [string]) => one === 'TP40')).toEqual([['TP40', 'no-dossier']]);
  });
});

describe('a page of records costs what it shows', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub();
    const two = (n: number): string => String(n).padStart(2, '0');
    const payments = Array.from({ length: 300 }, (_, n) => ({
      ...{ code: `A${100 + n}`, dossierCode: codeOf(100), state: n % 100 === 0 ? 'requested' : 'paid' },
      stateAt: at(`${two(Math.floor(n / 60))}:${two(n % 60)}`),
    }));
    await hub.push(payments.map(payment), { what: 'payments' });
    const orders = Array.from({ length: 30 }, (_, n) =>
      postalOrder({ code: `B${10 + n}`, dossierCode: codeOf(200 + n) }),
    );
    await hub.push(orders, { what: 'postal-orders' });
    await hub.hub.database.pool.query('ANALYZE records');
  });
  afterAll(() => hub.close());

  test('far from the newest one', async () => {
    let cursor = '';
    for (let page = 1; page < 10; page++) {
      const { next } = (await hub.read(`/api/v1/payments?limit=20${cursor}`)).body;
      cursor = `&cursor=${encodeURIComponent(next)}`;
    }
    const path = `/api/v1/payments?limit=20${cursor}`;
    expect((await hub.read(path)).body.items[0].code).toBe('A219');
    const { rows, worst } = await planRowsOf(() => hub.read(path));
    expect(rows, worst).toBeLessThan(50);
  });

  test('of those that are open, beside many that are finished', async () => {
    const path = '/api/v1/payments?state=requested,pending';
    const { items } = (await hub.read(path)).body;
    expect(items.map(({ code }: { code: string }) => code)).toEqual(['A300', 'A200', 'A100']);
    const { rows, worst } = await planRowsOf(() => hub.read(path));
    expect(rows, worst).toBeLessThan(20);
  });

  test('in the order of codes, beside many records of another kind', async () => {
    const reader = createRecordReader(hub.hub.database, createVault([HUB_SECRET]));
    const kind = hub.hub.kinds.byName('postal-order') as Kind;
    const read = () => reader.inCodeOrder(kind, {}, 10, 'B14', false);
    expect((await read()).map(({ code }) => code)).toEqual(Array.from({ length: 10 }, (_, n) => `B${15 + n}`));
    const { rows, worst } = await planRowsOf(read);
    expect(rows, worst).toBeLessThan(15);
  });
});
