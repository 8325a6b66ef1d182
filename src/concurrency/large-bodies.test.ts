import { setImmediate, setTimeout } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLargeBodyQueue } from './large-bodies.ts';
import { giveWay, mapYielding, nextCallTurn, nextTurn } from './yielding.ts';

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

// The files of a worker share the turns. While a light sender of the file before counts, heavy work waits for its turn.
beforeAll(() => setTimeout(300));

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
    await setImmediate();
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

describe('a sender of much beside a sender of little', () => {
  let lastMs = 0;
  beforeEach(async () => {
    // After all turns of the other tests, and not far ahead: those of the next file wait for these.
    const startMs = Math.max(performance.now(), lastMs) + 300;
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    vi.advanceTimersByTime(startMs);
    // A rest lasts as long as the turn before it asks for. On a busy machine that of another file was long, these are not.
    await Promise.all([nextTurn(), nextCallTurn()]);
  });
  afterEach(async () => {
    // A turn that a failed test leaves would never come, and each later heavy work of this worker would wait for it.
    await vi.runAllTimersAsync();
    lastMs = performance.now();
    vi.useRealTimers();
  });

  const of = (owner: string) => ({ owner, onWait: () => undefined });
  /** Lets the event loop turn, without time. */
  const loop = async (): Promise<void> => {
    for (let n = 0; n < 5; n++) await setImmediate();
  };
  /** Heavy work, each turn of which takes this long. */
  const WORK_MS = 2;
  function scene(turn = nextTurn) {
    const bodies = createLargeBodyQueue(4 * MIB);
    const heavy = (): { hasTurn: boolean } => {
      const one = { hasTurn: false };
      void turn().then(() => {
        one.hasTurn = true;
        vi.advanceTimersByTime(WORK_MS);
      });
      return one;
    };
    const send = (owner: string, bytes: number) => bodies(bytes, async () => owner, of(owner));
    return { heavy, flood: () => send('flooder', 200 * KIB), small: () => send('small', KIB) };
  }

  test.each([
    ['reads', nextTurn, 3],
    ['arrays to write', giveWay, 19],
    ['calls of a backlog', nextCallTurn, 9],
  ])('rests between its turns, and goes on: %s', async (_, turn, times) => {
    const restMs = times * WORK_MS;
    const { heavy, flood, small } = scene(turn);
    await flood();
    await small();
    const works = [heavy(), heavy(), heavy()];
    const turns = () => works.filter(({ hasTurn }) => hasTurn).length;
    await loop();
    for (const had of [1, 2]) {
      expect(turns()).toBe(had);
      await vi.advanceTimersByTimeAsync(restMs - 1);
      await loop();
      expect(turns()).toBe(had);
      await vi.advanceTimersByTimeAsync(1);
      await loop();
    }
    expect(turns()).toBe(3);
  });

  test('keeps neither reads nor deliveries waiting for its rests', async () => {
    const { heavy, flood, small } = scene(giveWay);
    await flood();
    await small();
    const arrays = [heavy(), heavy()];
    await loop();
    let others = 0;
    for (const turn of [nextTurn, nextCallTurn]) void turn().then(() => others++);
    await loop();
    const had = { arrays: arrays.filter(({ hasTurn }) => hasTurn).length, others };
    // For the next test, which shares the turns.
    await vi.advanceTimersByTimeAsync(1_000);
    await loop();
    expect(had).toEqual({ arrays: 1, others: 2 });
  });

  test('keeps the few items of the other one waiting for none of its turns', async () => {
    const { heavy, flood, small } = scene();
    await flood();
    await small();
    const works = Array.from({ length: 10 }, heavy);
    const turns = () => works.filter(({ hasTurn }) => hasTurn).length;
    const done: number[] = [];
    void mapYielding([1, 2, 3], (item) => {
      vi.advanceTimersByTime(WORK_MS + 1);
      done.push(item);
    });
    await loop();
    const [items, turnsBefore] = [done.length, turns()];
    // For the next test, which shares the turns.
    for (; turns() < works.length; await loop()) await vi.advanceTimersByTimeAsync(3 * WORK_MS);
    expect(items).toBe(3);
    expect(turnsBefore).toBeLessThan(5);
  });

  test('does not rest when the other one is silent again', async () => {
    const { heavy, flood, small } = scene();
    await flood();
    await small();
    await vi.advanceTimersByTimeAsync(1_000);
    const works = [heavy(), heavy()];
    await loop();
    expect(works.map(({ hasTurn }) => hasTurn)).toEqual([true, true]);
  });

  test('does not rest while nobody else sends', async () => {
    const { heavy, flood } = scene();
    await flood();
    const works = [heavy(), heavy()];
    await loop();
    expect(works.map(({ hasTurn }) => hasTurn)).toEqual([true, true]);
  });
});
