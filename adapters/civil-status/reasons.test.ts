import { expect, it } from 'vitest';
import { cpuMsOf } from '../../tests/support/measures.ts';
import { complaintOf, reasonsIn } from './reasons.ts';

it.each([
  ['Hồ sơ H60.01-250812-0035 đã tồn tại', 'taken-before'],
  ['Hồ sơ đã tồn tại', 'taken-before'],
  ['Đã tồn tại hồ sơ này', 'taken-before'],
  ['Mã hồ sơ không tồn tại', 'other'],
  ['Tài khoản đã tồn tại trước hồ sơ', 'other'],
])('%j is %s', (reason, kind) => expect(complaintOf(reason)).toBe(kind));

it('a page of repeated words is read in linear time', () => {
  expect(cpuMsOf(() => expect(complaintOf('hồ sơ '.repeat(100_000))).toBe('other'))).toBeLessThan(1_000);
});

it('finds complaints in lists and objects, and survives any nesting', () => {
  expect(reasonsIn([{ errors: ['Thiếu mã. ', { more: 'Sai ngày' }] }])).toEqual(['Thiếu mã', 'Sai ngày']);
  const deep = JSON.parse(`${'{"errors":'.repeat(20_000)}"Thiếu mã"${'}'.repeat(20_000)}`);
  expect(reasonsIn(deep, 'Sai ngày')).toEqual(['Sai ngày']);
});
