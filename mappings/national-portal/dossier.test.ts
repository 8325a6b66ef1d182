import { describe, expect, test } from 'vitest';
import type { Item, RecordItem } from '#core/dossier/item';
import { createCodes } from './codes.ts';
import { readDossier } from './dossier.ts';

/** The synthetic item of domain 2.11. */
const ITEM = {
  MaHoSo: 'H60.01-250812-0035',
  MaTTHC: '1.013225',
  TenTTHC: 'Thủ tục thử nghiệm',
  MaLinhVuc: 'G03-GD10',
  TenLinhVuc: 'Lĩnh vực thử nghiệm',
  KenhThucHien: '2',
  ChuHoSo: 'Nguyễn Văn A',
  LoaiDoiTuong: '1',
  MaDoiTuong: '',
  SoGiayToChuHoSo: '000000000000',
  Email: '',
  SoDienThoai: '0900000000',
  TrichYeuHoSo: '…',
  NgayNopHoSo: '20250812080000',
  NgayTiepNhan: '20250812081500',
  NgayHenTra: '20250819170000',
  TrangThaiHoSo: '2',
  NgayTra: '',
  HinhThuc: '0',
  NgayKetThucXuLy: '',
  DonViXuLy: 'Sở thử nghiệm',
  NoiNopHoSo: '2',
  DuocThanhToanTrucTuyen: '0',
  TaiLieuNop: [
    {
      TepDinhKemId: '1',
      TenTepDinhKem: 'don.pdf',
      IsDeleted: 'False',
      MaThanhPhanHoSo: '000.00.00.G09-KQ002269',
      DuongDanTaiTepTin: 'https://files.example.test/1',
      DuocSoHoa: '1',
    },
  ],
  DanhSachLePhi: [],
  DanhSachTepDinhKemKhac: [],
  DanhSachHoSoBoSung: [],
  DanhSachGiayToKetQua: [],
};

const read = (change: object = {}, context = {}): Item =>
  readDossier({ ...ITEM, ...change }, { madonvi: 'H60', ...context });
const recordOf = (item: Item) => {
  expect(item).toMatchObject({ kind: 'record' });
  return (item as RecordItem<'dossier.upsert.v1'>).record;
};
const warningsOf = (item: Item) => (item as RecordItem).warnings.map(({ path }) => path);
const problemsOf = (item: Item) => (item.kind === 'record' ? [] : item.problems.map(({ path }) => path));

describe('a dossier in the dialect of the national portal', () => {
  test('an object in place of a text does not break the reading', () => {
    const paper = { SoDinhDanh: '001000000001', LoaiDinhDanh: '1' };
    const whole = {
      ...ITEM,
      SoBienNhan: 'BN-1',
      Fax: '0900000001',
      ThongTinTra: 'a',
      MaDoiTuong: '1',
      MaCSDL: '1',
      DinhDanhCHS: [paper, { ...paper, SoDinhDanh: '000000001' }],
      DSKetNoiCSDL: [{ MaCSDL: 'CSDL-DC' }],
    };
    const odd = { toString: 1, split: 2 };
    for (const [field, value] of Object.entries(whole)) {
      const entries: readonly object[] = Array.isArray(value) ? value : [];
      const within = entries.flatMap((entry, at) =>
        Object.keys(entry).map((name) => entries.with(at, { ...entry, [name]: odd })),
      );
      for (const wrong of [odd, [odd], [[odd]], ...within])
        expect(readDossier({ ...whole, [field]: wrong }, { madonvi: 'H60' }).kind, field).toBeTypeOf('string');
    }
  });

  test('the sample of the specification becomes a dossier', () => {
    expect(read()).toEqual({
      kind: 'record',
      operation: 'dossier.upsert.v1',
      inferred: true,
      warnings: [],
      record: {
        code: 'H60.01-250812-0035',
        serviceCode: '1.013225',
        serviceName: 'Thủ tục thử nghiệm',
        fieldCode: 'G03-GD10',
        fieldName: 'Lĩnh vực thử nghiệm',
        agencyCode: 'H60.01',
        channel: 'online',
        status: 'received',
        statusAt: '2025-08-12T08:15:00+07:00',
        submittedAt: '2025-08-12T08:00:00+07:00',
        receivedAt: '2025-08-12T08:15:00+07:00',
        dueAt: '2025-08-19T17:00:00+07:00',
        applicant: {
          kind: 'citizen',
          name: 'Nguyễn Văn A',
          identityKind: 'cccd',
          identityNumber: '000000000000',
          phone: '0900000000',
        },
        abstract: '…',
        processingUnit: 'Sở thử nghiệm',
        resultDelivery: 'counter',
        filedAt: 'province',
        documents: [
          {
            id: '1',
            name: 'don.pdf',
            componentCode: '000.00.00.G09-KQ002269',
            url: 'https://files.example.test/1',
            digitised: true,
            deleted: false,
          },
        ],
        onlinePayment: 'none',
      },
    });
  });

  test('numbers and booleans count as texts, null and blanks as absent', () => {
    const record = recordOf(
      read({
        KenhThucHien: 2,
        LoaiDoiTuong: 1,
        TrangThaiHoSo: 4,
        NgayTiepNhan: 20250812081500,
        NgayHenTra: null,
        GhiChu: '   ',
        HinhThuc: 0,
        TaiLieuNop: [
          { TepDinhKemId: 7, IsDeleted: true, DuocSoHoa: true, DuocTaiSuDung: 0, DuocLayTuKhoDMQG: 'False' },
          { TepDinhKemId: '8', IsDeleted: 'true' },
          { TepDinhKemId: '9', IsDeleted: '1' },
          { TepDinhKemId: '10', IsDeleted: 'FALSE' },
        ],
      }),
    );
    expect(record).toMatchObject({ channel: 'online', status: 'processing', receivedAt: '2025-08-12T08:15:00+07:00' });
    expect(record).not.toHaveProperty('dueAt');
    expect(record).not.toHaveProperty('note');
    expect(record.documents).toEqual([
      { id: '7', digitised: true, reused: false, fromNationalStore: false, deleted: true },
      { id: '8', deleted: true },
      { id: '9', deleted: true },
      { id: '10', deleted: false },
    ]);
  });

  test('unknown fields are ignored, and a missing channel stays absent', () => {
    const item = read({ KenhThucHien: undefined, TruongMoi: { a: 1 }, SoBienNhan: '12' });
    expect(recordOf(item)).not.toHaveProperty('channel');
    expect(warningsOf(item)).toEqual([]);
  });

  test('a receipt number becomes an alias, unless it would name another dossier', () => {
    for (const [given, number] of [
      [' bn-2025/12 ', 'BN-2025/12'],
      [12, '12'],
      ['', undefined],
      [ITEM.MaHoSo.toLowerCase(), undefined],
    ]) {
      const item = read({ SoBienNhan: given });
      expect((item as RecordItem).receiptNumber).toBe(number);
      expect(warningsOf(item)).toEqual([]);
    }
    for (const given of ['H60.01-250812-0036', 'BN 12', 'B'.repeat(101)]) {
      const item = read({ SoBienNhan: given });
      expect(item).toMatchObject({ receiptNumber: undefined });
      expect(warningsOf(item)).toEqual(['/SoBienNhan']);
    }
    const waiting = read({ SoBienNhan: '12', ChuHoSo: 'Nguyá»…n VÄ?n A' });
    expect(waiting).toMatchObject({ kind: 'waiting', ifAccepted: { receiptNumber: '12' } });
  });

  test('a document that is reused in an unknown way counts as reused', () => {
    const documents = ['0', '1', '2'].map((DuocTaiSuDung) => ({ DuocTaiSuDung }));
    expect(recordOf(read({ TaiLieuNop: documents })).documents?.map((one) => one.reused)).toEqual([false, true, true]);
    expect(read({ TaiLieuNop: [{ DuocTaiSuDung: '3' }] })).toMatchObject({
      kind: 'waiting',
      cause: { key: 'unmapped:national-reused:3' },
    });
  });

  test.each([
    ['TrangThaiHoSo', '11', 'unmapped:national-status:11'],
    ['TrangThaiHoSo', 0, 'unmapped:national-status:0'],
    ['KenhThucHien', '4', 'unmapped:national-channel:4'],
    ['LoaiDoiTuong', '0', 'unmapped:national-applicant-kind:0'],
    ['HinhThuc', '2', 'unmapped:national-delivery:2'],
    ['NoiNopHoSo', '3', 'unmapped:national-filed-at:3'],
    ['DuocThanhToanTrucTuyen', '4', 'unmapped:national-online-payment:4'],
  ])('%s %s without a mapping waits for an operator, and is neither blanked nor guessed', (field, value, key) => {
    const item = read({ [field]: value });
    expect(item).toMatchObject({
      kind: 'waiting',
      operation: 'dossier.upsert.v1',
      code: 'H60.01-250812-0035',
      cause: { kind: 'unmapped', key },
    });
    expect(problemsOf(item)).toEqual([`/${field}`]);
  });

  test.each([
    ['DanhSachLePhi', { HinhThucThu: '3' }, 'unmapped:national-collected:3', '/DanhSachLePhi/0/HinhThucThu'],
    ['DanhSachLePhi', { LoaiPhiLePhi: '9' }, 'unmapped:national-fee-kind:9', '/DanhSachLePhi/0/LoaiPhiLePhi'],
    ['TaiLieuNop', { DuocSoHoa: '7' }, 'unmapped:national-digitised:7', '/TaiLieuNop/0/DuocSoHoa'],
    [
      'DinhDanhCHS',
      { LoaiDinhDanh: '5', SoDinhDanh: '000000000' },
      'unmapped:national-identity-kind:5',
      '/DinhDanhCHS/0/LoaiDinhDanh',
    ],
  ])('an unmapped code within %s waits too', (field, entry, key, path) => {
    const item = read({ [field]: [entry] });
    expect(item).toMatchObject({ kind: 'waiting', cause: { key } });
    expect(problemsOf(item)).toEqual([path]);
  });

  test('a code from the party’s settings is read', () => {
    const codes = createCodes({ status: { '11': 'processing' } });
    expect(recordOf(read({ TrangThaiHoSo: '11' }, { codes })).status).toBe('processing');
  });

  test.each([
    ['NgayTiepNhan', '20250230081500'],
    ['NgayTiepNhan', '20250812240000'],
    ['NgayHenTra', '20251312081500'],
    ['NgayNopHoSo', '12/08/2025'],
    ['NgayHenTra', '2025-02-30T00:00:00'],
  ])('%s %s is no date, so the item is invalid', (field, value) => {
    const item = read({ [field]: value });
    expect(item).toMatchObject({ kind: 'invalid', code: 'H60.01-250812-0035' });
    expect(problemsOf(item)).toEqual([`/${field}`]);
  });

  test('the usual values for "no date" are absent', () => {
    const record = recordOf(read({ NgayHenTra: '00000000000000', NgayTra: '00010101000000' }));
    expect(record).not.toHaveProperty('dueAt');
    expect(record).not.toHaveProperty('returnedAt');
  });

  test('final errors come before causes that an operator can settle', () => {
    const item = read({ TrangThaiHoSo: '11', NgayHenTra: '20250230000000' });
    expect(item.kind).toBe('invalid');
    expect(problemsOf(item)).toEqual(['/NgayHenTra']);
  });

  test.each([
    [{ MaHoSo: 'abc' }, ['/MaHoSo']],
    [{ MaHoSo: '' }, ['/MaHoSo']],
    [{ MaHoSo: 'H60.01-250230-0035' }, ['/MaHoSo']],
    [{ MaTTHC: 'SVC-1' }, ['/MaTTHC']],
    [{ TrangThaiHoSo: '' }, ['/TrangThaiHoSo']],
    [{ TrangThaiHoSo: undefined, MaTTHC: null }, ['/TrangThaiHoSo', '/MaTTHC']],
    [{ Email: 'không có' }, ['/Email']],
    [{ SoDienThoai: 'nhà riêng' }, ['/SoDienThoai']],
    [{ SoGiayToChuHoSo: '0000 0000' }, ['/SoGiayToChuHoSo']],
    [{ DinhDanhCHS: [{}, { LoaiDinhDanh: '1', SoDinhDanh: '??' }] }, ['/DinhDanhCHS/1/SoDinhDanh']],
    [{ SoDienThoai: { so: 1 } }, ['/SoDienThoai']],
    [{ TaiLieuNop: [{ IsDeleted: 'maybe' }] }, ['/TaiLieuNop/0/IsDeleted']],
    [
      { TaiLieuNop: [{ TepDinhKemId: '1' }, { TepDinhKemId: '1', MaThanhPhanHoSo: 'a b' }] },
      ['/TaiLieuNop/1/MaThanhPhanHoSo'],
    ],
    [{ TaiLieuNop: ['don.pdf'] }, ['/TaiLieuNop/0']],
    [{ TaiLieuNop: 'don.pdf' }, ['/TaiLieuNop']],
    [{ DanhSachLePhi: [{ Gia: '-5' }] }, ['/DanhSachLePhi/0/Gia']],
    [{ DanhSachLePhi: [{ Gia: 1.5 }] }, ['/DanhSachLePhi/0/Gia']],
    [{ DanhSachHoSoBoSung: [{ NgayBoSung: '20250299000000' }] }, ['/DanhSachHoSoBoSung/0/NgayBoSung']],
    [{ DanhSachGiayToKetQua: [{ MaGiayToKetQua: 'KQ 1' }] }, ['/DanhSachGiayToKetQua/0/MaGiayToKetQua']],
    [{ MaLinhVuc: 'x' }, ['/MaLinhVuc']],
  ])('problems name places of the dialect: %j', (change, paths) => {
    const item = read(change);
    expect(item.kind).toBe('invalid');
    expect(problemsOf(item)).toEqual(paths);
  });

  test('no problem and no cause repeats a personal value', () => {
    const secret = '012345678901 secret';
    for (const field of ['SoGiayToChuHoSo', 'SoDienThoai', 'Email', 'DinhDanhCHS']) {
      const value = field === 'DinhDanhCHS' ? [secret] : secret;
      expect(JSON.stringify(read({ [field]: value }))).not.toContain('0123456789');
    }
  });

  test('anything but an object is invalid', () => {
    for (const raw of [null, 'text', 3, [ITEM]])
      expect(readDossier(raw, { madonvi: 'H60' })).toMatchObject({ kind: 'invalid' });
  });

  test.each([
    ['H60.01-250812-0035', 'H60.01'],
    ['000.00.53.H48-220921-0099', '000.00.53.H48'],
    ['G09.20-20260609-0092637', 'G09.20'],
    ['03706/2026/07906', 'H60'],
    [' h60.01-250812-0035 ', 'H60.01'],
  ])('the agency in the code wins: %s → %s', (code, agency) => {
    expect(recordOf(read({ MaHoSo: code })).agencyCode).toBe(agency);
  });

  test('a malformed agency code of the call is a problem of the call', () => {
    const item = readDossier({ ...ITEM, MaHoSo: '03706/2026/07906' }, { madonvi: 'Sở A' });
    expect(problemsOf(item)).toEqual(['/madonvi']);
  });
});

describe('the applicant', () => {
  test.each([
    ['000000000000', 'cccd'],
    ['000000000', 'cmnd'],
    ['0000000000-001', 'tax-code'],
    ['B1234567', undefined],
  ])('the shape of %s decides the kind of paper: %s', (number, kind) => {
    expect(recordOf(read({ SoGiayToChuHoSo: number })).applicant?.identityKind).toBe(kind);
  });

  test('DinhDanhCHS wins, a CCCD before other papers, and a warning names the rest', () => {
    const cccd = { LoaiDinhDanh: '1', SoDinhDanh: '000000000001' };
    const cmnd = { LoaiDinhDanh: 2, SoDinhDanh: '000000001' };
    const listed = read({ DinhDanhCHS: [cmnd, cccd] });
    expect(recordOf(listed).applicant).toMatchObject({ identityKind: 'cccd', identityNumber: '000000000001' });
    expect(warningsOf(listed)).toEqual(['/DinhDanhCHS/0/SoDinhDanh', '/SoGiayToChuHoSo']);
    expect(recordOf(read({ DinhDanhCHS: cmnd })).applicant).toMatchObject({
      identityKind: 'cmnd',
      identityNumber: '000000001',
    });
    expect(recordOf(read({ DinhDanhCHS: [{ LoaiDinhDanh: '1', SoDinhDanh: '' }] })).applicant).toMatchObject({
      identityNumber: '000000000000',
    });
  });

  test('a phone number in Fax is used if SoDienThoai is empty, with a warning', () => {
    const item = read({ SoDienThoai: '', Fax: '0900 000 001' });
    expect(recordOf(item).applicant?.phone).toBe('0900 000 001');
    expect(warningsOf(item)).toEqual(['/Fax']);
    expect(recordOf(read({ SoDienThoai: '', Fax: '(0207) 3822123' })).applicant?.phone).toBe('(0207) 3822123');
    expect(recordOf(read({ Fax: '0900000001' })).applicant?.phone).toBe('0900000000');
    expect(recordOf(read({ SoDienThoai: '', Fax: 'không' })).applicant).not.toHaveProperty('phone');
  });

  test('without a name there is no applicant, and a warning names every lost field', () => {
    const item = read({ ChuHoSo: ' ', Email: 'a@example.test', DinhDanhCHS: [{ SoDinhDanh: '000000000' }] });
    expect(recordOf(item)).not.toHaveProperty('applicant');
    expect(warningsOf(item)).toEqual(['/SoGiayToChuHoSo', '/LoaiDoiTuong', '/Email', '/SoDienThoai', '/DinhDanhCHS/0']);
  });
});

describe('the time of the status', () => {
  const DATES = {
    NgayNopHoSo: '20250801080000',
    NgayTiepNhan: '20250802080000',
    NgayTuChoi: '20250803080000',
    NgayKetThucXuLy: '20250804080000',
    NgayTra: '20250805080000',
  };
  test.each([
    ['1', '2025-08-01'],
    ['2', '2025-08-02'],
    ['3', '2025-08-03'],
    ['4', '2025-08-02'],
    ['5', '2025-08-02'],
    ['6', '2025-08-02'],
    ['7', '2025-08-04'],
    ['8', '2025-08-05'],
    ['9', '2025-08-04'],
    ['10', '2025-08-05'],
  ])('of status %s is the latest of its dates that belong to it, %s', (status, day) => {
    expect(recordOf(read({ ...DATES, TrangThaiHoSo: status })).statusAt).toBe(`${day}T08:00:00+07:00`);
  });

  test('is the latest date, whatever the order', () => {
    const record = recordOf(read({ ...DATES, NgayNopHoSo: '20250806080000', TrangThaiHoSo: '9' }));
    expect(record.statusAt).toBe('2025-08-06T08:00:00+07:00');
  });

  test('of a new dossier without NgayNopHoSo is its NgayTiepNhan', () => {
    expect(recordOf(read({ NgayNopHoSo: '', TrangThaiHoSo: '1' })).statusAt).toBe('2025-08-12T08:15:00+07:00');
  });

  test('of a refusal as OpenCPS writes it is the end of the work, or the day of return', () => {
    const refused = { NgayNopHoSo: '', NgayTiepNhan: '', TrangThaiHoSo: '3' };
    const ended = { NgayKetThucXuLy: '20250813080000', NgayTra: '20250813080001' };
    expect(recordOf(read({ ...refused, ...ended })).statusAt).toBe('2025-08-13T08:00:01+07:00');
    expect(recordOf(read({ ...refused, ...ended, NgayTra: '' })).statusAt).toBe('2025-08-13T08:00:00+07:00');
    expect(recordOf(read({ ...ended, TrangThaiHoSo: '3' })).statusAt).toBe('2025-08-12T08:15:00+07:00');
    expect(read(refused)).toMatchObject({ kind: 'invalid', problems: [{ path: '/NgayTuChoi' }] });
  });

  test('of a new dossier without any date is the day in its code, with a warning', () => {
    const item = read({ NgayNopHoSo: '', NgayTiepNhan: '', TrangThaiHoSo: '1' });
    expect(recordOf(item).statusAt).toBe('2025-08-12T00:00:00+07:00');
    expect(warningsOf(item)).toEqual(['/NgayNopHoSo']);
  });

  test('is never the day in the code if a date is wrong: the item is refused', () => {
    const item = read({ NgayNopHoSo: '20250231080000', NgayTiepNhan: '', TrangThaiHoSo: '1' });
    expect(item).toMatchObject({ kind: 'invalid', problems: [{ path: '/NgayNopHoSo' }] });
  });

  test('is missing without dates, and the problem names the possible ones', () => {
    const item = read({ NgayNopHoSo: '', NgayTiepNhan: '', NgayTra: '20250805080000', TrangThaiHoSo: '4' });
    expect(item).toMatchObject({ kind: 'invalid' });
    expect(item).toMatchObject({
      problems: [{ path: '/NgayTiepNhan', message: expect.stringContaining('one of NgayNopHoSo, NgayTiepNhan') }],
    });
    expect(problemsOf(item)).toHaveLength(1);
  });
});

describe('other content of a record', () => {
  test('the way of handing over the result goes into the note', () => {
    expect(recordOf(read({ ThongTinTra: 'Trả qua bưu chính' })).note).toBe('Trả qua bưu chính');
    expect(recordOf(read({ GhiChu: 'Hồ sơ gấp', ThongTinTra: 'Trả qua bưu chính' })).note).toBe(
      'Hồ sơ gấp\nTrả qua bưu chính',
    );
  });

  test('fees: "không" is 0, dots separate thousands, words give no amount and stay', () => {
    const fees = ['không', '1.000.000', 50000, 'Theo quy định', ''].map((Gia) => ({ Gia, HinhThucThu: 1 }));
    const item = read({ DanhSachLePhi: fees });
    expect(recordOf(item).fees?.map((fee) => fee.amountVnd)).toEqual([0, 1_000_000, 50_000, null, undefined]);
    expect(warningsOf(item)).toEqual(['/DanhSachLePhi/3/Gia']);
  });

  test('a repeated attachment is stored once, in its last version', () => {
    const documents = recordOf(
      read({
        TaiLieuNop: [
          { TepDinhKemId: '1', TenTepDinhKem: 'cũ.pdf' },
          { TepDinhKemId: '2', TenTepDinhKem: 'khác.pdf' },
          { TenTepDinhKem: 'không mã.pdf' },
          { TepDinhKemId: '1', TenTepDinhKem: 'mới.pdf', IsDeleted: 'True' },
          { TenTepDinhKem: 'không mã nữa.pdf' },
        ],
      }),
    ).documents;
    expect(documents?.map((document) => document.name)).toEqual([
      'khác.pdf',
      'không mã.pdf',
      'mới.pdf',
      'không mã nữa.pdf',
    ]);
  });

  test('supplements may have ISO 8601 dates, as .NET systems write them', () => {
    const [supplement] =
      recordOf(
        read({
          DanhSachHoSoBoSung: [
            {
              HoSoBoSungId: 5,
              NguoiYeuCauBoSung: 'Trần B',
              NoiDungBoSung: 'Bổ sung bản sao',
              NgayBoSung: '2025-08-13T09:00:00',
              NgayTiepNhanBoSung: '20250814100000',
              NgayHenTraTruoc: '0001-01-01T00:00:00',
              NgayHenTraMoi: '2025-08-20T10:00:00Z',
              TrangThaiBoSung: true,
            },
          ],
        }),
      ).supplements ?? [];
    expect(supplement).toEqual({
      id: '5',
      requestedBy: 'Trần B',
      content: 'Bổ sung bản sao',
      requestedAt: '2025-08-13T09:00:00+07:00',
      receivedAt: '2025-08-14T10:00:00+07:00',
      newDueAt: '2025-08-20T17:00:00+07:00',
    });
  });

  test('national databases are a list of codes, each once', () => {
    const item = read({ DSKetNoiCSDL: [{ MaCSDL: '1' }, { MaCSDL: 7 }, { MaCSDL: '1' }, {}] });
    expect(recordOf(item).databases).toEqual(['1', '7']);
  });

  test('text becomes NFC, and irreparable text waits at its place in the dialect', () => {
    expect(recordOf(read({ ChuHoSo: 'Nguyễn Văn A'.normalize('NFD') })).applicant?.name).toBe('Nguyễn Văn A');
    const item = read({ TaiLieuNop: [null, { TenTepDinhKem: 'Nguyá»…n VÄ?n A' }] });
    expect(item).toMatchObject({ kind: 'waiting', cause: { kind: 'doubtful-text' } });
    expect(problemsOf(item)).toEqual(['/TaiLieuNop/1/TenTepDinhKem']);
  });
});

test.each(['TaiLieuNop', 'DinhDanhCHS', 'DSKetNoiCSDL'])(
  'a list %s far over the limit is refused by its length, unread',
  (field) => {
    for (const one of [{}, 1]) {
      const entries = Array.from({ length: 300_000 }, () => one);
      const began = performance.now();
      const item = readDossier({ ...ITEM, [field]: entries }, { madonvi: 'H60', codes: createCodes() });
      expect(performance.now() - began).toBeLessThan(1_000);
      const message = 'got a list of 300000, expected a list of at most 1000 items';
      expect(item).toMatchObject({ kind: 'invalid', problems: [{ path: `/${field}`, message }] });
    }
  },
);

test('a list with repetitions is judged by its result, not by its length', () => {
  const papers = (count: number, ids: number) =>
    Array.from({ length: count }, (_, at) => ({ TepDinhKemId: String(at % ids), TenTepDinhKem: `${at}.pdf` }));
  const means = { madonvi: 'H60', codes: createCodes() };
  const { documents } = recordOf(readDossier({ ...ITEM, TaiLieuNop: papers(1_500, 500) }, means));
  expect([documents?.length, documents?.[0]?.name]).toEqual([500, '1000.pdf']);
  expect(readDossier({ ...ITEM, TaiLieuNop: papers(1_001, 1_001) }, means)).toMatchObject({
    kind: 'invalid',
    problems: [{ path: '/TaiLieuNop', message: 'got a list of 1001, expected a list of at most 1000 items' }],
  });
});
