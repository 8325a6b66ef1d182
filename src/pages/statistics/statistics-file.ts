import { stringify } from 'csv-stringify/sync';
import type { Context } from 'hono';
import { CHANNEL } from '#core/catalogue/service-words';
import { markFormula } from '#core/csv-cells';
import type { StatisticsReport } from '../../statistics/statistics.ts';
import { languageOf, type Say, sayIn } from '../language.ts';
import { columnNames, numbersOf } from './statistics-table.ts';
import { groupName } from './statistics-words.ts';

/** All lines of a report as CSV, with its total at the end. @param name of the file, without its ending */
export function statisticsFile(c: Context, report: StatisticsReport, name: string): Response {
  const say = sayIn(languageOf(c));
  return c.body(tableText(say, report), 200, {
    'Content-Type': 'text/csv; charset=utf-8',
    'Content-Disposition': `attachment; filename="${name}.csv"`,
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  });
}

function tableText(say: Say, { by, total, items }: StatisticsReport): string {
  const groups = [
    [say('Tiếp nhận', 'Received'), 4],
    [say('Đã giải quyết', 'Resolved'), 4],
    [say('Đang giải quyết', 'Pending'), 3],
  ] as const;
  const parts = groups.flatMap(([group, count]) => Array<string>(count).fill(group));
  const names = columnNames(say).map((column, at) => `${parts[at]}: ${column}`);
  const line = (key: string | null, title: string, numbers: StatisticsReport['total']) => [
    key,
    title,
    ...numbersOf(numbers),
    numbers.onTimePercent,
  ];
  return stringify(
    [
      [say('Mã', 'Code'), groupName(say, by), ...names, say('Tỷ lệ đúng hạn (%)', 'Share in time (%)')],
      ...items.map((item) => line(item.key, titleOf(say, by, item), item)),
      line(null, say('Tổng cộng', 'All together'), total),
    ],
    // Commas and decimal points, for programs (RFC 4180). A name that begins like a formula would run in a spreadsheet, which
    // reads UTF-8 only after a byte order mark.
    { bom: true, cast: { string: markFormula } },
  );
}

function titleOf(say: Say, by: StatisticsReport['by'], { key, name }: StatisticsReport['items'][number]): string {
  if (key === null) return say('Chưa rõ', 'Not known');
  return by === 'channel' ? say(...CHANNEL[key as keyof typeof CHANNEL]) : (name ?? key);
}
