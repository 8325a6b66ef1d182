import type { Column } from '#core/statistics/columns';
import type { HeadCell } from '#core/statistics/report-head';
import type { ReportedNumbers, StatisticsReport } from '../statistics/statistics.ts';
import { agencyName, type Report, SIGNATURES } from './report.ts';

/** Form II.06a/VPCP/KSTT from the statistics, line by line, with the headings of public prints of it (domain 8.3). */
export function formII06a(
  { rule, by, from, to, behind, total, items }: StatisticsReport,
  { period, reportedBy }: { readonly period: string; readonly reportedBy: string },
): Report {
  const lines = items.map((line, at) => ({
    cells: [
      at + 1,
      by === 'agency' ? agencyName(line.key, line.name) : (line.name ?? line.key ?? 'Chưa rõ'),
      ...numbersOf(line),
    ],
    links: linksOf({ rule, by, period }, line.key),
  }));
  return {
    number: 'II.06a/VPCP/KSTT',
    title: 'TÌNH HÌNH, KẾT QUẢ GIẢI QUYẾT THỦ TỤC HÀNH CHÍNH',
    period: { name: period, from: from.slice(0, 10), to: to.slice(0, 10) },
    reportedBy,
    unit: 'Số hồ sơ TTHC',
    widths: [6, 34],
    head: headOf(by === 'field' ? 'Lĩnh vực giải quyết' : 'Cơ quan, đơn vị giải quyết'),
    rows: [
      ...lines,
      { cells: ['', 'Tổng cộng', ...numbersOf(total)], isTotal: true, links: linksOf({ rule, by, period }, undefined) },
    ],
    notes: notesOf(rule, behind),
    signatures: SIGNATURES,
  };
}

function numbersOf({ received, resolved, pending }: ReportedNumbers): readonly number[] {
  return [
    ...[received.total, received.online, received.direct, received.carriedOver],
    ...[resolved.total, resolved.early, resolved.onTime, resolved.late],
    ...[pending.total, pending.withinTerm, pending.late],
  ];
}

const COUNTED: readonly Column[] = [
  ...(['received', 'received.online', 'received.direct', 'received.carriedOver'] as const),
  ...(['resolved', 'resolved.early', 'resolved.onTime', 'resolved.late'] as const),
  ...(['pending', 'pending.withinTerm', 'pending.late'] as const),
];

/** The dossiers behind each number. @param key of one line, undefined for all */
function linksOf(
  given: { readonly rule: string; readonly by: string; readonly period: string },
  key: string | null | undefined,
): Readonly<Record<number, string>> {
  const line = key === undefined ? {} : { key: key ?? '-' };
  return Object.fromEntries(
    COUNTED.map((column, at) => [
      at + 2,
      `/api/v1/statistics/dossiers?${new URLSearchParams({ ...given, ...line, column }).toString()}`,
    ]),
  );
}

function headOf(lines: string): readonly (readonly HeadCell[])[] {
  return [
    [
      { text: 'STT', rows: 3 },
      { text: lines, rows: 3 },
      { text: 'Số lượng hồ sơ tiếp nhận', columns: 4 },
      { text: 'Số lượng hồ sơ đã giải quyết', columns: 4 },
      { text: 'Số lượng hồ sơ đang giải quyết', columns: 3 },
    ],
    [
      { text: 'Tổng số', rows: 2 },
      { text: 'Trong kỳ', columns: 2 },
      ...['Từ kỳ trước', 'Tổng số', 'Trước hạn', 'Đúng hạn', 'Quá hạn', 'Tổng số', 'Trong hạn', 'Quá hạn'].map(
        (text) => ({ text, rows: 2 }),
      ),
    ],
    [{ text: 'Trực tuyến' }, { text: 'Trực tiếp, dịch vụ bưu chính' }],
    ['(1)', '(2)', '(3) = (4)+(5)+(6)', '(4)', '(5)', '(6)', '(7) = (8)+(9)+(10)']
      .concat(['(8)', '(9)', '(10)', '(11) = (12)+(13)', '(12)', '(13)'])
      .map((text) => ({ text })),
  ];
}

/** The index of decision 766 also counts refused dossiers, so its numbers are higher. */
const RULE_NAMES = {
  '766': 'Quyết định 766/QĐ-TTg, tính cả hồ sơ không được tiếp nhận',
  opencps: 'OpenCPS, không tính hồ sơ không được tiếp nhận',
  td: 'theo ngày, không tính hồ sơ không được tiếp nhận',
} as const;

function notesOf(rule: StatisticsReport['rule'], behind: number | null): readonly string[] {
  const counted = `Cách tính đúng hạn: ${RULE_NAMES[rule]}.`;
  if (behind === 0) return [counted];
  return [counted, 'Một số thay đổi mới nhất chưa được tính.'];
}
