import { describe, expect, test } from 'vitest';
import type { RecordItem } from '#core/dossier/item';
import type { Progress } from '#schemas/dossier.progress.v1';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { createCodes } from './codes.ts';
import { readDossier } from './dossier.ts';
import { placesOutsideRecord, writeDossier } from './dossier-writing.ts';
import { readProgress, writeProgress } from './progress.ts';
import type { WireObject } from './writing.ts';

/** Every field of domain 2.3 with something to say, and two of which the dialect's documents say nothing. */
const FULL = {
  MaHoSo: 'H60.01-250812-0035',
  MaTTHC: '1.013225',
  TenTTHC: 'Thủ tục thử nghiệm',
  MaLinhVuc: 'G03-GD10',
  TenLinhVuc: 'Lĩnh vực thử nghiệm',
  SoBienNhan: 'BN-2025/00012',
  KenhThucHien: '1',
  ChuHoSo: 'Nguyễn Văn A',
  SoGiayToChuHoSo: '000000000',
  LoaiDoiTuong: '4',
  MaDoiTuong: 'tech-1',
  ThongTinKhac: 'Người được ủy quyền: Lê Thị D',
  Email: 'a@example.test',
  Fax: '02070000000',
  SoDienThoai: '0900000000',
  TrichYeuHoSo: 'Đề nghị cấp bản sao',
  NgayNopHoSo: '20250812080000',
  NgayTiepNhan: '20250812081500',
  NgayHenTra: '20250819170000',
  TrangThaiHoSo: '10',
  NgayTuChoi: '20250812090000',
  NgayTra: '20250819100000',
  ThongTinTra: 'Trả cho người nộp',
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
      DuocSoHoa: '0',
      DuocTaiSuDung: '2',
      DuocLayTuKhoDMQG: '1',
      MaKetQuaThayThe: 'KQ.G07.000122',
    },
    {
      TepDinhKemId: '2',
      TenTepDinhKem: 'to-khai.pdf',
      IsDeleted: 'True',
      MaThanhPhanHoSo: '',
      DuongDanTaiTepTin: 'https://files.example.test/2',
      DuocSoHoa: '0',
      DuocTaiSuDung: '1',
      DuocLayTuKhoDMQG: '0',
      MaKetQuaThayThe: '',
    },
  ],
  DanhSachLePhi: [{ TenPhiLePhi: 'Phí', MaPhiLePhi: '1', HinhThucThu: '4', Gia: '50000', LoaiPhiLePhi: '2' }],
  DanhSachTepDinhKemKhac: [{ TenGiayTo: 'Giấy ủy quyền', SoLuong: 2, LoaiGiayTo: 1 }],
  DanhSachHoSoBoSung: [
    {
      HoSoBoSungId: '5',
      NguoiYeuCauBoSung: 'Trần B',
      NoiDungBoSung: 'Bổ sung bản sao',
      NgayBoSung: '20250813090000',
      NguoiTiepNhanBoSung: 'Lê C',
      ThongTinTiepNhan: 'Nhận trực tiếp',
      NgayTiepNhanBoSung: '',
      TrangThaiBoSung: 'True',
      DanhSachGiayToBoSung: [{ TenGiayTo: 'Bản sao', SoLuong: 1, LoaiGiayTo: 1 }],
      DanhSachLePhiBoSung: [{ TenPhiLePhi: 'Phí', MaPhiLePhi: '1', HinhThucThu: '2', Gia: '10000', LoaiPhiLePhi: '1' }],
      NgayHenTraTruoc: '20250818170000',
      NgayHenTraMoi: '20250819170000',
    },
  ],
  DanhSachGiayToKetQua: [
    {
      TenGiayTo: 'Giấy chứng nhận',
      MaThanhPhanHoSo: '000.00.00.G09-KQ002270',
      GiayToId: '9',
      DuongDanTepTinKetQua: 'https://files.example.test/9',
      MaGiayToKetQua: 'KQ.G07.000122',
    },
  ],
  NoiNopHoSo: '1',
  HoSoCoThanhPhanSoHoa: '1',
  TaiKhoanDuocXacThucVoiVNeID: '1',
  DuocThanhToanTrucTuyen: '2',
  DinhDanhCHS: [
    { LoaiDinhDanh: '2', SoDinhDanh: '000000000' },
    { LoaiDinhDanh: '1', SoDinhDanh: '000000000000' },
  ],
  DSKetNoiCSDL: [{ MaCSDL: '1' }, { MaCSDL: '7' }],
  TruongMoi: 'một trường mới',
  NhomMoi: { a: [1, true, null] },
};

/** Only what is not marked optional, as the oldest systems write it. */
const LEAST = {
  MaHoSo: 'H60.01-250812-0036',
  MaTTHC: '1.013225',
  TenTTHC: 'Thủ tục thử nghiệm',
  MaLinhVuc: 'G03-GD10',
  TenLinhVuc: 'Lĩnh vực thử nghiệm',
  KenhThucHien: '1',
  LoaiDoiTuong: '1',
  Email: '',
  SoDienThoai: '',
  TrichYeuHoSo: 'Đề nghị cấp bản sao',
  NgayTiepNhan: '20250812081500',
  NgayHenTra: '',
  TrangThaiHoSo: '2',
  HinhThuc: '0',
  DonViXuLy: 'Sở thử nghiệm',
};

const STEP = {
  MaHoSo: 'H60.01-250812-0035',
  NguoiXuLy: 'Trần B',
  ChucDanh: 'Chuyên viên',
  ThoiDiemXuLy: '20250813090000',
  PhongBanXuLy: 'Phòng A',
  NoiDungXuLy: 'Đang thẩm định',
  TrangThai: '4',
  NgayBatDau: '20250813080000',
  NgayKetThucTheoQuyDinh: '20250819170000',
  TruongMoi: 'một trường mới',
};

type Item = Readonly<Record<string, unknown>>;

function read(item: Item): Dossier {
  const found = readDossier(item, { madonvi: 'H60' });
  expect(found).toMatchObject({ kind: 'record' });
  return (found as RecordItem<'dossier.upsert.v1'>).record;
}

/** The item that is sent if the record is unchanged apart from `change`. */
function relayed(item: Item, change: Partial<Dossier> = {}, facts = {}): WireObject {
  const record = read(item);
  return writeDossier({ ...record, ...change }, { code: record.code, original: { item, record }, ...facts });
}

describe('a dossier from this dialect, sent in it again', () => {
  test.each([
    ['with every field of the dialect', FULL],
    ['without any that is optional', LEAST],
    ['with every list empty', { ...LEAST, TaiLieuNop: [], DanhSachLePhi: [], DinhDanhCHS: [], DSKetNoiCSDL: [] }],
  ])('keeps the sender’s bytes: %s', (_, item) => {
    const cuts: unknown[] = [];
    expect(relayed(item, {}, { onCut: (cut: unknown) => cuts.push(cut) })).toEqual(item);
    expect(cuts).toEqual([]);
  });

  test('has long texts cut, and each cut is reported once', () => {
    const cuts: unknown[] = [];
    const item = { ...LEAST, TrichYeuHoSo: 'a'.repeat(1_200) };
    expect(relayed(item, {}, { onCut: (cut: unknown) => cuts.push(cut) }).TrichYeuHoSo).toBe('a'.repeat(999));
    expect(cuts).toEqual([{ path: '/TrichYeuHoSo', from: 1_200, to: 999 }]);
  });

  test('keeps the bytes of a step too', () => {
    const { record } = readProgress(STEP) as RecordItem<'dossier.progress.v1'>;
    const original = { item: STEP, record: record as Progress };
    expect(writeProgress(record as Progress, { code: STEP.MaHoSo, original })).toEqual(STEP);
    expect(writeProgress(record as Progress, { code: 'G22.01-250812-0001', original })).toEqual({
      ...STEP,
      MaHoSo: 'G22.01-250812-0001',
    });
  });

  test('has new values for changed members only', () => {
    const documents = read(FULL).documents ?? [];
    expect(
      relayed(FULL, {
        status: 'stopped',
        note: 'Đã dừng',
        databases: ['1'],
        documents: documents.map((one) => ({ ...one, reused: false })),
      }),
    ).toEqual({
      ...FULL,
      TrangThaiHoSo: '8',
      GhiChu: 'Đã dừng',
      DSKetNoiCSDL: [{ MaCSDL: '1' }],
      TaiLieuNop: FULL.TaiLieuNop.map((one) => ({ ...one, DuocTaiSuDung: '0' })),
    });
  });

  test('matches entries by id, and rewrites only changed ones', () => {
    const record = read(FULL);
    const [first, second] = record.documents ?? [];
    const written = relayed(FULL, {
      documents: [{ id: '3', name: 'moi.pdf' }, { ...second }, { ...first, name: 'ten-moi.pdf' }],
      fees: [{ name: 'Phí', code: '1', amountVnd: 60_000 }],
    });
    expect(written.TaiLieuNop).toMatchObject([
      { TepDinhKemId: '3', DuocTaiSuDung: '', MaKetQuaThayThe: '' },
      FULL.TaiLieuNop[1],
      { ...FULL.TaiLieuNop[0], TenTepDinhKem: 'ten-moi.pdf' },
    ]);
    expect(written.DanhSachLePhi).toEqual([
      { TenPhiLePhi: 'Phí', MaPhiLePhi: '1', HinhThucThu: '', Gia: '60000', LoaiPhiLePhi: '' },
    ]);
  });

  test('has a repeated attachment once, in its last version', () => {
    const [one] = FULL.TaiLieuNop;
    const item = { ...FULL, TaiLieuNop: [{ ...one, MaKetQuaThayThe: 'cũ' }, { TepDinhKemId: '7' }, one] };
    expect(relayed(item).TaiLieuNop).toEqual([{ TepDinhKemId: '7' }, one]);
  });

  test('gets values of older messages, and leaves out fields that nobody sent', () => {
    const written = relayed(LEAST, { note: 'Hồ sơ gấp', onlinePayment: 'none' });
    expect(written).toEqual({ ...LEAST, GhiChu: 'Hồ sơ gấp', DuocThanhToanTrucTuyen: '0' });
    expect(written).not.toHaveProperty('TaiKhoanDuocXacThucVoiVNeID');
  });

  test('gets the catalogue’s words and the portal’s own code', () => {
    const service = { code: '1.013225.000.00.00.H60', name: 'Tên của Cổng', fieldCode: 'G03-GD10', fieldName: 'Tên' };
    expect(relayed(FULL, {}, { code: 'G22.01-250812-0001', service })).toEqual({
      ...FULL,
      MaHoSo: 'G22.01-250812-0001',
      MaTTHC: '1.013225.000.00.00.H60',
      TenTTHC: 'Tên của Cổng',
      TenLinhVuc: 'Tên',
    });
  });

  test('has Unicode letters in every text, also without a place in the record', () => {
    const [supplement] = FULL.DanhSachHoSoBoSung;
    const [old, repaired] = ['Hå s¬ thiÕu giÊy tê', 'Hồ sơ thiếu giấy tờ'];
    const item = {
      ...LEAST,
      GhiChu: old,
      ThongTinTra: old,
      ThongTinKhac: old,
      DanhSachTepDinhKemKhac: [{ TenGiayTo: old, SoLuong: 2, LoaiGiayTo: 1 }],
      DanhSachHoSoBoSung: [{ ...supplement, ThongTinTiepNhan: old }],
      TruongMoi: { MoTa: [old] },
    };
    expect(relayed(item)).toMatchObject({
      GhiChu: repaired,
      ThongTinTra: repaired,
      ThongTinKhac: repaired,
      DanhSachTepDinhKemKhac: [{ TenGiayTo: repaired, SoLuong: 2, LoaiGiayTo: 1 }],
      DanhSachHoSoBoSung: [{ ThongTinTiepNhan: repaired }],
      TruongMoi: { MoTa: [repaired] },
    });
  });

  test('has the dialect’s forms of numbers and dates, and words in place of amounts stay', () => {
    const [supplement] = FULL.DanhSachHoSoBoSung;
    const item = {
      ...LEAST,
      KenhThucHien: 1,
      Fax: 2070000000,
      MaDoiTuong: null,
      DinhDanhCHS: { LoaiDinhDanh: '1', SoDinhDanh: '000000000000' },
      ChuHoSo: 'Nguyễn Văn A'.normalize('NFD'),
      ThongTinKhac: 'Ủy quyền'.normalize('NFD'),
      DanhSachHoSoBoSung: [{ ...supplement, NgayBoSung: '2025-08-13T09:00:00', TrangThaiBoSung: true }],
      DanhSachLePhi: [
        { TenPhiLePhi: 'Phí', Gia: 'Theo quy định' },
        { TenPhiLePhi: 'Phí', Gia: 50000 },
      ],
    };
    expect(relayed(item)).toMatchObject({
      KenhThucHien: '1',
      Fax: '2070000000',
      MaDoiTuong: '',
      DinhDanhCHS: [{ LoaiDinhDanh: '1', SoDinhDanh: '000000000000' }],
      ChuHoSo: 'Nguyễn Văn A',
      ThongTinKhac: 'Ủy quyền',
      DanhSachHoSoBoSung: [{ ...supplement, NgayBoSung: '20250813090000', TrangThaiBoSung: 'True' }],
      DanhSachLePhi: [{ Gia: 'Theo quy định' }, { Gia: '50000' }],
    });
  });

  test('translates a sender’s own code for the receiver, also by operators’ entries', () => {
    const codes = createCodes({ status: { '11': 'processing' } });
    const item = { ...LEAST, TrangThaiHoSo: '11' };
    const found = readDossier(item, { madonvi: 'H60', codes }) as RecordItem<'dossier.upsert.v1'>;
    const original = { item, record: found.record };
    expect(writeDossier(found.record, { code: found.record.code, original }).TrangThaiHoSo).toBe('4');
    const entered = createCodes({}, () => new Map([['processing', '12']]));
    expect(relayed({ ...LEAST, TrangThaiHoSo: '4' }, {}, { codes: entered }).TrangThaiHoSo).toBe('12');
  });

  test('may have a field with any name', () => {
    const item = JSON.parse(JSON.stringify(LEAST).replace('{', '{"__proto__":{"a":1},'));
    expect(JSON.stringify(relayed(item))).toContain('"__proto__":{"a":1}');
  });
});

describe('content without a place in the record', () => {
  test('is listed place by place', () => {
    expect(placesOutsideRecord(FULL, read(FULL))).toEqual([
      '/SoGiayToChuHoSo',
      '/ThongTinKhac',
      '/Fax',
      '/TaiLieuNop/0/DuocTaiSuDung',
      '/TaiLieuNop/0/MaKetQuaThayThe',
      '/DanhSachTepDinhKemKhac',
      '/DanhSachHoSoBoSung/0/ThongTinTiepNhan',
      '/DanhSachHoSoBoSung/0/TrangThaiBoSung',
      '/DanhSachHoSoBoSung/0/DanhSachGiayToBoSung',
      '/DanhSachHoSoBoSung/0/DanhSachLePhiBoSung',
      '/DanhSachGiayToKetQua/0/MaThanhPhanHoSo',
      '/HoSoCoThanhPhanSoHoa',
      '/TaiKhoanDuocXacThucVoiVNeID',
      '/DinhDanhCHS',
      '/TruongMoi',
      '/NhomMoi',
    ]);
  });

  test('is empty if the record has everything', () => {
    const item = { ...LEAST, ChuHoSo: 'Nguyễn Văn A' };
    expect(placesOutsideRecord(item, read(item))).toEqual([]);
  });
});
