import net from 'node:net';
import { afterEach, expect, test } from 'vitest';
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
    const sockets = new Set<net.Socket>();
    const silent = net.createServer((socket) => sockets.add(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    closers.push(() => silent.close());
    const queue = createBullQueue({ url: `${scheme}://127.0.0.1:${(silent.address() as net.AddressInfo).port}` });
    await queue.listen(() => undefined);
    await queue.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sockets.size).toBeGreaterThan(0);
    expect(unhandled).toEqual([]);
  },
);
