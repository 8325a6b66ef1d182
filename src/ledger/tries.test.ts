import type pg from 'pg';
import { expect, test } from 'vitest';
import { createTries } from './tries.ts';

test('a database that does not answer keeps nobody with a key waiting for more than a second, and the next ones not at all', async () => {
  const pool = { query: () => new Promise(() => undefined) } as unknown as pg.Pool;
  const tries = createTries({ pool });
  /** All that is asked of a right secret that nobody knows there yet, and of a wrong one. */
  async function ask(): Promise<number> {
    const began = performance.now();
    expect(await tries.isKnown('somebody')).toBe(false);
    expect(await tries.take('secret', 'somewhere')).toBeUndefined();
    await Promise.all([tries.giveBack('secret', 'somewhere'), tries.know('somebody')]);
    expect(await tries.take('secret', 'elsewhere')).toBeUndefined();
    return performance.now() - began;
  }
  expect(await ask()).toBeLessThan(1_500);
  expect(await ask()).toBeLessThan(200);
});
