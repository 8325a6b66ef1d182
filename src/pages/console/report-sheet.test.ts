import type { Context } from 'hono';
import { describe, expect, test } from 'vitest';
import { sayIn } from '../language.ts';
import type { Report } from './records.ts';
import { reportSheet } from './report-sheet.ts';
import type { Visit } from './visit.ts';

const PATH = '/console/reports/fields';

const visitAt = (address: string, language: 'vi' | 'en' = 'vi'): Visit =>
  ({
    c: { req: { path: PATH, url: `http://hub.test${address}` } } as unknown as Context,
    say: sayIn(language),
  }) as Visit;

const report = (many: number, more: Partial<Report> = {}): Report => ({
  title: 'BÁO CÁO',
  reportedBy: 'Tỉnh Tuyên Quang',
  widths: [],
  signatures: [],
  period: { name: '2025-Q3', from: '2025-06-15', to: '2025-09-14' },
  head: [[{ text: 'STT' }, { text: 'Cơ quan' }, { text: 'Số hồ sơ' }]],
  rows: Array.from({ length: many }, (_, at) => ({ cells: [at + 1, `Cơ quan ${at + 1}`, 7] })),
  notes: [],
  ...more,
});

const linesOf = (page: string): string[] => page.match(/Cơ quan \d+/g) ?? [];
const linkOf = (page: string, text: string): string | undefined =>
  new RegExp(`href="([^"]+)">${text}`).exec(page)?.[1]?.replaceAll('&amp;', '&');

describe('a report on the console', () => {
  test('the pages of a long report have each line once, with its period and agency in every link', () => {
    const query = { period: '2025-Q3', agency: 'H60.01' };
    const seen: string[] = [];
    const captions: (string | undefined)[] = [];
    let next: string | undefined = `${PATH}?period=2025-Q3&agency=H60.01`;
    while (next !== undefined) {
      const page: string = String(reportSheet(visitAt(next), report(650), query));
      seen.push(...linesOf(page));
      captions.push(/, dòng ([^<"]*)/.exec(page)?.[1]);
      next = linkOf(page, 'Trang sau »');
      if (next) expect(next).toContain('?period=2025-Q3&agency=H60.01&from=');
    }
    expect(seen).toEqual(report(650).rows.map(({ cells }) => cells[1]));
    expect(captions).toEqual(['1 đến 240 trong 650 dòng', '241 đến 480 trong 650 dòng', '481 đến 650 trong 650 dòng']);
  });

  test('headings stand over their numbers, and what a line lacks is marked as nothing', () => {
    const head: Report['head'] = [
      [
        { text: 'STT', rows: 2 },
        { text: 'Cơ quan', rows: 2 },
        { text: 'Ghi chú', rows: 2 },
        { text: 'Hồ sơ', columns: 2 },
      ],
      [{ text: 'Đã xong' }, { text: 'Còn lại' }],
      ['(1)', '(2)', '(3)', '(4)', '(5)'].map((text) => ({ text })),
    ];
    const rows: Report['rows'] = [
      { cells: [1, 'Sở Tư pháp', 'chưa ký', 7, 2] },
      { cells: ['', 'Tổng cộng', '', 7, null], isTotal: true },
    ];
    const page = String(reportSheet(visitAt(PATH), report(0, { head, rows }), {}));
    const numbers = [...page.matchAll(/<th [^>]*class="number">([^<]+)/g)].map(([, text]) => text);
    expect(numbers).toEqual(['STT', 'Đã xong', 'Còn lại', '(1)', '(4)', '(5)']);
    // Behind a zero is an empty list.
    const counted = { '3': '/api/v1/ops/a', '4': '/api/v1/ops/b' };
    const linked = report(0, { head, rows: [{ cells: [1, 'Sở Tư pháp', '', 7, 0], links: counted }] });
    expect(String(reportSheet(visitAt(PATH), linked, {})).match(/<a /g)).toHaveLength(1);
    const nothing = [...page.matchAll(/<td class="[^"]*nothing" data-label="([^"]+)"/g)].map(([, label]) => label);
    expect(nothing).toEqual(['STT', 'Ghi chú']);
  });

  test('a report of one page has no links to others', () => {
    const page = String(reportSheet(visitAt(PATH), report(240), {}));
    expect(linesOf(page)).toHaveLength(240);
    expect(page).not.toContain('class="pager"');
  });

  test('a report in parts goes on where the API says', () => {
    const page = String(reportSheet(visitAt(PATH, 'en'), report(300, { next: 'c.1' }), { period: '2025-Q3' }));
    expect(linkOf(page, 'Next page »')).toBe(`${PATH}?period=2025-Q3&cursor=c.1`);
    const last = String(
      reportSheet(visitAt(`${PATH}?period=2025-Q3&cursor=c.1`, 'en'), report(12, { next: null }), {
        period: '2025-Q3',
      }),
    );
    expect(last).toContain('The end of the list.');
    expect(linkOf(last, '« To the beginning')).toBe(`${PATH}?period=2025-Q3`);
  });

  test.each(['-5', 'x', '1e9', '700'])('a place of no line, ?from=%s, shows the first page', (from) => {
    const page = String(reportSheet(visitAt(`${PATH}?from=${from}`), report(650), {}));
    expect(linesOf(page)[0]).toBe('Cơ quan 1');
  });
});
