import { formatLocal } from '#core/dates/dates';
import type { ReportedNumbers, StatisticsReport } from '../statistics/statistics.ts';
import type { HeadCell, Report } from './report.ts';

/** Form II.06a/VPCP/KSTT from the statistics, line by line (domain 8.3). */
export function formII06a(
  { rule, by, from, to, behind, total, items }: StatisticsReport,
  { period, reportedBy }: { readonly period: string; readonly reportedBy: string },
): Report {
  const lines = items.map((line, at) => ({
    cells: [at + 1, line.name ?? line.key ?? 'Chưa rõ', ...numbersOf(line)],
  }));
  return {
    number: 'II.06a/VPCP/KSTT',
    title: 'TÌNH HÌNH, KẾT QUẢ GIẢI QUYẾT THỦ TỤC HÀNH CHÍNH',
    period: { name: period, from: from.slice(0, 10), to: to.slice(0, 10) },
    reportedBy,
    unit: 'Số hồ sơ TTHC',
    head: headOf(by === 'field' ? 'Lĩnh vực giải quyết' : 'Cơ quan, đơn vị giải quyết'),
    rows: [...lines, { cells: ['', 'Tổng cộng', ...numbersOf(total)], isTotal: true }],
    notes: notesOf(rule, behind),
    signatures: ['Người lập biểu', 'Thủ trưởng đơn vị'],
  };
}

function numbersOf({ received, resolved, pending }: ReportedNumbers): readonly number[] {
  return [
    ...[received.total, received.online, received.direct, received.carriedOver],
    ...[resolved.total, resolved.early, resolved.onTime, resolved.late],
    ...[pending.total, pending.withinTerm, pending.late],
  ];
}

function headOf(lines: string): readonly (readonly HeadCell[])[] {
  return [
    [
      { text: 'STT', rows: 2 },
      { text: lines, rows: 2 },
      { text: 'Số hồ sơ tiếp nhận', columns: 4 },
      { text: 'Số hồ sơ đã giải quyết', columns: 4 },
      { text: 'Số hồ sơ đang giải quyết', columns: 3 },
    ],
    [
      ...['Tổng số', 'Trực tuyến', 'Trực tiếp, bưu chính', 'Từ kỳ trước'],
      ...['Tổng số', 'Trước hạn', 'Đúng hạn', 'Quá hạn'],
      ...['Tổng số', 'Trong hạn', 'Quá hạn'],
    ].map((text) => ({ text })),
    ['(1)', '(2)', '(3)=(4)+(5)+(6)', '(4)', '(5)', '(6)', '(7)=(8)+(9)+(10)']
      .concat(['(8)', '(9)', '(10)', '(11)=(12)+(13)', '(12)', '(13)'])
      .map((text) => ({ text })),
  ];
}

const RULE_NAMES = { '766': 'Quyết định 766/QĐ-TTg', opencps: 'OpenCPS', td: 'theo ngày' } as const;

function notesOf(rule: StatisticsReport['rule'], behind: number | null): readonly string[] {
  const counted = `Cách tính đúng hạn: ${RULE_NAMES[rule]}.`;
  if (behind === 0) return [counted];
  return [counted, 'Một số thay đổi mới nhất chưa được tính.'];
}

/** The period in words: `Từ 15/06/2025 đến 14/09/2025`. */
export function periodText({ from, to }: Report['period']): string {
  const day = (date: string): string => formatLocal('dd/MM/yyyy', `${date}T00:00:00+07:00`);
  return `Kỳ báo cáo: từ ${day(from)} đến ${day(to)}`;
}
