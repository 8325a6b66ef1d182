import { expect, test } from 'vitest';
import { linesOf } from './lines.ts';

test('the memory of a line that has begun is counted, however small its pieces', async () => {
  let held = 0;
  const memory = { hold: (bytes: number) => (held += bytes), release: (bytes: number) => (held -= bytes) };
  const whileUnfinished: number[] = [];
  async function* pieces() {
    for (let n = 0; n < 3_000; n++) {
      yield Buffer.from('x');
      whileUnfinished.push(held);
    }
    yield Buffer.from('y\nzz\n');
  }
  const lines: string[] = [];
  for await (const { bytes, tooLong } of linesOf(pieces(), 2_000, memory)) {
    lines.push(`${bytes.length} ${tooLong}`);
    expect(held).toBe(0);
  }
  expect(lines).toEqual(['2000 true', '2 false']);
  expect(whileUnfinished.every((bytes, n) => bytes >= Math.min(n, 2_000) && bytes <= 2_001)).toBe(true);
});
