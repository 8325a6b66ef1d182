import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Partner, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { petition, question } from '../support/kinds.ts';
import { OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';

const WHAT = { what: 'questions' };
const WHY = 'theo Quyết định 246/QĐ-UBND';
const MINISTRY = {
  id: 'ministry',
  secret: 'ministry-secret-of-the-tests',
  scopes: ['question:write' as const],
  party: 'ministry',
};
const COMPLAINT = 'Tôi tố cáo cán bộ nhận tiền.';

describe('officers’ orders about questions and petitions', () => {
  let hub: TestHub;
  let operator: Operator;
  const ministry: Partner = testPartner({ any: true });
  const asking: Partner = testPartner({ any: true });
  beforeAll(async () => {
    hub = await testHub({
      partners: { ministry, asking },
      routes: [
        { from: 'one-stop', operation: 'question.upsert.v1', to: ['ministry'] },
        { from: 'officers', operation: 'question.upsert.v1', to: ['asking', 'ministry'] },
      ],
      keys: [...OPERATOR_KEYS, MINISTRY],
    });
    operator = operatorOf(hub);
  });
  afterAll(() => hub.close());

  const stateOf = async (code: string) => (await hub.read(`/api/v1/questions/${code}`)).body.state;
  const seen = async (code: string, kind = 'question') => (await operator.get(`records/${kind}/${code}`)).body;
  const order = async (code: string, given: Record<string, unknown>, kind = 'question') => {
    const { version } = await seen(code, kind);
    return operator.post(`records/${kind}/${code}/orders`, { version, why: WHY, ...given });
  };
  const newest = async () => (await operator.get('audit?limit=1')).body.items[0];
  /** What a partner received since the last call. */
  async function delivered(partner: Partner) {
    await hub.deliver();
    const sent = partner.sent.splice(0);
    return sent.map(({ code, record }) => [code, (record as { state?: string }).state]);
  }

  test('a question is assigned, answered and published; each order is delivered and in the audit', async () => {
    await hub.push(question({ code: 'CH-1' }), WHAT);
    await delivered(ministry);
    const steps = [
      [{ order: 'assign', agencyCode: 'H60.02' }, 'assigned'],
      [{ order: 'answer', text: 'Trong 5 ngày làm việc.', unit: 'Phòng Tư pháp' }, 'answered'],
      [{ order: 'publish' }, 'published'],
    ] as const;
    for (const [given, state] of steps) {
      hub.clock.nowMs += 1_000;
      asking.sent.length = 0;
      const done = await order('CH-1', given);
      expect([done.status, done.body.state]).toEqual([200, state]);
      const { items } = (await operator.get('audit?subject=record question CH-1&limit=1')).body;
      expect(items[0]).toMatchObject({ action: `record.${given.order}`, actor: 'ops', why: WHY });
      expect(await delivered(ministry)).toEqual([['CH-1', state]]);
      expect(asking.sent.map(({ code }) => code)).toEqual(['CH-1']);
    }
    expect((await hub.read('/api/public/questions')).body.items).toMatchObject([
      { code: 'CH-1', agencyCode: 'H60.02', answers: [{ unit: 'Phòng Tư pháp', content: 'Trong 5 ngày làm việc.' }] },
    ]);
    const { history, orders, version } = await seen('CH-1');
    expect([version, orders]).toEqual([4, ['hold']]);
    expect(history.map(({ party, state }: Record<string, unknown>) => [party, state])).toEqual([
      ['one-stop', 'received'],
      ['officers', 'assigned'],
      ['officers', 'answered'],
      ['officers', 'published'],
    ]);
  });

  test('the person reads the reason of a refusal as the answer', async () => {
    await hub.push(petition({ code: 'PA-1' }), { what: 'petitions' });
    expect(await order('PA-1', { order: 'refuse', unit: 'Sở Tư pháp' }, 'petition')).toMatchObject({ status: 200 });
    expect((await hub.read('/api/v1/petitions/PA-1')).body).toMatchObject({
      state: 'refused',
      answers: [{ unit: 'Sở Tư pháp', content: WHY }],
    });
  });

  test('a private question and a petition cannot be published', async () => {
    await hub.push(question({ code: 'CH-2', visibility: 'private' }), WHAT);
    await hub.push(petition({ code: 'PA-2' }), { what: 'petitions' });
    await order('CH-2', { order: 'answer', text: 'Đã rõ.' });
    await order('PA-2', { order: 'answer', text: 'Đã rõ.' }, 'petition');
    expect(await order('CH-2', { order: 'publish' })).toMatchObject({ status: 409 });
    expect(await order('PA-2', { order: 'publish' }, 'petition')).toMatchObject({ status: 409 });
  });

  test('an order for an earlier version changes nothing, and says the present state', async () => {
    await hub.push(question({ code: 'CH-3' }), WHAT);
    const { version } = await seen('CH-3');
    await order('CH-3', { order: 'answer', text: 'Câu trả lời thứ nhất.' });
    const late = await operator.post('records/question/CH-3/orders', { order: 'refuse', version, why: WHY });
    expect([late.status, late.body.type, late.body.detail]).toEqual([
      409,
      expect.stringContaining('problem-changed'),
      expect.stringContaining('answered'),
    ]);
    expect(await stateOf('CH-3')).toBe('answered');
  });

  test('two officers at one moment: one order counts, the other one is a conflict', async () => {
    await hub.push(question({ code: 'CH-4' }), WHAT);
    const { version } = await seen('CH-4');
    const post = (given: object) => operator.post('records/question/CH-4/orders', { version, why: WHY, ...given });
    const both = await Promise.all([post({ order: 'answer', text: 'Một' }), post({ order: 'answer', text: 'Hai' })]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect((await hub.read('/api/v1/questions/CH-4')).body.answers).toHaveLength(1);
  });

  test('an order and a push at one moment: the order counts for the version that the officer saw, or not at all', async () => {
    for (let n = 0; n < 8; n++) {
      const code = `CH-R${n}`;
      await hub.push(question({ code }), WHAT);
      const { version } = await seen(code);
      const [pushed, ordered] = await Promise.all([
        hub.push(question({ code, content: 'Bổ sung câu hỏi.', stateAt: '2025-08-20T09:30:00+07:00' }), WHAT),
        operator.post(`records/question/${code}/orders`, { order: 'answer', text: 'Đã rõ.', version, why: WHY }),
      ]);
      expect(pushed.results[0]?.outcome).toMatch(/accepted|stale/);
      const { rows } = await hub.hub.database.pool.query(
        `SELECT seq FROM record_events WHERE subject = $1 AND party = 'officers'`,
        [`question ${code}`],
      );
      expect([ordered.status, rows.map(({ seq }) => seq)]).toEqual(
        ordered.status === 200 ? [200, [version + 1]] : [409, []],
      );
    }
  });

  test('a conflict names the state in the language of the officer', async () => {
    await hub.push(question({ code: 'CH-VI' }), WHAT);
    const { version } = await seen('CH-VI');
    await order('CH-VI', { order: 'answer', text: 'Xong.' });
    const given = { order: 'refuse', version, why: WHY };
    const response = await hub.request('POST', '/api/v1/ops/records/question/CH-VI/orders', undefined, given, {
      Authorization: 'Bearer ops-secret-of-the-tests',
      'Accept-Language': 'vi',
    });
    expect(((await response.json()) as { detail: string }).detail).toContain('đã trả lời');
  });

  test('a denunciation is neither delivered nor shown before the decision', async () => {
    await delivered(ministry);
    await hub.push(question({ code: 'CH-5', content: COMPLAINT }), WHAT);
    expect(await seen('CH-5')).toMatchObject({ state: 'held', orders: ['release', 'dismiss'] });
    for (const given of [{ order: 'answer', text: 'x' }, { order: 'assign', agencyCode: 'H60' }, { order: 'publish' }])
      expect((await order('CH-5', given)).status).toBe(409);
    expect(await delivered(ministry)).toEqual([]);
    expect(JSON.stringify((await hub.read('/api/public/questions')).body)).not.toContain('CH-5');
    const released = await order('CH-5', { order: 'release' });
    expect([released.status, released.body.state]).toEqual([200, 'received']);
    expect(await delivered(ministry)).toEqual([['CH-5', 'received']]);
    expect((await order('CH-5', { order: 'answer', text: 'Đã chuyển thanh tra.' })).status).toBe(200);
  });

  test('a dismissed denunciation leaves the queue, stays held, and nobody receives it', async () => {
    await delivered(ministry);
    await hub.push(question({ code: 'CH-6', content: COMPLAINT }), WHAT);
    const waiting = async () =>
      (await operator.get('records?kind=question')).body.items.map(({ code }: { code: string }) => code);
    expect(await waiting()).toContain('CH-6');
    expect((await order('CH-6', { order: 'dismiss' })).body).toEqual({ state: 'held' });
    expect(await waiting()).not.toContain('CH-6');
    expect((await operator.get('records?state=held')).body.items).toMatchObject([{ code: 'CH-6', causeId: null }]);
    expect((await order('CH-6', { order: 'release' })).status).toBe(409);
    expect(await delivered(ministry)).toEqual([]);
    expect(await seen('CH-6')).toMatchObject({ state: 'held', orders: [] });
  });

  test('an officer’s hold keeps a question from everybody, also what was due before, until its release', async () => {
    await delivered(ministry);
    await operator.post('parties/ministry/pause', { why: WHY });
    await hub.push(question({ code: 'CH-H', content: 'Lệ phí là bao nhiêu?' }), WHAT);
    expect((await order('CH-H', { order: 'hold', why: '   ' })).status).toBe(400);
    expect((await order('CH-H', { order: 'hold' })).body).toMatchObject({ state: 'held' });
    const audit = (await operator.get('audit?subject=record question CH-H&limit=1')).body.items[0];
    expect(audit).toMatchObject({ action: 'record.hold', actor: 'ops', why: WHY });
    await operator.post('parties/ministry/resume', { why: WHY });
    // The owner goes on; nothing of it leaves the hub.
    const later = { stateAt: '2025-08-20T09:30:00+07:00', content: 'Lệ phí và thời hạn là bao nhiêu?' };
    const { results } = await hub.push(question({ code: 'CH-H', ...later }), WHAT);
    expect(results).toMatchObject([{ outcome: 'quarantined', problems: [{ code: 'held-before' }] }]);
    expect(await delivered(ministry)).toEqual([]);
    expect(await seen('CH-H')).toMatchObject({ state: 'held', orders: ['release', 'dismiss'] });
    expect((await order('CH-H', { order: 'answer', text: 'x' })).status).toBe(409);
    expect((await order('CH-H', { order: 'release' })).body).toMatchObject({ state: 'received' });
    expect(await delivered(ministry)).toEqual([['CH-H', 'received']]);
    expect((await hub.read('/api/v1/questions/CH-H')).body.content).toBe(later.content);
    expect((await seen('CH-H')).history.map(({ state }: { state: string }) => state)).toContain('held');
  });

  test('a question that its sender holds waits for an officer, who releases it', async () => {
    await delivered(ministry);
    const { results } = await hub.push(question({ code: 'CH-S', state: 'held' }), WHAT);
    expect(results).toMatchObject([{ outcome: 'quarantined', problems: [{ code: 'held-by-sender', path: '/state' }] }]);
    const again = await hub.push(question({ code: 'CH-S', state: 'held' }), WHAT);
    expect(again.results).toMatchObject([{ outcome: 'quarantined' }]);
    expect(await delivered(ministry)).toEqual([]);
    expect(await seen('CH-S')).toMatchObject({ state: 'held', orders: ['release', 'dismiss'] });
    expect((await order('CH-S', { order: 'release' })).body).toMatchObject({ state: 'received' });
    expect(await delivered(ministry)).toEqual([['CH-S', 'received']]);
    // A later word of its sender holds it again, and the release brings back the state of that time.
    await hub.push(question({ code: 'CH-S', state: 'assigned', stateAt: '2025-08-20T09:30:00+07:00' }), WHAT);
    expect(await delivered(ministry)).toEqual([['CH-S', 'assigned']]);
    await hub.push(question({ code: 'CH-S', state: 'held', stateAt: '2025-08-20T09:40:00+07:00' }), WHAT);
    expect(await seen('CH-S')).toMatchObject({ state: 'held', orders: ['release', 'dismiss'] });
    expect((await order('CH-S', { order: 'release' })).body).toMatchObject({ state: 'assigned' });
    expect(await delivered(ministry)).toEqual([['CH-S', 'assigned']]);
  });

  test('a party that receives a question cannot hold it', async () => {
    await hub.push(question({ code: 'CH-M' }), WHAT);
    const held = question({ code: 'CH-M', state: 'held', stateAt: '2025-08-20T09:30:00+07:00' });
    const { results } = await hub.push(held, {
      ...WHAT,
      party: 'ministry',
      headers: { Authorization: `Bearer ${MINISTRY.secret}` },
    });
    expect(results).toMatchObject([{ outcome: 'stale', warnings: [{ path: '/state', code: 'state-not-allowed' }] }]);
    expect(await seen('CH-M')).toMatchObject({ state: 'received' });
  });

  test('a published question that is held leaves the public pages, can be held again, and returns as it was', async () => {
    await hub.push(question({ code: 'CH-P', state: 'published' }), WHAT);
    const isPublic = async () => JSON.stringify((await hub.read('/api/public/questions')).body).includes('CH-P');
    expect(await isPublic()).toBe(true);
    for (let time = 0; time < 2; time++) {
      expect((await order('CH-P', { order: 'hold' })).status).toBe(200);
      expect([await stateOf('CH-P'), await isPublic()]).toEqual(['held', false]);
      expect((await order('CH-P', { order: 'release' })).body.state).toBe('published');
      expect(await isPublic()).toBe(true);
    }
    await order('CH-P', { order: 'hold' });
    expect((await order('CH-P', { order: 'dismiss' })).body).toEqual({ state: 'held' });
    expect(await seen('CH-P')).toMatchObject({ state: 'held', orders: [], causeId: null });
  });

  test('a complaint that was released can be held by an officer', async () => {
    await hub.push(question({ code: 'CH-C', content: COMPLAINT }), WHAT);
    await order('CH-C', { order: 'release' });
    // Sent before the next order, which would hold a delivery that still waits.
    expect(await delivered(ministry)).toContainEqual(['CH-C', 'received']);
    expect((await order('CH-C', { order: 'hold' })).body.state).toBe('held');
    expect(await stateOf('CH-C')).toBe('held');
    const replayed = await operator.post('deliveries/replay', { code: 'CH-C', preview: false, why: WHY });
    expect(replayed.body).toMatchObject({ total: 1, outcomes: { replayed: 1 } });
    expect(await delivered(ministry)).toEqual([]);
  });

  test('the queue has the earliest deadline first, and filters by deadline, agency and kind', async () => {
    await hub.push(question({ code: 'CH-7', agencyCode: 'H60.07', dueAt: '2025-08-01T17:00:00+07:00' }), WHAT);
    await hub.push(question({ code: 'CH-8', agencyCode: 'H60.07', dueAt: '2035-08-01T17:00:00+07:00' }), WHAT);
    const { body: first } = await operator.get('records?agency=H60.07&limit=1');
    expect(first.items).toMatchObject([{ code: 'CH-7', isOverdue: true, state: 'received' }]);
    const rest = (await operator.get(`records?agency=H60.07&limit=1&cursor=${encodeURIComponent(first.next)}`)).body;
    expect([rest.items.map(({ code }: { code: string }) => code), rest.next]).toEqual([['CH-8'], null]);
    const codes = async (query: string) =>
      (await operator.get(`records?${query}`)).body.items.map(({ code }: { code: string }) => code);
    expect(await codes('agency=H60.07&due=overdue')).toEqual(['CH-7']);
    expect(await codes('agency=H60.07&due=soon')).toEqual([]);
    expect(await codes('agency=H60.07&kind=petition')).toEqual([]);
  });

  test('the queue of an agency with a code of the 2016 era has the agencies below it', async () => {
    await hub.push(question({ code: 'CH-9', agencyCode: '000.02.01.H60' }), WHAT);
    for (const agency of ['000.00.01.H60', '000.02.01.H60'])
      expect((await operator.get(`records?agency=${agency}`)).body.items).toMatchObject([{ code: 'CH-9' }]);
  });

  test('needs ops:replay for orders and ops:body for the content, with an entry in the audit', async () => {
    const path = 'records/question/CH-7';
    expect((await operator.post(`${path}/orders`, { order: 'publish', version: 1, why: WHY }, 'ops-read')).status).toBe(
      403,
    );
    expect((await operator.get(path, 'ops-read')).body.record).toBeNull();
    expect((await operator.get(path)).body.record.asker.name).not.toBe('Nguyễn Văn An');
    expect((await operator.get(path, 'ops-personal')).body.record.asker.name).toBe('Nguyễn Văn An');
    expect(await newest()).toMatchObject({ action: 'body.read-personal', subject: 'record question CH-7' });
  });

  test('an order without what it needs, and a code that nobody has, are refused', async () => {
    expect((await order('CH-7', { order: 'answer' })).body.problems).toMatchObject([{ path: '/text' }]);
    expect((await order('CH-7', { order: 'assign' })).body.problems).toMatchObject([{ path: '/agencyCode' }]);
    const body = { order: 'publish', version: 1, why: WHY };
    expect((await operator.post('records/question/NOBODY/orders', body)).status).toBe(404);
    expect((await operator.post('records/payment/NOBODY/orders', body)).status).toBe(404);
  });

  test('a rebuild after all orders is identical', async () => {
    expect(await hub.hub.rebuild()).toMatchObject({ differences: [], identical: true });
  });
});
