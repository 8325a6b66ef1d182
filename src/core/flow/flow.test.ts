import { expect, test } from 'vitest';
import { type FlowCount, failuresOf, partyFlows, seriesOf } from './flow.ts';

const MINUTE = 60_000;
const count = (more: Partial<FlowCount>): FlowCount => ({
  ...{ span: 'minute', party: 'portal', sinceMs: 0, direction: 'out', result: 'delivered', withinMs: 50, many: 1 },
  ...more,
});

test('a series has every step, and counts outside of it are left out', () => {
  const counts = [
    count({ direction: 'in', result: 'accepted', withinMs: 0, many: 3 }),
    count({ sinceMs: 2 * MINUTE, many: 4 }),
    count({ sinceMs: 2 * MINUTE, result: 'timeout' }),
    count({ sinceMs: 3 * MINUTE }),
    count({ sinceMs: -MINUTE }),
  ];
  expect(seriesOf(counts, 0, 3 * MINUTE, MINUTE)).toEqual([
    { sinceMs: 0, received: 3, delivered: 0, failed: 0 },
    { sinceMs: MINUTE, received: 0, delivered: 0, failed: 0 },
    { sinceMs: 2 * MINUTE, received: 0, delivered: 4, failed: 1 },
  ]);
});

test('failures are joined by party and reason, the most frequent first', () => {
  const counts = [
    count({ result: 'timeout', many: 2 }),
    count({ result: 'timeout', many: 2, withinMs: 100, sinceMs: MINUTE }),
    count({ result: 'econnrefused', many: 3 }),
    count({ party: 'ministry', result: 'timeout' }),
    count({ direction: 'in', result: 'invalid', many: 9 }),
  ];
  expect(failuresOf(counts)).toEqual([
    { party: 'portal', reason: 'timeout', many: 4, lastMs: MINUTE },
    { party: 'portal', reason: 'econnrefused', many: 3, lastMs: 0 },
    { party: 'ministry', reason: 'timeout', many: 1, lastMs: 0 },
  ]);
});

test('percentiles are upper ends of durations of delivered calls alone', () => {
  const counts = [
    count({ withinMs: 50, many: 94 }),
    count({ withinMs: 1_000, many: 5 }),
    count({ withinMs: 10_000, many: 1 }),
    count({ result: 'timeout', withinMs: 60_000, many: 100 }),
  ];
  expect(partyFlows(counts)).toEqual([
    { party: 'portal', received: 0, delivered: 100, failed: 100, medianMs: 50, p95Ms: 1_000, p99Ms: 1_000 },
  ]);
  expect(partyFlows([count({ result: 'timeout' })])[0]).toMatchObject({ medianMs: null, p95Ms: null });
});
