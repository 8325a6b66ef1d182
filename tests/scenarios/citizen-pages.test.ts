import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openPage } from '../support/citizen.ts';
import { codeOf, dossier, type TestHub, testHub } from '../support/hub.ts';
import { payment, postalOrder, question } from '../support/kinds.ts';
import { OPERATOR_KEYS, operatorOf } from '../support/operator.ts';

const ANSWER = { at: '2025-08-21T09:00:00+07:00', by: 'Trần Thị Bình', content: 'Tại Phòng Quản lý xuất nhập cảnh.' };
const ASKED = {
  name: 'Đặng Thị Hoàng Yến',
  phone: '0912345678',
  email: 'hoang.yen@example.test',
  address: 'Tổ 7, phường Minh Xuân',
  content: 'Làm hộ chiếu ở đâu?',
};
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

describe('pages for questions, ratings, payments and post', () => {
  let hub: TestHub;
  let people = 0;
  beforeAll(async () => {
    hub = await testHub({ personLimitPerHour: 1_000, keys: [...OPERATOR_KEYS] });
    const done = { status: 'resolved', statusAt: '2025-08-19T09:00:00+07:00' };
    await hub.push([1, 2, 3].map((n) => dossier({ code: codeOf(n), ...done })));
    await hub.push(dossier({ code: codeOf(10), status: 'processing' }));
  });
  afterAll(() => hub.close());

  const open = (path: string, init: RequestInit = {}, address = `198.51.100.${people++ % 250}`) =>
    openPage(hub, path, init, address);
  const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}, address?: string) =>
    open(
      path,
      { method: 'POST', headers: { ...FORM, ...headers }, body: new URLSearchParams(fields).toString() },
      address,
    );
  const ask = (fields: Record<string, string> = {}, headers: Record<string, string> = {}, address?: string) =>
    post('/questions/ask', { ...ASKED, ...fields }, headers, address);
  const codeIn = (text: string): string => /[A-Z0-9]+-HD-\d{6}-[2-9A-Z]{8}/.exec(text)?.[0] as string;
  const stored = async (): Promise<number> => (await hub.read('/api/v1/questions?limit=200')).body.items.length;

  test('a form that is sent twice makes one question', async () => {
    const before = await stored();
    const { html } = await open('/questions/ask');
    const ticket = /name="ticket" value="([^"]+)"/.exec(html)?.[1] as string;
    const [once, twice] = await Promise.all([ask({ ticket }), ask({ ticket })]);
    expect(codeIn(once.text)).toBe(codeIn(twice.text));
    expect(await stored()).toBe(before + 1);
    const { html: next } = await open('/questions/ask');
    expect(next).not.toContain(ticket);
  });

  test('a form that is sent again with other content says that the first question was received', async () => {
    const ticketIn = (html: string) => /name="ticket" value="([^"]+)"/.exec(html)?.[1] as string;
    const ticket = ticketIn((await open('/questions/ask')).html);
    expect((await ask({ ticket })).status).toBe(200);
    const before = await stored();
    const again = await ask({ ticket, content: 'Làm hộ chiếu <lần đầu> ở đâu?' });
    expect([again.status, again.text.includes('đã được tiếp nhận. Nội dung dưới đây chưa được gửi')]).toEqual([
      409,
      true,
    ]);
    expect(again.html).toContain('Làm hộ chiếu &lt;lần đầu&gt; ở đâu?');
    expect([await stored(), again.text.includes('Hệ thống gặp lỗi')]).toEqual([before, false]);
    const next = ticketIn(again.html);
    expect(next).not.toBe(ticket);
    expect((await ask({ ticket: next, content: 'Làm hộ chiếu <lần đầu> ở đâu?' })).status).toBe(200);
    expect(await stored()).toBe(before + 1);
  });

  test('a question that an outage stops keeps its texts, and its ticket: it may have been stored', async () => {
    const ticketIn = (html: string) => /name="ticket" value="([^"]+)"/.exec(html)?.[1] as string;
    const ticket = ticketIn((await open('/questions/ask')).html);
    const asked = { ticket, content: 'Làm <thẻ> ở đâu?', agency: 'h60.01' };
    const { pool, query } = hub.hub.database;
    const away = async () => Promise.reject(Object.assign(new Error('terminating connection'), { code: '57P01' }));
    const now = performance.now.bind(performance);
    const spies = [
      // The lists of the form are kept for a minute.
      vi.spyOn(performance, 'now').mockImplementation(() => now() + 61_000),
      vi.spyOn(pool, 'query').mockImplementation(away as never),
      vi.spyOn(pool, 'connect').mockImplementation(away as never),
      vi.spyOn(query, 'getExecutor').mockImplementation(() => {
        throw new Error('terminating connection');
      }),
    ];
    const stopped = await ask(asked).finally(() => spies.map((spy) => spy.mockRestore()));
    expect(stopped.status).toBe(503);
    for (const kept of ['Làm &lt;thẻ&gt; ở đâu?', 'value="h60.01" selected', `value="${ticket}"`])
      expect(stopped.html).toContain(kept);
    expect((await ask(asked)).status).toBe(200);
  });

  test('a question with an e-mail address alone is followed by its first four characters', async () => {
    const asked = await ask({ phone: '', email: 'hoang.yen@example.test' });
    expect(asked.text).toContain('4 ký tự đầu của thư điện tử');
    const own = await post('/questions/follow', { code: codeIn(asked.text), proof: 'hoan' });
    expect([own.status, own.text.includes(ASKED.content)]).toEqual([200, true]);
  });

  test('a question that is asked on the page is followed by its code and last digits', async () => {
    const asked = await ask({ agency: 'h60.01' });
    expect([asked.status, asked.text.includes('Đã nhận câu hỏi')]).toEqual([200, true]);
    const code = codeIn(asked.text);
    expect((await hub.read(`/api/v1/questions/${code}`)).body).toMatchObject({
      agencyCode: 'H60.01',
      state: 'received',
    });
    const own = await post('/questions/follow', { code: code.toLowerCase(), proof: '56 78' });
    for (const part of ['Đã tiếp nhận', ASKED.content, 'Hạn trả lời', 'Đ*** T** H**** Y**'])
      expect(own.text).toContain(part);
    expect(own.html).not.toMatch(/Hoàng|0912|hoang\.yen|Tổ 7|5678/);
    const [wrong, unknown] = [
      await post('/questions/follow', { code, proof: '1234' }),
      await post('/questions/follow', { code: 'H60-HD-250821-22222222', proof: '1234' }),
    ];
    expect([wrong.status, unknown.status]).toEqual([404, 404]);
    expect(wrong.text).toContain('Vui lòng kiểm tra lại mã được cấp khi gửi câu hỏi');
    expect(wrong.html.replaceAll(code, '')).toBe(unknown.html.replaceAll('H60-HD-250821-22222222', ''));
    expect((await post('/questions/follow', { code, proof: '12345678' })).status).toBe(400);
  });

  test.each([
    ['no name', { name: '' }, ['name'], 'Vui lòng nhập họ và tên.'],
    ['no way to answer', { phone: '', email: '', address: '' }, ['phone'], 'Vui lòng nhập ít nhất một trong'],
    ['no content', { content: ' ' }, ['content'], 'Vui lòng nhập nội dung câu hỏi.'],
    ['a wrong phone', { phone: 'không có' }, ['phone'], 'Số điện thoại không đúng'],
    ['a wrong service', { service: 'x' }, ['service'], 'Mã thủ tục không đúng'],
    [
      'nothing',
      { name: '', phone: '', email: '', address: '', content: '' },
      ['name', 'phone', 'content'],
      'Vui lòng nhập',
    ],
  ])('a question with %s is refused beside its field, and keeps the rest', async (_, given, fields, says) => {
    const before = await stored();
    const { status, html, text } = await ask(given);
    expect([400, 422]).toContain(status);
    expect(text).toContain(says);
    expect([...html.matchAll(/id="(\w+)-wrong"/g)].map(([, field]) => field).sort()).toEqual([...fields].sort());
    for (const field of fields) expect(html).toMatch(new RegExp(`name="${field}"[^>]*aria-invalid="true"`));
    for (const kept of Object.values({ ...ASKED, ...given })) expect(html).toContain(kept.trim());
    expect(await stored()).toBe(before);
  });

  test.each([
    ['received', true],
    ['assigned', true],
    ['held', false],
    ['refused', false],
    ['withdrawn', false],
  ])('the day of the answer is shown while an agency owes one: %s %s', async (state, isShown) => {
    const code = `HAN-${state}`.toUpperCase();
    await hub.push(question({ code, state, dueAt: '2025-08-27T17:00:00+07:00' }), { what: 'questions' });
    const { status, text } = await post('/questions/follow', { code, proof: '0001' });
    expect([status, text.includes('Hạn trả lời: 27/08/2025 17:00')]).toEqual([200, isShown]);
  });

  test('a denunciation stays held, and its sender reads where to send it', async () => {
    const asked = await ask({ content: 'Tôi tố cáo cán bộ nhận tiền.' });
    expect(asked.text).toContain('Luật Tố cáo');
    const code = codeIn(asked.text);
    expect((await hub.read(`/api/v1/questions/${code}`)).body.state).toBe('held');
    const own = await post('/questions/follow', { code, proof: '5678' });
    expect(own.text).toContain('Luật Tố cáo');
    expect(own.text).toContain('Chờ cán bộ xem xét');
    expect((await open('/questions')).text).not.toContain('tố cáo cán bộ');
  });

  test('a question that waits for an officer says so, and its code works after the review', async () => {
    const waits = 'Sau khi được tiếp nhận, câu hỏi mới tra được bằng mã này';
    // U+FFFD, as in a text that was copied from a damaged file.
    const asked = await ask({ content: 'Làm hộ chi\ufffdu ở đâu?' });
    expect([asked.status, asked.text.includes(waits)]).toEqual([200, true]);
    const code = codeIn(asked.text);
    const follow = async () => (await post('/questions/follow', { code, proof: '5678' })).status;
    expect(await follow()).toBe(404);
    const operator = operatorOf(hub);
    const [{ id }] = (await operator.get(`quarantine?code=${code}`)).body.items;
    await operator.post(`quarantine/${id}/resolve`, { action: 'release', why: 'đọc được' });
    expect(await follow()).toBe(200);
    for (const content of [ASKED.content, 'Tôi tố cáo ông C.'])
      expect((await ask({ content })).text).not.toContain(waits);
  });

  test('the sender of a dismissed denunciation no longer waits for an officer', async () => {
    const code = codeIn((await ask({ content: 'Tôi tố cáo cán bộ thôn.' })).text);
    const operator = operatorOf(hub);
    const [{ id }] = (await operator.get(`quarantine?code=${code}`)).body.items;
    await operator.post(`quarantine/${id}/resolve`, { action: 'dismiss', why: 'chuyển Thanh tra tỉnh' });
    const own = await post('/questions/follow', { code, proof: '5678' });
    expect([own.status, own.text.includes('Không xử lý tại đây'), own.text.includes('Luật Tố cáo')]).toEqual([
      200,
      true,
      true,
    ]);
    expect(own.text).not.toMatch(/Chờ cán bộ xem xét|giữ lại để cán bộ|Hạn trả lời/);
    const english = await post('/questions/follow?lang=en', { code, proof: '5678' });
    expect(english.text).toContain('Not handled here');
  });

  test('a form with the hidden field, from another site or too large stores nothing', async () => {
    const before = await stored();
    const statuses = [
      (await ask({ website: 'http://spam.example' })).status,
      (await ask({}, { 'Sec-Fetch-Site': 'cross-site' })).status,
      (await ask({ content: 'x'.repeat(70_000) })).status,
      (await post('/rating', { code: codeOf(3), proof: '0001', level: 'satisfied', website: 'x' })).status,
      (
        await post(
          '/rating',
          { code: codeOf(3), proof: '0001', level: 'satisfied' },
          { 'Sec-Fetch-Site': 'cross-site' },
        )
      ).status,
    ];
    expect(statuses).toEqual([400, 403, 413, 400, 403]);
    expect(await stored()).toBe(before);
    expect((await hub.read(`/api/v1/ratings/${codeOf(3)}`)).status).toBe(404);
  });

  test('published answers are listed by page, agency, field and words; others are not', async () => {
    const published = { state: 'published', stateAt: '2025-08-21T10:00:00+07:00', answers: [ANSWER] };
    for (let n = 1; n <= 12; n++)
      await hub.push(
        question({ code: `HD-${n}`, agencyCode: n === 12 ? 'H61' : 'H60', content: `Câu số ${n}?`, ...published }),
        { what: 'questions' },
      );
    await hub.push(question({ code: 'HD-13', content: 'Chưa ai trả lời?' }), { what: 'questions' });
    await hub.push(question({ code: 'HD-14', fieldCode: 'G15-HT01', content: '<b>x</b>?', ...published }), {
      what: 'questions',
    });
    const first = await open('/questions');
    const [, next] = /rel="next" href="([^"]*)"/.exec(first.html) ?? [];
    const second = await open((next as string).replaceAll('&amp;', '&'));
    const all = first.text + second.text;
    for (let n = 1; n <= 12; n++) expect(all).toContain(`Câu số ${n}?`);
    expect(second.html).not.toContain('rel="next"');
    expect(all).not.toContain('Chưa ai trả lời');
    expect(first.text + second.text).toContain(ANSWER.content);
    // The position of the officer stands beside the name.
    const titled = { ...published, answers: [{ ...ANSWER, title: 'Chuyên viên', unit: 'Phòng Tư pháp' }] };
    await hub.push(question({ code: 'HD-16', fieldCode: 'G15-HT03', ...titled }), { what: 'questions' });
    const answered = (await open('/questions?field=G15-HT03')).html;
    expect(answered).toContain('<h2>Trả lời</h2>');
    expect(answered.replaceAll(/<[^>]*>/g, '')).toContain('Trần Thị Bình · Chuyên viên · Phòng Tư pháp · 21/08/2025');
    // An answer for which its source gave a day alone.
    const onDay = { ...published, answers: [{ ...ANSWER, at: '2025-08-21T00:00:00+07:00' }] };
    await hub.push(question({ code: 'HD-15', fieldCode: 'G15-HT02', ...onDay }), { what: 'questions' });
    expect((await open('/questions?field=G15-HT02')).text).toMatch(/21\/08\/2025(?! \d\d:)/);
    const oneField = await open('/questions?field=G15-HT01');
    expect(oneField.html).toContain('&lt;b&gt;x&lt;/b&gt;?');
    expect(oneField.text).not.toContain('Câu số');
    expect((await open('/questions?agency=H61')).text).toContain('Câu số 12?');
    expect((await open('/questions?agency=H61')).text).not.toContain('Câu số 11?');
    expect((await open('/questions?q=cau%20so%207')).text).toContain('Câu số 7?');
    expect((await open('/questions?cursor=x')).status).toBe(400);
    expect(first.html).not.toMatch(/Nguyễn Văn An|0900000001|an@example/);
  });

  test('a finished dossier is rated once from its look-up, and its digits stand in no page', async () => {
    const shown = await post('/', { code: codeOf(1), proof: '0001' });
    expect(shown.html).toContain('action="/rating"');
    expect((await post('/', { code: codeOf(10), proof: '0001' })).html).not.toContain('action="/rating"');
    const rate = (fields: Record<string, string>) => post('/rating', { code: codeOf(1), proof: '0001', ...fields });
    const unsaid = await rate({ level: 'dissatisfied' });
    expect([unsaid.status, unsaid.text.includes('cho biết lý do không hài lòng')]).toEqual([400, true]);
    expect(unsaid.html).toMatch(/name="reason"[^>]*aria-invalid="true"/);
    expect((await rate({ level: 'moon' })).status).toBe(400);
    expect((await rate({ level: 'satisfied', proof: '1' })).status).toBe(400);
    expect((await rate({ level: 'satisfied', proof: '9999' })).status).toBe(404);
    const rated = await rate({ level: 'dissatisfied', reason: 'Phải đi lại nhiều lần' });
    expect([rated.status, rated.text.includes('Đã ghi nhận đánh giá')]).toEqual([200, true]);
    expect((await hub.read(`/api/v1/ratings/${codeOf(1)}`)).body).toMatchObject({ level: 'dissatisfied' });
    const again = await rate({ level: 'very-satisfied' });
    expect([again.status, again.text.includes('đã được đánh giá')]).toEqual([422, true]);
    const after = await post('/', { code: codeOf(1), proof: '0001' });
    expect([after.html.includes('action="/rating"'), after.text.includes('đã được đánh giá')]).toEqual([false, true]);
    const early = await post('/rating', { code: codeOf(10), proof: '0001', level: 'satisfied' });
    expect([early.status, early.text.includes('chưa có kết quả')]).toEqual([422, true]);
    for (const { html } of [unsaid, again, early]) expect(html).not.toContain('value="0001"');
  });

  test('a rating that waits for an officer is confirmed as received', async () => {
    // U+FFFD, as in a text that was copied from a damaged file.
    const reason = 'Nguy\ufffdn nhân chậm trễ';
    const held = await post('/rating', { code: codeOf(3), proof: '0001', level: 'dissatisfied', reason });
    expect([held.status, held.text.includes('Đã ghi nhận đánh giá')]).toEqual([200, true]);
    expect(held.text).toContain('chờ cán bộ xem xét');
  });

  test('a code that is too long for any record is a mistake in the form, wherever it would be cut', async () => {
    const logged = hub.logLines.length;
    for (const code of [`${'A'.repeat(99)}😀`, `${codeOf(1)}${' A'.repeat(100)}`, `${'A'.repeat(101)}`]) {
      const rated = await post('/rating', { code, proof: '0001', level: 'satisfied' });
      expect([rated.status, rated.html]).toEqual([400, expect.stringMatching(/name="code"[^>]*aria-invalid="true"/)]);
      expect((await post('/questions/follow', { code, proof: '5678' })).status).toBe(400);
    }
    expect(hub.logLines.slice(logged).filter(({ msg }) => msg === 'failed')).toEqual([]);
  });

  test('a due day without a time lasts until its end', async () => {
    await hub.push(dossier({ code: codeOf(11), status: 'processing', dueAt: '2025-08-21T00:00:00+07:00' }));
    const { nowMs } = hub.clock;
    const due = async (now: string) => {
      hub.clock.nowMs = Date.parse(now);
      const { text } = await post('/', { code: codeOf(11), proof: '0001' });
      return /Ngày hẹn trả (.*?) ngày làm việc/.exec(text)?.[1];
    };
    expect(await due('2025-08-21T07:00:00+07:00')).toBe('21/08/2025 trong hạn, còn 1');
    expect(await due('2025-08-22T17:00:00+07:00')).toBe('21/08/2025 quá hạn 1');
    hub.clock.nowMs = nowMs;
  });

  test('a wait begins with its first request, whatever repeats the status later', async () => {
    const waits = { code: codeOf(12), status: 'supplement-required', dueAt: '2025-08-15T17:00:00+07:00' };
    await hub.push(dossier({ code: codeOf(12), dueAt: waits.dueAt }));
    await hub.push(dossier({ ...waits, statusAt: '2025-08-12T10:00:00+07:00' }));
    await hub.push(dossier({ ...waits, statusAt: '2025-08-20T08:00:00+07:00', note: 'Đã gọi điện' }));
    const { text } = await post('/', { code: codeOf(12), proof: '0001' });
    expect(text).toContain('Yêu cầu bổ sung giấy tờ từ 12/08/2025 10:00');
    expect(text).not.toMatch(/20\/08\/2025|quá hạn/);
  });

  test('a proven dossier shows its payments and its post, without the people in them', async () => {
    const dossierCode = codeOf(2);
    await hub.push(
      [
        payment({ code: 'TT-A', dossierCode, state: 'initiated', payUrl: 'https://pay.example.test/a' }),
        payment({ code: 'TT-B', dossierCode, state: 'initiated', payUrl: 'http://pay.example.test/b' }),
        payment({ code: 'TT-C', dossierCode, state: 'initiated', payUrl: 'javascript:alert(1)' }),
        payment({ code: 'TT-D', dossierCode, state: 'initiated', payUrl: 'http://localhost:9999/d' }),
        payment({
          code: 'TT-E',
          dossierCode,
          state: 'paid',
          amountVnd: 1_250_000,
          payUrl: 'https://pay.example.test/e',
          receiptUrl: 'https://pay.example.test/receipt/e',
        }),
        payment({ code: 'TT-F', dossierCode: codeOf(3) }),
      ],
      { what: 'payments' },
    );
    const steps = [
      { at: '2025-08-20T09:00:00+07:00', status: 'Đã nhận gửi', text: 'Số 1, phường Minh Xuân' },
      { at: '2025-08-20T15:00:00+07:00', status: 'Đang phát' },
    ];
    await hub.push(postalOrder({ code: 'BC-A', dossierCode, waybill: 'EA123', codAmountVnd: 26_500, steps }), {
      what: 'postal-orders',
    });
    const { html, text } = await post('/', { code: dossierCode, proof: '0001' });
    const links = [...html.matchAll(/href="((?:https?|javascript):[^"]*)"/g)].map(([, url]) => url).sort();
    expect(links).toEqual([
      'http://localhost:9999/d',
      'https://pay.example.test/a',
      'https://pay.example.test/receipt/e',
    ]);
    for (const part of ['50.000 đồng', '1.250.000 đồng', 'Đã thanh toán', 'EA123', '26.500 đồng', 'Đang phát'])
      expect(text).toContain(part);
    expect(text.indexOf('Đang phát')).toBeLessThan(text.indexOf('Đã nhận gửi'));
    expect(html).not.toMatch(/Nguyễn Văn An|0900000001|Số 1, phường|TT-F/);
    const api = await hub.read(`/api/public/dossiers/${dossierCode}?proof=0001`);
    expect(api.body.payments).toHaveLength(5);
    expect(api.body.postalOrders).toMatchObject([{ code: 'BC-A', direction: 'return', steps: [{}, {}] }]);
    expect(JSON.stringify(api.body)).not.toMatch(/Nguyễn Văn An|0900000001|Số 1, phường|payer|receiver/);
    expect((await hub.read(`/api/public/dossiers/${codeOf(1)}?proof=0001`)).body).not.toHaveProperty('payments');
  });

  test('only a dossier that still needs a payment has an address to pay at', async () => {
    const offered = async (n: number, status: string) => {
      const dossierCode = codeOf(n);
      await hub.push(dossier({ code: dossierCode, status, statusAt: '2025-08-20T09:00:00+07:00' }));
      const open = { dossierCode, state: 'initiated', payUrl: `https://pay.example.test/${n}` };
      await hub.push(payment({ code: `TT-${n}`, ...open }), { what: 'payments' });
      const { html } = await post('/', { code: dossierCode, proof: '0001' });
      const { body } = await hub.read(`/api/public/dossiers/${dossierCode}?proof=0001`);
      expect(body.payments).toMatchObject([{ code: `TT-${n}`, state: 'initiated' }]);
      return [html.includes(open.payUrl), body.payments[0].payUrl === open.payUrl];
    };
    for (const [n, status] of ['refused', 'withdrawn', 'stopped', 'returned'].entries())
      expect([status, ...(await offered(21 + n, status))]).toEqual([status, false, false]);
    // A fee may still be due when the result is ready.
    expect(await offered(25, 'resolved')).toEqual([true, true]);
  });

  test('the pages are in both languages, let nothing run, and are in the menu', async () => {
    for (const [path, vi, en] of [
      ['/questions', 'Hỏi đáp', 'Questions and answers'],
      ['/questions/ask', 'Đặt câu hỏi', 'Ask a question'],
      ['/questions/follow', 'Theo dõi câu hỏi', 'Follow a question'],
      ['/rating', 'Đánh giá việc giải quyết hồ sơ', 'Rate how the dossier was handled'],
    ] as const) {
      const [page, english] = [await open(path), await open(`${path}?lang=en`)];
      expect(page.html).toContain(`<h1>${vi}</h1>`);
      expect(english.html).toContain(`<h1>${en}</h1>`);
      expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'self';/);
      expect(page.html).not.toMatch(/<script|<style|style=|onclick/i);
      expect(page.html).toContain('<a href="/questions"');
    }
  });

  test('the limit of the API holds on the page: after 60 questions an hour, 429 with the wait', async () => {
    const address = '192.0.2.9';
    const statuses: number[] = [];
    for (let n = 0; n < 61; n++) {
      statuses.push((await ask({ content: `Câu hỏi lần ${n}?` }, {}, address)).status);
      hub.clock.nowMs += 2_000;
    }
    const refused = await ask({}, {}, address);
    expect(statuses.slice(0, 60).every((status) => status === 200)).toBe(true);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.text).toContain('Vui lòng thử lại sau');
  });
});
