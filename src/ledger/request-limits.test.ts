import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { expect, test } from 'vitest';
import { createVault } from '../secrets/vault.ts';
import { createRequestLimits } from './request-limits.ts';

const VAULT = createVault(['a-secret-of-the-tests-that-is-long-enough']);

test('without an answer of the database two queries are tried for known clients, then none', async () => {
  let sent = 0;
  const query = () => {
    sent++;
    return new Promise(() => undefined);
  };
  const limits = createRequestLimits({ pool: { query } as unknown as pg.Pool }, VAULT);
  /** All that is asked of a right secret that nobody knows there yet, and of a wrong one. */
  async function ask(): Promise<void> {
    expect(await limits.isKnownClient('somebody')).toBe(false);
    expect(await limits.take('secret', 'somewhere')).toBeUndefined();
    await Promise.all([limits.refund('secret', 'somewhere'), limits.rememberClient('somebody')]);
    expect(await limits.take('secret', 'elsewhere')).toBeUndefined();
  }
  const began = performance.now();
  await ask();
  // Less than the database itself is waited for.
  expect([sent, performance.now() - began < 5_000]).toEqual([2, true]);
  await ask();
  expect(sent).toBe(2);
});

test('during many guesses pushes keep their connections, and known clients come first', async () => {
  let busy = 0;
  let most = 0;
  const asked: string[] = [];
  const query = async ({ values: [key] }: { values: [string] }) => {
    asked.push(key.split(':')[0] ?? '');
    most = Math.max(most, ++busy);
    await sleep(2);
    busy--;
    return { rows: [{ points: 1, expire: Date.now() + 1_000 }], rowCount: 1 };
  };
  const limits = createRequestLimits({ pool: { query } as unknown as pg.Pool }, VAULT);
  const guesses = Array.from({ length: 50 }, (_, n) => limits.take('secret', `from ${n}`));
  expect(await limits.isKnownClient('somebody')).toBe(true);
  expect(asked.length).toBeLessThan(10);
  expect(new Set(await Promise.all(guesses))).toEqual(new Set([undefined]));
  expect([asked.filter((kind) => kind === 'secret').length, most]).toEqual([50, 3]);
});
