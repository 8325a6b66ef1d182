import { describe, expect, test } from 'vitest';
import { createPageBudget, type Hold, takenStream } from './page-budget.ts';
import { Refusal } from './problem.ts';

const MIB = 1024 * 1024;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Pages that are made on demand of the test. */
function scene(limits = { total: 16 * MIB, ofOne: 8 * MIB, waiting: 3 }) {
  const budget = createPageBudget(limits);
  const begun: string[] = [];
  const ends = new Map<string, (bytes?: number) => Promise<() => void>>();
  const ask = (keyId: string, name: string): Promise<unknown> =>
    budget.hold(keyId, async (hold: Hold) => {
      begun.push(name);
      return new Promise((resolve) => {
        ends.set(name, async (bytes = 0) => {
          hold.resize(bytes);
          const release = bytes > 0 ? hold.keepUntilTaken() : () => undefined;
          resolve(undefined);
          await turn();
          return release;
        });
      });
    });
  return {
    ask,
    begun,
    end: (name: string, bytes?: number) => (ends.get(name) as (of?: number) => Promise<() => void>)(bytes),
  };
}

describe('the budget of pages', () => {
  test('queues a key behind its own pages, and lets others in', async () => {
    const { ask, begun, end } = scene();
    for (const name of ['a1', 'a2', 'a3']) void ask('a', name);
    void ask('b', 'b1');
    await turn();
    expect(begun).toEqual(['a1', 'a2', 'b1']);
    await end('a1');
    expect(begun).toEqual(['a1', 'a2', 'b1', 'a3']);
  });

  test('holds a large page until the client has it, and a small one until it is made', async () => {
    const { ask, begun, end } = scene();
    for (const name of ['a1', 'a2', 'a3']) void ask('a', name);
    await turn();
    const release = await end('a1', 4 * MIB);
    expect(begun).toEqual(['a1', 'a2']);
    release();
    await turn();
    expect(begun).toEqual(['a1', 'a2', 'a3']);
    void ask('a', 'a4');
    await end('a2', 1_000);
    expect(begun).toEqual(['a1', 'a2', 'a3', 'a4']);
  });

  test('gives free memory to the key that holds the least', async () => {
    const { ask, begun, end } = scene({ total: 8 * MIB, ofOne: 8 * MIB, waiting: 3 });
    for (const name of ['a1', 'a2', 'a3']) void ask('a', name);
    void ask('b', 'b1');
    await turn();
    expect(begun).toEqual(['a1', 'a2']);
    await end('a1');
    expect(begun).toEqual(['a1', 'a2', 'b1']);
  });

  test('refuses a key with too many waiting requests', async () => {
    const { ask } = scene();
    for (let n = 0; n < 5; n++) void ask('a', `a${n}`);
    await expect(ask('a', 'a5')).rejects.toThrow(Refusal);
  });

  test('is free again after a page that failed', async () => {
    const budget = createPageBudget({ total: 4 * MIB, ofOne: 4 * MIB, waiting: 3 });
    const failing = budget.hold('a', () => Promise.reject(new Error('broken')));
    await expect(failing).rejects.toThrow('broken');
    expect(await budget.hold('b', async () => 'made')).toBe('made');
  });
});

describe('a stream of bytes', () => {
  const bytes = new Uint8Array(200_000).map((_, at) => at % 251);

  test('contains all bytes, and reports once that the client has it', async () => {
    let ended = 0;
    const read = await new Response(takenStream(bytes, () => ended++)).arrayBuffer();
    expect(Buffer.compare(Buffer.from(read), bytes)).toBe(0);
    expect(ended).toBe(1);
  });

  test('reports its end if the reader goes away', async () => {
    let ended = 0;
    const reader = takenStream(bytes, () => ended++).getReader();
    await reader.read();
    expect(ended).toBe(0);
    await reader.cancel();
    expect(ended).toBe(1);
  });
});
