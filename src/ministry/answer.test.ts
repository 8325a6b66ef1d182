import { expect, test } from 'vitest';
import { readDocument } from './answer.ts';

const read = (text: string) => readDocument(text, { form: 'json', place: 'body' }, { system: 'tested' });

test('numbers that JSON would change stay as written, and texts are unchanged', async () => {
  const text =
    '{"a":12345678901234567.89,"b":[-1e400,7,2e-400,1.2345E-320,0e-400],"c\\\\":"\\"1234567890123456789\\\\","d":1234567890123456789}';
  expect(await read(text)).toEqual({
    content: {
      a: '12345678901234567.89',
      b: ['-1e400', 7, '2e-400', '1.2345E-320', 0],
      d: '1234567890123456789',
      'c\\': '"1234567890123456789\\',
    },
    records: [],
  });
});

test('a hostile long text is read in linear time, and an endless one refused', async () => {
  const number = '{"n":12345678901234567890,"a":"';
  expect(await read(`${number}${'\\n'.repeat(4_000_000)}"}`)).toMatchObject({ content: { n: '12345678901234567890' } });
  for (const piece of ['\\"', '\\\\'])
    expect(await read(`${number}${piece.repeat(1_000_000)}`)).toMatchObject({ kind: 'no-answer', reason: 'broken' });
});
