import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import vnpost from '../../adapters/vnpost/adapter.ts';
import { vnpostSimulator } from '../../adapters/vnpost/simulator.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import { type Simulator, startSimulator } from '../../src/kit/testing/simulator/simulator.ts';
import { makePullsDue } from '../../src/ledger/pulls.ts';
import { codeOf, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { postalOrder } from '../support/kinds.ts';

const OPERATION = 'postal-order.upsert.v1';
const ORDERS = 40;

/** The real adapter, with a post that takes orders and loses its answers. */
describe('postal orders at VNPost', () => {
  let hub: TestHub;
  let post: Simulator;
  const oneStop = testPartner({ any: true });
  beforeAll(async () => {
    post = await startSimulator(vnpostSimulator({ stepMs: 60_000 }), { now: () => hub.clock.nowMs });
    const office = { name: 'Trung tâm', address: 'Số 3, Minh Xuân', phone: '0207000001', province: 30 };
    hub = await testHub({
      partners: { vnpost: { sent: [], script: [], adapter: vnpost as Adapter }, back: oneStop },
      entries: {
        vnpost: {
          settings: {
            orderUrl: `${post.url}/vnpost/order`,
            itemCodeUrl: `${post.url}/vnpost/order-item-code`,
            cancelUrl: `${post.url}/vnpost/cancel`,
            trackingUrl: `${post.url}/vnpost/tracking`,
            tokenUrl: `${post.url}/token`,
            customerKey: 'khoa-thu-nghiem',
            secretKey: 'mat-ma-thu-nghiem',
            customerCode: 'KH-H60',
            office,
            statuses: { 1: 'registered', 2: 'collecting', 3: 'handed-over' },
            timeoutS: 1,
          },
        },
      },
      routes: [
        { from: 'one-stop', operation: OPERATION, to: ['vnpost'] },
        { from: 'vnpost', operation: OPERATION, to: ['back'] },
      ],
      retryDelaysMs: Array.from({ length: 20 }, () => 1_000),
    });
  });
  afterAll(async () => {
    await hub.close();
    await post.close();
  });

  const push = (given: Record<string, unknown>) =>
    hub.push(postalOrder({ ...given, stateAt: new Date(hub.clock.nowMs).toISOString() }), { what: 'postal-orders' });
  const read = async (code: string) => (await hub.read(`/api/v1/postal-orders/${code}`)).body;
  const ordered = () => post.ledger.entries().filter(({ kind }) => kind === 'order');
  const track = async (): Promise<void> => {
    await makePullsDue(hub.hub.database, 'vnpost', ['tracking'], hub.clock.nowMs);
    await hub.hub.pipeline.pull('vnpost', 'tracking');
  };
  const later = (ms: number): void => {
    hub.clock.nowMs += ms;
  };

  /** Each round delivers what the one before left, such as a call that took longer than its second on a busy machine. */
  const deliverAll = async (rounds: number): Promise<void> => {
    for (let round = 0; round < rounds; round++) {
      await hub.deliver();
      later(2_000);
    }
  };

  /** A slow machine needs more rounds. The assertion that follows fails when all of them were not enough. */
  const deliverUntil = async (done: () => boolean): Promise<void> => {
    for (let round = 0; round < 30 && !done(); round++) await deliverAll(1);
  };

  test('an order whose answer is lost is placed once, whatever breaks', async () => {
    // Before the orders: the hub may deliver the first ones while the last ones come.
    for (const kind of ['drop-reply', 'half', 'reset', 'html', 'drop-reply', 'empty'] as const)
      for (let n = 0; n < 6; n++) {
        await post.fault({ kind: 'pass', times: 1 });
        await post.fault({ kind });
      }
    const codes = Array.from({ length: ORDERS }, (_, n) => codeOf(n + 1));
    for (const [at, dossierCode] of codes.entries()) {
      const direction = at % 4 === 0 ? 'pick-up' : 'return';
      const person = { name: 'Nguyễn Văn An', address: 'Tổ 1', phone: '0900000001' };
      const ends = direction === 'return' ? { receiver: person } : { receiver: undefined, sender: person };
      await push({ code: dossierCode, dossierCode, direction, ...ends, ...(at % 3 === 0 && { waybill: `EK${at}VN` }) });
    }
    await deliverAll(12);
    expect(ordered().map(({ key, count }) => [key, count])).toEqual(
      expect.arrayContaining(codes.map((code) => [code, 1])),
    );
    expect(post.ledger.count('order')).toBe(ORDERS);
    expect(post.ledger.repeats()).toBe(0);
    expect(post.requests().filter((one) => one.startsWith('GET'))).not.toEqual([]);
  });

  test('the tracking reaches the record, and the record says that it is delivered', async () => {
    later(180_000);
    await track();
    const { state, steps, dossierCode, freshness } = await read(codeOf(1));
    expect([state, dossierCode, freshness.party]).toEqual(['delivered', codeOf(1), 'vnpost']);
    expect(steps.map(({ status }: { status: string }) => status)).toEqual([
      'Đã tiếp nhận yêu cầu',
      'Bưu tá đang thu gom',
      'Đang vận chuyển',
      'Phát thành công',
    ]);
    await track();
    expect((await read(codeOf(1))).steps).toEqual(steps);
  });

  test('the one-stop system learns of it by a route', async () => {
    await hub.deliver();
    const states = oneStop.sent.filter(({ code }) => code === codeOf(2)).map(({ record }) => record);
    expect(states.at(-1)).toMatchObject({ state: 'delivered', dossierCode: codeOf(2), direction: 'return' });
  });

  test('a cancelled order is cancelled once at the post', async () => {
    const order = { code: codeOf(90), dossierCode: codeOf(90) };
    const entries = (kind: string) =>
      post.ledger.entries().filter((entry) => entry.kind === kind && entry.key === codeOf(90));
    await push(order);
    await deliverUntil(() => entries('order').length > 0);
    await push({ ...order, state: 'cancelled' });
    await deliverUntil(() => entries('cancel').length > 0);
    await deliverAll(2);
    expect(entries('cancel')).toMatchObject([{ count: 1 }]);
    expect((await read(codeOf(90))).state).toBe('cancelled');
  });

  test('compared with the post, all agree; a step that the hub missed is found and stored', async () => {
    await post.clearFaults();
    expect(await hub.hub.reconcile('vnpost')).toMatchObject({ agreement: 1, counts: { agrees: ORDERS + 1 } });
    await push({ code: codeOf(91), dossierCode: codeOf(91) });
    await deliverUntil(() => ordered().some(({ key }) => key === codeOf(91)));
    expect((await hub.hub.reconcile('vnpost')).counts).toMatchObject({ agrees: ORDERS + 2 });
    later(2 * 86_400_000);
    // The post makes its steps when the tracking is read. The day after, each must have arrived.
    expect((await hub.hub.reconcile('vnpost')).counts).toMatchObject({ agrees: ORDERS + 2 });
    later(2 * 86_400_000);
    const report = await hub.hub.reconcile('vnpost', { repair: 'theirs' });
    expect(report.findings).toEqual([
      {
        code: `postal-order ${codeOf(91)}`,
        verdict: 'differs',
        fields: [{ path: '/statusCode', ours: 'registered', theirs: 'delivered' }],
        repair: 'their version was stored: accepted, accepted, accepted, accepted',
      },
    ]);
    expect((await read(codeOf(91))).state).toBe('delivered');
    expect(await hub.hub.reconcile('vnpost')).toMatchObject({ agreement: 1 });
  });

  test('an order that the post lacks is absent after two days, and is placed again on request', async () => {
    const lost = { code: codeOf(92), dossierCode: codeOf(92), state: 'registered' };
    await push(lost);
    await deliverUntil(() => ordered().some(({ key }) => key === codeOf(92)));
    await fetch(`${post.url}/__simulator/reset`, { method: 'POST' });
    later(3_600_000);
    expect((await hub.hub.reconcile('vnpost')).counts).toMatchObject({ untold: 1 });
    later(3 * 86_400_000);
    const { findings } = await hub.hub.reconcile('vnpost', { repair: 'ours' });
    const found = findings.find(({ code }) => code === `postal-order ${codeOf(92)}`);
    expect(found).toMatchObject({ verdict: 'absent', repair: 'our version is queued' });
    await deliverUntil(() => ordered().some(({ key }) => key === codeOf(92)));
    expect(ordered().filter(({ key }) => key === codeOf(92))).toMatchObject([{ count: 1 }]);
  });

  test('comes out of a rebuild identical', async () => {
    expect(await hub.hub.rebuild()).toMatchObject({ differences: [], identical: true });
  });
});
