import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { expect, test } from 'vitest';
import { joinValues, markFormula, splitValues, unmarkFormula } from './csv-cells.ts';

const FORMULAS = ['=1', '+84912345678', '-Đặng Thị Ửng', '@SUM(A1)', '\tx', '\rx', '＝1', '＋1', '－1', '＠x'];
const INSIDE = ['Ghi chú;=1', "a;'=1", 'a\t=1', '1,-2', 'a\r\n+1', ';;@x', ';\t\t=', "a;''b;-c"];
const OTHERS = ['', "'", "''", "'n", "''Giấy phép'' số 5", "'' =", 'a=b', '|', '\\'];

test('no text begins like a formula, also where others divide cells, and each comes back unchanged', () => {
  const texts = [
    ...INSIDE,
    ...FORMULAS,
    ...FORMULAS.flatMap((text) => [`'${text}`, `''${text}`, `'''${text}`]),
    ...OTHERS,
  ];
  const cells = texts.map(markFormula);
  expect(cells.filter((cell) => cell.split(/[,;\t\r\n]/).some((part) => /^[=+\-@＝＋－＠]/.test(part)))).toEqual([]);
  const [row] = parse(stringify([cells])) as string[][];
  expect(row?.map(unmarkFormula)).toEqual(texts);
});

test('a text that is no formula stays unchanged both ways, whatever apostrophes it has', () => {
  expect(OTHERS.map(markFormula)).toEqual(OTHERS);
  expect(OTHERS.map(unmarkFormula)).toEqual(OTHERS);
});

test.each([[['CSDL|A', 'B']], [['a\\', '|b', '\\|', '\\\\', 'c']], [['\\']], [['|', '|']]])(
  'the values of a list come back one by one: %j',
  (values) => {
    expect(splitValues(joinValues(values))).toEqual(values);
  },
);

test('a backslash before any other character in a foreign list stands for itself', () => {
  expect(splitValues('C:\\x|B\\')).toEqual(['C:\\x', 'B\\']);
});
