import { describe, expect, test } from 'vitest';
import { createIngestQueue } from './commit.ts';

interface Input {
  readonly name: string;
  readonly sender: string;
  readonly weight: number;
  readonly keys: readonly string[];
}

/** A queue whose runs end when the test says so. */
function scene() {
  const runs: { readonly names: readonly string[]; readonly end: (work?: number, tookMs?: number) => Promise<void> }[] =
    [];
  const done: string[] = [];
  let nowMs = 0;
  const accept = createIngestQueue<Input, string>(
    (inputs, report) =>
      new Promise((resolve) => {
        runs.push({
          names: inputs.map(({ name }) => name),
          async end(work = 0, tookMs = 0) {
            nowMs += tookMs;
            report(work);
            resolve(inputs.map(({ name }) => name));
            await turn();
          },
        });
      }),
    {
      size: 1_000,
      lingerMs: 0,
      weigh: ({ weight }) => weight,
      senderOf: ({ sender }) => sender,
      keysOf: ({ keys }) => keys,
      nowMs: () => nowMs,
    },
  );
  return {
    runs,
    done,
    send(name: string, { sender = 'a', weight = 1, keys = [name] }: Partial<Omit<Input, 'name'>> = {}): void {
      void accept({ name, sender, weight, keys }).then((out) => done.push(out));
    },
    running: () => runs.map(({ names }) => names.join(' ')),
  };
}

/** Lets what is due by now begin. On a busy machine the timer may fire before an immediate that is older. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(() => setImmediate(resolve), 2));

describe('the ingest queue', () => {
  test('batches small inputs of one turn into one run', async () => {
    const { runs, done, send, running } = scene();
    for (const name of ['one', 'two', 'three']) send(name);
    await turn();
    expect(running()).toEqual(['one two three']);
    await runs[0]?.end();
    expect(done).toEqual(['one', 'two', 'three']);
  });

  test('never runs two inputs with a common key at once, and keeps their order', async () => {
    const { runs, send, running } = scene();
    send('first', { keys: ['x'] });
    await turn();
    send('second', { keys: ['x', 'y'] });
    send('third', { keys: ['y'] });
    send('beside', { keys: ['z'] });
    await turn();
    expect(running()).toEqual(['first', 'beside']);
    await runs[0]?.end();
    await turn();
    expect(running()).toEqual(['first', 'beside', 'second third']);
  });

  test('keeps room for small inputs, and one large run for other senders', async () => {
    const { runs, send, running } = scene();
    for (let n = 0; n < 5; n++) send(`large ${n}`, { weight: 900 });
    await turn();
    expect(running()).toEqual(['large 0', 'large 1']);
    send('small', { sender: 'b' });
    send('other', { sender: 'c', weight: 900 });
    await turn();
    expect(running().slice(2)).toEqual(['small', 'other']);
    await runs[0]?.end();
    await turn();
    expect(running().slice(4)).toEqual(['large 2']);
  });

  test('keeps a single push and arrays in separate runs', async () => {
    const { runs, send, running } = scene();
    for (const name of ['array 1', 'array 2']) send(name, { weight: 100 });
    await turn();
    expect(running()).toEqual(['array 1 array 2']);
    send('array 3', { weight: 100 });
    send('single', { sender: 'b' });
    send('another', { sender: 'a' });
    await turn();
    expect(new Set(running().slice(1))).toEqual(new Set(['single another', 'array 3']));
    await runs.find(({ names }) => names.includes('single'))?.end();
    expect(running()).toHaveLength(3);
  });

  test('bounds a run of arrays by measured time while others send, and not for a lone sender', async () => {
    const { runs, send, running } = scene();
    const flood = (names: string) => {
      for (const name of names.split(' ')) send(name, { weight: 100 });
    };
    // 100 ms for 100 dossiers.
    for (let n = 0; n < 20; n++) {
      send(`warm ${n}`, { weight: 100 });
      await turn();
      await runs[n]?.end(0, 100);
    }
    flood('a b c d');
    await turn();
    expect(running().slice(20)).toEqual(['a b c d']);
    send('single', { sender: 'b' });
    flood('e f g h');
    await turn();
    expect(running().slice(21)).toEqual(['single', 'e']);
    await runs[20]?.end(0, 400);
    await turn();
    expect(running().slice(23)).toEqual(['f']);
  });

  test('gives the next large run to the sender with the fewest running', async () => {
    const { runs, send, running } = scene();
    for (let n = 0; n < 4; n++) send(`a${n}`, { weight: 900 });
    send('b0', { sender: 'b', weight: 900 });
    send('c0', { sender: 'c', weight: 900 });
    await turn();
    expect(running()).toHaveLength(3);
    expect(new Set(running())).toEqual(new Set(['a0', 'b0', 'c0']));
    await runs[1]?.end();
    await turn();
    expect(running()[3]).toBe('a1');
  });

  test('a large input that waits for an earlier one keeps no run from that one', async () => {
    const { send, running } = scene();
    send('a0', { weight: 900 });
    await turn();
    send('a1', { weight: 900, keys: ['x'] });
    send('b0', { sender: 'b', weight: 900, keys: ['x'] });
    await turn();
    expect(running()).toEqual(['a0', 'a1']);
  });

  test('separates a sender with costly runs until one of them is cheap', async () => {
    const { runs, send, running } = scene();
    send('costly');
    await turn();
    await runs[0]?.end(6_000);
    send('again');
    send('healthy', { sender: 'b' });
    await turn();
    expect(new Set(running().slice(1))).toEqual(new Set(['again', 'healthy']));
    await runs[1]?.end(0);
    await runs[2]?.end(0);
    send('cheap');
    send('also', { sender: 'b' });
    await turn();
    expect(running().slice(3)).toEqual(['cheap also']);
  });

  test('gives senders equal shares of a run that cannot hold all', async () => {
    const { send, running } = scene();
    for (let n = 0; n < 2_000; n++) send(`a${n}`);
    send('b', { sender: 'b' });
    await turn();
    expect(running()[0]?.split(' ')).toContain('b');
    expect(running()[0]?.split(' ')).toHaveLength(501);
  });

  test('rejects every caller of a failed run, and continues', async () => {
    let isBroken = true;
    const accept = createIngestQueue<string, string>(
      async (inputs) => {
        if (isBroken) throw new Error('broken');
        return inputs;
      },
      { size: 10, lingerMs: 0, weigh: () => 1, senderOf: () => 'a', keysOf: (name) => [name] },
    );
    const both = await Promise.allSettled([accept('x'), accept('y')]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isBroken = false;
    expect(await accept('x')).toBe('x');
  });
});
