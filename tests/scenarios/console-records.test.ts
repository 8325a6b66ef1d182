import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestHub, testHub } from '../support/hub.ts';
import { payment, petition, postalOrder, question } from '../support/kinds.ts';
import { type Officer, officerAt } from '../support/officer.ts';
import { OPERATOR_KEYS, operatorOf } from '../support/operator.ts';

const WORDS = {
  vi: {
    list: 'Hỏi đáp, phản ánh, kiến nghị',
    overdue: 'quá hạn',
    still: 'lâu không có trạng thái mới',
    held: 'tạm giữ, chờ quyết định',
    received: 'đã tiếp nhận',
    answered: 'đã trả lời',
    officers: 'Cán bộ',
    done: 'Đã thực hiện',
    changed: 'Chưa thực hiện',
    hold: 'Tạm giữ',
    audited: 'tạm giữ câu hỏi, phản ánh',
  },
  en: {
    list: 'Questions and petitions',
    overdue: 'overdue',
    still: 'no new state for days',
    held: 'held',
    received: 'received',
    answered: 'answered',
    officers: 'Officers',
    done: 'Done. The state is',
    changed: 'Nothing was done',
    hold: 'Hold',
    audited: 'hold a question or petition',
  },
} as const;

/** The forms of a page name the version that the officer saw. */
const versionIn = (text: string) => /name="version" value="(\d+)"/.exec(text)?.[1] ?? '';

describe.each(['vi', 'en'] as const)('the console for questions and petitions in %s', (language) => {
  const words = WORDS[language];
  let hub: TestHub;
  let officer: Officer;
  beforeAll(async () => {
    hub = await testHub({ keys: [...OPERATOR_KEYS] });
    officer = officerAt(hub);
    await officer.signIn('ops');
    const content = 'Đơn tố cáo: <script>alert(1)</script>';
    await hub.push(question({ code: 'CH-1', content }), { what: 'questions' });
    await hub.push(petition({ code: 'PA-1', dueAt: '2025-08-01T17:00:00+07:00' }), { what: 'petitions' });
    await hub.push(petition({ code: 'PA-2' }), { what: 'petitions' });
    await officer.get(`/console?lang=${language}`);
  });
  afterAll(() => hub.close());

  test('the menu leads to the queue, the overdue ones first', async () => {
    expect((await officer.get('/console')).text).toContain('href="/console/records"');
    const { text } = await officer.get('/console/records');
    expect(text).toContain(`<h1>${words.list}</h1>`);
    expect(text.indexOf('PA-1')).toBeLessThan(text.indexOf('CH-1'));
    for (const word of [words.overdue, words.held]) expect(text).toContain(word);
    const late = (await officer.get('/console/records?due=overdue')).text;
    expect([late.includes('PA-1'), late.includes('PA-2')]).toEqual([true, false]);
  });

  test('payments and postal orders to check have a page, with the reason in words', async () => {
    await hub.push(payment({ code: 'TT-OLD', stateAt: '2025-08-01T09:00:00+07:00' }), { what: 'payments' });
    await hub.push(postalOrder({ code: 'BC-OLD', stateAt: '2025-08-01T09:00:00+07:00' }), { what: 'postal-orders' });
    expect((await officer.get('/console')).text).toContain('href="/console/troubled-records"');
    const { text } = await officer.get('/console/troubled-records');
    for (const part of ['TT-OLD', 'BC-OLD', words.still]) expect(text).toContain(part);
    const post = (await officer.get('/console/troubled-records?kind=postal-order')).text;
    expect([post.includes('BC-OLD'), post.includes('TT-OLD')]).toEqual([true, false]);
  });

  test('a held complaint is decided, answered and published', async () => {
    const path = '/console/records/question/CH-1';
    // The waiting item, and the item of its message, lead to the question, not to a dossier.
    const [cause] = (await operatorOf(hub).get('quarantine')).body.items;
    const waiting = (await officer.get(`/console/quarantine/${cause.id}`)).text;
    const message = /href="(\/console\/messages\/[\w-]+)"/.exec(waiting)?.[1] as string;
    for (const text of [waiting, (await officer.get(message)).text]) {
      expect(text).toContain(`href="${path}"`);
      expect(text).not.toContain('dossiers?code=CH-1');
    }
    // Its decisions have the words of the question's own page.
    const decisions = (text: string) => text.match(/<details class="card"[\s\S]*?<\/summary>\n<p class="note">[^<]*/g);
    const texts = (text: string) => decisions(text)?.map((one) => one.replaceAll(/<[^>]*>/g, ''));
    expect(texts(waiting)).toHaveLength(2);
    expect(texts(waiting)).toEqual(texts((await officer.get(path)).text));
    const page = await officer.get(path);
    expect(page.text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page.text).not.toContain('Nguyễn Văn An');
    /** The order whose form is open. */
    const open = (text: string) => /<details class="card" open>[\s\S]*?name="order" value="(\w+)"/.exec(text)?.[1];
    const order = async (given: Record<string, string>) =>
      officer.post(path, {
        version: versionIn((await officer.get(path)).text),
        why: 'đã xem xét',
        ...given,
      });
    expect((await order({ order: 'release' })).text).toContain(`${words.done}`);
    const answered = await order({ order: 'answer', text: 'Đã chuyển thanh tra.', unit: 'Sở Tư pháp' });
    for (const word of [words.done, words.answered, words.officers, 'Đã chuyển thanh tra.', 'Sở Tư pháp'])
      expect(answered.text).toContain(word);
    expect(open(answered.text)).toBe('publish');
    await order({ order: 'publish' });
    expect((await hub.read('/api/public/questions')).body.items).toMatchObject([{ code: 'CH-1' }]);
    expect((await officer.get('/console/audit?subject=record question CH-1')).text).toContain(`href="${path}"`);
    expect((await officer.get(path)).text).toContain(`<summary>${words.hold}</summary>`);
    expect((await order({ order: 'hold' })).text).toContain(words.held);
    expect((await hub.read('/api/public/questions')).body.items).toEqual([]);
    expect((await order({ order: 'release' })).text).toContain(words.done);
    expect((await hub.read('/api/public/questions')).body.items).toMatchObject([{ code: 'CH-1' }]);
    expect((await officer.get('/console/audit?subject=record question CH-1')).text).toContain(words.audited);
  });

  test('an order for an earlier version says that nothing was done', async () => {
    const path = '/console/records/petition/PA-2';
    const version = versionIn((await officer.get(path)).text);
    const answer = { order: 'answer', text: 'Một', version, why: 'đã xem xét' };
    expect((await officer.post(path, answer)).text).toContain(words.done);
    const second = await officer.post(path, answer);
    expect(second.text).toContain(words.changed);
    expect(second.text).toContain(words.answered);
    // What the officer wrote is in the form again, for the version that the page shows now.
    expect(second.status).toBe(409);
    expect(second.text).toContain('required>Một</textarea>');
    expect(second.text).toContain('name="why" value="đã xem xét"');
    expect(versionIn(second.text)).toBe('2');
    expect(second.text).toContain(`href="${path}?lang=`);
  });

  test('an answer that comes too late for its record stays on the page', async () => {
    await hub.push(petition({ code: 'PA-3', agencyCode: 'H60.01' }), { what: 'petitions' });
    const path = '/console/records/petition/PA-3';
    const { text } = await officer.get(path);
    // The agency is known, so its answer comes next.
    expect(text).toMatch(/<details class="card" open>[\s\S]*?name="order" value="answer"/);
    expect(text.match(/<details class="card" open>/g)).toHaveLength(1);
    const version = versionIn(text);
    const order = { version, why: 'đã xem xét' };
    expect((await officer.post(path, { ...order, order: 'hold' })).text).toContain(words.done);
    const late = await officer.post(path, { ...order, order: 'answer', text: 'Đã sửa <đường>.' });
    expect(late.text).toContain(words.changed);
    expect(late.text).toContain('<p class="words">Đã sửa &lt;đường&gt;.</p>');
    expect(late.text).not.toContain('<textarea');
  });

  test('a key without the scope sees no forms', async () => {
    const reader = officerAt(hub);
    await reader.signIn('ops-read');
    const { text } = await reader.get(`/console/records/petition/PA-1?lang=${language}`);
    expect(text).toContain('ops:replay');
    expect(text).not.toContain('name="order"');
    expect(text).not.toContain('thêm ghế');
    expect((await operatorOf(hub).get('records/petition/PA-1', 'ops-read')).body.record).toBeNull();
  });

  test('an unknown code has a page of its own', async () => {
    expect((await officer.get('/console/records/question/NOBODY')).status).toBe(404);
  });
});
