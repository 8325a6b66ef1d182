import { writeXlsx } from 'hucre/xlsx';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestHub, testHub } from '../support/hub.ts';
import { type Officer, officerAt } from '../support/officer.ts';
import { OPERATOR_KEYS } from '../support/operator.ts';
import { HEAD, rowOf, THREE_BAD_ROWS, WATER, WATER_ENTRY } from '../support/water-permits.ts';

const WORDS = {
  vi: {
    link: 'Tệp đã nhận',
    empty: 'Chưa có tệp nào.',
    checked: 'đọc được 4 dòng. 1 dòng sẽ được nhận, 1 dòng sẽ chờ xử lý, 2 dòng không hợp lệ. Chưa lưu gì.',
    taken: 'Đã nhận tệp hồ sơ.xlsx: 1 mới, 1 chờ xử lý, 2 không hợp lệ.',
    repeat: 'đã được nhận từ trước',
    refused: 'bị từ chối, không dòng nào được nhận: bảng thiếu tiêu đề cột',
    zeros: 'mất số 0 ở đầu',
    head: 'Trang tính;Ô;Mã hồ sơ;Kết quả;Lý do',
    audited: 'nhận tệp thay bên kết nối',
    next: 'Trang sau »',
  },
  en: {
    link: 'Files',
    empty: 'There are no files yet.',
    checked:
      '4 rows were read. The hub would take 1, 1 would wait for an operator, and 2 are invalid. Nothing was stored.',
    taken: 'The file hồ sơ.xlsx was taken: 1 new, 1 waiting, 2 invalid.',
    repeat: 'was taken before',
    refused: 'is refused: the table lacks the headings',
    zeros: 'leading zeros may be lost',
    head: 'Sheet;Cell;Dossier;Outcome;Reason',
    audited: 'take a file of a party',
    next: 'Next page »',
  },
} as const;
const LIST = '/console/parties/water/drops';

describe.each(['vi', 'en'] as const)('the console for files in %s', (language) => {
  const words = WORDS[language];
  let hub: TestHub;
  let officer: Officer;
  /** Written once: it has the time of its writing. */
  let workbook: Uint8Array<ArrayBuffer>;
  beforeAll(async () => {
    workbook = Buffer.from(await writeXlsx({ sheets: [{ name: 'Tháng 8', rows: THREE_BAD_ROWS }] }));
    hub = await testHub({ keys: [...OPERATOR_KEYS], partners: { water: WATER }, entries: { water: WATER_ENTRY } });
    officer = officerAt(hub);
    await officer.signIn('ops');
    await officer.get(`/console?lang=${language}`);
  });
  afterAll(() => hub.close());

  const fileForm = (what: 'check' | 'take', name = 'hồ sơ.xlsx', text?: string): FormData => {
    const form = new FormData();
    form.set('file', new File([text ?? workbook], name));
    form.set('do', what);
    form.set('why', 'Công văn 12');
    return form;
  };
  const stored = async (): Promise<number> =>
    (await hub.hub.database.query.selectFrom('messages').select('id').execute()).length;

  test('the party leads to its files, and others have none', async () => {
    expect((await officer.get('/console/parties/water')).text).toContain(`href="${LIST}">${words.link}`);
    expect((await officer.get('/console/parties/other')).text).not.toContain('/drops');
    expect((await officer.get(LIST)).text).toContain(words.empty);
  });

  test('a check shows the first problems by cell, and stores nothing', async () => {
    const { text } = await officer.post(LIST, fileForm('check'));
    expect(text).toContain(words.checked);
    for (const part of ['<code>E3</code>', '<code>J4</code>', '<code>K5</code>', words.zeros])
      expect(text).toContain(part);
    expect(await stored()).toBe(0);
  });

  test('a taken file is listed with its rows, the report has a file, and the audit says who', async () => {
    const { text } = await officer.post(LIST, fileForm('take'));
    for (const part of [words.taken, 'hồ sơ.xlsx', '<code>ops</code>']) expect(text).toContain(part);
    const path = new RegExp(`href="(${LIST}/\\d+)"`).exec(text)?.[1] ?? '';
    const report = await officer.get(path);
    for (const part of ['H60.09-250812-0013', '<code>E3</code>', words.zeros]) expect(report.text).toContain(part);
    expect(report.text).not.toContain('1099123456');
    const csv = await officer.get(`${path}?format=csv`);
    expect(csv.headers.get('content-disposition')).toContain("filename*=UTF-8''h%E1%BB%93%20s%C6%A1.xlsx.report.csv");
    expect(csv.text).toContain(words.head);
    expect(csv.text).toContain('Tháng 8;E3;H60.09-250812-0013;');
    const audit = await officer.get('/console/audit?action=party.file');
    for (const part of [words.audited, 'Công văn 12']) expect(audit.text).toContain(part);
    const again = (await officer.post(LIST, fileForm('take'))).text;
    expect(again).toContain(words.repeat);
    // The rows of a repeat did nothing: the newest line of the list names no effect.
    const [repeat = '', first = ''] = [...again.matchAll(/<tr><th scope="row">[\s\S]*?<\/tr>/g)].map(([row]) => row);
    expect([repeat, first].map((row) => />–<\/td><\/tr>$/.test(row))).toEqual([true, false]);
  });

  test('a file that cannot be read whole is refused with the reason', async () => {
    const before = await stored();
    const { text } = await officer.post(LIST, fileForm('take', 'a.csv', 'Mã hồ sơ;Họ tên'));
    expect(text).toContain(words.refused);
    expect((await officer.get(LIST)).text).toContain('a.csv');
    expect(await stored()).toBe(before + 2);
  });

  test('an upload that does not arrive as one file shows its page again, with the reason', async () => {
    const before = await stored();
    const none = fileForm('take');
    none.delete('file');
    const page = await officer.post(LIST, none);
    expect([page.status, page.text.includes('type="file"')]).toEqual([200, true]);
    expect(page.text).toMatch(/<p class="card told" role="alert">/);
    const interrupted = await hub.hub.app.request(LIST, {
      method: 'POST',
      headers: {
        'Content-Type': 'multipart/form-data; boundary=x',
        'Sec-Fetch-Site': 'same-origin',
        Cookie: [...officer.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      },
      body: '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nMã',
    });
    expect([interrupted.status, interrupted.headers.get('location')]).toEqual([303, LIST]);
    expect(await stored()).toBe(before);
  });

  test('the pages of a long report have each row once, and the CSV has all', async () => {
    const codeOf = (at: number): string => `H60.09-250812-${1000 + at}`;
    const changes = (at: number) => ({ 'Mã hồ sơ': codeOf(at), 'Ngày cập nhật': '31/02/2025' });
    const rows = Array.from({ length: 450 }, (_, at) => rowOf(at + 1, changes(at)));
    const long = Buffer.from(await writeXlsx({ sheets: [{ name: 'Tháng 9', rows: [HEAD, ...rows] }] }));
    const form = fileForm('take', 'dài.xlsx');
    form.set('file', new File([long], 'dài.xlsx'));
    const { text } = await officer.post(LIST, form);
    const path = new RegExp(`href="(${LIST}/\\d+)"`).exec(text)?.[1] ?? '';
    const perPage: number[] = [];
    const seen: string[] = [];
    for (let next: string | undefined = path; next !== undefined; ) {
      const page: string = (await officer.get(next)).text;
      const codes = [...page.matchAll(/dossiers\?code=(H60\.09-250812-\d{4})"/g)].map(([, code = '']) => code);
      perPage.push(codes.length);
      seen.push(...codes);
      next = new RegExp(`href="(${path}\\?from=\\d+)">${words.next}`).exec(page)?.[1];
    }
    expect(perPage).toEqual([200, 200, 50]);
    expect(seen).toEqual(rows.map((_, at) => codeOf(at)));
    const csv = await officer.get(`${path}?format=csv`);
    expect(csv.text.match(/H60\.09-250812-1\d{3}/g)).toHaveLength(450);
  });

  test('a form without its token, and a key without the right, take nothing', async () => {
    const before = await stored();
    const form = fileForm('take', 'b.csv', 'x');
    form.set('token', 'another');
    expect((await officer.post(LIST, form)).status).toBe(403);
    const reader = officerAt(hub);
    await reader.signIn('ops-read');
    expect((await reader.get(LIST)).text).not.toContain('type="file"');
    await reader.post(LIST, fileForm('take', 'c.csv', 'x'));
    expect(await stored()).toBe(before);
  });
});
