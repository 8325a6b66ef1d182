import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import portalAdapter from '../../adapters/national-portal/adapter.ts';
import { SAMPLES } from '../../adapters/national-portal/simulator/catalogue.ts';
import { nationalPortal } from '../../adapters/national-portal/simulator/portal.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import { type Simulator, startSimulator } from '../../src/kit/testing/simulator/simulator.ts';
import { codeOf, dossier, progress, type TestHub, testHub } from '../support/hub.ts';
import { rating } from '../support/kinds.ts';
import { OPERATOR_KEYS, operatorOf } from '../support/operator.ts';

const REPORTED = '1.013225';
const OTHER = '2.002492';
const RATINGS = {
  fields: { dossierCode: 'MaHoSo', ratedAt: 'ThoiGianDanhGia', level: 'DanhGia', reason: 'NoiDungDanhGia' },
  levels: { 'very-satisfied': 'RẤT HÀI LÒNG', satisfied: 'HÀI LÒNG', dissatisfied: 'KHÔNG HÀI LÒNG' },
};
const at = (time: string): string => `2025-08-20T${time}:00+07:00`;

async function openHub(portal: Simulator, settings: object): Promise<TestHub> {
  const account = { adapterUrl: portal.url, username: 'sim', password: 'sim', dstcode: 'VN:TEST', madonvi: 'H60' };
  return testHub({
    partners: { portal: { sent: [], script: [], adapter: portalAdapter as unknown as Adapter } },
    entries: { portal: { settings: { ...account, timeoutS: 5, ...settings } } },
    routes: ['dossier.upsert.v1', 'dossier.progress.v1', 'rating.upsert.v1'].map((operation) => ({
      from: 'one-stop',
      operation,
      to: ['portal'],
    })),
    retryDelaysMs: Array.from({ length: 20 }, () => 1_000),
    keys: [...OPERATOR_KEYS],
  });
}

/** `DongBoTrangThaiHoSo` and `DongBoDanhGia` (domain-2 1.7, 1.3), against the client that never reads an answer. */
describe('statuses and ratings that the national portal gets in services of their own', () => {
  let portal: Simulator;
  let hub: TestHub;
  beforeAll(async () => {
    portal = await startSimulator(nationalPortal({ catalogue: SAMPLES }));
    hub = await openHub(portal, { statusReports: { services: [`${REPORTED}.000.00.00.H60`] }, ratings: RATINGS });
  });
  afterAll(async () => {
    await hub.close();
    await portal.close();
  });

  /** Until nothing is due: each round retries what the round before left. */
  async function deliverAll(): Promise<void> {
    const due = async () =>
      (await hub.hub.database.pool.query("SELECT count(*)::int AS n FROM deliveries WHERE state = 'due'")).rows[0].n;
    for (let round = 0; round < 30 && (await due()) > 0; round++) {
      await hub.deliver();
      hub.clock.nowMs += 2_000;
    }
    expect(await due()).toBe(0);
  }
  const entries = (kind: string, n: number) =>
    portal.ledger.entries().filter((entry) => entry.kind === kind && entry.key === codeOf(n));
  const file = (n: number, given: object = {}) =>
    hub.push(
      dossier({ code: codeOf(n), fieldCode: 'G03-GD10', processingUnit: 'Sở', statusAt: at('08:00'), ...given }),
    );
  const step = (n: number, time: string, status: string) =>
    hub.push(progress({ code: codeOf(n), at: at(time), status, content: `Bước ${status}` }), { what: 'progress' });

  test('the steps of a named procedure go as statuses, once and in order, and a refusal is 11', async () => {
    await file(1);
    await step(1, '09:00', 'processing');
    await step(1, '10:00', 'resolved');
    await file(2, { status: 'submitted' });
    await step(2, '09:00', 'refused');
    await deliverAll();
    expect(entries('status', 1).map(({ content, count }) => [count, content])).toMatchObject([
      [1, { TrangThai: '4', NgayXuLy: '20250820090000', NoiDung: 'Bước processing', MaHoSoDonVi: codeOf(1) }],
      [1, { TrangThai: '9', NgayXuLy: '20250820100000' }],
    ]);
    expect(entries('status', 2)).toMatchObject([{ count: 1, content: { TrangThai: '11' } }]);
    expect([...entries('progress', 1), ...entries('progress', 2)]).toEqual([]);
  });

  test('the steps of another procedure go as steps', async () => {
    await file(3, { serviceCode: OTHER });
    await step(3, '09:00', 'processing');
    await deliverAll();
    expect([entries('status', 3), entries('progress', 3)]).toMatchObject([[], [{ count: 1 }]]);
  });

  test('a status whose answer is lost arrives, and its dossier has it once', async () => {
    await file(4);
    await deliverAll();
    await step(4, '09:00', 'processing');
    for (const kind of ['drop-reply', 'empty', 'half'] as const) await portal.fault({ kind, path: '/mapi/g' });
    await deliverAll();
    expect(entries('status', 4)).toMatchObject([{ count: 1, content: { TrangThai: '4' } }]);
  });

  test('a status that the portal refuses waits for an operator, with the portal’s words', async () => {
    await file(5);
    await deliverAll();
    await step(5, '09:00', 'processing');
    const body = { error_code: -1, message: 'Hồ sơ không thuộc đơn vị' };
    await portal.fault({ kind: 'status', status: 200, headers: { 'content-type': 'application/json' }, body });
    await deliverAll();
    const { items } = (await operatorOf(hub).get(`deliveries?state=refused&code=${codeOf(5)}`)).body;
    expect(items).toMatchObject([{ reason: 'refused-by-portal', detail: expect.stringContaining(body.message) }]);
    await portal.clearFaults();
  });

  test('a rating arrives once, also when its answer is lost, and its comment with it', async () => {
    await file(6, { status: 'resolved' });
    await deliverAll();
    const rated = { dossierCode: codeOf(6), level: 'dissatisfied', reason: 'Chờ lâu', ratedAt: at('11:00') };
    await portal.fault({ kind: 'drop-reply', path: '/mapi/g' });
    for (let time = 0; time < 2; time++) await hub.push(rating(rated), { what: 'ratings' });
    await deliverAll();
    const content = { MaHoSo: codeOf(6), DanhGia: 'KHÔNG HÀI LÒNG', NoiDungDanhGia: 'Chờ lâu' };
    expect(entries('rating', 6)).toMatchObject([
      { count: 1, content: { ...content, ThoiGianDanhGia: '20250820110000' } },
    ]);
  });
});

test('a rating is refused as not configured while the form of the portal is not in the settings', async () => {
  const portal = await startSimulator(nationalPortal({ catalogue: SAMPLES }));
  const hub = await openHub(portal, {});
  try {
    await hub.push(dossier({ code: codeOf(1), status: 'resolved' }));
    await hub.push(rating({ dossierCode: codeOf(1) }), { what: 'ratings' });
    await hub.deliver();
    const { items } = (await operatorOf(hub).get('deliveries?state=refused')).body;
    expect(items).toMatchObject([{ operation: 'rating.upsert.v1', reason: 'not-configured' }]);
    expect(portal.ledger.count('rating')).toBe(0);
  } finally {
    await hub.close();
    await portal.close();
  }
});
