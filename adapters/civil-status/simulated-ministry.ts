import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { formatLocal, msToInstant } from '#kit';

/** A dossier that the ministry registered. */
export interface Registered {
  readonly maHoSo: string;
  readonly maHoSoLT: string;
  readonly module: string;
  readonly atMs: number;
}

const LONGEST_NAME = 100;
const UNKNOWN_UNIT = '99999';
const DATES = [/^\d{4}-\d\d-\d\d$/, /^\d\d\/\d\d\/\d{4} \d\d:\d\d:\d\d$/];

/** The ministry's complaints about a registration, in its own words. */
export function complaintsAbout(body: Readonly<Record<string, unknown>>): readonly string[] {
  const form = formIn(String(body.data ?? ''));
  if (!form) return ['data không đúng định dạng'];
  return [
    ...(String(form.nycHoTen ?? '').length > LONGEST_NAME ? ['nycHoTen vượt quá độ dài cho phép (100 ký tự)'] : []),
    ...(body.maDonVi === UNKNOWN_UNIT ? ['maDonVi không tồn tại trong danh mục'] : []),
    ...(DATES.some((date) => date.test(String(body.ngayTiepNhan))) ? [] : ['ngayTiepNhan không đúng định dạng']),
  ];
}

function formIn(data: string): Readonly<Record<string, unknown>> | undefined {
  try {
    if (!data.startsWith('<')) return (JSON.parse(data) as { hoTich?: Record<string, unknown> }).hoTich;
    if (XMLValidator.validate(data) !== true) return undefined;
    return new XMLParser({ parseTagValue: false }).parse(data)?.hotich?.hoso;
  } catch {
    return undefined;
  }
}

/** The row of a dossier after N steps: received, then processing, then the end that its code decides. */
export function statusRow(
  { maHoSo, maHoSoLT, module, atMs }: Registered,
  steps: number,
  stepMs: number,
): Readonly<Record<string, unknown>> {
  const reached = Math.min(steps, 2);
  const trangThai = reached === 0 ? '1' : reached === 1 ? '3' : endOf(maHoSo);
  return {
    maHoSoMCDT: maHoSo,
    maHoSoLT,
    module,
    trangThai,
    thoiGianThucHien: formatLocal('dd/MM/yyyy HH:mm:ss', msToInstant(atMs + reached * stepMs)),
    nguoiXuLy: trangThai === '1' ? null : 'Lê Văn C',
    chucDanh: trangThai === '1' ? null : 'Công chức tư pháp - hộ tịch',
    phongBanXuLy: 'Bộ phận tư pháp - hộ tịch',
    ...WORDS[trangThai],
  };
}

/** The last digit of a code decides: 7 needs a supplement, 9 is refused, all others are registered. */
function endOf(maHoSo: string): '2' | '4' | '6' {
  if (maHoSo.endsWith('7')) return '2';
  return maHoSo.endsWith('9') ? '6' : '4';
}

const WORDS = {
  '1': { noiDungXuLy: null },
  '2': { noiDungXuLy: 'Đề nghị bổ sung giấy chứng sinh', hanBoSungHoSo: '31/12/2030 17:00:00' },
  '3': { noiDungXuLy: 'Đang giải quyết' },
  '4': {
    noiDungXuLy: 'Đã đăng ký vào sổ hộ tịch',
    ketQuaXuLy: {
      soDangKy: '01',
      quyenSo: '01/2025',
      giayKhaiSinh: Buffer.from('%PDF-1.4 simulated').toString('base64'),
    },
  },
  '6': { noiDungXuLy: 'Thông tin không khớp giấy tờ' },
} as const;
