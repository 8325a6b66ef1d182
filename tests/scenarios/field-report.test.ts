import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Report } from '../../src/reports/report.ts';
import { codeOf, dossier, type TestHub, testHub } from '../support/hub.ts';
import { officerAt } from '../support/officer.ts';
import { OPERATOR_KEYS } from '../support/operator.ts';
import { catalogueSource, pullCatalogue } from '../support/seed-catalogue.ts';

const NOW = Date.parse('2026-01-05T08:00:00+07:00');
const AGENCIES = ['H60.01', 'H60.02', 'H60.03'];
/** The first yields a paper, the second none. */
const SERVICES = ['1.000001', '1.000002'].map((code, n) => ({
  ...{ code, name: `Thủ tục ${n}`, inForce: true, fieldCode: 'G15-HT01' },
  ...(n === 0 && { results: [{ name: 'Giấy chứng nhận', code: 'KQ.01' }] }),
}));
const PERIODS = { '2025-Q3': ['2025-06-15', '2025-09-14'], '2025': ['2024-12-15', '2025-12-14'] } as const;

type Sent = Record<string, unknown> & {
  readonly code: string;
  readonly fees?: readonly { readonly amountVnd?: number }[];
  readonly documents?: readonly { readonly digitised?: boolean; readonly fromNationalStore?: boolean }[];
  readonly results?: readonly { readonly url?: string; readonly code?: string }[];
};
const day = (n: number, hour = '10:00:00'): string =>
  `${new Date(Date.parse('2025-05-01') + n * 86_400_000).toISOString().slice(0, 10)}T${hour}+07:00`;
const pick = <One>(n: number, ...choices: readonly One[]): One => choices[n % choices.length] as One;

/** Each dossier lacks something else: the periods of the choices have no common divisor. */
const SENT: readonly Sent[] = Array.from({ length: 420 }, (_, n) => {
  const isDone = n % 4 !== 3;
  const began = n % 200;
  const ended = day(began + (n % 9), pick(n, '10:00:00', '16:30:00'));
  const all = {
    code: codeOf(n + 1),
    serviceCode: pick(Math.floor(n / 3), '1.000001', '1.000002'),
    agencyCode: AGENCIES[n % 3],
    channel: pick(n, 'online', 'counter', 'online', undefined, 'online'),
    status: isDone ? pick(n, 'resolved', 'returned') : 'processing',
    receivedAt: isDone || n % 5 !== 0 ? day(began) : undefined,
    statusAt: isDone ? ended : day(began),
    finishedAt: isDone && n % 6 !== 0 ? ended : undefined,
    dueAt: pick(
      n,
      day(began + 4),
      undefined,
      day(began + 4, '00:00:00'),
      day(began + 8),
      day(began + 2, '00:00:00'),
      day(began),
      day(began + 1, '00:00:00'),
    ),
    fees: pick(
      n,
      undefined,
      [{ amountVnd: 0 }],
      [{ amountVnd: 20_000 }],
      [{}],
      [{ amountVnd: 0 }, {}],
      [{}, { amountVnd: 5_000 }],
      [],
      [{ amountVnd: 1 }],
    ),
    onlinePayment: pick(
      n,
      'none',
      undefined,
      'offline',
      'national-portal',
      undefined,
      'none',
      'none',
      undefined,
      'province',
      undefined,
      'none',
    ),
    documents: pick(
      n,
      undefined,
      [],
      [{ name: 'A', digitised: true }],
      [{ name: 'A', digitised: false, fromNationalStore: true }],
      [{ name: 'A' }, { name: 'B', digitised: false }],
      [{ name: 'A', fromNationalStore: false }],
      [{ name: 'A' }, { name: 'B', digitised: true, fromNationalStore: false }],
      [{ name: 'A', digitised: true, fromNationalStore: true }],
      undefined,
      [{ name: 'A' }],
      undefined,
      [],
      undefined,
    ),
    results: pick(
      n,
      undefined,
      [{ name: 'K', url: 'https://f.example.test/1', code: 'K1' }],
      undefined,
      [{ name: 'K' }],
      undefined,
      [{ name: 'K', url: 'https://f.example.test/1' }],
      [{ name: 'K', code: 'K1' }],
      undefined,
      [
        { name: 'K', url: 'https://f.example.test/1' },
        { name: 'L', code: 'K2' },
      ],
      [],
      undefined,
    ),
    databases: pick(n, undefined, [], ['1'], undefined, ['7']),
  };
  return dossier(Object.fromEntries(Object.entries(all).map(([name, value]) => [name, value]))) as Sent;
}).map((one) => JSON.parse(JSON.stringify(one)));
/** A file as PDF has no place for all lines of these. */
const MANY = Array.from({ length: 460 }, (_, n) =>
  dossier({
    ...{ code: codeOf(n + 2_001), channel: undefined, dueAt: undefined, agencyCode: 'H60.09' },
    ...{ receivedAt: '2025-12-20T08:00:00+07:00', statusAt: '2025-12-20T08:00:00+07:00' },
    ...{ fees: [{}], documents: [{ name: 'A' }] },
  }),
);

let hub: TestHub;
beforeAll(async () => {
  const partners = {
    source: catalogueSource({ services: SERVICES, fields: [{ code: 'G15-HT01', name: 'Hộ tịch', inForce: true }] }),
  };
  hub = await testHub({ nowMs: NOW, partners, keys: [...OPERATOR_KEYS] });
  await pullCatalogue(hub);
  for (const dossiers of [SENT, MANY]) {
    const { results } = await hub.push(dossiers);
    expect(results.filter(({ outcome }: { outcome: string }) => outcome !== 'accepted')).toEqual([]);
  }
});
afterAll(() => hub.close());

/**
 * What an officer finds who reads the sent dossier beside "how index 766 is computed", question by question.
 * Written from the text of the index, and not from the hub's facts.
 */
function lackingIn(one: Sent): readonly string[] {
  const { documents = [], fees = [], results = [], onlinePayment: paid } = one;
  const found: string[] = [];
  const isEnded = one.status !== 'processing';
  if (one.receivedAt === undefined) found.push('NgayTiepNhan');
  if (isEnded && one.finishedAt === undefined) found.push('NgayKetThucXuLy');
  if (one.channel === undefined) found.push('KenhThucHien');
  // 3.3: an online dossier counts only with the link and the code of its paper.
  const givesPaper = one.serviceCode === '1.000001' || results.length > 0;
  if (isEnded && one.channel === 'online' && givesPaper && !results.some((result) => result.url && result.code)) {
    if (results.length === 0) found.push('DanhSachGiayToKetQua');
    if (results.some((result) => !result.url)) found.push('DuongDanTepTinKetQua');
    if (results.some((result) => !result.code)) found.push('MaGiayToKetQua');
  }
  // 3.6: of dossiers with a fee that is not 0. Without an amount nobody knows that it is 0.
  const sum = fees.reduce((vnd, { amountVnd = 0 }) => vnd + amountVnd, 0);
  const isUnknown = fees.some(({ amountVnd }) => amountVnd === undefined);
  if (sum > 0 || isUnknown) {
    if (paid === undefined) found.push('DuocThanhToanTrucTuyen thiếu');
    if (paid === 'none' && sum > 0) found.push('DuocThanhToanTrucTuyen ghi không');
    if (sum === 0) found.push('DanhSachLePhi');
  }
  // 2.1: a due date at midnight is late on its own day, because full times are compared.
  const due = one.dueAt as string | undefined;
  if (due === undefined) found.push('NgayHenTra thiếu');
  else if (due.includes('T00:00:00') && isEnded && (one.statusAt as string).startsWith(due.slice(0, 10)))
    found.push('NgayHenTra ngày');
  // 4: digitisation.
  const says = (member: 'digitised' | 'fromNationalStore') => documents.map((document) => document[member]);
  if (says('digitised').includes(undefined) && !says('digitised').includes(true)) found.push('DuocSoHoa');
  if (says('fromNationalStore').includes(undefined) && !says('fromNationalStore').includes(true))
    found.push('DuocLayTuKhoDMQG');
  if (one.databases === undefined) found.push('MaCSDL');
  return found;
}

const made = async (period: string, only = {}): Promise<Report> => {
  const one = await hub.hub.reports.make('fields', period, { by: 'agency', rule: 'td', ...only });
  if (one.kind !== 'made') throw new Error(one.kind);
  return one.report;
};
/** The code of an agency that the catalogue lacks, from its name in a report. */
const codeIn = (name: unknown): string =>
  /^Cơ quan mã (\S+) \(chưa có trong danh mục\)$/.exec(String(name))?.[1] ?? String(name);
/** Fields with several defects also by the first words of what is wrong. */
const SEVERAL = ['NgayHenTra', 'DuocThanhToanTrucTuyen'];
const linesOf = ({ rows }: Report): readonly string[] =>
  rows.map(({ cells: [, agency, code, field = '', what = ''] }) => {
    const words = String(what).split(' ');
    const more =
      what === 'thiếu hình thức thanh toán'
        ? 'thiếu'
        : words[0] === 'thiếu'
          ? 'thiếu'
          : `${words[0]}${words[0] === 'ghi' ? ' không' : ''}`;
    return `${codeIn(agency)} ${code} ${field}${SEVERAL.includes(String(field)) ? ` ${more}` : ''}`;
  });

test.each(Object.entries(PERIODS))(
  'every line of the field report of %s is one that an independent reading finds, and none is missing',
  async (period, [from, to]) => {
    const [fromMs, toMs] = [Date.parse(`${from}T00:00:00+07:00`), Date.parse(`${to}T23:59:59.999+07:00`)];
    const isIn = (at: unknown) =>
      at !== undefined && Date.parse(at as string) >= fromMs && Date.parse(at as string) <= toMs;
    const expected = SENT.filter(
      (one) => isIn(one.receivedAt ?? one.statusAt) || isIn(one.status === 'processing' ? undefined : one.statusAt),
    ).flatMap((one) => lackingIn(one).map((field) => `${one.agencyCode} ${one.code} ${field}`));
    const report = await made(period);
    expect([...linesOf(report)].sort()).toEqual([...expected].sort());
    // Every kind of defect.
    expect(new Set(expected.map((line) => line.split(' ').slice(2).join(' '))).size).toBe(14);
    const items = new Set(report.rows.map(({ cells }) => String(cells[5]).split(' ')[0]));
    expect([...items].sort()).toEqual(['1.4', '2.1', '3.3', '3.6', '4']);
  },
);

test('its lines are numbered, by agency and code, and each leads to its dossier', async () => {
  const { rows } = await made('2025-Q3');
  expect(rows.map(({ cells }) => cells[0])).toEqual(rows.map((_, at) => at + 1));
  const places = rows.map(({ cells }) => `${cells[1]} ${cells[2]}`);
  expect(places).toEqual(places.toSorted());
  for (const { cells, links } of rows.filter((_, at) => at % 40 === 0)) {
    const { status, body } = await hub.read(links?.[2] as string);
    expect([status, body.code, body.agencyCode]).toEqual([200, cells[2], codeIn(cells[1])]);
  }
});

test('an office gets its own lines, and a shorter report ends with a whole dossier and says so', async () => {
  const whole = linesOf(await made('2025-Q3'));
  const own = linesOf(await made('2025-Q3', { agency: 'H60.02' }));
  expect(own).toEqual(whole.filter((line) => line.startsWith('H60.02 ')));
  const short = await made('2025-Q3', { lines: 25 });
  expect(short.rest?.dossiers).toBe(new Set(whole.map((line) => line.split(' ')[1])).size);
  const dossiers = new Set(short.rows.map(({ cells }) => cells[2]));
  expect(short.rows.length).toBeLessThanOrEqual(25);
  const next = whole[short.rows.length]?.split(' ')[1];
  expect([linesOf(short), dossiers.has(next ?? '')]).toEqual([whole.slice(0, short.rows.length), false]);
  const { body } = await hub.read('/api/v1/reports/fields?period=2025-Q3&agency=H60.02&lines=9');
  expect(body.rows.length).toBeGreaterThan(4);
  expect(body.rows.length).toBeLessThanOrEqual(9);
  expect(new Set(body.rows.map(({ cells }: { cells: unknown[] }) => codeIn(cells[1])))).toEqual(new Set(['H60.02']));
  expect(short.notes[0]).toContain(`Chỉ liệt kê ${dossiers.size} hồ sơ đầu tiên`);
});

test('the parts of a field report have each line once and in order, in the console page by page', async () => {
  const { rows } = await made('2026-Q1');
  const parts: Report['rows'][] = [];
  let cursor = '';
  do {
    const { body } = await hub.read(`/api/v1/reports/fields?period=2026-Q1&lines=400${cursor}`);
    expect([body.dossiers, body.rows.length <= 400]).toEqual([460, true]);
    parts.push(body.rows);
    cursor = body.next && `&cursor=${encodeURIComponent(body.next)}`;
    if (parts.length === 1)
      expect(await hub.read(`/api/v1/reports/fields?period=2025-Q3${cursor}`)).toMatchObject({ status: 400 });
  } while (cursor);
  expect(parts.flat().map(({ cells }) => cells)).toEqual(rows.map(({ cells }) => cells));

  const officer = officerAt(hub);
  await officer.signIn('ops');
  const lines: string[] = [];
  for (let at: string | undefined = '/console/reports/fields?period=2026-Q1&lang=en'; at; ) {
    const { text } = await officer.get(at);
    lines.push(...[...text.matchAll(/data-label="STT"[^>]*>([^<]+)</g)].map(([, line = '']) => line));
    at = /href="([^"]*)">Next page/.exec(text)?.[1]?.replaceAll('&amp;', '&');
  }
  expect(lines).toEqual(rows.map((_, at) => (at + 1).toLocaleString('vi-VN')));
});

test('a PDF of too many lines is refused with the ways out, and CSV has them all', async () => {
  const path = '/api/v1/reports/fields?period=2026-Q1&format=';
  const { rows } = await made('2026-Q1');
  expect(rows.length).toBeGreaterThan(3_000);
  const refused = await hub.read(`${path}pdf`);
  expect([refused.status, refused.body.problems]).toMatchObject([400, [{ path: '?format', code: 'too-many-lines' }]]);
  expect(refused.body.detail).toContain(`${rows.length} lines`);
  const csv = await (await hub.request('GET', `${path}csv`, 'portal')).text();
  expect(csv.trimEnd().split('\n')).toHaveLength(rows.length + 1);
});
