import { expect, test } from 'vitest';
import type { StatisticsReport } from '../../statistics/statistics.ts';
import { sayIn } from '../language.ts';
import { statisticsTable } from './statistics-table.ts';

const NUMBERS = {
  received: { total: 1, online: 1, direct: 0, carriedOver: 0 },
  resolved: { total: 0, early: 0, onTime: 0, late: 0 },
  pending: { total: 1, withinTerm: 1, late: 0 },
  onTimePercent: null,
} as StatisticsReport['total'];

test.each([
  ['vi', 'Dòng 1.001–1.025 trong 1.100 dòng'],
  ['en', 'Lines 1,001 to 1,025 of 1,100'],
] as const)('a page of a long table has its lines in numbers of its language: %s', (language, words) => {
  const report: StatisticsReport = {
    rule: '766',
    by: 'service',
    from: '2025-01-01T00:00:00+07:00',
    to: '2025-03-31T00:00:00+07:00',
    behind: 0,
    total: NUMBERS,
    items: Array.from({ length: 1_100 }, (_, n) => ({ ...NUMBERS, key: `1.${n}`, name: `Thủ tục ${n}` })),
  };
  const place = { sort: 'name', order: 'asc', page: 41, href: () => '/statistics' } as const;
  expect(String(statisticsTable(sayIn(language), report, place))).toContain(words);
});
