import { expect, test } from 'vitest';
import { alphabetKey } from './alphabet.ts';

test('keys are in the order of the Vietnamese alphabet, and numbers in the order of their values', () => {
  const names = [
    ...['Ủy ban nhân dân xã Đồng Yên', 'Ủy ban nhân dân xã Dào San', 'Ủy ban nhân dân xã Dương Sơn', 'Ea Kar'],
    ...['Ủy ban nhân dân phường Hà Giang 10', 'Ủy ban nhân dân phường Hà Giang 2', 'Công an tỉnh', 'Âu Lâu'],
    ...['An Tường', 'Ăng Khỏe', 'Ơ Đu', 'Ô Lâu', 'Ơn', 'On', 'Ông', 'Ưu Thế', 'Uông Bí', 'Sở Y tế', 'Sở Xây dựng'],
    ...['Đà', 'Da', 'Đa', 'Dã', 'Êban', 'Em'],
  ];
  const collator = new Intl.Collator('vi', { numeric: true });
  const byKey = [...names].sort((a, b) => (alphabetKey(a) < alphabetKey(b) ? -1 : 1));
  expect(byKey).toEqual([...names].sort(collator.compare));
});
