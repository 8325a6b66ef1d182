import { expect, test } from 'vitest';
import { firstErrorIn, verdictsOf } from './verdicts.ts';

const CODE = 'H60.01-250812-0035';

test.each([
  [{ MaHoSo: CODE, error_code: 0 }, { kind: 'held' }],
  [{ MaHoSo: CODE, error_code: '00' }, { kind: 'held' }],
  [
    { MaHoSo: ` ${CODE.toLowerCase()} `, error_code: '-3', message: ' Sai ' },
    { kind: 'error', code: '-3', message: 'Sai' },
  ],
  [
    { MaHoSo: CODE, error_code: '-3', message: { toString: 1 } },
    { kind: 'error', code: '-3', message: '{"toString":1}' },
  ],
  // As the hub's own door in this dialect answers.
  [{ MaHoSo: CODE, index: 0, outcome: 'quarantined', problems: [] }, { kind: 'held' }],
  [
    { MaHoSo: CODE, index: 0, outcome: 'invalid', problems: [{ path: '/status', message: 'unknown' }] },
    { kind: 'error', code: 'invalid', message: '/status unknown' },
  ],
])('%j is a verdict on its item', (entry, verdict) => {
  expect([...verdictsOf([entry])]).toEqual([[CODE, verdict]]);
});

test.each([[{ MaHoSo: CODE }], [{ error_code: 0 }], ['text'], [null], [{ MaHoSo: 5, error_code: 0 }]])(
  '%j is no verdict on any item',
  (entry) => {
    expect(verdictsOf([entry]).size).toBe(0);
  },
);

const FAULT = { error_code: '-3', message: 'Sai' };

test.each([
  [{ HOIDAPID: 12, ...FAULT }],
  [{ MaHoSo: 5, ...FAULT }],
  [{ MaHoSo: CODE, ...FAULT }],
  [FAULT],
  [{ HOIDAPID: '12', outcome: 'invalid', problems: [{ path: '', message: 'Sai' }] }],
])('%j is an error, whatever names its item', (entry) => {
  expect(firstErrorIn([{ MaHoSo: CODE, error_code: 0 }, entry])).toMatchObject({ kind: 'error', message: 'Sai' });
});

test('an item with its own entry does not count where others are asked for', () => {
  expect(firstErrorIn([{ MaHoSo: ` ${CODE}`, ...FAULT }], new Set([CODE]))).toBeUndefined();
});
