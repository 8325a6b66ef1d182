import { expect, it } from 'vitest';
import { amountText } from './amount.ts';

/** 1 to 1e15: both ends of each number of digits. */
const AMOUNTS = Array.from({ length: 16 }, (_, digits) => 10 ** digits).flatMap((power) => [power, power - 1 || 1]);

it('an amount has points between thousands, without the locale data of the runtime', () => {
  expect([7, 50_000, 1_234_567, 1e15].map(amountText)).toEqual([
    '7 đồng',
    '50.000 đồng',
    '1.234.567 đồng',
    '1.000.000.000.000.000 đồng',
  ]);
});

it.skipIf(Intl.NumberFormat.supportedLocalesOf('vi-VN').length === 0)(
  'an amount is written as stored steps have it, which the runtime’s Vietnamese locale wrote',
  () => {
    for (const amount of [...AMOUNTS, 12_345, 987_654_321])
      expect(amountText(amount)).toBe(`${amount.toLocaleString('vi-VN')} đồng`);
  },
);
