import { expect, test } from 'vitest';
import { NO_CODES } from '#core/identifiers/codes';
import { readXml } from '../kit/xml/read-xml.ts';
import { type FillOptions, fill } from './fill.ts';
import type { Fields } from './settings.ts';

const options: FillOptions = { settings: { system: 'tested' }, codes: NO_CODES, way: 'read' };

test('a nil entry of a list is absent, and an unknown one is seen', () => {
  const { hoSo } = readXml(
    '<hoSo xmlns:i="urn:i"><lePhi i:nil="true"/><lePhi><ten>Lệ phí</ten></lePhi><lePhi><moi>1</moi></lePhi></hoSo>',
  );
  const { record } = fill({ fees: { each: 'lePhi', fields: { name: 'ten' } } }, hoSo, options);
  expect(record).toEqual({ fees: [{ name: 'Lệ phí' }, {}] });
});

test('a value beside a path is its default; null leaves it out', () => {
  const fields = { agencyCode: { from: 'maCoQuan', value: 'H60.02' }, note: { from: 'ghiChu', value: null } };
  const filled = (text: string) => fill(fields, readXml(text).hoSo, options).record;
  expect(filled('<hoSo><maCoQuan/></hoSo>')).toEqual({ agencyCode: 'H60.02' });
  expect(filled('<hoSo><maCoQuan>H60.05</maCoQuan><ghiChu>x</ghiChu></hoSo>')).toEqual({
    agencyCode: 'H60.05',
    note: 'x',
  });
});

test('numbers and booleans are written as JSON; a number that JSON changes is a problem', () => {
  const write: FillOptions = { ...options, way: 'write' };
  const fields = { trang: { from: 'page', as: 'number' }, gap: { from: 'urgent', as: 'boolean' } } as const;
  expect(fill(fields, { page: 2, urgent: true }, write).record).toEqual({ trang: 2, gap: true });
  for (const text of ['007', '12345678901234567890', '1e3', 'hai']) {
    const { record, problems } = fill({ ma: { from: 'ma', as: 'number' } }, { ma: text }, write);
    expect([record, problems.map(({ path }) => path)]).toEqual([{}, ['/ma']]);
  }
});

test('a dot makes a list of one from the table’s own source', () => {
  const fields = { data: { each: '.', fields: { MaHoSo: 'code', Ten: 'record.name' } } };
  expect(fill(fields, { code: 'A', record: { name: 'B' } }, { ...options, way: 'write' }).record).toEqual({
    data: [{ MaHoSo: 'A', Ten: 'B' }],
  });
});

test('a date may be milliseconds since 1970, and is written as a number if wanted', () => {
  const fields = { at: { from: 'at', date: 'epoch-ms', as: 'number' } } as unknown as Fields;
  const read = (at: unknown) => fill(fields, { at }, options);
  for (const at of [1754961300000, '1754961300000', '/Date(1754961300000+0700)/'])
    expect(read(at).record).toEqual({ at: '2025-08-12T08:15:00+07:00' });
  for (const at of [0, '', null, '/Date(-62135596800000)/'])
    expect(read(at)).toMatchObject({ record: {}, problems: [] });
  for (const at of ['2025-08-12', 99999999999999, 1.5]) expect(read(at).problems).toHaveLength(1);
  const written = fill(fields, { at: '2025-08-12T08:15:00+07:00' }, { ...options, way: 'write' });
  expect(written.record).toEqual({ at: 1754961300000 });
});

test('a value that is no moment is not written as a date, nor a day where the form has a time', () => {
  const write: FillOptions = { ...options, way: 'write' };
  const written = (date: string, at: string) => fill({ at: { from: 'at', date } } as unknown as Fields, { at }, write);
  for (const date of ['instant', 'epoch-s', 'epoch-ms', 'dd/MM/yyyy', 'yyyyMMddHHmmss'])
    for (const at of ['1990', '1990-05', 'chưa rõ'])
      expect(written(date, at)).toMatchObject({ record: {}, problems: [{ path: '/at', code: 'unexpected' }] });
  for (const date of ['instant', 'epoch-s', 'yyyyMMddHHmmss']) expect(written(date, '2025-08-12').record).toEqual({});
  expect(written('dd/MM/yyyy', '2025-08-12').record).toEqual({ at: '12/08/2025' });
  expect(written('dd/MM/yyyy', '2025-08-12T20:00:00Z').record).toEqual({ at: '13/08/2025' });
});

test('a sum is a number of several amounts; an amount that is no number is a problem', () => {
  const write: FillOptions = { ...options, way: 'write' };
  const fields = { phi: { from: 'fees.amountVnd', as: 'sum' } } as const;
  const sumOf = (...amounts: readonly unknown[]) =>
    fill(fields, { fees: amounts.map((amountVnd) => ({ amountVnd })) }, write);
  expect(sumOf(150_000, 100_000).record).toEqual({ phi: 250_000 });
  expect(sumOf(150_000, null).record).toEqual({ phi: 150_000 });
  expect(sumOf().record).toEqual({});
  expect(sumOf(150_000, 'miễn')).toMatchObject({ record: {}, problems: [{ path: '/fees/amountVnd' }] });
  expect(sumOf(Number.MAX_SAFE_INTEGER, 2).problems).toHaveLength(1);
});

test('one element of a list is chosen by the text of a member', () => {
  const charges = [
    { kind: 'PHI', amount: '1.250.000' },
    { kind: 'LE_PHI', amount: 150_000 },
    { kind: 'KHAC', amount: '20.000' },
  ];
  const chosen = (kind: string | string[], more: object = { as: 'vnd' }) =>
    fill({ fee: { of: 'charges', where: { kind }, from: 'amount', ...more } }, { charges }, options);
  expect(chosen('PHI').record).toEqual({ fee: 1_250_000 });
  expect(chosen(['PHI', 'KHAC'], { as: 'sum' }).record).toEqual({ fee: 1_270_000 });
  expect(chosen('KHONG_CO')).toEqual({ record: {}, problems: [], causes: [], assumed: [] });
  expect(chosen('KHONG_CO', { value: '0' })).toMatchObject({ record: { fee: '0' }, assumed: ['fee'] });
  expect(chosen(['PHI', 'KHAC'])).toMatchObject({ record: {}, problems: [{ path: '/charges/amount' }] });
  const some = { fees: { each: 'charges', where: { kind: ['PHI', 'KHAC'] }, fields: { name: 'kind' } } };
  expect(fill(some, { charges }, options).record).toEqual({ fees: [{ name: 'PHI' }, { name: 'KHAC' }] });
});

test('an amount is read from text with dots and written so; a fraction of a đồng is a problem', () => {
  const fields = { phi: { from: 'phi', as: 'vnd' } } as const;
  const read = (phi: unknown) => fill(fields, { phi }, options);
  for (const [text, amount] of [
    ['1.250.000', 1_250_000],
    ['1.250.000 đồng', 1_250_000],
    ['Miễn phí', 0],
    [50_000, 50_000],
  ] as const)
    expect(read(text).record).toEqual({ phi: amount });
  for (const text of ['1.250.000,50', '1250.5', '1.25', '-5'])
    expect(read(text)).toMatchObject({ record: {}, problems: [{ path: '/phi' }] });
  const written = (phi: unknown) => fill(fields, { phi }, { ...options, way: 'write' });
  for (const [amount, text] of [
    [1_250_000, '1.250.000'],
    [50_000, '50.000'],
    [500, '500'],
    [0, '0'],
  ])
    expect(written(amount).record).toEqual({ phi: text });
  expect(written(1.5)).toMatchObject({ record: {}, problems: [{ path: '/phi' }] });
});

// The schema lists the date forms, and its type names the first one.
const SECONDS = 'epoch-s' as 'instant';

test('seconds since 1970 are read and written, and milliseconds are no seconds', () => {
  const read = (text: string) => fill({ at: { from: 'at', date: SECONDS } }, { at: text }, options);
  expect(read('1754961300').record).toEqual({ at: '2025-08-12T08:15:00+07:00' });
  expect(read('0')).toMatchObject({ record: {}, problems: [] });
  for (const wrong of ['1754961300000', '12.5', 'x'])
    expect(read(wrong).problems).toMatchObject([
      { path: '/at', message: expect.stringContaining('seconds since 1970') },
    ]);
  const write: FillOptions = { ...options, way: 'write' };
  const field = { from: 'at', date: SECONDS, as: 'number' } as const;
  expect(fill({ at: field }, { at: '2025-08-12T08:15:00.900+07:00' }, write).record).toEqual({ at: 1_754_961_300 });
});
