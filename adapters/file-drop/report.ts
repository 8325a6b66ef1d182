import { stringify } from 'csv-stringify/sync';
import { formatLocal, type HubQueries } from '#kit';
import type { ReadFile } from './read-file.ts';
import type { List } from './settings.ts';
import type { FileRow } from './table.ts';

type Result = Awaited<ReturnType<HubQueries['results']>>[number];
type Read = Extract<ReadFile, { rows: unknown }>;

/** What the report says of the file as a whole. */
export interface FileFacts {
  readonly name: string;
  /** Undefined if the file was too large to be read. */
  readonly sha256: string | undefined;
  /** When the hub took it. */
  readonly at: string;
  /** The same file was taken before. */
  readonly isRepeat: boolean;
  readonly list: List | undefined;
}

const OUTCOMES = {
  new: 'Mới',
  changed: 'Cập nhật',
  same: 'Không đổi',
  stale: 'Cũ hơn dữ liệu đang có',
  quarantined: 'Chờ xử lý',
  invalid: 'Không hợp lệ',
} as const satisfies Record<Result['effect'], string>;
const TAKEN: readonly Result['effect'][] = ['new', 'changed', 'same'];

/**
 * The report of a file for the office that sent it, in Vietnamese: counts, then each row that was not taken or has a warning,
 * with its cell. CSV in UTF-8 with a byte order mark and semicolons, as Excel reads it here. No cell is a formula.
 */
export function reportOf(facts: FileFacts, read: ReadFile, results: readonly Result[]): string {
  const lines =
    'refused' in read
      ? [...headOf(facts, true), ...whyRefused(read, results)]
      : [...headOf(facts, false), ...rowsOf(facts, read, results)];
  return stringify(lines, { bom: true, delimiter: ';', escape_formulas: true, record_delimiter: '\r\n' });
}

type Line = readonly (string | number)[];

function headOf({ name, sha256, at, isRepeat }: FileFacts, isRefused: boolean): readonly Line[] {
  const verdict = isRefused ? 'Bị từ chối, không dòng nào được nhận' : 'Đã nhận';
  return [
    ['Báo cáo nhận tệp'],
    ['Tệp', name],
    ...(sha256 === undefined ? [] : [['SHA-256', sha256]]),
    ['Thời điểm', formatLocal('dd/MM/yyyy HH:mm', at)],
    ['Kết quả', isRepeat ? `${verdict} từ trước: tệp này trùng một tệp đã nhận` : verdict],
  ];
}

const TABLE_HEAD: Line = ['Trang tính', 'Ô', 'Mã hồ sơ', 'Kết quả', 'Lý do'];

function whyRefused(
  { refused }: Extract<ReadFile, { refused: unknown }>,
  [result]: readonly Result[],
): readonly Line[] {
  const said = result?.problems ?? refused.map(({ path, message }) => ({ path, text: message }));
  return [[], TABLE_HEAD, ...said.map(({ path, text }) => ['', cellIn(path), '', OUTCOMES.invalid, text])];
}

function rowsOf(facts: FileFacts, read: Read, results: readonly Result[]): readonly Line[] {
  const counts = Object.entries(OUTCOMES).map(([effect, label]) => [
    label,
    results.filter((one) => one.effect === effect).length,
  ]);
  return [
    ['Số dòng đọc được', read.rows.length],
    ...counts,
    ...notesOf(facts, read),
    [],
    TABLE_HEAD,
    ...read.rows.flatMap((row, at) => linesOf(row, read, results[at])),
  ];
}

function notesOf({ list }: FileFacts, { rows, sheets, skipped, unread }: Read): readonly Line[] {
  const repaired = new Map<string, number>();
  for (const { repaired: columns = {} } of rows)
    for (const [column, kind] of Object.entries(columns)) {
      const key = `${titleOf(list, column)} (${kind.toUpperCase()})`;
      repaired.set(key, (repaired.get(key) ?? 0) + 1);
    }
  const places = skipped.map(({ sheet, row }) => `${sheets[sheet - 1]?.name ?? ''} ${row}`.trim());
  return [
    ...[...repaired].map(([column, count]) => ['Cột đã chuyển sang Unicode', `${column}: ${count} ô`]),
    ...(places.length > 0 ? [['Dòng không phải hồ sơ (tiêu đề nhóm, tổng cộng, ký tên)', places.join(', ')]] : []),
    ...(unread.length > 0 ? [['Trang tính không đọc', unread.join(', ')]] : []),
  ];
}

function titleOf(list: List | undefined, name: string): string {
  const column = list?.columns?.[name];
  const titles = typeof column === 'object' && 'titles' in column ? column.titles : column;
  return [titles ?? name].flat()[0] ?? name;
}

/** The lines of a row that was not taken, or that has warnings. */
function linesOf(row: FileRow, { sheets }: Read, result: Result | undefined): readonly Line[] {
  if (result === undefined) return [];
  const sheet = sheets[row.sheet - 1]?.name ?? '';
  const label = OUTCOMES[result.effect];
  const said = [...result.problems, ...result.warnings.filter(isOfTheCell)];
  const lines = said.map(({ path, text }): Line => [sheet, cellIn(path) || row.row, result.code ?? '', label, text]);
  return lines.length > 0 || TAKEN.includes(result.effect) ? lines : [[sheet, row.row, result.code ?? '', label, '']];
}

/** Repaired columns are counted above. That the catalogue lacks a service is no concern of the office. */
function isOfTheCell({ path, code }: Result['warnings'][number]): boolean {
  return path.startsWith('/sheet') && code !== 'repaired-text';
}

/** `C5` of `/sheet1/C5`, and the row's number of `/sheet1/row5`. */
function cellIn(path: string): string {
  const [, , cell = ''] = path.split('/');
  return cell.replace(/^row/, '');
}
