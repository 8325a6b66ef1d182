import { expect, test } from 'vitest';
import { meaningOf, TURNS } from './reasons.ts';

test.each(['validation', 'rejected', 'refused-by-portal'])(
  'a delivery refused as %s is blamed on no sender before the settings are checked',
  (reason) => {
    const turn = meaningOf(reason)?.[2];
    expect(turn).toBe('content');
    expect(TURNS.content.whose.map((words) => /cấu hình|settings/.test(words))).toEqual([true, true]);
    expect(TURNS.content.todo.map((words) => /cấu hình điền sai|settings filled/.test(words))).toEqual([true, true]);
  },
);
