import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, test } from 'vitest';
import { createBullQueue } from '../../src/queue/bull.ts';
import { createInProcessQueue } from '../../src/queue/in-process.ts';
import type { Queue } from '../../src/queue/port.ts';

const redisUrl = process.env.REDIS_URL;

/** Each implementation of the port, and how to create one. */
const IMPLEMENTATIONS: readonly { name: string; make: () => Queue; skip?: string }[] = [
  { name: 'in-process', make: createInProcessQueue },
  {
    name: 'Bull',
    make: () =>
      createBullQueue({ url: redisUrl as string, prefix: `{test-${randomBytes(6).toString('hex')}}`, watchMs: 300 }),
    ...(redisUrl === undefined && { skip: 'skipped: no REDIS_URL' }),
  },
];

describe.each(IMPLEMENTATIONS)('the $name queue', ({ make, skip }) => {
  const open: Queue[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((queue) => queue.close()));
  });
  const queue = (): Queue => {
    const made = make();
    open.push(made);
    return made;
  };

  test.skipIf(skip !== undefined)(`a notification arrives${skip ? ` (${skip})` : ''}`, async () => {
    const q = queue();
    const heard: string[] = [];
    await q.listen((party) => heard.push(party));
    await q.notify(['a', 'b']);
    await expect.poll(() => [...heard].sort()).toEqual(['a', 'b']);
  });

  test.skipIf(skip !== undefined)('a notification for no party silences none that follows', async () => {
    const q = queue();
    const heard: string[] = [];
    await q.listen((party) => heard.push(party));
    await q.notify([]);
    await q.notify(['a']);
    await expect.poll(() => heard).toEqual(['a']);
  });

  test.skipIf(skip !== undefined)('a notification before anybody listens reaches a later listener', async () => {
    const q = queue();
    await q.notify(['early']);
    const heard: string[] = [];
    await q.listen((party) => heard.push(party));
    await expect.poll(() => heard).toEqual(['early']);
  });

  test.skipIf(skip !== undefined)('a notification from inside the handler arrives', async () => {
    const q = queue();
    let heard = 0;
    await q.listen((party) => {
      if (++heard < 4) void q.notify([party]);
    });
    await q.notify(['again']);
    await expect.poll(() => heard).toBe(4);
  });

  test.skipIf(skip !== undefined)(
    'the handler always runs after the last notification, however fast they come',
    async () => {
      const q = queue();
      let rung = 0;
      let seen = 0;
      await q.listen(() => {
        seen = rung;
      });
      for (let n = 0; n < 300; n++) {
        rung++;
        void q.notify(['busy']);
        if (n % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await expect.poll(() => seen).toBe(300);
    },
  );

  test.skipIf(skip !== undefined)('after close nothing arrives and notifying does no harm', async () => {
    const q = queue();
    const heard: string[] = [];
    await q.listen((party) => heard.push(party));
    await q.close();
    await q.notify(['late']);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(heard).toEqual([]);
  });
});

describe.skipIf(redisUrl === undefined)('the Bull queue and its Redis', () => {
  test('another process receives the notifications of one, and nothing stays behind in Redis', async () => {
    const prefix = `{test-${randomBytes(6).toString('hex')}}`;
    const [ringer, listener] = [1, 2].map(() => createBullQueue({ url: redisUrl as string, prefix }));
    const heard: string[] = [];
    await listener?.listen((party) => heard.push(party));
    await ringer?.notify(['x', 'y', 'z']);
    await expect.poll(() => heard.length).toBe(3);
    const redis = new Redis(redisUrl as string);
    await expect.poll(async () => (await redis.keys(`${prefix}:ring:[0-9]*`)).length).toBe(0);
    await redis.quit();
    await Promise.all([ringer?.close(), listener?.close()]);
  });

  test('without a worker the notifications do not fill Redis, and a worker that comes gets new ones', async () => {
    const url = redisUrl as string;
    const prefix = `{test-${randomBytes(6).toString('hex')}}`;
    const ringer = createBullQueue({ url, prefix, watchMs: 50, mostWaiting: 20 });
    const listener = createBullQueue({ url, prefix });
    const redis = new Redis(url);
    const waiting = () => redis.llen(`${prefix}:ring:wait`);
    try {
      let before = -1;
      // They are counted now and then.
      await expect
        .poll(async () => {
          for (let n = 0; n < 20; n++) await ringer.notify(['x']);
          const last = before;
          before = await waiting();
          return before - last;
        })
        .toBe(0);
      expect(before).toBeGreaterThanOrEqual(20);
      const heard: string[] = [];
      await listener.listen((party) => heard.push(party));
      await expect
        .poll(async () => {
          await ringer.notify(['y']);
          return heard.includes('y');
        })
        .toBe(true);
    } finally {
      await Promise.all([ringer.close(), listener.close()]);
      await redis.quit();
    }
  });

  const missing = spawnSync('redis-server', ['--version']).status !== 0;
  test.skipIf(missing)(
    `without Redis a notification returns at once and reaches its own process; later the queue works again${
      missing ? ' (skipped: no redis-server)' : ''
    }`,
    async () => {
      const port = await freePort();
      const start = () =>
        spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], {
          stdio: 'ignore',
        });
      let server = start();
      const q = createBullQueue({ url: `redis://127.0.0.1:${port}`, watchMs: 300 });
      try {
        const heard: string[] = [];
        await q.listen((party) => heard.push(party));
        await q.notify(['before']);
        await expect.poll(() => heard).toContain('before');
        server.kill('SIGKILL');
        await new Promise((resolve) => server.once('exit', resolve));
        const began = performance.now();
        await q.notify(['meanwhile']);
        // Without an own limit the client would wait for as long as Redis is away.
        expect(performance.now() - began).toBeLessThan(20_000);
        expect(heard).toContain('meanwhile');
        server = start();
        await expect
          .poll(
            async () => {
              await q.notify(['after']);
              return heard.includes('after');
            },
            { timeout: 60_000, interval: 300 },
          )
          .toBe(true);
      } finally {
        await q.close();
        server.kill('SIGKILL');
      }
    },
  );
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
