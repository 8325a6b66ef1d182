import type { TableName } from './codes.ts';

/** One field of the dialect and its place in the canonical record. The same tables serve reading and writing. */
export interface FieldRule {
  /** The name on the wire, byte for byte. */
  readonly field: string;
  /** The place in the record, such as `applicant/name`. Without one the field is written empty. */
  readonly member?: string;
  readonly as:
    | 'text'
    | 'date'
    | 'vnd'
    | 'count'
    | 'true-false'
    | { readonly table: TableName }
    | { readonly list: FieldRules };
  /** The longest text that the portal takes. */
  readonly max?: number | undefined;
  /** The member for words in place of an amount ("Theo quy định"). Without it the words stay in the message. */
  readonly words?: string;
}
export type FieldRules = readonly FieldRule[];

const text = (field: string, member: string, max?: number): FieldRule => ({
  field,
  member,
  as: 'text',
  max,
});
const date = (field: string, member: string): FieldRule => ({ field, member, as: 'date' });
const code = (field: string, member: string, table: TableName): FieldRule => ({ field, member, as: { table } });
const list = (field: string, member: string, rules: FieldRules): FieldRule => ({ field, member, as: { list: rules } });
/** Fields without a meaning for the hub, written empty so that the item is complete. */
const unused = (field: string): FieldRule => ({ field, as: 'text' });
const unusedList = (field: string): FieldRule => ({ field, as: { list: [] } });

const DOCUMENT: FieldRules = [
  text('TepDinhKemId', 'id'),
  text('TenTepDinhKem', 'name', 4_000),
  { field: 'IsDeleted', member: 'deleted', as: 'true-false' },
  text('MaThanhPhanHoSo', 'componentCode'),
  text('DuongDanTaiTepTin', 'url'),
  code('DuocSoHoa', 'digitised', 'digitised'),
  code('DuocTaiSuDung', 'reused', 'reused'),
  code('DuocLayTuKhoDMQG', 'fromNationalStore', 'from-national-store'),
  unused('MaKetQuaThayThe'),
];

const FEE: FieldRules = [
  text('TenPhiLePhi', 'name'),
  text('MaPhiLePhi', 'code'),
  code('HinhThucThu', 'collected', 'collected'),
  { field: 'Gia', member: 'amountVnd', as: 'vnd' },
  code('LoaiPhiLePhi', 'kind', 'fee-kind'),
];

const SUPPLEMENT: FieldRules = [
  text('HoSoBoSungId', 'id'),
  text('NguoiYeuCauBoSung', 'requestedBy'),
  text('NoiDungBoSung', 'content'),
  date('NgayBoSung', 'requestedAt'),
  text('NguoiTiepNhanBoSung', 'receivedBy'),
  unused('ThongTinTiepNhan'),
  date('NgayTiepNhanBoSung', 'receivedAt'),
  unused('TrangThaiBoSung'),
  unusedList('DanhSachGiayToBoSung'),
  unusedList('DanhSachLePhiBoSung'),
  date('NgayHenTraTruoc', 'previousDueAt'),
  date('NgayHenTraMoi', 'newDueAt'),
];

const RESULT: FieldRules = [
  text('TenGiayTo', 'name', 2_000),
  unused('MaThanhPhanHoSo'),
  text('GiayToId', 'id'),
  text('DuongDanTepTinKetQua', 'url'),
  text('MaGiayToKetQua', 'code'),
];

/** `DongBoHoSoMC`, an item of `data[]` (domain 2.3), in the order of writing. */
export const DOSSIER: FieldRules = [
  text('MaHoSo', 'code'),
  text('MaTTHC', 'serviceCode'),
  text('TenTTHC', 'serviceName'),
  text('MaLinhVuc', 'fieldCode'),
  text('TenLinhVuc', 'fieldName'),
  unused('SoBienNhan'),
  code('KenhThucHien', 'channel', 'channel'),
  text('ChuHoSo', 'applicant/name'),
  text('SoGiayToChuHoSo', 'applicant/identityNumber'),
  code('LoaiDoiTuong', 'applicant/kind', 'applicant-kind'),
  text('MaDoiTuong', 'applicant/techId'),
  unused('ThongTinKhac'),
  text('Email', 'applicant/email'),
  unused('Fax'),
  text('SoDienThoai', 'applicant/phone'),
  text('TrichYeuHoSo', 'abstract', 999),
  date('NgayNopHoSo', 'submittedAt'),
  date('NgayTiepNhan', 'receivedAt'),
  date('NgayHenTra', 'dueAt'),
  code('TrangThaiHoSo', 'status', 'status'),
  date('NgayTuChoi', 'refusedAt'),
  date('NgayTra', 'returnedAt'),
  unused('ThongTinTra'),
  code('HinhThuc', 'resultDelivery', 'delivery'),
  date('NgayKetThucXuLy', 'finishedAt'),
  text('DonViXuLy', 'processingUnit'),
  text('GhiChu', 'note'),
  list('TaiLieuNop', 'documents', DOCUMENT),
  list('DanhSachLePhi', 'fees', FEE),
  unusedList('DanhSachTepDinhKemKhac'),
  list('DanhSachHoSoBoSung', 'supplements', SUPPLEMENT),
  list('DanhSachGiayToKetQua', 'results', RESULT),
  code('NoiNopHoSo', 'filedAt', 'filed-at'),
  unused('HoSoCoThanhPhanSoHoa'),
  unused('TaiKhoanDuocXacThucVoiVNeID'),
  code('DuocThanhToanTrucTuyen', 'onlinePayment', 'online-payment'),
  unusedList('DinhDanhCHS'),
  unusedList('DSKetNoiCSDL'),
];

/** An entry of `DinhDanhCHS[]`. */
export const IDENTITY: FieldRules = [
  code('LoaiDinhDanh', 'identityKind', 'identity-kind'),
  text('SoDinhDanh', 'identityNumber'),
];

/** `CapNhatTienDoHoSoMC`, an item of `data[]` (domain 2.4). */
export const PROGRESS: FieldRules = [
  text('MaHoSo', 'code'),
  text('NguoiXuLy', 'actor', 50),
  text('ChucDanh', 'title'),
  date('ThoiDiemXuLy', 'at'),
  text('PhongBanXuLy', 'unit'),
  text('NoiDungXuLy', 'content'),
  code('TrangThai', 'status', 'status'),
  date('NgayBatDau', 'startedAt'),
  date('NgayKetThucTheoQuyDinh', 'dueAt'),
];

/** `data` of `DongBoTrangThaiHoSo` (domain-2 1.7). */
export const STATUS_REPORT: FieldRules = [
  text('MaHoSo', 'code'),
  unused('MaHoSoDonVi'),
  code('TrangThai', 'status', 'reported-status'),
  unused('MaDoiTuong'),
  text('NoiDung', 'content'),
  date('NgayXuLy', 'at'),
  unusedList('TaiLieuXuLy'),
];

/**
 * `LayThuTuc`, `result[0]` (domain 2.6): the fields with the same structure on both sides. procedure.ts has the rest.
 */
export const PROCEDURE: FieldRules = [
  unused('ID'),
  text('MATTHC', 'code'),
  text('TENTTHC', 'name'),
  text('LOAITTHC', 'category'),
  unused('TRANGTHAI'),
  text('MACOQUANCONGBO', 'publishedBy'),
  text('IDQUYETDINHCONGBO', 'decision'),
  text('YEUCAU', 'conditions'),
  text('MOTADOITUONGTHUCHIEN', 'audienceNote'),
  list('LINHVUCTHUCHIEN', 'fields', [text('MALINHVUC', 'code'), text('TENLINHVUC', 'name')]),
  unusedList('CAPTHUCHIEN'),
  list('COQUANTHUCHIEN', 'agencies', [text('TENDONVI', 'name'), text('MADONVI', 'code')]),
  unusedList('DOITUONGTHUCHIEN'),
  unusedList('TRINHTUTHUCHIEN'),
  unusedList('CACHTHUCTHUCHIEN'),
  unusedList('THANHPHANHOSO'),
  list('KETQUATHUCHIEN', 'results', [text('MAKETQUA', 'code'), text('TENKETQUA', 'name')]),
  list('CANCUPHAPLY', 'legalBases', [text('SOVANBAN', 'number'), text('TENVANBAN', 'name')]),
];

export const CHANNEL: FieldRules = [code('KENH', 'channel', 'channel')];
export const TERM: FieldRules = [text('MOTA', 'description')];
export const SERVICE_FEE: FieldRules = [
  text('MAPHILEPHI', 'code'),
  { field: 'SOTIEN', member: 'amountVnd', as: 'vnd', words: 'text' },
  text('DONVI', 'unit'),
  text('MOTA', 'description'),
  text('URL', 'url'),
];
export const COMPONENT: FieldRules = [
  text('MAGIAYTO', 'code'),
  text('TENGIAYTO', 'name'),
  { field: 'SOBANCHINH', member: 'originals', as: 'count' },
  { field: 'SOBANSAO', member: 'copies', as: 'count' },
];
export const FORM: FieldRules = [text('TENMAUDON', 'name'), text('URL', 'url')];

/** `LayDanhMucCoQuan`, an entry. */
export const AGENCY: FieldRules = [
  text('MADONVI', 'code'),
  text('TENDONVI', 'name'),
  code('CAPDONVI', 'level', 'agency-level'),
];

/** `LayDanhMucLinhVuc`, an entry. */
export const FIELD: FieldRules = [text('MALINHVUC', 'code'), text('TENLINHVUC', 'name'), text('MANGANH', 'branch')];

/** A question of `DongBoHoiDap` and of the portal's lists (domain 2.7), in the order of writing. */
export const QUESTION: FieldRules = [
  text('HOIDAPID', 'code'),
  text('MALINHVUC', 'fieldCode'),
  text('MADONVI', 'agencyCode'),
  unused('TENDONVI'),
  text('NOIDUNG', 'content'),
  text('HOVATEN', 'asker/name'),
  text('THUDIENTU', 'asker/email'),
  text('DIACHI', 'asker/address'),
  text('SODIENTHOAI', 'asker/phone'),
  text('MATTHCDP', 'serviceCode'),
  code('TRANGTHAI', 'visibility', 'visibility'),
];

/** The question of an answer. */
export const QUESTION_OF_ANSWER: FieldRules = [text('HOIDAPID', 'code')];

/** An answer in the portal's lists. */
export const LISTED_ANSWER: FieldRules = [text('TRALOIID', 'id'), text('NOIDUNGTRALOI', 'content')];

/** An item of `DongBoKetQuaHoiDapGuiTuDVCQG` (domain 2.7). Its day is read apart: it has no time. */
export const SENT_ANSWER: FieldRules = [
  text('NGUOITRALOI', 'by'),
  text('CHUCVUNGUOITRALOI', 'title'),
  text('NOIDUNGTRALOI', 'content'),
];
