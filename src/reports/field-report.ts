import { DEFECTS, type Fact, factsIn } from '#core/statistics/facts';
import type { FieldLine } from '../statistics/report-numbers.ts';
import type { About } from './forms.ts';
import { agencyName, numbered, type Report, type ReportPlace } from './report.ts';

type Defect = (typeof DEFECTS)[number];

/** What each defect costs: the field by its national name, what is wrong, and the item of index 766 that loses points. */
const COSTS: Readonly<Partial<Record<Defect, readonly [field: string, what: string, item: string]>>> = {
  noReceivedAt: ['NgayTiepNhan', 'thiếu ngày tiếp nhận', '1.4 Tỷ lệ đồng bộ hồ sơ'],
  noChannel: ['KenhThucHien', 'thiếu kênh thực hiện, tính là trực tiếp', '3.3 Tỷ lệ hồ sơ trực tuyến'],
  noResult: ['DanhSachGiayToKetQua', 'thiếu kết quả điện tử', '3.3 Tỷ lệ hồ sơ trực tuyến'],
  noResultLink: ['DuongDanTepTinKetQua', 'kết quả thiếu đường dẫn tệp', '3.3 Tỷ lệ hồ sơ trực tuyến'],
  noResultCode: ['MaGiayToKetQua', 'kết quả thiếu mã giấy tờ', '3.3 Tỷ lệ hồ sơ trực tuyến'],
  noPayment: ['DuocThanhToanTrucTuyen', 'thiếu hình thức thanh toán', '3.6 Tỷ lệ thanh toán trực tuyến'],
  paymentOfNone: [
    'DuocThanhToanTrucTuyen',
    'ghi không thanh toán nhưng có phí, lệ phí',
    '3.6 Tỷ lệ thanh toán trực tuyến',
  ],
  noFeeAmount: ['DanhSachLePhi', 'thiếu số tiền phí, lệ phí', '3.6 Tỷ lệ thanh toán trực tuyến'],
  noDueAt: ['NgayHenTra', 'thiếu ngày hẹn trả', '2.1 Tỷ lệ giải quyết đúng hạn'],
  dueAtMidnight: ['NgayHenTra', 'ngày hẹn trả không có giờ, tính là quá hạn', '2.1 Tỷ lệ giải quyết đúng hạn'],
  noFinishedAt: ['NgayKetThucXuLy', 'thiếu ngày kết thúc xử lý', '2.1 Tỷ lệ giải quyết đúng hạn'],
  noDigitised: ['DuocSoHoa', 'thành phần hồ sơ không ghi đã số hóa hay chưa', '4 Số hóa hồ sơ'],
  noFromStore: ['DuocLayTuKhoDMQG', 'không ghi có lấy từ kho dữ liệu quốc gia hay không', '4 Số hóa hồ sơ'],
  noDatabase: ['MaCSDL', 'không ghi cơ sở dữ liệu đã khai thác', '4 Số hóa hồ sơ'],
};

const IS_DEFECT: ReadonlySet<Fact> = new Set(DEFECTS);

/** The dialect passes on what a sender says in these fields of item 4. The record has no place for it. */
const NOT_EXAMINED =
  'Không xét HoSoCoThanhPhanSoHoa và TaiKhoanDuocXacThucVoiVNeID (chỉ số 4): trục chuyển tiếp hai trường này, không lưu trong hồ sơ.';

/** A part of the report: after which place it begins, and its most lines. */
export interface Wanted {
  readonly after: ReportPlace | undefined;
  readonly most: number;
}

/**
 * Dossier by dossier: which missing or wrong field costs points of index 766 (QĐ 766/QĐ-TTg). Each dossier is whole,
 * the first one even if it has more lines than wanted.
 *
 * @param count of the dossiers of the whole report: null for more than 10,000. Called only for a part
 */
export async function fieldReport(
  lines: readonly FieldLine[],
  { after, most }: Wanted,
  about: About,
  count: () => Promise<number | null>,
): Promise<Report> {
  const before = after?.lines ?? 0;
  const rows: (readonly string[])[] = [];
  let shown = 0;
  for (const line of lines) {
    const found = rowsOf(line);
    if (shown > 0 && rows.length + found.length > most) break;
    rows.push(...found);
    shown++;
  }
  const last = lines[shown - 1];
  const goesOn = shown < lines.length && last !== undefined;
  const end: ReportPlace | null = goesOn ? { dossier: [last.key, last.code], lines: before + rows.length } : null;
  const isWhole = after === undefined && !goesOn;
  const rest = isWhole ? undefined : { dossiers: await count(), after: end };
  return {
    ...about,
    title: 'TRƯỜNG DỮ LIỆU LÀM MẤT ĐIỂM BỘ CHỈ SỐ 766',
    unit: 'Trường dữ liệu',
    widths: [8, 34, 24, 26, 44, 32],
    head: [
      ['STT', 'Cơ quan, đơn vị', 'Mã hồ sơ', 'Trường dữ liệu', 'Thiếu hoặc sai', 'Chỉ số bị ảnh hưởng'].map((text) => ({
        text,
      })),
      numbered(6),
    ],
    rows: rows.map((cells, at) => ({
      cells: [before + at + 1, ...cells],
      links: { 2: `/api/v1/dossiers/${encodeURIComponent(cells[1] ?? '')}` },
    })),
    notes: [
      rest ? [partNote(shown, rest.dossiers, after === undefined, goesOn)] : [],
      'Gồm hồ sơ tiếp nhận hoặc kết thúc trong kỳ.',
      NOT_EXAMINED,
    ].flat(),
    signatures: [],
    rest,
  };
}

function partNote(shown: number, dossiers: number | null, isFirst: boolean, goesOn: boolean): string {
  const place = isFirst ? 'đầu tiên' : goesOn ? 'tiếp theo' : 'cuối cùng';
  const all = dossiers === null ? 'hơn 10.000' : dossiers.toLocaleString('vi-VN');
  return `Chỉ liệt kê ${shown.toLocaleString('vi-VN')} hồ sơ ${place} trong ${all} hồ sơ. Chọn kỳ ngắn hơn hoặc một cơ quan để có bảng ngắn hơn.`;
}

function rowsOf({ code, key, name, facts }: FieldLine): readonly (readonly string[])[] {
  return factsIn(facts)
    .filter((fact) => IS_DEFECT.has(fact))
    .map((fact) => {
      const [field, what, item] = COSTS[fact] ?? [fact, '', ''];
      return [agencyName(key, name), code, field, what, item];
    });
}
