import { describe, expect, test } from 'vitest';
import type { RecordItem } from '#core/dossier/item';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { createCodes } from './codes.ts';
import { readDossier } from './dossier.ts';
import { writeDossier } from './dossier-writing.ts';
import type { WireObject } from './writing.ts';

const DOSSIER: Dossier = {
  code: 'H60.01-250812-0035',
  serviceCode: '1.013225',
  serviceName: 'Thủ tục thử nghiệm',
  fieldCode: 'G03-GD10',
  fieldName: 'Lĩnh vực thử nghiệm',
  agencyCode: 'H60.01',
  channel: 'online',
  status: 'returned',
  statusAt: '2025-08-19T10:00:00+07:00',
  submittedAt: '2025-08-12T08:00:00+07:00',
  receivedAt: '2025-08-12T08:15:00+07:00',
  dueAt: '2025-08-19T17:00:00+07:00',
  finishedAt: '2025-08-18T16:00:00+07:00',
  returnedAt: '2025-08-19T10:00:00+07:00',
  applicant: {
    kind: 'citizen',
    name: 'Nguyễn Văn A',
    identityKind: 'cccd',
    identityNumber: '000000000000',
    phone: '0900000000',
    email: 'a@example.test',
    techId: 'tech-1',
  },
  abstract: 'Đề nghị cấp bản sao',
  processingUnit: 'Sở thử nghiệm',
  note: 'Hồ sơ gấp',
  resultDelivery: 'post',
  filedAt: 'national-portal',
  documents: [
    {
      id: '1',
      name: 'don.pdf',
      componentCode: '000.00.00.G09-KQ002269',
      url: 'https://files.example.test/1',
      digitised: true,
      reused: false,
      fromNationalStore: true,
      deleted: false,
    },
  ],
  fees: [{ code: '1', name: 'Phí', kind: 'assessment', amountVnd: 0, collected: 'return' }],
  onlinePayment: 'national-portal',
  supplements: [
    {
      id: '5',
      requestedBy: 'Trần B',
      content: 'Bổ sung bản sao',
      requestedAt: '2025-08-13T09:00:00+07:00',
      receivedBy: 'Lê C',
      receivedAt: '2025-08-14T10:00:00+07:00',
      previousDueAt: '2025-08-18T17:00:00+07:00',
      newDueAt: '2025-08-19T17:00:00+07:00',
    },
  ],
  results: [{ id: '9', code: 'KQ.G07.000122', name: 'Giấy chứng nhận', url: 'https://files.example.test/9' }],
  databases: ['1', '7'],
};
const MINIMAL: Dossier = {
  code: 'H60.01-250812-0036',
  serviceCode: '1.013225',
  agencyCode: 'H60.01',
  status: 'submitted',
  statusAt: '2025-08-12T08:00:00+07:00',
};

const write = (change: object = {}, facts = {}): WireObject =>
  writeDossier({ ...DOSSIER, ...change }, { code: DOSSIER.code, ...facts });
const again = (item: WireObject) =>
  (readDossier(JSON.parse(JSON.stringify(item)), { madonvi: 'H60' }) as RecordItem<'dossier.upsert.v1'>).record;

describe('a dossier written for the national portal', () => {
  test('the complete item, byte for byte', () => {
    expect(write()).toEqual({
      MaHoSo: 'H60.01-250812-0035',
      MaTTHC: '1.013225',
      TenTTHC: 'Thủ tục thử nghiệm',
      MaLinhVuc: 'G03-GD10',
      TenLinhVuc: 'Lĩnh vực thử nghiệm',
      SoBienNhan: '',
      KenhThucHien: '2',
      ChuHoSo: 'Nguyễn Văn A',
      SoGiayToChuHoSo: '000000000000',
      LoaiDoiTuong: '1',
      MaDoiTuong: 'tech-1',
      ThongTinKhac: '',
      Email: 'a@example.test',
      Fax: '',
      SoDienThoai: '0900000000',
      TrichYeuHoSo: 'Đề nghị cấp bản sao',
      NgayNopHoSo: '20250812080000',
      NgayTiepNhan: '20250812081500',
      NgayHenTra: '20250819170000',
      TrangThaiHoSo: '10',
      NgayTuChoi: '',
      NgayTra: '20250819100000',
      ThongTinTra: '',
      HinhThuc: '1',
      NgayKetThucXuLy: '20250818160000',
      DonViXuLy: 'Sở thử nghiệm',
      GhiChu: 'Hồ sơ gấp',
      TaiLieuNop: [
        {
          TepDinhKemId: '1',
          TenTepDinhKem: 'don.pdf',
          IsDeleted: 'False',
          MaThanhPhanHoSo: '000.00.00.G09-KQ002269',
          DuongDanTaiTepTin: 'https://files.example.test/1',
          DuocSoHoa: '1',
          DuocTaiSuDung: '0',
          DuocLayTuKhoDMQG: '1',
          MaKetQuaThayThe: '',
        },
      ],
      DanhSachLePhi: [{ TenPhiLePhi: 'Phí', MaPhiLePhi: '1', HinhThucThu: '4', Gia: '0', LoaiPhiLePhi: '2' }],
      DanhSachTepDinhKemKhac: [],
      DanhSachHoSoBoSung: [
        {
          HoSoBoSungId: '5',
          NguoiYeuCauBoSung: 'Trần B',
          NoiDungBoSung: 'Bổ sung bản sao',
          NgayBoSung: '20250813090000',
          NguoiTiepNhanBoSung: 'Lê C',
          ThongTinTiepNhan: '',
          NgayTiepNhanBoSung: '20250814100000',
          TrangThaiBoSung: 'True',
          DanhSachGiayToBoSung: [],
          DanhSachLePhiBoSung: [],
          NgayHenTraTruoc: '20250818170000',
          NgayHenTraMoi: '20250819170000',
        },
      ],
      DanhSachGiayToKetQua: [
        {
          TenGiayTo: 'Giấy chứng nhận',
          MaThanhPhanHoSo: '',
          GiayToId: '9',
          DuongDanTepTinKetQua: 'https://files.example.test/9',
          MaGiayToKetQua: 'KQ.G07.000122',
        },
      ],
      NoiNopHoSo: '1',
      HoSoCoThanhPhanSoHoa: '1',
      TaiKhoanDuocXacThucVoiVNeID: '',
      DuocThanhToanTrucTuyen: '1',
      DinhDanhCHS: [{ LoaiDinhDanh: '1', SoDinhDanh: '000000000000' }],
      DSKetNoiCSDL: [{ MaCSDL: '1' }, { MaCSDL: '7' }],
    });
  });

  test('a dossier with few data has every field too, as empty texts and lists', () => {
    const item = writeDossier(MINIMAL, { code: MINIMAL.code });
    expect(Object.keys(item)).toEqual(Object.keys(write()));
    const lists = Object.entries(item).filter(([, value]) => typeof value !== 'string');
    expect(lists.map(([field, value]) => [field, value])).toEqual(
      [
        'TaiLieuNop',
        'DanhSachLePhi',
        'DanhSachTepDinhKemKhac',
        'DanhSachHoSoBoSung',
        'DanhSachGiayToKetQua',
        'DinhDanhCHS',
        'DSKetNoiCSDL',
      ].map((field) => [field, []]),
    );
    expect(item).toMatchObject({ TrangThaiHoSo: '1', KenhThucHien: '', HinhThuc: '', HoSoCoThanhPhanSoHoa: '' });
  });

  test('reading a written dossier gives back everything that the dialect can carry', () => {
    expect(again(write())).toEqual(DOSSIER);
    for (const status of ['refused', 'processing', 'resolved'] as const) {
      const dossier = { ...DOSSIER, status, refusedAt: '2025-08-12T09:00:00+07:00' };
      const { statusAt: _, ...rest } = dossier;
      expect(again(write(dossier))).toMatchObject(rest);
    }
  });

  test('the code is the portal’s for the dossier, the procedure that of its catalogue', () => {
    const service = {
      code: '1.013225.000.00.00.H60',
      name: 'Tên của Cổng',
      fieldCode: 'G03-GD11',
      fieldName: 'Lĩnh vực của Cổng',
    };
    expect(write({}, { code: 'G22.01-250812-0001', service })).toMatchObject({
      MaHoSo: 'G22.01-250812-0001',
      MaTTHC: '1.013225.000.00.00.H60',
      TenTTHC: 'Tên của Cổng',
      MaLinhVuc: 'G03-GD11',
      TenLinhVuc: 'Lĩnh vực của Cổng',
    });
  });

  test('the unit: its own, else the agency’s name in the dossier, else in the catalogue', () => {
    const agency = { name: 'Tên trong danh mục' };
    expect(write({}, { agency }).DonViXuLy).toBe('Sở thử nghiệm');
    expect(write({ processingUnit: undefined, agencyName: 'Sở A' }, { agency }).DonViXuLy).toBe('Sở A');
    expect(write({ processingUnit: undefined }, { agency }).DonViXuLy).toBe('Tên trong danh mục');
  });

  test('the abstract is never empty: its default is the name of the procedure', () => {
    expect(write({ abstract: undefined }).TrichYeuHoSo).toBe('Thủ tục thử nghiệm');
    expect(write({ abstract: undefined }, { service: { code: '1.013225', name: 'Tên của Cổng' } }).TrichYeuHoSo).toBe(
      'Tên của Cổng',
    );
  });

  test('texts are cut at the portal’s limits, between characters, and each cut is reported', () => {
    const cuts: unknown[] = [];
    const change = {
      abstract: `${'ă'.repeat(998)}😀x`,
      documents: [{ name: 'n'.repeat(4_000) }, { name: 'n'.repeat(5_000) }],
      results: [{ name: 'n'.repeat(5_000) }],
    };
    const item = write(change, { onCut: (cut: unknown) => cuts.push(cut) });
    expect(cuts).toEqual([
      { path: '/TrichYeuHoSo', from: 1_001, to: 998 },
      { path: '/TaiLieuNop/1/TenTepDinhKem', from: 5_000, to: 4_000 },
      { path: '/DanhSachGiayToKetQua/0/TenGiayTo', from: 5_000, to: 2_000 },
    ]);
    expect(item.TrichYeuHoSo).toBe('ă'.repeat(998));
    expect((item.TaiLieuNop as WireObject[])[1]?.TenTepDinhKem).toHaveLength(4_000);
    expect((item.DanhSachGiayToKetQua as WireObject[])[0]?.TenGiayTo).toHaveLength(2_000);
  });

  test('only dossiers filed online have a TechID', () => {
    expect(write({ channel: 'counter' }).MaDoiTuong).toBe('');
  });

  test.each([
    [[{ digitised: true }], '1'],
    [[{ digitised: true, deleted: true }], '0'],
    [[{ digitised: false }], '0'],
    [[{ name: 'don.pdf' }], ''],
    [[{ digitised: false }, { name: 'don.pdf' }], ''],
    [[{ digitised: false }, { name: 'don.pdf', deleted: true }], '0'],
    [undefined, ''],
  ])('digitised components %j → %s', (documents, expected) => {
    expect(write({ documents }).HoSoCoThanhPhanSoHoa).toBe(expected);
  });

  test('a deleted document and an open supplement say so in a text', () => {
    const item = write({ documents: [{ id: '1', deleted: true }, { id: '2' }], supplements: [{ id: '5' }] });
    expect((item.TaiLieuNop as WireObject[]).map((one) => one.IsDeleted)).toEqual(['True', 'False']);
    expect((item.DanhSachHoSoBoSung as WireObject[])[0]?.TrangThaiBoSung).toBe('False');
  });

  test('a paper without a code is only in SoGiayToChuHoSo; an unknown amount is empty, not 0', () => {
    const item = write({
      applicant: { name: 'Nguyễn Văn A', identityKind: 'passport', identityNumber: 'B1234567' },
      fees: [{ name: 'Phí', amountVnd: null }],
    });
    expect(item).toMatchObject({ SoGiayToChuHoSo: 'B1234567', DinhDanhCHS: [] });
    expect((item.DanhSachLePhi as WireObject[])[0]?.Gia).toBe('');
  });

  test('a status without a code is written empty, and the adapter holds it back', () => {
    expect(write({}, { codes: createCodes({ status: { '10': 'resolved' } }) }).TrangThaiHoSo).toBe('');
  });
});
