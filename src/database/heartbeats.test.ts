import { expect, test } from 'vitest';
import { createHeartbeats, waitsForAll } from './heartbeats.ts';
import type { Database } from './pool.ts';

interface Answer {
  readonly timeline: string;
  readonly standbys?: string;
  readonly commit?: string;
  readonly before: number | null;
}

/** A database whose next answers to a heartbeat are these. */
function answering(...answers: (Answer | Error)[]) {
  const sent: number[] = [];
  const pool = {
    async query({ values }: { values: readonly [process: number, number: number] }) {
      sent.push(values[1]);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return { rows: [{ standbys: 'second', commit: 'on', ...answer }] };
    },
  };
  return { sent, pool: pool as unknown as Database['pool'] };
}

const FIRST: Answer = { timeline: '00000001', before: null };
const away = new Error('Connection terminated unexpectedly');

test.each<[string, (Answer | Error)[], boolean | undefined]>([
  ['it has the last heartbeat', [FIRST, { timeline: '00000002', before: 1 }], true],
  ['it has one whose answer was lost', [FIRST, away, { timeline: '00000002', before: 2 }], true],
  ['it lacks the last heartbeat', [FIRST, { ...FIRST, before: 1 }, { timeline: '00000002', before: 1 }], false],
  ['it has none', [FIRST, { timeline: '00000002', before: null }], false],
  [
    'its commits did not wait for a standby',
    [
      { ...FIRST, standbys: '' },
      { timeline: '00000002', before: 1 },
    ],
    undefined,
  ],
  [
    'one of two standbys was enough',
    [
      { ...FIRST, standbys: 'ANY 1 (second, third)' },
      { timeline: '00000002', before: 1 },
    ],
    undefined,
  ],
  [
    'they did not wait for its disk',
    [
      { ...FIRST, commit: 'remote_write' },
      { timeline: '00000002', before: 1 },
    ],
    undefined,
  ],
  ['this process did not see it', [{ timeline: '00000002', before: null }], undefined],
])('a standby that took over is complete if %s: %o', async (_, answers, isComplete) => {
  const heartbeats = createHeartbeats(answering(...answers));
  for (const _answer of [...answers]) await heartbeats.beat();
  expect(await heartbeats.isComplete('00000002')).toBe(isComplete);
});

test.each([
  ['second', true],
  ['"node-2"', true],
  ['2 (second, third)', true],
  ['any 2 (second,"the, third")', true],
  ['second, third', false],
  ['1 (second, third)', false],
  ['FIRST 1 (second, third)', false],
  ['ANY 1 (second, third)', false],
  ['*', false],
  ['ANY 1 ("*")', false],
  ['', false],
])('the standbys %j all have what is acknowledged: %s', (names, are) => {
  expect(waitsForAll(names)).toBe(are);
});

test('the position of an answer is the next heartbeat, and its age counts from the sending', async () => {
  let tickMs = 0;
  const heartbeats = createHeartbeats(answering(FIRST, away, { ...FIRST, before: 1 }), { tickMs: () => tickMs });
  const { process, number } = heartbeats.next();
  expect(number).toBe(1);
  expect(heartbeats.ageMs(new Map())).toBe(Number.POSITIVE_INFINITY);
  await heartbeats.beat();
  tickMs = 700;
  expect(heartbeats.ageMs(new Map([[process, 1]]))).toBe(700);
  await heartbeats.beat();
  // The second one may have been executed without an answer.
  expect(heartbeats.next()).toEqual({ process, number: 3 });
  tickMs = 1_000;
  expect(heartbeats.ageMs(new Map([[process, 2]]))).toBe(300);
});
