import { stringify } from 'csv-stringify/sync';
import { writeXlsx } from 'hucre/xlsx';
import { inOldEncoding } from '#kit/testing';

/** One dossier as an office writes it in its monthly table. Times are `dd/MM/yyyy HH:mm`. */
export interface SampleRow {
  readonly code: string;
  readonly service: string;
  readonly name: string;
  readonly identity: string;
  readonly received: string;
  readonly due: string;
  readonly status: string;
  readonly statusAt: string;
  readonly fee: string;
}

const HEADINGS = {
  code: 'Mã hồ sơ',
  service: 'Mã thủ tục',
  name: 'Họ và tên',
  identity: 'Số CCCD',
  received: 'Ngày tiếp nhận',
  due: 'Ngày hẹn trả',
  status: 'Trạng thái',
  statusAt: 'Ngày cập nhật',
  fee: 'Lệ phí',
} as const satisfies Record<keyof SampleRow, string>;
const KEYS = Object.keys(HEADINGS) as readonly (keyof SampleRow)[];

export const SHAPES = ['xlsx', 'tcvn3-xlsx', 'csv', 'tcvn3-csv', 'vni-csv', 'windows-1258-csv'] as const;
export type Shape = (typeof SHAPES)[number];

/** Invented rows in the shape of a district's table. */
export const SAMPLE_ROWS: readonly SampleRow[] = [
  ['0101', 'Nguyễn Văn An', '001099123456', 'Đã tiếp nhận', '1.200.000'],
  ['0102', 'Trần Thị Bưởi', '008099000042', 'Đang xử lý', '0'],
  ['0103', 'Lê Đức Thọ', '008099000043', 'Đã có kết quả', '150.000'],
].map(([number, name, identity, status, fee]) => ({
  code: `H60.09-250812-${number}`,
  service: '1.004232',
  name: name as string,
  identity: identity as string,
  received: '12/08/2025 08:15',
  due: '22/08/2025',
  status: status as string,
  statusAt: '12/08/2025 09:00',
  fee: fee as string,
}));

/** The file that an office would send, with its usual oddities: a title, a row of totals, a signature. */
export async function sampleFile(
  shape: Shape,
  rows: readonly SampleRow[] = SAMPLE_ROWS,
): Promise<{ readonly name: string; readonly bytes: Uint8Array }> {
  const encode = shape.startsWith('tcvn3')
    ? old('tcvn3')
    : shape.startsWith('vni')
      ? old('vni')
      : (text: string) => text;
  const table = [
    ['', 'UBND HUYỆN YÊN SƠN'],
    ['', 'Danh sách hồ sơ tháng 8'],
    [],
    ['STT', ...KEYS.map((key) => HEADINGS[key])],
    ...rows.map((row, at) => [String(at + 1), ...KEYS.map((key) => row[key])]),
    ['', 'Tổng cộng'],
    ['', '', '', 'Người lập biểu'],
  ].map((cells) => cells.map(encode));
  if (shape.endsWith('xlsx'))
    return { name: `${shape}.xlsx`, bytes: await writeXlsx({ sheets: [{ name: 'T8', rows: table }] }) };
  const text = stringify(table, { delimiter: ';', record_delimiter: '\r\n' });
  return { name: `${shape}.csv`, bytes: bytesOf(shape, text) };
}

const old = (encoding: 'tcvn3' | 'vni') => (text: string) => inOldEncoding(text, encoding);

function bytesOf(shape: Shape, text: string): Uint8Array {
  if (shape === 'windows-1258-csv') return inWindows1258(text);
  return Buffer.from(text, shape === 'csv' ? 'utf8' : 'latin1');
}

/** Letters as one byte each, tones as a byte after their letter (Windows-1258). */
function inWindows1258(text: string): Uint8Array {
  const decoder = new TextDecoder('windows-1258');
  const bytes = new Map(Array.from({ length: 256 }, (_, byte) => [decoder.decode(Uint8Array.of(byte)), byte]));
  const letters = [...text].flatMap((letter) => (bytes.has(letter) ? [letter] : apart(letter)));
  return Uint8Array.from(letters, (letter) => bytes.get(letter) ?? 0x3f);
}

const TONE = /[\u0300\u0301\u0303\u0309\u0323]/;

/** A letter and its tone. */
function apart(letter: string): readonly string[] {
  const parts = letter.normalize('NFD');
  const tone = TONE.exec(parts)?.[0] ?? '';
  return [parts.replace(TONE, '').normalize('NFC'), tone].filter((part) => part !== '');
}
