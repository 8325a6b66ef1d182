import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readXlsx } from 'hucre/xlsx';
import { afterAll, beforeAll, expect } from 'vitest';
import { DAY_MS } from '#core/dates/dates';
import { REPORTS, type ReportName } from '#core/statistics/report-paths';
import { openIncident } from '../../src/ledger/incidents.ts';
import type { Report } from '../../src/reports/report.ts';
import { behind, expectRecordsBehind } from '../support/behind.ts';
import { inDepth, test } from '../support/depth.ts';
import { codeOf, dossier, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { petition, question, rating } from '../support/kinds.ts';
import { OPERATOR_KEYS } from '../support/operator.ts';

const FIRST = Date.parse('2024-11-20T02:00:00Z');
const COUNT = 360;
const NOW = Date.parse('2026-01-05T08:00:00+07:00');
const AGENCIES = ['H60.01', 'H60.02', 'H60.03'];
/** The catalogue of the test has none of them. */
const withoutName = (code: string): string => `Cơ quan mã ${code} (chưa có trong danh mục)`;
const at = (day: number): string => new Date(FIRST + day * DAY_MS).toISOString();
const OPTIONS = { by: 'agency', rule: 'td' } as const;
/** 2025 and its quarters, as reports mean them. */
const PERIODS = {
  '2025': ['2024-12-15', '2025-12-14'],
  '2025-Q1': ['2024-12-15', '2025-03-14'],
  '2025-Q3': ['2025-06-15', '2025-09-14'],
} as const;

/** A dossier each day of a year. */
const DOSSIERS = Array.from({ length: COUNT }, (_, n) => {
  const isDone = n % 5 !== 0;
  return dossier({
    code: codeOf(n + 1),
    agencyCode: AGENCIES[n % 3],
    channel: n % 2 === 0 ? 'online' : 'counter',
    status: isDone ? 'returned' : 'processing',
    receivedAt: at(n),
    statusAt: isDone ? at(n + 3) : at(n),
    dueAt: at(n + 5),
    fees: n % 4 === 0 ? [{ amountVnd: 20_000 }] : [{ amountVnd: 0 }],
    onlinePayment: n % 8 === 0 ? 'national-portal' : 'offline',
    documents: [{ name: 'Tờ khai', digitised: n % 3 === 0 }],
    ...(isDone && { finishedAt: at(n + 3), returnedAt: at(n + 3) }),
    ...(isDone && n % 7 === 0 && { results: [{ name: 'Giấy', url: 'https://files.example.test/1', code: 'KQ' }] }),
  });
});
const QUESTIONS = Array.from({ length: 120 }, (_, n) => {
  const answeredAt = n % 4 === 0 ? undefined : at(3 * n + 2 + (n % 20));
  return question({
    code: `H60-HD-${n}`,
    askedAt: at(3 * n),
    state: answeredAt ? 'answered' : 'received',
    stateAt: answeredAt ?? at(3 * n),
    dueAt: at(3 * n + 10),
    agencyCode: AGENCIES[n % 3],
    ...(answeredAt && { answers: [{ at: answeredAt, content: 'Đã trả lời' }] }),
  });
});

const PETITIONS = Array.from({ length: 40 }, (_, n) => {
  const answeredAt = n % 3 === 0 ? undefined : at(9 * n + 1 + (n % 7) * 9);
  return petition({
    code: `H60-PA-${n}`,
    sentAt: at(9 * n),
    state: answeredAt ? 'answered' : 'received',
    stateAt: answeredAt ?? at(9 * n),
    dueAt: at(9 * n + 20),
    agencyCode: AGENCIES[n % 2],
    ...(answeredAt && { answers: [{ at: answeredAt, content: 'Đã trả lời' }] }),
  });
});
const LEVELS = ['very-satisfied', 'satisfied', 'dissatisfied'] as const;
/** Each names its dossier, and the dossier its agency. */
const RATINGS = DOSSIERS.filter(({ returnedAt }, n) => returnedAt !== undefined && n % 11 === 1).map(
  ({ code, returnedAt }, n) =>
    rating({ dossierCode: code, ratedAt: returnedAt, level: LEVELS[n % 5 === 4 ? 2 : n % 2] ?? '' }),
);
/** Two runs of a process with a gap of six hours, and none after them. */
const RUNS = [
  ['2025-12-20T00:00:00+07:00', '2025-12-25T00:00:00+07:00', '2025-12-25T00:00:00+07:00'],
  ['2025-12-25T06:00:00+07:00', '2026-01-01T00:00:00+07:00', null],
] as const;
/** From the first run until now, an hour after the last push. */
const HOURS = { up: 5 * 24 + 6 * 24 + 18, all: 16 * 24 + 9 };

let hub: TestHub;
const folder = mkdtempSync(join(tmpdir(), 'lienthong-reports-'));
beforeAll(async () => {
  const portal = testPartner();
  hub = await testHub({
    keys: [...OPERATOR_KEYS],
    nowMs: NOW,
    partners: { portal },
    routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
    entries: { portal: { title: 'Cổng Dịch vụ công' } },
  });
  portal.script.push({ kind: 'refused', reason: 'wrong-data', message: 'x' });
  await hub.push(DOSSIERS);
  await hub.push(QUESTIONS, { what: 'questions' });
  await hub.push(PETITIONS, { what: 'petitions' });
  await hub.push(RATINGS, { what: 'ratings' });
  await hub.deliver();
  const { pool } = hub.hub.database;
  /** Opens an incident of the portal, and closes it 90 minutes later. */
  const incidentAt = async (openedMs: number): Promise<number> => {
    const cause = { party: 'portal', kind: 'partner-away', cause: 'no answer' } as const;
    const incident = await openIncident(hub.hub.database, cause, openedMs);
    await pool.query(`UPDATE incidents SET closed_at = opened_at + interval '90 minutes' WHERE id = $1`, [
      incident?.id,
    ]);
    return incident?.id ?? 0;
  };
  const noted = await incidentAt(Date.parse('2025-08-01T08:00:00+07:00'));
  await pool.query(
    `INSERT INTO incident_notes (incident_id, at, who, cause, action) VALUES ($1, now(), 'ops', 'Đứt cáp', 'Đổi đường truyền')`,
    [noted],
  );
  // All deliveries are created and settled within the second one, and before the third.
  for (const minutes of [-30, 70]) await incidentAt(NOW + minutes * 60_000);
  hub.clock.nowMs = NOW + 3_600_000;
  await pool.query('DELETE FROM process_runs');
  for (const run of RUNS)
    await pool.query(
      `INSERT INTO process_runs (roles, started_at, seen_at, ended_at) VALUES ('{api,worker}', $1, $2, $3)`,
      [...run],
    );
});
afterAll(async () => {
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
});

const made = async (name: ReportName, period: string): Promise<Report> => {
  const one = await hub.hub.reports.make(name, period, OPTIONS);
  if (one.kind !== 'made') throw new Error(one.kind);
  return one.report;
};
const linesOf = ({ rows }: Report) => Object.fromEntries(rows.map(({ cells }) => [cells[1], cells.slice(2)]));
const daysOf = (period: keyof typeof PERIODS) => {
  const [from, to] = PERIODS[period];
  return { fromMs: Date.parse(`${from}T00:00:00+07:00`), toMs: Date.parse(`${to}T23:59:59.999+07:00`) };
};
const share = (part: number, whole: number) => (whole === 0 ? null : Number(((part / whole) * 100).toFixed(2)));

test.each(Object.keys(PERIODS) as (keyof typeof PERIODS)[])(
  'every number of online services in %s is that of the dossiers',
  async (period) => {
    const { fromMs, toMs } = daysOf(period);
    const isIn = (text: unknown) => typeof text === 'string' && Date.parse(text) >= fromMs && Date.parse(text) <= toMs;
    const expected = (agencies: readonly string[]) => {
      const ours = DOSSIERS.filter((one) => agencies.includes(one.agencyCode as string));
      const began = ours.filter((one) => isIn(one.receivedAt));
      const ended = ours.filter((one) => isIn(one.finishedAt));
      const many = (list: typeof ours, test: (n: number) => boolean) =>
        list.filter((one) => test(DOSSIERS.indexOf(one))).length;
      const online = many(began, (n) => n % 2 === 0);
      const [payable, paid] = [many(began, (n) => n % 4 === 0), many(began, (n) => n % 8 === 0)];
      const digitised = many(ended, (n) => n % 3 === 0);
      const digital = many(ended, (n) => n % 2 === 0 && n % 7 === 0);
      return [
        ...[began.length, online, share(online, began.length), payable, paid, share(paid, payable)],
        ...[ended.length, digitised, share(digitised, ended.length), 0, digital, digital, share(digital, digital)],
      ];
    };
    const lines = linesOf(await made('online-services', period));
    for (const agency of AGENCIES) expect([agency, lines[withoutName(agency)]]).toEqual([agency, expected([agency])]);
    expect(lines['Tổng cộng']).toEqual(expected(AGENCIES));
  },
);

type Answered = {
  askedAt?: string;
  sentAt?: string;
  dueAt?: string;
  state: string;
  stateAt: string;
  agencyCode: string;
};

/** Received, answered in time, answered late, unanswered, and unanswered after the due date. */
function answersIn(
  records: readonly Answered[],
  { fromMs, toMs }: { fromMs: number; toMs: number },
): readonly number[] {
  const counts = [0, 0, 0, 0, 0];
  const add = (place: number, isOne: boolean) => {
    counts[place] = (counts[place] ?? 0) + (isOne ? 1 : 0);
  };
  for (const one of records) {
    const asked = Date.parse(one.askedAt ?? one.sentAt ?? '');
    const due = one.dueAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(one.dueAt);
    const answered = one.state === 'answered' ? Date.parse(one.stateAt) : Number.POSITIVE_INFINITY;
    if (asked > toMs || answered < fromMs) continue;
    add(0, asked >= fromMs);
    add(1, answered <= toMs && answered <= due);
    add(2, answered <= toMs && answered > due);
    add(3, answered > toMs);
    add(4, answered > toMs && due < Math.min(toMs, hub.clock.nowMs));
  }
  return counts;
}

test.each(Object.keys(PERIODS) as (keyof typeof PERIODS)[])(
  'every number of questions and ratings in %s is that of the records',
  async (period) => {
    const days = daysOf(period);
    const ratedIn = (agencies: readonly string[]) => {
      const ours = RATINGS.filter(({ dossierCode, ratedAt }) => {
        const rated = Date.parse(ratedAt as string);
        const of = DOSSIERS.find(({ code }) => code === dossierCode)?.agencyCode as string;
        return rated >= days.fromMs && rated <= days.toMs && agencies.includes(of);
      });
      const [very = 0, satisfied = 0, not = 0] = LEVELS.map(
        (level) => ours.filter((one) => one.level === level).length,
      );
      return [very, satisfied, not, share(very + satisfied, very + satisfied + not)];
    };
    const expected = (agencies: readonly string[]) => {
      const of = (records: readonly object[]) =>
        (records as readonly Answered[]).filter(({ agencyCode }) => agencies.includes(agencyCode));
      return [...answersIn(of(QUESTIONS), days), ...answersIn(of(PETITIONS), days), ...ratedIn(agencies)];
    };
    const lines = linesOf(await made('questions', period));
    for (const agency of AGENCIES) expect([agency, lines[withoutName(agency)]]).toEqual([agency, expected([agency])]);
    expect(lines['Tổng cộng']).toEqual(expected(AGENCIES));
  },
);

test('connections count deliveries by party, and minutes and agreement where there are any', async () => {
  const { rows } = await made('connections', '2026-Q1');
  expect(rows.map(({ cells }) => cells.slice(1))).toEqual([
    ['Cổng Dịch vụ công', COUNT, COUNT - 1, 1, 0, share(COUNT - 1, COUNT), 0, 0, null, null, null],
  ]);
  expect((await made('connections', '2025')).rows).toEqual([]);
});

test('incidents count the dossiers that waited and were refused, with the stated or the found cause', async () => {
  const cellsIn = async (period: string) => (await made('incidents', period)).rows.map(({ cells }) => cells);
  expect(await cellsIn('2025-Q3')).toEqual([
    [
      ...[1, 'Cổng Dịch vụ công', 'Không liên lạc được', '01/08/2025 08:00', '01/08/2025 09:30', 1.5, 0, 0],
      ...['Đứt cáp', 'Đổi đường truyền'],
    ],
    ['', 'Tổng cộng', '1 sự cố', '', '', null, 0, 0, '', ''],
  ]);
  const found = ['no answer (chưa xác minh)', 'chưa ghi nhận'];
  expect((await cellsIn('2026-Q1')).map((cells) => cells.slice(3))).toEqual([
    ['05/01/2026 07:30', '05/01/2026 09:00', 1.5, COUNT, 1, ...found],
    ['05/01/2026 09:10', '05/01/2026 10:40', 1.5, 0, 0, ...found],
    ['', '', null, COUNT, 1, '', ''],
  ]);
  expect(await cellsIn('2025-Q1')).toHaveLength(1);
});

test('availability counts the hours of processes, with every gap', async () => {
  const { rows } = await made('availability', '2026-Q1');
  const [first, second] = [6, HOURS.all - HOURS.up - 6];
  for (const [at, role] of ['Tiếp nhận và tra cứu', 'Chuyển dữ liệu'].entries())
    expect(rows.slice(at * 3, at * 3 + 3).map(({ cells }) => cells.slice(1))).toEqual([
      [
        ...[role, '20/12/2025 00:00', '05/01/2026 09:00', HOURS.up, HOURS.all - HOURS.up],
        ...[share(HOURS.up, HOURS.all), ''],
      ],
      ['Gián đoạn', '25/12/2025 00:00', '25/12/2025 06:00', null, first, null, 'Dừng có chủ đích'],
      ['Gián đoạn', '01/01/2026 00:00', '05/01/2026 09:00', null, second, null, 'Không dừng theo lệnh'],
    ]);
});

test('the field report names each dossier whose field costs points, also as CSV', async () => {
  const { fromMs, toMs } = daysOf('2025-Q3');
  const isIn = (text: unknown) => typeof text === 'string' && Date.parse(text) >= fromMs && Date.parse(text) <= toMs;
  const ours = DOSSIERS.filter((one) => isIn(one.receivedAt) || isIn(one.finishedAt));
  const report = await made('fields', '2025-Q3');
  const codesWith = (field: string) =>
    report.rows.filter(({ cells }) => cells[3] === field).map(({ cells }) => cells[2]);
  const lackResult = ours.filter((one) => one.channel === 'online' && one.results === undefined && one.finishedAt);
  const unread = expect.stringMatching(/^Không xét HoSoCoThanhPhanSoHoa và TaiKhoanDuocXacThucVoiVNeID/);
  expect(report.notes).toContainEqual(unread);
  expect(codesWith('MaCSDL').sort()).toEqual(ours.map(({ code }) => code).sort());
  const services = new Set(codesWith('DanhSachGiayToKetQua'));
  for (const code of services) expect(lackResult.map((one) => one.code)).toContain(code);
  const text = Buffer.from(await hub.hub.reports.write(report, 'csv')).toString();
  expect(text.split('\n')[0]).toBe(
    '\ufeffSTT,"Cơ quan, đơn vị",Mã hồ sơ,Trường dữ liệu,Thiếu hoặc sai,Chỉ số bị ảnh hưởng',
  );
  expect(text.trimEnd().split('\n')).toHaveLength(report.rows.length + 1);
});

/** Questions to registers need a key of operators. */
const COUNTED = REPORTS.filter((name) => name !== 'asks');

test.each(COUNTED.flatMap((name) => (['2025-Q3', '2026-Q1'] as const).map((period) => [name, period] as const)))(
  'every number of %s in %s leads to its records, and each count to as many',
  { timeout: 120_000 },
  async (name, period) => {
    await expectRecordsBehind(hub, await made(name, period));
  },
);

test('the records behind a number are those of its line, and a wrong number is refused', async () => {
  const query = 'period=2025&column=paidOnline&key=H60.02';
  const expected = DOSSIERS.filter(
    ({ agencyCode, onlinePayment, receivedAt }, n) =>
      n % 4 === 0 &&
      agencyCode === 'H60.02' &&
      onlinePayment === 'national-portal' &&
      (receivedAt as string) < '2025-12-14T17' &&
      (receivedAt as string) > '2024-12-14T17',
  ).map(({ code }) => `H60.02 ${code}`);
  expect(await behind(hub, `/api/v1/reports/online-services/records?${query}`)).toEqual(expected.sort());
  const refused = await hub.read('/api/v1/reports/online-services/records?period=2025&column=nothing');
  expect([refused.status, refused.body.problems[0].path]).toEqual([400, '?column']);
});

test('files lead from each number to the console', async () => {
  const report = await made('online-services', '2025');
  const origin = 'https://hub.example';
  const page = `${origin}/console/reports/online-services/records?period=2025&column=received&key=H60.01`;
  const csv = Buffer.from(await hub.hub.reports.write(report, 'csv', origin)).toString();
  expect(csv.split('\n')[0]).toContain('Địa chỉ: Tiếp nhận trong kỳ: Tổng số');
  expect(csv).toContain(page);
  const [sheet] = (await readXlsx(await hub.hub.reports.write(report, 'xlsx', origin))).sheets;
  const targets = [...(sheet?.cells?.values() ?? [])].map(({ hyperlink }) => hyperlink?.target);
  expect(targets).toContain(page);
  const pdf = Buffer.from(await hub.hub.reports.write(report, 'pdf', origin)).toString('latin1');
  expect(pdf).toContain(page);
});

test('the interface gives each report as data, XLSX and PDF, and refuses a wrong name or period', async () => {
  // Officers and their questions are for operators alone.
  const unknown = await hub.read('/api/v1/reports/asks?period=2025');
  expect([unknown.status, unknown.body.problems[0].path]).toEqual([400, '{report}']);
  for (const name of COUNTED) {
    const { status, body } = await hub.read(`/api/v1/reports/${name}?period=2025`);
    expect([name, status, body]).toEqual([name, 200, JSON.parse(JSON.stringify(await made(name, '2025')))]);
  }
  const xlsx = await hub.request('GET', '/api/v1/reports/ii06a?period=2025&format=xlsx', 'portal');
  expect((await readXlsx(new Uint8Array(await xlsx.arrayBuffer()))).sheets).toHaveLength(1);
  const pdf = await hub.request('GET', '/api/v1/reports/ii06a?period=2025&format=pdf', 'portal');
  expect([pdf.headers.get('content-type'), (await pdf.text()).slice(0, 5)]).toEqual(['application/pdf', '%PDF-']);
  expect(pdf.headers.get('content-disposition')).toContain('ii06a-2025.pdf');
  for (const path of ['nothing?period=2025', 'ii06a?period=2025-Q5', 'ii06a', 'ii06a?period=2027'])
    expect([path, (await hub.read(`/api/v1/reports/${path}`)).status]).toEqual([path, 400]);
  const future = (await hub.read('/api/v1/reports/ii06a?period=2027')).body.detail;
  expect(future).toBe('?period got "2027", expected a period that has begun; this one begins on 2026-12-15');
  expect((await hub.request('GET', '/api/v1/reports/ii06a?period=2025', 'one-stop')).status).toBe(403);
});

const hasOffice = spawnSync('soffice', ['--version']).status === 0 && spawnSync('pdftotext', ['-v']).status === 0;

inDepth.skipIf(!hasOffice)(
  'LibreOffice opens each XLSX; both forms show all lines, and heads on every page',
  async () => {
    const paths: string[] = [];
    for (const name of REPORTS)
      for (const format of ['xlsx', 'pdf'] as const) {
        const report = await made(name, '2025');
        // Enough lines for several pages.
        const line = report.rows[0] ?? { cells: (report.head.at(-1) ?? []).map(() => 1) };
        const long = { ...report, rows: [...Array.from({ length: 200 }, () => line), ...report.rows] };
        const path = join(folder, `${name}-${format}.${format}`);
        writeFileSync(path, await hub.hub.reports.write(long, format));
        paths.push(path);
      }
    const sheets = paths.filter((path) => path.endsWith('.xlsx'));
    const profile = `-env:UserInstallation=file://${folder}/profile`;
    execFileSync('soffice', [profile, '--headless', '--convert-to', 'pdf', '--outdir', folder, ...sheets], {
      stdio: 'ignore',
    });
    for (const name of REPORTS)
      for (const format of ['xlsx', 'pdf'] as const) {
        const text = execFileSync('pdftotext', ['-layout', join(folder, `${name}-${format}.pdf`), '-']).toString();
        const { title, head } = await made(name, '2025');
        const pages = text.split('\f').filter((page) => page.trim() !== '');
        expect([name, format, pages.length]).toEqual([name, format, expect.any(Number)]);
        expect([name, format, pages.length > 1]).toEqual([name, format, true]);
        const flat = text.replace(/\s+/g, ' ').normalize('NFC');
        expect(flat).toContain(title.slice(0, 20));
        expect(flat).toContain(
          { incidents: 'ĐƠN VỊ CUNG CẤP', fields: 'Gồm hồ sơ' }[name as string] ?? 'NGƯỜI LẬP BIỂU',
        );
        const last = (head.at(-1) as { text: string }[])[0]?.text as string;
        for (const page of pages.slice(0, -1))
          expect([name, format, page.includes(last)]).toEqual([name, format, true]);
      }
    expect(readFileSync(join(folder, 'ii06a-pdf.pdf')).subarray(0, 5).toString()).toBe('%PDF-');
  },
);
