import { describe, expect, test } from 'vitest';
import { DAY_MS } from '../dates/dates.ts';
import { unmappedCause } from '../problem.ts';
import { FILE_FETCHING, keepingDoubt, type Outcome, settle } from './settle.ts';

const DELAYS_MS = [5_000, 30_000, 3_600_000];
const unavailable = (retryAfterMs?: number): Outcome => ({
  kind: 'unavailable',
  reason: 'http-503',
  message: 'maintenance',
  ...(retryAfterMs !== undefined && { retryAfterMs }),
});
const unknown: Outcome = { kind: 'unknown', reason: 'no-answer', message: 'the connection was cut' };
const refused: Outcome = { kind: 'refused', reason: 'rejected', message: 'MaTTHC không tồn tại' };
const settleAfter = (outcome: Outcome, attempts: number, delaysMs: readonly number[], random: number) =>
  settle(outcome, { attempts, doubt: false }, delaysMs, random);
const cause = unmappedCause('service', '1.013225', 'no table maps 1.013225');

describe('a delivered or refused item is not retried', () => {
  test('delivered', () => {
    for (const attempts of [1, 4, 99])
      expect(settleAfter({ kind: 'delivered', reference: 'x' }, attempts, DELAYS_MS, 0.5)).toEqual({
        state: 'delivered',
      });
  });

  test('refused, even with attempts left', () => {
    expect(settleAfter(refused, 1, DELAYS_MS, 0)).toEqual({ state: 'refused' });
    expect(settleAfter(refused, 99, DELAYS_MS, 0)).toEqual({ state: 'refused' });
  });

  test('refused for a cause that an operator can settle is held under that cause', () => {
    expect(settleAfter({ ...refused, cause }, 1, DELAYS_MS, 0)).toEqual({ state: 'held', cause, doubt: false });
    expect(settleAfter({ ...refused, cause }, 99, [], 0)).toEqual({ state: 'held', cause, doubt: false });
  });

  test('held for an answer that nobody explained leaves a doubt', () => {
    const outcome: Outcome = { ...refused, reason: 'answer-unknown', cause };
    expect(settleAfter(outcome, 1, DELAYS_MS, 0)).toEqual({ state: 'held', cause, doubt: true });
  });
});

describe('a failed attempt is retried after the configured delays, then parked', () => {
  test.each([
    [1, 5_000],
    [2, 30_000],
    [3, 3_600_000],
  ])('after attempt %i: %i ms', (attempts, afterMs) => {
    expect(settleAfter(unavailable(), attempts, DELAYS_MS, 0)).toEqual({ state: 'due', afterMs, doubt: false });
    expect(settleAfter(unknown, attempts, DELAYS_MS, 0)).toEqual({ state: 'due', afterMs, doubt: true });
  });

  test('after the last delay it is parked, even if the partner asked for a later time', () => {
    expect(settleAfter(unavailable(), 4, DELAYS_MS, 0)).toEqual({ state: 'parked' });
    expect(settleAfter(unavailable(60_000), 4, DELAYS_MS, 0)).toEqual({ state: 'parked' });
    expect(settleAfter(unknown, 5, DELAYS_MS, 0)).toEqual({ state: 'parked' });
    expect(settleAfter(unavailable(), 1, [], 0)).toEqual({ state: 'parked' });
  });

  test('an attempt in doubt waits as long as the partner asked', () => {
    const outcome = keepingDoubt({ doubt: true }, unavailable(60_000));
    expect(outcome).toEqual({ ...unavailable(60_000), kind: 'unknown' });
    expect(settleAfter(outcome, 1, DELAYS_MS, 0)).toEqual({ state: 'due', afterMs: 60_000, doubt: true });
  });

  test('an attempt in doubt that the hub itself held back, or that the partner stopped, stays what it is', () => {
    for (const outcome of [
      { ...unavailable(), reason: FILE_FETCHING } as Outcome,
      { ...unavailable(), pauses: true } as Outcome,
      refused,
      { kind: 'delivered' } as Outcome,
    ])
      expect(keepingDoubt({ doubt: true }, outcome)).toBe(outcome);
  });

  test('doubt from before remains until an attempt gets through', () => {
    const before = { attempts: 1, doubt: true };
    const pausing = { ...unavailable(), pauses: true } as Outcome;
    for (const outcome of [unavailable(), unknown, pausing, { ...refused, cause }])
      expect(settle(outcome, before, DELAYS_MS, 0)).toMatchObject({ doubt: true });
    for (const outcome of [{ kind: 'delivered' } as const, refused])
      expect(settle(outcome, before, DELAYS_MS, 0)).not.toHaveProperty('doubt');
  });

  test('only an unknown outcome leaves a doubt, and the next attempt looks up first', () => {
    expect(settleAfter(unknown, 1, DELAYS_MS, 0)).toMatchObject({ doubt: true });
    expect(settleAfter(unavailable(), 1, DELAYS_MS, 0)).toMatchObject({ doubt: false });
  });

  test('random spread adds up to a tenth of the delay', () => {
    for (const random of [0, 0.25, 0.5, 0.999_999]) {
      const settled = settleAfter(unavailable(), 3, DELAYS_MS, random);
      expect(settled).toMatchObject({ state: 'due', afterMs: Math.round(3_600_000 * (1 + random / 10)) });
    }
  });
});

test('a request to pause leaves the item due after any number of attempts', () => {
  const gone: Outcome = { kind: 'unavailable', reason: 'gone', message: 'status 410', pauses: true };
  for (const [attempts, delaysMs] of [
    [1, DELAYS_MS],
    [99, DELAYS_MS],
    [1, []],
  ] as const)
    expect(settleAfter(gone, attempts, delaysMs, 0.5)).toEqual({ state: 'due', afterMs: 5_000, doubt: false });
});

describe('the partner’s Retry-After', () => {
  const afterMs = (retryAfterMs: number): unknown => settleAfter(unavailable(retryAfterMs), 1, DELAYS_MS, 0);

  test('extends the delay and never shortens it', () => {
    expect(afterMs(60_000)).toMatchObject({ afterMs: 60_000 });
    expect(afterMs(1)).toMatchObject({ afterMs: 5_000 });
  });

  test('is at most a day, so that a nonsense header delays no dossier for centuries', () => {
    for (const ms of [DAY_MS + 1, 99_999_999_999_000, 1e300, Number.POSITIVE_INFINITY])
      expect(afterMs(ms)).toMatchObject({ afterMs: DAY_MS });
    expect(settleAfter(unavailable(1e15), 1, [2 * DAY_MS], 0)).toMatchObject({ afterMs: 2 * DAY_MS });
  });

  test('is ignored if it is no time', () => {
    for (const ms of [Number.NaN, -1, Number.NEGATIVE_INFINITY, 0])
      expect(afterMs(ms)).toMatchObject({ afterMs: 5_000 });
  });
});
