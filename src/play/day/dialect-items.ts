import type { Status } from '#schemas/dossier.upsert.v1';
import { type Fate, NATIONAL_CODE, type PartnerEvent } from './events.ts';
import type { NumberEvent } from './rest-items.ts';
import type { Story, StoryStep } from './stories.ts';

const CHANNEL_CODE = { counter: '1', online: '2', post: '3' } as const;

/** `2025-08-12T08:15:00+07:00` in the dialect's form; empty without a time. */
export function dialectDate(instant: string | undefined): string {
  return instant?.slice(0, 19).replace(/[-T:]/g, '') ?? '';
}

/**
 * A dossier in the national portal's dialect: all values are texts, missing dates are empty. It describes the moment of its
 * latest date.
 */
export function dialectDossier(
  numbered: NumberEvent,
  story: Story,
  step: StoryStep,
  more: object = {},
  fate: Fate = 'applied',
): PartnerEvent {
  const { code, service, agency, applicant, channel, dueAt } = story;
  const dateOf = (status: Status): string | undefined =>
    story.steps.find((one) => one.status === status && one.at <= step.at)?.at;
  const dates = {
    NgayNopHoSo: dateOf('submitted'),
    NgayTiepNhan: dateOf('received'),
    NgayTuChoi: dateOf('refused'),
    NgayKetThucXuLy: dateOf('resolved'),
    NgayTra: dateOf('returned'),
  };
  const at = Object.values(dates).reduce<string>((latest, date) => (date && date > latest ? date : latest), '');
  const item = {
    MaHoSo: code,
    MaTTHC: service.code,
    TenTTHC: service.name,
    MaLinhVuc: service.fieldCode,
    TenLinhVuc: service.fieldName,
    KenhThucHien: CHANNEL_CODE[channel],
    ChuHoSo: applicant.name,
    SoGiayToChuHoSo: applicant.identityNumber,
    LoaiDoiTuong: '1',
    MaDoiTuong: '',
    Email: '',
    Fax: '',
    SoDienThoai: applicant.phone,
    TrichYeuHoSo: `Đề nghị giải quyết: ${service.name}`,
    NgayHenTra: dateOf('received') ? dialectDate(dueAt) : '',
    TrangThaiHoSo: NATIONAL_CODE[step.status],
    ...Object.fromEntries(Object.entries(dates).map(([field, date]) => [field, dialectDate(date)])),
    HinhThuc: '0',
    DonViXuLy: agency.name,
    GhiChu: '',
    NoiNopHoSo: '2',
    DuocThanhToanTrucTuyen: '0',
    TaiLieuNop: [],
    DanhSachLePhi: [],
    DanhSachTepDinhKemKhac: [],
    DanhSachHoSoBoSung: [],
    DanhSachGiayToKetQua: [],
    ...more,
  };
  return numbered({ party: 'one-stop-legacy', kind: 'dossier', code, at, status: step.status, fate, item });
}

export function dialectStep(
  numbered: NumberEvent,
  { code }: Story,
  step: StoryStep,
  more: object = {},
  fate: Fate = 'applied',
): PartnerEvent {
  const { at, status, actor, title, unit, content } = step;
  const item = {
    MaHoSo: code,
    NguoiXuLy: actor,
    ChucDanh: title,
    ThoiDiemXuLy: dialectDate(at),
    PhongBanXuLy: unit,
    NoiDungXuLy: content,
    TrangThai: NATIONAL_CODE[status],
    NgayBatDau: '',
    NgayKetThucTheoQuyDinh: '',
    ...more,
  };
  return numbered({ party: 'one-stop-legacy', kind: 'progress', code, at, status, fate, actor, item });
}
