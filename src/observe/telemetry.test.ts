import { pino } from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import { createTelemetry } from './telemetry.ts';

afterEach(() => vi.restoreAllMocks());

test('an equal error of a place is logged once a minute, and all are counted', async () => {
  const lines: Record<string, unknown>[] = [];
  const telemetry = createTelemetry(pino({}, { write: (line) => lines.push(JSON.parse(line)) }));
  const away = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
  const now = performance.now();
  const clock = vi.spyOn(performance, 'now').mockReturnValue(now);
  for (const _ of [1, 2, 3]) for (const where of ['due pulls', 'orders']) telemetry.failed(where, away);
  expect(lines.map(({ where, repeated }) => [where, repeated])).toEqual([
    ['due pulls', undefined],
    ['orders', undefined],
  ]);
  clock.mockReturnValue(now + 60_001);
  telemetry.failed('orders', away);
  expect(lines.at(-1)).toMatchObject({ msg: 'failed', where: 'orders', code: 'ECONNREFUSED', repeated: 2 });
  expect(await telemetry.registry.metrics()).toContain('hub_failures_total{where="orders"} 4');

  telemetry.failed('orders', new TypeError('x is not a function'));
  expect(lines.at(-1)).toMatchObject({ where: 'orders', error: 'x is not a function' });
});
