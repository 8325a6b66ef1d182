import adapter from '../../adapters/file-drop/adapter.ts';
import settings from '../../adapters/file-drop/parties/water-permits.json' with { type: 'json' };
import type { Adapter } from '../../src/kit/adapter.ts';
import type { Partner } from './hub.ts';

/** A party that uploads its files, and its configuration. */
export const WATER: Partner = { sent: [], script: [], adapter: adapter as Adapter };
export const WATER_ENTRY = { title: 'Cấp phép tài nguyên nước', settings: { ...settings, place: undefined } };

export const HEAD = [
  ...['STT', 'Mã hồ sơ', 'Mã thủ tục', 'Tên tổ chức, cá nhân', 'Số CCCD', 'Điện thoại', 'Địa chỉ'],
  ...['Ngày tiếp nhận', 'Ngày hẹn trả', 'Trạng thái', 'Ngày cập nhật', 'Lệ phí'],
];
export type Cell = string | number | null;

/** A row of the table of adapters/file-drop/parties/water-permits.json. */
export const rowOf = (number: number, changes: Readonly<Record<string, Cell>> = {}): Cell[] => {
  const cells: Record<string, Cell> = {
    STT: number,
    'Mã hồ sơ': `H60.09-250812-00${number}`,
    'Mã thủ tục': '1.004232',
    'Tên tổ chức, cá nhân': 'Nguyễn Văn An',
    'Số CCCD': '001099123456',
    'Điện thoại': '0912345678',
    'Địa chỉ': 'Tổ 5, phường Minh Xuân',
    'Ngày tiếp nhận': 45881.34375,
    'Ngày hẹn trả': '22/8/2025',
    'Trạng thái': 'Đã tiếp nhận',
    'Ngày cập nhật': '12/08/2025 08:15',
    'Lệ phí': '1.200.000',
    ...changes,
  };
  return HEAD.map((title) => cells[title] ?? null);
};

/** A table with one good row, and one of each problem. */
export const THREE_BAD_ROWS = [
  HEAD,
  rowOf(11),
  rowOf(13, { 'Số CCCD': 1099123456 }),
  rowOf(14, { 'Trạng thái': 'Đang thẩm định' }),
  rowOf(15, { 'Ngày cập nhật': '31/02/2025' }),
];
