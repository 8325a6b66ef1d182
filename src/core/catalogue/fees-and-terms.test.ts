import { describe, expect, it } from 'vitest';
import { cpuMsOf } from '../../../tests/support/measures.ts';
import { parseTerm, parseVnd } from './fees-and-terms.ts';

describe('a fee that is understood is in whole đồng', () => {
  it.each([
    ['không', 0],
    ['Không'.normalize('NFD'), 0],
    ['KHÔNG THU PHÍ', 0],
    ['Không thu lệ phí', 0],
    ['Không có', 0],
    ['không có phí.', 0],
    ['Miễn phí', 0],
    ['Miễn lệ phí', 0],
    ['Miễn thu phí', 0],
    ['0', 0],
    [0, 0],
    ['0 đồng', 0],
    [20_000, 20_000],
    ['20000', 20_000],
    ['20.000', 20_000],
    ['1.000.000', 1_000_000],
    ['1,000,000', 1_000_000],
    ['1 000 000', 1_000_000],
    ['1\u00a0000\u00a0000đ', 1_000_000],
    ['20.000 đồng', 20_000],
    ['20.000đ', 20_000],
    ['20.000 Đ.', 20_000],
    ['50000 VNĐ', 50_000],
    ['50.000 VND', 50_000],
    ['50.000 ₫', 50_000],
    ['1.000.000,00', 1_000_000],
    ['1,000,000.00', 1_000_000],
    ['20000.00', 20_000],
    ['20000.0000', 20_000],
    ['20.00', 20],
    ['1.000.000.000.000.000', 1e15],
    [1e15, 1e15],
  ])('%j is %d', (value, amountVnd) => expect(parseVnd(value)).toEqual({ amountVnd }));
});

it.each(['0', '0,', "0' "])('a fee of 200,000 characters, %j repeated, is read in linear time', (piece) => {
  const text = `${piece.repeat(200_000 / piece.length)}x`;
  expect(cpuMsOf(() => expect(parseVnd(text)).toEqual({ amountVnd: null, text }))).toBeLessThan(1_000);
});

describe('a missing fee is not a fee of 0', () => {
  it.each(['', '  \u00a0', null, undefined])('%j is unknown', (value) =>
    expect(parseVnd(value)).toEqual({ amountVnd: null }),
  );

  it.each([
    'Theo quy định',
    'Theo Nghị quyết HĐND',
    'Không quy định',
    '20.000 đồng/lần',
    '20.000 - 50.000 đồng',
    '1,5 triệu đồng',
    'Từ 20.000 đồng',
    '-',
    'đồng',
  ])('%j is unknown and its text is kept', (text) => expect(parseVnd(` ${text} `)).toEqual({ amountVnd: null, text }));
});

describe('a number that is not a whole amount is an error that names it', () => {
  it.each([
    '20.5',
    '1.5',
    '20,000.50',
    '20.000,5',
    '20.5 đồng',
    '1.0000.000',
    '10.00.000',
    '1.000,000',
    '1.000.000.00',
    '-20000',
    '+20000',
    '1e6',
    '0x10',
    'NaN',
    'Infinity',
    '1.000.000.000.000.001',
    "20'000",
    '20..000',
    '.000',
  ])('%j', (text) => expect(parseVnd(text)).toMatchObject({ error: { code: 'unexpected', args: { got: text } } }));

  it.each([20.5, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e15 + 1])('%d', (value) =>
    expect(parseVnd(value)).toMatchObject({
      error: { code: 'unexpected', args: { got: Number.isFinite(value) ? value : String(value) } },
    }),
  );
});

describe('a term is a number of known units, and always the source’s text', () => {
  it.each([
    [15, 'Ngày làm việc', { amount: 15, unit: 'working-day', text: '15 Ngày làm việc' }],
    ['15', 'NGÀY LÀM VIỆC ', { amount: 15, unit: 'working-day', text: '15 NGÀY LÀM VIỆC' }],
    ['3', 'Ngày'.normalize('NFD'), { amount: 3, unit: 'day', text: `3 ${'Ngày'.normalize('NFD')}` }],
    [8, 'Giờ', { amount: 8, unit: 'hour', text: '8 Giờ' }],
    [8, 'giờ làm việc', { amount: 8, unit: 'hour', text: '8 giờ làm việc' }],
    ['2', 'Tháng', { amount: 2, unit: 'month', text: '2 Tháng' }],
    ['0,5', 'Ngày', { amount: 0.5, unit: 'day', text: '0,5 Ngày' }],
    [0, 'Ngày', { amount: 0, unit: 'day', text: '0 Ngày' }],
    [15, 'Ngày kể từ khi đủ hồ sơ', { text: '15 Ngày kể từ khi đủ hồ sơ' }],
    ['Theo quy định', 'Ngày', { text: 'Theo quy định Ngày' }],
    ['7-10', 'Ngày', { text: '7-10 Ngày' }],
    [-1, 'Ngày', { text: '-1 Ngày' }],
    [15, null, { text: '15' }],
    [15, 'constructor', { text: '15 constructor' }],
    [null, 'Trong ngày', { text: 'Trong ngày' }],
    ['', '', { text: '' }],
    [undefined, undefined, { text: '' }],
  ])('%j %j', (amount, unit, term) => expect(parseTerm(amount, unit)).toEqual(term));
});
