import { describe, expect, test } from 'vitest';
import type { Outcome } from '#core/dossier/settle';
import { unmappedCause } from '#core/problem';
import type { Outgoing } from '../kit/sender.ts';
import { sendSplitting } from './splitting.ts';

const item = (code: string, doubt = false): Outgoing => ({ id: code, code, doubt }) as Outgoing;
const items = (count: number): Outgoing[] => Array.from({ length: count }, (_, n) => item(`${n}`));
const REFUSED: Outcome = { kind: 'refused', reason: 'bad', message: 'something is wrong' };
const DELIVERED: Outcome = { kind: 'delivered' };
const DOWN: Outcome = { kind: 'unavailable', reason: 'down', message: 'no connection' };
const noBug = (error: unknown): void => {
  throw error;
};

/** A partner that takes a call as a whole or refuses it as a whole, and counts. */
function partner(isBad: (code: string) => boolean) {
  const taken: string[] = [];
  const calls: (readonly Outgoing[])[] = [];
  return {
    taken,
    calls,
    async send(some: readonly Outgoing[]): Promise<readonly Outcome[]> {
      calls.push(some);
      if (some.some(({ code }) => isBad(code))) return some.map(() => REFUSED);
      taken.push(...some.map(({ code }) => code));
      return some.map(() => DELIVERED);
    },
  };
}

describe('a call that one answer refuses', () => {
  test.each([0, 1, 49, 50, 98, 99])('finds the bad one of 100 at place %i with 2·log2(n) more calls', async (bad) => {
    const { send, calls, taken } = partner((code) => code === `${bad}`);
    const outcomes = await sendSplitting(items(100), send, noBug);
    expect(outcomes).toEqual(items(100).map((_, n) => (n === bad ? REFUSED : DELIVERED)));
    expect(calls.length).toBeLessThanOrEqual(1 + 2 * Math.ceil(Math.log2(100)));
    // In order, and each once.
    expect(taken).toEqual(items(100).flatMap(({ code }) => (code === `${bad}` ? [] : [code])));
  });

  test('refuses only the bad ones', async () => {
    const bad = new Set(['3', '4', '77']);
    const outcomes = await sendSplitting(items(100), partner((code) => bad.has(code)).send, noBug);
    expect(outcomes.flatMap(({ kind }, n) => (kind === 'refused' ? [`${n}`] : []))).toEqual([...bad]);
  });

  test('does not repeat items with refusals of their own', async () => {
    const calls: number[] = [];
    const outcomes = await sendSplitting(
      items(4),
      async (some) => {
        calls.push(some.length);
        return some.map(({ code }) => (code < '2' ? { ...REFUSED, message: `wrong: ${code}` } : DELIVERED));
      },
      noBug,
    );
    expect(calls).toEqual([4]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['refused', 'refused', 'delivered', 'delivered']);
  });

  test('splits the refused part, and does not repeat items that were taken', async () => {
    const { send, taken } = partner((code) => code === '1');
    const outcomes = await sendSplitting(
      items(8),
      async (some) => {
        const [news, updates] = [some.filter(({ code }) => code < '4'), some.filter(({ code }) => code >= '4')];
        const outcomes = [...(await send(news)), ...(updates.length > 0 ? await send(updates) : [])];
        return outcomes;
      },
      noBug,
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual(items(8).map((_, n) => (n === 1 ? 'refused' : 'delivered')));
    expect(taken.toSorted()).toEqual(['0', '2', '3', '4', '5', '6', '7']);
  });

  test('does not split items that wait for a mapping, because they were not sent', async () => {
    const cause = unmappedCause('service', '1', '');
    const calls: number[] = [];
    const send = async (some: readonly Outgoing[]): Promise<readonly Outcome[]> => {
      calls.push(some.length);
      return some.map(() => ({ ...REFUSED, cause }));
    };
    await sendSplitting(items(4), send, noBug);
    expect(calls).toEqual([4]);
  });

  test('leaves the rest unsent and unrefused if the partner goes away', async () => {
    let calls = 0;
    const outcomes = await sendSplitting(
      items(8),
      async (some) => some.map(() => (calls++ < 8 ? REFUSED : DOWN)),
      noBug,
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual(items(8).map(() => 'unavailable'));
  });

  test('holds back later items of a dossier after one that waits for a mapping', async () => {
    const cause = unmappedCause('service', '1', '');
    const three = [1, 2, 3].map((n) => ({ ...item(n === 2 ? 'b' : 'a'), id: `${n}` }));
    const sent: string[][] = [];
    const outcomes = await sendSplitting(
      three,
      async (some) => {
        sent.push(some.map(({ id }) => id));
        if (some.length === 3) return some.map(() => REFUSED);
        return some.map(({ id }) => (id === '1' ? { ...REFUSED, cause } : DELIVERED));
      },
      noBug,
    );
    expect(sent).toEqual([
      ['1', '2', '3'],
      ['1', '2'],
    ]);
    expect(outcomes).toMatchObject([{ kind: 'refused', cause }, DELIVERED, { kind: 'unavailable', reason: 'waits' }]);
  });

  test('holds back later items of a dossier after a failed one', async () => {
    const four = ['a', 'b', 'a', 'c'].map((code) => item(code));
    const sent: string[][] = [];
    const outcomes = await sendSplitting(
      four,
      async (some) => {
        sent.push(some.map(({ code }) => code));
        if (some.length === 4) return some.map(() => REFUSED);
        return some.map(({ code }) => (code === 'a' ? DOWN : DELIVERED));
      },
      noBug,
    );
    expect(sent).toEqual([['a', 'b', 'a', 'c'], ['a', 'b'], ['c']]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['unavailable', 'delivered', 'unavailable', 'delivered']);
  });
});

test('an item in doubt stays in doubt while its partner does not answer, without a word of the adapter', async () => {
  const busy: Outcome = { kind: 'unavailable', reason: 'status-503', message: 'status 503', retryAfterMs: 60_000 };
  const outcomes = await sendSplitting([item('a', true)], async () => [busy], noBug);
  expect(outcomes).toEqual([{ ...busy, kind: 'unknown' }]);
  expect(await sendSplitting([item('a')], async () => [DOWN], noBug)).toEqual([DOWN]);
});

describe('an adapter that throws', () => {
  test('is isolated to one item; the others may have arrived, so they are in doubt', async () => {
    const bugs: unknown[] = [];
    const doubts = new Set<boolean>();
    const outcomes = await sendSplitting(
      items(16),
      async (some) => {
        if (some.some(({ code }) => code === '11')) throw new Error('boom');
        for (const { doubt } of some) doubts.add(doubt);
        return some.map(() => DELIVERED);
      },
      (bug) => bugs.push(bug),
    );
    expect(outcomes[11]).toEqual({ kind: 'unknown', reason: 'adapter-bug', message: 'boom' });
    expect(outcomes.filter(({ kind }) => kind === 'delivered')).toHaveLength(15);
    expect([...doubts]).toEqual([true]);
    expect(bugs).toHaveLength(1);
  });

  test('holds back later items of the dossier at which it throws, and of no other one', async () => {
    const four = [1, 2, 3, 4].map((n) => ({ ...item(n % 2 === 1 ? 'a' : 'b'), id: `${n}` }));
    const sent: string[] = [];
    const outcomes = await sendSplitting(
      four,
      async (some) => {
        if (some.some(({ id }) => id === '1')) throw new Error('boom');
        sent.push(...some.map(({ id }) => id));
        return some.map(() => DELIVERED);
      },
      () => undefined,
    );
    expect(sent).toEqual(['2', '4']);
    expect(outcomes).toMatchObject([
      { kind: 'unknown', reason: 'adapter-bug' },
      DELIVERED,
      { kind: 'unknown', reason: 'waits' },
      DELIVERED,
    ]);
  });

  test('is treated the same if it returns too few outcomes', async () => {
    const outcomes = await sendSplitting(items(4), async () => [DELIVERED], noBug);
    expect(outcomes).toEqual(items(4).map(() => DELIVERED));
  });
});
