import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { up as markUnusual } from '../../src/database/migrations/069-masks-and-ends.ts';
import { dossier, type Partner, type TestHub, testHub, testPartner } from '../support/hub.ts';
import type { Json } from '../support/json.ts';
import { petition, question } from '../support/kinds.ts';
import { OPERATOR_KEYS, operatorOf } from '../support/operator.ts';

const ANSWER = {
  at: '2025-08-21T09:00:00+07:00',
  by: 'Trần Thị Bình',
  unit: 'Phòng Tư pháp',
  content: 'Trong 5 ngày.',
};
const PUBLISHED = { state: 'published', stateAt: '2025-08-21T10:00:00+07:00', answers: [ANSWER] };

describe.each([
  ['questions', question, 'asker', 5],
  ['petitions', petition, 'sender', 15],
] as const)('%s', (what, sample, person, workingDays) => {
  let hub: TestHub;
  let partner: Partner;
  beforeAll(async () => {
    partner = testPartner({ any: true });
    hub = await testHub({
      partners: { portal: partner },
      routes: [{ from: 'one-stop', operation: `${what.slice(0, -1)}.upsert.v1`, to: ['portal'] }],
      keys: [...OPERATOR_KEYS],
    });
  });
  afterAll(() => hub.close());

  const push = async (given: Record<string, unknown>) => (await hub.push(sample(given), { what })).results[0];

  test.each([
    ['nobody', undefined],
    ['nobody by name', { phone: '0900000001' }],
    ['a name alone', { name: 'Nguyễn Văn An' }],
    ['a blank name', { name: ' ', phone: '0900000001' }],
  ])(`of ${person} without what an answer needs is invalid: %s`, async (_, given) => {
    expect(await push({ code: 'X-1', [person]: given })).toMatchObject({
      outcome: 'invalid',
      problems: [{ path: `/${person}`, code: 'incomplete-person' }],
    });
  });

  test('the text hides a person whom only an earlier version named, for readers, in a search and after a rebuild', async () => {
    const [code, former] = ['FORMER', 'Lường Văn Pản'];
    const content = `Tôi là ${former}, hỏi thay mẹ tôi.`;
    await push({ code, content, [person]: { name: former, phone: '0900000001' } });
    await push({ code, content, [person]: { name: 'Hà Thị Mơ', phone: '0900000002' }, ...PUBLISHED });
    await hub.deliver();
    const shown = async () => (await hub.read(`/api/v1/${what}/${code}`)).body.content;
    const hidden = 'Tôi là L**** V** P**, hỏi thay mẹ tôi.';
    expect(await shown()).toBe(hidden);
    expect((await hub.read(`/api/v1/${what}?q=${encodeURIComponent(former)}`)).body.items).toEqual([]);
    expect(JSON.stringify((await hub.read('/api/public/questions')).body)).not.toContain(former);
    expect(JSON.stringify(partner.sent.map(({ published }) => published))).not.toContain(former);
    const { pool } = hub.hub.database;
    const asBefore = `UPDATE records SET masked = replace(masked, 'L**** V** P**', $1), masked_version = 0 WHERE code = $2`;
    await pool.query(asBefore, [former, code]);
    expect(await shown()).toBe(hidden);
    expect(await hub.hub.rebuild()).toMatchObject({ identical: true });
    const { rows } = await pool.query<{ masked: string }>('SELECT masked FROM records WHERE code = $1', [code]);
    expect(JSON.parse(rows[0]?.masked ?? '').content).toBe(hidden);
  });

  test.each(['address', 'phone', 'email'])('a name and one way to answer is enough: %s', async (way) => {
    const value = { address: 'Tổ 7', phone: '0900000001', email: 'an@example.test' }[way];
    expect(await push({ code: `WAY-${way}`, [person]: { name: 'Nguyễn Văn An', [way]: value } })).toMatchObject({
      outcome: 'accepted',
    });
  });

  test.each([
    ['tố cáo', 'Tôi tố cáo cán bộ nhận tiền.'],
    ['Khiếu Nại', 'Đơn KHIẾU NẠI về quyết định thu hồi đất.'],
    ['to cao', 'Toi muon to cao ong B'],
    ['to giac', 'Toi muon to giac ong B – nguoi “nhan tien”…'],
    ['don khieu nai', 'Tôi gửi đơn khieu nai về đất đai'],
    ['zero width', 'Tôi kh\u00adiếu\u200b n\u200bại quyết định này'],
    ['zero width for a blank', 'Đơn tố\u200bcáo ông B'],
  ])('a complaint or denunciation is held, and nobody gets it: %s', async (word, content) => {
    const code = `HELD-${word
      .replaceAll(' ', '-')
      .normalize('NFD')
      .replace(/[^A-Za-z-]/g, '')}`.toUpperCase();
    expect(await push({ code, content })).toMatchObject({
      outcome: 'quarantined',
      problems: [{ path: '/content', code: 'complaint-or-denunciation' }],
    });
    expect((await hub.read(`/api/v1/${what}/${code}`)).body.state).toBe('held');
    expect(await push({ code, content, ...PUBLISHED })).toMatchObject({ outcome: 'quarantined' });
    await hub.deliver();
    expect(partner.sent.map((one) => one.code)).not.toContain(code);
    expect(JSON.stringify((await hub.read(`/api/public/questions`)).body)).not.toContain(code);
  });

  test('the claim of another party holds no record', async () => {
    await push({ code: 'CLAIMED' });
    const claim = await hub.push(sample({ code: 'CLAIMED', content: 'Tôi tố cáo ông B.' }), { what, party: 'other' });
    expect(claim.results[0]).toMatchObject({ outcome: 'accepted', warnings: [{ code: 'not-owner' }] });
    expect((await hub.read(`/api/v1/${what}/CLAIMED`)).body.state).toBe('received');
    expect(await push({ code: 'CLAIMED', ...PUBLISHED })).toMatchObject({ outcome: 'accepted' });
  });

  test('a word that only resembles one is no complaint', async () => {
    for (const [n, content] of ['Tờ cao nhất của sổ hộ khẩu và tổ cao tuổi ở đâu?', 'Cây to cao ở đâu?'].entries())
      expect(await push({ code: `TO-CAO-${n}`, content })).toMatchObject({ outcome: 'accepted' });
  });

  test('an operator who dismisses a complaint leaves it held for good', async () => {
    const reported = async () => {
      const { body } = await hub.read(`/api/v1/reports/questions?period=2025-Q3`);
      return body.rows.at(-1).cells.slice(2, 12);
    };
    const before = await reported();
    await push({ code: 'DISMISSED', content: 'Đơn tố cáo' });
    const operator = operatorOf(hub);
    const { items } = (await operator.get('quarantine?code=DISMISSED')).body;
    expect(await reported()).not.toEqual(before);
    await operator.post(`quarantine/${items[0].id}/resolve`, { action: 'dismiss', why: 'chuyển Thanh tra tỉnh' });
    await hub.deliver();
    expect((await hub.read(`/api/v1/${what}/DISMISSED`)).body.state).toBe('held');
    expect(partner.sent.map((one) => one.code)).not.toContain('DISMISSED');
    // No office answers it, so it is neither pending nor late in the reports.
    expect(await reported()).toEqual(before);
    const { items: audit } = (await operator.get('audit')).body;
    expect(audit[0]).toMatchObject({ action: 'quarantine.dismiss', actor: 'ops', why: 'chuyển Thanh tra tỉnh' });
  });

  test('without an agency has a line of its own in the report, which leads to no others', async () => {
    await push({ code: 'OF-NOBODY' });
    await push({ code: 'OF-AN-AGENCY', agencyCode: 'H60.05' });
    const { rows } = (await hub.read('/api/v1/reports/questions?period=2025-Q3')).body;
    const column = what === 'questions' ? 2 : 7;
    for (const { cells, links } of rows) {
      const { items, total } = (await hub.read(`${links[column]}&limit=200`)).body;
      expect([cells[1], items.length, total]).toEqual([cells[1], cells[column], cells[column]]);
    }
    expect(rows.map(({ cells }: Json) => cells[1])).toContain('Chưa rõ');
  });

  test('is due in working time, unless its source says when', async () => {
    const member = person === 'asker' ? 'askedAt' : 'sentAt';
    // The last working day before Tết 2026 is Friday 13 February; work begins again on Monday 23 February.
    const late = '2026-02-13T23:59:00+07:00';
    const { nowMs } = hub.clock;
    hub.clock.nowMs = Date.parse('2026-02-23T09:00:00+07:00');
    await push({ code: 'LATE', [member]: late, stateAt: late });
    const due = workingDays === 5 ? '2026-02-27T17:00:00+07:00' : '2026-03-13T17:00:00+07:00';
    expect((await hub.read(`/api/v1/${what}/LATE`)).body.dueAt).toBe(due);
    await push({ code: 'LATE', [member]: late, stateAt: '2026-02-23T09:00:00+07:00', state: 'assigned' });
    expect((await hub.read(`/api/v1/${what}/LATE`)).body.dueAt).toBe(due);
    hub.clock.nowMs = nowMs;
    await push({ code: 'SAID', dueAt: '2025-09-01T17:00:00+07:00' });
    expect((await hub.read(`/api/v1/${what}/SAID`)).body.dueAt).toBe('2025-09-01T17:00:00+07:00');
  });

  test.each([
    ['1900-01-01T00:00:00+07:00', /^1900-01-/],
    ['1969-12-30T08:00:00+07:00', /^1970-01-/],
    ['2200-12-30T08:00:00+07:00', /^2200-12-31/],
  ])('asked at %s, it is due all the same, and spoils nothing beside it', async (asked, due) => {
    const code = `ASKED-${asked.slice(0, 4)}`;
    const [own, other] = await Promise.all([
      push({ code, [person === 'asker' ? 'askedAt' : 'sentAt']: asked, ...PUBLISHED }),
      hub.push(dossier({ code: `H60.05-250812-${asked.slice(0, 4)}` }), { party: 'other' }),
    ]);
    expect([own?.outcome, other.results[0]?.outcome]).toEqual(['accepted', 'accepted']);
    expect((await hub.read(`/api/v1/${what}/${code}`)).body.dueAt).toMatch(due);
  });

  test('the settings give a kind and an agency their own days', async () => {
    const kind = what.slice(0, -1) as 'question' | 'petition';
    const own = await testHub({
      keys: [...OPERATOR_KEYS],
      deadlines: { [kind]: { workingDays: 4, agencies: { 'H60.05': 3, 'H60.05.01': 1 } } },
    });
    try {
      const member = person === 'asker' ? 'askedAt' : 'sentAt';
      // Wednesday 20 August 2025, before office hours.
      const asked = '2025-08-20T06:00:00+07:00';
      const dueAt = async (code: string, agencyCode: string | undefined) => {
        await own.push(sample({ code, [member]: asked, stateAt: asked, agencyCode }), { what });
        return (await own.read(`/api/v1/${what}/${code}`)).body.dueAt;
      };
      expect(await dueAt('D-1', undefined)).toBe('2025-08-25T17:00:00+07:00');
      expect(await dueAt('D-2', 'H60.01')).toBe('2025-08-25T17:00:00+07:00');
      expect(await dueAt('D-3', 'H60.05.02')).toBe('2025-08-22T17:00:00+07:00');
      expect(await dueAt('D-4', 'H60.05.01')).toBe('2025-08-20T17:00:00+07:00');
      const { items } = (await operatorOf(own).get('records?due=overdue')).body;
      expect(items).toMatchObject([{ code: 'D-4', isOverdue: true }]);
      expect(await own.hub.rebuild()).toMatchObject({ differences: [] });
    } finally {
      await own.close();
    }
  });

  test('past due and unanswered is listed as overdue', async () => {
    const overdue = async () =>
      (await hub.read(`/api/v1/${what}?due=overdue`)).body.items.map(({ code }: { code: string }) => code);
    await push({ code: 'OVERDUE', dueAt: '2025-08-20T10:00:00+07:00' });
    expect(await overdue()).toEqual(['OVERDUE']);
    await push({ code: 'OVERDUE', dueAt: '2025-08-20T10:00:00+07:00', ...PUBLISHED });
    expect(await overdue()).toEqual([]);
  });

  test('the same state is as it was after a rebuild', async () => {
    expect(await hub.hub.rebuild()).toMatchObject({ differences: [], identical: true });
  });
});

describe('questions of citizens without a key', () => {
  let hub: TestHub;
  let partner: Partner;
  beforeAll(async () => {
    partner = testPartner({ any: true });
    hub = await testHub({
      partners: { portal: partner },
      routes: [
        { from: 'citizens', operation: 'question.upsert.v1', to: ['one-stop', 'portal'] },
        { from: 'one-stop', operation: 'question.upsert.v1', to: ['portal'] },
      ],
      keys: [...OPERATOR_KEYS],
      personLimitPerHour: 1_000,
    });
  });
  afterAll(() => hub.close());

  const ask = async (given: Record<string, unknown> = {}) => {
    const asker = { name: 'Đặng Thị Hoàng Yến', phone: '0912345678', email: 'hoang.yen@example.test', address: 'Tổ 7' };
    const body = { content: 'Tôi là Đặng Thị Hoàng Yến, làm hộ chiếu ở đâu?', asker, agencyCode: 'H60.01', ...given };
    const response = await hub.request('POST', '/api/public/questions', undefined, body);
    return { status: response.status, body: (await response.json()) as Json };
  };
  const list = async (query = '') => (await hub.read(`/api/public/questions${query}`, undefined)).body;

  test('a question gets a code, and its asker follows it by code and last digits', async () => {
    const asked = await ask();
    expect(asked).toMatchObject({ status: 201, body: { outcome: 'accepted' } });
    const { code } = asked.body;
    expect(code).toMatch(/^H60-HD-250821-[2-9A-Z]{8}$/);
    const own = await hub.read(`/api/public/questions/${code}?proof=5678`);
    expect(own.body).toMatchObject({
      code,
      state: 'received',
      asker: { name: 'Đ*** T** H**** Y**' },
      dueAt: expect.any(String),
    });
    expect(JSON.stringify(own.body)).not.toMatch(/Hoàng|0912|hoang|Tổ 7/);
    const copied = encodeURIComponent(code.replaceAll('-', '–'));
    expect((await hub.read(`/api/public/questions/${copied}?proof=5678`)).body).toEqual(own.body);
    const wrong = await hub.read(`/api/public/questions/${code}?proof=1234`);
    const unknown = await hub.read('/api/public/questions/H60-HD-250821-22222222?proof=5678');
    expect([wrong.status, unknown.status]).toEqual([404, 404]);
    expect(wrong.body).toEqual(unknown.body);
  });

  test('only a published question is public, without anything of its asker but a masked name', async () => {
    const { code } = (await ask()).body;
    expect((await list()).items).toEqual([]);
    const given = {
      code,
      askedAt: '2025-08-21T08:30:00+07:00',
      content: 'x',
      ...PUBLISHED,
      stateAt: '2025-08-21T11:00:00+07:00',
    };
    const answered = await hub.push(given, { what: 'questions' });
    expect(answered.results[0]).toMatchObject({ outcome: 'accepted', warnings: [{ path: '/content' }] });
    const { items } = await list();
    expect(items).toMatchObject([
      { code, state: 'published', asker: { name: 'Đ*** T** H**** Y**' }, answers: [ANSWER] },
    ]);
    expect(Object.keys(items[0].asker)).toEqual(['name']);
    expect(JSON.stringify(items)).not.toMatch(/Hoàng|0912|hoang|Tổ 7/);
    expect((await list('?q=hộ chiếu')).items).toHaveLength(1);
    expect((await list('?q=trong 5 ngày&agency=H60')).items).toHaveLength(1);
    expect((await list('?agency=H61')).items).toEqual([]);
    expect((await list('?field=G15-HT01')).items).toEqual([]);
    expect((await list('?q=Hoàng Yến')).items).toEqual([]);
    expect((await hub.read('/api/v1/questions?q=Hoàng Yến')).body.items.length).toBeGreaterThan(0);
  });

  test('a submission that is repeated under its Idempotency-Key makes one question', async () => {
    const asker = { name: 'Lê Văn Cường', phone: '0900000077' };
    const send = (content: string) =>
      hub.request('POST', '/api/public/questions', undefined, { content, asker }, { 'Idempotency-Key': 'phieu-1' });
    const answers = await Promise.all([send('Một lần'), send('Một lần')]);
    const codes = await Promise.all(answers.map(async (one) => ((await one.json()) as { code: string }).code));
    expect(codes[0]).toBe(codes[1]);
    expect((await hub.read('/api/v1/questions?q=Lê Văn Cường')).body.items).toHaveLength(1);
    expect((await send('Nội dung khác')).status).toBe(409);
  });

  test('an asker with an e-mail address alone follows the question by its first four characters', async () => {
    const { code } = (await ask({ asker: { name: 'Lê Văn Dũng', email: 'Dung.le@example.test' } })).body;
    const follow = async (proof: string) => (await hub.read(`/api/public/questions/${code}?proof=${proof}`)).status;
    expect(await follow('dung')).toBe(200);
    expect(await follow('DUNG')).toBe(200);
    expect(await follow('test')).toBe(404);
  });

  test('a private question is never public', async () => {
    await hub.push(question({ code: 'PRIVATE', visibility: 'private', ...PUBLISHED }), { what: 'questions' });
    expect(JSON.stringify(await list())).not.toContain('PRIVATE');
  });

  test('a denunciation is held, and its sender learns so and where to send it', async () => {
    const asked = await ask({ content: 'Tôi tố cáo ông B.' });
    expect(asked).toMatchObject({
      status: 202,
      body: {
        outcome: 'quarantined',
        problems: [{ code: 'complaint-or-denunciation', message: expect.stringContaining('competent agency') }],
      },
    });
    partner.sent.length = 0;
    await hub.deliver();
    expect(partner.sent.map(({ code }) => code)).not.toContain(asked.body.code);
  });

  test('a question that cannot be answered is refused with its place, and no value is quoted back', async () => {
    expect(await ask({ asker: { name: 'Hoàng Yến' } })).toMatchObject({
      status: 422,
      body: { outcome: 'invalid', problems: [{ path: '/asker' }] },
    });
    expect((await ask({ content: '' })).status).toBe(400);
    expect((await ask({ state: 'published' })).status).toBe(400);
  });

  test('a published question shows no number of a person, however it is written', async () => {
    const content = 'Gọi mẹ tôi 0912.345.678 hoặc 024 3826 1234/0987654321, CCCD 001 099 012 345. Phí 1.500.000 đồng?';
    await hub.push(question({ code: 'GROUPS', content, ...PUBLISHED }), { what: 'questions' });
    const { items } = await list();
    const shown = 'Gọi mẹ tôi **********78 hoặc **********************21, CCCD *************45. Phí 1.500.000 đồng?';
    expect(items.find((one: Json) => one.code === 'GROUPS').content).toBe(shown);
    expect((await hub.read('/api/v1/questions/GROUPS')).body.content).toBe(shown);
    // A hub before this rule masked it.
    const { pool } = hub.hub.database;
    await pool.query(`UPDATE records SET masked = replace(masked, '**********78', '0912.345.678'), masked_version = 0`);
    expect((await hub.read('/api/v1/questions/GROUPS')).body.content).toBe(shown);
    expect((await list()).items.find((one: Json) => one.code === 'GROUPS').content).toBe(shown);
  });

  test.each(['０９１２３４５６７８', '0912\u2009345\u2009678', 'sdt_0912345678', 'an%40example.test'])(
    'a number that an older hub left in clear is masked after the upgrade: %s',
    async (number) => {
      const { pool, query } = hub.hub.database;
      await hub.push(question({ code: 'UNUSUAL', content: `Gọi ${number}`, ...PUBLISHED }), { what: 'questions' });
      const shown = async () => (await hub.read('/api/v1/questions/UNUSUAL')).body.content;
      const masked = await shown();
      expect(masked).not.toContain(number);
      const asBefore = "UPDATE records SET masked = replace(masked, $1, $2) WHERE code = 'UNUSUAL'";
      await pool.query(asBefore, [masked, `Gọi ${number}`]);
      expect(await shown()).toContain(number);
      await markUnusual(query as never);
      expect(await shown()).toBe(masked);
    },
  );

  test('one client may not ask without end', async () => {
    const statuses: number[] = [];
    for (let n = 0; n < 62; n++) statuses.push((await ask()).status);
    expect(statuses.at(-1)).toBe(429);
  });

  test('comes out of a rebuild identical', async () => {
    expect(await hub.hub.rebuild()).toMatchObject({ differences: [], identical: true });
  });
});
