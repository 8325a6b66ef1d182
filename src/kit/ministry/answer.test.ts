import { expect, test } from 'vitest';
import { textAt } from '../xml.ts';
import { readDocument, recordIn } from './answer.ts';

const read = (text: string, records?: string) =>
  readDocument(text, { form: text.startsWith('<') ? 'xml' : 'json', place: 'body', records }, { system: 'tested' });

test('a number of JSON that would lose a digit stays as it is written', async () => {
  const numbers = ['12345678901234567890', '12345678901234567.89', '0.1234567890123456789', '1e400'];
  const text = `{"hs":[{"so":[${numbers}],"ten":"so 12345678901234567890 \\" 1","phi":150000.00,"ma":[12,-1]}]}`;
  const answer = await read(text, 'hs');
  expect('records' in answer && answer.records.map((one) => JSON.parse(one))).toEqual([
    { so: numbers, ten: 'so 12345678901234567890 " 1', phi: 150000, ma: [12, -1] },
  ]);
  expect(await read('{"so":012345678901234567890}')).toMatchObject({ kind: 'no-answer', reason: 'broken' });
});

test('an answer that is itself the record is named by a dot', async () => {
  for (const text of ['{"ma":"1"}', '[{"ma":"1"},{"ma":"2"}]', '<?xml version="1.0"?><hs><ma>1</ma></hs>']) {
    const answer = await read(text, '.');
    expect('records' in answer && textAt(recordIn(answer.records[0] as string), 'ma')).toBe('1');
  }
  expect(await read('{}', '.')).toMatchObject({ records: [] });
});
