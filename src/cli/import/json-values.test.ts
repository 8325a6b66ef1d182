import { describe, expect, test } from 'vitest';
import { jsonValues } from './json-values.ts';

async function cut(text: string, chunkBytes: number) {
  const bytes = Buffer.from(text);
  const found: string[] = [];
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  }
  for await (const { line, json, problem } of jsonValues(chunks()))
    found.push(`${line} ${problem ?? json.toString().trim()}`);
  return found;
}

const LINE_END = 'a text has a line end, expected \\n in its place';
const CUT_OFF = 'the file ends before its JSON does: it was cut off';

describe('the items of a JSON file', () => {
  test.each([
    ['[{"a":1},{"b":[1,{"c":"]}"}]}]', ['1 {"a":1}', '1 {"b":[1,{"c":"]}"}]}']],
    ['\ufeff[\n  {\n"a": "ễ"\r\n},\n\n {"b":2}\n]\n', ['2 { "a": "ễ"  }', '6 {"b":2}']],
    ['{"a":1}\n{"b":"\\"}"}', ['1 {"a":1}', '2 {"b":"\\"}"}']],
    ['{\n"a":1\n}', ['1 { "a":1 }']],
    ['[]', []],
    ['[1, "x,]", nonsense , {"a":1}]', ['1 1', '1 "x,]"', '1 nonsense', '1 {"a":1}']],
    ['[{"a":1},\n{"b":', ['1 {"a":1}', '2 {"b":', `2 ${CUT_OFF}`]],
    ['[{"a":1}', ['1 {"a":1}', `1 ${CUT_OFF}`]],
    ['[{"a":1}]\nrest', ['1 {"a":1}', '2 rest']],
    ['["open', ['1 "open', `1 ${CUT_OFF}`]],
    ['[{"a":"Nguyễn\nVăn An"},{"b":"\\n"}]', [`1 ${LINE_END}`, '2 {"b":"\\n"}']],
    ['{"a":"x\\\r"}\n{"b":1}', [`1 ${LINE_END}`, '2 {"b":1}']],
    ['{"a":1}\n\u0000{"b":2}\n\u001a', ['1 {"a":1}', '2 {"b":2}']],
  ])('%j', async (text, expected) => {
    for (const chunkBytes of [1, 3, 1_000]) expect(await cut(text, chunkBytes)).toEqual(expected);
  });

  test('an item that is too long is reported with its line, and takes no memory', async () => {
    const found = await cut(`[\n{"a":"${'x'.repeat(2_000_000)}"},\n{"b":1}]`, 65_536);
    expect(found).toEqual(['2 an item of more than 1 MiB', '3 {"b":1}']);
  });
});
