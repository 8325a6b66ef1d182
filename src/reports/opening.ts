import { formatLocal, startOfDay } from '#core/dates/dates';
import type { Report } from './report.ts';

/** The lines above the table of a report, and how each is written. */
export interface OpeningLine {
  readonly text: string;
  readonly style: 'bold' | 'italic' | 'title' | 'plain';
}

export function openingLines(report: Report): readonly OpeningLine[] {
  const { number, title, period, reportedBy, unit } = report;
  return [
    { text: 'CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM', style: 'bold' },
    { text: 'Độc lập - Tự do - Hạnh phúc', style: 'bold' },
    { text: number === undefined ? '' : `Biểu số ${number}`, style: 'italic' },
    { text: title, style: 'title' },
    { text: periodText(period), style: 'plain' },
    {
      text: [
        `Đơn vị báo cáo: ${reportedBy}.`,
        // The officer who hands in an official form writes the receiving office on it.
        number === undefined ? '' : ' Đơn vị nhận báo cáo: ……………………………',
        unit === undefined ? '' : ` Đơn vị tính: ${unit}.`,
      ].join(''),
      style: 'plain',
    },
  ];
}

/** The period in words: `Từ 15/06/2025 đến 14/09/2025`. */
function periodText({ from, to }: Report['period']): string {
  const day = (date: string): string => formatLocal('dd/MM/yyyy', startOfDay(date));
  return `Kỳ báo cáo: từ ${day(from)} đến ${day(to)}`;
}

/** The width of each column in characters. */
export function widthsOf({ widths, rows, head }: Report): readonly number[] {
  const columns = rows[0]?.cells.length ?? (head.at(-1)?.length || 1);
  return Array.from({ length: columns }, (_, at) => widths[at] ?? NUMBER_WIDTH);
}

const NUMBER_WIDTH = 14;
