import { expect, test } from 'vitest';
import type { StageDatabase } from '../stage/database.ts';
import { judgementOf, trendOf, verdictOf } from './trend.ts';
import { createWatch } from './watch.ts';

const looks = (values: readonly number[]) => values.map((value, at) => ({ atMs: at * 60_000, value }));

test('a constant value is flat, and a growing one is not, by its quarters and its slope', () => {
  const most = (first: number) => first * 1.1;
  const flat = trendOf('memory', 'MB', looks([100, 104, 96, 100, 101, 99, 100, 102]), most);
  expect(flat).toMatchObject({ flat: true, first: 102, last: 101 });
  expect(Math.abs(flat.slopePerHour)).toBeLessThan(15);
  const growing = trendOf('memory', 'MB', looks([100, 110, 120, 130, 140, 150, 160, 170]), most);
  expect(growing).toMatchObject({ flat: false, first: 105, last: 165 });
  expect(growing.slopePerHour).toBeCloseTo(600, 6);
});

test('a shown value never fails the run', () => {
  expect(trendOf('rows', '', looks([1, 1_000]))).toMatchObject({ flat: true, most: undefined });
});

test.each([
  [true, 'NOT FLAT', 'NOT flat'],
  [false, 'cannot be judged: autovacuum is off', 'flat, as far as it can be judged'],
])('growing dead rows fail the run only with autovacuum on: %s', async (autovacuum, word, verdict) => {
  let dead = 0;
  const rows = async (sql: string) => {
    dead += 10_000;
    return sql.includes('n_dead_tup') ? [{ name: 'deliveries', live: 1_000, dead, mb: 1 }] : [{ n: 0 }];
  };
  const load = { look: () => ({ acknowledged: 1, failed: 0, p99Ms: 1, readP99Ms: 1, slowestProbeMs: 1 }) };
  const watch = createWatch({ processes: {}, database: { rows } as unknown as StageDatabase, load, autovacuum }, 10);
  for (let look = 0; look < 8; look++) await watch.look();
  const trends = watch.trends();
  expect(trends.filter(({ name }) => name === 'deliveries: dead rows').map(judgementOf)).toEqual([word]);
  expect(trends.filter(({ name }) => name === 'requests that failed').map(judgementOf)).toEqual(['flat']);
  expect(verdictOf(trends)).toBe(verdict);
});
