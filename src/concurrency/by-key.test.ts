import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createByKey } from './by-key.ts';

test('work that gives up while it waits never begins, and lets nothing before its turn', async () => {
  const byKey = createByKey();
  const began: string[] = [];
  let end = (): void => undefined;
  let giveUp: ((why: Error) => void) | undefined;
  const first = byKey('a', async () => {
    began.push('first');
    await new Promise<void>((resolve) => {
      end = resolve;
    });
  });
  const second = byKey(
    'a',
    async () => began.push('second'),
    (how) => {
      giveUp = how;
    },
  );
  const third = byKey('a', async () => began.push('third'));
  giveUp?.(new Error('no room'));
  await expect(second).rejects.toThrow('no room');
  await setImmediate();
  expect(began).toEqual(['first']);
  end();
  await Promise.all([first, third]);
  expect(began).toEqual(['first', 'third']);
});
