import { describe, expect, test } from 'vitest';
import { createLargeBodyQueue } from './yielding.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Work that ends or fails on demand. */
function held(): { work: () => Promise<string>; end: () => void; fail: () => void; begun: () => boolean } {
  let isBegun = false;
  let settle: { resolve: (text: string) => void; reject: (error: Error) => void } | undefined;
  const promise = new Promise<string>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => undefined);
  return {
    work() {
      isBegun = true;
      return promise;
    },
    end: () => settle?.resolve('done'),
    fail: () => settle?.reject(new Error('failed')),
    begun: () => isBegun,
  };
}

describe('large bodies that arrive at once', () => {
  test('run one after another in order, and small ones run in between', async () => {
    const turns = createLargeBodyQueue(4 * MIB);
    const works = [held(), held(), held()];
    const all = works.map(({ work }) => turns(3 * MIB, work));
    expect(await turns(10 * KIB, async () => 'small')).toBe('small');
    const begun = () => works.map((one) => one.begun());
    expect(begun()).toEqual([true, false, false]);
    works[0]?.end();
    await all[0];
    await Promise.resolve();
    expect(begun()).toEqual([true, true, false]);
    works[1]?.end();
    works[2]?.end();
    expect(await Promise.all(all)).toEqual(['done', 'done', 'done']);
  });

  test('share the free room, and one larger than all of it runs alone', async () => {
    const turns = createLargeBodyQueue(4 * MIB);
    const works = [held(), held(), held()];
    const all = [1, 2, 20].map((mib, at) => turns(mib * MIB, (works[at] as ReturnType<typeof held>).work));
    expect(works.map((one) => one.begun())).toEqual([true, true, false]);
    works[0]?.end();
    await all[0];
    expect(works[2]?.begun()).toBe(false);
    works[1]?.end();
    await all[1];
    await Promise.resolve();
    expect(works[2]?.begun()).toBe(true);
    works[2]?.end();
    await all[2];
  });

  test('free their room also if one fails', async () => {
    const turns = createLargeBodyQueue(4 * MIB);
    const [first, second] = [held(), held()];
    const failing = turns(4 * MIB, first.work);
    const next = turns(4 * MIB, second.work);
    first.fail();
    await expect(failing).rejects.toThrow('failed');
    second.end();
    expect(await next).toBe('done');
  });
});
