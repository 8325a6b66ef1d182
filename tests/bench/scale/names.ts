import type { Dice } from '../../../src/play/day/dice.ts';

/** Family names with their approximate share in percent: a few are very common, as in Việt Nam. */
const FAMILIES = [
  ['Nguyễn', 31.5],
  ['Trần', 10.9],
  ['Lê', 8.9],
  ['Phạm', 5.9],
  ['Hoàng', 5.1],
  ['Vũ', 4.9],
  ['Phan', 2.8],
  ['Trương', 2.2],
  ['Bùi', 2.1],
  ['Đặng', 1.9],
  ['Đỗ', 1.9],
  ['Ngô', 1.7],
  ['Hồ', 1.5],
  ['Dương', 1.4],
  ['Đinh', 1],
  ['Nông', 1],
  ['Hà', 1],
  ['Ma', 0.8],
  ['Triệu', 0.6],
  ['Lý', 0.5],
  ['Lục', 0.3],
  ['Quách', 0.1],
] as const;

const MIDDLES = [
  ['Thị', 33],
  ['Văn', 25],
  ['Đức', 4],
  ['Minh', 4],
  ['Hữu', 3],
  ['Quang', 3],
  ['Ngọc', 3],
  ['Xuân', 3],
  ['Thị Thu', 3],
  ['Thị Ngọc', 2],
  ['Thanh', 2],
  ['Công', 1],
  ['Thị Bích', 1],
  ['Đình', 1],
  ['Khánh', 0.5],
] as const;

const GIVEN =
  'An Anh Ánh Bắc Bích Bình Châu Chi Chiến Cường Diệp Dũng Duy Dương Đạt Đông Giang Hà Hải Hạnh Hiền Hiếu Hòa Hoa Hồng Huệ Hùng Hương Hường Huy Khánh Kiên Lan Liên Linh Loan Long Lương Ly Mai Mạnh Minh Nam Nga Ngân Nghĩa Ngọc Nguyệt Nhung Oanh Phong Phúc Phương Quân Quỳnh Sơn Tâm Tân Thảo Thắng Thành Thu Thủy Tiến Toàn Trang Trung Tú Tuấn Tùng Tuyết Uyên Vân Việt Vinh Yến'
    .split(' ')
    .map((name, at) => [name, 1 + ((at * 7) % 10)] as const);

/** The name of a person who does not exist. */
export function personName(dice: Dice): string {
  return `${dice.weighted(FAMILIES)} ${dice.weighted(MIDDLES)} ${dice.weighted(GIVEN)}`;
}
