import { afterAll, beforeAll, describe, expect } from 'vitest';
import platformAdapter from '../../adapters/payment-platform/adapter.ts';
import { notification, paymentSimulator, SIMULATOR_SECRET } from '../../adapters/payment-platform/simulator.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import { type Simulator, startSimulator } from '../../src/kit/testing/simulator/simulator.ts';
import { closeIncidents, openIncident } from '../../src/ledger/incidents.ts';
import { makePullsDue } from '../../src/ledger/pulls.ts';
import { watchContradictions } from '../../src/observe/contradictions.ts';
import { inDepth, roundsOf, sampled, test } from '../support/depth.ts';
import { codeOf, dossier, type TestHub, testHub } from '../support/hub.ts';
import { payment } from '../support/kinds.ts';
import { OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';

const OPERATION = 'payment.upsert.v1';
const AMOUNT = 50_000;
const at = (time: string): string => `2025-08-12T${time}:00+07:00`;
const START = Date.parse(at('09:00'));
const reference = (n: number): string => `DVCH6001250812${String(n).padStart(4, '0')}T`;
const request = (n: number, given: Record<string, unknown> = {}) =>
  payment({ code: reference(n), stateAt: at('09:00'), dossierCode: codeOf(n), ...given });

async function openHub(platform: Simulator, settings: object = {}): Promise<TestHub> {
  const account = { number: '3511000000001', name: 'Trung tâm', bank: 'VTB' };
  return testHub({
    nowMs: START,
    partners: { pay: { sent: [], script: [], adapter: platformAdapter as Adapter } },
    entries: {
      pay: {
        settings: {
          initUrl: `${platform.url}/init`,
          queryUrl: `${platform.url}/query`,
          billUrl: `${platform.url}/bill`,
          partnerCode: 'H60',
          secretKey: SIMULATOR_SECRET,
          ip: '203.0.113.10',
          account,
          timeoutS: 1,
          ...settings,
        },
      },
    },
    routes: [{ from: 'one-stop', operation: OPERATION, to: ['pay'] }],
    retryDelaysMs: Array.from({ length: 20 }, () => 1_000),
    keys: [...OPERATOR_KEYS],
  });
}

const PATH = '/callbacks/pay/ipn';

/** The notification of a payment, as the platform writes it. */
function ipn(n: number, given: Record<string, unknown> = {}, secret?: string): string {
  const members = {
    LoaiBanTin: 'IPN',
    MaLoi: '00',
    MaDoiTac: 'H60',
    MaThamChieu: reference(n),
    SoTien: AMOUNT,
    MaTienTe: 'VND',
    MaGiaoDich: `GD${n}`,
    MaNganHang: 'VTB',
    ThoiGianGD: '20250812093000',
    ThongTinGiaoDich: `THANH TOAN HO SO ${codeOf(n)}`,
    ...given,
  };
  return notification(members, secret);
}

/** The same order for every run, and no order at all. */
function shuffled<T>(list: readonly T[]): readonly T[] {
  let seed = 7;
  const weighed = list.map((one) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return { one, weight: seed };
  });
  return weighed.sort((a, b) => a.weight - b.weight).map(({ one }) => one);
}

describe('a storm of payment notifications', () => {
  const PAYMENTS = roundsOf(1_000, 100);
  let hub: TestHub;
  let platform: Simulator;
  let operator: Operator;
  beforeAll(async () => {
    platform = await startSimulator(paymentSimulator(), { now: () => hub?.clock.nowMs ?? START });
    hub = await openHub(platform);
    operator = operatorOf(hub);
  });
  afterAll(async () => {
    await hub.close();
    await platform.close();
  });

  const FORGED = Array.from({ length: PAYMENTS }, (_, n) => n + 1).filter((n) => n % 10 === 0);
  /** Half of the payments come after their first notifications. */
  const isEarly = (n: number): boolean => n % 2 === 0;
  const statuses = new Map<number, number>();
  let refusals = 0;

  async function post(body: string): Promise<void> {
    const { status } = await hub.request('POST', PATH, undefined, body);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }

  sampled('counts each payment once, and refuses and logs each forged one', async () => {
    const known = Array.from({ length: PAYMENTS }, (_, at) => at + 1);
    const lines = (numbers: readonly number[]) => numbers.map((n) => JSON.stringify(request(n))).join('\n');
    const push = (numbers: readonly number[]) =>
      hub.push(lines(numbers), { what: 'payments', headers: { 'Content-Type': 'application/x-ndjson' } });
    await push(known.filter((n) => !isEarly(n)));
    const repeated = (n: number, body: string) => Array.from({ length: 1 + (n % 5) }, () => body);
    const genuine = known.flatMap((n) => repeated(n, ipn(n)));
    // A forger knows everything but the secret. A forged amount is the worst: the signature of another notification.
    const forged = FORGED.flatMap((n) =>
      repeated(n / 10, n % 20 === 0 ? ipn(n, {}, 'guessed') : ipn(n).replace(`"SoTien":${AMOUNT}`, '"SoTien":1')),
    );
    const storm = [...shuffled([...genuine, ...forged])];
    const half = storm.length / 2;
    const work = async (until: number): Promise<void> => {
      while (storm.length > until) await Promise.all(storm.splice(0, 25).map(post));
    };
    await work(half);
    await push(known.filter(isEarly));
    await work(0);
    // A sweep releases 500 items.
    for (let time = 0; time < 4; time++) await hub.hub.pipeline.sweep();
    expect(Object.fromEntries(statuses)).toEqual({ 200: genuine.length, 401: forged.length });
    refusals = forged.length;
    await paidOnce(known);
  });

  async function paidOnce(known: readonly number[]): Promise<void> {
    const { rows } = await hub.hub.database.pool.query<{ code: string; count: number }>(
      `SELECT code, count(*)::int AS count FROM record_changes WHERE kind = 'payment' AND state = 'paid' GROUP BY 1`,
    );
    expect(rows.filter(({ count }) => count !== 1)).toEqual([]);
    expect(rows.map(({ code }) => code).sort()).toEqual(known.map(reference).sort());
    const { items } = (await operator.get('quarantine')).body;
    expect(items).toEqual([]);
  }

  sampled(
    'each forged notification has a line in the log; whole bodies are stored within the budget of the sender',
    async () => {
      const metrics = await (await hub.request('GET', '/metrics')).text();
      const counts = [...metrics.matchAll(/^hub_refusals_total\{door="callback:ipn".*\} (\d+)$/gm)].map(([, n]) =>
        Number(n),
      );
      expect(counts.reduce((sum, n) => sum + n, 0)).toBe(refusals);
      const { items } = (await operator.get('messages?outcome=refused&party=pay&limit=200')).body;
      expect(items).toHaveLength(Math.min(refusals, 100));
      const lines = hub.logLines.filter(({ msg }) => msg === 'refused');
      const forged = FORGED.flatMap((n) => Array.from({ length: 1 + ((n / 10) % 5) }, () => reference(n)));
      expect(lines.map((line) => line.reference).sort()).toEqual(forged.sort());
      expect(new Set(lines.map((line) => line.bodyDigest)).size).toBe(FORGED.length);
      for (const line of lines)
        expect(line).toMatchObject({ party: 'pay', door: 'callback:ipn', status: 401, why: 'MaXacThuc is not valid' });
    },
  );

  inDepth('comes out of a rebuild in several lanes identical', async () => {
    expect(await hub.hub.rebuild({ lanes: 3 })).toMatchObject({ differences: [], identical: true });
  });
});

describe('payments at the platform', () => {
  let hub: TestHub;
  let platform: Simulator;
  let operator: Operator;
  beforeAll(async () => {
    platform = await startSimulator(paymentSimulator(), { now: () => hub?.clock.nowMs ?? START });
    hub = await openHub(platform, { repeatsInit: true });
    operator = operatorOf(hub);
    await hub.push(Array.from({ length: 20 }, (_, at) => dossier({ code: codeOf(at + 1) })));
  });
  afterAll(async () => {
    await hub.close();
    await platform.close();
  });

  const push = (n: number, given = {}) => hub.push(request(n, given), { what: 'payments' });
  const read = async (n: number) => (await hub.read(`/api/v1/payments/${reference(n)}`, 'personal')).body;
  const notify = (body: string) => hub.request('POST', PATH, undefined, body);
  const ask = async (): Promise<void> => {
    await makePullsDue(hub.hub.database, 'pay', ['transactions'], hub.clock.nowMs);
    await hub.hub.pipeline.pull('pay', 'transactions');
  };

  test('a payment whose answer is lost is opened once, and the citizen gets its page', async () => {
    for (let n = 1; n <= 20; n++) await push(n);
    for (const kind of ['drop-reply', 'half', 'reset', 'html', 'empty'] as const)
      for (let n = 0; n < 4; n++) await platform.fault({ kind });
    for (let round = 0; round < 30; round++) {
      await hub.deliver();
      hub.clock.nowMs += 5_000;
    }
    const opened = platform.ledger.entries().filter(({ kind }) => kind === 'payment');
    expect(opened.map(({ count }) => count)).toEqual(Array.from({ length: 20 }, () => 1));
    for (let n = 1; n <= 20; n++)
      expect(await read(n)).toMatchObject({ state: 'initiated', payUrl: `${platform.url}/pay/${reference(n)}` });
  });

  test('a browser that comes back pays nothing, and the query after 30 minutes does', async () => {
    await fetch(`${platform.url}/pay/${reference(1)}`);
    await ask();
    expect((await read(1)).state).toBe('initiated');
    hub.clock.nowMs = START + 31 * 60_000;
    await ask();
    expect(await read(1)).toMatchObject({ state: 'paid', transaction: `GD${reference(1)}`, amountVnd: AMOUNT });
    const before = platform.requests().length;
    await ask();
    expect(platform.requests().slice(before)).toContain('POST /bill');
  });

  test('the receipt is kept, asked for once, and served to readers of personal data', async () => {
    const path = `/api/v1/payments/${reference(1)}/receipt`;
    expect((await read(1)).receiptUrl).toBe(path);
    const served = await hub.request('GET', `${path}?why=kiểm tra`, 'personal');
    expect([served.status, served.headers.get('content-type')]).toEqual([200, 'application/pdf']);
    expect(await served.text()).toMatch(/^%PDF-1\.4/);
    expect((await operator.get('audit')).body.items[0]).toMatchObject({
      action: 'payment.read-personal',
      subject: `record payment ${reference(1)}`,
      why: 'kiểm tra',
    });
    expect((await hub.request('GET', path, 'portal')).status).toBe(403);
    expect((await hub.request('GET', path.replace('0001T', '0002T'), 'personal')).status).toBe(404);
    const before = platform.requests().length;
    await ask();
    expect(platform.requests().slice(before)).not.toContain('POST /bill');
  });

  test('the receipt is found however many events the payment has', async () => {
    const subject = `payment ${reference(1)}`;
    const { pool } = hub.hub.database;
    await pool.query(
      `INSERT INTO record_events SELECT made.* FROM record_events e, generate_series(1, 300) n,
         jsonb_populate_record(e, jsonb_build_object('seq', 1000 + n)) made WHERE e.subject = $1 AND e.seq = 1`,
      [subject],
    );
    const path = `/api/v1/payments/${reference(1)}/receipt`;
    expect((await hub.request('GET', path, 'personal')).status).toBe(200);
    await pool.query('DELETE FROM record_events WHERE subject = $1 AND seq > 1000', [subject]);
  });

  test('a citizen who proved the dossier opens its receipt for 15 minutes, and no other receipt', async () => {
    const lookUp = async (n: number) =>
      (await hub.read(`/api/public/dossiers/${codeOf(n)}?proof=0001`)).body.payments[0].receiptUrl as
        | string
        | undefined;
    const address = (await lookUp(1)) ?? '';
    expect(address).toMatch(/^\/api\/public\/receipts\/[\w-]+\.[\w-]+$/);
    const get = async (path: string) => {
      const answer = await hub.request('GET', path);
      const { status, headers } = answer;
      return { status, headers, type: headers.get('content-type'), text: await answer.text() };
    };
    const token = address.split('/').at(-1) ?? '';
    for (const path of [address, `/receipts/${token}`]) {
      const served = await get(path);
      expect([served.status, served.type, served.text.slice(0, 5)]).toEqual([200, 'application/pdf', '%PDF-']);
      expect(Object.fromEntries(served.headers)).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'content-disposition': `attachment; filename="bien-lai-${reference(1)}.pdf"`,
      });
    }
    // The hub keeps no receipt of the second payment. Its reference under the signature of the first one opens nothing.
    expect(await lookUp(2)).toBeUndefined();
    const [text = '', signature = ''] = token.split('.');
    const [, untilMs] = JSON.parse(Buffer.from(text, 'base64url').toString());
    const other = Buffer.from(JSON.stringify([reference(2), untilMs])).toString('base64url');
    const forever = Buffer.from(JSON.stringify([reference(1), untilMs * 2])).toString('base64url');
    const forged = `${text}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    for (const wrong of [`${other}.${signature}`, `${forever}.${signature}`, forged, text, 'x', '%00.y']) {
      expect((await get(`/api/public/receipts/${wrong}`)).status).toBe(404);
      const page = await get(`/receipts/${wrong}`);
      expect([page.status, page.type]).toEqual([404, 'text/html; charset=UTF-8']);
      expect(page.text).toContain('Vui lòng tra cứu hồ sơ');
    }
    const before = hub.clock.nowMs;
    hub.clock.nowMs += 15 * 60_000;
    expect((await get(address)).status).toBe(410);
    const page = await get(`/receipts/${token}`);
    expect([page.status, page.text.includes('đã hết hiệu lực')]).toEqual([410, true]);
    hub.clock.nowMs = before;
  });

  test('the look-up page links to the receipt', async () => {
    const form = new URLSearchParams({ code: codeOf(1), proof: '0001' }).toString();
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const html = await (await hub.request('POST', '/', undefined, form, headers)).text();
    const [, path = ''] = /href="(\/receipts\/[^"]+)"/.exec(html) ?? [];
    expect((await hub.request('GET', path)).headers.get('content-type')).toBe('application/pdf');
  });

  test('another amount, partner or transaction waits for an operator and pays nothing', async () => {
    for (const body of [ipn(2, { SoTien: 1 }), ipn(2, { MaDoiTac: 'H22' }), ipn(2, { MaTienTe: 'USD' })])
      expect((await notify(body)).status).toBe(200);
    expect((await read(2)).state).toBe('pending');
    const { items } = (await operator.get(`quarantine?kind=contradiction&code=${reference(2)}`)).body;
    expect(items).toMatchObject([{ key: `contradiction:payment ${reference(2)}`, items: 3 }]);
    const incidents = async () => {
      const { database } = hub.hub;
      const now = hub.clock.nowMs;
      await watchContradictions({
        database,
        alerts: {
          open: async (party, kind, cause) => void (await openIncident(database, { party, kind, cause }, now)),
          close: async (party, kinds) => void (await closeIncidents(database, party, kinds, now)),
        },
      });
      return (await operator.get('incidents?party=pay')).body.items.map(({ kind }: { kind: string }) => kind);
    };
    expect(await incidents()).toEqual(['contradiction']);
    await operator.post(`quarantine/${items[0].id}/resolve`, { action: 'dismiss', why: 'đã hỏi nền tảng' });
    expect(await incidents()).toEqual([]);
    expect(await (await notify(ipn(2))).json()).toMatchObject({ MaLoi: '00', MaThamChieu: reference(2) });
    expect((await read(2)).state).toBe('paid');
  });

  test('a failed attempt may be followed by a paid one, and never the other way round', async () => {
    await notify(ipn(3, { MaLoi: '24', ThoiGianGD: '20250812091000' }));
    expect((await read(3)).state).toBe('failed');
    await notify(ipn(3));
    await notify(ipn(3, { MaLoi: '24', ThoiGianGD: '20250812094500' }));
    expect((await read(3)).state).toBe('paid');
  });

  test('a transaction of more than three days is not asked about', async () => {
    hub.clock.nowMs = START + 73 * 3_600_000;
    const before = platform.requests().length;
    await ask();
    expect(platform.requests().slice(before)).toEqual([]);
  });

  test('compared with the platform, a payment that it has in another state is found and stored', async () => {
    const code = (n: number) => `payment ${reference(n)}`;
    const before = await hub.hub.reconcile('pay');
    // These two were notified by nobody's payment: the platform still has them open.
    expect(before.findings.map((one) => one.code).sort()).toEqual([code(2), code(3)]);
    expect(before.findings[0]?.fields?.[0]).toEqual({ path: '/TrangThaiGD', ours: 'paid', theirs: 'pending' });
    await fetch(`${platform.url}/pay/${reference(4)}`);
    const report = await hub.hub.reconcile('pay', { repair: 'theirs' });
    expect(report.findings.find((one) => one.code === code(4))).toMatchObject({
      verdict: 'differs',
      repair: 'their version was stored: accepted',
    });
    expect((await read(4)).state).toBe('paid');
    expect((await read(2)).state).toBe('paid');
    expect((await hub.hub.reconcile('pay')).findings).toHaveLength(2);
    const ours = await hub.hub.reconcile('pay', { repair: 'ours' });
    expect([ours.repaired, ours.findings[0]?.repair]).toEqual([
      0,
      'the partner decides about this record: nothing is sent',
    ]);
  });

  inDepth('comes out of a rebuild in several lanes identical', async () => {
    expect(await hub.hub.rebuild({ lanes: 3 })).toMatchObject({ differences: [], identical: true });
  });
});

test('an answer that the hub cannot store ends its delivery, and waits for an officer', async () => {
  const clock = { nowMs: START };
  const platform = await startSimulator(paymentSimulator(), { now: () => clock.nowMs });
  const hub = await openHub(platform, { repeatsInit: true });
  const { pool } = hub.hub.database;
  await hub.push([1, 2].map((n) => dossier({ code: codeOf(n) })));
  const operator = operatorOf(hub);
  await pool.query(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'as in the test' USING ERRCODE = '54000'; END $$`);
  await pool.query(`CREATE TRIGGER fail BEFORE INSERT ON record_events FOR EACH ROW
    WHEN (NEW.party = 'pay' AND NEW.subject = 'payment ${reference(1)}') EXECUTE FUNCTION fail()`);
  await hub.push([request(1), request(2)], { what: 'payments' });
  for (let n = 0; n < 3; n++) {
    await hub.deliver();
    clock.nowMs = hub.clock.nowMs += 61_000;
  }
  const { items: deliveries } = (await operator.get('deliveries')).body;
  expect(deliveries.map(({ state, attempts }: Record<string, unknown>) => [state, attempts])).toEqual([
    ['delivered', 1],
    ['delivered', 1],
  ]);
  const read = async (n: number) => (await hub.read(`/api/v1/payments/${reference(n)}`, 'personal')).body;
  expect(await read(2)).toMatchObject({ state: 'initiated' });
  const [cause, ...others] = (await operator.get('quarantine')).body.items;
  expect(others).toEqual([]);
  expect(cause).toMatchObject({ kind: 'unreadable', items: 1, parties: ['pay'] });
  await pool.query('DROP FUNCTION fail CASCADE');
  const order = { action: 'release', why: 'the database takes it now' };
  expect((await operator.post(`quarantine/${cause.id}/resolve`, order)).body).toMatchObject({ freed: 1 });
  expect(await read(1)).toMatchObject({ state: 'initiated', payUrl: `${platform.url}/pay/${reference(1)}` });
  expect(await hub.hub.rebuild()).toMatchObject({ identical: true });
  await hub.close();
  await platform.close();
});
