import { parseLocal } from '#kit';
import type { Reply } from './state.ts';

type Item = Readonly<Record<string, unknown>>;

/** Without these the portal cannot use a dossier. */
const NEEDED = ['MaHoSo', 'MaTTHC', 'TenTTHC', 'MaLinhVuc', 'TenLinhVuc', 'TrichYeuHoSo', 'TrangThaiHoSo', 'DonViXuLy'];
/** Not marked optional (domain 2.3): must be present, and non-empty in strict mode. */
const REQUIRED = ['LoaiDoiTuong', 'NgayTiepNhan', 'HinhThuc'];
/** Not marked optional, but may be empty. */
const PRESENT = ['Email', 'SoDienThoai', 'NgayHenTra'];
const LISTS = [
  'TaiLieuNop',
  'DanhSachLePhi',
  'DanhSachTepDinhKemKhac',
  'DanhSachHoSoBoSung',
  'DanhSachGiayToKetQua',
  'DinhDanhCHS',
  'DSKetNoiCSDL',
];
const NUMBERS = new Set(['SoLuong', 'LoaiGiayTo']);
const STEP_NEEDED = ['MaHoSo', 'NguoiXuLy', 'ThoiDiemXuLy', 'NoiDungXuLy', 'TrangThai'];

/** The portal's complaint about an item of `DongBoHoSoMC`. */
export function dossierFault(item: Item, isStrict: boolean): Reply | undefined {
  const isNew = item.TrangThaiHoSo === '1';
  const needed = [...NEEDED, ...(isStrict ? REQUIRED.filter((field) => field !== 'NgayTiepNhan' || !isNew) : [])];
  return (
    shapeFault(item, '') ??
    missing(item, needed) ??
    missing(item, [...REQUIRED, ...PRESENT], true) ??
    wrongStatus(item.TrangThaiHoSo) ??
    (String(item.TrichYeuHoSo).length >= 1_000 ? fault('TrichYeuHoSo quá dài') : undefined)
  );
}

/** The portal's complaint about an item of `CapNhatTienDoHoSoMC`. */
export function stepFault(step: Item): Reply | undefined {
  const tooLong = String(step.NguoiXuLy).length > 50 ? fault('NguoiXuLy quá dài') : undefined;
  return shapeFault(step, '') ?? missing(step, STEP_NEEDED) ?? wrongStatus(step.TrangThai) ?? tooLong;
}

/** Every value is a text, every date in the dialect's form, every list a list. */
function shapeFault(item: Item, at: string): Reply | undefined {
  for (const [field, value] of Object.entries(item)) {
    const place = `${at}${field}`;
    if (Array.isArray(value)) {
      for (const [index, entry] of value.entries()) {
        const found = shapeFault(entry as Item, `${place}[${index}].`);
        if (found) return found;
      }
    } else if (LISTS.includes(field)) return fault(`${place} phải là danh sách`);
    else if (typeof value !== 'string' && !(NUMBERS.has(field) && Number.isInteger(value)))
      return fault(`${place} phải là chuỗi`);
    else if (isDate(field) && 'error' in parseLocal('yyyyMMddHHmmss', String(value)))
      return fault(`${place} không đúng định dạng yyyyMMddHHmmss`);
    else if (field === 'IsDeleted' && value !== 'True' && value !== 'False') return fault(`${place} không hợp lệ`);
  }
  return undefined;
}

function isDate(field: string): boolean {
  return field.startsWith('Ngay') || field === 'ThoiDiemXuLy';
}

function missing(item: Item, fields: readonly string[], mayBeEmpty = false): Reply | undefined {
  const field = fields.find((name) => item[name] === undefined || (!mayBeEmpty && item[name] === ''));
  return field === undefined ? undefined : fault(`Thiếu trường ${field}`);
}

function wrongStatus(value: unknown): Reply | undefined {
  return /^(?:[1-9]|10)$/.test(String(value)) ? undefined : fault('Trạng thái hồ sơ không hợp lệ');
}

function fault(message: string): Reply {
  return { code: -3, message };
}
