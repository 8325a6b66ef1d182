import { writeXlsx } from 'hucre/xlsx';
import { describe, expect, test } from 'vitest';
import type { Item } from '#kit';
import { contractTest, type TestConnectionOptions, testConnection } from '#kit/testing';
import adapter from './adapter.ts';
import example from './parties/water-permits.json' with { type: 'json' };
import type { Settings } from './settings.ts';
import { SAMPLE_ROWS, SHAPES, sampleFile } from './simulator/samples.ts';

const { place: _, ...uploaded } = example as Settings;
const connect = (_url: string, options: TestConnectionOptions) => testConnection<Settings>(uploaded, options);

await contractTest({ folder: import.meta.dirname, adapter, connect });

const read = async (name: string, bytes: Uint8Array, settings: object = {}) => {
  const connection = connect('', { settings: settings as Readonly<Record<string, unknown>> });
  const drop = await adapter.drops?.read(connection, { name, bytes }, 'dossiers');
  if (!drop) throw new Error('the adapter reads no files');
  return drop;
};
const names = (items: readonly Item[]) =>
  items.map((item) => (item.kind === 'record' && 'applicant' in item.record ? item.record.applicant?.name : item.kind));
const problemsOf = (items: readonly Item[]) =>
  items.flatMap((item) => (item.kind === 'record' ? [] : item.problems.map(({ path, code }) => `${path} ${code}`)));
type Cell = string | number | Date | boolean | null;
const workbook = (rows: Cell[][], dateSystem: '1900' | '1904' = '1900') =>
  writeXlsx({ dateSystem, sheets: [{ name: 'T8', rows }] });

const HEAD = [
  'Mã hồ sơ',
  'Mã thủ tục',
  'Họ và tên',
  'Số CCCD',
  'Ngày tiếp nhận',
  'Hạn trả',
  'Tình trạng',
  'Ngày cập nhật',
];
const row = (number: number, ...rest: Cell[]) => [
  `H60.09-250812-0${number}`,
  '1.004232',
  ...['Nguyễn Văn An', '001099123456', '12/08/2025', '22/08/2025', 'Đang xử lý', '12/08/2025'].map((cell, at) =>
    rest[at] === undefined ? cell : rest[at],
  ),
];

describe('text', () => {
  test.each(SHAPES)('a file in the shape %s gives the same records in Unicode', async (shape) => {
    const { name, bytes } = await sampleFile(shape);
    const { items, refused } = await read(name, bytes);
    expect(refused).toBeUndefined();
    expect(names(items)).toEqual(SAMPLE_ROWS.map((one) => one.name));
    expect(items.map((item) => item.kind === 'record' && 'status' in item.record && item.record.status)).toEqual([
      ...['received', 'processing', 'resolved'],
    ]);
  });

  test.each([
    [';', ',,,,,,,,,,,,'],
    ['\t', ';;;;;;;;;;;;'],
    [',', ';;;;;;;;;;;;'],
  ])('the delimiter %j of the headings is used, whatever a note contains', async (mark, note) => {
    const text = [[note], HEAD, row(101)].map((cells) => cells.map((cell) => `"${cell}"`).join(mark)).join('\n');
    const found = [await read('a.csv', Buffer.from(text)), await read('a.csv', Buffer.from(text.replaceAll('"', '')))];
    expect(found.map(({ items }) => names(items))).toEqual([['Nguyễn Văn An'], ['Nguyễn Văn An']]);
  });

  test('UTF-16 with and without its mark is read', async () => {
    const { bytes } = await sampleFile('csv');
    const text = Buffer.from(bytes).toString();
    for (const given of [`\ufeff${text}`, text])
      expect(names((await read('a.csv', Buffer.from(given, 'utf16le'))).items)).toEqual(
        SAMPLE_ROWS.map(({ name }) => name),
      );
  });

  test('bytes of no certain encoding refuse the file', async () => {
    const bytes = Buffer.from(
      `${HEAD.map((title) => title.normalize('NFD').replace(/[^ -~]/g, '')).join(';')}\nH;1;\xff\xfe\x9d`,
      'latin1',
    );
    expect((await read('a.csv', bytes)).refused).toMatchObject([{ code: 'file-encoding' }]);
  });

  test('a short text in a column of TCVN3 is repaired with it, and waits where the column has Unicode too', async () => {
    const old = ['NguyÔn V¨n An', 'Cô'];
    const pure = await read('a.xlsx', await workbook([HEAD, ...old.map((name, at) => row(101 + at, name))]));
    expect(names(pure.items)).toEqual(['Nguyễn Văn An', 'Cụ']);
    const mixed = await read(
      'a.xlsx',
      await workbook([HEAD, ...[...old, 'Trần Thị Bưởi'].map((name, at) => row(101 + at, name))]),
    );
    expect(names(mixed.items)).toEqual(['Nguyễn Văn An', 'waiting', 'Trần Thị Bưởi']);
    expect(problemsOf(mixed.items)).toEqual(['/sheet1/C3 doubtful-text']);
  });
});

describe('cells', () => {
  test.each([
    ['d/M/yyyy H:mm', 45881.34375, '2025-08-12T08:15:00+07:00'],
    ['dd/MM/yyyy HH:mm', 45881, '2025-08-12T00:00:00+07:00'],
    ['dd/MM/yyyy HH:mm', new Date(Date.UTC(2025, 7, 12)), '2025-08-12T00:00:00+07:00'],
  ] as const)('a field whose only form is %s reads the Excel date %s', async (date, cell, receivedAt) => {
    const { dossiers } = uploaded.pull;
    const pull = { dossiers: { ...dossiers, fields: { ...dossiers?.fields, receivedAt: { from: 'received', date } } } };
    const { items } = await read('a.xlsx', await workbook([HEAD, row(101, null, null, cell)]), { pull });
    expect(items).toMatchObject([{ kind: 'record', record: { receivedAt } }]);
  });

  test.each([
    ['a text', '12/08/2025 08:15'],
    ['a text with single digits', '12/8/2025 8:15'],
    ['a date', new Date(Date.UTC(2025, 7, 12, 8, 15))],
    ['a serial number', 45881.34375],
  ])('%s is the same moment', async (_name, cell) => {
    for (const system of ['1900', '1904'] as const) {
      const given = typeof cell === 'number' && system === '1904' ? cell - 1462 : cell;
      const { items } = await read('a.xlsx', await workbook([HEAD, row(101, null, null, given)], system));
      expect(items).toMatchObject([{ kind: 'record', record: { receivedAt: '2025-08-12T08:15:00+07:00' } }]);
    }
  });

  test.each(['12-08-2025 08:15:00', '12-8-2025 8:15:00', '12/08/2025 08:15:00'])(
    'a field whose form has hyphens reads %s',
    async (cell) => {
      const { dossiers } = uploaded.pull;
      const receivedAt = { from: 'received', date: 'dd-MM-yyyy HH:mm:ss' as const };
      const pull = { dossiers: { ...dossiers, fields: { ...dossiers?.fields, receivedAt } } };
      const { items } = await read('a.xlsx', await workbook([HEAD, row(101, null, null, cell)]), { pull });
      expect(items).toMatchObject([{ kind: 'record', record: { receivedAt: '2025-08-12T08:15:00+07:00' } }]);
    },
  );

  test('a number in a column of codes, a date among texts and an impossible date are refused with their cells', async () => {
    const rows = [row(101, null, 1099123456), row(102, new Date(0)), row(103, null, null, '31/02/2025')];
    const { items } = await read('a.xlsx', await workbook([HEAD, ...rows]));
    expect(problemsOf(items)).toEqual(['/sheet1/D2 cell-number', '/sheet1/C3 cell-date', '/sheet1/E4 any-of']);
  });
});

describe('tables', () => {
  test('headings in two rows, groups, empty rows and totals are no records', async () => {
    const top = [
      'Mã hồ sơ',
      'Mã thủ tục',
      'Người nộp',
      null,
      'Ngày tiếp nhận',
      'Hạn trả',
      'Tình trạng',
      'Ngày cập nhật',
    ];
    const below = [null, null, 'Họ và tên', 'Số CCCD', null, null, null, null];
    const drop = await read(
      'a.xlsx',
      await workbook([
        ['DANH SÁCH'],
        top,
        below,
        ['I. Đất đai'],
        row(101),
        [],
        row(102),
        ['Tổng số', null, '2'],
        [null, 'Người lập'],
      ]),
    );
    expect(drop.places).toEqual([5, 7].map((row) => ({ sheet: 'T8', row })));
    expect(names(drop.items)).toEqual(['Nguyễn Văn An', 'Nguyễn Văn An']);
  });

  test.each(['Công ty Cấp nước', 'Tống Văn An', 'Tổng công ty Điện lực', 'Cộng đồng dân cư tổ 5'])(
    'a row of %s is no total, whatever its code',
    async (name) => {
      const rows: Cell[][] = [HEAD, row(101), ['HS-7', ...row(102, name).slice(1)]];
      const nameSecond = rows.map(([code = '', service = '', person = '', ...others]) => [
        code,
        person,
        service,
        ...others,
      ]);
      const { items } = await read('a.xlsx', await workbook(nameSecond));
      expect(problemsOf(items)).toEqual(['/sheet1/A3 unexpected']);
    },
  );

  test.each(['Tổng cộng (2 hồ sơ)', 'TỔNG SỐ HỒ SƠ', 'Cộng: 2', 'Tổng', 'TONG CONG'])(
    '%s begins a row of totals',
    async (words) => {
      const { items } = await read('a.xlsx', await workbook([HEAD, row(101), [words, ...row(102).slice(1)]]));
      expect(names(items)).toEqual(['Nguyễn Văn An']);
    },
  );

  test.each<[string, Cell[]]>([
    ['numbers in brackets', HEAD.map((_, at) => `(${at + 1})`)],
    ['numbers', HEAD.map((_, at) => at + 1)],
    ['values of other columns only', [...HEAD.map(() => null), 'Số', 'Ngày']],
  ])('a row below the headings with %s is no record', async (_name, below) => {
    const others = ['Văn bản', 'Ghi chú'];
    const drop = await read('a.xlsx', await workbook([[...HEAD, ...others], below, row(101)]));
    expect(drop.items.map(({ kind }) => kind)).toEqual(['record']);
    expect(drop.report([], '2025-08-13T10:00:00+07:00', false)).toMatch(/T8 2/);
  });

  test('a record that lacks its code is invalid, also at the end', async () => {
    const { items } = await read('a.xlsx', await workbook([HEAD, row(101), [null, ...row(102).slice(1)]]));
    expect(problemsOf(items)).toEqual(['/sheet1/A3 missing']);
  });

  test('missing and doubled headings are named', async () => {
    const missing = await read('a.xlsx', await workbook([HEAD.slice(1), row(101).slice(1)]));
    expect(missing.refused).toMatchObject([{ code: 'headings-missing', args: { list: ['Mã hồ sơ'] } }]);
    const twice = await read(
      'a.xlsx',
      await workbook([
        [...HEAD, 'Số hồ sơ'],
        [...row(101), 'x'],
      ]),
    );
    expect(twice.refused).toMatchObject([{ code: 'heading-twice' }]);
  });
});

describe('a whole file', () => {
  test('is refused for one invalid row if the settings say so', async () => {
    const bytes = await workbook([HEAD, row(101), row(102, null, 5)]);
    const { refused, items } = await read('a.xlsx', bytes, { wholeOrNothing: true });
    expect(refused?.map(({ code }) => code)).toEqual(['file-rows-invalid', 'cell-number']);
    expect(items.map(({ kind }) => kind)).toEqual(['invalid']);
  });

  test.each([
    ['a.xlsx', 'PK\u0003\u0004 and no more', 'file-damaged'],
    ['a.xls', 'no workbook', 'file-damaged'],
    ['a.docx', 'x', 'file-kind'],
    ['a.csv', '', 'drop-empty'],
    ['a.csv', 'a;"b\nc', 'file-quotes'],
    ['a.xml', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 'file-without-records'],
  ])('%s with %j is refused', async (name, text, code) => {
    expect((await read(name, Buffer.from(text))).refused).toMatchObject([{ code }]);
  });

  test('XML is read by its path, and a document with entities is refused', async () => {
    const pull = {
      dossiers: {
        ...uploaded.pull.dossiers,
        columns: undefined,
        records: 'DS.HS',
        fields: {
          code: 'Ma',
          serviceCode: 'TT',
          agencyCode: { value: 'H60.09' },
          status: { value: 'received' },
          statusAt: { from: 'Ngay', date: 'dd/MM/yyyy' as const },
        },
      },
    };
    const xml = (start: string, code: string) =>
      Buffer.from(`${start}<DS><HS><Ma>${code}</Ma><TT>1.004232</TT><Ngay>12/08/2025</Ngay></HS></DS>`);
    expect((await read('a.xml', xml('', 'H60.09-250812-0101'), { pull })).items).toMatchObject([{ kind: 'record' }]);
    expect(problemsOf((await read('a.xml', xml('', ''), { pull })).items)).toEqual(['/sheet1/row1/Ma missing']);
    expect((await read('a.xml', xml('<!DOCTYPE DS [<!ENTITY b "c">]>', '&b;'), { pull })).refused).toMatchObject([
      { code: 'file-damaged' },
    ]);
  });

  test('no cell of a report is a formula', async () => {
    const name = '=HYPERLINK("http://evil.example";"x").csv';
    const { report } = await read(name, Buffer.from('x'));
    expect(report([], '2025-08-13T10:00:00+07:00', false)).not.toMatch(/^=|;=|;"=/m);
  });
});
