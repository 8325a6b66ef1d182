import { expect, test } from 'vitest';
import { cpuMsOf } from '../../../tests/support/measures.ts';
import { maskFileName } from './file-name.ts';

test.each([
  ['Trần Thị Bình.xlsx', 'T*** T** B***.xlsx'],
  ['ho_so_quach_thi_truc_mai_2025.xlsx', 'ho_so_q****_t**_t***_m**_2025.xlsx'],
  ['Đơn NGUYỄN VĂN AN (2).pdf', 'Đơn N***** V** A* (2).pdf'],
  ['CCCD_001099012345.csv', 'CCCD_**********45.csv'],
])('%s is shown as %s', (name, shown) => expect(maskFileName(name)).toBe(shown));

test.each([
  'hồ sơ.xlsx',
  'HỒ SƠ THÁNG 8 NĂM 2025.xlsx',
  'DANH SACH HO SO 20250812.csv',
  'Phường Minh Xuân.ods',
  'a.xlsx',
  'Tháng 8',
])('%s names nobody, and stays', (name) => expect(maskFileName(name)).toBe(name));

test('a long name is read in little time', () => {
  expect(cpuMsOf(() => maskFileName('Trần '.repeat(40)))).toBeLessThan(100);
});
