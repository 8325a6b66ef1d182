import net from 'node:net';
import Bull from 'bull';
import { afterEach, expect, test, vi } from 'vitest';
import { createBullQueue } from './bull.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

test.each(['redis', 'rediss'])(
  'a queue that is closed while it connects over %s rejects nothing unhandled',
  async (scheme) => {
    const unhandled: unknown[] = [];
    const collect = (error: unknown): unknown => unhandled.push(error);
    process.on('unhandledRejection', collect);
    closers.push(() => process.off('unhandledRejection', collect));
    const { sockets, address } = await silentServer();
    const queue = createBullQueue({ url: `${scheme}://${address}` });
    await queue.listen(() => undefined);
    await queue.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sockets.size).toBeGreaterThan(0);
    expect(unhandled).toEqual([]);
  },
);

test('a queue that is closed while it is checked connects no more', async () => {
  let answer: (count: number) => void = () => undefined;
  const counting = new Promise<number>((resolve) => {
    answer = resolve;
  });
  const count = vi.spyOn(Bull.prototype, 'getWaitingCount').mockReturnValue(counting);
  closers.push(() => count.mockRestore());
  const { sockets, address } = await silentServer();
  const messages: string[] = [];
  const log = (_: object, message: string): unknown => messages.push(message);
  const queue = createBullQueue({ url: `redis://${address}`, watchMs: 10, log });
  await queue.listen(() => undefined);
  await expect.poll(() => count.mock.calls.length).toBeGreaterThan(0);
  const connected = sockets.size;
  const closed = queue.close();
  answer(1);
  await closed;
  expect(messages).not.toContain('the queue stopped processing, building it again');
  expect(sockets.size).toBe(connected);
});

test('a notification waits for one round trip, however many follow, and none of these is forgotten', async () => {
  const rounds: string[][] = [];
  const add = vi.spyOn(Bull.prototype, 'addBulk').mockImplementation(async (jobs) => {
    const round = rounds.push((jobs as Bull.Job<{ party: string }>[]).map(({ data }) => data.party));
    await new Promise((resolve) => setImmediate(resolve));
    if (round < 20) void queue.notify([`${round}`]);
    return [];
  });
  closers.push(() => add.mockRestore());
  const { address } = await silentServer();
  const queue = createBullQueue({ url: `redis://${address}` });
  closers.push(() => queue.close());
  await queue.notify(['0']);
  expect(rounds).toEqual([['0'], ['1']]);
  await expect.poll(() => rounds).toEqual(Array.from({ length: 20 }, (_, round) => [`${round}`]));
});

test('an error of Redis that lasts is logged once a minute, with how often it came', async () => {
  const lines: object[] = [];
  const log = (fields: object, message: string): unknown => message === 'queue error' && lines.push(fields);
  // Nothing listens there.
  const queue = createBullQueue({ url: 'redis://127.0.0.1:1', log });
  closers.push(() => queue.close());
  await queue.listen(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const error = 'connect ECONNREFUSED 127.0.0.1:1';
  expect(lines).toEqual([{ error }]);
  const now = performance.now();
  const clock = vi.spyOn(performance, 'now').mockReturnValue(now + 60_000);
  closers.push(() => clock.mockRestore());
  await expect.poll(() => lines, { timeout: 10_000 }).toEqual([{ error }, { error, repeated: expect.any(Number) }]);
});

/** A server that accepts connections and never answers. */
async function silentServer() {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { sockets, address: `127.0.0.1:${(server.address() as net.AddressInfo).port}` };
}
