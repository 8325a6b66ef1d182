import { readXlsx } from 'hucre/xlsx';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reportCsv } from '../../src/reports/csv.ts';
import { formII06a } from '../../src/reports/form-ii06a.ts';
import { reportXlsx } from '../../src/reports/xlsx.ts';
import { dossier, type TestHub, testHub } from '../support/hub.ts';

const NOW = Date.parse('2025-09-20T08:00:00+07:00');
const AGENCIES = ['H60.01', 'H60.02', 'H60.03'];
/** The catalogue of the test has none of them. */
const withoutName = (code: string): string => `Cơ quan mã ${code} (chưa có trong danh mục)`;
const at = (day: number): string => new Date(Date.parse('2025-06-01T02:00:00Z') + day * 86_400_000).toISOString();

/** Received over four months, of which the third quarter of reports is a part. */
const PUSHED = Array.from({ length: 90 }, (_, n) => {
  const isDone = n % 3 !== 0;
  return dossier({
    code: `H60.01-250601-${String(n + 1).padStart(4, '0')}`,
    agencyCode: AGENCIES[n % AGENCIES.length],
    channel: n % 2 === 0 ? 'online' : 'counter',
    status: isDone ? 'resolved' : 'processing',
    statusAt: isDone ? at(n + 1 + (n % 9)) : at(n),
    receivedAt: at(n),
    dueAt: at(n + 5),
    ...(isDone && { finishedAt: at(n + 1 + (n % 9)) }),
  });
});

let hub: TestHub;
beforeAll(async () => {
  hub = await testHub({ nowMs: NOW });
  await hub.push(PUSHED);
});
afterAll(() => hub.close());

test('every number of form II.06a is the number of such dossiers, as a number', async () => {
  const [from, to] = ['2025-06-15T00:00:00+07:00', '2025-09-14T23:59:59.999+07:00'];
  const filter = { agency: undefined, field: undefined, service: undefined };
  const now = '2025-09-20T08:00:00+07:00';
  const counted = await hub.hub.statistics.report({ rule: 'td', by: 'agency', from, to, filter, now });
  const form = formII06a(counted, { period: '2025-Q3', reportedBy: 'Tỉnh Tuyên Quang' });
  const { sheets } = await readXlsx(await reportXlsx(form, () => undefined));
  expect(sheets[0]).toMatchObject({
    name: expect.stringMatching(/^\p{L}+$/u),
    pageSetup: { printTitlesRow: '$7:$10' },
  });
  const rows = (sheets[0]?.rows ?? []) as readonly (readonly unknown[])[];
  const lines = Object.fromEntries(rows.map((row) => [row[1] as string, row.slice(2, 13)]));
  for (const agency of AGENCIES)
    expect([agency, lines[withoutName(agency)]]).toEqual([agency, countOf([agency], from, to)]);
  expect(lines['Tổng cộng']).toEqual(countOf(AGENCIES, from, to));
  expect(rows.flat()).toContain('Kỳ báo cáo: từ 15/06/2025 đến 14/09/2025');
  expect(rows[5]?.[0]).toMatch(
    /^Đơn vị báo cáo: Tỉnh Tuyên Quang\. Đơn vị nhận báo cáo: …+ Đơn vị tính: Số hồ sơ TTHC\.$/,
  );
  const heads = new TextDecoder().decode(reportCsv(form, () => undefined)).split('\n')[0];
  expect(heads).toContain('Số lượng hồ sơ tiếp nhận: Tổng số,Số lượng hồ sơ tiếp nhận: Trong kỳ: Trực tuyến,');
  expect(heads).toMatch(/đã giải quyết: Quá hạn,Số lượng hồ sơ đang giải quyết: Tổng số,.*: Trong hạn,.*: Quá hạn$/);
});

test('form II.06a says whether its rule counts refused dossiers, because its totals differ by them', async () => {
  await hub.push(
    dossier({
      code: 'H60.01-250801-9001',
      agencyCode: 'H60.09',
      status: 'refused',
      statusAt: at(70),
      receivedAt: at(70),
    }),
  );
  const form = async (rule: '766' | 'td') => {
    const [from, to] = ['2025-06-15T00:00:00+07:00', '2025-09-14T23:59:59.999+07:00'];
    const filter = { agency: 'H60.09', field: undefined, service: undefined };
    const now = '2025-09-20T08:00:00+07:00';
    const counted = await hub.hub.statistics.report({ rule, by: 'agency', from, to, filter, now });
    return formII06a(counted, { period: '2025-Q3', reportedBy: 'Tỉnh Tuyên Quang' });
  };
  const [by766, byDays] = [await form('766'), await form('td')];
  expect([by766.rows.at(-1)?.cells[2], byDays.rows.at(-1)?.cells[2]]).toEqual([1, 0]);
  expect(by766.notes[0]).toContain('tính cả hồ sơ không được tiếp nhận');
  expect(byDays.notes[0]).toContain('không tính hồ sơ không được tiếp nhận');
});

/** Counts the pushed records one by one: late by the day. */
function countOf(agencies: readonly string[], from: string, to: string): readonly number[] {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  const dayOf = (time: number): number => Math.floor((time + 7 * 3_600_000) / 86_400_000);
  const n = { online: 0, direct: 0, before: 0, early: 0, onTime: 0, late: 0, within: 0, overdue: 0 };
  for (const one of PUSHED) {
    const [began, due] = [Date.parse(one.receivedAt as string), Date.parse(one.dueAt as string)];
    const ended = one.finishedAt === undefined ? undefined : Date.parse(one.finishedAt as string);
    if (!agencies.includes(one.agencyCode as string) || began > toMs || (ended !== undefined && ended < fromMs))
      continue;
    if (began < fromMs) n.before++;
    else if (one.channel === 'online') n.online++;
    else n.direct++;
    if (ended === undefined || ended > toMs) {
      if (dayOf(due) < dayOf(toMs)) n.overdue++;
      else n.within++;
    } else if (dayOf(ended) < dayOf(due)) n.early++;
    else if (dayOf(ended) === dayOf(due)) n.onTime++;
    else n.late++;
  }
  const { online, direct, before, early, onTime, late, within, overdue } = n;
  return [
    ...[online + direct + before, online, direct, before],
    ...[early + onTime + late, early, onTime, late],
    ...[within + overdue, within, overdue],
  ];
}
