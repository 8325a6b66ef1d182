import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect } from 'vitest';
import { inDepth, test } from '../../../tests/support/depth.ts';
import type { WireRecord } from './exchange.ts';
import { createHttp } from './http.ts';
import { deadline } from './limits.ts';
import { retryAfterMs } from './retry-after.ts';

const NOW = Date.parse('2025-08-12T08:30:00+07:00');

describe('Retry-After', () => {
  test.each([
    ['120', 120_000],
    [' 7 ', 7_000],
    // An HTTP date: 01:32:00 GMT is 08:32:00 in Vietnam.
    ['Tue, 12 Aug 2025 01:32:00 GMT', 120_000],
    ['Tuesday, 12-Aug-25 01:32:00 GMT', 120_000],
  ])('%j is %i ms', (header, ms) => {
    expect(retryAfterMs({ 'retry-after': header }, NOW)).toBe(ms);
  });

  test.each([['0'], ['-5'], ['soon'], [''], ['Tue, 12 Aug 2025 01:00:00 GMT'], ['9'.repeat(400)]])(
    '%j is no time to wait',
    (header) => {
      expect(retryAfterMs({ 'retry-after': header }, NOW)).toBeUndefined();
    },
  );

  test('a missing header is no time to wait', () => {
    expect(retryAfterMs({}, NOW)).toBeUndefined();
  });
});

describe('a deadline', () => {
  inDepth('ends a call, also during garbage collection', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    let ended = 0;
    for (let n = 0; n < 20; n++)
      deadline(50, new AbortController().signal).signal.addEventListener('abort', () => void ended++);
    for (let n = 0; n < 4; n++) {
      collect();
      await sleep(40);
    }
    expect(ended).toBe(20);
  });

  test('ends a call with its caller, and no longer after it is lifted', async () => {
    const outer = new AbortController();
    const [kept, lifted] = [deadline(60_000, outer.signal), deadline(20, outer.signal)];
    lifted.lift();
    outer.abort();
    await sleep(40);
    expect([kept.signal.aborted, lifted.signal.aborted]).toEqual([true, false]);
    kept.lift();
  });
});

test('a hidden text is never stored, in any notation', async () => {
  const password = 'mật/"khẩu" & 1';
  const origin = 'http://127.0.0.1:9';
  const client = createHttp({ origins: [origin] });
  const wires: WireRecord[] = [];
  const form = `${new URLSearchParams({ p: password })}`;
  const json = JSON.stringify({ p: password });
  const number = (letter: string): string => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const inPhp = json.replace(/[^\x20-\x7e]/g, number).replaceAll('/', '\\/');
  const inDotNet = json
    .replaceAll('\\"', number('"'))
    .replace(/[^\x20-\x7e]|&/g, (one) => number(one).toUpperCase().replace('U', 'u'));
  for (const body of [form, json, json.replaceAll('/', '\\/'), password, inPhp, inDotNet])
    await client
      .withRecorder((wire) => void wires.push(wire))
      .exchange({ url: `${origin}/${encodeURIComponent(password)}?${form}`, body, hide: [password] });
  client.close();
  expect(wires.map(({ url }) => url)).toEqual(wires.map(() => `${origin}/***?p=***`));
  expect([inPhp, inDotNet]).toEqual([
    '{"p":"m\\u1eadt\\/\\"kh\\u1ea9u\\" & 1"}',
    '{"p":"m\\u1EADt/\\u0022kh\\u1EA9u\\u0022 \\u0026 1"}',
  ]);
  const inJson = '{"p":"***"}';
  expect(wires.map(({ request }) => request)).toEqual(['p=***', inJson, inJson, '***', inJson, inJson]);
});
