import Type from 'typebox';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Outcome } from '#core/dossier/settle';
import type { ReportName } from '#core/statistics/report-paths';
import { closed } from '../../schemas/parts.ts';
import { defineAdapter } from '../../src/kit/adapter.ts';
import type { Answered } from '../../src/kit/asker.ts';
import { beginRun, continueRun, endRun, storeBackup } from '../../src/ledger/process-runs.ts';
import type { Report } from '../../src/reports/report.ts';
import { expectRecordsBehind } from '../support/behind.ts';
import { codeOf, dossier, type Partner, type TestHub, testHub } from '../support/hub.ts';
import { OPERATOR_KEYS } from '../support/operator.ts';

/**
 * The reports on operation, of a year with outages, slow and refused deliveries, comparisons that differ, stopped processes and
 * questions to a register. The partners and the test write down what happens, minute by minute. The tests count from that.
 */
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.parse('2024-12-20T08:00:00+07:00');
const PUSHES = 15;
const EVERY_MS = 24 * DAY;
/** The third quarter has the longest outage, which begins in the second. */
const PERIODS = {
  '2025': ['2024-12-15', '2025-12-14'],
  '2025-Q1': ['2024-12-15', '2025-03-14'],
  '2025-Q3': ['2025-06-15', '2025-09-14'],
} as const;
type Period = keyof typeof PERIODS;
const ALL = Object.keys(PERIODS) as Period[];
const TITLES = { portal: 'Cổng Dịch vụ công', ministry: 'Hệ thống của Bộ' } as const;
type Party = keyof typeof TITLES;
const PARTIES: readonly Party[] = ['ministry', 'portal'];
/** First and last minute in which a partner does not answer. */
const OUTAGES: readonly (readonly [Party, from: string, to: string])[] = [
  ['portal', '2025-02-06T08:00:00+07:00', '2025-02-06T12:00:00+07:00'],
  ['portal', '2025-06-06T07:00:00+07:00', '2025-06-16T12:00:00+07:00'],
  ['ministry', '2025-08-17T08:00:00+07:00', '2025-08-17T19:00:00+07:00'],
];
/** Minutes after each push at which the hub looks for due work. */
const LOOKS = [0, 1, 4, 15, 61, 180, 1_500, 6_000];
const RETRY = [MINUTE, 3 * MINUTE, 10 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, DAY, 2 * DAY];

/** A dossier, or its new version, that a party gets. */
interface Sent {
  readonly party: Party;
  readonly code: string;
  readonly pushedMs: number;
  /** When the partner answered, or the hub gave up. */
  endedMs?: number;
  answer?: 'delivered' | 'refused';
  failures: number;
}
interface Outage {
  readonly party: Party;
  readonly openedMs: number;
  closedMs: number;
}
const sent: Sent[] = [];
const outages: Outage[] = [];
const failures: Record<Party, number> = { portal: 0, ministry: 0 };
/** Attempts at a partner that was not away, by party and code. */
const tries = new Map<string, number>();

let hub: TestHub;

/** Five calls in a row without any answer are an outage, and the next answer ends it. */
function noteCall(party: Party, outcomes: readonly Outcome[], nowMs: number): void {
  if (outcomes.every(({ kind }) => kind === 'unavailable')) {
    failures[party]++;
    if (failures[party] === 5) outages.push({ party, openedMs: nowMs, closedMs: Number.POSITIVE_INFINITY });
    return;
  }
  failures[party] = 0;
  for (const outage of outages) if (outage.party === party) outage.closedMs = Math.min(outage.closedMs, nowMs);
}

/** A dossier ends with its first answer, or when the hub has tried as often as it should. */
function noteEnd(party: Party, code: string | undefined, kind: Outcome['kind'], nowMs: number): void {
  const one = sent.find((each) => each.party === party && each.code === code && each.endedMs === undefined);
  if (!one) throw new Error(`${party} got ${code}, which has ended`);
  if (kind === 'delivered' || kind === 'refused') Object.assign(one, { endedMs: nowMs, answer: kind });
  else if (++one.failures > RETRY.length) one.endedMs = nowMs;
}

/** Writes down each answer as it is given. */
function partnerAs(party: Party): Partner {
  const adapter = defineAdapter({
    settings: Type.Object({}),
    send: {
      'dossier.upsert.v1': {
        // All due ones in one call, so that calls follow one another.
        batch: () => 100,
        onePerDossier: true,
        async send(_, items) {
          const nowMs = hub.clock.nowMs;
          const outcomes = items.map(({ code }) => outcomeOf(party, code, nowMs));
          noteCall(party, outcomes, nowMs);
          for (const [at, { kind }] of outcomes.entries()) noteEnd(party, items[at]?.code, kind, nowMs);
          return outcomes;
        },
      },
    },
    reconcile: {
      async compare(_, { code }) {
        const n = numberOf(code);
        if (n % 10 === 1) return { kind: 'absent' };
        return { kind: 'found', differences: n % 7 === 2 ? [{ path: '/status', ours: '2', theirs: '4' }] : [] };
      },
    },
  });
  return { sent: [], script: [], adapter };
}

function outcomeOf(party: Party, code: string, nowMs: number): Outcome {
  const n = numberOf(code);
  const isAway = OUTAGES.some(([of, from, to]) => of === party && nowMs >= Date.parse(from) && nowMs <= Date.parse(to));
  if (isAway) return { kind: 'unavailable', reason: 'down', message: 'no connection' };
  const key = `${party} ${code}`;
  const attempt = tries.get(key) ?? 0;
  tries.set(key, attempt + 1);
  const isSlow = n % (party === 'portal' ? 3 : 5) !== 0 && attempt < 1 + (n % 4);
  if (isSlow || (party === 'ministry' && n % 40 === 13))
    return { kind: 'unavailable', reason: 'busy', message: 'try again' };
  return n % (party === 'portal' ? 8 : 13) === 5
    ? { kind: 'refused', reason: 'wrong-data', message: 'x' }
    : { kind: 'delivered' };
}

const numberOf = (code: string): number => Number(code.slice(-4));

const OFFICERS = ['CB-01', 'CB-02', 'CB-03'];
const PURPOSES = ['Kiểm tra cư trú', 'Kiểm tra khai sinh'];
const ANSWERS: readonly Answered[] = [
  { kind: 'found', answer: { name: 'A' }, unread: [] },
  { kind: 'not-found' },
  { kind: 'found', answer: { name: 'B' }, unread: [] },
  { kind: 'unavailable', reason: 'down', message: 'no connection' },
  { kind: 'several', count: 2 },
  { kind: 'refused', reason: 'not-allowed', message: 'no' },
];
interface OwnAsk {
  readonly atMs: number;
  readonly line: string;
  readonly outcome: string;
}
const asked: OwnAsk[] = [];
const register = defineAdapter({
  settings: Type.Object({}),
  asks: {
    questions: () => ({
      person: {
        title: 'Thông tin công dân',
        values: closed({ identityNumber: Type.String({ description: 'số định danh' }) }),
        members: ['name'],
        fromDossier: {},
        withinMs: 1_000,
      },
    }),
    ask: async () => ANSWERS[asked.length % ANSWERS.length] as Answered,
  },
});

async function askOnce(n: number): Promise<void> {
  const [officer, purpose, agencyCode] = [OFFICERS[n % 3], PURPOSES[n % 2], `H60.0${1 + (n % 5)}`];
  const values = { identityNumber: `${n}` };
  const order = { officer, agencyCode, purpose, legalBasis: 'NĐ 61/2018/NĐ-CP', dossierCode: codeOf(1), values };
  const { kind } = ANSWERS[asked.length % ANSWERS.length] as Answered;
  const reply = await hub.request('POST', '/api/v1/parties/population/ask/person', undefined, order, {
    Authorization: 'Bearer clerk-secret-of-the-tests',
  });
  expect(await reply.json()).toMatchObject({ outcome: kind });
  const agency = `Cơ quan mã ${agencyCode} (chưa có trong danh mục)`;
  asked.push({ atMs: hub.clock.nowMs, line: `${agency} ${officer} ${purpose}`, outcome: kind });
}

/** Minutes from the start of the year in which a process with the role wrote that it runs. */
const isUp: Record<'api' | 'worker', Set<number>> = { api: new Set(), worker: new Set() };
/** Hours from the start: two processes that overlap, are stopped in order, end without one, and are away longer than a quarter. */
const RUNS: readonly (readonly [role: 'api' | 'worker', fromHour: number, toHour: number, isOrdered: boolean])[] = [
  ['api', 0, 900, true],
  ['worker', 0, 1_000, false],
  ['api', 850, 1_300, true],
  ['worker', 1_003, 4_000, true],
  ['api', 1_306, 5_000, false],
  ['api', 2_000, 2_500, true],
  ['worker', 4_900, 8_600, true],
  ['api', 5_001, 8_600, true],
];

async function runProcesses(): Promise<void> {
  const { database } = hub.hub;
  await database.pool.query('DELETE FROM process_runs');
  for (const [role, from, to, isOrdered] of RUNS) {
    const [fromMs, toMs] = [START + from * HOUR, START + to * HOUR];
    const id = await beginRun(database, [role], fromMs);
    expect(await continueRun(database, id, toMs, toMs - fromMs)).toBe(true);
    if (isOrdered) await endRun(database, id, toMs);
    for (let minute = from * 60; minute < to * 60; minute++) isUp[role].add(minute);
  }
  // A backup is no time at which the hub ran, nor was away.
  await storeBackup(database, START - 100 * HOUR, START - 99 * HOUR);
  await storeBackup(database, START + 950 * HOUR, START + 951 * HOUR);
}

async function push(codes: readonly string[], status: string): Promise<void> {
  const at = new Date(hub.clock.nowMs).toISOString();
  const { results } = await hub.push(codes.map((code) => dossier({ code, status, statusAt: at, receivedAt: at })));
  expect(results.map(({ outcome }) => outcome)).toEqual(codes.map(() => 'accepted'));
  for (const party of PARTIES)
    sent.push(...codes.map((code) => ({ party, code, pushedMs: hub.clock.nowMs, failures: 0 })));
}

async function pushAndDeliver(nth: number): Promise<void> {
  const codes = Array.from({ length: 9 }, (_, n) => codeOf(nth * 9 + n + 1));
  for (const [look, minutes] of LOOKS.entries()) {
    hub.clock.nowMs = START + nth * EVERY_MS + minutes * MINUTE;
    if (look === 0) await push(codes, 'received');
    if (look === 3)
      await push(
        codes.filter((code) => numberOf(code) % 5 === 0),
        'processing',
      );
    if (look > 4) await askOnce(nth * 3 + look);
    await hub.deliver();
  }
}

beforeAll(async () => {
  hub = await testHub({
    keys: [...OPERATOR_KEYS, { id: 'clerk', secret: 'clerk-secret-of-the-tests', scopes: ['register:ask'] }],
    nowMs: START,
    retryDelaysMs: RETRY,
    partners: {
      portal: partnerAs('portal'),
      ministry: partnerAs('ministry'),
      population: { sent: [], script: [], adapter: register },
    },
    routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: [...PARTIES] }],
    entries: { portal: { title: TITLES.portal }, ministry: { title: TITLES.ministry } },
  });
  for (let n = 0; n < PUSHES; n++) await pushAndDeliver(n);
  hub.clock.nowMs = START + 365 * DAY;
  for (const party of PARTIES) await hub.hub.reconcile(party);
  await runProcesses();
}, 120_000);
afterAll(() => hub.close());

const made = async (name: ReportName, period: Period): Promise<Report> => {
  const one = await hub.hub.reports.make(name, period, { by: 'agency', rule: 'td' });
  if (one.kind !== 'made') throw new Error(one.kind);
  return one.report;
};
const spanOf = (period: Period): readonly [fromMs: number, endMs: number] => {
  const [from, to] = PERIODS[period];
  return [Date.parse(`${from}T00:00:00+07:00`), Date.parse(`${to}T00:00:00+07:00`) + DAY];
};
const round = (value: number): number => Number(value.toFixed(2));
/** Hours and minutes have one digit after the comma. */
const rounded = (value: number): number => Math.round(value * 10) / 10;
const share = (part: number, whole: number) => (whole === 0 ? null : round((part / whole) * 100));
const stamp = (ms: number): string => {
  const [day = '', time = ''] = new Date(ms + 7 * HOUR).toISOString().split('T');
  return `${day.split('-').reverse().join('/')} ${time.slice(0, 5)}`;
};

/** The value below which this share of them lies, between two of them in proportion. */
function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * part;
  const [low, high] = [sorted[Math.floor(place)] as number, sorted[Math.ceil(place)] as number];
  return rounded(low + (high - low) * (place % 1));
}

test.each(ALL)(
  'connections of %s: deliveries, minutes and agreement are those that the partners wrote down',
  async (period) => {
    const [fromMs, endMs] = spanOf(period);
    const expected = PARTIES.map((party, at) => {
      const ours = sent.filter((one) => one.party === party && one.pushedMs >= fromMs && one.pushedMs < endMs);
      const delivered = ours.filter(({ answer }) => answer === 'delivered');
      const refused = ours.filter(({ answer }) => answer === 'refused').length;
      const minutes = delivered.map(({ pushedMs, endedMs = 0 }) => (endedMs - pushedMs) / MINUTE);
      const taken = new Set(
        sent.filter((one) => one.party === party && one.answer === 'delivered').map(({ code }) => numberOf(code)),
      );
      const agreed = [...taken].filter((n) => n % 10 !== 1 && n % 7 !== 2).length;
      return [
        ...[at + 1, TITLES[party], ours.length, delivered.length, refused, ours.length - delivered.length - refused],
        ...[share(delivered.length, ours.length), quantile(minutes, 0.5), quantile(minutes, 0.95)],
        ...[taken.size, agreed, share(agreed, taken.size)],
      ];
    });
    const cells = (await made('connections', period)).rows.map((row) => row.cells);
    expect(cells).toEqual(expected);
    // Every number says something, but the portal's waiting deliveries.
    for (const [party, line] of cells.entries())
      for (const [column, cell] of line.entries())
        if (column > 1 && !(party === 1 && column === 5)) expect([column, cell]).not.toEqual([column, 0]);
  },
);

test.each(ALL)('incidents of %s: dossiers that waited and were refused are those of the outages', async (period) => {
  const [fromMs, endMs] = spanOf(period);
  const expected = outages
    .filter(({ openedMs, closedMs }) => openedMs < endMs && closedMs >= fromMs)
    .map(({ party, openedMs, closedMs }) => {
      const ours = sent.filter((one) => one.party === party);
      const delayed = ours.filter(
        (one) => one.pushedMs < closedMs && (one.endedMs ?? Number.POSITIVE_INFINITY) > openedMs,
      );
      const wrong = ours.filter(
        ({ answer, endedMs = 0 }) => answer === 'refused' && endedMs >= openedMs && endedMs <= closedMs,
      );
      const codes = [delayed, wrong].map((list) => new Set(list.map(({ code }) => code)).size);
      return [TITLES[party], stamp(openedMs), stamp(closedMs), rounded((closedMs - openedMs) / HOUR), ...codes];
    });
  const { rows } = await made('incidents', period);
  expect(rows.slice(0, -1).map(({ cells }) => [cells[1], ...cells.slice(3, 8)])).toEqual(expected);
  const sum = (column: number) => expected.reduce((all, line) => all + Number(line[column]), 0);
  expect(rows.at(-1)?.cells.slice(6, 8)).toEqual([sum(4), sum(5)]);
  expect(sum(4)).toBeGreaterThan(0);
});

test('an incident that stops nothing delayed nothing, and what operators dismissed the party did not refuse', async () => {
  const { pool } = hub.hub.database;
  const period = ALL.at(-1) as Period;
  const { rows } = await pool.query(
    `INSERT INTO incidents (party, kind, cause, opened_at, closed_at)
     VALUES ('portal', 'certificate-expiry', 'x', '2025-01-02', '2025-12-30') RETURNING id`,
  );
  const numbers = async () => {
    const incident = (await made('incidents', period)).rows.find(
      ({ cells }) => cells[2] === 'Chứng thư số sắp hết hạn',
    );
    const connection = (await made('connections', period)).rows[PARTIES.indexOf('portal')];
    return { delayed: incident?.cells[6], refused: [incident?.cells[7], connection?.cells[4]] };
  };
  const before = await numbers();
  expect(before).toMatchObject({ delayed: 0, refused: [expect.any(Number), expect.any(Number)] });
  expect(before.refused).not.toContain(0);
  const dismiss = `UPDATE deliveries SET reason = $1 WHERE state = 'refused' AND party = 'portal' AND reason = $2`;
  await pool.query(dismiss, ['dismissed', 'wrong-data']);
  expect((await numbers()).refused).toEqual([0, 0]);
  await pool.query(dismiss, ['wrong-data', 'dismissed']);
  await pool.query('DELETE FROM incidents WHERE id = $1', [rows[0].id]);
});

const ROLES = { api: 'Tiếp nhận và tra cứu', worker: 'Chuyển dữ liệu' } as const;

test.each(ALL)('availability of %s: hours and gaps are those of each minute', async (period) => {
  const [fromMs, endMs] = spanOf(period);
  const [first, last] = [Math.max(fromMs, START), Math.min(endMs, hub.clock.nowMs)];
  const expected = (['api', 'worker'] as const).flatMap((role, at) => {
    const lines: (readonly unknown[])[] = [];
    let [up, downSince] = [0, Number.NaN];
    for (let ms = first; ms <= last; ms += MINUTE) {
      const isRunning = isUp[role].has((ms - START) / MINUTE) && ms < last;
      if (isRunning) up++;
      if ((isRunning || ms === last) && !Number.isNaN(downSince)) {
        const before = RUNS.filter(([of, , to]) => of === role && START + to * HOUR <= downSince)
          .toSorted((a, b) => a[2] - b[2])
          .at(-1);
        const note = before?.[3] ? 'Dừng có chủ đích' : 'Không dừng theo lệnh';
        lines.push([
          '',
          'Gián đoạn',
          stamp(downSince),
          stampOfEnd(ms),
          null,
          round((ms - downSince) / HOUR),
          null,
          note,
        ]);
        downSince = Number.NaN;
      } else if (!isRunning && Number.isNaN(downSince)) downSince = ms;
    }
    const all = (last - first) / MINUTE;
    return [
      [
        ...[at + 1, ROLES[role], stamp(first), stampOfEnd(last), round(up / 60), round((all - up) / 60)],
        ...[share(up, all), ''],
      ],
      ...lines,
    ];
  });
  expect((await made('availability', period)).rows.map(({ cells }) => cells)).toEqual(expected);
  expect(expected.length).toBeGreaterThan(2);
});
/** A period ends a millisecond before its last midnight. */
const stampOfEnd = (ms: number): string =>
  stamp(Object.values(PERIODS).some(([, to]) => Date.parse(`${to}T00:00:00+07:00`) + DAY === ms) ? ms - 1 : ms);

test.each(ALL)('asks of %s: each line counts what its officer asked', async (period) => {
  const [fromMs, endMs] = spanOf(period);
  const ours = asked.filter(({ atMs }) => atMs >= fromMs && atMs < endMs);
  const countsOf = (list: readonly OwnAsk[]) => {
    const many = (...outcomes: readonly string[]) => list.filter(({ outcome }) => outcomes.includes(outcome)).length;
    return [list.length, many('found'), many('not-found'), many('several', 'refused', 'unavailable')];
  };
  const lines = [...new Set(ours.map(({ line }) => line))].toSorted();
  const { rows } = await made('asks', period);
  expect(rows.slice(0, -1).map(({ cells }) => [`${cells[1]} ${cells[2]} ${cells[5]}`, ...cells.slice(6)])).toEqual(
    lines.map((line) => [line, ...countsOf(ours.filter((one) => one.line === line))]),
  );
  expect(rows.at(-1)?.cells.slice(6)).toEqual(countsOf(ours));
});

test.each([
  ['connections', ['Tổng số', 'Thành công', 'Bị từ chối', 'Đang chờ']],
  ['incidents', ['Hồ sơ bị chậm', 'Hồ sơ bị từ chối']],
  ['availability', []],
  ['asks', ['Tổng số', 'Có kết quả', 'Không có', 'Không trả lời được']],
] as const)('every number of %s leads to its records, and each count to as many', async (name, counts) => {
  expect(await expectRecordsBehind(hub, await made(name, '2025-Q3'))).toEqual(new Set(counts));
});
