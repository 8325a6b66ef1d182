import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dossier, SECRETS, type TestHub, testHub } from '../support/hub.ts';
import { legacySystem } from '../support/legacy-system.ts';
import { lowestCpuOfTen } from '../support/measures.ts';

const repeated = (text: string, times: number): string => text.repeat(times);
const deep = repeated('[', 10_000) + repeated(']', 10_000);
const deepObject = repeated('{"a":', 10_000) + repeated('}', 10_000);
const members = (many: number): string => Array.from({ length: many }, (_, n) => `"a${n}":1`).join(',');
const LINES = { 'Content-Type': 'application/x-ndjson' };

/** The problems of a body, in the hub's words. */
const ATTACKS: readonly [string, () => string | Buffer, Record<string, string>?][] = [
  ['a depth of 10,000 lists', () => deep],
  ['a depth of 10,000 objects', () => deepObject],
  ['a million members', () => `{${members(1_000_000)}}`],
  ['a text of 19 MB', () => JSON.stringify(dossier({ note: repeated('a', 19_000_000) }))],
  ['a text of 100 MB', () => Buffer.alloc(100_000_000, 0x61)],
  ['a list without an end', () => `[${repeated('1,', 500_000)}`],
  ['a text without an end', () => `{"code":"${repeated('a', 900_000)}`],
  ['1,001 items', () => `[${repeated('{},', 1_000)}{}]`],
  ['a number of a million figures', () => `{"code":${repeated('9', 900_000)}}`],
  ['a gzip bomb', () => gzipSync(Buffer.alloc(100_000_000, 0x20)), { 'Content-Encoding': 'gzip' }],
  ['what is no gzip', () => 'no gzip', { 'Content-Encoding': 'gzip' }],
  ['__proto__ as a member', () => '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'],
  ['what is no JSON', () => '{"code"'],
  ['nothing', () => ''],
  ['a line of a depth of 10,000', () => `${deep}\n`, LINES],
  ['a line of 2 MB', () => `{"code":"${repeated('a', 2_000_000)}"}\n`, LINES],
];

describe('the cost of a hostile JSON body', () => {
  let hub: TestHub;
  let session = '';
  beforeAll(async () => {
    hub = await testHub();
    ({ session } = await legacySystem(hub));
    // The first requests pay for compiling.
    for (let n = 0; n < 50; n++) {
      await send('/api/v1/parties/one-stop/dossiers', n % 2 ? '{}' : '[1]');
      await send('/mapi/g', '{}');
    }
  });
  afterAll(() => hub.close());

  test.each(ATTACKS)(
    '%s is refused at the REST door in 50 ms of CPU, plus 10 for each stored MB',
    async (_, body, headers) => {
      const given = Buffer.from(body());
      const memoryBefore = process.memoryUsage.rss();
      const { reply, cpuMs } = await lowestCpuOfTen(boundMs(given), () =>
        send('/api/v1/parties/one-stop/dossiers', given, headers),
      );
      expect(
        reply.status === 200
          ? reply.body.results
          : [{ outcome: reply.status >= 400 && reply.status < 500 && 'invalid' }],
      ).toEqual([expect.objectContaining({ outcome: 'invalid' })]);
      expect(cpuMs, 'ms of CPU').toBeLessThan(boundMs(given));
      expect(process.memoryUsage.rss() - memoryBefore, 'bytes of memory').toBeLessThan(150e6);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    },
  );

  test.each(ATTACKS.filter(([, , headers]) => headers !== LINES))(
    '%s is refused at /mapi/g in 50 ms of CPU, plus 10 for each MB, alone and as its data',
    async (_, body, headers) => {
      const given = Buffer.from(body());
      const wrapped = headers
        ? given
        : Buffer.from(`{"session":"${session}","service":"DongBoHoSoMC","data":[${given}]}`);
      for (const message of [given, wrapped]) {
        const { reply, cpuMs } = await lowestCpuOfTen(boundMs(message), () => send('/mapi/g', message, headers));
        // Only the fault itself: `[]` is an empty list.
        if (message.toString() !== wrapped.toString() || given.length > 0) expect(reply.body.error_code).toBe(-1);
        expect(reply.status).toBeLessThan(500);
        expect(cpuMs, 'ms of CPU').toBeLessThan(boundMs(message));
      }
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    },
  );

  test('a maximum item of unknown members costs about as much as parsing it', async () => {
    const item = Buffer.from(`{${members(80_000)}}`);
    const data = Buffer.from(`{"session":"${session}","service":"DongBoHoSoMC","data":[${item}]}`);
    for (const [path, body] of [
      ['/api/v1/parties/one-stop/dossiers', item],
      ['/mapi/g', data],
    ] as const) {
      const { reply, cpuMs } = await lowestCpuOfTen(200, () => send(path, body));
      expect(reply.status === 422 || reply.body.error_code === -1).toBe(true);
      expect(cpuMs, 'ms of CPU').toBeLessThan(200);
    }
  });

  test('a body may be packed as tightly as similar records; a bomb needs more', async () => {
    const alike = Array.from({ length: 1_000 }, () =>
      dossier({ note: Array.from({ length: 1_100 }, String).join(' ') }),
    );
    const body = JSON.stringify(alike);
    const gzip = gzipSync(body);
    expect(body.length).toBeGreaterThan(Math.max(5e6, 100 * gzip.length));
    const packed = { 'Content-Encoding': 'gzip' };
    const taken = await send('/api/v1/parties/one-stop/dossiers', gzip, packed);
    expect([taken.status, taken.body.results?.length]).toEqual([200, 1_000]);
    const bomb = await send('/api/v1/parties/one-stop/dossiers', gzipSync(Buffer.alloc(8e6, 0x20)), packed);
    expect([bomb.status, bomb.body.detail]).toEqual([413, expect.stringContaining('more than 500 times its size')]);
  });

  async function send(path: string, body: string | Buffer, headers: Record<string, string> = {}) {
    const incoming = Object.assign(Readable.from([typeof body === 'string' ? Buffer.from(body) : body]), {
      socket: {},
    });
    const response = await hub.hub.app.request(
      path,
      {
        method: 'POST',
        headers: { Authorization: `Bearer ${SECRETS['one-stop']}`, 'Content-Type': 'application/json', ...headers },
      },
      { incoming },
    );
    return { status: response.status, body: JSON.parse(await response.text()) };
  }
});

/** A refused body is stored in the message log, encrypted: the cost grows with its length, up to the limit of bodies. */
function boundMs(body: Buffer): number {
  return 50 + 10 * Math.min(body.length / 1e6, 20);
}
