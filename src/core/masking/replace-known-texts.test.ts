import { expect, test } from 'vitest';
import { drain } from '../drain.ts';
import { growReplacer, type Replace } from './replace-known-texts.ts';

const createReplacer = (known: ReadonlyMap<string, string>): Replace => drain(growReplacer(known));

const replaced = (text: string, ...known: string[]) =>
  createReplacer(new Map(known.map((one) => [one, `<${one.length}>`])))(text);

test('the longest known text is replaced everywhere, also within a word', () => {
  expect(replaced('gọi Nguyễn Văn An, NGUYỄN VĂN AN', 'Nguyễn Văn An')).toBe('gọi <13>, NGUYỄN VĂN AN');
  expect(replaced('Nguyễn Văn Anh và Văn An', 'Văn An', 'Nguyễn Văn An')).toBe('<13>h và <6>');
  expect(replaced('abcdabcde', 'abcd', 'bc', 'abcde')).toBe('<4><5>');
  expect(replaced('xabcx', 'bcd', 'abcde', 'c')).toBe('xab<1>x');
  expect(replaced('không có ai', 'Trần Thị B')).toBe('không có ai');
  expect(replaced('không có ai')).toBe('không có ai');
});

test('overlapping texts are hidden completely', () => {
  expect(replaced('An Văn Nguyễn Bình.', 'An Văn', 'Văn Nguyễn Bình')).toBe(`${'*'.repeat(18)}.`);
  expect(replaced('x00000y', '0000')).toBe('x*****y');
  expect(replaced('abcdefg', 'abc', 'cde', 'efg')).toBe('*******');
});

test('a replacement is inserted unchanged, whatever it contains', () => {
  const replace = createReplacer(new Map([['abcd', "$&$'$1"]]));
  expect(replace('1abcd2')).toBe("1$&$'$12");
});

test('every hidden text was known, and no known text remains', () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  const word = (length: number) => Array.from({ length }, () => 'abc'[random(3)]).join('');
  for (let round = 0; round < 2_000; round++) {
    const known = Array.from({ length: 1 + random(5) }, () => word(2 + random(5)));
    const text = word(random(30));
    const expected = [...text];
    for (const one of known)
      for (let at = text.indexOf(one); at !== -1; at = text.indexOf(one, at + 1))
        expected.fill('*', at, at + one.length);
    const replace = createReplacer(new Map(known.map((one) => [one, '*'.repeat(one.length)])));
    expect([known, text, replace(text)]).toEqual([known, text, expected.join('')]);
  }
});
