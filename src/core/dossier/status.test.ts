import { describe, expect, test } from 'vitest';
import { STATUSES, type Status } from '#schemas/dossier.upsert.v1';
import { isFinished, mayFollow, progressOf } from './status.ts';

/** The transitions of a dossier, as the domain people have them: from each status to all that may follow. */
const TRANSITIONS: Readonly<Record<Status, readonly Status[]>> = {
  submitted: ['received', 'refused', 'supplement-required', 'payment-required', 'withdrawn'],
  // resolved and returned at once: same-day procedures
  received: ['processing', 'supplement-required', 'payment-required', 'withdrawn', 'stopped', 'resolved', 'returned'],
  processing: ['supplement-required', 'payment-required', 'withdrawn', 'stopped', 'resolved', 'returned'],
  // submitted and refused: before reception
  'supplement-required': ['submitted', 'received', 'processing', 'withdrawn', 'stopped', 'refused', 'payment-required'],
  // received: paid at filing
  'payment-required': ['received', 'processing', 'resolved', 'withdrawn', 'stopped'],
  resolved: ['returned'],
  // the papers are handed back
  stopped: ['returned'],
  refused: [],
  withdrawn: [],
  returned: [],
};

describe.each(STATUSES)('a dossier that is %s', (from) => {
  test.each(STATUSES)('may become %s only by the table', (to) => {
    expect(mayFollow(from, to)).toBe(TRANSITIONS[from].includes(to));
  });
});

test('no status follows itself, and every status but the first can be reached', () => {
  for (const status of STATUSES) expect(mayFollow(status, status)).toBe(false);
  const reached = new Set(Object.values(TRANSITIONS).flat());
  expect(STATUSES.filter((status) => !reached.has(status))).toEqual([]);
});

test('of two statuses one is always further, and the end is further than the work', () => {
  const inOrder = [...STATUSES].sort((a, b) => progressOf(a) - progressOf(b));
  expect(new Set(STATUSES.map(progressOf)).size).toBe(STATUSES.length);
  expect(inOrder.slice(0, 3)).toEqual(['submitted', 'received', 'processing']);
  expect(inOrder.at(-1)).toBe('returned');
  for (const open of STATUSES.filter((status) => !isFinished(status)))
    for (const done of STATUSES.filter(isFinished)) expect(progressOf(done)).toBeGreaterThan(progressOf(open));
});

test('the finished statuses are those of reports: 3, 7, 8, 9 and 10 of the national table', () => {
  expect(STATUSES.filter(isFinished)).toEqual([3, 7, 8, 9, 10].map((code) => STATUSES[code - 1]));
});
