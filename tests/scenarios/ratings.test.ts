import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { codeOf, dossier, SECRETS, type TestHub, testHub } from '../support/hub.ts';
import { petition, rating } from '../support/kinds.ts';
import { OPERATOR_KEYS, operatorOf } from '../support/operator.ts';

const DONE = { status: 'resolved', statusAt: '2025-08-19T09:00:00+07:00' };

describe('ratings', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub({ entries: { other: { may: ['results'] } } });
    await hub.push([1, 2, 3, 4, 5].map((n) => dossier({ code: codeOf(n), ...DONE })));
    await hub.push(dossier({ code: codeOf(10), status: 'processing' }));
  });
  afterAll(() => hub.close());

  const push = async (given: Record<string, unknown>) =>
    (await hub.push(rating(given), { what: 'ratings' })).results[0];

  test('a rating of a finished dossier is accepted, under the code of the dossier', async () => {
    const given = {
      dossierCode: codeOf(1),
      level: 'dissatisfied',
      reason: 'Phải đi lại',
      criteria: [{ no: 3, points: 1 }],
    };
    expect(await push(given)).toEqual({ index: 0, code: codeOf(1), outcome: 'accepted' });
    expect((await hub.read(`/api/v1/ratings/${codeOf(1)}`)).body).toMatchObject({ ...given, state: 'received' });
  });

  test('the same rating again is a duplicate, at whatever time', async () => {
    await push({ dossierCode: codeOf(2) });
    expect((await push({ dossierCode: codeOf(2) }))?.outcome).toBe('duplicate');
    expect((await push({ dossierCode: codeOf(2), ratedAt: '2025-08-21T08:00:00+07:00' }))?.outcome).toBe('duplicate');
  });

  test.each([
    ['of the same code', {}],
    ['of another code', { code: 'DG-2' }],
  ])('a second, different rating of one dossier is invalid: %s', async (_, given) => {
    expect(await push({ dossierCode: codeOf(2), level: 'dissatisfied', ...given })).toMatchObject({
      outcome: 'invalid',
      problems: [{ path: '/dossierCode', code: 'already-rated' }],
    });
  });

  test.each([
    ['in work', codeOf(10)],
    ['unknown', codeOf(11)],
  ])('a rating of a dossier without a result is invalid: %s', async (_, dossierCode) => {
    expect(await push({ dossierCode })).toMatchObject({
      outcome: 'invalid',
      problems: [{ path: '/dossierCode', code: 'no-result' }],
    });
  });

  test('two ratings of one dossier at the same moment leave one', async () => {
    const both = await Promise.all([
      push({ dossierCode: codeOf(5), code: 'DG-5A' }),
      push({ dossierCode: codeOf(5), code: 'DG-5B' }),
    ]);
    expect(both.map((one) => one?.outcome).sort()).toEqual(['accepted', 'invalid']);
    expect((await hub.read(`/api/v1/ratings?dossier=${codeOf(5)}`)).body.items).toHaveLength(1);
  });

  test('a citizen rates with the proof of the dossier, once', async () => {
    const rate = async (given: Record<string, unknown>, code = codeOf(3)) => {
      const body = { proof: '0001', level: 'satisfied', criteria: [{ no: 4, points: 2 }], ...given };
      const response = await hub.request('POST', `/api/public/dossiers/${code}/rating`, undefined, body);
      return { status: response.status, body: await response.json() };
    };
    expect((await rate({ proof: '9999' })).status).toBe(404);
    expect(await rate({})).toEqual({ status: 201, body: { code: codeOf(3), outcome: 'accepted' } });
    expect((await rate({})).status).toBe(200);
    // As copied from a document.
    expect((await rate({}, encodeURIComponent(codeOf(3).replaceAll('-', '–')))).status).toBe(200);
    expect(await rate({ level: 'very-satisfied' })).toMatchObject({ status: 422, body: { outcome: 'invalid' } });
    expect((await rate({}, codeOf(10))).status).toBe(422);
    expect((await rate({ level: 'so-so' })).status).toBe(400);
    const { body } = await hub.read(`/api/v1/ratings/${codeOf(3)}`);
    expect(body).toMatchObject({
      criteria: [{ no: 4, points: 2, source: 'citizen' }],
      freshness: { party: 'citizens' },
    });
  });

  test('a rating that is repeated under its Idempotency-Key gets the answer to the first one', async () => {
    const rate = async (level: string, code: string) => {
      const headers = { 'Idempotency-Key': 'rating-1' };
      const path = `/api/public/dossiers/${code}/rating`;
      const response = await hub.request('POST', path, undefined, { proof: '0001', level }, headers);
      return { status: response.status, body: await response.json() };
    };
    const first = await rate('satisfied', codeOf(4));
    expect(first.status).toBe(201);
    hub.clock.nowMs += 60_000;
    expect(await rate('satisfied', codeOf(4))).toEqual(first);
    expect((await rate('dissatisfied', codeOf(4))).status).toBe(409);
    expect((await rate('satisfied', codeOf(3))).status).toBe(409);
  });

  describe('whose body does not end', () => {
    const open = (remoteAddress: string, bytes: string) => {
      const incoming = Object.assign(new PassThrough(), { socket: { remoteAddress }, headers: {} });
      incoming.write(bytes);
      const init = { method: 'POST', headers: { 'Content-Type': 'application/json' } };
      const path = `/api/public/dossiers/${codeOf(3)}/rating`;
      return { incoming, answer: Promise.resolve(hub.hub.app.request(path, init, { incoming })) };
    };

    test('ends after half a minute', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      try {
        const { answer } = open('198.51.100.1', '{"proof":');
        // The count of visits comes before the body.
        await vi.waitFor(() => expect(vi.getTimerCount()).toBeGreaterThan(0), { timeout: 10_000 });
        await vi.advanceTimersByTimeAsync(31_000);
        expect((await answer).status).toBe(408);
      } finally {
        vi.useRealTimers();
      }
    });

    test('of an address that comes too often is not read', async () => {
      for (let n = 0; n < 60; n++) {
        const { incoming, answer } = open('198.51.100.2', '{}');
        incoming.end();
        expect((await answer).status).toBe(400);
      }
      expect((await open('198.51.100.2', '{"proof":').answer).status).toBe(429);
    });

    test('makes room for others, at 40 MiB of all without a key', async () => {
      const part = `{"proof":"0001","reason":"${'x'.repeat(65_000)}`;
      const slow = Array.from({ length: 700 }, (_, n) => open(`203.0.${n >> 8}.${n & 255}`, part));
      const refused = await Promise.race(slow.map(({ answer }) => answer));
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
      const { incoming, answer } = open('198.51.100.3', '{"proof":"9999","level":"satisfied"}');
      incoming.end();
      expect((await answer).status).toBe(404);
      for (const one of slow) one.incoming.end();
      const statuses = await Promise.all(slow.map(async (one) => (await one.answer).status));
      expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(50);
    });
  });

  test('a waiting rating that has become invalid waits for an operator, with the reason', async () => {
    const later = await testHub({ keys: [...OPERATOR_KEYS] });
    try {
      await later.push(dossier(DONE));
      const ratedAt = '2025-08-24T09:00:00+07:00';
      const rate = async (given: Record<string, unknown>) =>
        (await later.push(rating(given), { what: 'ratings' })).results[0]?.outcome;
      expect([await rate({ ratedAt, level: 'dissatisfied' }), await rate({})]).toEqual(['quarantined', 'accepted']);
      later.clock.nowMs = Date.parse(ratedAt) + 60_000;
      await later.deliver();
      const { items } = (await operatorOf(later).get('quarantine')).body;
      expect(items).toMatchObject([{ kind: 'unreadable', detail: expect.stringContaining('has a rating already') }]);
    } finally {
      await later.close();
    }
  });

  test('a rating under another code of its dossier counts for the agency of the dossier', async () => {
    const alias = 'G22.99-20250812-0007';
    // Two systems know the dossier by one code.
    for (const party of ['one-stop', 'other']) {
      const given = { code: codeOf(13), agencyCode: 'H60.77', aliases: [{ party, code: alias }], ...DONE };
      await hub.push(dossier(given), { party });
    }
    await push({ dossierCode: alias, level: 'very-satisfied' });
    const { body } = await hub.read('/api/v1/reports/questions?period=2025-Q3');
    const names = body.rows.map(({ cells }: { cells: readonly unknown[] }) => String(cells[1]));
    expect(names.filter((name: string) => name.includes('H60.77') || name === 'Chưa rõ')).toHaveLength(1);
    const link = '/api/v1/reports/questions/records?period=2025-Q3&column=rating&key=H60.77';
    expect((await hub.read(link)).body).toMatchObject({ items: [{ code: alias }], total: 1 });
  });

  test('a rating and the result that allows it come in one rebuild as they came', async () => {
    await hub.push(dossier({ code: codeOf(12), ...DONE }));
    await push({ dossierCode: codeOf(12) });
    expect(await hub.hub.rebuild({ lanes: 3 })).toMatchObject({ differences: [], identical: true });
  });
});

describe('the criteria that the hub computes', () => {
  let hub: TestHub;
  beforeAll(async () => {
    const personal = { id: 'whole', secret: 'whole-secret-of-the-tests', scopes: ['index:personal' as const] };
    hub = await testHub({ keys: [personal, ...OPERATOR_KEYS] });
  });
  afterAll(() => hub.close());

  const at = (day: string, time = '09:00') => `2025-08-${day}T${time}:00+07:00`;
  const rated = async (n: number, given: object, criteria: readonly object[] = []) => {
    await hub.push(dossier({ code: codeOf(n), status: 'resolved', ...given }));
    await hub.push(rating({ dossierCode: codeOf(n), criteria }), { what: 'ratings' });
    return (await hub.read(`/api/v1/ratings/${codeOf(n)}/criteria`)).body.criteria;
  };
  const pointsOf = (criteria: readonly { no: number; points: number; source: string }[], no: number) =>
    criteria.find((one) => one.no === no && one.source === 'computed')?.points;

  test.each([
    [41, 'before the due day', at('18'), 2],
    [42, 'on the due day', at('19'), 1],
    [43, 'after it', at('20'), 0],
  ])('1, the total time: %i finished %s', async (n, _, finishedAt, points) => {
    const criteria = await rated(n, { dueAt: at('19', '17:00'), finishedAt, statusAt: finishedAt });
    expect(pointsOf(criteria, 1)).toBe(points);
  });

  test.each([
    [55, 'the due day itself', at('19'), 1],
    [56, 'the next midnight', at('20', '00:00'), 0],
  ])('1, a due day without a time lasts until its end: %i finished at %s', async (n, _, finishedAt, points) => {
    const criteria = await rated(n, { dueAt: at('19', '00:00'), finishedAt, statusAt: finishedAt });
    expect(pointsOf(criteria, 1)).toBe(points);
  });

  test('2, the time per agency, from the steps that name a deadline', async () => {
    const step = (unit: string, day: string, dueAt: string) => ({
      code: codeOf(44),
      at: at(day),
      status: 'processing',
      actor: 'Trần Thị Bình',
      content: 'Đã xử lý',
      unit,
      dueAt,
    });
    await hub.push(dossier({ code: codeOf(44), status: 'processing', statusAt: at('12') }));
    await hub.push(step('Phòng Tư pháp', '14', at('14', '00:00')), { what: 'progress' });
    const done = { finishedAt: at('19'), statusAt: at('19') };
    expect(pointsOf(await rated(44, done), 2)).toBe(2);
    await hub.push(step('Phòng Tài chính', '18', at('15', '17:00')), { what: 'progress' });
    expect(pointsOf((await hub.read(`/api/v1/ratings/${codeOf(44)}/criteria`)).body.criteria, 2)).toBe(0);
  });

  test('9, the progress online, from how soon the hub had each step', async () => {
    expect(pointsOf(await rated(45, { statusAt: at('20', '15:00') }), 9)).toBe(2);
    expect(pointsOf(await rated(46, { statusAt: at('12') }), 9)).toBe(0);
  });

  test('8, petitions to the agency that were handled in time, and none without petitions', async () => {
    expect(pointsOf(await rated(47, { statusAt: at('20') }), 8)).toBeUndefined();
    const petitions = Array.from({ length: 10 }, (_, n) =>
      petition({
        code: `PA-${n}`,
        agencyCode: 'H60.01',
        // A due day without a time lasts until its end.
        dueAt: n === 1 ? at('19', '00:00') : at('20', '17:00'),
        state: 'answered',
        stateAt: at('19'),
      }),
    );
    await hub.push(petitions, { what: 'petitions' });
    const now = async () => pointsOf((await hub.read(`/api/v1/ratings/${codeOf(47)}/criteria`)).body.criteria, 8);
    expect(await now()).toBe(2);
    // Published after its deadline, and answered before it.
    const answers = [{ at: at('19'), content: 'Đã thêm ghế.' }];
    await hub.push({ ...petitions[0], state: 'published', stateAt: at('21', '08:00'), answers }, { what: 'petitions' });
    expect(await now()).toBe(2);
    await hub.push(
      petition({ code: 'PA-HELD', agencyCode: 'H60.01', dueAt: at('20', '17:00'), content: 'Tôi tố cáo' }),
      {
        what: 'petitions',
      },
    );
    expect(await now()).toBe(1);
    const operator = operatorOf(hub);
    const { items } = (await operator.get('quarantine?code=PA-HELD')).body;
    await operator.post(`quarantine/${items[0].id}/resolve`, { action: 'dismiss', why: 'chuyển Thanh tra tỉnh' });
    expect(await now()).toBe(2);
    const late = petition({ code: 'PA-LATE', agencyCode: 'H60.01', dueAt: at('20', '17:00') });
    await hub.push(late, { what: 'petitions' });
    expect(await now()).toBe(1);
    await hub.push({ ...late, code: 'PA-LATER' }, { what: 'petitions' });
    expect(await now()).toBe(0);
  });

  test('are not computed under a code of several dossiers', async () => {
    const alias = 'G22.99-20250812-0049';
    const file = (n: number, party: string) =>
      hub.push(
        dossier({
          ...{
            code: codeOf(n),
            status: 'resolved',
            statusAt: at('18'),
            finishedAt: at('18'),
            dueAt: at('19', '17:00'),
          },
          aliases: [{ party, code: alias }],
        }),
        { party },
      );
    const now = async () => pointsOf((await hub.read(`/api/v1/ratings/${alias}/criteria`)).body.criteria, 1);
    await file(49, 'one-stop');
    await hub.push(rating({ dossierCode: alias }), { what: 'ratings' });
    expect(await now()).toBe(2);
    await file(50, 'other');
    expect(await now()).toBeUndefined();
  });

  test('are labelled, stand beside those of the citizen, and are not stored', async () => {
    const done = { dueAt: at('19', '17:00'), finishedAt: at('18'), statusAt: at('18') };
    const criteria = await rated(48, done, [{ no: 7, points: 2 }]);
    expect(criteria).toMatchObject([
      { no: 1, points: 2, source: 'computed' },
      { no: 7, points: 2, source: 'citizen' },
      { no: 8, source: 'computed' },
      { no: 9, source: 'computed' },
    ]);
    expect((await hub.read(`/api/v1/ratings/${codeOf(48)}`)).body.criteria).toEqual([{ no: 7, points: 2 }]);
    expect((await hub.read('/api/v1/ratings/H60.01-250812-9999/criteria')).status).toBe(404);
    const readBy = async (path: string, secret: string) =>
      (await hub.request('GET', path, undefined, undefined, { Authorization: `Bearer ${secret}` })).status;
    for (const path of [`/api/v1/ratings/${codeOf(48)}`, `/api/v1/ratings/${codeOf(48)}/criteria`]) {
      expect(await readBy(path, 'whole-secret-of-the-tests'), path).toBe(200);
      expect(await readBy(path, SECRETS['one-stop']), path).toBe(403);
    }
  });
});
