import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf, dossier, SECRETS, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { payment } from '../support/kinds.ts';
import { type LegacySystem, legacySystem, logIn } from '../support/legacy-system.ts';

const PORTAL_DIALECT = {
  account: { number: '3511000000001', name: 'Kho bạc thử nghiệm', bank: 'VTB' },
  ratings: {
    fields: { dossierCode: 'MaHoSo', ratedAt: 'ThoiGian', level: 'MucDo', reason: 'LyDo' },
    levels: { 'very-satisfied': '1', satisfied: '2', dissatisfied: '3' },
  },
};
const DONE = { status: 'resolved', statusAt: '2025-08-19T09:00:00+07:00' };

describe('services of the dialect that need facts of their own', () => {
  let hub: TestHub;
  let system: LegacySystem;
  beforeAll(async () => {
    hub = await testHub({
      portalDialect: PORTAL_DIALECT,
      routes: [{ from: 'one-stop', operation: 'payment.upsert.v1', to: ['other'] }],
      partners: { platform: testPartner({ any: true }) },
      keys: [
        { id: 'dossiers', secret: 'dossiers-secret-of-the-tests', scopes: ['dossier:write'], party: 'one-stop' },
        { id: 'platform', secret: 'platform-secret-of-the-tests', scopes: ['payment:write'], party: 'platform' },
      ],
    });
    system = await legacySystem(hub);
    await hub.push([1, 2, 3].map((n) => dossier({ code: codeOf(n), ...DONE })));
  });
  afterAll(() => hub.close());

  const payable = (MaHoSo: string, session?: string) => system.call('dptracuuthanhtoanhs', { MaHoSo }, session);
  const pay = (given: object) => hub.push(payment({ dossierCode: codeOf(1), ...given }), { what: 'payments' });

  test('1 means something to pay, 0 nothing, -1 an unknown dossier', async () => {
    expect(await payable(codeOf(1))).toEqual({ error_code: 0, message: [] });
    expect(await payable('H60.01-250812-9999')).toEqual({ error_code: -1, message: [] });
    await pay({});
    const found = await payable(codeOf(1));
    expect(found).toMatchObject({
      error_code: 1,
      message: {
        MaTraCuuTT: 'TT-0001',
        MaTTHC: '1.013225',
        MaDVC: '1.013225.01',
        MaHoSo: codeOf(1),
        PhiLePhi: [{ MaPhiLePhi: 'LP01', TenPhiLePhi: 'Lệ phí', SoTien: '50000' }],
        TKThuHuong: '3511000000001',
        DSKhoanNop: [{ NoiDung: 'Lệ phí', SoTien: '50000' }],
        HoTenNguoiNop: 'Nguyễn Văn An',
      },
    });
    for (const [state, stateAt] of [
      ['pending', '2025-08-20T10:00:00+07:00'],
      ['paid', '2025-08-20T11:00:00+07:00'],
    ]) {
      await pay({ state, stateAt });
      expect(await payable(codeOf(1))).toEqual({ error_code: 0, message: [] });
    }
  });

  test('a party sees its own payments and those of its routes, and each read is in the audit', async () => {
    await pay({ code: 'TT-0002', dossierCode: codeOf(2) });
    const { session } = await logIn(hub, 'other', SECRETS.other);
    expect((await payable(codeOf(2), session)).error_code).toBe(1);
    await hub.push(payment({ code: 'TT-0003', dossierCode: codeOf(3) }), { party: 'other', what: 'payments' });
    expect((await payable(codeOf(3))).error_code).toBe(0);
    const { session: dossiers } = await logIn(hub, 'dossiers', 'dossiers-secret-of-the-tests');
    expect(await payable(codeOf(2), dossiers)).toMatchObject({ error_code: -1, result: [] });
    const { rows } = await hub.hub.database.pool.query(
      "SELECT subject FROM audit WHERE action = 'payment.read-personal'",
    );
    expect(rows.map(({ subject }) => subject)).toEqual(['record payment TT-0001', 'record payment TT-0002']);
  });

  test.each([
    [31, 'refused'],
    [32, 'withdrawn'],
    [33, 'stopped'],
    [34, 'returned'],
  ])('nothing is to be paid for dossier %i, which is %s', async (n, status) => {
    await hub.push(dossier({ code: codeOf(n) }));
    await pay({ code: `TT-${n}`, dossierCode: codeOf(n), stateAt: '2025-08-18T09:00:00+07:00' });
    expect((await payable(codeOf(n))).error_code).toBe(1);
    await hub.push(dossier({ code: codeOf(n), status, statusAt: DONE.statusAt }));
    expect(await payable(codeOf(n))).toEqual({ error_code: 0, message: [] });
  });

  test('the applicant is for the parties of the dossier, and the audit of the dossier has the read', async () => {
    const APPLICANT = { SoCMNDNguoiNop: '001000000001' };
    const reads = async (code: string) => {
      const { rows } = await hub.hub.database.pool.query<{ actor: string }>(
        `SELECT actor FROM audit WHERE action = 'dossier.read-personal' AND subject = 'dossier ${code}'`,
      );
      return rows.map(({ actor }) => actor);
    };
    await hub.push(dossier({ code: codeOf(11), ...DONE }));
    await pay({ code: 'TT-0011', dossierCode: codeOf(11) });
    expect((await payable(codeOf(11))).message).toMatchObject(APPLICANT);
    const { session: routed } = await logIn(hub, 'other', SECRETS.other);
    expect((await payable(codeOf(11), routed)).message).toMatchObject(APPLICANT);
    expect(await reads(codeOf(11))).toEqual(['one-stop', 'other']);
    // A platform that only sent the payment, before the dossier.
    const { session: stranger } = await logIn(hub, 'platform', 'platform-secret-of-the-tests');
    const body = payment({ code: 'TT-0012', dossierCode: codeOf(12) });
    const headers = { Authorization: 'Bearer platform-secret-of-the-tests' };
    await hub.request('POST', '/api/v1/parties/platform/payments', undefined, body, headers);
    await hub.push(dossier({ code: codeOf(12), ...DONE }));
    expect(await payable(codeOf(12), stranger)).toMatchObject({
      error_code: 1,
      message: { HoTenNguoiNop: 'Nguyễn Văn An', SoCMNDNguoiNop: '', DiaChiNguoiNop: '' },
    });
    expect(await reads(codeOf(12))).toEqual([]);
  });

  test('the payment platform asks the same at its own path, with a key in place of a session', async () => {
    await pay({ code: 'TT-0004', dossierCode: codeOf(2) });
    const path = '/kpdvcqg/dptracuuthanhtoanhs';
    const ask = (authorization: string, body: unknown = { MaHoSo: codeOf(2) }) =>
      hub.request('POST', path, undefined, body, authorization ? { Authorization: authorization } : {});
    const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
    for (const credentials of [`Bearer ${SECRETS.other}`, basic('other', SECRETS.other)]) {
      const reply = await ask(credentials);
      expect([reply.status, await reply.json()]).toMatchObject([
        200,
        { error_code: 1, message: { MaHoSo: codeOf(2) } },
      ]);
    }
    const statuses = [
      (await ask('')).status,
      (await ask(basic('other', 'guessed'))).status,
      (await ask('Bearer dossiers-secret-of-the-tests')).status,
      (await ask(`Bearer ${SECRETS.other}`, 'no JSON')).status,
    ];
    expect(statuses).toEqual([401, 401, 403, 400]);
    // Clients of .NET and Java send a password only after a challenge of its scheme.
    const challenges = (await ask('')).headers.get('www-authenticate');
    expect(challenges).toMatch(/\bBasic realm=/);
    expect(challenges).toMatch(/\bBearer realm=/);
    const unknown = await ask(`Bearer ${SECRETS.other}`, { MaHoSo: 'H60.01-250812-9999' });
    expect(await unknown.json()).toEqual({ error_code: -1, message: [] });
  });

  test('a payable has the code of a public service, and the agency of its payment', async () => {
    await hub.push(dossier({ code: codeOf(13), agencyName: 'Sở Thử nghiệm', ...DONE }));
    await pay({ code: 'TT-0013', dossierCode: codeOf(13) });
    const service = { MaTTHC: '1.013225', MaDVC: '1.013225.01' };
    expect((await payable(codeOf(13))).message).toMatchObject({
      ...service,
      MaDonVi: 'H60.01',
      TenDonVi: 'Sở Thử nghiệm',
    });
    await pay({ code: 'TT-0013', dossierCode: codeOf(13), agencyCode: 'H60.77', stateAt: '2025-08-20T10:00:00+07:00' });
    // The catalogue has no name of that agency.
    expect((await payable(codeOf(13))).message).toMatchObject({ ...service, MaDonVi: 'H60.77', TenDonVi: '' });
  });

  test('ratings arrive in the form that the settings describe', async () => {
    const rated = { MaHoSo: codeOf(1), ThoiGian: '20250820090000', MucDo: '3', LyDo: 'Phải đi lại' };
    const reply = await system.call('DongBoDanhGia', { data: [rated, { ...rated, MaHoSo: codeOf(2), MucDo: '9' }] });
    expect(reply).toMatchObject({
      error_code: -1,
      result: [
        { MaHoSo: codeOf(1), outcome: 'accepted' },
        { outcome: 'invalid', problems: [{ path: '/MucDo' }] },
      ],
    });
    expect((await hub.read(`/api/v1/ratings/${codeOf(1)}`)).body).toMatchObject({
      level: 'dissatisfied',
      reason: 'Phải đi lại',
      ratedAt: '2025-08-20T09:00:00+07:00',
    });
  });

  test('a wrong rating is refused with the names of the settings', async () => {
    const rated = { MaHoSo: codeOf(1), ThoiGian: '20250820090000', MucDo: '3', LyDo: 'Phải đi lại' };
    const wrong = [
      { MaHoSo: 'x' },
      { MaHoSo: '' },
      { ThoiGian: '' },
      { ThoiGian: '20250230090000' },
      { MucDo: '' },
      { LyDo: { a: 1 } },
    ];
    const { result } = await system.call('DongBoDanhGia', { data: wrong.map((change) => ({ ...rated, ...change })) });
    expect(result).toMatchObject(
      ['/MaHoSo', '/MaHoSo', '/ThoiGian', '/ThoiGian', '/MucDo', '/LyDo'].map((path) => ({
        outcome: 'invalid',
        problems: [{ path }],
      })),
    );
  });

  test('comes out of a rebuild identical', async () => {
    expect(await hub.hub.rebuild()).toMatchObject({ differences: [], identical: true });
  });
});

test('without these facts the services say that they are not configured', async () => {
  const hub = await testHub();
  const system = await legacySystem(hub);
  for (const [service, setting] of [
    ['DongBoDanhGia', 'portalDialect.ratings'],
    ['dptracuuthanhtoanhs', 'portalDialect.account'],
  ] as const)
    expect(await system.call(service, { data: [{}], MaHoSo: codeOf(1) })).toMatchObject({
      error_code: -1,
      message: expect.stringContaining(setting),
      result: [],
    });
  await hub.close();
});
