import { describe, expect, test } from 'vitest';
import { readTraceparent, spanIdOfAttempt, spanIdOfMessage, traceIdOf, writeTraceparent } from './trace-context.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

describe('trace context', () => {
  test('reads what it writes', () => {
    for (const isSampled of [true, false]) {
      const context = { traceId: TRACE, spanId: SPAN, isSampled };
      expect(readTraceparent(writeTraceparent(context))).toEqual(context);
    }
  });

  test.each([
    ['nothing', undefined],
    ['a word', 'yes'],
    ['no trace', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['no span', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['an invalid version', `ff-${TRACE}-${SPAN}-01`],
    ['more than its version has', `00-${TRACE}-${SPAN}-01-more`],
    ['a trace that is short', `00-${TRACE.slice(1)}-${SPAN}-01`],
  ])('ignores %s', (_, text) => {
    expect(readTraceparent(text)).toBeUndefined();
  });

  test('reads the known part of a later version', () => {
    expect(readTraceparent(`01-${TRACE}-${SPAN}-03-more`)).toEqual({ traceId: TRACE, spanId: SPAN, isSampled: true });
  });

  test('derives ids of the right length for a message and its attempts', () => {
    const message = '01a20ec3-f008-7405-9412-5646a9d483d9';
    expect(traceIdOf(message)).toBe('01a20ec3f00874059412 5646a9d483d9'.replace(' ', ''));
    expect(spanIdOfMessage(message)).toBe('94125646a9d483d9');
    expect(spanIdOfAttempt(1, 1)).toBe('0000000000010001');
    expect(spanIdOfAttempt(2 ** 47, 70_000)).toMatch(/^[0-9a-f]{16}$/);
  });
});
