import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import portalAdapter from '../../adapters/national-portal/adapter.ts';
import { SAMPLES } from '../../adapters/national-portal/simulator/catalogue.ts';
import { nationalPortal } from '../../adapters/national-portal/simulator/portal.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import { type Simulator, startSimulator } from '../../src/kit/testing/simulator/simulator.ts';
import { pauseParty, resumeParty } from '../../src/ledger/party-states.ts';
import { makePullsDue } from '../../src/ledger/pulls.ts';
import { dossier, type Partner, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { type LegacySystem, legacySystem, logIn } from '../support/legacy-system.ts';
import { OPERATOR_KEYS, operatorOf } from '../support/operator.ts';

const OPERATIONS = ['dossier.upsert.v1', 'dossier.progress.v1'] as const;
const CODE = (n: number): string => `H60.01-250812-${String(n).padStart(4, '0')}`;

interface Result {
  readonly outcome: string;
  readonly warnings: readonly { readonly path: string; readonly message: string }[];
}

interface Reply {
  readonly session: string;
  readonly result: readonly [Result, Result];
}

/** Content that the canonical record cannot hold or distinguish. */
const MORE = {
  SoBienNhan: 'BN-2025/00012',
  ThongTinKhac: 'Người được ủy quyền: Lê Thị D',
  Fax: '02070000000',
  ThongTinTra: 'Trả cho người nộp',
  GhiChu: 'Hồ sơ gấp',
  DanhSachTepDinhKemKhac: [{ TenGiayTo: 'Giấy ủy quyền', SoLuong: 2, LoaiGiayTo: 1 }],
  TaiLieuNop: [
    {
      TepDinhKemId: '1',
      TenTepDinhKem: 'don.pdf',
      IsDeleted: 'False',
      MaThanhPhanHoSo: '000.00.00.G09-KQ002269',
      DuongDanTaiTepTin: 'https://files.example.test/1',
      DuocSoHoa: '0',
      DuocTaiSuDung: '2',
      DuocLayTuKhoDMQG: '0',
      MaKetQuaThayThe: 'KQ.G07.000122',
    },
  ],
  HoSoCoThanhPhanSoHoa: '1',
  TaiKhoanDuocXacThucVoiVNeID: '1',
  TruongMoi: 'một trường mới',
};

describe('a legacy system whose dossiers are relayed to the national portal', () => {
  let portal: Simulator;
  let hub: TestHub;
  let ministry: Partner;
  let system: LegacySystem;
  beforeAll(async () => {
    const [agency, ...others] = SAMPLES.agencies;
    const agencies = [agency, { ...agency, name: 'Sở cùng mã' }, ...others] as typeof SAMPLES.agencies;
    portal = await startSimulator(nationalPortal({ catalogue: { ...SAMPLES, agencies } }));
    ministry = testPartner();
    const settings = { adapterUrl: portal.url, username: 'sim', password: 'sim', dstcode: 'VN:TEST', madonvi: 'H60' };
    hub = await testHub({
      partners: { portal: { sent: [], script: [], adapter: portalAdapter as unknown as Adapter }, ministry },
      entries: { portal: { settings }, other: { may: ['status'] } },
      routes: [
        ...OPERATIONS.map((operation) => ({ from: 'one-stop', operation, to: ['portal'] })),
        { from: 'one-stop', operation: OPERATIONS[0], to: ['ministry'], services: ['1.013226'] },
        ...OPERATIONS.map((operation) => ({ from: 'other', operation, to: ['portal'] })),
        { from: 'other', operation: OPERATIONS[1], to: ['ministry'] },
      ],
      keys: [...OPERATOR_KEYS, { ...MINISTRY, scopes: ['dossier:write'], party: 'ministry' }],
    });
    system = await legacySystem(hub);
  });
  afterAll(async () => {
    await hub.close();
    await portal.close();
  });

  const call = (...given: Parameters<LegacySystem['call']>): Promise<Reply> => system.call(...given);
  const sync = (...data: object[]) => call('DongBoHoSoMC', { isUpdating: 'False', data });
  const taken = (kind: string, code: string) =>
    portal.ledger
      .entries()
      .filter((entry) => entry.kind === kind && entry.key === code)
      .map((entry) => entry.content as Record<string, unknown>);

  test('every field arrives unchanged, and the sender gets no warning', async () => {
    const item = record(CODE(1), MORE);
    expect((await sync(item)).result).toMatchObject([
      { MaHoSo: CODE(1), index: 0, outcome: 'accepted', warnings: UNKNOWN },
    ]);
    await hub.deliver();
    expect(taken('dossier', CODE(1)).at(-1)).toEqual(item);
    const step = { ...STEP, MaHoSo: CODE(1), TruongMoi: 'một trường mới' };
    await call('CapNhatTienDoHoSoMC', { data: [step] });
    await hub.deliver();
    expect(taken('progress', CODE(1))).toEqual([step]);
    expect(taken('dossier', CODE(1)).at(-1)).toEqual({ ...item, TrangThaiHoSo: '4' });
  });

  test('a later message of any door is relayed; the rest stays unchanged', async () => {
    const item = record(CODE(2), { ...MORE, SoBienNhan: 'BN-2' });
    await sync(item);
    const newer = dossier({
      code: CODE(2),
      agencyCode: 'H60.01',
      serviceName: item.TenTTHC,
      status: 'processing',
      statusAt: '2025-08-13T09:00:00+07:00',
      note: 'Đã chuyển phòng A',
    });
    await hub.push(newer);
    await hub.deliver();
    const [{ applicant }] = [newer as { applicant: Record<string, string> }];
    expect(taken('dossier', CODE(2)).at(-1)).toMatchObject({
      ...item,
      TrangThaiHoSo: '4',
      GhiChu: 'Đã chuyển phòng A',
      KenhThucHien: '2',
      ChuHoSo: applicant.name,
      SoGiayToChuHoSo: applicant.identityNumber,
      SoDienThoai: applicant.phone,
      Email: applicant.email,
    });
    await sync(record(CODE(2), { ThongTinKhac: 'khác', TrangThaiHoSo: '4', GhiChu: 'lại' }));
    await hub.deliver();
    const last = taken('dossier', CODE(2)).at(-1);
    expect(last).toMatchObject({ ThongTinKhac: 'khác' });
    expect(last).not.toHaveProperty('TaiKhoanDuocXacThucVoiVNeID');
  });

  test('news outside the record is relayed too, and a repeat of it is not', async () => {
    const code = CODE(8);
    await sync(record(code, { TaiKhoanDuocXacThucVoiVNeID: '0' }));
    await call('CapNhatTienDoHoSoMC', { data: [{ ...STEP, MaHoSo: code }] });
    const verified = record(code, { TaiKhoanDuocXacThucVoiVNeID: '1' });
    expect((await sync(verified)).result[0].outcome).toBe('accepted');
    await hub.deliver();
    expect(taken('dossier', code).at(-1)).toEqual({ ...verified, TrangThaiHoSo: '4' });
    const told = portal.ledger.count('dossier');
    expect((await sync(verified)).result[0].outcome).toBe('duplicate');
    await hub.deliver();
    expect(portal.ledger.count('dossier')).toBe(told);
  });

  test('the sending party reads its own text back', async () => {
    const item = record(CODE(3), { ...MORE, SoBienNhan: 'BN-3' });
    await sync(item);
    const [found] = (await call('TraCuuHoSo', { mahoso: CODE(3) })).result;
    expect(found).toMatchObject(item);
  });

  test('a sender in another dialect is warned of each field that cannot be relayed', async () => {
    const item = record(CODE(4), { ...MORE, SoBienNhan: 'BN-4', MaTTHC: '1.013226' });
    const [result] = (await sync(item)).result;
    const told = result.warnings.filter(({ message }: { message: string }) => message.endsWith('not sent to ministry'));
    expect(told.map(({ path }: { path: string }) => path)).toEqual([
      '/ThongTinKhac',
      '/Fax',
      '/TaiLieuNop/0/DuocTaiSuDung',
      '/TaiLieuNop/0/MaKetQuaThayThe',
      '/DanhSachTepDinhKemKhac',
      '/HoSoCoThanhPhanSoHoa',
      '/TaiKhoanDuocXacThucVoiVNeID',
      '/TruongMoi',
    ]);
  });

  test('a released item is relayed unchanged too', async () => {
    const ops = operatorOf(hub);
    const item = record(CODE(5), { ...MORE, SoBienNhan: 'BN-5', KenhThucHien: '9' });
    expect((await sync(item, record(CODE(6)))).result[0].outcome).toBe('quarantined');
    const causes = (await ops.get('quarantine')).body.items as { id: number; key: string }[];
    const cause = causes.find(({ key }) => key.endsWith('national-channel:9'));
    hub.clock.nowMs += 3_000;
    await ops.post(`quarantine/${cause?.id}/resolve`, { action: 'map', to: 'counter', why: 'agreed' });
    hub.clock.nowMs += 3_000;
    await hub.deliver();
    // The portal does not know the sender's own channel, so it gets the portal's words.
    expect(taken('dossier', CODE(5)).at(-1)).toEqual({ ...item, KenhThucHien: '1' });
  });

  describe('a receipt number', () => {
    test('is a code of the dossier, and each new one is added', async () => {
      await sync(record(CODE(11), { SoBienNhan: ' bn-11 ' }));
      await sync(record(CODE(11), { SoBienNhan: 'BN-11B', TrangThaiHoSo: '4' }));
      for (const code of ['BN-11', 'bn-11b'])
        expect((await hub.read(`/api/v1/dossiers/${code}`)).body).toMatchObject({
          code: CODE(11),
          aliases: [
            { party: 'one-stop', code: 'BN-11' },
            { party: 'one-stop', code: 'BN-11B' },
          ],
        });
      expect((await hub.read('/api/v1/dossiers?q=BN-11B')).body.items).toMatchObject([{ code: CODE(11) }]);
    });

    test('joins no dossiers: a repeated number stays with the first, and the sender is warned', async () => {
      const reply = await sync(
        record(CODE(12), { SoBienNhan: '77', ChuHoSo: 'Nguyễn Văn Một' }),
        record(CODE(13), { SoBienNhan: '77', ChuHoSo: 'Trần Thị Hai' }),
      );
      const paths = (at: 0 | 1) => reply.result[at].warnings.map(({ path }: { path: string }) => path);
      expect(reply.result).toMatchObject([{ outcome: 'accepted' }, { outcome: 'accepted' }]);
      expect(paths(0)).not.toContain('/SoBienNhan');
      expect(paths(1)).toContain('/SoBienNhan');
      expect((await sync(record(CODE(14), { SoBienNhan: '77' }))).result[0].outcome).toBe('accepted');
      expect((await hub.read('/api/v1/dossiers/77')).body.code).toBe(CODE(12));
      const names = async (n: number) => (await hub.read(`/api/v1/dossiers/${CODE(n)}`)).body;
      expect(await names(13)).toMatchObject({ code: CODE(13) });
      expect(await names(13)).not.toHaveProperty('aliases');
      await hub.deliver();
      expect(taken('dossier', CODE(13)).at(-1)).toMatchObject({ SoBienNhan: '77', ChuHoSo: 'Trần Thị Hai' });
    });

    test('from a party that did not send the dossier first is no code of it', async () => {
      await hub.push(dossier({ code: CODE(15) }), { party: 'other' });
      const [result] = (await sync(record(CODE(15), { SoBienNhan: 'BN-15' }))).result;
      expect(result.warnings).toContainEqual(
        expect.objectContaining({ path: '/SoBienNhan', message: expect.stringContaining('another party') }),
      );
      expect((await hub.read('/api/v1/dossiers/BN-15')).status).toBe(404);
    });

    test('is not the code under which its party gets the dossier', async () => {
      const { session: by } = await logIn(hub, MINISTRY.id, MINISTRY.secret);
      await call('DongBoHoSoMC', { data: [record(CODE(16), { SoBienNhan: 'BN-16' })] }, by);
      expect((await hub.read('/api/v1/dossiers/BN-16')).body.code).toBe(CODE(16));
      await hub.push(progress({ code: CODE(16) }), { party: 'other', what: 'progress' });
      await hub.deliver();
      expect(ministry.sent.at(-1)).toMatchObject({ code: CODE(16), operation: 'dossier.progress.v1' });
    });

    test('is found again by a rebuild', async () => {
      expect(await hub.hub.rebuild()).toMatchObject({ identical: true, differences: [] });
    });
  });

  test('of an agency listed twice the first is stored, the second waits with both names', async () => {
    const ops = operatorOf(hub);
    await makePullsDue(hub.hub.database, 'portal', ['catalogue'], hub.clock.nowMs);
    await hub.hub.pipeline.pull('portal', 'catalogue');
    const [agency] = SAMPLES.agencies;
    const held = async () =>
      (await hub.read('/api/v1/agencies')).body.items.filter((one: { code: string }) => one.code === agency?.code);
    expect(await held()).toMatchObject([{ name: agency?.name }]);
    const causes = (await ops.get('quarantine')).body.items as { id: number; key: string; kind: string }[];
    const cause = causes.find(({ key }) => key === `code-conflict:agency:${agency?.code}`);
    expect(JSON.stringify((await ops.get(`quarantine/${cause?.id}`)).body)).toMatch(
      new RegExp(`${agency?.name}.*Sở cùng mã`),
    );
    await ops.post(`quarantine/${cause?.id}/resolve`, { action: 'release', why: 'the second one is right' });
    expect(await held()).toMatchObject([{ name: 'Sở cùng mã' }]);
  });

  test('a dropped message leaves the content of the record', async () => {
    const { database } = hub.hub;
    // A delivery goes out at once: its message is dropped first here.
    await pauseParty(database.pool, 'portal', 'the test', hub.clock.nowMs);
    await sync(record(CODE(7), { ...MORE, SoBienNhan: 'BN-7' }));
    await database.pool.query('UPDATE messages SET body = NULL WHERE results::text LIKE $1', [`%${CODE(7)}%`]);
    await resumeParty(database, 'portal');
    await hub.deliver();
    expect(taken('dossier', CODE(7)).at(-1)).toMatchObject({
      MaHoSo: CODE(7),
      ThongTinKhac: '',
      GhiChu: expect.any(String),
    });
  });
});

const MINISTRY = { id: 'ministry', secret: 'ministry-secret-of-the-tests' };

/** The catalogue of this hub is empty at first, so each dossier has a warning. */
const UNKNOWN = [
  { path: '/serviceCode', message: expect.any(String) },
  { path: '/agencyCode', message: expect.any(String) },
];

function record(MaHoSo: string, given: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    MaHoSo,
    MaTTHC: '1.013225',
    TenTTHC: 'Thủ tục thử nghiệm thứ nhất',
    MaLinhVuc: 'G03-GD10',
    TenLinhVuc: 'Lĩnh vực thử nghiệm',
    KenhThucHien: '1',
    ChuHoSo: 'Nguyễn Văn A',
    SoGiayToChuHoSo: '000000000000',
    LoaiDoiTuong: '1',
    Email: '',
    SoDienThoai: '0900000000',
    TrichYeuHoSo: 'Thử nghiệm',
    NgayTiepNhan: '20250812081500',
    NgayHenTra: '20250819170000',
    TrangThaiHoSo: '2',
    HinhThuc: '0',
    DonViXuLy: 'Sở thử nghiệm',
    ...given,
  };
}

const STEP = {
  NguoiXuLy: 'Trần B',
  ChucDanh: '',
  ThoiDiemXuLy: '20250813090000',
  PhongBanXuLy: '',
  NoiDungXuLy: 'Đang thẩm định',
  TrangThai: '4',
  NgayBatDau: '',
  NgayKetThucTheoQuyDinh: '',
};
