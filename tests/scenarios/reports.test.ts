import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readXlsx } from 'hucre/xlsx';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openIncident } from '../../src/ledger/incidents.ts';
import type { Report } from '../../src/reports/report.ts';
import { REPORTS, type ReportName } from '../../src/reports/reports.ts';
import { casesOf } from '../support/depth.ts';
import { codeOf, dossier, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { petition, question, rating } from '../support/kinds.ts';

const DAY_MS = 86_400_000;
const FIRST = Date.parse('2024-11-20T02:00:00Z');
const COUNT = 360;
const NOW = Date.parse('2026-01-05T08:00:00+07:00');
const AGENCIES = ['H60.01', 'H60.02', 'H60.03'];
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
    ...(answeredAt && { answers: [{ at: answeredAt, content: 'Đã trả lời' }] }),
  });
});

let hub: TestHub;
const folder = mkdtempSync(join(tmpdir(), 'lienthong-reports-'));
beforeAll(async () => {
  const portal = testPartner();
  hub = await testHub({
    nowMs: NOW,
    partners: { portal },
    routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
  });
  portal.script.push({ kind: 'refused', reason: 'wrong-data', message: 'x' });
  await hub.push(DOSSIERS);
  await hub.push(QUESTIONS, { what: 'questions' });
  await hub.push(petition(), { what: 'petitions' });
  const rated = [2, 3, 4].map((n) =>
    rating({ dossierCode: codeOf(n), ratedAt: at(200), level: n === 4 ? 'dissatisfied' : 'satisfied' }),
  );
  for (const one of rated) await hub.push(one, { what: 'ratings' });
  await hub.deliver();
  const opened = Date.parse('2025-08-01T08:00:00+07:00');
  const incident = await openIncident(
    hub.hub.database,
    { party: 'portal', kind: 'partner-away', cause: 'timeout' },
    opened,
  );
  await hub.hub.database.pool.query(
    `UPDATE incidents SET closed_at = opened_at + interval '90 minutes' WHERE id = $1`,
    [incident?.id],
  );
  await hub.hub.database.pool.query(
    `INSERT INTO incident_notes (incident_id, at, who, cause, action) VALUES ($1, now(), 'ops', 'Đứt cáp', 'Đổi đường truyền')`,
    [incident?.id],
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
    for (const agency of AGENCIES) expect([agency, lines[agency]]).toEqual([agency, expected([agency])]);
    expect(lines['Tổng cộng']).toEqual(expected(AGENCIES));
  },
);

test.each(Object.keys(PERIODS) as (keyof typeof PERIODS)[])(
  'every number of questions and ratings in %s is that of the records',
  async (period) => {
    const { fromMs, toMs } = daysOf(period);
    const counts = [0, 0, 0, 0, 0];
    const add = (place: number, isOne: boolean) => {
      counts[place] = (counts[place] ?? 0) + (isOne ? 1 : 0);
    };
    for (const one of QUESTIONS as { askedAt: string; dueAt: string; state: string; stateAt: string }[]) {
      const [asked, due] = [Date.parse(one.askedAt), Date.parse(one.dueAt)];
      const answered = one.state === 'answered' ? Date.parse(one.stateAt) : Number.POSITIVE_INFINITY;
      if (asked > toMs || answered < fromMs) continue;
      add(0, asked >= fromMs);
      add(1, answered <= toMs && answered <= due);
      add(2, answered <= toMs && answered > due);
      add(3, answered > toMs);
      add(4, answered > toMs && due < Math.min(toMs, NOW));
    }
    const total = linesOf(await made('questions', period))['Tổng cộng'] ?? [];
    expect(total.slice(0, 5)).toEqual(counts);
    const isRated = Date.parse(at(200)) >= fromMs && Date.parse(at(200)) <= toMs;
    expect(total.slice(10)).toEqual(isRated ? [0, 2, 1, 66.67] : [0, 0, 0, null]);
  },
);

test('connections count deliveries by party, and incidents what an operator stated', async () => {
  const { rows } = await made('connections', '2026-Q1');
  expect(rows.map(({ cells }) => cells.slice(1, 7))).toEqual([
    ['portal', COUNT, COUNT - 1, 1, 0, share(COUNT - 1, COUNT)],
  ]);
  expect(rows[0]?.links).toEqual({ 4: '/api/v1/ops/deliveries?party=portal&state=refused' });
  const found = (await made('incidents', '2025-Q3')).rows[0]?.cells ?? [];
  expect(found).toEqual([
    ...[1, 'portal', 'Không liên lạc được', '01/08/2025 08:00', '01/08/2025 09:30', 1.5, 0, 0],
    ...['Đứt cáp', 'Đổi đường truyền'],
  ]);
  expect((await made('incidents', '2025-Q1')).rows).toHaveLength(1);
  expect((await made('availability', '2026-Q1')).rows.map(({ cells }) => cells[1])).toContain('Chuyển dữ liệu');
});

test('the field report names each dossier whose field costs points, also as CSV', async () => {
  const { fromMs, toMs } = daysOf('2025-Q3');
  const isIn = (text: unknown) => typeof text === 'string' && Date.parse(text) >= fromMs && Date.parse(text) <= toMs;
  const ours = DOSSIERS.filter((one) => isIn(one.receivedAt) || isIn(one.finishedAt));
  const report = await made('fields', '2025-Q3');
  const codesWith = (field: string) =>
    report.rows.filter(({ cells }) => cells[3] === field).map(({ cells }) => cells[2]);
  const lackResult = ours.filter((one) => one.channel === 'online' && one.results === undefined && one.finishedAt);
  expect(codesWith('MaCSDL').sort()).toEqual(ours.map(({ code }) => code).sort());
  const services = new Set(codesWith('DanhSachGiayToKetQua'));
  for (const code of services) expect(lackResult.map((one) => one.code)).toContain(code);
  const text = Buffer.from(await hub.hub.reports.write(report, 'csv')).toString();
  expect(text.split('\n')[0]).toBe(
    '\ufeffSTT,"Cơ quan, đơn vị",Mã hồ sơ,Trường dữ liệu,Thiếu hoặc sai,Chỉ số bị ảnh hưởng',
  );
  expect(text.trimEnd().split('\n')).toHaveLength(report.rows.length + 1);
});

test('each number of form II.06a leads to as many dossiers', async () => {
  const { rows } = await made('ii06a', '2025-Q3');
  for (const { cells, links = {} } of rows)
    for (const [column, path] of Object.entries(links)) {
      let [count, next] = [0, path as string | null];
      while (next !== null) {
        const { body } = await hub.read(next);
        count += body.items.length;
        next = body.next === null ? null : `${path}&cursor=${body.next}`;
      }
      expect([path, count]).toEqual([path, cells[Number(column)]]);
    }
});

test('the interface gives each report as data, XLSX and PDF, and refuses a wrong name or period', async () => {
  // Officers and their questions are for operators alone.
  expect((await hub.read('/api/v1/reports/asks?period=2025')).status).toBe(400);
  for (const name of REPORTS.filter((one) => one !== 'asks')) {
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
  expect((await hub.request('GET', '/api/v1/reports/ii06a?period=2025', 'one-stop')).status).toBe(403);
});

const hasOffice = spawnSync('soffice', ['--version']).status === 0 && spawnSync('pdftotext', ['-v']).status === 0;

test.skipIf(!hasOffice || casesOf(REPORTS, () => false).length === 0)(
  'LibreOffice opens each XLSX; both forms show all lines, and heads on every page',
  async () => {
    const paths: string[] = [];
    for (const name of REPORTS)
      for (const format of ['xlsx', 'pdf'] as const) {
        const report = await made(name, '2025');
        // Enough lines for several pages.
        const line = report.rows[0] ?? { cells: (report.head.at(-1) ?? []).map(() => 1) };
        const long = { ...report, rows: [...Array.from({ length: 60 }, () => line), ...report.rows] };
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
        expect(pages.length).toBeGreaterThan(1);
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
