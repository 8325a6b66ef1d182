import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { generate, type Load, quantile, requestBytes } from './generator.ts';

let server: net.Server | undefined;
afterEach(() => server?.close());

/** Answers each request in pieces: `replyTo` is called with its number in the order of arrival. */
async function listen(replyTo: (n: number) => readonly string[] | undefined): Promise<number> {
  let arrived = 0;
  server = net.createServer((socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('data', async () => {
      const pieces = replyTo(arrived++);
      if (!pieces) return void socket.destroy();
      for (const piece of pieces) {
        socket.write(piece);
        await sleep(2);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as net.AddressInfo).port;
}

const load = (port: number, given: Partial<Load> = {}): Load => ({
  host: '127.0.0.1',
  port,
  connections: 1,
  seconds: 10,
  first: 0,
  request: (n) => requestBytes('GET', `/${n}`, 'secret'),
  isGood: (status) => status === 200,
  ...given,
});

describe('the load generator', () => {
  it('takes a reply as one, however its bytes arrive', async () => {
    const port = await listen(() => ['HTTP/1.1 200 OK\r\nContent-Le', 'ngth: 6\r\n\r', '\nabc', 'def']);
    const replies: string[] = [];
    const isGood = (_: number, reply: Buffer): boolean => replies.push(reply.toString('latin1')) > 0;
    const result = await generate(load(port, { first: 7, end: 10, isGood }));
    expect(result).toMatchObject({ answered: [7, 8, 9], bad: 0, next: 10 });
    expect(replies).toEqual(Array(3).fill('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef'));
  });

  it('counts only good answers, and shows the first bad reply', async () => {
    const port = await listen((n) => [
      n === 1 ? 'HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nlate' : 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    ]);
    const result = await generate(load(port, { end: 4 }));
    expect(result).toMatchObject({ answered: [0, 2, 3], bad: 1 });
    expect(result.firstBad).toContain('late');
  });

  it('has no latency of the first seconds, if asked', async () => {
    const port = await listen(() => ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n']);
    const { answered, p50Ms } = await generate(load(port, { seconds: 0.3, rate: 100, leadSeconds: 0.3 }));
    expect(answered.length).toBeGreaterThan(20);
    expect(p50Ms).toBe(0);
  });

  it('has the reply to every request at the end', async () => {
    let arrived = 0;
    const port = await listen(() => {
      arrived++;
      return ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n', '\r\n'];
    });
    const result = await generate(load(port, { connections: 5, seconds: 0.2 }));
    expect(result.answered.length).toBe(arrived);
    expect(result.next).toBe(arrived);
  });

  it('sends at a fixed rate, and measures from the planned moment', async () => {
    let arrived = 0;
    const port = await listen(() => {
      // The shared partner pauses once: requests planned meanwhile wait for it.
      if (arrived++ === 5) for (const until = performance.now() + 200; performance.now() < until; );
      return ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'];
    });
    const result = await generate(load(port, { connections: 2, seconds: 0.5, rate: 100 }));
    // Fifty, or on a busy machine a few less: the last requests are not awaited.
    expect(result.answered.length).toBeGreaterThan(30);
    expect(result.answered.length).toBeLessThanOrEqual(50);
    expect(result.answeredAtMs).toHaveLength(result.answered.length);
    // Of the twenty planned for the pause, the first waited for all of it.
    expect(result.p95Ms).toBeGreaterThan(100);
    expect(result.p999Ms).toBeGreaterThan(150);
  });

  it('fails when a connection is closed without a reply', async () => {
    const port = await listen((n) => (n < 2 ? ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'] : undefined));
    await expect(generate(load(port))).rejects.toThrow(/closed without a reply|ECONNRESET/);
  });

  it('finds the value that a share of the replies did not exceed', () => {
    const sorted = Array.from({ length: 100 }, (_, at) => at + 1);
    expect([0.5, 0.95, 0.99, 1].map((share) => quantile(sorted, share))).toEqual([50, 95, 99, 100]);
    expect(quantile([7], 0.99)).toBe(7);
  });
});
