import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { codeOf, dossier, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { question } from '../support/kinds.ts';
import { legacySystem } from '../support/legacy-system.ts';
import { type Officer, officerAt } from '../support/officer.ts';
import { OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';

const portal = testPartner();
const LINES = Array.from({ length: 450 }, (_, at) => ({ code: `C${at + 1}`, is: 'received', label: `Dòng ${at + 1}` }));

let hub: TestHub;
let operator: Operator;
let officer: Officer;
beforeAll(async () => {
  const adapter: typeof portal.adapter = {
    ...portal.adapter,
    tables: () => [{ name: 'portal-status', title: 'Statuses of the portal', bothWays: false, entries: LINES }],
  };
  hub = await testHub({ partners: { portal: { ...portal, adapter } }, keys: [...OPERATOR_KEYS] });
  operator = operatorOf(hub);
  officer = officerAt(hub);
  await officer.signIn('ops');
});
afterAll(() => hub.close());

const query = (text: string) => hub.hub.database.pool.query(text);
const captionsIn = (text: string): readonly string[] =>
  [...text.matchAll(/<caption>([^<]*)<\/caption>/g)].map(([, caption = '']) => caption);
/** The address of the link to the next page. */
const nextIn = (text: string): string | undefined =>
  /href="([^"]*)"[^>]*>(?:Next page|Trang sau)/.exec(text)?.[1]?.replaceAll('&amp;', '&');

/** The pages of a list from an address, by their links. */
async function pagesFrom(address: string): Promise<readonly string[]> {
  const pages: string[] = [];
  for (let at: string | undefined = address; at !== undefined && pages.length < 10; ) {
    const { text } = await officer.get(at);
    pages.push(text);
    at = nextIn(text);
  }
  return pages;
}

test('a code table of 450 lines shows them page by page, each line once', async () => {
  const { text } = await officer.get('/console/code-tables?party=portal&lang=en');
  expect(captionsIn(text)).toContain('450 lines from the adapter, here 1 to 200');
  expect(text).toContain('>See all 450 lines</a>');
  const pages = await pagesFrom('/console/code-tables?party=portal&table=portal-status');
  expect(pages.map((page) => captionsIn(page).at(-1))).toEqual([
    '450 lines from the adapter, here 1 to 200',
    '450 lines from the adapter, here 201 to 400',
    '450 lines from the adapter, here 401 to 450',
  ]);
  expect(pages.flatMap((page) => [...page.matchAll(/<code>(C\d+)<\/code>/g)].map(([, code]) => code))).toEqual(
    LINES.map(({ code }) => code),
  );
});

/** 60 steps with a code that the table of statuses lacks, in two messages. */
async function pushUnmappedSteps(code: string): Promise<void> {
  await hub.push(dossier({ code }));
  const one = await legacySystem(hub);
  const step = (minute: number) => ({
    MaHoSo: code,
    TrangThai: '77',
    ThoiDiemXuLy: `202508130900${String(minute).padStart(2, '0')}`,
    NguoiXuLy: 'Trần B',
    NoiDungXuLy: 'Đang thẩm định',
  });
  for (const from of [0, 30]) {
    const data = Array.from({ length: 30 }, (_, at) => step(from + at));
    await one.call('CapNhatTienDoHoSoMC', { madonvi: 'H60.01', isUpdating: 'False', data });
  }
}

test('a preview and the effect of a change show all of their 60 items page by page, each item once', async () => {
  await pushUnmappedSteps(codeOf(1));
  const line = { from: '77', to: 'processing' };
  const change = { party: 'one-stop', table: 'national-status', lines: [line], why: 'test' };
  const { body: draft } = await operator.post('mappings', change);
  const preview = (cursor = '') => operator.post(`code-tables/one-stop/national-status/preview?cursor=${cursor}`, line);
  const effect = (cursor = '') => operator.get(`mappings/${draft.id}/effect?cursor=${cursor}`);
  for (const read of [preview, effect]) {
    const { body: first } = await read();
    const { body: last } = await read(encodeURIComponent(first.next));
    expect([first.items.length, last.items.length, last.next]).toEqual([50, 10, null]);
    const places = [...first.items, ...last.items].map(({ messageId, item }) => `${messageId} ${item}`);
    expect(new Set(places).size).toBe(60);
    expect(last.looked).toMatchObject({ messages: first.looked.messages, items: first.looked.items });
  }
  const cursor = encodeURIComponent((await preview()).body.next);
  const other = await operator.post(`code-tables/one-stop/national-channel/preview?cursor=${cursor}`, line);
  expect(other).toMatchObject({ status: 400, body: { problems: [{ path: '?cursor' }] } });
  const address = '/console/code-tables/preview?party=one-stop&table=national-status&from=77&to=processing&whole=1';
  const [first = '', last = ''] = await pagesFrom(address);
  expect(captionsIn(first)).toContain('The first 50 of 60 items, the newest first');
  expect(captionsIn(last)).toContain('The last 10 of 60 items, the newest first');
  const ofChange = await pagesFrom(`/console/mappings/${draft.id}?whole=1`);
  expect(captionsIn(ofChange.at(-1) ?? '')).toContain('The last 10 of 60 items, the newest first');
});

test('a page shows the effect of a change so far within its time, and leads to the whole effect', async () => {
  await pushUnmappedSteps(codeOf(2));
  const line = { from: '77', to: 'processing' };
  const change = { party: 'one-stop', table: 'national-status', lines: [line], why: 'test' };
  const { body: draft } = await operator.post('mappings', change);
  // Each look at the clock takes longer than a page may.
  let clockMs = performance.now();
  const slow = () => vi.spyOn(performance, 'now').mockImplementation(() => (clockMs += 101));
  try {
    slow();
    const asked = { ...line, mostMs: 1 };
    const { body: preview } = await operator.post('code-tables/one-stop/national-status/preview', asked);
    const { body: effect } = await operator.get(`mappings/${draft.id}/effect?mostMs=1`);
    for (const { looked } of [preview, effect]) expect(looked).toMatchObject({ messages: 1, items: 30, isAll: false });
    const pages = [
      '/console/code-tables/preview?party=one-stop&table=national-status&from=77&to=processing',
      `/console/mappings/${draft.id}?lang=en`,
    ];
    for (const page of pages) {
      slow();
      const { text } = await officer.get(page);
      expect(text).toContain('30 items of 1 message again, not all of them');
      const whole = /href="([^"]*whole=1)"/.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? '';
      vi.restoreAllMocks();
      expect((await officer.get(whole)).text).not.toContain('not all of them');
    }
  } finally {
    vi.restoreAllMocks();
  }
});

test('on a phone each number of a report has the heading of its column, and of its group', async () => {
  const { text } = await officer.get('/console/reports/ii06a?period=2025-Q3');
  const [row = ''] = /<tr class="total">.*?<\/tr>/s.exec(text) ?? [];
  const labels = [...row.matchAll(/<td class="number[^"]*" data-label="([^"]*)"(?: data-group="([^"]*)")?>/g)];
  const [received, resolved, pending] = ['tiếp nhận', 'đã giải quyết', 'đang giải quyết'].map(
    (of) => `Số lượng hồ sơ ${of}`,
  );
  expect(
    labels.map(([, label, group]) => [group, label].filter(Boolean).join(': ')).filter((one) => one !== 'STT'),
  ).toEqual([
    ...[`${received}: Tổng số`, 'Trực tuyến', 'Trực tiếp, dịch vụ bưu chính', 'Từ kỳ trước'],
    ...[`${resolved}: Tổng số`, 'Trước hạn', 'Đúng hạn', 'Quá hạn'],
    ...[`${pending}: Tổng số`, 'Trong hạn', 'Quá hạn'],
  ]);
});

test('the history of a question is shown page by page with its total', async () => {
  await hub.push(question({ code: 'CH-1' }), { what: 'questions' });
  await query(
    `INSERT INTO record_events
     SELECT (jsonb_populate_record(first, jsonb_build_object('seq', first.seq + n, 'at', first.at + n * interval '1 minute'))).*
     FROM record_events first, generate_series(1, 204) n WHERE first.subject = 'question CH-1'`,
  );
  const { body: first } = await operator.get('records/question/CH-1');
  expect([first.history.length, first.totalHistory]).toEqual([200, 205]);
  const { body: last } = await operator.get(`records/question/CH-1?cursor=${encodeURIComponent(first.nextHistory)}`);
  expect([last.history.length, last.totalHistory, last.nextHistory]).toEqual([5, 205, null]);
  const pages = await pagesFrom('/console/records/question/CH-1');
  expect(pages.map((page) => captionsIn(page).at(-1))).toEqual([
    'The first 200 of 205 events, in the order of event time',
    'The last 5 of 205 events, in the order of event time',
  ]);
});

test('the status page says how many interruptions there are, and leads to each of them', async () => {
  await query(
    `INSERT INTO incidents (party, kind, cause, opened_at, closed_at)
     SELECT 'portal', 'partner-away', 'x', at, at
     FROM generate_series(1, 120), (SELECT '${new Date(hub.clock.nowMs - 60_000).toISOString()}'::timestamptz AS at) once`,
  );
  const pages = await pagesFrom('/status?lang=en');
  expect(pages.map((page) => captionsIn(page).at(-1))).toEqual([
    '120 interruptions of connections, here 1 to 50, the newest first',
    '120 interruptions of connections, here 51 to 100, the newest first',
    '120 interruptions of connections, here 101 to 120, the newest first',
  ]);
  const beyond = await officer.get('/status?page=99999999');
  expect(captionsIn(beyond.text).at(-1)).toContain('here 101 to 120');
});

test('after a thousand dossiers their words are merged into the search index, and found before and after', async () => {
  const own = await testHub();
  const found = async (q: string) => (await own.read(`/api/v1/dossiers?q=${q}`)).body.items.length;
  for (let from = 0; from < 1_000; from += 100) {
    await own.push(Array.from({ length: 100 }, (_, at) => dossier({ code: codeOf(from + at) })));
    expect(await found(codeOf(from))).toBe(1);
  }
  await own.hub.pipeline.drain(1_000);
  const { rows } = await own.hub.database.pool.query<{ pages: number }>(
    "SELECT gin_clean_pending_list('dossiers_words')::int AS pages",
  );
  expect(rows).toEqual([{ pages: 0 }]);
  expect(await found(codeOf(999))).toBe(1);
  await own.close();
});
