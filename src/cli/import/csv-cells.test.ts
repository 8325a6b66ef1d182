import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { expect, test } from 'vitest';
import { joinValues, markFormula, splitValues, unmarkFormula } from './csv-cells.ts';

const FORMULAS = ['=1', '+84912345678', '-Đặng Thị Ửng', '@SUM(A1)', '\tx', '\rx', '＝1', '＋1', '－1', '＠x'];
const OTHERS = ['', "'", "''", "'n", "''Giấy phép'' số 5", "'' =", 'a=b', '|', '\\'];

test('no text begins like a formula, and each comes back unchanged', () => {
  const texts = [...FORMULAS, ...FORMULAS.flatMap((text) => [`'${text}`, `''${text}`, `'''${text}`]), ...OTHERS];
  const cells = texts.map(markFormula);
  expect(cells.filter((cell) => /^[=+\-@\t\r＝＋－＠]/.test(cell))).toEqual([]);
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
