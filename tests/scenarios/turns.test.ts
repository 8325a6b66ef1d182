import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Item } from '#core/dossier/item';
import { NO_CODES } from '#core/identifiers/codes';
import { createReread } from '../../src/accept/release.ts';
import { hubKinds } from '../../src/foundation/hub-kinds.ts';
import { createReaders } from '../../src/http/doors/readers.ts';
import { parseList, parseWithList, STRICT } from '../../src/http/json-body.ts';
import { createCodeEntries } from '../../src/ledger/code-entries.ts';
import { loadWaitingFor } from '../../src/ledger/quarantine.ts';
import type { Readers } from '../../src/parties/read-again.ts';
import { createVault } from '../../src/secrets/vault.ts';
import { codeOf, dossier, progress, type TestHub, testHub } from '../support/hub.ts';
import { bestOfTen, watchEventLoop } from '../support/measures.ts';
import { dossierXml, envelope, pushXml } from '../support/soap.ts';

const COUNT = 1_000;
const LONG = 'Nguyễn Văn Đức, '.repeat(450);
const records = Array.from({ length: COUNT }, (_, n) => dossier({ code: codeOf(n), note: LONG }));
const OPERATION = { operation: 'dossier.upsert.v1', party: 'one-stop' };

describe('a stored body of 9 MB is read again in turns', () => {
  const readers = createReaders(
    hubKinds({ file: {} }).kinds,
    { province: { code: 'H60', name: 'H60' } },
    { at: () => NO_CODES },
  );
  const xml = records.map(({ code }) => dossierXml(String(code), `<h:note>${LONG}</h:note>`));
  const national = { madonvi: 'H60.01', data: records.map(({ code }) => ({ MaHoSo: code, GhiChu: LONG })) };

  test.each([
    ['rest', 'application/json', JSON.stringify(records)],
    ['rest', 'application/x-ndjson', records.map((record) => JSON.stringify(record)).join('\n')],
    ['soap', 'text/xml; charset=utf-8', envelope(pushXml(...xml))],
    ['national-portal', 'application/json', JSON.stringify(national)],
  ])('%s, %s', async (door, mediaType, text) => {
    const body = Buffer.from(text);
    expect(body.length).toBeGreaterThan(9e6);
    const read = () =>
      (readers[door] as Readers[string])({ ...OPERATION, body, mediaType, receivedAt: '2025-08-21T08:30:00+07:00' }, 0);
    expect(await read()).toHaveLength(COUNT);
    const { longestMs } = await bestOfTen({ longestMs: 50 }, () => turnsOf(read));
    expect(longestMs, 'ms of CPU without a turn for others').toBeLessThan(50);
  });
});

describe('20 MiB of costly content are shown in turns', () => {
  const BYTES = 20 * 1024 * 1024;
  const fill = (before: string, part: string, after: string): Buffer =>
    Buffer.from(`${before}${part.repeat(Math.floor((BYTES - 100) / part.length))}${after}`);

  test.each([
    ['an array of millions', () => fill('[', '1,', '1]')],
    ['an object with a list of millions', () => fill('{"data":[', '"",', '""]}')],
    ['an escaped quote after another', () => fill('["', '\\"', '"]')],
    ['brackets in brackets', () => fill('[', '[', '')],
    ['blanks', () => fill('[', ' ', ']')],
    ['a name without an end', () => fill('{"', '\\"', '')],
  ])('%s', async (_, make) => {
    const bytes = make();
    const look = () => parseWithList(bytes, 'data', COUNT, STRICT).catch(() => undefined);
    const list = () => parseList(bytes, COUNT).catch(() => undefined);
    await look();
    for (const work of [look, list]) {
      const { longestMs } = await bestOfTen({ longestMs: 50 }, () => turnsOf(work));
      expect(longestMs, 'ms of CPU without a turn for others').toBeLessThan(50);
    }
  });
});

async function turnsOf(work: () => Promise<unknown>): Promise<{ longestMs: number }> {
  const watch = watchEventLoop();
  await work();
  return { longestMs: watch.longestMs() };
}

describe('a message with many waiting items', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub();
  });
  afterAll(() => hub.close());

  test('is decrypted and read once for all its released items, until a code table changes', async () => {
    const steps = [1, 2, 3].map((n) => progress({ code: codeOf(n) }));
    await hub.push(steps, { what: 'progress' });
    const { database } = hub.hub;
    const codes = createCodeEntries(database);
    const readers = createReaders(hubKinds({ file: {} }).kinds, { province: { code: 'H60', name: 'H60' } }, codes);
    let reads = 0;
    const vault = createVault(['a-secret-of-the-tests-that-is-long-enough']);
    const reread = createReread(
      { database, vault, nowMs: () => hub.clock.nowMs },
      {
        codes,
        parties: hub.hub.parties,
        readers: {
          rest: (...given) => {
            reads++;
            return (readers.rest as Readers[string])(...given);
          },
        },
      },
    );
    const items: (Item | undefined)[] = [];
    for (const n of [1, 2, 3]) {
      hub.clock.nowMs += 1_000;
      for (const row of await loadWaitingFor(database, { dossiers: [codeOf(n)], records: [] })) {
        const read = await reread(row);
        items.push('item' in read ? read.item : undefined);
      }
    }
    expect(items).toMatchObject([1, 2, 3].map((n) => ({ kind: 'record', record: { code: codeOf(n) } })));
    expect(reads).toBe(1);
    await database.pool.query(
      `INSERT INTO code_entries (party, table_name, from_code, to_code, version, who, why, at, in_force_at)
       VALUES ('one-stop', 'national-status', '77', 'processing', 1, 'ops', 'because', now(), '2025-08-12T08:30:02+07:00')`,
    );
    await codes.reload();
    for (const row of await loadWaitingFor(database, { dossiers: [codeOf(1)], records: [] })) await reread(row);
    expect(reads).toBe(2);
  });
});

describe('a message with a thousand late steps of one dossier', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub();
  });
  afterAll(() => hub.close());

  test('is judged in turns, step by step, by a history that grows with each', async () => {
    await hub.push(dossier({ code: codeOf(1), status: 'processing', statusAt: '2025-08-12T08:15:00+07:00' }));
    const steps = Array.from({ length: COUNT }, (_, n) => {
      const minute = (n * 7919) % 1_000;
      const at = new Date(Date.UTC(2025, 6, 1) + minute * 60_000).toISOString();
      return progress({ code: codeOf(1), at, content: `Bước ${n}` });
    });
    let told: { results: { outcome: string }[] } | undefined;
    const { longestMs } = await turnsOf(async () => {
      told = (await hub.push(steps, { what: 'progress' })).body as typeof told;
    });
    expect(new Set(told?.results.map(({ outcome }) => outcome))).toEqual(new Set(['stale']));
    expect(longestMs, 'ms of CPU without a turn for others').toBeLessThan(200);
  });
});
