import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { type Item, type Outcome, type Page, type Puller, readXml, sentenceOf, textAt } from '#kit';
import { defineSimulator, startSimulator, type TestConnection } from '#kit/testing';
import { bestOfTen, watchEventLoop } from '../../tests/support/measures.ts';
import adapter from './adapter.ts';
import type { Settings } from './settings.ts';
import { connectTo } from './simulator/connect.ts';

/** A ministry whose steps are these, page by page; `between` is done after each answer. */
interface Ministry {
  rows: string[];
  /** Whether it says how many there are. */
  tellsTotal: boolean;
  /** The most rows of one answer, whatever size is asked for. */
  most: number;
  turnsPages: boolean;
  /** Whether it repeats its last page for every later number. */
  repeatsLast: boolean;
  /** After this many pages the first one comes again. */
  circle: number;
  /** Says by which cursor the page after this one is asked for, where pages have no numbers. */
  next?: (page: number) => string;
  between: (asked: number) => void;
  /** The start of each period that it was asked for. */
  since: (string | undefined)[];
}

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const row = (at: number): string => `G09.20-20250812-${String(at).padStart(7, '0')}`;
const rows = (count: number, first = 1): string[] => Array.from({ length: count }, (_, at) => row(first + at));

async function scene(ministry: Partial<Ministry>, size = 10) {
  const state: Ministry = {
    rows: [],
    tellsTotal: false,
    most: 1_000_000,
    turnsPages: true,
    repeatsLast: false,
    circle: Number.POSITIVE_INFINITY,
    between: () => undefined,
    since: [],
    ...ministry,
  };
  let asked = 0;
  const simulator = defineSimulator({
    routes: [
      {
        method: 'POST',
        path: '/HoSoWS',
        handle({ text }) {
          const call = readXml(text());
          state.since.push(textAt(call, 'Envelope.Body.*.tuThoiDiem'));
          const said = Number(textAt(call, 'Envelope.Body.*.trang') ?? 1);
          const most = Math.min(size, state.most);
          const last = state.repeatsLast ? Math.ceil(state.rows.length / most) : Number.POSITIVE_INFINITY;
          const page = state.turnsPages ? Math.min(((said - 1) % state.circle) + 1, last) : 1;
          const steps = state.rows
            .slice((page - 1) * most, page * most)
            .filter((code) => code !== undefined)
            .map(stepXml)
            .join('');
          const total = state.tellsTotal ? `<tongSo>${state.rows.length}</tongSo>` : '';
          const next = state.next ? `<tiep>${state.next(page)}</tiep>` : '';
          const body = `<S:Envelope xmlns:S="http://www.w3.org/2003/05/soap-envelope"><S:Body><r><return><ketQua><maLoi>0</maLoi>${total}</ketQua>${next}${steps}</return></r></S:Body></S:Envelope>`;
          state.between(++asked);
          return { headers: { 'content-type': 'application/soap+xml; charset=utf-8' }, body };
        },
      },
    ],
  });
  const partner = await startSimulator(simulator);
  open.push(partner);
  const puller = adapter.pull?.progress as Puller<Settings>;
  /** A process of the hub: what it keeps in memory goes with it. */
  const hub = (nowMs = NOW, url = partner.url, change: object = {}): TestConnection => {
    const base = connectTo('transport')(url, {});
    const { pull } = base.settings as { pull: { progress: object } };
    const progress = {
      ...pull.progress,
      records: 'r.return.tienDo',
      page: state.next ? { size, next: '*.return.tiep' } : { size, total: '*.return.ketQua.tongSo' },
      ...(state.next && { request: { ...(pull.progress as { request: object }).request, trang: 'cursor' } }),
      period: PERIOD,
      ...change,
    };
    base.close();
    const connection = connectTo('transport')(url, { now: () => nowMs, settings: { pull: { progress } } });
    open.push(connection);
    return connection;
  };
  return { state, partner, puller, hub };
}

const NOW = Date.parse('2025-08-13T10:00:00+07:00');
const PERIOD = { startAt: '2025-08-12T00:00:00+07:00', overlapS: 60, longestH: 48 };

function stepXml(code: string): string {
  return `<tienDo><maHoSo>${code}</maHoSo><trangThai>HOAN_THANH</trangThai><thoiDiem>2025-08-12T17:00:00+07:00</thoiDiem><nguoiXuLy>Lê Văn C</nguoiXuLy><noiDung>Đã xong</noiDung></tienDo>`;
}

/** Pull until the run is over, as the hub does: each page is kept with its checkpoint. */
async function run(
  puller: Puller<Settings>,
  connection: TestConnection,
  checkpoint: unknown = undefined,
  pages = Number.POSITIVE_INFINITY,
) {
  const kept: string[] = [];
  let [at, more, lacks] = [checkpoint, true, undefined as Page['lacks']];
  for (let page = 0; more && page < pages; page++) {
    const answer = (await puller.next(connection as never, at, undefined as never)) as Page | Outcome;
    if ('kind' in answer) return { kept, checkpoint: at, failure: answer, more, lacks };
    // The hub keeps it as JSON.
    at = JSON.parse(JSON.stringify(answer.checkpoint));
    const said = typeof answer.lacks === 'object' ? sentenceOf(answer.lacks).message : answer.lacks;
    [more, lacks] = [answer.more, lacks || said];
    for (const { body } of answer.bodies)
      kept.push(...codesIn(puller.read(body, connection.settings as Settings, connection.codes)));
  }
  return { kept, checkpoint: at, failure: undefined, more, lacks };
}

function codesIn(items: readonly Item[]): string[] {
  return items.map((item) => (item.kind === 'record' ? (item.record as { code: string }).code : JSON.stringify(item)));
}

const distinct = (kept: readonly string[]): string[] => [...new Set(kept)].sort();

describe('a list in pages', () => {
  test('is read completely, each row once, if nothing moves', async () => {
    for (const tellsTotal of [false, true]) {
      const { puller, hub } = await scene({ rows: rows(35), tellsTotal });
      const { kept, more } = await run(puller, hub());
      expect([kept.length, distinct(kept), more]).toEqual([35, rows(35), false]);
    }
  });

  test('loses no row if rows move up to a page that was read', async () => {
    for (const tellsTotal of [false, true])
      for (const at of [1, 2, 3]) {
        const { puller, hub, state } = await scene({ rows: rows(35), tellsTotal });
        state.between = (asked) => {
          if (asked === at) state.rows = state.rows.slice(1);
        };
        const { kept } = await run(puller, hub());
        expect(distinct(kept)).toEqual(rows(35));
      }
  });

  test('loses no row if new ones come at the front', async () => {
    const { puller, hub, state } = await scene({ rows: rows(25) });
    state.between = (asked) => {
      if (asked === 2) state.rows = [row(900), ...state.rows];
    };
    const { kept } = await run(puller, hub());
    expect(distinct(kept)).toEqual([...rows(25), row(900)]);
  });

  test('that keeps changing is read again next time, from the same moment', async () => {
    const { puller, hub, state } = await scene({ rows: rows(25) });
    state.between = (asked) => state.rows.unshift(row(1_000 + asked));
    const { checkpoint, more } = await run(puller, hub());
    expect(more).toBe(false);
    expect(checkpoint).not.toHaveProperty('until');
  });

  test('is read completely if the ministry returns smaller pages than requested', async () => {
    const { puller, hub } = await scene({ rows: rows(23), most: 4 });
    expect(distinct((await run(puller, hub())).kept)).toEqual(rows(23));
  });

  test('ends if the ministry ignores page numbers', async () => {
    const { puller, hub, partner } = await scene({ rows: rows(8), turnsPages: false });
    expect((await run(puller, hub())).kept).toEqual(rows(8));
    expect(partner.requests().length).toBeLessThan(10);
  });

  test('ends if its pages form a circle, and stores no row twice', async () => {
    let cursor = 0;
    const endless = [
      { circle: 3 },
      { next: (page: number) => String((page % 3) + 1) },
      // A cursor that is another one each time, and leads to nothing any more.
      { next: () => String(++cursor + 1) },
    ];
    for (const [at, ministry] of endless.entries()) {
      const { puller, hub, partner } = await scene({ rows: rows(30), ...ministry });
      const { kept, more, checkpoint } = await run(puller, hub());
      expect([kept, more, checkpoint]).toEqual([
        rows(30),
        false,
        expect.objectContaining({ until: expect.any(String) }),
      ]);
      expect(partner.requests().length).toBeLessThan(at === 2 ? 250 : 50);
    }
  });

  test('reports rows that may be missing after its pages, and only then', async () => {
    const again = 'page 2 repeats the first one, with all 10 requested records: it may return no others';
    const endless = expect.stringContaining('repeat earlier ones without an end');
    const cases: readonly (readonly [Partial<Ministry>, unknown])[] = [
      // It reads no page number.
      [{ rows: rows(30), turnsPages: false }, again],
      [{ rows: rows(8), turnsPages: false }, false],
      [{ rows: rows(30), turnsPages: false, most: 7 }, false],
      [{ rows: rows(30), turnsPages: false, tellsTotal: true }, 'it announces 30 records, and its pages had 10'],
      [{ rows: rows(15), turnsPages: false, tellsTotal: true }, 'it announces 15 records, and its pages had 10'],
      [{ rows: rows(10), turnsPages: false, tellsTotal: true }, false],
      // It repeats its last page for every later number, as many do.
      [{ rows: rows(25), repeatsLast: true }, false],
      [{ rows: rows(30), repeatsLast: true }, false],
      [{ rows: rows(30), repeatsLast: true, tellsTotal: true }, false],
      // Its pages go round.
      [{ rows: rows(60), circle: 3 }, endless],
      [{ rows: rows(25), circle: 3 }, false],
      [{ rows: rows(60), circle: 3, tellsTotal: true }, 'it announces 60 records, and its pages had 30'],
      [{ rows: rows(60), next: (page) => String((page % 3) + 1) }, endless],
      // It reads no cursor.
      [{ rows: rows(60), next: () => '2', turnsPages: false }, endless],
      // The cursor of the last page leads to itself.
      [{ rows: rows(25), next: (page) => String(Math.min(page + 1, 3)) }, false],
      [{ rows: rows(8), next: () => '1' }, false],
      [{ rows: rows(10), next: () => '1' }, endless],
      [{ rows: [], next: () => '1' }, false],
    ];
    for (const [ministry, expected] of cases) {
      const { puller, hub } = await scene(ministry);
      const { lacks, failure, more } = await run(puller, hub());
      expect({ ministry, lacks, failure, more }).toEqual({
        ministry,
        lacks: expected,
        failure: undefined,
        more: false,
      });
    }
  });

  test('shows completeness again by pages that turn, not by a short page', async () => {
    const { puller, hub, state } = await scene({ rows: rows(30), turnsPages: false });
    const first = await run(puller, hub());
    expect(first).toMatchObject({ lacks: expect.any(String), checkpoint: { until: expect.any(String) } });
    state.rows = rows(3, 40);
    const short = await run(puller, hub(NOW + 300_000), first.checkpoint);
    expect(short.lacks).toBeUndefined();
    Object.assign(state, { rows: rows(30, 50), turnsPages: true });
    expect((await run(puller, hub(NOW + 600_000), short.checkpoint)).lacks).toBe(false);
  });

  test('without a period is complete, so that each run shows missing rows', async () => {
    const { puller, hub, state } = await scene({ rows: rows(30), turnsPages: false });
    const whole = (nowMs: number) => hub(nowMs, undefined, { period: undefined });
    const first = await run(puller, whole(NOW));
    expect(first).toMatchObject({ lacks: expect.any(String), checkpoint: { until: expect.any(String) } });
    state.rows = rows(8);
    expect((await run(puller, whole(NOW + 300_000), first.checkpoint)).lacks).toBe(false);
  });

  test('is read to its end if a cursor passes three quiet days, hour by hour', async () => {
    const { puller, hub } = await scene({
      rows: [...rows(10), ...Array(730), ...rows(5, 11)],
      next: (page) => String(Math.min(page + 1, 75)),
    });
    expect((await run(puller, hub())).kept).toEqual(rows(15));
  });

  test('continues after the last stored page if the process was killed', async () => {
    for (let killedAfter = 1; killedAfter < 8; killedAfter++) {
      const { puller, hub } = await scene({ rows: rows(25) });
      const before = await run(puller, hub(), undefined, killedAfter);
      const after = await run(puller, hub(), before.checkpoint);
      expect([...before.kept, ...after.kept].sort()).toEqual(rows(25));
    }
  });

  test('continues at its position after a failure', async () => {
    const { puller, hub, partner } = await scene({ rows: rows(25), tellsTotal: true });
    const connection = hub();
    const before = await run(puller, connection, undefined, 1);
    await partner.fault({ kind: 'html', times: 3 });
    const failed = await run(puller, connection, before.checkpoint);
    expect(failed).toMatchObject({ failure: { kind: 'unavailable', reason: 'html' }, kept: [] });
    await partner.clearFaults();
    const after = await run(puller, connection, failed.checkpoint);
    expect([...before.kept, ...after.kept].sort()).toEqual(rows(25));
  });
});

describe('a period', () => {
  test('goes back by its overlap, and stores unchanged rows only once', async () => {
    const { puller, hub, partner, state } = await scene({ rows: rows(5), tellsTotal: true });
    const first = await run(puller, hub());
    expect(first.checkpoint).toMatchObject({ until: '2025-08-13T10:00:00+07:00' });
    const again = await run(puller, hub(NOW + 300_000), first.checkpoint);
    expect([first.kept.length, again.kept.length]).toEqual([5, 0]);
    expect(again.checkpoint).toMatchObject({ until: '2025-08-13T10:05:00+07:00' });
    state.rows.push(row(6));
    expect((await run(puller, hub(NOW + 600_000), again.checkpoint)).kept).toContain(row(6));
    expect(partner.requests()).toHaveLength(3);
  });

  test('is read again after changed settings, and completely with another start', async () => {
    const { puller, hub, partner, state } = await scene({ rows: rows(5), tellsTotal: true });
    const first = await run(puller, hub());
    const fields = { code: 'maHoSo', at: { value: '2025-08-12T17:00:00+07:00' } };
    const mended = await run(puller, hub(NOW, partner.url, { fields }), first.checkpoint);
    expect([mended.kept.length, mended.checkpoint]).toEqual([
      5,
      { ...(first.checkpoint as object), reading: expect.any(String) },
    ]);
    const period = { startAt: '2025-08-11T00:00:00+07:00', overlapS: 60 };
    const earlier = await run(puller, hub(NOW, partner.url, { fields, period }), mended.checkpoint);
    expect(earlier.kept).toHaveLength(5);
    expect((await run(puller, hub(NOW, partner.url, { fields, period }), earlier.checkpoint)).kept).toEqual([]);
    const overlap = '2025-08-13T09:59:00+07:00';
    expect(state.since).toEqual([PERIOD.startAt, overlap, period.startAt, overlap]);
  });

  test('from before settings were stored with it continues unchanged', async () => {
    const { puller, hub } = await scene({ rows: rows(5), tellsTotal: true });
    const { reading: _, startAt: __, ...before } = (await run(puller, hub())).checkpoint as Record<string, unknown>;
    expect((await run(puller, hub(), before)).kept).toEqual([]);
  });

  test('that is long is read in pieces, one after the other', async () => {
    const { puller, hub, partner } = await scene({ rows: [], tellsTotal: true });
    const far = Date.parse('2025-08-20T00:00:00+07:00');
    expect((await run(puller, hub(far))).checkpoint).toMatchObject({ until: '2025-08-20T00:00:00+07:00' });
    expect(partner.requests()).toHaveLength(4);
  });
});

/** A server in a process of its own, so that its work is not measured: 20,000 steps of 1 KB in one answer. */
const LARGE = `
  const step = (at) => '<tienDo><maHoSo>G09.20-20250812-' + String(at).padStart(7, '0') + '</maHoSo><trangThai>HOAN_THANH</trangThai>' +
    '<thoiDiem>2025-08-12T17:00:00+07:00</thoiDiem><nguoiXuLy>Lê Văn C</nguoiXuLy><noiDung>' + 'Đã giải quyết xong hồ sơ. '.repeat(26) + '</noiDung></tienDo>';
  const steps = Array.from({ length: 20000 }, (_, at) => step(at)).join('');
  const body = Buffer.from('<S:Envelope xmlns:S="u"><S:Body><r><return><ketQua><maLoi>0</maLoi><tongSo>20000</tongSo></ketQua>' + steps + '</return></r></S:Body></S:Envelope>');
  const server = require('node:http').createServer((request, reply) => request.resume().on('end', () => reply.end(body)));
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

test('20,000 rows in 20 MB block no request for 50 ms and take less than 150 MB', async () => {
  const child = spawn(process.execPath, ['-e', LARGE], { stdio: ['ignore', 'pipe', 'inherit'] });
  open.push({ close: () => child.kill() });
  const [line] = await once(child.stdout, 'data');
  const { puller, hub } = await scene({});
  const url = `http://127.0.0.1:${String(line).trim()}`;
  const bounds = { longestMs: 50, mostBytes: 150e6 };
  const best = await bestOfTen(bounds, () => pullLarge(puller, hub(NOW, url)));
  expect(best).toMatchObject({ codes: 20_000, parts: 400 });
  expect(best.longestMs).toBeLessThan(bounds.longestMs);
  expect(best.mostBytes).toBeLessThan(bounds.mostBytes);
}, 60_000);

async function pullLarge(puller: Puller<Settings>, connection: TestConnection) {
  global.gc?.();
  const before = process.memoryUsage().rss;
  const watch = watchEventLoop();
  let [mostBytes, parts, at, more] = [0, 0, undefined as unknown, true];
  const codes = new Set<string>();
  while (more) {
    const page = (await puller.next(connection as never, at, undefined as never)) as Page;
    for (const { body } of page.bodies)
      for (const code of codesIn(puller.read(body, connection.settings as Settings, connection.codes))) codes.add(code);
    mostBytes = Math.max(mostBytes, process.memoryUsage().rss - before);
    parts += page.bodies.length;
    [at, more] = [page.checkpoint, page.more];
    // The hub keeps it meanwhile.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { codes: codes.size, parts, longestMs: watch.longestMs(), mostBytes };
}
