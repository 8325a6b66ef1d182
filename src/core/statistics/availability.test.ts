import { expect, test } from 'vitest';
import { availabilityOf, type ProcessRun } from './availability.ts';

const at = (time: string): string => `2026-03-02T${time}:00+07:00`;
const run = (from: string, seen: string, ended?: string): ProcessRun => ({
  startedAt: at(from),
  seenAt: at(seen),
  endedAt: ended === undefined ? null : at(ended),
});
const DAY = { from: at('00:00'), to: at('23:00'), since: at('00:00') };
const MINUTE_MS = 60_000;
const of = (runs: readonly ProcessRun[], period = DAY) => availabilityOf(runs, period, MINUTE_MS);

test('gaps lie between processes, and say whether the last one stopped in order', () => {
  const { gaps, upMs } = of([run('00:00', '08:00', '08:00'), run('08:30', '12:00'), run('12:10', '23:00')]);
  expect(gaps).toEqual([
    { from: at('08:00'), to: at('08:30'), wasOrdered: true },
    { from: at('12:00'), to: at('12:10'), wasOrdered: false },
  ]);
  expect(upMs).toBe((23 * 60 - 40) * MINUTE_MS);
});

test('a process that runs while another one restarts leaves no gap', () => {
  expect(of([run('00:00', '10:00', '10:00'), run('09:00', '23:00'), run('10:05', '11:00')]).gaps).toEqual([]);
});

test('a short run inside a longer one does not end it', () => {
  const { gaps } = of([run('00:00', '20:00'), run('01:00', '02:00', '02:00')]);
  expect(gaps).toEqual([{ from: at('20:00'), to: at('23:00'), wasOrdered: false }]);
});

test('the time before the hub kept runs is unknown, not a gap', () => {
  const { known, gaps, upMs } = of([run('08:00', '23:00')], { ...DAY, since: at('08:00') });
  expect(known).toEqual({ from: at('08:00'), to: at('23:00') });
  expect(gaps).toEqual([]);
  expect(upMs).toBe(15 * 60 * MINUTE_MS);
  expect(availabilityOf([], { ...DAY, since: undefined }, MINUTE_MS)).toEqual({ known: undefined, upMs: 0, gaps: [] });
});

test('a short run before the period does not change how the gap after a longer one began', () => {
  const { gaps } = of([run('00:00', '20:00'), run('01:00', '02:00', '02:00')], { ...DAY, from: at('06:00') });
  expect(gaps).toEqual([{ from: at('20:00'), to: at('23:00'), wasOrdered: false }]);
});

test('a run that ended before the period says how the gap at its beginning began', () => {
  const { gaps } = of([run('00:00', '05:00', '05:00'), run('09:00', '23:00')], { ...DAY, from: at('06:00') });
  expect(gaps).toEqual([{ from: at('06:00'), to: at('09:00'), wasOrdered: true }]);
});

test('a time between two reports of a living process is no gap', () => {
  expect(of([run('00:00', '22:59')]).gaps).toEqual([]);
});
