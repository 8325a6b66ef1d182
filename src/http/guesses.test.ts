import type { Context } from 'hono';
import { expect, test } from 'vitest';
import { createGuesses } from './guesses.ts';

const DAY_MS = 86_400_000;
const c = {} as Context;

function guesses() {
  const told: string[] = [];
  const asked: string[] = [];
  const clock = { nowMs: 0 };
  const means = createGuesses({
    clients: { addressOf: () => '203.0.113.1' },
    nowMs: () => clock.nowMs,
    tries: {
      take: async () => 60,
      giveBack: async () => undefined,
      know: async (subject) => void told.push(subject),
      isKnown: async (subject) => {
        asked.push(subject);
        return true;
      },
    },
  });
  return { told, asked, clock, heard: (owner: string) => means.heard(c, { id: owner }) };
}

test('whoever goes on using a key is remembered for a month from then on, and waits for nothing', async () => {
  const { told, asked, clock, heard } = guesses();
  await heard('portal');
  expect(told).toEqual(['203.0.113.1 portal']);
  for (let hour = 0; hour <= 60; hour++) {
    clock.nowMs = hour * 3_600_000;
    expect(heard('portal')).toBeUndefined();
  }
  expect([told.length, asked.length]).toEqual([3, 1]);
});

test('a clock that was put back locks nobody out', async () => {
  const { clock, heard } = guesses();
  clock.nowMs = 100 * DAY_MS;
  await heard('portal');
  clock.nowMs = 0;
  expect(heard('portal')).toBeUndefined();
});
